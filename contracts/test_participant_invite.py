"""participant: invite. What the documentation promises about bringing users into a call."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_token_is_required,
    test_the_answer_does_not_wait as test_the_answer_does_not_wait_for_the_invitee,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "participant-invite"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "participant-invite.success-is-200-with-operation"


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """One person is invited into a meeting."""
    call, alice = graphcalls_stage.meeting_call(people=0), graphcalls_stage.person()
    return Attempt(OPERATION, call, lambda call, **body: call.invite(alice.entry(), **body))


@rule("participant-invite.success-is-200-with-operation")
def test_inviting_somebody_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """An invite that was taken is answered with 200 and the operation it started."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.invite(graphcalls_stage.person().entry(), clientContext=graphcalls_stage.new_id())
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("participant-invite.success-is-200-with-operation")
def test_inviting_several_people_is_answered_with_one_operation(graphcalls_stage: Stage) -> None:
    """Several invitees in one request make one operation."""
    call = graphcalls_stage.meeting_call(people=0)
    people = graphcalls_stage.persons(3)
    answer = graphcalls_stage.accepted(call.invite(*(one.entry() for one in people)))
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("participant-invite.location-names-the-operation")
def test_the_location_header_names_the_operation(graphcalls_stage: Stage) -> None:
    """The Location header of the answer is the address of the operation in its body."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = graphcalls_stage.accepted(call.invite(graphcalls_stage.person().entry()), SUCCESS)
    location = answer.headers.get("Location", "")
    assert location.endswith(f"/communications/calls/{call.id}/operations/{members(answer).get('id')}")


@rule("participant-invite.client-context-is-echoed")
def test_the_client_context_comes_back(graphcalls_stage: Stage) -> None:
    """What the caller gives as clientContext comes back unchanged, in the answer and when the operation is read."""
    call = graphcalls_stage.meeting_call(people=0)
    context = graphcalls_stage.new_id()
    answer = graphcalls_stage.accepted(call.invite(graphcalls_stage.person().entry(), clientContext=context), SUCCESS)
    assert members(answer).get("clientContext") == context
    later = call.operation(members(answer).get("id", ""))
    # Whether the operation can be read is commsoperation-get's rule; what it then says is this one's.
    assert members(later).get("clientContext", context) == context


@rule("participant-invite.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=0)
    stage.accepted(call.invite(stage.person().entry()), SUCCESS)
    answer = call.invite(stage.person("Bob").entry(), clientContext="c" * 256)
    assert not refused(answer)


@rule("participant-invite.participant-id-is-echoed")
def test_a_chosen_participant_id_comes_back(graphcalls_stage: Stage) -> None:
    """A participantId chosen by the caller comes back in the entry of the answer."""
    call = graphcalls_stage.meeting_call(people=0)
    chosen = graphcalls_stage.new_id()
    entry = graphcalls_stage.person().entry(chosen_id=chosen)
    answer = graphcalls_stage.accepted(call.invite(entry), SUCCESS)
    assert [one.get("participantId") for one in members(answer).get("participants", ())] == [chosen]


@rule("participant-invite.participants-are-those-invited")
def test_the_answer_names_those_who_were_invited(graphcalls_stage: Stage) -> None:
    """The participants of the operation in the answer are those of the request, by their ids."""
    call = graphcalls_stage.meeting_call(people=0)
    people = graphcalls_stage.persons(2)
    answer = graphcalls_stage.accepted(call.invite(*(one.entry() for one in people)), SUCCESS)
    named = [one.get("identity", {}).get("user") or {} for one in members(answer).get("participants") or ()]
    assert sorted(str(one.get("id")).lower() for one in named) == sorted(one.id.lower() for one in people)


@rule("participant-invite.invitee-has-identity")
def test_an_invitee_without_identity_is_not_taken(graphcalls_stage: Stage) -> None:
    """An entry that does not say who is meant cannot be carried out."""
    call = graphcalls_stage.meeting_call(people=0)
    entry = graphcalls_stage.person().entry(chosen_id=graphcalls_stage.new_id())
    del entry["identity"]
    with graphcalls_stage.expecting("invitee-has-identity"):
        answer = call.invite(entry)
    operation = members(answer).get("id")
    if not refused(answer) and isinstance(operation, str):
        failed = graphcalls_stage.until(lambda: call.status_of(operation) == "failed", within=5)
        assert failed, "an entry without identity was taken"


@rule("participant-invite.at-most-five-invitees")
def test_five_people_can_be_invited_at_once(graphcalls_stage: Stage) -> None:
    """Five entries are within the limit."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=0)
    answer = call.invite(*(one.entry() for one in stage.persons(5)))
    assert not refused(answer)


