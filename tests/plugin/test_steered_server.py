"""A base URL that is a ``graphcalls serve`` of this machine: what requests cannot stage is staged there, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_graphcalls.cassette import opened
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import ControlledApp, ServerState
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator
from tests.plugin.conftest import Run

PROJECT = """
    import pytest

    @pytest.mark.graphcalls_rule("call-reject.fifteen-seconds-to-decide")
    def test_clock(graphcalls_stage):
        call = graphcalls_stage.incoming_call()
        graphcalls_stage.advance(16)
        assert not call.lives()
        assert graphcalls_stage.notices_of("deleted", call.id)

    @pytest.mark.graphcalls_rule("participant-delete.app-must-be-allow-listed")
    def test_apps(graphcalls_stage):
        assert graphcalls_stage.other_app() is not graphcalls_stage.client
        assert graphcalls_stage.client_with("Calls.Initiate.All") is not graphcalls_stage.client

    @pytest.mark.graphcalls_rule("participant-invite.failure-is-notified")
    def test_people(graphcalls_stage):
        call = graphcalls_stage.meeting_call(people=0)
        operation = call.invite(graphcalls_stage.decliner().entry()).json()["id"]
        assert graphcalls_stage.until(lambda: call.status_of(operation) == "failed")
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs in here have no others beside them, whatever the run around them has."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


@pytest.fixture
def steered() -> Iterator[str]:
    simulator = Simulator()
    with serve_in_thread(ControlledApp(ServerState.of(simulator, SimulatorApp(simulator)))) as url:
        yield url


def test_everything_is_staged_there(pytester: pytest.Pytester, run: Run, steered: str) -> None:
    """Without a token the server is asked for one."""
    pytester.makepyfile(PROJECT)
    result = run(f"--graphcalls-target={steered}", "--graphcalls-version=v1.0")
    result.assert_outcomes(passed=3)


def test_workers_do_not_move_the_clock_of_each_other(
    pytester: pytest.Pytester, run: Run, steered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers share the server, and its clock is not moved. A worker is recognised by its variable."""
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    pytester.makepyfile(PROJECT)
    result = run(f"--graphcalls-target={steered}", "--graphcalls-version=v1.0")
    result.assert_outcomes(passed=1, skipped=2)
    assert f"needs a clock that the test moves, which {steered} does not offer" in result.stdout.str()


def test_a_test_that_needs_staging_is_skipped_when_it_is_recorded(pytester: pytest.Pytester, steered: str) -> None:
    """A replay could not stage such tests."""
    pytester.makepyfile(PROJECT)
    options = (f"--graphcalls-target={steered}", "--graphcalls-version=v1.0", "--record-mode=once")
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", *options)
    result.assert_outcomes(skipped=3)


def test_a_night_at_a_steered_server_stages_everything(pytester: pytest.Pytester, steered: str, tmp_path: Path) -> None:
    """Two nights are staged, with different ids and comparable times."""
    options = (f"--graphcalls-target={steered}", "--graphcalls-version=v1.0", "--record-mode=rewrite")
    ids, times = [], []
    for night in ("one", "two"):
        pytester.makepyfile(PROJECT)
        folder = tmp_path / night
        more = ("--graphcalls-nightly", f"--graphcalls-cassettes={folder}")
        result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", *options, *more)
        result.assert_outcomes(passed=3)
        passports = [opened(path).passport for path in sorted(folder.rglob("*.yaml"))]
        ids.append({made for one in passports if one for made in one.made.values()})
        times.append([notice.at for one in passports if one for notice in one.notifications])
    assert len(times[0]) == len(times[1])
    assert max(times[1]) < 60, "they count from the beginning of their tests"
    assert not {one for one in ids[0] if "-" in one} & ids[1]


def test_ids_are_new_where_tests_share_a_server(pytester: pytest.Pytester, run: Run, steered: str) -> None:
    """A person with an old id would be in the call of the test before."""
    pytester.makepyfile(
        """
        import pytest

        IDS = set()

        @pytest.mark.parametrize("turn", range(2))
        @pytest.mark.graphcalls_rule("participant-delete.app-must-be-allow-listed")
        def test_it(graphcalls_stage, turn):
            IDS.add(graphcalls_stage.new_id())
            assert len(IDS) == turn + 1
        """
    )
    run(f"--graphcalls-target={steered}", "--graphcalls-version=v1.0").assert_outcomes(passed=2)


def test_notifications_are_checked_there_as_well(pytester: pytest.Pytester, run: Run) -> None:
    """Notifications of the test are checked, and earlier ones are ignored."""
    simulator = Simulator()
    write = simulator.notifier._write
    simulator.notifier._write = lambda note: replace(  # type: ignore[method-assign]  # a step is replaced
        write(note), body={"value": [{"changeType": "renamed"}]}
    )
    simulator.incoming_call()
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("calls", [0, 1])
        def test_it(graphcalls_stage, graphcalls, calls):
            for _ in range(calls):
                graphcalls_stage.incoming_call()
            assert bool(graphcalls.findings) is bool(calls)
        """
    )
    with serve_in_thread(ControlledApp(ServerState.of(simulator, SimulatorApp(simulator)))) as url:
        result = run(f"--graphcalls-target={url}")
    result.assert_outcomes(passed=1, failed=1)
    assert "changeType" in result.stdout.str()


def test_people_speak_and_recordings_are_read_there(pytester: pytest.Pytester, run: Run, steered: str) -> None:
    """The token is that of the notification, which the control addresses show by its call alone."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.graphcalls_rule("call-record.file-opens-with-its-token")
        def test_recording(graphcalls_stage):
            call = graphcalls_stage.peer_to_peer_call()
            graphcalls_stage.acting(call).speaks(seconds=2)
            call.send("call-record", {"stopTones": ["#"]})
            graphcalls_stage.acting(call).presses(keys="#", after=3)
            graphcalls_stage.advance(5)
            (note,) = [one.of_call() for one in graphcalls_stage.notifications if one.change == "deleted"]
            answer = graphcalls_stage.read(note["recordingLocation"], note["recordingAccessToken"])
            assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")
        """
    )
    run(f"--graphcalls-target={steered}", "--graphcalls-version=v1.0").assert_outcomes(passed=1)
