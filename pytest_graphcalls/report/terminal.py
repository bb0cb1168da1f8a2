"""The summary at the end of a run, as lines of plain text."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from textwrap import shorten, wrap

from pytest_graphcalls.findings import Finding, Kind
from pytest_graphcalls.report.run_document import STATUS_WORDS, counted
from pytest_graphcalls.session import (
    JUDGED,
    NO_TEST,
    FindingStatus,
    Outcome,
    QuestionResult,
    RuleResult,
    Run,
    TestRecord,
)

WIDTH = 100
_LONGEST_ANSWER = 46
_MOST_NOTICES = 10
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""Text that differs from test to test in the answers of one cause."""


def summary(run: Run, *, details: bool = False) -> Iterator[str]:
    """The table of rules if the run judged a target, and what a project's own tests exercised.

    Args:
        run: what the tests said.
        details: whether the operations and rules that a project's own tests exercised are listed.
    """
    if run.contract_tests:
        yield from _contract(run)
    own = [record for record in run.records if not record.is_contract_test]
    if own:
        yield from _own(run, own, details=details)


def _not_covered(run: Run) -> Iterator[str]:
    names = ", ".join(f"{name} x{count}" for name, count in run.not_covered().items())
    if names:
        yield f"not covered by the contract, so not judged: {names}"


def _contract(run: Run) -> Iterator[str]:
    results = run.asked()
    yield f"target {run.target}, contract {run.contract.revision}"
    yield from _reasons(results, Outcome.COULD_NOT_CHECK)
    yield from _reasons(results, Outcome.NOT_CHECKED)
    yield from _rules(run, [result for result in results if result.reason != NO_TEST])
    yield from _counts(results)
    yield from _elsewhere(run)
    yield from _questions(run)
    yield from _not_covered(run)
    yield _not_looked_at(run, results)


def _not_looked_at(run: Run, results: Sequence[RuleResult]) -> str:
    """How many rules the run is silent about, wherever in the contract they stand."""
    every = [result for result in run.rules() if result.version in run.versions]
    silent = sum(result.status not in JUDGED for result in every)
    others = len(every) - len(results)
    more = f"; {others} are about operations that the target is not said to have" if others else ""
    return f"not looked at: {silent:,} of {counted(len(every), 'rule')}{more}"


def _rules(run: Run, results: Sequence[RuleResult]) -> Iterator[str]:
    cells = {(result.rule, result.version): STATUS_WORDS[result.status] for result in results}
    evidence = {result.rule: result.evidence.value for result in results}
    rows = [(rule, *(cells.get((rule, version), "-") for version in run.versions), evidence[rule]) for rule in evidence]
    yield from table(("rule", *run.versions, "evidence"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows in columns as wide as their widest cell."""
    every = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for row in every:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _counts(results: Iterable[RuleResult]) -> Iterator[str]:
    counts = Counter(result.status for result in results)
    shown = [status for status in Outcome if counts[status] or status is not Outcome.COULD_NOT_CHECK]
    yield "rules: " + ", ".join(f"{counts[status]} {STATUS_WORDS[status]}" for status in shown)


def _reasons(results: Iterable[RuleResult], status: Outcome) -> Iterator[str]:
    words = STATUS_WORDS[status]
    reasons: dict[str, list[str]] = defaultdict(list)
    for result in results:
        if result.status is status:
            reason = _ID.sub("…", result.reason.removeprefix(f"{words}: "))
            reasons[reason].append(f"{result.rule} ({result.version})")
    for reason, rules in sorted(reasons.items(), key=lambda one: -len(one[1])):
        some = rules[0] if len(rules) == 1 else counted(len(rules), "rule")
        yield f"{words}, {some}: {reason}"


def _elsewhere(run: Run) -> Iterator[str]:
    for result in run.broken_elsewhere():
        yield f"broken outside its own test: {result.rule} ({result.version}): {result.reason}"
        yield f"  found by {result.broken_by[0]}"
    for test, finding in run.stray():
        yield f"wrong, and no rule is about it: {_place(finding)}: expected {finding.expected}, got {finding.got}"
        yield f"  found by {test}"


def _questions(run: Run) -> Iterator[str]:
    asked = [result for result in run.questions() if result.answer is not None]
    cells = {(result.question, result.version): _answer(result) for result in asked}
    names = sorted({result.question for result in asked})
    if names:
        yield ""
        rows = [(name, *(cells.get((name, version), "-") for version in run.versions)) for name in names]
        yield from table(("question", *run.versions), rows)


def _answer(result: QuestionResult) -> str:
    return shorten(str(result.answer), _LONGEST_ANSWER, placeholder="…")


def _own(run: Run, own: Sequence[TestRecord], *, details: bool) -> Iterator[str]:
    exchanges = sum(record.count for record in own)
    head = f"{counted(exchanges, 'exchange')} in {counted(len(own), 'test')}, target {run.target}"
    operations: Counter[str] = Counter()
    for record in own:
        operations.update(record.operations)
    rules = sorted({judged.partition("@")[0] for record in own for judged in record.judged})
    of = f"{len(rules)} of {len(run.contract.rules)}"
    if not operations or details:
        yield head
    else:
        yield f"{head}; {counted(len(operations), 'operation')} and {of} rules exercised (-v lists them)"
    if operations and details:
        yield from _listed("operations exercised", [f"{name} x{operations[name]}" for name in sorted(operations)])
    if rules and details:
        yield from _listed(f"rules exercised, {of}", rules)
    if not run.contract_tests:
        yield from _not_covered(run)
    yield from _notices(own)


def _listed(title: str, names: Sequence[str]) -> Iterator[str]:
    yield f"{title}:"
    text = ", ".join(name.replace("-", "\N{NON-BREAKING HYPHEN}") for name in names)
    lines = wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
    yield from (line.replace("\N{NON-BREAKING HYPHEN}", "-") for line in lines)


def _notices(own: Sequence[TestRecord]) -> Iterator[str]:
    noted = {
        seen.finding.fingerprint: seen.finding
        for record in own
        for seen in record.seen
        if seen.status is FindingStatus.NOTED and seen.finding.kind is not Kind.NOT_COVERED
    }
    for finding in list(noted.values())[:_MOST_NOTICES]:
        yield f"notice: {_place(finding)}: expected {finding.expected}, got {finding.got}"
        if finding.hint:
            yield f"  {finding.hint}"
    if len(noted) > _MOST_NOTICES:
        yield f"and {counted(len(noted) - _MOST_NOTICES, 'more notice')}; --graphcalls-report=FILE.md lists them."


def _place(finding: Finding) -> str:
    return " ".join(filter(None, (finding.operation, finding.version, finding.side.value, finding.where)))