@rule("participant-invite.at-most-five-invitees")
def test_six_people_cannot_be_invited_at_once(graphcalls_stage: Stage) -> None:
    """A sixth entry does not bring a sixth person into the call."""
    call = graphcalls_stage.meeting_call(people=0)
    people = graphcalls_stage.persons(6)
    with graphcalls_stage.expecting("at-most-five-invitees"):
        answer = call.invite(*(one.entry() for one in people))
    assert len(graphcalls_stage.brought_in(call, answer, people)) <= 5


@rule("participant-invite.several-only-in-group-calls")
def test_several_people_cannot_be_invited_into_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """A call between the bot and one person takes one more at a time."""
    call = graphcalls_stage.peer_to_peer_call()
    people = graphcalls_stage.persons(2)
    answer = call.invite(*(one.entry() for one in people))
    assert len(graphcalls_stage.brought_in(call, answer, people)) < 2


@rule("participant-invite.several-need-chat-info")
def test_several_people_cannot_be_invited_without_chat_info(graphcalls_stage: Stage) -> None:
    """A group call that was made by its targets has no chatInfo and takes one more at a time."""
    call = graphcalls_stage.group_call_without_chat()
    people = graphcalls_stage.persons(2)
    answer = call.invite(*(one.entry() for one in people))
    assert len(graphcalls_stage.brought_in(call, answer, people)) < 2


@rule("participant-invite.identity-is-invited-once")
def test_somebody_who_is_in_the_call_is_not_added_again(graphcalls_stage: Stage) -> None:
    """A second invite does not put the same person into the roster a second time."""
    call = graphcalls_stage.meeting_call(people=1)
    (alice,) = call.people
    answer = call.invite(alice.entry())
    if not refused(answer):
        graphcalls_stage.wait_for_invited(call)
    assert len([entry for entry in call.roster() if alice.is_(entry)]) == 1


@rule("participant-invite.no-more-than-one-bot")
def test_two_bots_cannot_be_invited(graphcalls_stage: Stage) -> None:
    """A request does not bring two other bots into a call."""
    call = graphcalls_stage.meeting_call(people=0)
    bots = [graphcalls_stage.bot("Bot One"), graphcalls_stage.bot("Bot Two")]
    answer = call.invite(*(one.entry() for one in bots))
    assert len(graphcalls_stage.brought_in(call, answer, bots)) < 2


@rule("participant-invite.phone-invitee-in-e164")
def test_a_phone_is_invited_by_its_number(graphcalls_stage: Stage) -> None:
    """A phone is identity.phone with its number in E.164 form, in the request and in the answer."""
    call = graphcalls_stage.meeting_call(people=0)
    phone = graphcalls_stage.phone()
    answer = call.invite(phone.entry())
    assert not refused(answer)
    named = [one.get("identity", {}).get("phone") or {} for one in members(answer).get("participants", ())]
    assert [one.get("id") for one in named] == [phone.id]


