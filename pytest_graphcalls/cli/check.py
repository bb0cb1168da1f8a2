"""``graphcalls check``: recordings against the contract."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Incomplete
from pytest_graphcalls.cli.terminal import cleaned, show, show_json, wrapped
from pytest_graphcalls.contract import VERSIONS, Contract, Miss, is_notification
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.findings import Finding, Severity, Side
from pytest_graphcalls.report.run_document import counted
from pytest_graphcalls.validation import shortened
from pytest_graphcalls.wire import Exchange

FORMAT = "graphcalls check"
VERSION = 1
"""Name and version of the JSON document; the version changes when a member is removed or changes its meaning."""
NOT_JUDGED = 3
"""The exit code when no file held anything that could be judged."""
MOST = 1000
"""How many entries with findings are kept for each file; the findings of the others are only counted."""
_LONGEST = 300
"""Characters of a path and of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An exchange or a notification with findings.

    Attributes:
        number: its place in the file, from 1.
        request: method and path, secrets masked.
        status: of the response; 0 for a notification that was not answered.
        findings: what was found.
    """

    number: int
    request: str
    status: int
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Found:
    """Entries with findings: the first ones of them, and how many there are."""

    entries: list[Entry] = field(default_factory=list)
    number: int = 0
    findings: Counter[Severity] = field(default_factory=Counter)

    def add(self, number: int, entry: Exchange | Incomplete, findings: tuple[Finding, ...]) -> None:
        """Keep the findings of an entry, or count them."""
        self.number += 1
        self.findings.update(finding.severity for finding in findings)
        if len(self.entries) < MOST:
            status = entry.response.status if isinstance(entry, Exchange) else 0
            self.entries.append(
                Entry(
                    number,
                    shortened(cleaned(f"{entry.request.method} {entry.request.path}"), _LONGEST),
                    status,
                    findings,
                )
            )

    def and_(self, other: Found) -> Found:
        """Both, in the order of the file."""
        entries = sorted([*self.entries, *other.entries], key=lambda entry: entry.number)
        return Found(entries[:MOST], self.number + other.number, self.findings + other.findings)


@dataclass(slots=True)
class Checked:
    """The result of checking one file.

    Attributes:
        file: its path as given.
        checked: number of exchanges of the calls API that were judged.
        notifications: number of notifications that were judged.
        uncovered: number of exchanges by operation that is documented, and not part of this contract.
        others: number of exchanges with other services or other parts of Graph.
        found: entries with findings.
        problems: why something could not be read, as sentences.
        started: by id, the answers that started operations so far.
    """

    file: str
    checked: int = 0
    notifications: int = 0
    uncovered: Counter[str] = field(default_factory=Counter)
    others: int = 0
    found: Found = field(default_factory=Found)
    problems: list[str] = field(default_factory=list)
    started: dict[str, Any] = field(default_factory=dict)

    @property
    def unlisted(self) -> int:
        """How many entries with findings are only counted."""
        return self.found.number - len(self.found.entries)

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return self.found.findings[severity]


def run(args: Namespace) -> int:
    """Check recordings.

    Args:
        args: ``files``, ``format`` and ``strict``.

    Returns:
        0 clean, 1 violations, 2 something could not be read, 3 nothing could be judged.
    """
    contract = Contract.packaged()
    results = [check_file(contract, file) for file in args.files]
    if args.format == "json":
        show_json(_document(contract, results, strict=args.strict), indent=2)
    else:
        show(_lines(results, strict=args.strict))
    if any(result.problems for result in results):
        return 2
    if not any(map(_is_judged, results)):
        return NOT_JUDGED
    counting = tuple(Severity) if args.strict else (Severity.VIOLATION,)
    return int(any(result.count(severity) for result in results for severity in counting))


def check_file(contract: Contract, file: str) -> Checked:
    """Judge every exchange of a recording; what cannot be read becomes a problem of the result.

    Args:
        contract: what to judge by.
        file: path of the recording.
    """
    result = Checked(file)
    # Notifications do not say their version, so they are judged by that which most of the file is about.
    posted = {version: Found() for version in VERSIONS}
    versions: Counter[str] = Counter()
    try:
        for number, entry in enumerate(cassette.entries(file), 1):
            if is_notification(entry.request):
                result.notifications += 1
                for version, found in posted.items():
                    _judge_posted(contract, found, number, entry, version)
            else:
                _judge(contract, result, number, entry)
                versions[contract.match(entry.request.method, entry.request.path).version] += 1
    except RecordingError as error:
        result.problems.append(str(error))
    result.found = result.found.and_(posted[max(VERSIONS, key=lambda version: versions[version])])
    return result


def _judge_posted(contract: Contract, found: Found, number: int, entry: Exchange | Incomplete, version: str) -> None:
    findings = contract.check_posted(entry.request, version, token_expected=False)
    if findings:
        found.add(number, entry, findings)


def _judge(contract: Contract, result: Checked, number: int, entry: Exchange | Incomplete) -> None:
    match = contract.match(entry.request.method, entry.request.path)
    if isinstance(match, Miss) and match.reason == "not-graph":
        result.others += 1
    elif isinstance(entry, Incomplete):
        result.problems.append(str(RecordingError(result.file, number, entry.problem)))
    else:
        if isinstance(match, Miss) and match.reason == "uncovered":
            result.uncovered[match.uncovered] += 1
        else:
            result.checked += 1
        findings = contract.check(entry, token_expected=False, started=result.started)
        if findings:
            result.found.add(number, entry, findings)


def _lines(results: Sequence[Checked], *, strict: bool) -> Iterator[str]:
    for result in results:
        yield from wrapped(f"{result.file}: {_counts(result)}")
        for entry in result.found.entries:
            yield f"  entry {entry.number}: {entry.request} -> {entry.status or 'no answer'}"
            for finding in entry.findings:
                yield from _finding(finding)
        if result.unlisted:
            yield f"  findings in {result.unlisted:,} more of its entries are counted and not listed"
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
    if not _is_judged(result) and not result.problems:
        parts.append("not judged")
    return "; ".join(parts)


def _finding(finding: Finding) -> Iterator[str]:
    head = f"{finding.severity} in the {finding.side}"
    if finding.side is Side.NOTIFICATION and finding.operation:
        head += f" {finding.operation}"
    yield from wrapped(f"{head}, {finding.kind} [{finding.fingerprint}]", indent=4)
    facts = {
        "where": finding.where,
        "expected": finding.expected,
        "got": shortened(finding.got, _LONGEST),
        "rule": finding.rule,
        "accepted": finding.tolerated,
        "page": finding.page,
        "hint": finding.hint,
    }
    for name, text in facts.items():
        if text:
            yield from wrapped(text, indent=6, label=name, gap=10)


def _totals(results: Sequence[Checked]) -> dict[str, int]:
    return {
        "files": len(results),
        "checked": sum(result.checked for result in results),
        "notifications": sum(result.notifications for result in results),
        "violations": sum(result.count(Severity.VIOLATION) for result in results),
        "notices": sum(result.count(Severity.NOTICE) for result in results),
        "problems": sum(len(result.problems) for result in results),
    }


def _summary(results: Sequence[Checked], *, strict: bool) -> str:
    totals = _totals(results)
    parts = [counted(totals["files"], "file"), counted(totals["checked"], "exchange") + " checked"]
    if totals["notifications"]:
        parts.append(counted(totals["notifications"], "notification") + " checked")
    parts.append(counted(totals["violations"], "violation"))
    parts.append(counted(totals["notices"], "notice") + " (counted, --strict)" * strict)
    if totals["problems"]:
        parts.append(counted(totals["problems"], "problem") + " reading")
    sentence = ", ".join(parts) + "."
    if not any(map(_is_judged, results)):
        sentence += " Nothing was judged: no readable exchange that the contract covers was found."
    return sentence


def _is_judged(result: Checked) -> bool:
    return bool(result.checked or result.notifications)


def _document(contract: Contract, results: Sequence[Checked], *, strict: bool) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "contract_revision": contract.revision,
        "strict": strict,
        "summary": _totals(results),
        "files": [_file(result) for result in results],
    }


def _file(result: Checked) -> dict[str, Any]:
    return {
        "file": result.file,
        "checked": result.checked,
        "notifications": result.notifications,
        "uncovered": dict(result.uncovered),
        "others": result.others,
        "problems": result.problems,
        "unlisted": result.unlisted,
        "findings": [
            {
                "entry": entry.number,
                "request": entry.request,
                "status": entry.status,
                **finding.to_json(),
                "got": shortened(finding.got, _LONGEST),
            }
            for entry in result.found.entries
            for finding in entry.findings
        ],
    }
