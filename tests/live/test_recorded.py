"""A live run is recorded, and everybody else replays it."""

from __future__ import annotations

import json

import pytest

from pytest_graphcalls import cassette, leakscan
from tests.few import suite
from tests.live.conftest import Tenant, facts, guid, ini
from tests.plugin.recording_runs import WITH_RECORDING

SUITE = (*suite("test_participant_invite"), "-k", "moves or first or echoed or phone")


def test_a_live_run_is_recorded_and_replayed_without_the_tenant(
    pytester: pytest.Pytester, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users, meetings, phone and tenant are known by pseudonyms only, and the same rules are held offline."""
    pytester.makefile(".ini", pytest=ini(tenant.id, facts(tenant.id)))
    live = pytester.runpytest_inprocess(
        *WITH_RECORDING, *SUITE, *tenant.options, "--record-mode=once", "--graphcalls-report=live.json"
    )
    passed = live.parseoutcomes()["passed"]
    assert passed > 5
    files = sorted((pytester.path / "cassettes").rglob("*.yaml"))
    assert len(files) == passed
    real = (tenant.id, *tenant.variables.values(), *map(guid, range(1, 9)), "+15550123", *map(guid, range(500, 502)))
    for file in files:
        text = file.read_text()
        assert not [value for value in real if value in text], file
        assert not list(leakscan.scan(file, known=real))
        passport = cassette.opened(file).passport
        assert passport is not None
        assert passport.sandbox["users"]

    for name in tenant.variables:
        monkeypatch.delenv(name)
    (pytester.path / "pytest.ini").write_text("[pytest]\n")
    asked = len(tenant.requests)
    offline = pytester.runpytest_inprocess(
        *WITH_RECORDING, *SUITE, "--graphcalls-target=replay", "--block-network", "--graphcalls-report=offline.json"
    )
    offline.assert_outcomes(passed=passed, skipped=live.parseoutcomes().get("skipped", 0), deselected=None)
    assert len(tenant.requests) == asked
    then, now = (json.loads((pytester.path / name).read_text())["rules"] for name in ("live.json", "offline.json"))
    assert {(r["id"], r["version"], r["status"]) for r in then} == {(r["id"], r["version"], r["status"]) for r in now}
