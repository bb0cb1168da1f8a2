"""What is posted to the bot, in the members that captures have."""

from __future__ import annotations

from typing import Any

from pytest_graphcalls.simulator import Pace, Simulator
from tests.unit.simulator.bot import Bot, entry


def data(simulator: Simulator, first: int = 0) -> list[Any]:
    """The resource data of the calls' notifications from a number on."""
    found = [note.entries[0] for note in simulator.notifications[first:]]
    return [one["resourceData"] for one in found if isinstance(one["resourceData"], dict)]


def test_an_update_has_neither_id_nor_address() -> None:
    """They stand in the entry beside it; a bot that reads them from the data fails here as it does outside."""
    simulator = Simulator()
    call = Bot(simulator).ring(simulator.person("Ana"))
    establishing, established, *_ = data(simulator)
    assert list(establishing) == ["@odata.type", "state", "callChainId"]
    assert list(established) == ["@odata.type", "state", "direction", "callChainId"]
    simulator.person("Ana").leaves(call)
    (over,) = data(simulator, -1)
    assert list(over) == ["@odata.type", "state", "resultInfo", "coOrganizers", "callChainId"]
    assert over["resultInfo"]["message"] == "The conversation has ended. DiagCode: 0#5002.@"


def test_established_is_repeated_with_what_is_known_since() -> None:
    """Audio, then the chat, then the token with which the meeting can be joined again."""
    simulator = Simulator()
    meeting = simulator.meeting(["Ana"])
    bot = Bot(simulator)
    call = bot.join(meeting)
    repeats = [one for one in data(simulator) if one["state"] == "established"][1:]
    assert [sorted({"mediaState", "chatInfo", "meetingInfo"} & set(one)) for one in repeats] == [
        ["mediaState"],
        ["chatInfo", "mediaState"],
        ["chatInfo", "mediaState", "meetingInfo"],
    ]
    assert repeats[0]["mediaState"]["audio"] == "active"
    assert repeats[-1]["meetingInfo"]["@odata.type"] == "#microsoft.graph.tokenMeetingInfo"
    bot.delete(f"/{call.id}")
    again = bot.create(meetingInfo=repeats[-1]["meetingInfo"])
    assert {one.identity.name for one in simulator.call(again.json()["id"]).participants} == {"Ana", "Bot"}


def test_a_peer_to_peer_call_has_audio_alone() -> None:
    """It has no chat, and no meeting to join again."""
    simulator = Simulator()
    Bot(simulator).ring(simulator.person("Ana"))
    assert "chatInfo" not in data(simulator)[-1]
    assert data(simulator)[-1]["mediaState"]["audio"] == "active"


def test_audio_takes_the_pace_of_it() -> None:
    """And is not told of a call that has ended before."""
    simulator = Simulator(pace=Pace(audio=5))
    first, second = (simulator.person(name) for name in ("Ana", "Ben"))
    bot = Bot(simulator)
    bot.ring(first)
    over = bot.ring(second)
    second.leaves(over)
    simulator.advance(5)
    heard = [note for note in simulator.notifications if "mediaState" in note.entries[0]["resourceData"]]
    assert [(note.at, note.call_id != over.id) for note in heard] == [(7.0, True)]


def test_the_last_one_left_hears_why() -> None:
    """In the words of the captures."""
    simulator = Simulator()
    call = Bot(simulator).join(simulator.meeting(["Ana"]))
    simulator.person("Ana").leaves(call)
    simulator.advance(5)
    (over,) = data(simulator, -1)
    assert over["resultInfo"]["message"].endswith("was remaining in the conversation.. DiagCode: 0#5010.@")


def test_a_group_call_without_a_chat_has_none() -> None:
    """One that was made by its targets."""
    simulator = Simulator()
    people = [simulator.person(name) for name in ("Ana", "Ben")]
    Bot(simulator).create(targets=[entry(one) for one in people])
    simulator.advance(5)
    assert not any("chatInfo" in one or "meetingInfo" in one for one in data(simulator))
