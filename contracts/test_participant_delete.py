"""Delete participant. What the documentation promises about taking a participant out of a call."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Invitee, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "participant-delete"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
NO_BODY = "participant-delete.request-has-no-body"
BOTH_KINDS = "participant-delete.active-and-invited"
CHOSEN_ID = "participant-delete.chosen-id-addresses-the-invitation"
INVITE = "participant-invite.success-is-200-with-operation"


def ringing(stage: Stage, call: StagedCall) -> tuple[Invitee, str]:
    """A user who was just invited into ``call`` under a chosen id and has not answered, and that id."""
    bob, chosen = stage.person("Bob"), stage.new_id()
    stage.accepted(call.invite(bob.entry(chosen_id=chosen)), INVITE)
    if call.has(bob):
        raise stage.cannot_tell("a user who is being called", "the invitee was in the call at once")
    return bob, chosen


def withdrawn(stage: Stage, call: StagedCall, chosen: str) -> Answer:
    """Withdraw an invitation by its chosen id; whether the id is known is a rule of its own."""
    answer = call.remove(chosen)
    if answer.status_code == 404:
        raise stage.cannot_tell("an invitation that was withdrawn", "its chosen id is not known", CHOSEN_ID)
    return answer


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """One of two people is removed."""
    call = graphcalls_stage.meeting_call(people=2)
    alice, _ = call.people
    remove = partial(StagedCall.remove, participant_id=call.id_of(alice))
    return Attempt(OPERATION, call, remove, lambda: call.has(alice))


@rule("participant-delete.success-is-204-empty")
def test_removing_somebody_is_answered_with_204_and_nothing(graphcalls_stage: Stage) -> None:
    """A removal that worked is answered with 204 and no body."""
    call = graphcalls_stage.meeting_call(people=2)
    answer = call.remove(call.id_of(call.people[0]))
    if answer.status_code in {400, 411, 415}:
        graphcalls_stage.accepted(answer, NO_BODY)
    assert answer.status_code == 204
    assert answer.content == b""


@rule("participant-delete.success-is-204-empty")
def test_withdrawing_an_invitation_is_answered_with_204_and_nothing(graphcalls_stage: Stage) -> None:
    """An invitation that was withdrawn is answered with 204 and no body."""
    call = graphcalls_stage.meeting_call(people=0)
    _, chosen = ringing(graphcalls_stage, call)
    answer = graphcalls_stage.accepted(withdrawn(graphcalls_stage, call, chosen), BOTH_KINDS)
    assert answer.status_code == 204
    assert answer.content == b""


@rule("participant-delete.request-has-no-body")
def test_no_body_is_asked_for(graphcalls_stage: Stage) -> None:
    """The request is complete without a body."""
    call = graphcalls_stage.meeting_call(people=2)
    participant = call.id_of(call.people[0])
    answer = call.remove(participant)
    assert answer.status_code not in {411, 415}
    if answer.status_code == 400:
        # For want of a body? Then the same request with one is taken.
        with graphcalls_stage.expecting("request-has-no-body"):
            again = call.remove(participant, json={})
        assert refused(again), "the request was refused because it has no body"
    graphcalls_stage.accepted(answer, BOTH_KINDS)


@rule("participant-delete.active-and-invited")
def test_active_and_invited_people_can_be_removed(graphcalls_stage: Stage) -> None:
    """One request removes a participant who has joined, or a user who was only invited."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=2)
    active = call.remove(call.id_of(call.people[0]))
    if active.status_code in {400, 401, 403, 411, 415}:
        stage.accepted(active, NO_BODY)
    assert not refused(active), "a participant who has joined could not be removed"
    _, chosen = ringing(stage, call)
    assert not refused(withdrawn(stage, call, chosen)), "a user who was only invited could not be removed"


@rule("participant-delete.active-leaves-at-once")
def test_somebody_who_was_removed_is_off_the_roster_at_once(graphcalls_stage: Stage) -> None:
    """The roster that is read next names all but the one who was removed."""
    call = graphcalls_stage.meeting_call(people=2)
    alice, bob = call.people
    graphcalls_stage.accepted(call.remove(call.id_of(alice)), BOTH_KINDS)
    assert not call.has(alice), "is still listed"
    assert call.has(bob), "was taken off the roster as well"


