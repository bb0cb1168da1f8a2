"""``graphcalls cassettes status``: how recordings stand."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from pytest_graphcalls.cassette.status import Standing, survey
from pytest_graphcalls.commands.text import show, wrapped
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.report.words import counted


def status(paths: Sequence[Path], args: Namespace) -> int:
    """Print how old they are, from what, whether edited or used by no test; 1 if something is to be done."""
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
    faulty = sum(bool(one.faults) for one in known)
    if faulty:
        yield f"  with faults that were injected, so not as the service answers: {faulty}"
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
