"""A server that does one thing wrong is found out by the rule about it; one that does nothing wrong is left alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_graphcalls.contract import VERSIONS, Contract
from tests.proof.rogue.faults import FAULTS, TABLE, Fault
from tests.proof.rogue.serving import Suite

CONTRACT = Contract.packaged()
FEWEST = 60


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with Suite(tmp_path_factory.mktemp("rogue")) as suite:
        yield suite


def test_the_faults_are_many_and_each_has_a_name() -> None:
    """Each names the rules that it breaks, which exist, or says why it breaks none."""
    assert len(FAULTS) == len(TABLE)
    assert len([fault for fault in TABLE if not fault.justified]) >= FEWEST
    assert [fault.name for fault in TABLE if bool(fault.rules) == bool(fault.justified)] == []
    assert {rule for fault in TABLE for rule in fault.expected} <= set(CONTRACT.rules)


def test_a_proxy_without_faults_breaks_no_rule(suite: Suite) -> None:
    """Every rule holds, and none is left unchecked."""
    verdict = suite.whole
    assert verdict.status == 0, verdict.screen
    assert verdict.rules("not-checked") == set()
    assert verdict.rules("held") == set(CONTRACT.rules)
    assert [finding for finding in verdict.report["findings"] if finding["side"] != "request"] == []


@pytest.mark.parametrize("fault", TABLE, ids=lambda fault: fault.name)
def test_a_fault_is_found_by_the_rule_at_fault(fault: Fault, suite: Suite) -> None:
    """The run fails and names the rule; no rule about another operation is blamed."""
    shared = [one for one in VERSIONS if all(one in CONTRACT.rule(rule).versions for rule in fault.expected)]
    version = fault.version or shared[TABLE.index(fault) % len(shared)]
    verdict = suite.run(fault, version)
    broken = verdict.rules("broken")
    assert fault.expected <= broken, verdict.screen
    assert verdict.status == (0 if fault.justified else 1), verdict.screen
    assert {rule.partition(".")[0] for rule in broken} <= fault.blamed, verdict.screen
