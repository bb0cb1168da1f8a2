"""Create call. What the documentation promises about starting a call or joining a meeting."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    prompt,
    test_a_role_is_required,
    test_a_token_is_required,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "application-post-calls"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "application-post-calls.success-is-201-with-call"


def lobby(stage: Stage) -> tuple[StagedCall, StagedCall]:
    """A call in a meeting with one person in it, and that of a second bot, which waits in the lobby."""
    at = stage.meeting()
    call = stage.meeting_call(people=1, at=at)
    stage.acting(call).keeps_lobby(call=call.id)
    other = stage.other_app()
    answer = stage.accepted(stage.create(by=other, **at), SUCCESS)
    waiting = StagedCall(stage, str(members(answer).get("id", "")), other)
    stage.until(lambda: waiting.state() != "establishing", within=5)
    return call, waiting


def call_a_user(stage: Stage) -> Answer:
    """The answer to the plainest call there is: to one person."""
    return stage.create(targets=[stage.person().entry()])


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A call to one person."""

    def create(call: StagedCall) -> Answer:
        return graphcalls_stage.create(by=call.client, targets=[graphcalls_stage.person().entry()])

    not_made = StagedCall(graphcalls_stage, "", graphcalls_stage.client)
    return Attempt(OPERATION, not_made, create)


@rule("application-post-calls.success-is-201-with-call")
def test_calling_one_person_is_answered_with_the_call(graphcalls_stage: Stage) -> None:
    """A call to one person is answered with 201 and the call."""
    answer = call_a_user(graphcalls_stage)
    assert answer.status_code == 201
    assert members(answer).get("id"), "the created call has no id"


@rule("application-post-calls.success-is-201-with-call")
def test_calling_several_people_is_answered_with_the_call(graphcalls_stage: Stage) -> None:
    """A group call to several people is answered with 201 and the call."""
    answer = graphcalls_stage.create(targets=[one.entry() for one in graphcalls_stage.persons(2)])
    assert answer.status_code == 201


@rule("application-post-calls.success-is-201-with-call")
def test_joining_a_meeting_is_answered_with_the_call(graphcalls_stage: Stage) -> None:
    """Joining a meeting by its coordinates is answered with 201 and the call."""
    answer = graphcalls_stage.create(**graphcalls_stage.meeting())
    assert answer.status_code == 201


@rule("application-post-calls.location-names-the-call")
def test_the_location_header_names_the_call(graphcalls_stage: Stage) -> None:
    """The Location header of the answer is the address of the call in its body."""
    answer = graphcalls_stage.accepted(call_a_user(graphcalls_stage), SUCCESS)
    assert answer.headers.get("Location", "").endswith(f"/communications/calls/{members(answer).get('id')}")


@rule("application-post-calls.request-id-is-given")
def test_the_answer_has_a_request_id(graphcalls_stage: Stage) -> None:
    """A request for support has to name it."""
    assert graphcalls_stage.accepted(call_a_user(graphcalls_stage), SUCCESS).headers.get("request-id")


@rule("application-post-calls.context-is-given")
def test_the_answer_has_a_context(graphcalls_stage: Stage) -> None:
    """An annotation says what the body is."""
    assert "@odata.context" in members(graphcalls_stage.accepted(call_a_user(graphcalls_stage), SUCCESS))


@rule("application-post-calls.callback-uri-is-echoed")
def test_the_callback_of_a_new_call_comes_back(graphcalls_stage: Stage) -> None:
    """The call in the answer has the callbackUri of the request."""
    own = graphcalls_stage.new_callback()
    answer = graphcalls_stage.create(targets=[graphcalls_stage.person().entry()], callbackUri=own)
    assert members(graphcalls_stage.accepted(answer, SUCCESS)).get("callbackUri") == own


@rule("application-post-calls.targets-are-those-called")
def test_the_targets_of_a_new_call_come_back(graphcalls_stage: Stage) -> None:
    """The call in the answer has those as targets who were called, by their ids."""
    people = graphcalls_stage.persons(2)
    answer = graphcalls_stage.accepted(graphcalls_stage.create(targets=[one.entry() for one in people]), SUCCESS)
    named = [one.get("identity", {}).get("user") or {} for one in members(answer).get("targets") or ()]
    assert sorted(str(one.get("id")).lower() for one in named) == sorted(one.id.lower() for one in people)


