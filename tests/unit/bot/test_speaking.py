"""A bot that goes on while its prompt is played, and assertions after odd requests and notifications."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.errors import BotError
from pytest_graphcalls.simulator import SimulatedCall, Simulator
from pytest_graphcalls.wire import Headers, Request
from tests.unit.bot.bots import GRAPH, Phone, asgi, incoming

PROMPT = {"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": {"uri": "https://cdn.contoso.com/menu.wav"}}
PLAY = {"prompts": [PROMPT]}
EARLY = "before the end of playPrompt"


@pytest.fixture
def call(simulator: Simulator, bot: Bot, phone: Phone) -> SimulatedCall:
    """A group call that the bot has answered, and in which it plays a prompt."""
    bot(asgi(lambda notes, _: [phone.answer(id) for id in incoming(notes)] and None))
    call = simulator.incoming_call("Adele", group=True)
    simulator.advance(1)
    phone.send("POST", f"/calls/{call.id}/subscribeToTone", {})
    assert phone.send("POST", f"/calls/{call.id}/playPrompt", PLAY).status == 200
    return call


def press(simulator: Simulator, _: Phone, __: str) -> None:
    simulator.person("Adele").presses("1")
    simulator.advance(0)


def hear_out(simulator: Simulator, _: Phone, __: str) -> None:
    simulator.advance(simulator.pace.prompt)


def cancel(_: Simulator, phone: Phone, call: str) -> None:
    phone.send("POST", f"/calls/{call}/cancelMediaProcessing", {})


def leave(simulator: Simulator, _: Phone, call: str) -> None:
    simulator.person("Adele").leaves(simulator.call(call))
    simulator.advance(0)


@pytest.mark.parametrize("reason", [press, hear_out, cancel, leave])
def test_a_reason_lets_a_bot_go_on(
    simulator: Simulator, bot: Bot, phone: Phone, call: SimulatedCall, reason: Callable[[Simulator, Phone, str], None]
) -> None:
    reason(simulator, phone, call.id)
    phone.send("DELETE", f"/calls/{call.id}")
    bot.assert_goes_on_after_an_end()


@pytest.mark.parametrize(
    ("method", "action", "body"),
    [("DELETE", "", None), ("POST", "/playPrompt", PLAY), ("POST", "/recordResponse", {"bargeInAllowed": False})],
)
def test_without_a_reason_it_may_not(
    bot: Bot, phone: Phone, call: SimulatedCall, method: str, action: str, body: object
) -> None:
    phone.send(method, f"/calls/{call.id}{action}", body)
    with pytest.raises(BotError, match=EARLY):
        bot.assert_goes_on_after_an_end()


@pytest.mark.parametrize(
    ("action", "body"),
    [("keepAlive", None), ("mute", {}), ("playPrompt", {**PLAY, "bargeInAllowed": True})],
)
def test_requests_that_are_meant_for_a_running_prompt_are_allowed(
    bot: Bot, phone: Phone, call: SimulatedCall, action: str, body: object
) -> None:
    phone.send("POST", f"/calls/{call.id}/{action}", body)
    bot.assert_goes_on_after_an_end()


@pytest.mark.parametrize("raw", [b"{", b"[]", b"7", b'"bargeInAllowed"'])
def test_a_body_that_cannot_be_read_is_judged_like_any_other(
    simulator: Simulator, bot: Bot, phone: Phone, call: SimulatedCall, raw: bytes
) -> None:
    headers = Headers({"Authorization": f"Bearer {phone.token}", "Content-Type": "application/json"})
    simulator.handle(Request("POST", f"{GRAPH}/calls/{call.id}/playPrompt", headers, raw))
    with pytest.raises(BotError, match=EARLY):
        bot.assert_goes_on_after_an_end()


@pytest.mark.parametrize("name", ["mediaState", "toneInfo", "recordingLocation", "id"])
@pytest.mark.parametrize("value", ["active", 7, [], ["id"], {"audio": 7, "sequenceId": []}])
def test_an_odd_notification_of_a_test_breaks_no_assertion(
    simulator: Simulator, bot: Bot, call: SimulatedCall, name: str, value: object
) -> None:
    """Each passes or says what is wrong; nothing else is raised."""
    simulator.notify(call, {"@odata.type": "#microsoft.graph.call", name: value})
    simulator.advance(0)
    for judge in (
        bot.assert_plays_when_audio_is_active,
        bot.assert_goes_on_after_an_end,
        bot.assert_acts_once_for_each_tone,
        bot.assert_fetched_every_recording,
        bot.assert_states_recording_first,
        bot.assert_plays_nothing_while_muted,
    ):
        with suppress(BotError):
            judge()


@pytest.mark.parametrize(
    ("meanwhile", "action", "body", "heard"),
    [
        (None, "playPrompt", PLAY, False),
        (None, "recordResponse", PLAY, False),
        (None, "recordResponse", {}, True),
        (None, "cancelMediaProcessing", {}, True),
        ("unmute", "playPrompt", PLAY, True),
    ],
)
def test_a_muted_bot_plays_nothing(
    simulator: Simulator,
    bot: Bot,
    phone: Phone,
    call: SimulatedCall,
    meanwhile: str,
    action: str,
    body: object,
    *,
    heard: bool,
) -> None:
    """A muted bot may record, cancel, and play once its unmute was answered, which need not be notified before."""
    simulator.person("Adele").mutes_bot(call)
    phone.send("POST", f"/calls/{call.id}/{action}", body)  # it does not know yet
    simulator.advance(0)
    bot.assert_plays_nothing_while_muted()
    if meanwhile:
        phone.send("POST", f"/calls/{call.id}/{meanwhile}", {})
    phone.send("POST", f"/calls/{call.id}/{action}", body)
    with nullcontext() if heard else pytest.raises(BotError, match="so the prompt is not heard"):
        bot.assert_plays_nothing_while_muted()


def test_a_bot_that_has_refused_the_roster_does_not_know(simulator: Simulator, bot: Bot, phone: Phone) -> None:
    """There was something to judge all the same."""
    refuses = []
    bot(asgi(lambda notes, _: 500 if refuses else ([phone.answer(id) for id in incoming(notes)] and None)))
    call = simulator.incoming_call("Adele", group=True)
    simulator.advance(1)
    with pytest.raises(BotError, match="the bot was muted in no call"):
        bot.assert_plays_nothing_while_muted()
    refuses.append(1)
    simulator.person("Adele").mutes_bot(call)
    simulator.advance(0)
    phone.send("POST", f"/calls/{call.id}/playPrompt", PLAY)
    bot.assert_plays_nothing_while_muted()
