"""Incoming calls: answer, reject, or let the time run out."""

from __future__ import annotations

import pytest

from pytest_graphcalls.simulator import Simulator
from tests.unit.simulator.bot import CALLBACK, MEDIA, Bot, code, evidence, summaries


def test_an_incoming_call_is_notified(bot: Bot, simulator: Simulator) -> None:
    """created, incoming, to the address registered for the app, without meeting coordinates."""
    call = simulator.incoming_call("Ana")
    (note,) = simulator.notifications
    data = note.entries[0]["resourceData"]
    assert summaries([note]) == ["created call incoming"]
    assert note.posted_to == simulator.authority.app.callback_uri
    assert data["source"]["identity"]["user"]["displayName"] == "Ana"
    assert data["targets"][0]["identity"]["application"]["id"] == bot.app.app_id
    assert data["incomingContext"]["sourceParticipantId"] == call.participants[0].id
    assert not {"chatInfo", "meetingInfo"} & set(data)


def test_a_group_invitation_carries_the_meeting(simulator: Simulator) -> None:
    """An invitation into a group call has chatInfo and meetingInfo."""
    call = simulator.incoming_call("Ana", group=True, others=["Ben"])
    data = simulator.notifications[0].entries[0]["resourceData"]
    assert data["chatInfo"]["threadId"]
    assert data["meetingInfo"]["organizer"]["user"]["displayName"] == "Ana"
    assert [one.identity.name for one in call.participants] == ["Ana", "Ben"]


@pytest.mark.parametrize("group", [False, True])
def test_an_answered_call_is_established(bot: Bot, simulator: Simulator, *, group: bool) -> None:
    """202, then establishing, then established; notifications go to the address of the answer."""
    call = simulator.incoming_call("Ana", group=group)
    answer = bot.answer(call)
    assert (answer.status, answer.body) == (202, b"")
    assert evidence(answer) == "documented; fact=call-answer.r01"
    simulator.advance(1)
    assert call.state == "established"
    up = "updated call established"
    since = ["updated roster Ana, Bot", *[up] * 3] if group else [up]
    assert summaries(simulator.notifications)[1:] == ["updated call establishing", up, *since]
    assert {note.posted_to for note in simulator.notifications[1:]} == {CALLBACK}
    assert bot.roster(call) == (["Ana", "Bot"] if group else [])


def test_an_answer_without_a_callback_keeps_the_registered_one(bot: Bot, simulator: Simulator) -> None:
    """callbackUri may be left out on answer."""
    call = simulator.incoming_call("Ana")
    body = {"acceptedModalities": ["audio"], "mediaConfig": MEDIA}
    assert bot.post(f"/{call.id}/answer", body).status == 202
    assert call.callback_uri == simulator.authority.app.callback_uri


def test_an_answered_call_cannot_be_answered_again(bot: Bot, simulator: Simulator) -> None:
    """The second answer is refused and the call goes on."""
    call = simulator.incoming_call("Ana")
    bot.answer(call)
    again = bot.answer(call)
    assert code(again).startswith("400 85")
    said = again.json()["error"]["message"]
    assert said.endswith(f"call {call.id} is establishing and cannot take 'answer'; from here: hang up.")
    simulator.advance(1)
    assert code(bot.answer(call)).startswith("400 85")
    assert call.state == "established"


def test_answering_takes_media(bot: Bot, simulator: Simulator) -> None:
    """mediaConfig is not nullable."""
    assert code(bot.post(f"/{simulator.incoming_call().id}/answer", {})) == "400 8523"


@pytest.mark.parametrize(
    ("sent", "kept"), [("busy", "busy"), ("Busy", "busy"), ("None", "none"), ("FORBIDDEN", "forbidden"), (None, "none")]
)
def test_a_rejected_call_has_ended(bot: Bot, simulator: Simulator, sent: str | None, kept: str) -> None:
    """202 with an empty body; the call is not there any more and a bare deleted notification follows."""
    call = simulator.incoming_call("Ana")
    answer = bot.post(f"/{call.id}/reject", {"reason": sent})
    assert (answer.status, answer.body, call.rejected_with) == (202, b"", kept)
    assert code(bot.get(f"/{call.id}")) == "404 8522"
    deleted = simulator.notifications[-1].entries[0]
    assert deleted["changeType"] == "deleted"
    assert deleted["resourceData"] == {
        "@odata.type": "#microsoft.graph.call",
        "@odata.id": f"/communications/calls/{call.id}",
        "id": call.id,
    }