@rule("application-post-calls.starts-establishing")
def test_a_new_call_is_establishing(graphcalls_stage: Stage) -> None:
    """The new call is outgoing and establishing, and has its three ids."""
    call = members(graphcalls_stage.accepted(call_a_user(graphcalls_stage), SUCCESS))
    assert call.get("state") == "establishing"
    assert call.get("direction") == "outgoing"
    assert [name for name in ("id", "myParticipantId", "callChainId") if not call.get(name)] == []


@rule("application-post-calls.callback-uri-is-https")
def test_an_http_callback_is_not_taken(graphcalls_stage: Stage) -> None:
    """No call is created whose notifications would go to an address that is not https."""
    unsafe = "http://bot.example.org/calls"
    with graphcalls_stage.expecting("callback-uri-is-https"):
        answer = graphcalls_stage.create(targets=[graphcalls_stage.person().entry()], callbackUri=unsafe)
    assert refused(answer) or members(answer).get("callbackUri") != unsafe


@rule("application-post-calls.callback-uri-takes-notifications")
@pytest.mark.parametrize("group", [False, True], ids=["peer-to-peer", "meeting"])
def test_notifications_go_to_the_callback_of_the_call(graphcalls_stage: Stage, *, group: bool) -> None:
    """Every notification about a call arrives at the callbackUri of the request that made it."""
    stage = graphcalls_stage
    own = stage.new_callback()
    where = stage.meeting() if group else {"targets": [stage.person().entry()]}
    call = stage.staged(callbackUri=own, **where)
    notices = stage.wait_for_notices("updated", call.id)
    if not notices:
        rule = "application-post-calls.state-changes-are-notified"
        raise stage.cannot_tell("a notification about the call", "none came", rule)
    assert {notice.posted_to for notice in notices} == {own}


@rule("application-post-calls.state-changes-are-notified")
@pytest.mark.parametrize("group", [False, True], ids=["peer-to-peer", "meeting"])
def test_the_states_of_a_new_call_are_notified(graphcalls_stage: Stage, *, group: bool) -> None:
    """Updated notifications say that the call is establishing and established, in any order."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=0) if group else stage.peer_to_peer_call()
    both = {"establishing", "established"}
    notices = stage.wait_for_notices("updated", call.id, lambda notices: both <= {notice.state() for notice in notices})
    assert both - {notice.state() for notice in notices} == set()


@rule("application-post-calls.peer-to-peer-has-no-roster")
def test_no_roster_is_sent_for_a_call_to_one_person(graphcalls_stage: Stage) -> None:
    """The other person has answered the call, and no roster was posted."""
    stage = graphcalls_stage
    call = stage.peer_to_peer_call()
    stage.advance(5)
    assert stage.notices_of("updated", f"{call.id}/participants") == []


@rule("application-post-calls.roster-follows-joining")
def test_the_roster_follows_joining_a_meeting(graphcalls_stage: Stage) -> None:
    """A bot that has joined a meeting is sent a list of who is there."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=0)
    notices = stage.wait_for_notices("updated", f"{call.id}/participants")
    assert notices, "the bot was sent no roster"
    assert all(isinstance(notice.data, list) for notice in notices)


@rule("application-post-calls.lobby-shows-the-bot-alone")
def test_a_bot_in_the_lobby_sees_itself_alone(graphcalls_stage: Stage) -> None:
    """A bot in the lobby lists itself alone; once admitted, it lists all participants, and is not in the lobby."""
    call, waiting = lobby(graphcalls_stage)
    assert [one.get("isInLobby") for one in waiting.roster()] == [True]
    graphcalls_stage.acting(call).admits(call=waiting.id)
    assert graphcalls_stage.until(lambda: len(waiting.roster()) == 3)
    assert not any(one.get("isInLobby") for one in waiting.roster())