@rule("participant-invite.phone-needs-application-instance")
def test_a_bot_without_application_instance_cannot_bring_a_phone(graphcalls_stage: Stage) -> None:
    """To invite a phone the bot needs an application instance to which a number is assigned."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=0, by=stage.other_app(phone=False))
    phone = stage.phone()
    assert stage.brought_in(call, call.invite(phone.entry()), [phone]) == []
    # Is it because of the instance? Then the bot of an app that has one brings a phone.
    stage.accepted(stage.meeting_call(people=0).invite(phone.entry()), "participant-invite.phone-invitee-in-e164")


@rule("participant-invite.replaces-uses-first-only")
def test_only_the_first_invitee_replaces_a_call(graphcalls_stage: Stage) -> None:
    """With replacesCallId the first entry is used; the others are passed over without an error."""
    stage = graphcalls_stage
    alice, bob = stage.persons(2)
    old = stage.peer_to_peer_call(alice)
    new = stage.meeting_call(people=0)
    answer = new.invite(alice.entry(replaces=old.id), bob.entry())
    if refused(answer):
        # Is it because of Bob? Then the same without him is taken.
        stage.accepted(new.invite(alice.entry(replaces=old.id)), SUCCESS)
        pytest.fail("the request was refused because of its second entry")
    stage.reached(lambda: new.has(alice), "a participant who has changed calls")
    stage.wait_for_invited(new)
    assert not new.has(bob)


def replace_peer_to_peer_call(stage: Stage) -> tuple[StagedCall, StagedCall]:
    """The old and the new call of a user who has left a peer-to-peer call for a meeting."""
    old = stage.peer_to_peer_call()
    new = stage.meeting_call(people=0)
    (alice,) = old.people
    stage.accepted(new.invite(alice.entry(replaces=old.id)), SUCCESS)
    stage.reached(lambda: new.has(alice), "a participant who has changed calls")
    return old, new


@rule("participant-invite.replaced-call-is-dropped")
def test_the_replaced_call_is_dropped(graphcalls_stage: Stage) -> None:
    """Once the invitee has joined the new call, the peer-to-peer call is over."""
    old, _ = replace_peer_to_peer_call(graphcalls_stage)
    assert graphcalls_stage.until(lambda: not old.lives(), within=5)


@rule("participant-invite.replaced-call-end-is-notified")
def test_the_end_of_the_replaced_call_is_notified(graphcalls_stage: Stage) -> None:
    """Notifications say that the old peer-to-peer call was terminated and deleted."""
    stage = graphcalls_stage
    old, _ = replace_peer_to_peer_call(stage)
    stage.reached(
        lambda: not old.lives(), "a replaced call that is over", "participant-invite.replaced-call-is-dropped"
    )
    ends = stage.wait_for_notices("deleted", old.id)
    assert ends, "the bot was not notified that the old call is deleted"
    states = [notice.state() for notice in (*stage.notices_of("updated", old.id), *ends)]
    assert "terminated" in states, "the bot was not notified that the old call is terminated"


def two_meetings(stage: Stage, people: int) -> tuple[StagedCall, StagedCall]:
    """Two meetings of the same app, ``people`` in the first and only the bot in the second."""
    return stage.meeting_call(people=people), stage.meeting_call(people=0)


@rule("participant-invite.moves-between-own-meetings")
def test_a_participant_moves_between_meetings_of_the_same_app(graphcalls_stage: Stage) -> None:
    """An entry with replacesCallId and participantId takes its person from one meeting to the other."""
    old, new = two_meetings(graphcalls_stage, people=2)
    alice, _ = old.people
    answer = new.invite(alice.entry(replaces=old.id, chosen_id=old.id_of(alice)))
    assert not refused(answer)
    assert graphcalls_stage.until(lambda: new.has(alice)), "is not in the new meeting"
    assert graphcalls_stage.until(lambda: not old.has(alice), within=5), "is still in the old meeting"


@rule("participant-invite.moves-first-only")
def test_only_the_first_participant_is_moved(graphcalls_stage: Stage) -> None:
    """Of several entries the first is moved, the others stay where they are."""
    stage = graphcalls_stage
    old, new = two_meetings(stage, people=2)
    alice, bob = old.people
    entries = [one.entry(replaces=old.id, chosen_id=old.id_of(one)) for one in (alice, bob)]
    answer = new.invite(*entries)
    if refused(answer):
        stage.accepted(new.invite(entries[0]), "participant-invite.moves-between-own-meetings")
        pytest.fail("the request was refused because of its second entry")
    stage.reached(lambda: new.has(alice), "a move between meetings", "participant-invite.moves-between-own-meetings")
    stage.wait_for_invited(new)
    assert not new.has(bob), "was moved as well"
    assert old.has(bob), "did not stay where they were"


@rule("participant-invite.completion-is-notified")
def test_the_end_of_the_operation_is_notified(graphcalls_stage: Stage) -> None:
    """When the invitee has joined, a deleted notification says that the operation is completed."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=0)
    alice = stage.person()
    operation = members(stage.accepted(call.invite(alice.entry()), SUCCESS)).get("id")
    stage.reached(lambda: call.has(alice), "an invitee who has joined")
    notices = stage.wait_for_notices("deleted", f"{call.id}/operations/{operation}")
    assert notices, "the bot was not notified of the end of the operation"
    assert {notice.state() for notice in notices} == {"completed"}


