"""``graphcalls cassettes``: how recordings stand, and whether anything leaks from them."""

from __future__ import annotations

import os
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from pytest_graphcalls.cassette.status import Standing, survey
from pytest_graphcalls.commands.text import show, wrapped
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.report.words import counted

FOLDER = "cassettes"
"""Where cassettes lie unless told otherwise."""
_SECRETS = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "GRAPHCALLS_TOKEN",
    "GRAPHCALLS_REDACTION_KEY",
)
"""Variables whose values are looked for, whatever they look like."""


def run(args: Namespace) -> int:
    """Do what ``args.action`` says.

    Args:
        args: ``action``, ``paths``, and for ``status`` ``days``.

    Returns:
        0 all is well, 1 something is to be done.

    Raises:
        RecordingError: a path does not exist or cannot be read.
    """
    paths = [Path(path) for path in args.paths or [FOLDER]]
    return _ACTIONS[args.action](paths, args)


# --- scan ------------------------------------------------------------------------------------------------------------


def _scan(paths: Sequence[Path], _: Namespace) -> int:
    """Print where something leaks, and what sort of thing; never the thing itself."""
    known = [text for name in _SECRETS if (text := os.environ.get(name, ""))]
    leaks = [leak for path in paths for leak in scan(path, known=known)]
    show(map(str, leaks))
    if leaks:
        places = counted(len({leak.file for leak in leaks}), "file")
        show(["", f"{counted(len(leaks), 'leak')} in {places}. What was committed already is known: renew it."])
    return int(bool(leaks))


# --- status ----------------------------------------------------------------------------------------------------------


def _status(paths: Sequence[Path], args: Namespace) -> int:
    here = Path(str(files("pytest_graphcalls.contracts")))
    standings = list(survey(paths, (Path.cwd(), here)))
    now, revision = datetime.now(UTC), Contract.packaged().revision
    troubles = dict(_troubles(standings, now, args.days))
    for line in _shown(standings, troubles, now, revision):
        show(wrapped(line, indent=0) if not line.startswith("  ") else [line])
    return int(any(troubles.values()))


def _troubles(standings: Sequence[Standing], now: datetime, days: int) -> Iterator[tuple[str, list[str]]]:
    """What has to be done something about, by heading."""
    yield (
        f"older than {counted(days, 'day')}; record them again (--record-mode=rewrite)",
        [f"{one.path}: {age} days" for one in standings if (age := _age(one, now)) > days],
    )
    yield "edited since they were recorded", [str(one.path) for one in standings if one.edited]
    yield "used by no test; remove them", [f"{one.path}: {one.orphan}" for one in standings if one.orphan]
    yield "not readable", [f"{one.path}: {one.problem}" for one in standings if one.problem]


def _age(one: Standing, now: datetime) -> int:
    return one.passport.days(now) if one.passport else 0


def _shown(
    standings: Sequence[Standing], troubles: Mapping[str, list[str]], now: datetime, revision: str
) -> Iterator[str]:
    yield f"{counted(len(standings), 'cassette')}."
    known = [one.passport for one in standings if one.passport]
    for (kind, version), number in sorted(Counter((one.kind.value, "+".join(one.versions)) for one in known).items()):
        ages = [one.days(now) for one in known if (one.kind.value, "+".join(one.versions)) == (kind, version)]
        yield f"  recorded from: {kind}, {version or 'no version'}: {number}, {_span(ages)} old"
    strangers = sum(one.passport is None and not one.problem for one in standings)
    if strangers:
        yield f"  without a passport, so nothing is known of them: {strangers}"
    outdated = sum(one.contract != revision for one in known)
    if outdated:
        yield f"  recorded for another revision of the contract than {revision}: {outdated}"
    for heading, lines in troubles.items():
        if lines:
            yield f"{len(lines)} {heading}:"
            yield from (f"  {line}" for line in lines)


def _span(ages: Sequence[int]) -> str:
    low, high = min(ages), max(ages)
    return counted(high, "day") if low == high else f"{low} to {counted(high, 'day')}"


_ACTIONS: Mapping[str, Callable[[Sequence[Path], Namespace], int]] = {"scan": _scan, "status": _status}
