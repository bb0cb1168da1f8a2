"""The results of all rules, from the records of all tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_graphcalls.contract import VERSIONS, Contract, Evidence
from pytest_graphcalls.findings import Finding, Kind
from pytest_graphcalls.session.outcome import (
    BREAKS,
    WHOLE,
    Answer,
    FindingStatus,
    Offer,
    Outcome,
    Seen,
    TestRecord,
    broken_rule,
)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The result of one rule in one API version.

    Attributes:
        rule: full id.
        version: the API version.
        evidence: how well the rule is known.
        status: held, broken or not checked.
        reason: why it was not checked, or what broke it.
        tests: its own tests.
        findings: fingerprints of the findings that broke it.
        broken_by: tests that found it broken without being its own.
    """

    rule: str
    version: str
    evidence: Evidence
    status: Outcome
    reason: str = ""
    tests: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    broken_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """The answer to one question in one API version; ``answer`` is ``None`` when it was not asked."""

    question: str
    version: str
    answer: Answer | None
    reason: str = ""


JUDGED = frozenset({Outcome.HELD, Outcome.BROKEN})
"""The outcomes of a rule that was looked at."""
NO_TEST = "no test of this run judged it"


class Run:
    """All tests of a run.

    Args:
        contract: the contract they were judged by.
        target: what they talked to.
        versions: the API versions the run covers.
        strict: whether notices and reported rules weighed, too.
        seed: where the simulator's ids started.
        offer: which operations the target is said to have.
    """

    def __init__(
        self,
        contract: Contract,
        *,
        target: str = "simulator",
        versions: Sequence[str] = VERSIONS,
        strict: bool = False,
        seed: int = 0,
        offer: Offer = WHOLE,
    ) -> None:
        self.contract = contract
        self.target = target
        self.versions = tuple(versions)
        self.strict = strict
        self.seed = seed
        self.offer = offer
        self._records: dict[str, TestRecord] = {}
        self._rules: tuple[RuleResult, ...] = ()

    def add(self, record: TestRecord) -> None:
        """Take in what one more test says; of a test that ran twice the last word counts."""
        self._records[record.nodeid] = record
        self._rules = ()

    @property
    def records(self) -> tuple[TestRecord, ...]:
        """The records of the tests, sorted by name, so that the order they ran in does not show."""
        return tuple(self._records[nodeid] for nodeid in sorted(self._records))

    @property
    def contract_tests(self) -> tuple[TestRecord, ...]:
        """Records of tests that judge the target."""
        return tuple(record for record in self.records if record.is_contract_test)

    def rules(self) -> tuple[RuleResult, ...]:
        """One result for every rule of the contract and every API version it holds for."""
        if not self._rules:
            own, findings = self._own_tests(), self._breaking()
            self._rules = tuple(
                self._rule(rule.id, version, own.get((rule.id, version), []), findings.get((rule.id, version), []))
                for rule in self.contract.rules.values()
                for version in rule.versions
            )
        return self._rules

    def _own_tests(self) -> dict[tuple[str, str], list[TestRecord]]:
        found: dict[tuple[str, str], list[TestRecord]] = {}
        for record in self.records:
            for rule in record.rules:
                found.setdefault((rule, record.version), []).append(record)
        return found

    def _breaking(self) -> dict[tuple[str, str], list[tuple[TestRecord, Finding]]]:
        found: dict[tuple[str, str], list[tuple[TestRecord, Finding]]] = {}
        for record in self.records:
            for seen in record.seen:
                if seen.status in BREAKS and (rule := broken_rule(seen.finding, self.contract)):
                    found.setdefault((rule, seen.finding.version), []).append((record, seen.finding))
        return found

    def _rule(
        self, rule: str, version: str, own: list[TestRecord], findings: list[tuple[TestRecord, Finding]]
    ) -> RuleResult:
        status, reason = self._status(version, own, findings)
        names = tuple(record.nodeid for record in own)
        return RuleResult(
            rule,
            version,
            self.contract.rule(rule).evidence,
            status,
            reason,
            names,
            tuple(sorted({finding.fingerprint for _, finding in findings})),
            tuple(sorted({record.nodeid for record, _ in findings} - set(names))),
        )

    def _status(
        self, version: str, own: list[TestRecord], findings: list[tuple[TestRecord, Finding]]
    ) -> tuple[Outcome, str]:
        """One test that breaks a rule is enough; it is held when every one of its own tests held it."""
        broken = [record for record in own if record.outcome is Outcome.BROKEN]
        if broken:
            return Outcome.BROKEN, broken[0].reason
        if findings:
            finding = findings[0][1]
            return Outcome.BROKEN, f"expected {finding.expected}, got {finding.got} ({finding.where})"
        if version not in self.versions:
            return Outcome.NOT_CHECKED, f"this run covers {' and '.join(self.versions)} only (--graphcalls-version)"
        faults = [record for record in own if record.outcome is Outcome.COULD_NOT_CHECK]
        if faults:
            return Outcome.COULD_NOT_CHECK, faults[0].reason
        unjudged = [record for record in own if record.outcome is not Outcome.HELD]
        if own and not unjudged:
            return Outcome.HELD, ""
        return Outcome.NOT_CHECKED, unjudged[0].reason if unjudged else NO_TEST

    def questions(self) -> tuple[QuestionResult, ...]:
        """One result for every question of the contract and every API version of the run."""
        records = {(question, record.version): record for record in self.records for question in record.questions}
        return tuple(
            _question(question.id, version, records.get((question.id, version)))
            for question in self.contract.questions.values()
            for version in question.versions
            if version in self.versions
        )

    def findings(self) -> Mapping[str, tuple[Finding, tuple[tuple[TestRecord, Seen], ...]]]:
        """Every different finding by fingerprint, with where it came up."""
        found: dict[str, tuple[Finding, tuple[tuple[TestRecord, Seen], ...]]] = {}
        for record in self.records:
            for seen in record.seen:
                finding, places = found.get(seen.finding.fingerprint, (seen.finding, ()))
                found[finding.fingerprint] = finding, (*places, (record, seen))
        return dict(sorted(found.items()))

    def not_covered(self) -> Mapping[str, int]:
        """How many exchanges were outside the contract, by operation and version, or by the start of their address."""
        seen = (one.finding for record in self.records for one in record.seen)
        found = (one for one in seen if one.kind is Kind.NOT_COVERED)
        total = Counter(f"{one.operation}@{one.version}" if one.operation else one.got for one in found)
        return dict(sorted(total.items()))

    def operations(self) -> Mapping[str, int]:
        """How often each operation was used, by ``id@version``."""
        total: Counter[str] = Counter()
        for record in self.records:
            total.update(record.operations)
        return dict(sorted(total.items()))

    def judged(self) -> tuple[str, ...]:
        """``id@version`` of every rule that an exchange gave a chance to be broken, or that had a test."""
        tested = {f"{rule}@{record.version}" for record in self.records for rule in record.rules}
        return tuple(sorted(tested.union(*(record.judged for record in self.records))))

    def stray(self) -> tuple[tuple[str, Finding], ...]:
        """Violations found by contract tests that no rule is about, as in a notification; each with one such test."""
        found = {
            seen.finding.fingerprint: (record.nodeid, seen.finding)
            for record in self.contract_tests
            for seen in record.seen
            if seen.status is FindingStatus.ELSEWHERE and not broken_rule(seen.finding, self.contract)
        }
        return tuple(found.values())

    def broken_elsewhere(self) -> tuple[RuleResult, ...]:
        """Broken rules that failed no test: not one of their own, and not the test that found it.

        pytest alone would call such a run a success.
        """
        failed = {record.nodeid for record in self.records if record.outcome is Outcome.BROKEN}
        reported = {
            (broken_rule(seen.finding, self.contract), seen.finding.version)
            for record in self.records
            for seen in record.seen
            if seen.status is FindingStatus.FAILS
        }
        return tuple(
            result
            for result in self.rules()
            if result.status is Outcome.BROKEN
            and (result.rule, result.version) not in reported
            and not failed.intersection(result.tests)
        )

    def asked(self) -> tuple[RuleResult, ...]:
        """The rules in the API versions of the run, of operations that the target is said to have."""
        return tuple(
            result
            for result in self.rules()
            if result.version in self.versions and self.offer.includes(result.rule.partition(".")[0])
        )

    def fails(self, *, require_all: bool = False) -> bool:
        """Whether the run failed, although its tests may have passed.

        Args:
            require_all: whether a rule that was not checked fails a run that judges a target.
        """
        if self.broken_elsewhere() or self.stray():
            return True
        return bool(require_all and self.contract_tests and any(one.status not in JUDGED for one in self.asked()))


def _question(question: str, version: str, record: TestRecord | None) -> QuestionResult:
    if record is None:
        return QuestionResult(question, version, None, "no test of this run asked it")
    answer = record.answers.get(question)
    return QuestionResult(question, version, answer, "" if answer else record.reason or "its test recorded no answer")
