"""Reports that what a participant sends is synthetic: what is kept of them, and who sees it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator import SimulatedCall, Simulator
from tests.unit.simulator.bot import Bot, code, evidence


@pytest.fixture(name="simulator")
def _simulator() -> Simulator:
    return Simulator()


@pytest.fixture(name="bot")
def _bot(simulator: Simulator) -> Bot:
    return Bot(simulator, version="beta")


def shown(bot: Bot, call: SimulatedCall) -> list[Any]:
    """What Ana and Ben are listed with."""
    listed = bot.get(f"/{call.id}/participants").json()["value"]
    return [one.get("syntheticMediaDetection") for one in listed][:2]


def test_every_report_is_kept_and_the_latest_is_shown(simulator: Simulator, bot: Bot) -> None:
    """With everything that was sent, severity and details included, and on no other participant."""
    call = bot.join()
    for number, confidence in ((1, 0.9), (2, 0.4)):
        assert bot.report(call, "Ana", number, overallConfidence=confidence, severity="high").status == 200
    ana = next(one for one in call.participants if one.identity.name == "Ana")
    assert [(one["overallConfidence"], one["severity"], one["detections"]) for one in ana.reports] == [
        (0.9, "high", [{"modality": "audio", "confidence": 0.9}]),
        (0.4, "high", [{"modality": "audio", "confidence": 0.9}]),
    ]
    latest = {
        "@odata.type": "#microsoft.graph.syntheticMediaDetectionInfo",
        "detectionId": ana.reports[1]["id"],
        "detectorBot": bot.app.app_id,
        "isParticipantTrusted": False,
        "syntheticConfidence": 0.4,
    }
    assert shown(bot, call) == [latest, None]
    assert bot.get(f"/{call.id}/participants/{ana.id}").json()["syntheticMediaDetection"] == latest


def test_every_bot_is_notified_and_v1_does_not_read_it(simulator: Simulator, bot: Bot) -> None:
    """The roster is posted to all; v1.0 of the type lacks the member."""
    meeting = simulator.meeting(["Ana", "Ben"])
    other = Bot(simulator, simulator.authority.register(name="Other"), "v1.0")
    call, theirs = bot.join(meeting), other.join(meeting)
    before = simulator.notifier.count
    bot.report(call, "Ana")
    posted = simulator.notifications[before:]
    assert {one.call_id for one in posted} == {call.id, theirs.id}
    rosters = [one.entries[0]["resourceData"] for one in posted]
    assert all(one[0]["syntheticMediaDetection"]["syntheticConfidence"] == 0.9 for one in rosters)
    assert shown(other, theirs) == [None, None]
    assert shown(bot, call)[0] is not None


@pytest.mark.parametrize("state", [CallState.INCOMING, CallState.ESTABLISHING])
def test_a_bot_that_is_not_in_the_call_may_not_report(simulator: Simulator, bot: Bot, state: CallState) -> None:
    """A bot may not report while its call rings or is establishing."""
    call = simulator.incoming_call("Ana", group=True)
    if state is CallState.ESTABLISHING:
        bot.answer(call)
    answer = bot.report(call, "Ana")
    assert (call.state, code(answer)) == (state, "403 7504")
    assert evidence(answer) == "inferred; fact=participant-reportsyntheticmedia.r04"


def test_an_id_that_is_none_is_no_unknown_participant(simulator: Simulator, bot: Bot) -> None:
    """One of another form is a malformed request."""
    call = bot.join()
    bot.report(call, "Ana")
    for id, answered in (("no-id", "400 8523"), (bot.app.app_id, "404 8522")):
        answer = bot.post(f"/{call.id}/participants/{id}/reportSyntheticMedia", report_of(call))
        assert code(answer) == answered


def report_of(call: SimulatedCall) -> dict[str, Any]:
    """The report that Ana has, as it was sent."""
    ana = next(one for one in call.participants if one.identity.name == "Ana")
    return {name: value for name, value in ana.reports[0].items() if name != "detectorBot"}


def test_v1_does_not_read_it_when_it_expands_a_call(bot: Bot) -> None:
    """An expanded call has no report in v1.0, like the list."""
    call = bot.join()
    bot.report(call, "Ana")
    path = f"/{call.id}?$expand=participants"
    assert "syntheticMediaDetection" in bot.get(path).json()["participants"][0]
    bot.version = "v1.0"
    assert "syntheticMediaDetection" not in bot.get(path).json()["participants"][0]
