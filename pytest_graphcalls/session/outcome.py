"""What a finding means for its test, and the result of one test as values that travel between processes.

:meth:`Judge.status` is the only place that decides whether a finding fails its test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from pytest_graphcalls.contract import Contract, Evidence, Match, parse_error
from pytest_graphcalls.findings import Finding, Severity, Side
from pytest_graphcalls.records import made, plain
from pytest_graphcalls.wire import Exchange, Response


class FindingStatus(StrEnum):
    """The consequence of a finding for its test. The values are part of the report format."""

    FAILS = "fails"
    """It fails this test."""
    ELSEWHERE = "elsewhere"
    """It breaks a rule that is not this test's to judge; the run counts it."""
    NOTED = "noted"
    """A notice, or about a rule whose evidence is too weak to judge by."""
    EXPECTED = "expected"
    """Done on purpose: inside ``expect_violation``, or in the request of a contract test."""


BREAKS = frozenset({FindingStatus.FAILS, FindingStatus.ELSEWHERE})
"""What breaks a rule."""


NOT_THERE = frozenset({404, 405, 501})
"""Statuses by which a server answers for an operation that it lacks; an error of Graph is about what was asked for."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The operations that a target has.

    Attributes:
        named: ids of those that it is said to have; empty where nothing is said.
        whole: whether it has every operation, as a simulator and a tenant do.
    """

    named: frozenset[str] = frozenset()
    whole: bool = True

    def includes(self, operation: str) -> bool:
        """Whether the target may have ``operation``, before it is asked."""
        return self.whole or not self.named or operation in self.named

    def has(self, operation: str, response: Response) -> bool:
        """Whether the target has ``operation``, which it answered with ``response``."""
        if self.whole or self.named:
            return self.includes(operation)
        return response.status not in NOT_THERE or parse_error(response) is not None


WHOLE = Offer()
"""The offer of a target that has every operation."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides what a finding means in one test.

    Attributes:
        contract: knows a rule's evidence.
        strict: whether notices and reported rules weigh, too.
        rules: full ids of the rules a contract test judges; empty in a project's own test.
        questions: full ids of the questions a test asks.
        offer: which operations the target has.
    """

    contract: Contract
    strict: bool = False
    rules: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    offer: Offer = WHOLE

    @property
    def is_of_contract_test(self) -> bool:
        """Whether the test judges its target, rather than being some project's own."""
        return bool(self.rules or self.questions)

    def applies_to(self, exchange: Exchange) -> bool:
        """Whether ``exchange`` is judged: not in a contract test whose target does not have the operation."""
        match = self.contract.look_of(exchange).match
        if not self.is_of_contract_test or not isinstance(match, Match):
            return True
        return self.offer.has(match.operation.id, exchange.response)

    def status(self, finding: Finding) -> FindingStatus:
        """The status of ``finding`` in this test."""
        if not self._weighs(finding):
            return FindingStatus.NOTED
        if not self.is_of_contract_test:
            return FindingStatus.FAILS
        if finding.side is Side.REQUEST:
            return FindingStatus.EXPECTED
        return FindingStatus.FAILS if broken_rule(finding, self.contract) in self.rules else FindingStatus.ELSEWHERE

    def _weighs(self, finding: Finding) -> bool:
        evidence = self.contract.rule(finding.rule).evidence if finding.rule else Evidence.DOCUMENTED
        if evidence is Evidence.INFERRED:
            return False
        return self.strict or (finding.severity is Severity.VIOLATION and evidence is Evidence.DOCUMENTED)


def broken_rule(finding: Finding, contract: Contract) -> str:
    """Full id of the rule that a finding breaks, or ``""``.

    What only the type model says of an answer belongs to the rule about the success of its operation.
    """
    if finding.rule or finding.side is not Side.RESPONSE or not finding.operation:
        return finding.rule
    return contract.operation(finding.operation).success_rule


class Outcome(StrEnum):
    """The outcome of a test, or of a rule. The values are part of the report format."""

    HELD = "held"
    BROKEN = "broken"
    NOT_CHECKED = "not-checked"
    """For want of something: a means of the target, a fact of the sandbox, a step that another rule is about."""
    COULD_NOT_CHECK = "could-not-check"
    """The service or the network failed in the middle; another run may tell."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a target to a question: its behaviour where no source says what it should do.

    Attributes:
        status: the status it answered.
        code: the error's code, or ``""``.
        text: what followed, or the error's message, in few words.
    """

    status: int
    code: str = ""
    text: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.status), self.code, self.text)))


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding, where it came up (in an exchange or a notification) and what it means.

    Attributes:
        finding: the finding.
        exchange: index of its exchange in the test, from 0; ``None`` when it is about a notification.
        status: what it means.
        notification: number of its notification in the test, from 0; ``None`` when it is about an exchange.
    """

    finding: Finding
    exchange: int | None
    status: FindingStatus
    notification: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "finding": self.finding.to_json(),
            "exchange": self.exchange,
            "standing": self.status.value,
            "notification": self.notification,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Seen:
        """What :meth:`to_json` wrote."""
        finding, status = Finding.from_json(data["finding"]), FindingStatus(data["standing"])
        return cls(finding, data["exchange"], status, data["notification"])


@dataclass(frozen=True, slots=True)
class TestRecord:
    """The record of one test; JSON values inside, so that it can travel between processes.

    Attributes:
        nodeid: pytest's name of the test.
        outcome: held, broken, or not checked.
        reason: why it was not checked or what broke it, in a sentence; or ``""``.
        version: the API version it ran for.
        target: what it talked to.
        rules: full ids of the rules it judges.
        questions: full ids of the questions it asks.
        answers: what the target answered to them.
        seen: the findings of its exchanges and notifications.
        exchanges: its exchanges, redacted, if it broke something or asked a question; else empty, to keep the
            report small.
        operations: how often it used each operation, by ``id@version``.
        judged: ``id@version`` of the rules that its exchanges gave a chance to be broken.
        count: how many exchanges there were.
        notifications: those that something was found in, redacted, with their ``number`` in the test; empty like
            ``exchanges``.
    """

    __test__: ClassVar[bool] = False  # its name must not make pytest collect it

    nodeid: str
    outcome: Outcome
    reason: str = ""
    version: str = ""
    target: str = ""
    rules: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    seen: tuple[Seen, ...] = ()
    exchanges: tuple[Mapping[str, Any], ...] = ()
    operations: Mapping[str, int] = field(default_factory=dict)
    judged: tuple[str, ...] = ()
    count: int = 0
    notifications: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_contract_test(self) -> bool:
        """Whether the test judges the target, rather than being a project's own test."""
        return bool(self.rules or self.questions)

    def properties(self) -> list[tuple[str, str]]:
        """The facts in short, as properties of a JUnit test case."""
        fingerprints = sorted({seen.finding.fingerprint for seen in self.seen if seen.status in BREAKS})
        facts = {
            "version": [self.version],
            "target": [self.target],
            "rule": self.rules,
            "question": self.questions,
            "operations": [" ".join(self.operations)],
            "findings": [" ".join(fingerprints)],
        }
        return [(f"graphcalls_{name}", value) for name, values in facts.items() for value in values if value]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**plain(self), "seen": [one.to_json() for one in self.seen]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TestRecord:
        """What :meth:`to_json` wrote."""
        texts = {name: tuple(data[name]) for name in ("exchanges", "notifications")}  # they stay JSON
        return made(cls, data, seen=tuple(map(Seen.from_json, data["seen"])), **texts)
