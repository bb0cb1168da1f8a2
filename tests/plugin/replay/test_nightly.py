"""Recording what a comparison of nights needs: ``--graphcalls-nightly``."""

from __future__ import annotations

import json

import pytest

from pytest_graphcalls.cassette import Cassette, opened
from tests.plugin.replay.conftest import FEW, tapes as files
from tests.plugin.taped import Taped

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


def tapes(pytester: pytest.Pytester) -> list[Cassette]:
    return list(map(opened, files(pytester)))


def report_of(pytester: pytest.Pytester) -> dict[str, dict[str, str]]:
    data = json.loads((pytester.path / "report.json").read_text())
    return {test["nodeid"]: test for test in data["tests"]}


def test_the_simulator_is_recorded_with_its_notifications(pytester: pytest.Pytester, taped: Taped) -> None:
    """Notifications stand in the passport, with the virtual second; vcrpy reads the file as before."""
    taped(*FEW, *NIGHTLY)
    found = tapes(pytester)
    assert len(found) == 22
    posted = [one for tape in found for one in tape.passport.notifications]  # type: ignore[union-attr]  # ours have one
    data = [one.body["value"][0]["resourceData"] for one in posted if one.at]  # a roster is a list
    assert "established" in {one["state"] for one in data if isinstance(one, dict) and "state" in one}
    assert all(tape.data["version"] == 1 and not tape.edited for tape in found)
    # Notifications are replayed; another app cannot be made up afterwards.
    outcomes = taped(*FEW, "--graphcalls-target=replay").parseoutcomes()
    assert {**outcomes, "deselected": 0} == {"passed": 20, "skipped": 2, "deselected": 0}


def test_a_server_is_recorded_with_how_long_it_took(
    pytester: pytest.Pytester, taped: Taped, to_server: tuple[str, ...]
) -> None:
    """Seconds for each exchange; without the option a recording has none, so that it is the same each time."""
    taped(*FEW, *to_server, "--graphcalls-nightly", "--graphcalls-version=v1.0")
    for tape in tapes(pytester):
        seconds = tape.passport.seconds if tape.passport else ()
        assert len(seconds) == len(tape.rows)
        assert all(one is not None and 0 < one < 60 for one in seconds)
    taped(*FEW, *to_server, "--graphcalls-version=v1.0")
    assert [tape.passport.seconds for tape in tapes(pytester) if tape.passport] == [()] * len(tapes(pytester))


def test_a_failing_test_is_recorded_for_the_comparison(pytester: pytest.Pytester, taped: Taped) -> None:
    """What it saw is what has changed; without the option a failing test writes nothing."""
    pytester.makepyfile(test_own=OWN.format(hook="", wanted=418))
    taped("test_own.py", "--record-mode=rewrite", "--graphcalls-version=v1.0")
    assert tapes(pytester) == []
    result = taped("test_own.py", *NIGHTLY, "--graphcalls-version=v1.0")
    assert result.parseoutcomes()["failed"] == 1
    assert len(tapes(pytester)) == 1


@pytest.mark.parametrize("fault", ["503", "429", "dropped", "half-sent"])
def test_a_failing_service_breaks_no_rule(pytester: pytest.Pytester, taped: Taped, fault: str) -> None:
    """On any target: could not check, and nothing is recorded of half a test."""
    pytester.makepyfile(test_own=OWN.format(hook=DOWN.format(fault=fault), wanted=200))
    arguments = ("test_own.py", "--graphcalls-version=v1.0", "--graphcalls-report=report.json")
    result = taped(*arguments, *NIGHTLY)
    assert result.parseoutcomes()["skipped"] == 1
    (test,) = report_of(pytester).values()
    assert test["outcome"] == "could-not-check"
    assert test["reason"].startswith("could not check: GET /v1.0/communications/calls/")
    assert tapes(pytester) == []
