"""participant: stopHoldMusic. What the documentation promises about taking a participant off hold."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_client_context_of_256_characters_is_taken,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_the_operation as test_a_stop_is_answered_with_the_operation,
    test_the_answer_does_not_wait as test_the_operation_in_the_answer_is_unfinished,
    test_the_client_context_comes_back,
    test_the_end_with_its_client_context_is_notified as test_the_end_of_the_operation_is_notified,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "participant-stopholdmusic"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "participant-stopholdmusic.success-is-202-with-operation"
STARTED = "participant-startholdmusic.success-is-202-with-operation"


def held(stage: Stage) -> StagedCall:
    """A meeting with a participant who is on hold."""
    call = stage.meeting_call(people=1)
    answer = call.send("participant-startholdmusic", {}, participant_id=call.id_of(call.people[0]))
    operation = members(stage.accepted(answer, STARTED)).get("id")
    stage.reached(lambda: call.status_of(str(operation)) == "completed", "a participant on hold", STARTED)
    return call


def stop(call: StagedCall, participant_id: str = "", **body: Any) -> Answer:
    """Take the first participant of ``call`` off hold, or the one that is named."""
    return call.send(OPERATION, body, participant_id=participant_id or call.id_of(call.people[0]))


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A person who is on hold is taken off it."""
    call = held(graphcalls_stage)
    return Attempt(OPERATION, call, partial(stop, participant_id=call.id_of(call.people[0])))


@rule("participant-stopholdmusic.body-is-optional")
def test_no_body_is_needed(graphcalls_stage: Stage) -> None:
    """A stop without a body is taken."""
    call = held(graphcalls_stage)
    participant = call.id_of(call.people[0])
    answer = call.send(OPERATION, participant_id=participant)
    if refused(answer):
        graphcalls_stage.accepted(stop(call, participant), SUCCESS)
    assert not refused(answer)


@question("participant-stopholdmusic.not-on-hold")
def test_question_not_on_hold(graphcalls_stage: Stage) -> None:
    """What is answered to a stop for a participant who is not on hold?"""
    answer = stop(graphcalls_stage.meeting_call(people=1))
    graphcalls_stage.record_answer("participant-stopholdmusic.not-on-hold", answer)


@question("participant-stopholdmusic.unknown-participant")
def test_question_unknown_participant(graphcalls_stage: Stage) -> None:
    """What is answered for a participant id that never was in the call?"""
    answer = stop(graphcalls_stage.meeting_call(people=0), graphcalls_stage.new_id())
    graphcalls_stage.record_answer("participant-stopholdmusic.unknown-participant", answer)


@question("participant-stopholdmusic.roster-after-a-stop")
def test_question_roster_after_a_stop(graphcalls_stage: Stage) -> None:
    """Is the roster sent again after a stop?"""
    call = held(graphcalls_stage)
    about = f"{call.id}/participants"
    before = len(graphcalls_stage.wait_for_notices("updated", about))
    answer = stop(call)
    rosters = graphcalls_stage.wait_for_notices("updated", about, lambda heard: len(heard) > before)
    note = "a roster" if len(rosters) > before else "no roster"
    graphcalls_stage.record_answer("participant-stopholdmusic.roster-after-a-stop", answer, note)
