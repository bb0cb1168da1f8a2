"""participant: muteAll. What the documentation promises about muting several participants at once."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "participant-muteall"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "participant-muteall.success-is-200-with-operation"


def mute(call: StagedCall, *ids: str) -> Answer:
    """Mute the participants that are named, by default all who were brought into ``call``."""
    return call.send(OPERATION, {"participants": list(ids or map(call.id_of, call.people))})


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """One person is muted."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    return Attempt(OPERATION, call, lambda call: mute(call, participant))


@rule("participant-muteall.success-is-200-with-operation")
def test_muting_several_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A mute that worked is answered with 200 and its operation."""
    answer = mute(graphcalls_stage.meeting_call(people=2))
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("participant-muteall.named-participants-are-muted")
def test_those_who_are_named_are_muted(graphcalls_stage: Stage) -> None:
    """Each of the named participants is listed as muted."""
    call = graphcalls_stage.meeting_call(people=2)
    ids = [call.id_of(one) for one in call.people]
    graphcalls_stage.accepted(mute(call, *ids), SUCCESS)
    assert graphcalls_stage.until(
        lambda: set(ids) <= {one.get("id") for one in call.roster() if one.get("isMuted") is True}
    )


@question("participant-muteall.still-there")
def test_question_still_there(graphcalls_stage: Stage) -> None:
    """Does the service still have the action?"""
    answer = mute(graphcalls_stage.meeting_call(people=1))
    graphcalls_stage.record_answer("participant-muteall.still-there", answer)


@question("participant-muteall.nobody-named")
def test_question_nobody_named(graphcalls_stage: Stage) -> None:
    """Who is muted when the list holds one empty text?"""
    call = graphcalls_stage.meeting_call(people=2)
    answer = mute(call, "")
    muted = [one.get("id") for one in call.roster() if one.get("isMuted") is True]
    graphcalls_stage.record_answer("participant-muteall.nobody-named", answer, f"{len(muted)} are muted")


@question("participant-muteall.unknown-participant")
def test_question_unknown_participant(graphcalls_stage: Stage) -> None:
    """What is answered when one of the ids never was in the call?"""
    call = graphcalls_stage.meeting_call(people=1)
    answer = mute(call, call.id_of(call.people[0]), graphcalls_stage.new_id())
    graphcalls_stage.record_answer("participant-muteall.unknown-participant", answer)


@question("participant-muteall.in-peer-to-peer-status")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """What is answered in a peer-to-peer call?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer = mute(call, call.own_id())
    graphcalls_stage.record_answer("participant-muteall.in-peer-to-peer-status", answer)


@question("participant-muteall.client-context")
def test_question_client_context(graphcalls_stage: Stage) -> None:
    """Does a clientContext of 257 characters come back?"""
    call = graphcalls_stage.meeting_call(people=1)
    body = {"participants": [call.id_of(call.people[0])], "clientContext": "c" * 257}
    answer = call.send(OPERATION, body)
    note = "it comes back" if members(answer).get("clientContext") == "c" * 257 else ""
    graphcalls_stage.record_answer("participant-muteall.client-context", answer, note)


@question("participant-muteall.roster-update")
def test_question_roster_update(graphcalls_stage: Stage) -> None:
    """Is the roster sent again?"""
    call = graphcalls_stage.meeting_call(people=1)
    about = f"{call.id}/participants"
    before = len(graphcalls_stage.wait_for_notices("updated", about))
    answer = mute(call)
    rosters = graphcalls_stage.wait_for_notices("updated", about, lambda heard: len(heard) > before)
    note = "a roster" if len(rosters) > before else "no roster"
    graphcalls_stage.record_answer("participant-muteall.roster-update", answer, note)
