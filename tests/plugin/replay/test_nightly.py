"""Recording what a comparison of nights needs: ``--graphcalls-nightly``."""

from __future__ import annotations

import json

import pytest

from pytest_graphcalls.cassette import Cassette, opened
from tests.plugin.recording_runs import RunRecording
from tests.plugin.replay.conftest import FEW, cassette_files

NIGHTLY = ("--graphcalls-nightly", "--record-mode=rewrite")
OWN = """
import pytest
from pytest_graphcalls.wire import Response

{hook}

@pytest.mark.graphcalls_rule("call-get.success-is-200-with-call")
def test_read(graphcalls_stage):
    call = graphcalls_stage.meeting_call(people=0)
    assert call.get().status_code == {wanted}
"""
DOWN = """
@pytest.fixture(autouse=True)
def _down(graphcalls_simulator):
    graphcalls_simulator.fault("{fault}", operation="call-get", since=2)
"""


def opened_cassettes(pytester: pytest.Pytester) -> list[Cassette]:
    return list(map(opened, cassette_files(pytester)))


def report_of(pytester: pytest.Pytester) -> dict[str, dict[str, str]]:
    data = json.loads((pytester.path / "report.json").read_text())
    return {test["nodeid"]: test for test in data["tests"]}


def test_the_simulator_is_recorded_with_its_notifications(
    pytester: pytest.Pytester, run_recording: RunRecording
) -> None:
    """Notifications stand in the passport, with the virtual second; vcrpy reads the file as before."""
    run_recording(*FEW, *NIGHTLY)
    found = opened_cassettes(pytester)
    assert len(found) == 22
    posted = [one for each in found for one in each.passport.notifications]  # type: ignore[union-attr]  # ours have one
    data = [one.body["value"][0]["resourceData"] for one in posted if one.at]  # a roster is a list
    assert "established" in {one["state"] for one in data if isinstance(one, dict) and "state" in one}
    assert all(each.data["version"] == 1 and not each.edited for each in found)
    # Notifications are replayed; another app cannot be made up afterwards.
    outcomes = run_recording(*FEW, "--graphcalls-target=replay").parseoutcomes()
    assert {**outcomes, "deselected": 0} == {"passed": 20, "skipped": 2, "deselected": 0}


def test_a_server_is_recorded_with_how_long_it_took(
    pytester: pytest.Pytester, run_recording: RunRecording, to_server: tuple[str, ...]
) -> None:
    """Seconds for each exchange; without the option a recording has none, so that it is the same each time."""
    run_recording(*FEW, *to_server, "--graphcalls-nightly", "--graphcalls-version=v1.0")
    for each in opened_cassettes(pytester):
        seconds = each.passport.seconds if each.passport else ()
        assert len(seconds) == len(each.rows)
        assert all(one is not None and 0 < one < 60 for one in seconds)
    run_recording(*FEW, *to_server, "--graphcalls-version=v1.0")
    assert [each.passport.seconds for each in opened_cassettes(pytester) if each.passport] == [()] * len(
        opened_cassettes(pytester)
    )


def test_a_failing_test_is_recorded_for_the_comparison(pytester: pytest.Pytester, run_recording: RunRecording) -> None:
    """What it saw is what has changed; without the option a failing test writes nothing."""
    pytester.makepyfile(test_own=OWN.format(hook="", wanted=418))
    run_recording("test_own.py", "--record-mode=rewrite", "--graphcalls-version=v1.0")
    assert opened_cassettes(pytester) == []
    result = run_recording("test_own.py", *NIGHTLY, "--graphcalls-version=v1.0")
    assert result.parseoutcomes()["failed"] == 1
    assert len(opened_cassettes(pytester)) == 1


@pytest.mark.parametrize("fault", ["503", "429", "dropped", "half-sent"])
def test_a_failing_service_breaks_no_rule(pytester: pytest.Pytester, run_recording: RunRecording, fault: str) -> None:
    """On any target the test could not check, and half a test is not recorded."""
    pytester.makepyfile(test_own=OWN.format(hook=DOWN.format(fault=fault), wanted=200))
    arguments = ("test_own.py", "--graphcalls-version=v1.0", "--graphcalls-report=report.json")
    result = run_recording(*arguments, *NIGHTLY)
    assert result.parseoutcomes()["skipped"] == 1
    (test,) = report_of(pytester).values()
    assert test["outcome"] == "could-not-check"
    assert test["reason"].startswith("could not check: GET /v1.0/communications/calls/")
    assert opened_cassettes(pytester) == []
