"""Every promise about the shape of an answer can be broken, and is then found; an undamaged one gives no finding."""

from __future__ import annotations

import pytest
from hypothesis import given

from pytest_graphcalls.contract import VERSIONS
from pytest_graphcalls.findings import Finding
from pytest_graphcalls.wire import Exchange
from tests.effort import examples
from tests.proof.damage import CONTRACT, Damage, damages, harmless
from tests.proof.undamaged import OPERATIONS, undamaged

QUICK = examples(60)


@pytest.mark.parametrize("version", VERSIONS)
def test_one_success_of_every_operation_was_recorded(version: str) -> None:
    """Otherwise the tests below would prove nothing of it."""
    assert sorted(undamaged(version)) == sorted(OPERATIONS)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_undamaged_exchange_is_never_found_fault_with(operation: str, version: str) -> None:
    """Neither as it was, nor with its members in another order, left out or null where that is allowed."""
    exchange = undamaged(version)[operation]

    @QUICK
    @given(harmless(version, CONTRACT.operation(operation), exchange))
    def holds(variant: Exchange) -> None:
        assert CONTRACT.check(variant) == ()

    assert CONTRACT.check(exchange) == ()
    holds()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_damage_to_an_answer_is_found(operation: str, version: str) -> None:
    """As the right kind of finding, at the right place, with the right weight, for the right operation."""
    exchange = undamaged(version)[operation]

    @QUICK
    @given(damages(version, CONTRACT.operation(operation), exchange))
    def found(damage: Damage) -> None:
        findings = CONTRACT.check(damage.exchange)
        assert any(is_it(finding, damage) for finding in findings), (damage.how, damage.where, findings)
        assert {(finding.operation, finding.version) for finding in findings} == {(operation, version)}

    found()


def is_it(finding: Finding, damage: Damage) -> bool:
    return (
        finding.kind in damage.kinds
        and finding.where == damage.where
        and finding.severity is damage.severity
        and finding.side is damage.side
    )
