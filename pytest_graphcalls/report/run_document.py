"""The report of a run as a JSON document, and the files it is written to.

Its shape is ``report.schema.json`` beside this file. A new member may be added to a version; a member that changes its
meaning makes a new version.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pytest_graphcalls._version import __version__
from pytest_graphcalls.atomic import put
from pytest_graphcalls.records import plain
from pytest_graphcalls.report.markdown import markdown
from pytest_graphcalls.sanitize import clean, clean_json
from pytest_graphcalls.session import Outcome, QuestionResult, RuleResult, Run, Seen, TestRecord

FORMAT = "pytest-graphcalls report"
VERSION = 1


def write(run: Run, files: Iterable[Path], masked: Counter[str]) -> tuple[list[str], bool]:
    """Write the report to each of ``files``, in the form that its suffix names, without secrets.

    Args:
        run: what the tests said.
        files: with the suffix ``.json`` or ``.md``.
        masked: counts what the leak scan has masked, by kind; what it counts already is reported as well.

    Returns:
        What to tell the user, a line for each file, and whether all of them were written.
    """
    facts = document(run, datetime.now(UTC), masked)
    forms = {".json": _json, ".md": markdown}
    problems = {file: _write_file(file, forms[file.suffix](facts), masked) for file in files}
    lines = [
        f"the report {file} was not written: {problem}" if problem else f"report written to {file}"
        for file, problem in problems.items()
    ]
    return lines, not any(problems.values())


def _json(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


def _write_file(file: Path, text: str, masked: Counter[str]) -> str:
    """Write the file; gives what went wrong, or ``""``."""
    safe = clean(text)
    masked.update(safe.kinds)
    try:
        put({file: safe.text})
    except OSError as error:
        return f"{error.strerror or error}."
    return ""


def document(run: Run, created: datetime, masked: Counter[str] | None = None) -> dict[str, Any]:
    """The whole report, without secrets.

    Args:
        run: what the tests said.
        created: when the run ended; aware.
        masked: counts what the leak scan has masked, by kind; what it counts already is reported as well.

    Returns:
        JSON values. All but ``created`` is the same whatever order or process the tests ran in.
    """
    masked = Counter() if masked is None else masked
    rules, questions = run.rules(), run.questions()
    exchanges = list(_exchanges(run))
    notifications = list(_notifications(run))
    numbers = _Numbers(
        {(test, index): number for number, (test, index, _) in enumerate(exchanges)},
        {(test, index): number for number, (test, index, _) in enumerate(notifications)},
    )
    facts: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "tool_version": __version__,
        "created": created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "target": run.target,
        "api_versions": list(run.versions),
        "contract_revision": run.contract.revision,
        "strict": run.strict,
        "seed": run.seed,
        "summary": _summary(run, rules, questions),
        "rules": list(map(_rule, rules)),
        "questions": [_question(run, result) for result in questions],
        "findings": [_finding(places, numbers) for _, places in run.findings().values()],
        "exercised": _exercised(run),
        "tests": list(map(_test, run.records)),
        "exchanges": [{"test": test, **exchange} for test, _, exchange in exchanges],
        "notifications": [{"test": test, "request": request} for test, _, request in notifications],
    }
    safe = clean_json(facts)
    masked.update(safe.kinds)
    return {**safe.value, "masked": dict(sorted(masked.items()))}


class _Numbers(NamedTuple):
    """The numbers of findings and exchanges in a report, by test and by their number there."""

    exchanges: Mapping[tuple[str, int | None], int]
    notifications: Mapping[tuple[str, int | None], int]


def _exchanges(run: Run) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    for record in run.records:
        for index, exchange in enumerate(record.exchanges):
            yield record.nodeid, index, exchange


def _notifications(run: Run) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    for record in run.records:
        for one in record.notifications:
            yield record.nodeid, one["number"], one["request"]


def _summary(run: Run, rules: tuple[RuleResult, ...], questions: tuple[QuestionResult, ...]) -> dict[str, int]:
    counts = Counter(result.status for result in rules)
    return {
        "held": counts[Outcome.HELD],
        "broken": counts[Outcome.BROKEN],
        "not_checked": counts[Outcome.NOT_CHECKED],
        "could_not_check": counts[Outcome.COULD_NOT_CHECK],
        "broken_outside_own_test": len(run.broken_elsewhere()) + len(run.stray()),
        "questions_answered": sum(result.answer is not None for result in questions),
        "tests": len(run.records),
        "exchanges": sum(record.count for record in run.records),
        "findings": len(run.findings()),
        "not_covered": sum(run.not_covered().values()),
    }


def _rule(result: RuleResult) -> dict[str, Any]:
    data = plain(result)
    return {"id": data.pop("rule"), **data}


def _question(run: Run, result: QuestionResult) -> dict[str, Any]:
    return {
        "id": result.question,
        "version": result.version,
        "asks": run.contract.question(result.question).asks,
        "answer": plain(result.answer),
        "reason": result.reason,
    }


def _finding(places: tuple[tuple[TestRecord, Seen], ...], numbers: _Numbers) -> dict[str, Any]:
    first = places[0][1].finding
    return {**first.to_json(), "seen": [_place(record, seen, numbers) for record, seen in places]}


def _place(record: TestRecord, seen: Seen, numbers: _Numbers) -> dict[str, Any]:
    return {
        "test": record.nodeid,
        "where": seen.finding.where,
        "standing": seen.status.value,
        "exchange": numbers.exchanges.get((record.nodeid, seen.exchange)),
        "notification": numbers.notifications.get((record.nodeid, seen.notification)),
    }


def _exercised(run: Run) -> dict[str, Any]:
    return {
        "operations": [{**_split(name), "count": count} for name, count in run.operations().items()],
        "not_covered": [{"name": name, "count": count} for name, count in run.not_covered().items()],
        "rules": [_split(name) for name in run.judged()],
    }


def _split(name: str) -> dict[str, str]:
    id_, _, version = name.partition("@")
    return {"id": id_, "version": version}


def _test(record: TestRecord) -> dict[str, Any]:
    return {
        "nodeid": record.nodeid,
        "outcome": record.outcome.value,
        "reason": record.reason,
        "version": record.version,
        "target": record.target,
        "rules": list(record.rules),
        "questions": list(record.questions),
        "exchanges": record.count,
    }


STATUS_WORDS: Mapping[Outcome, str] = {outcome: outcome.value.replace("-", " ") for outcome in Outcome}


def counted(number: int, noun: str) -> str:
    """``1 rule``, ``2 rules``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
