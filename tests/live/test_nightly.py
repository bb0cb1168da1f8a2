"""A night in a tenant."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_graphcalls import leakscan
from pytest_graphcalls.drift import Outcome
from pytest_graphcalls.nightly import NightSettings, Subprocess, look, promote
from tests.live.conftest import Tenant, facts, guid, ini


def test_a_night_in_a_tenant_and_the_next_one(
    tenant: Tenant, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same tenant with other ids is no drift; no real id is in what is written, and no call is left."""
    here = tmp_path_factory.mktemp("project")
    monkeypatch.chdir(here)
    monkeypatch.setenv("GRAPHCALLS_ROOT", tenant.url)
    Path("pytest.ini").write_text(ini(tenant.id, facts(tenant.id)))
    settings = NightSettings("live", versions=("v1.0",), workers="0")
    first = look(settings, Subprocess())
    assert (first.verdict.outcome, first.problem) == (Outcome.NO_DRIFT, ""), first.verdict
    assert first.verdict.night.latency["participant-invite@v1.0"].count > 5
    promote(settings.out / "cassettes", settings.baseline)
    tenant.simulator.reset()  # an organizer who was called in cannot be taken out again, and would be there still
    second = look(settings, Subprocess())
    told = "\n".join(f"{one.difference} {one.places} {one.standing} {one.repeated}" for one in second.verdict.entries)
    assert (second.verdict.outcome, told, second.problem) == (Outcome.NO_DRIFT, "", "")
    assert "from simulator" in second.verdict.baseline  # what answers there says so itself
    real = (tenant.id, *tenant.variables.values(), *map(guid, range(1, 9)), "+15550123")
    leaks = [leak for path in (settings.out, settings.history) for leak in leakscan.scan(path, known=real)]
    # The page names the digests of its own style and script, which look random.
    assert [leak for leak in leaks if not leak.file.endswith("report.html") or leak.kind == "secret of this run"] == []
    assert tenant.open_calls() == []