@rule("participant-invite.failure-is-notified")
def test_the_end_of_an_operation_that_failed_is_notified(graphcalls_stage: Stage) -> None:
    """When the invitee has declined, a deleted notification says that the operation has failed."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=1)
    operation = members(stage.accepted(call.invite(stage.decliner().entry()), SUCCESS)).get("id")
    stage.reached(lambda: call.status_of(str(operation)) == "failed", "an invite that has failed")
    notices = stage.wait_for_notices("deleted", f"{call.id}/operations/{operation}")
    assert notices, "the bot was not notified that the operation has failed"
    assert {notice.state() for notice in notices} == {"failed"}


@rule("participant-invite.roster-update-follows")
def test_a_roster_update_follows(graphcalls_stage: Stage) -> None:
    """When the invitee has joined, the roster is sent again and names them."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=0)
    alice = stage.person()
    stage.bring(call, alice)
    path = f"{call.id}/participants"
    named = stage.wait_for_notices("updated", path, lambda notices: any(notice.lists(alice) for notice in notices))
    assert any(notice.lists(alice) for notice in named)


@rule("participant-invite.role-is-required")
def test_the_role_is_required(graphcalls_stage: Stage) -> None:
    """A token without Calls.InitiateGroupCall.All does not bring a user into a call."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=0)
    alice = stage.person()
    answer = call.through(stage.client_with("Calls.JoinGroupCall.All")).invite(alice.entry())
    assert stage.brought_in(call, answer, [alice]) == []
    # Is it because of the role? Then the same request with it is carried out.
    stage.accepted(call.invite(alice.entry()), SUCCESS)


@question("participant-invite.one-other-bot")
def test_question_one_other_bot(graphcalls_stage: Stage) -> None:
    """Can a bot invite one other bot?"""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.invite(graphcalls_stage.bot().entry())
    graphcalls_stage.record_answer("participant-invite.one-other-bot", answer)


@question("participant-invite.sixth-invitee-status")
def test_question_sixth_invitee(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a sixth invitee?"""
    call = graphcalls_stage.meeting_call(people=0)
    with graphcalls_stage.expecting("at-most-five-invitees"):
        answer = call.invite(*(one.entry() for one in graphcalls_stage.persons(6)))
    graphcalls_stage.record_answer("participant-invite.sixth-invitee-status", answer)


@question("participant-invite.long-client-context-status")
def test_question_long_client_context(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a clientContext of 257 characters?"""
    call = graphcalls_stage.meeting_call(people=0)
    with graphcalls_stage.expecting("client-context-at-most-256"):
        answer = call.invite(graphcalls_stage.person().entry(), clientContext="c" * 257)
    graphcalls_stage.record_answer("participant-invite.long-client-context-status", answer)


@question("participant-invite.several-without-chat-info-status")
def test_question_several_without_chat_info(graphcalls_stage: Stage) -> None:
    """Which status and code refuse several invitees in a call without chatInfo?"""
    call = graphcalls_stage.group_call_without_chat()
    answer = call.invite(*(one.entry() for one in graphcalls_stage.persons(2)))
    graphcalls_stage.record_answer("participant-invite.several-without-chat-info-status", answer)


@question("participant-invite.several-in-peer-to-peer-status")
def test_question_several_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Which status and code refuse several invitees in a peer-to-peer call?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer = call.invite(*(one.entry() for one in graphcalls_stage.persons(2)))
    graphcalls_stage.record_answer("participant-invite.several-in-peer-to-peer-status", answer)


@question("participant-invite.move-from-foreign-meeting")
def test_question_move_from_the_meeting_of_another_app(graphcalls_stage: Stage) -> None:
    """What is answered to a move out of a meeting that another application has created?"""
    stage = graphcalls_stage
    foreign = stage.meeting_call(people=1, by=stage.other_app())
    own = stage.meeting_call(people=0)
    (alice,) = foreign.people
    answer = own.invite(alice.entry(replaces=foreign.id, chosen_id=foreign.id_of(alice)))
    stage.record_answer("participant-invite.move-from-foreign-meeting", answer)


@question("participant-invite.same-identity-twice-status")
def test_question_same_identity_twice(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a user who is in the call already?"""
    call = graphcalls_stage.meeting_call(people=1)
    answer = call.invite(call.people[0].entry())
    graphcalls_stage.record_answer("participant-invite.same-identity-twice-status", answer)


@question("participant-invite.extra-invitees-in-the-answer")
def test_question_extra_invitees_in_the_answer(graphcalls_stage: Stage) -> None:
    """Does the answer to a replacing invite with two entries list one of them or both?"""
    stage = graphcalls_stage
    alice, bob = stage.persons(2)
    old = stage.peer_to_peer_call(alice)
    new = stage.meeting_call(people=0)
    answer = new.invite(alice.entry(replaces=old.id), bob.entry())
    listed = members(answer).get("participants", ())
    note = "" if refused(answer) else f"{len(listed)} of 2 entries in the answer"
    stage.record_answer("participant-invite.extra-invitees-in-the-answer", answer, note)