@rule("participant-delete.invited-is-cancelled")
def test_somebody_whose_invitation_was_withdrawn_never_joins(graphcalls_stage: Stage) -> None:
    """A user who was only invited and is removed does not join afterwards."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=0)
    bob, chosen = ringing(stage, call)
    stage.accepted(withdrawn(stage, call, chosen), BOTH_KINDS)
    stage.wait_for_invited(call)
    assert not call.has(bob)


@rule("participant-delete.chosen-id-addresses-the-invitation")
def test_the_chosen_id_addresses_the_invitation(graphcalls_stage: Stage) -> None:
    """The participantId of the invite is the participant id in the path of the DELETE."""
    call = graphcalls_stage.meeting_call(people=0)
    _, chosen = ringing(graphcalls_stage, call)
    answer = call.remove(chosen)
    assert answer.status_code != 404
    graphcalls_stage.accepted(answer, BOTH_KINDS)


@rule("participant-delete.app-must-be-allow-listed")
def test_an_app_that_is_not_allow_listed_removes_nobody(graphcalls_stage: Stage) -> None:
    """The roles alone do not do; the tenant has to list the app in AllowRemoveParticipantAppIds."""
    stage = graphcalls_stage
    meeting = stage.meeting()
    call = stage.meeting_call(people=2, at=meeting, by=stage.other_app(allow_listed=False))
    alice, bob = call.people
    answer = call.remove(call.id_of(alice))
    assert refused(answer)
    assert call.has(alice)
    # Is it because of the list? Then an app that is on it can remove a participant there.
    listed = stage.meeting_call(people=0, at=meeting)
    stage.accepted(listed.remove(listed.id_of(bob)), BOTH_KINDS)


@question("participant-delete.deleted-twice")
def test_question_deleted_twice(graphcalls_stage: Stage) -> None:
    """What is answered when a participant who has just been removed is removed again?"""
    call = graphcalls_stage.meeting_call(people=2)
    participant = call.id_of(call.people[0])
    graphcalls_stage.accepted(call.remove(participant), BOTH_KINDS)
    graphcalls_stage.record_answer("participant-delete.deleted-twice", call.remove(participant))


@question("participant-delete.unknown-participant")
def test_question_unknown_participant(graphcalls_stage: Stage) -> None:
    """What is answered for a participant id that never was in the call?"""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.remove(graphcalls_stage.new_id())
    graphcalls_stage.record_answer("participant-delete.unknown-participant", answer)


@question("participant-delete.own-participant")
def test_question_own_participant(graphcalls_stage: Stage) -> None:
    """What happens when the bot removes its own entry in the roster?"""
    call = graphcalls_stage.meeting_call(people=1)
    own = call.facts.get("myParticipantId")
    if not isinstance(own, str):
        raise graphcalls_stage.cannot_tell("the bot's own entry", "the created call has no myParticipantId")
    answer = call.remove(own)
    note = "" if refused(answer) else f"the call is {call.state()} afterwards"
    graphcalls_stage.record_answer("participant-delete.own-participant", answer, note)


@question("participant-delete.not-allow-listed-code")
def test_question_not_allow_listed(graphcalls_stage: Stage) -> None:
    """Which status and code does an app get that is not on AllowRemoveParticipantAppIds?"""
    call = graphcalls_stage.meeting_call(people=1, by=graphcalls_stage.other_app(allow_listed=False))
    answer = call.remove(call.id_of(call.people[0]))
    graphcalls_stage.record_answer("participant-delete.not-allow-listed-code", answer)


@question("participant-delete.organizer")
def test_question_organizer(graphcalls_stage: Stage) -> None:
    """Can the organizer of a meeting be removed, and if not, which status and code say so?"""
    meeting = graphcalls_stage.meeting()
    olivia = graphcalls_stage.organizer_of(meeting)
    call = graphcalls_stage.meeting_call(people=1, at=meeting)
    if not call.has(olivia):  # she could not be taken out of it the last time
        graphcalls_stage.bring(call, olivia)
    answer = call.remove(call.id_of(olivia))
    graphcalls_stage.record_answer("participant-delete.organizer", answer)