@rule("application-post-calls.content-sharing-is-notified")
def test_shared_content_is_notified(graphcalls_stage: Stage) -> None:
    """A bot that has asked for it is notified when a screen is shared, and when sharing ends."""
    stage = graphcalls_stage
    options = {"@odata.type": "#microsoft.graph.outgoingCallOptions", "isContentSharingNotificationEnabled": True}
    call = stage.peer_to_peer_call(callOptions=options)
    person, about = stage.acting(call), f"{call.id}/contentsharingsessions"
    person.shares_screen(call=call.id)
    begun = stage.wait_for_notices("created", about)
    person.stops_sharing(call=call.id)
    assert begun, "that a screen is shared was not notified"
    assert [one.data for one in stage.wait_for_notices("deleted", about)] == [one.data for one in begun]


@question("application-post-calls.targets-nobody")
def test_what_a_create_without_targets_gets(graphcalls_stage: Stage) -> None:
    """A create with neither a user to call nor a meeting to join."""
    graphcalls_stage.record_answer("application-post-calls.targets-nobody", graphcalls_stage.create())


@question("application-post-calls.unknown-person")
def test_what_becomes_of_a_call_to_an_id_that_nobody_has(graphcalls_stage: Stage) -> None:
    """The id of the user is new, so no user has it."""
    stage = graphcalls_stage
    answer = stage.create(targets=[stage.stranger().entry()])
    note = ""
    if not refused(answer):
        call = StagedCall(stage, str(members(answer).get("id", "")), stage.client)
        stage.until(lambda: not call.lives(), within=10)
        note = f"created; then {call.state()}"
    stage.record_answer("application-post-calls.unknown-person", answer, note)


@question("application-post-calls.unknown-meeting")
def test_what_joining_a_thread_that_nobody_has_gets(graphcalls_stage: Stage) -> None:
    """The thread is new, so no meeting has it."""
    stage = graphcalls_stage
    stage.close_directory()
    meeting = stage.meeting()
    chat = {**meeting.get("chatInfo", {}), "threadId": f"19:meeting_{stage.new_id()}@thread.v2", "messageId": "0"}
    stage.record_answer("application-post-calls.unknown-meeting", stage.create(**{**meeting, "chatInfo": chat}))


@question("application-post-calls.unknown-meeting-number")
def test_what_joining_a_number_that_nobody_has_gets(graphcalls_stage: Stage) -> None:
    """The number is one that no meeting has."""
    stage = graphcalls_stage
    stage.close_directory()
    info = {
        "@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo",
        "joinMeetingId": "000000000000",
        "passcode": None,
    }
    stage.record_answer("application-post-calls.unknown-meeting-number", stage.create(meetingInfo=info))


@question("application-post-calls.state-in-the-lobby")
def test_question_state_in_the_lobby(graphcalls_stage: Stage) -> None:
    """Which state has a call whose bot waits in the lobby?"""
    _, waiting = lobby(graphcalls_stage)
    answer = waiting.get()
    note = f"state: {members(answer).get('state')}"
    graphcalls_stage.record_answer("application-post-calls.state-in-the-lobby", answer, note)


@question("application-post-calls.turned-away")
def test_question_turned_away(graphcalls_stage: Stage) -> None:
    """How does the call end whose bot is refused in the lobby?"""
    call, waiting = lobby(graphcalls_stage)
    graphcalls_stage.acting(call).turns_away(call=waiting.id)
    graphcalls_stage.until(lambda: not waiting.lives(), within=5)
    graphcalls_stage.record_answer("application-post-calls.turned-away", waiting.get())


@question("application-post-calls.actions-in-the-lobby")
def test_question_actions_in_the_lobby(graphcalls_stage: Stage) -> None:
    """What may a bot do that waits in the lobby?"""
    _, waiting = lobby(graphcalls_stage)
    played = waiting.send("call-playprompt", {"prompts": [prompt()]})
    others = {
        "call-record": waiting.send("call-record", {"playBeep": True}),
        "participant-invite": waiting.invite(graphcalls_stage.person().entry()),
    }
    note = ", ".join(f"{operation}: {answer.status_code}" for operation, answer in others.items())
    graphcalls_stage.record_answer("application-post-calls.actions-in-the-lobby", played, note)
