"""The record of each test, made when it is over, and the results of all rules from those records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.contract import VERSIONS, Contract, Evidence, Match
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
from pytest_graphcalls.session.recorder import Recorder
from pytest_graphcalls.wire import Exchange, Request, Response


@dataclass(slots=True)
class Watch:
    """Follows one test from its set-up to its end, and makes the record of it.

    Attributes:
        nodeid: pytest's name of the test.
        version: the API version it runs for.
        target: what it talks to.
        rules: full ids of the rules it judges.
        questions: full ids of the questions it asks.
        recorder: keeps its exchanges; ``None`` until a fixture makes one.
        fault: whether the environment kept it from judging anything.
    """

    nodeid: str
    version: str
    target: str
    rules: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    recorder: Recorder | None = None
    fault: bool = False
    _outcome: Outcome = Outcome.HELD
    _reason: str = ""

    def phase(self, when: str, outcome: str, reason: str = "", *, violated: bool = False) -> None:
        """Note how a part of the test went.

        Args:
            when: ``setup``, ``call`` or ``teardown``.
            outcome: ``passed``, ``failed`` or ``skipped``.
            reason: why it did not pass, or ``""``.
            violated: whether it failed because an exchange broke the contract.
        """
        judged = outcome == "failed" and (violated or (when == "call" and not self.fault))
        if judged:
            self._set_outcome(Outcome.BROKEN, reason)
        elif outcome != "passed" and when != "teardown":
            self._set_outcome(Outcome.COULD_NOT_CHECK if self.fault else Outcome.NOT_CHECKED, reason)

    def _set_outcome(self, outcome: Outcome, reason: str) -> None:
        if self._outcome is not Outcome.BROKEN:
            self._outcome, self._reason = outcome, _short(reason)

    def record(self) -> TestRecord:
        """The record of the test, once it is over."""
        facts: dict[str, Any] = {} if self.recorder is None else _facts(self.recorder, self._outcome)
        plain = (self.nodeid, self._outcome, self._reason, self.version, self.target, self.rules, self.questions)
        return TestRecord(*plain, **facts)


def _short(reason: str) -> str:
    """The first line of ``reason``, safe to write down."""
    from pytest_graphcalls.redaction import mask

    return mask(reason.strip().partition("\n")[0][:_LONGEST_REASON])


_LONGEST_REASON = 300


def _facts(recorder: Recorder, outcome: Outcome) -> dict[str, Any]:
    exchanges, seen = recorder.exchanges, recorder.seen
    broke = outcome is Outcome.BROKEN or any(one.status in BREAKS for one in seen)
    kept = exchanges if broke or recorder.judge.questions else ()
    operations, judged = exercised(recorder.contract, exchanges)
    return {
        "answers": recorder.answers,
        "seen": seen,
        "exchanges": tuple(map(_exchange_json, kept)),
        "notifications": tuple(_notification_json(*one) for one in recorder.flawed.items()) if broke else (),
        "operations": operations,
        "judged": judged,
        "count": len(exchanges),
    }


def exercised(contract: Contract, exchanges: Iterable[Exchange]) -> tuple[dict[str, int], tuple[str, ...]]:
    """The number of uses of each operation, and the rules that could have been broken; both by ``id@version``."""
    operations: Counter[str] = Counter()
    judged: set[str] = set()
    for exchange in exchanges:
        match = contract.look_of(exchange).match
        if isinstance(match, Match):
            operations[f"{match.operation.id}@{match.version}"] += 1
            judged.update(f"{rule}@{match.version}" for rule in contract.judged(exchange))
    return dict(sorted(operations.items())), tuple(sorted(judged))


def _exchange_json(exchange: Exchange) -> dict[str, Any]:
    """A redacted exchange as the report writes it."""
    from pytest_graphcalls.redaction import redact_exchange

    safe = redact_exchange(exchange)
    response = safe.response
    return {
        "request": _request_json(safe.request),
        "response": {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers.pairs],
            "body": _text(response.body),
        },
    }


def _notification_json(number: int, request: Request) -> dict[str, Any]:
    """A redacted notification as the report writes it."""
    from pytest_graphcalls.redaction import redact_exchange

    safe = redact_exchange(Exchange(request, Response(202)))
    return {"number": number, "request": _request_json(safe.request)}


def _request_json(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "headers": [list(pair) for pair in request.headers.pairs],
        "body": _text(request.body),
    }


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")


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
