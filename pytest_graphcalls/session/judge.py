"""What a finding means in the test it came up in; decided here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pytest_graphcalls.contract import Contract, Evidence
from pytest_graphcalls.findings import Finding, Severity, Side


class FindingStatus(StrEnum):
    """What a finding means in the test it came up in. The values are part of the report format."""

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


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides what a finding means in one test.

    Attributes:
        contract: tells a rule's evidence.
        strict: whether notices and reported rules weigh, too.
        rules: full ids of the rules a contract test judges; empty in a project's own test.
        questions: full ids of the questions a test asks.
    """

    contract: Contract
    strict: bool = False
    rules: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    def status(self, finding: Finding) -> FindingStatus:
        """What ``finding`` means here."""
        if not self._weighs(finding):
            return FindingStatus.NOTED
        if not (self.rules or self.questions):
            return FindingStatus.FAILS
        if finding.side is Side.REQUEST:
            return FindingStatus.EXPECTED
        if finding.rule in self.rules or (not finding.rule and self.rules):
            return FindingStatus.FAILS
        return FindingStatus.ELSEWHERE if finding.rule else FindingStatus.NOTED

    def _weighs(self, finding: Finding) -> bool:
        evidence = self.contract.rule(finding.rule).evidence if finding.rule else Evidence.DOCUMENTED
        if evidence is Evidence.INFERRED:
            return False
        return self.strict or (finding.severity is Severity.VIOLATION and evidence is Evidence.DOCUMENTED)
