"""Requests that play, record, send and hear: where they are refused, and what they do to each other."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.simulator import SimulatedCall, Simulator
from tests.unit.simulator.bot import Bot, code, entry, evidence, summaries

PROMPT = {"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": {"uri": "https://bot.example.com/beep.wav"}}
BODIES: dict[str, dict[str, Any]] = {
    "playPrompt": {"prompts": [PROMPT]},
    "recordResponse": {},
    "subscribeToTone": {},
    "sendDtmfTones": {"tones": ["tone1"]},
    "cancelMediaProcessing": {},
    "updateRecordingStatus": {"status": "recording"},
}
HOSTED = ("playPrompt", "recordResponse", "subscribeToTone")


@pytest.fixture(name="simulator")
def _simulator() -> Simulator:
    return Simulator()


@pytest.fixture(name="bot")
def _bot(simulator: Simulator) -> Bot:
    return Bot(simulator)


@pytest.fixture(name="call")
def _call(simulator: Simulator, bot: Bot) -> SimulatedCall:
    return bot.ring(simulator.person("Ana"))


def by_policy(simulator: Simulator, bot: Bot) -> SimulatedCall:
    """A call that a recording policy has brought the bot into."""
    call = simulator.incoming_call("Ana", recording_policy=True)
    bot.answer(call)
    simulator.advance(5)
    return call


@pytest.mark.parametrize("action", BODIES)
def test_a_call_in_which_the_bot_is_not_takes_no_action(simulator: Simulator, bot: Bot, action: str) -> None:
    """A ringing, starting, ended, foreign or unknown call takes no media action."""
    over = bot.ring(simulator.person("Ana"))
    bot.delete(f"/{over.id}")
    foreign = Bot(simulator, simulator.authority.register(name="Other Bot")).ring(simulator.person("Ben"))
    ringing = simulator.incoming_call("Cleo")
    made = bot.create(targets=[entry(simulator.person("Dan"))]).json()["id"]
    answers = [bot.post(f"/{id}/{action}", BODIES[action]) for id in (over.id, foreign.id, "none", ringing.id, made)]
    assert list(map(code, answers)) == ["404 8522"] * 3 + ["400 8501"] * 2


@pytest.mark.parametrize("action", HOSTED)
def test_the_service_must_host_audio(simulator: Simulator, bot: Bot, action: str) -> None:
    """A call of a bot that hosts its media itself is refused, and one without audio as well."""
    app_hosted = {"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "x"}
    for facts, refusal in (({"mediaConfig": app_hosted}, "400 8500"), ({"requestedModalities": ["video"]}, "400 8503")):
        answer = bot.create(targets=[entry(simulator.person("Ana"))], **facts)
        simulator.advance(5)
        refused = bot.post(f"/{answer.json()['id']}/{action}", BODIES[action])
        assert code(refused) == refusal
        assert evidence(refused).startswith("inferred; fact=s0.16")


@pytest.mark.parametrize("action", BODIES)
def test_a_client_context_that_is_too_long_starts_nothing(
    simulator: Simulator, bot: Bot, call: SimulatedCall, action: str
) -> None:
    """Unless its page names no length."""
    there = by_policy(simulator, bot) if action == "updateRecordingStatus" else call
    answer = bot.post(f"/{there.id}/{action}", {**BODIES[action], "clientContext": "c" * 257})
    assert (answer.status == 200) is (action == "cancelMediaProcessing")
    assert len(there.operations) == (answer.status == 200)


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("playPrompt", {}),
        ("playPrompt", {"prompts": None}),
        ("playPrompt", {"prompts": []}),
        ("playPrompt", {"prompts": [PROMPT] * 21}),
        ("playPrompt", {"prompts": [{"@odata.type": "#microsoft.graph.mediaPrompt"}]}),
        ("playPrompt", {"prompts": [{"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": {"uri": ""}}]}),
        ("playPrompt", {"prompts": [{"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": "beep"}]}),
        ("sendDtmfTones", {}),
        ("sendDtmfTones", {"tones": []}),
        ("sendDtmfTones", {"tones": ["hash"]}),
        ("sendDtmfTones", {"tones": [{"tone": "tone1"}]}),
        ("sendDtmfTones", {"tones": ["tone1"], "delayBetweenTonesMs": "long"}),
        ("updateRecordingStatus", {}),
        ("updateRecordingStatus", {"status": "paused"}),
        ("updateRecordingStatus", {"status": None}),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(
    simulator: Simulator, bot: Bot, call: SimulatedCall, action: str, body: dict[str, Any]
) -> None:
    """With the code of a request that is invalid, and nothing is started."""
    there = by_policy(simulator, bot) if action == "updateRecordingStatus" else call
    assert code(bot.post(f"/{there.id}/{action}", body)) == "400 8523"
    assert there.operations == ()


def test_members_that_are_unknown_are_passed_over(bot: Bot, call: SimulatedCall) -> None:
    """Unknown members are ignored like those of other operations."""
    assert bot.post(f"/{call.id}/playPrompt", {**BODIES["playPrompt"], "volume": 11}).status == 200


def test_tones_exclude_tones_alone(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A second sending is refused while the first goes on (s5.4); a prompt is played beside it."""
    body = BODIES["sendDtmfTones"]
    assert bot.post(f"/{call.id}/sendDtmfTones", body).status == 200
    assert code(bot.post(f"/{call.id}/sendDtmfTones", body)) == "412 8583"
    bot.play(call)
    simulator.advance(simulator.pace.tone)
    assert bot.post(f"/{call.id}/sendDtmfTones", body).status == 200
    assert [one.began is not None for one in call.operations] == [True] * 3


def test_a_cancel_keeps_the_subscription_and_later_operations(
    simulator: Simulator, bot: Bot, call: SimulatedCall
) -> None:
    """What is posted after it is played."""
    bot.post(f"/{call.id}/subscribeToTone", {})
    bot.play(call, 9)
    bot.record(call)
    bot.post(f"/{call.id}/cancelMediaProcessing", {})
    bot.play(call)
    simulator.person("Ana").presses("7")
    simulator.advance(60)
    assert [one.how for one in call.operations] == ["", "cancelled", "cancelled", "", "completed"]
    assert [one.sequence_id for one in call.tones] == [1]


def test_a_recording_status_is_for_bots_of_a_policy(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """The last one can be seen from outside; there is no notification of it."""
    refused = bot.post(f"/{call.id}/updateRecordingStatus", {"status": "recording"})
    assert code(refused) == "403 8506"
    assert evidence(refused) == "reported; fact=s11.2"
    there = by_policy(simulator, bot)
    before = len(simulator.notifications)
    assert there.recording_status == ""
    for status in ("recording", "notRecording"):
        answer = bot.post(f"/{there.id}/updateRecordingStatus", {"status": status, "clientContext": "x"})
        assert (answer.status, answer.json()["status"], answer.json()["clientContext"]) == (200, "completed", "x")
    assert there.recording_status == "notRecording"
    simulator.advance(60)
    assert summaries(simulator.notifications[before:]) == []
