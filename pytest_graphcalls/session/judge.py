"""Decides whether a finding fails its test; the only place that does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pytest_graphcalls.contract import Contract, Evidence, Match, parse_error
from pytest_graphcalls.findings import Finding, Severity, Side
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
        contract: tells a rule's evidence.
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
