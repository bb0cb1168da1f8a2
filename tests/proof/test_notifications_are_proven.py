"""Every promise about the shape of a notification can be broken, and is then found; an undamaged one has none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from pytest_graphcalls.contract import VERSIONS
from pytest_graphcalls.findings import Finding, Side
from tests.effort import examples
from tests.proof.posted import CONTRACT, PRODUCED, Posted, damages, harmless, produced, undamaged

QUICK = examples(60)
SORTS = PRODUCED
NOT_DAMAGED = {
    "roster-below-operations": "a roster at another address; accepted with a notice (tests/unit/contract)",
    "content-sharing-session": "nothing is known of its data",
    "participant-joining": "inferred, so it is not judged",
    "participant-left": "inferred, so it is not judged",
}
BETA_ALONE = (".syntheticMediaDetection",)
"""Members that an operation of beta alone sets, and that v1.0 does not have: a notice where v1.0 is expected."""


def test_every_payload_is_damaged() -> None:
    """Payloads without damage are listed here with the reason."""
    assert {*SORTS, *NOT_DAMAGED} == set(CONTRACT.notifications)


@pytest.mark.parametrize("version", VERSIONS)
def test_notifications_of_the_simulator_have_no_findings(version: str) -> None:
    """Notifications have no findings by either version, because they do not name their own."""
    assert set(undamaged(version)) == set(SORTS)
    for body in produced(version):
        for judged_by in VERSIONS:
            found = CONTRACT.check_notification(body, judged_by)
            assert [str(one) for one in found if judged_by != "v1.0" or not one.where.endswith(BETA_ALONE)] == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", SORTS)
def test_an_undamaged_notification_has_no_findings(name: str, version: str) -> None:
    """A notification has no findings as it is, and with unpromised members missing or null."""
    body = undamaged(version)[name]

    @QUICK
    @given(harmless(version, CONTRACT.notifications[name], body))
    def holds(variant: dict[str, Any]) -> None:
        assert CONTRACT.check_notification(variant, version) == ()

    assert CONTRACT.check_notification(body, version) == ()
    holds()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", SORTS)
def test_every_damage_to_a_notification_is_found(name: str, version: str) -> None:
    """Each damage is the right kind of finding about a notification, at the right place, with the right weight."""

    @QUICK
    @given(damages(version, CONTRACT.notifications[name], undamaged(version)[name]))
    def found(damage: Posted) -> None:
        findings = CONTRACT.check_notification(damage.body, version)
        assert any(is_it(finding, damage) for finding in findings), (damage.how, damage.where, findings)
        assert {(finding.side, finding.version) for finding in findings} == {(Side.NOTIFICATION, version)}

    found()


def is_it(finding: Finding, damage: Posted) -> bool:
    return finding.kind in damage.kinds and finding.where == damage.where and finding.severity is damage.severity
