"""What is posted to the bot, in the members that captures have."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.contract.notifications import is_notification
from pytest_graphcalls.errors import NotAllowedNowError
from pytest_graphcalls.simulator import Pace, Simulator
from pytest_graphcalls.wire import Request, encode_json
from tests.unit.simulator.bot import Bot, entry

CONTRACT = Contract.packaged()


def data(simulator: Simulator, first: int = 0) -> list[Any]:
    """The resource data of the calls' notifications from a number on."""
    found = [note.entries[0] for note in simulator.notifications[first:]]
    return [one["resourceData"] for one in found if isinstance(one["resourceData"], dict)]


def test_an_update_has_neither_id_nor_address() -> None:
    """Id and address are beside the data; a bot that reads them from the data fails here as it does outside."""
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
    """A peer-to-peer call has no chat, and no meeting to join again."""
    simulator = Simulator()
    Bot(simulator).ring(simulator.person("Ana"))
    assert "chatInfo" not in data(simulator)[-1]
    assert data(simulator)[-1]["mediaState"]["audio"] == "active"


def test_audio_starts_after_the_time_of_the_pace() -> None:
    """A call that has ended before gets no such update."""
    simulator = Simulator(pace=Pace(audio=5))
    first, second = (simulator.person(name) for name in ("Ana", "Ben"))
    bot = Bot(simulator)
    bot.ring(first)
    over = bot.ring(second)
    second.leaves(over)
    simulator.advance(5)
    updates = [note for note in simulator.notifications if "mediaState" in note.entries[0]["resourceData"]]
    assert [(note.at, note.call_id != over.id) for note in updates] == [(7.0, True)]


def test_the_last_participant_is_notified_of_the_reason() -> None:
    """The message has the words of the captures."""
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


def test_a_recording_policy_brings_a_call_of_its_own_kind() -> None:
    """Marked as captured, and ended after five seconds, with the end that a bot is reported to see."""
    simulator = Simulator()
    call = simulator.incoming_call("Ana", recording_policy=True)
    (arrived,) = data(simulator)
    context = arrived["incomingContext"]
    assert context["observedParticipantId"] == context["sourceParticipantId"]
    assert arrived["targets"][0]["identity"]["applicationInstance"]["id"]
    assert arrived["applicationMetadata"]["botData"]["inviteReasons"] == ["ComplianceRecording"]
    simulator.advance(4.9)
    assert call.state == "incoming"
    simulator.advance(0.1)
    assert call.result is not None
    assert (call.state, call.result.code, call.result.subcode) == ("terminated", 408, 8544)
    assert CONTRACT.check_notification(simulator.notifications[0].body, "v1.0") == ()


def test_a_group_call_of_a_recording_policy_has_a_token() -> None:
    """With which the bot can join again."""
    simulator = Simulator()
    simulator.incoming_call("Ana", group=True, recording_policy=True)
    assert data(simulator)[0]["meetingInfo"]["@odata.type"] == "#microsoft.graph.tokenMeetingInfo"


def test_a_bot_that_records_is_asked_about_one_more_person() -> None:
    """Only in a call of a policy that it has answered."""
    simulator = Simulator()
    ben, plain = simulator.person("Ben"), simulator.incoming_call("Ana")
    with pytest.raises(NotAllowedNowError, match="none that a recording policy keeps"):
        ben.asks_to_join(plain)
    call = simulator.incoming_call("Ana", recording_policy=True)
    Bot(simulator).answer(call)
    simulator.advance(1)
    ben.asks_to_join(call)
    asked = simulator.notifications[-1]
    joining = asked.entries[0]["resourceData"]
    assert joining["@odata.type"] == "#microsoft.graph.participantJoiningNotification"
    assert joining["call"]["source"]["identity"]["user"]["id"] == ben.id
    assert asked.headers["x-graphcalls-evidence"] == "inferred; fact=m3.25"
    assert CONTRACT.check_notification(asked.body, "v1.0") == ()


def test_an_incoming_call_in_the_older_form_is_no_envelope() -> None:
    """One object with its own members; what is missing in it is a notice."""
    simulator = Simulator()
    simulator.incoming_call("Ana", group=True, in_old_form=True)
    (note,) = simulator.notifications
    assert (note.body["callState"], note.body["isMultiparty"], note.entries) == ("incoming", True, ())
    assert [one["originator"] for one in note.body["participants"]] == [True, False]
    assert note.body["participants"][0]["identity"] == f"29:{simulator.person('Ana').id}"
    assert CONTRACT.check_notification(note.body, "v1.0") == ()
    cut = {name: value for name, value in note.body.items() if name != "participants"}
    (found,) = CONTRACT.check_notification(cut, "v1.0")
    assert (found.severity.value, found.where) == ("notice", "$.participants")
    assert is_notification(Request("POST", note.posted_to, body=encode_json(note.body)))
