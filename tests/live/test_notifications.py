"""Notifications of a live run are received, judged, recorded and replayed."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.server.control import ServerState, real_time
from pytest_graphcalls.targets import live
from pytest_graphcalls.targets.live import LiveConnection
from pytest_graphcalls.wire import Exchange
from tests.few import suite
from tests.live.conftest import Run, Tenant, facts, ini
from tests.live.endings import SOON
from tests.live.projects import HEAD
from tests.plugin.recording_runs import WITH_RECORDING
from tests.tunnel import Tunnel, free_port

MODULES = ("test_application_post_calls", "test_call_delete", "test_call_mute", "test_participant_invite")
SUITE = (*suite(*MODULES), "--graphcalls-version=v1.0", "-k", "notif or callback_of_the_call")
"""Rules about notifications of calls that a bot creates."""


@pytest.fixture
def tunnel(
    tenant: Tenant, tmp_path: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tunnel]:
    """A tunnel through which the tenant posts its notifications, as time passes or a test waits for it."""
    tunnel = Tunnel(free_port())
    state = ServerState.of(tenant.simulator, tenant.app)
    state.place_bot(f"http://127.0.0.1:{tunnel.port}")
    monkeypatch.setattr(LiveConnection, "wait", lambda _, seconds: state.advance(seconds, SOON))
    with tunnel.open(tmp_path / "tls") as url, real_time(state), closing(state.bot):
        has = {**facts(tenant.id), "callback": f"{url}/calls?code=1", "listen": f"127.0.0.1:{tunnel.port}"}
        pytester.makefile(".ini", pytest=ini(tenant.id, has))
        yield tunnel


@pytest.mark.usefixtures("tunnel")
def test_notifications_are_judged_in_a_tenant(pytester: pytest.Pytester, run: Run) -> None:
    """Every test judges the notifications of its own calls; workers are in ``test_end_to_end``."""
    result = run(*SUITE, "--graphcalls-report=report.json")
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()
    report = json.loads((pytester.path / "report.json").read_text())
    held = {row["id"] for row in report["rules"] if row["status"] == "held"}
    assert held >= {
        "application-post-calls.callback-uri-takes-notifications",
        "application-post-calls.state-changes-are-notified",
        "call-delete.deleted-notification-follows",
        "participant-invite.completion-is-notified",
        "participant-invite.replaced-call-end-is-notified",
    }


@pytest.mark.usefixtures("tunnel")
def test_notifications_are_recorded_and_replayed(
    pytester: pytest.Pytester, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay holds the same rules offline, and the cassettes hold no address of a person."""
    live = pytester.runpytest_inprocess(*WITH_RECORDING, *SUITE, *tenant.options, "--record-mode=once")
    passed = live.parseoutcomes()["passed"]
    files = sorted((pytester.path / "cassettes").rglob("*.yaml"))
    assert len(files) == passed > 5
    assert "203.0.113.7" not in "".join(file.read_text() for file in files)
    notifications = [passport.notifications for file in files if (passport := cassette.opened(file).passport)]
    assert all(notifications)
    assert {entry["changeType"] for one in notifications for entry in one[-1].entries} == {"deleted"}

    for name in tenant.variables:
        monkeypatch.delenv(name)
    (pytester.path / "pytest.ini").write_text("[pytest]\n")
    offline = pytester.runpytest_inprocess(*WITH_RECORDING, *SUITE, "--graphcalls-target=replay", "--block-network")
    assert offline.parseoutcomes()["passed"] == passed


@pytest.mark.usefixtures("tunnel")
def test_a_damaged_notification_breaks_the_contract(pytester: pytest.Pytester, run: Run) -> None:
    """A wrong notification fails the run, not a test of another rule. Posts to an unknown address are ignored."""
    pytester.makepyfile(
        HEAD
        + """
import httpx

@CREATED
def test_call(graphcalls_stage):
    stage = graphcalls_stage
    known = stage.new_callback().rpartition("/")[0]
    httpx.post(known.rpartition("/")[0], json={"value": 7}, headers={"Authorization": "Bearer x"})
    call = stage.peer_to_peer_call()
    assert stage.wait_for_notices("updated", call.id)
    httpx.post(known, content=b"nothing")
"""
    )
    result = run("--graphcalls-version=v1.0")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    text = result.stdout.str()
    assert text.count("wrong, and no rule is about it: v1.0 notification ") == 3
    assert "expected a bearer token of the service, got no such header, or none with a bearer token" in text
    assert '"value": 7' not in text


def test_a_run_that_cannot_listen_does_not_start(run: Run, tunnel: Tunnel) -> None:
    """Another process listens there, for example the team's own bot."""
    with socket.create_server(("127.0.0.1", tunnel.port)):
        text = "\n".join(run(*SUITE).errlines)
    where = f"cannot start. listen=127.0.0.1:{tunnel.port}: expected an address of this machine that is free. [Errno "
    assert where in text


def test_a_run_whose_callback_leads_elsewhere_does_not_start(run: Run, tenant: Tenant, tunnel: Tunnel) -> None:
    """With a tunnel that is down, or changes the path, the service would seem not to notify."""
    tunnel.strips = "/calls"
    text = "\n".join(run(*SUITE).errlines)
    assert "--graphcalls-target=live cannot start. callback=https://" in text
    where = f"expected an address that leads to 127.0.0.1:{tunnel.port} and keeps the path"
    assert f"{where}. What was posted to it did not arrive there; the answer was: 404. Look at the tunnel." in text
    tunnel.port = free_port()
    assert "the answer was: 502." in "\n".join(run(*SUITE).errlines)
    assert tenant.calls() == []


def test_a_tunnel_that_goes_down_breaks_no_rule(
    pytester: pytest.Pytester, run: Run, tenant: Tenant, tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that receives nothing at all cannot judge whether the service notifies."""

    def cut(exchange: Exchange) -> None:
        if exchange.request.method == "POST":
            tunnel.port = free_port()

    monkeypatch.setattr(live, "PATIENCE", 0.0)  # for the ends of calls, which cannot arrive
    tenant.simulator.observe(cut)
    tenant.simulator.fault("drop")
    pytester.makepyfile(
        HEAD
        + """
@CREATED
def test_call(graphcalls_stage):
    call = graphcalls_stage.peer_to_peer_call()
    assert graphcalls_stage.wait_for_notices("updated", call.id, within=0.2)
"""
    )
    result = run("--graphcalls-version=v1.0")
    result.assert_outcomes(skipped=1)
    why = ": what is posted to the callback arrives no more; the answer to it is: 502. This proves nothing"
    assert why in result.stdout.str()
    assert "1 could not check" in result.stdout.str()
    assert tenant.open_calls() == []
