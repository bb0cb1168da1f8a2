"""``graphcalls check``: recordings against the contract."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Incomplete
from pytest_graphcalls.cli.arguments import cleaned, show, wrapped
from pytest_graphcalls.contract import VERSIONS, Contract, Match, is_notification
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.findings import Finding, Severity, Side
from pytest_graphcalls.report.run_document import counted
from pytest_graphcalls.sanitize import clean_json
from pytest_graphcalls.wire import Exchange, Request

FORMAT = "graphcalls check"
VERSION = 1
"""Name and version of the JSON document; the version changes when a member goes or changes its meaning."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An exchange, or a notification that a bot got, with findings.

    Attributes:
        number: its place in the file, from 1.
        request: method and path, secrets masked.
        status: of the answer; 0 when there is none, which is no matter with a notification.
        findings: what was found.
    """

    number: int
    request: str
    status: int
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Checked:
    """What came of one file.

    Attributes:
        file: its path as given.
        checked: number of exchanges of the calls API that were judged.
        notifications: number of notifications that were judged.
        uncovered: number of exchanges by operation that is documented, and not part of this contract.
        others: number of exchanges with other services or other parts of Graph.
        entries: those with findings.
        problems: what could not be read, as sentences.
    """

    file: str
    checked: int = 0
    notifications: int = 0
    uncovered: Counter[str] = field(default_factory=Counter)
    others: int = 0
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def count(self, severity: Severity) -> int:
        """How many findings weigh that much."""
        return sum(finding.severity is severity for entry in self.entries for finding in entry.findings)


def run(args: Namespace) -> int:
    """Check recordings.

    Args:
        args: ``files``, ``format`` and ``strict``.

    Returns:
        0 clean, 1 violations, 2 something could not be read.
    """
    contract = Contract.packaged()
    results = [check_file(contract, file) for file in args.files]
    show(_WRITERS[args.format](contract, results, strict=args.strict), checked=args.format != "text")
    if any(result.problems for result in results):
        return 2
    counting = tuple(Severity) if args.strict else (Severity.VIOLATION,)
    return int(any(result.count(severity) for result in results for severity in counting))


def check_file(contract: Contract, file: str) -> Checked:
    """Judge every exchange of a recording; what cannot be read becomes a problem of the result.

    Args:
        contract: what to judge by.
        file: path of the recording.
    """
    result = Checked(file)
    posted: list[tuple[int, Exchange | Incomplete]] = []
    versions: Counter[str] = Counter()
    try:
        for number, entry in enumerate(cassette.entries(file), 1):
            if is_notification(entry.request):
                posted.append((number, entry))
            else:
                _judge(contract, result, number, entry)
                versions[contract.match(entry.request.method, entry.request.path).version] += 1
    except RecordingError as error:
        result.problems.append(str(error))
    _judge_posted(contract, result, posted, max(VERSIONS, key=lambda version: versions[version]))
    return result


def _judge_posted(
    contract: Contract, result: Checked, posted: Iterable[tuple[int, Exchange | Incomplete]], version: str
) -> None:
    """Judge notifications by the version that most of the file is about, because they do not say."""
    for number, entry in posted:
        result.notifications += 1
        findings = contract.check_posted(entry.request, version, token_expected=False)
        if findings:
            status = entry.response.status if isinstance(entry, Exchange) else 0
            result.entries.append(Entry(number, _shown(entry.request), status, findings))
    result.entries.sort(key=lambda entry: entry.number)


def _judge(contract: Contract, result: Checked, number: int, entry: Exchange | Incomplete) -> None:
    match = contract.match(entry.request.method, entry.request.path)
    if not isinstance(match, Match) and match.reason == "not-graph":
        result.others += 1
    elif isinstance(entry, Incomplete):
        result.problems.append(str(RecordingError(result.file, number, entry.problem)))
    elif not isinstance(match, Match) and match.reason == "uncovered":
        result.uncovered[match.uncovered] += 1
    else:
        result.checked += 1
        findings = contract.check(entry, token_expected=False)
        if findings:
            result.entries.append(Entry(number, _shown(entry.request), entry.response.status, findings))


def _shown(request: Request) -> str:
    return cleaned(f"{request.method} {request.path}")


def _text(_: Contract, results: Sequence[Checked], *, strict: bool) -> Iterator[str]:
    for result in results:
        yield from wrapped(f"{result.file}: {_counts(result)}")
        for entry in result.entries:
            yield f"  entry {entry.number}: {entry.request} -> {entry.status or 'no answer'}"
            for finding in entry.findings:
                yield from _finding(finding)
        for problem in result.problems:
            yield from wrapped(problem, indent=2, label="unreadable: ")
    yield ""
    yield from wrapped(_summary(results, strict=strict))


def _counts(result: Checked) -> str:
    parts = [f"{counted(result.checked, 'exchange')} of the calls API checked"]
    if result.notifications:
        parts.append(f"{counted(result.notifications, 'notification')} checked")
    if result.uncovered:
        names = ", ".join(f"{name} {number}" for name, number in sorted(result.uncovered.items()))
        parts.append(f"{result.uncovered.total()} not covered by the contract ({names})")
    if result.others:
        parts.append(f"{result.others:,} of other services")
    return "; ".join(parts)


def _finding(finding: Finding) -> Iterator[str]:
    head = f"{finding.severity} in the {finding.side}"
    if finding.side is Side.NOTIFICATION and finding.operation:
        head += f" {finding.operation}"
    yield from wrapped(f"{head}, {finding.kind} [{finding.fingerprint}]", indent=4)
    facts = {
        "where": finding.where,
        "expected": finding.expected,
        "got": finding.got,
        "rule": finding.rule,
        "accepted": finding.tolerated,
        "page": finding.page,
        "hint": finding.hint,
    }
    for name, text in facts.items():
        if text:
            yield from wrapped(text, indent=6, label=name, gap=10)


def _summary(results: Sequence[Checked], *, strict: bool) -> str:
    violations, notices = _total(results, Severity.VIOLATION), _total(results, Severity.NOTICE)
    parts = [counted(len(results), "file"), counted(sum(result.checked for result in results), "exchange") + " checked"]
    notifications = sum(result.notifications for result in results)
    if notifications:
        parts.append(counted(notifications, "notification") + " checked")
    parts += [counted(violations, "violation"), counted(notices, "notice") + " (counted, --strict)" * strict]
    problems = sum(len(result.problems) for result in results)
    if problems:
        parts.append(counted(problems, "problem") + " reading")
    sentence = ", ".join(parts) + "."
    if not any(result.checked or result.notifications for result in results):
        sentence += " Nothing was judged: no readable exchange of the calls API was found."
    return sentence


def _total(results: Iterable[Checked], severity: Severity) -> int:
    return sum(result.count(severity) for result in results)


def _json(contract: Contract, results: Sequence[Checked], *, strict: bool) -> Iterator[str]:
    data = {
        "format": FORMAT,
        "version": VERSION,
        "contract_revision": contract.revision,
        "strict": strict,
        "summary": {
            "files": len(results),
            "checked": sum(result.checked for result in results),
            "notifications": sum(result.notifications for result in results),
            "violations": _total(results, Severity.VIOLATION),
            "notices": _total(results, Severity.NOTICE),
            "problems": sum(len(result.problems) for result in results),
        },
        "files": [_file(result) for result in results],
    }
    yield json.dumps(clean_json(data).value, ensure_ascii=False, indent=2)


def _file(result: Checked) -> dict[str, Any]:
    return {
        "file": result.file,
        "checked": result.checked,
        "notifications": result.notifications,
        "uncovered": dict(result.uncovered),
        "others": result.others,
        "problems": result.problems,
        "findings": [
            {
                "entry": entry.number,
                "request": entry.request,
                "status": entry.status,
                **finding.to_json(),
            }
            for entry in result.entries
            for finding in entry.findings
        ],
    }


_WRITERS: Mapping[str, Callable[..., Iterator[str]]] = {"text": _text, "json": _json}