@pytest.mark.parametrize(
    ("action", "body"), [("reject", {"Reason": "busy"}), ("Reject", {"reason": "busy"}), ("REJECT", {"REASON": "Busy"})]
)
def test_names_have_no_letter_case(bot: Bot, simulator: Simulator, action: str, body: dict[str, str]) -> None:
    """Of an action and of its parameters; what they say is acted on."""
    call = simulator.incoming_call("Ana")
    assert bot.post(f"/{call.id}/{action}", body).status == 202
    assert call.rejected_with == "busy"


def test_ids_have_a_letter_case(bot: Bot, simulator: Simulator) -> None:
    """A call is not found under its id in capitals."""
    call = simulator.incoming_call("Ana")
    assert code(bot.post(f"/{call.id.upper()}/reject", {})) == "404 8522"


def test_a_call_is_rejected_without_a_body_too(bot: Bot, simulator: Simulator) -> None:
    """No parameter is required."""
    call = simulator.incoming_call(group=True)
    assert bot.post(f"/{call.id}/reject").status == 202
    assert call.rejected_with == "none"


def test_the_callback_of_a_rejection_takes_what_follows(bot: Bot, simulator: Simulator) -> None:
    """An https address takes the later notifications, nothing else does."""
    call = simulator.incoming_call()
    bot.post(f"/{call.id}/reject", {"reason": "busy", "callbackUri": CALLBACK})
    assert simulator.notifications[-1].posted_to == CALLBACK
    call = simulator.incoming_call()
    assert code(bot.post(f"/{call.id}/reject", {"callbackUri": "http://bot.example.com"})) == "400 8523"
    assert call.state == "incoming"
    assert not [note for note in simulator.notifications if note.posted_to.startswith("http:")]


def test_an_unknown_reason_is_refused(bot: Bot, simulator: Simulator) -> None:
    """The call rings on."""
    call = simulator.incoming_call()
    assert code(bot.post(f"/{call.id}/reject", {"reason": "tired"})) == "400 8523"
    assert (call.state, call.rejected_with) == ("incoming", None)


def test_an_answered_call_cannot_be_rejected(bot: Bot, simulator: Simulator) -> None:
    """Rejecting is refused and the call goes on."""
    call = simulator.incoming_call()
    bot.answer(call)
    simulator.advance(1)
    refused = bot.post(f"/{call.id}/reject", {"reason": "busy"})
    assert code(refused).startswith("400 85")
    assert evidence(refused).startswith("inferred")
    assert call.state == "established"


def test_a_call_cannot_be_rejected_twice(bot: Bot, simulator: Simulator) -> None:
    """The call has ended after the first time."""
    call = simulator.incoming_call()
    assert bot.post(f"/{call.id}/reject", {}).status == 202
    assert code(bot.post(f"/{call.id}/reject", {})) == "404 8522"


@pytest.mark.parametrize("action", ["answer", "reject"])
def test_after_fifteen_seconds_it_is_too_late(bot: Bot, simulator: Simulator, action: str) -> None:
    """Up to 15 seconds a call can be taken or refused; then it ends and the bot is notified."""
    call = simulator.incoming_call()
    simulator.advance(14.999)
    assert call.state == "incoming"
    simulator.advance(0.001)
    assert call.state == "terminated"
    assert summaries(simulator.notifications)[-1].startswith("deleted call terminated")
    assert code(getattr(bot, action)(call) if action == "answer" else bot.post(f"/{call.id}/reject", {})) == "404 8522"


def test_a_caller_can_give_up(bot: Bot, simulator: Simulator) -> None:
    """The call ends when the caller hangs up before the answer."""
    ana = simulator.person("Ana")
    call = simulator.incoming_call(ana)
    ana.leaves(call)
    assert code(bot.answer(call)) == "404 8522"


def test_a_call_to_another_app_is_not_ours(bot: Bot, simulator: Simulator) -> None:
    """The call belongs to the app that is called."""
    other = simulator.authority.register(callback_uri="https://other.example.com/cb")
    call = simulator.incoming_call(app=other)
    assert simulator.notifications[-1].posted_to == "https://other.example.com/cb"
    assert code(bot.answer(call)) == "404 8522"
    assert Bot(simulator, other, bot.version).answer(call).status == 202


def test_a_redirect_without_targets_is_refused(bot: Bot, simulator: Simulator) -> None:
    """The call goes on ringing."""
    call = simulator.incoming_call("Ana")
    for body in ({}, {"targets": []}, {"targets": None}):
        assert code(bot.post(f"/{call.id}/redirect", body)) == "400 8523"
    assert call.state == "incoming"


def test_one_name_is_one_person_beside_the_caller(simulator):
    """Its letters are none."""
    call = simulator.incoming_call("Ana", group=True, others="Ben")
    assert {one.identity.name for one in call.participants} == {"Ana", "Ben"}
