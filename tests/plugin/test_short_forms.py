"""Short forms of what a test with a bot sets up and asks: bodies, calls, requests of the bot, notifications."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_graphcalls import GraphCalls, invitation
from pytest_graphcalls.errors import BotError, NoViolationError, SettingError, StageError, UnknownNameError
from tests.plugin.conftest import Run
from tests.unit.bot.bots import Act, Note, Phone, asgi, incoming

CALLBACK = "https://bot.contoso.com/api/calls"


def names(call: Any) -> set[str]:
    return {one.identity.name for one in call.participants}


def test_a_meeting_has_the_body_that_joins_it(graphcalls: GraphCalls) -> None:
    """The members of a meeting are plain data; given ones are added, or replace them."""
    meeting = graphcalls.simulator.meeting(["Adele"])
    body = meeting.join_body(callback_uri=CALLBACK, subject="Standup")
    assert json.loads(json.dumps(body)) == body
    assert (body["callbackUri"], body["subject"]) == (CALLBACK, "Standup")
    assert graphcalls.client.post("/communications/calls", json=body).status_code == 201
    assert meeting.join_body(callback_uri=CALLBACK, requestedModalities=["video"])["requestedModalities"] == ["video"]


def test_an_invitation_brings_a_person_in_under_a_chosen_id(graphcalls: GraphCalls) -> None:
    call = graphcalls.in_meeting("Adele")
    colin = graphcalls.simulator.person("Colin")
    chosen = "7d501bf1-5ee4-4605-ba92-0ae4513c611c"
    body = {"participants": [invitation(colin, participant_id=chosen)]}
    assert graphcalls.client.post(f"/communications/calls/{call.id}/participants/invite", json=body).status_code == 200
    graphcalls.simulator.advance(5)
    assert {one.identity.name: one.id for one in call.participants}["Colin"] == chosen
    assert "participantId" not in invitation(colin)
    assert invitation(colin, replacesCallId="x")["replacesCallId"] == "x"
    name: Any = "Colin"
    with pytest.raises(SettingError, match=r"^invitation\(person\)='Colin': expected a person. simulator.person\(…\) "):
        invitation(name)


def test_the_bot_is_in_a_meeting_in_one_line(graphcalls: GraphCalls) -> None:
    """Notifications of the call go to the registered address, so that an attached bot gets them."""
    kinds: list[str] = []

    def act(notes: Note, headers: dict[str, str]) -> None:
        assert headers[":path"] == "/api/calls"
        kinds.extend(one["changeType"] for one in notes["value"])

    graphcalls.bot(asgi(act))
    call = graphcalls.in_meeting("Adele", "Colin")
    assert call.state == "established"
    assert {"Adele", "Colin"} < names(call)
    assert kinds == ["updated"] * 6


@pytest.mark.graphcalls_fault("503")
def test_a_meeting_that_the_bot_does_not_get_into_is_said(graphcalls: GraphCalls) -> None:
    with pytest.raises(StageError, match="the bot in a meeting could not be staged; the simulator answered 503"):
        graphcalls.in_meeting("Adele")


def test_a_call_is_answered_in_one_line(graphcalls: GraphCalls) -> None:
    """The client answers where no bot is attached."""
    call = graphcalls.answered_call("Adele")
    assert (call.state, "Adele" in names(call)) == ("established", True)


def answering(phone: Phone, action: str = "answer") -> Act:
    def act(notes: Note, headers: dict[str, str]) -> None:
        for id in incoming(notes):
            getattr(phone, action)(id)

    return act


def test_an_attached_bot_answers_by_itself(graphcalls: GraphCalls) -> None:
    """An attached bot answers the call itself, and may refuse it."""
    simulator = graphcalls.simulator
    graphcalls.bot(asgi(answering(Phone(simulator))))
    assert graphcalls.answered_call("Adele").state == "established"
    assert len(graphcalls.bot.requests_to("call-answer")) == 1
    graphcalls.bot(asgi(answering(Phone(simulator), "reject")))
    with pytest.raises(StageError, match="an established call could not be staged; it is terminated"):
        graphcalls.answered_call("Adele")


def test_an_attached_bot_that_does_nothing_is_said(graphcalls: GraphCalls) -> None:
    graphcalls.bot(asgi(lambda notes, headers: None))
    with pytest.raises(BotError, match="the condition did not become true within 0 real seconds"):
        graphcalls.answered_call("Adele", seconds=0)


def test_requests_to_an_operation_have_body_answer_and_moment(graphcalls: GraphCalls) -> None:
    simulator = graphcalls.simulator
    phone = Phone(simulator)
    graphcalls.bot(asgi(answering(phone)))
    call = graphcalls.answered_call("Adele")
    simulator.advance(3)
    phone.send("DELETE", f"/calls/{call.id}")
    (answered,) = graphcalls.bot.requests_to("call-answer")
    (ended,) = graphcalls.bot.requests_to("call-delete")
    assert answered.json["acceptedModalities"] == ["audio"]
    assert (answered.answer.status, answered.at) == (202, 0)
    assert (ended.json, ended.answer.status, ended.at) == (None, 204, 3.5)
    assert graphcalls.bot.requests_to("call-reject") == ()


def test_requests_to_an_unknown_operation_are_an_error(graphcalls: GraphCalls) -> None:
    """Asking before there is a bot is an error, too: an empty answer would look like a bot that did nothing."""
    with pytest.raises(UnknownNameError, match="Did you mean 'call-answer'"):
        graphcalls.bot.requests_to("call-anwser")
    with pytest.raises(SettingError, match="Say where it is"):
        graphcalls.bot.requests_to("call-answer")


def test_a_notification_of_ones_own_is_signed_and_delivered(graphcalls: GraphCalls) -> None:
    """The notification has the paths of its call, and the given resource data."""
    got: list[tuple[str, Any]] = []

    def act(notes: Note, headers: dict[str, str]) -> None:
        got.append((headers["authorization"][:7], notes["value"][0]))

    call = graphcalls.in_meeting("Adele")
    graphcalls.bot(asgi(act))
    data = {"@odata.type": "#microsoft.graph.call", "state": "established"}
    graphcalls.simulator.notify(call, data)
    data["state"] = "changed afterwards"
    graphcalls.simulator.notify(call.id, [], below="participants")
    graphcalls.simulator.advance(0)
    (scheme, first), (_, second) = got
    assert scheme == "Bearer "
    assert (first["changeType"], first["resourceUrl"]) == ("updated", f"/communications/calls/{call.id}")
    assert first["resourceData"] == {"@odata.type": "#microsoft.graph.call", "state": "established"}
    assert (second["resource"], second["resourceData"]) == (f"/app/calls/{call.id}/participants", [])


def test_a_notification_of_ones_own_is_checked(graphcalls: GraphCalls) -> None:
    """One that the service would not send fails the test, unless that is expected."""
    call = graphcalls.in_meeting("Adele")
    with graphcalls.expect_violation("member-missing"):
        graphcalls.simulator.notify(call, {"@odata.type": "#microsoft.graph.call"})
    with pytest.raises(NoViolationError), graphcalls.expect_violation("member-missing"):
        graphcalls.simulator.notify(call, {"@odata.type": "#microsoft.graph.call", "state": "established"})


def test_a_notification_that_is_no_json_is_an_error(graphcalls: GraphCalls) -> None:
    call = graphcalls.in_meeting("Adele")
    with pytest.raises(SettingError, match="expected an object or a list that can be written as JSON"):
        graphcalls.simulator.notify(call, {"state": object()})
    with pytest.raises(UnknownNameError, match="call"):
        graphcalls.simulator.notify("57da", {})


IDLE = """
import pytest

def test_it(graphcalls):
    with graphcalls.simulator.fault("429", operation="call-delete"):
        graphcalls.client.get("/communications/calls/57da")
    graphcalls.simulator.fault("503", nth=1)
    graphcalls.client.get("/communications/calls/57da")
    graphcalls.simulator.fault("500", probability=0)
    graphcalls.client.get("/communications/calls/57da")

@pytest.mark.graphcalls_fault("duplicate", nth=9)
def test_another(graphcalls):
    graphcalls.simulator.incoming_call()
    graphcalls.simulator.advance(1)
"""


def test_a_fault_that_never_struck_is_said_at_the_end(pytester: pytest.Pytester, run: Run) -> None:
    """The fault is shown with its parameters; one that has struck, or is subject to chance, is not mentioned."""
    pytester.makepyfile(IDLE)
    result = run("-Wdefault")
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "*IdleFaultWarning: fault 429 (operation='call-delete') never struck; 0 requests or notifications were"
            " selected for it. Check what it selects, and inject it before what it is to strike.",
            "*IdleFaultWarning: fault duplicate (nth=9) never struck; 0 requests*",
        ]
    )
