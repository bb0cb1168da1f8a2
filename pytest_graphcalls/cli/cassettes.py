"""``graphcalls cassettes``: the state of recordings, and the leak scan over them."""

from __future__ import annotations

import os
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from pytest_graphcalls import leakscan
from pytest_graphcalls.cassette import opened
from pytest_graphcalls.cassette.folder import cassettes_in, modules_in, orphan
from pytest_graphcalls.cassette.passport import Passport
from pytest_graphcalls.cli.terminal import show, wrapped
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import RecordingError, did_you_mean
from pytest_graphcalls.report.run_document import counted

_SECRETS = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "GRAPHCALLS_TOKEN",
    "GRAPHCALLS_REDACTION_KEY",
)
"""Variables whose values are looked for, whatever their form."""


def secrets_of(environ: Mapping[str, str]) -> list[str]:
    """The values of this environment that no recording may hold."""
    return [text for name in _SECRETS if (text := environ.get(name, ""))]


FOLDER = "cassettes"
"""Where cassettes lie unless the command names other places."""


def _given(args: Namespace) -> list[Path]:
    """The files and folders to look at; raises :class:`RecordingError` for one that does not exist."""
    paths = [Path(path) for path in args.paths or [FOLDER]]
    for path in paths:
        if not path.exists():
            known = [str(one) for one in path.parent.iterdir()] if path.parent.is_dir() else []
            step = f"{did_you_mean(str(path), known)} Give recordings; 'pytest --record-mode=once' makes them."
            raise RecordingError(str(path), 0, f"there is no such file or folder.{step}")
    return paths


def scan(args: Namespace) -> int:
    """Print file, line and kind of each leak, never the secret.

    Args:
        args: ``paths``.

    Returns:
        0 nothing was found, 1 something was.

    Raises:
        RecordingError: a path does not exist or cannot be read.
    """
    paths = _given(args)
    known = secrets_of(os.environ)
    leaks = [leak for path in paths for leak in leakscan.scan(path, known=known)]
    show(map(str, leaks))
    show(f"{path}: holds no file to scan." for path in paths if path.is_dir() and next(path.iterdir(), None) is None)
    if leaks:
        places = counted(len({leak.file for leak in leaks}), "file")
        show(["", f"{counted(len(leaks), 'leak')} in {places}. What was committed already is known: renew it."])
    return int(bool(leaks))


@dataclass(frozen=True, slots=True)
class CassetteStatus:
    """The state of one cassette.

    Attributes:
        path: where it lies.
        passport: what it says about itself; ``None`` when another tool wrote it or it cannot be read.
        edited: whether it was changed since it was recorded.
        orphan: why no test uses it, or ``""``.
        problem: why it cannot be read, or ``""``.
    """

    path: Path
    passport: Passport | None = None
    edited: bool = False
    orphan: str = ""
    problem: str = ""


def survey(paths: Iterable[Path], modules: Iterable[Path]) -> Iterator[CassetteStatus]:
    """Look at every cassette.

    Whether a test uses one is read from the source of its module: no test is run, and none is missed because only some
    tests were run.

    Args:
        paths: files, and folders that are read whole. Hidden files in a folder are passed over.
        modules: folders where test modules are looked for.

    Raises:
        RecordingError: a path does not exist.
    """
    sources = modules_in(modules)
    for path in cassettes_in(paths):
        yield _status(path, sources)


def _status(path: Path, sources: dict[str, list[Path]]) -> CassetteStatus:
    try:
        found = opened(path)
    except RecordingError as error:
        return CassetteStatus(path, problem=error.problem)
    return CassetteStatus(path, found.passport, found.edited, orphan(path, found.passport, sources))


def status(args: Namespace) -> int:
    """Print age, origin, edits and missing tests of cassettes.

    Args:
        args: ``paths`` and ``days``.

    Returns:
        0 all is well, 1 something is to be done.

    Raises:
        RecordingError: a path does not exist.
    """
    paths = _given(args)
    here = Path(str(files("pytest_graphcalls.contracts")))
    statuses = list(survey(paths, (Path.cwd(), here)))
    now = datetime.now(UTC)
    problems = dict(_problems(statuses, now, args.days))
    for line in _shown(statuses, problems, now):
        show(wrapped(line, indent=0) if not line.startswith("  ") else [line])
    return int(any(problems.values()))


def _problems(statuses: Sequence[CassetteStatus], now: datetime, days: int) -> Iterator[tuple[str, list[str]]]:
    """The cassettes that need work, by heading."""
    yield (
        f"older than {counted(days, 'day')}; record them again (--record-mode=rewrite)",
        [f"{one.path}: {age} days" for one in statuses if (age := _age(one, now)) > days],
    )
    yield "edited since they were recorded", [str(one.path) for one in statuses if one.edited]
    yield "used by no test; remove them", [f"{one.path}: {one.orphan}" for one in statuses if one.orphan]
    yield "not readable", [f"{one.path}: {one.problem}" for one in statuses if one.problem]


def _age(one: CassetteStatus, now: datetime) -> int:
    return one.passport.days(now) if one.passport else 0


def _shown(statuses: Sequence[CassetteStatus], problems: Mapping[str, list[str]], now: datetime) -> Iterator[str]:
    yield f"{counted(len(statuses), 'cassette')}."
    known = [one.passport for one in statuses if one.passport]
    for (kind, version), number in sorted(Counter((one.kind.value, "+".join(one.versions)) for one in known).items()):
        ages = [one.days(now) for one in known if (one.kind.value, "+".join(one.versions)) == (kind, version)]
        yield f"  recorded from: {kind}, {version or 'no version'}: {number}, {_span(ages)} old"
    unlabelled = sum(one.passport is None and not one.problem for one in statuses)
    if unlabelled:
        yield f"  without a passport, so of unknown origin: {unlabelled}"
    faulty = sum(bool(one.faults) for one in known)
    if faulty:
        yield f"  with faults that were injected, so not as the service answers: {faulty}"
    outdated = sum(not one.fits(Contract.packaged()) for one in known)
    if outdated:
        yield f"  recorded for another revision of the contract: {outdated}"
    for heading, lines in problems.items():
        if lines:
            yield f"{len(lines)} {heading}:"
            yield from (f"  {line}" for line in lines)


def _span(ages: Sequence[int]) -> str:
    low, high = min(ages), max(ages)
    return counted(high, "day") if low == high else f"{low} to {counted(high, 'day')}"
