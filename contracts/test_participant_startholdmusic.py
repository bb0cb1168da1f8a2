"""participant: startHoldMusic. What the documentation promises about putting a participant on hold."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    prompt,
    test_a_client_context_of_256_characters_is_taken,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_the_operation as test_a_start_is_answered_with_the_operation,
    test_the_answer_does_not_wait as test_the_operation_in_the_answer_is_unfinished,
    test_the_client_context_comes_back,
    test_the_end_with_its_client_context_is_notified as test_the_end_of_the_operation_is_notified,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "participant-startholdmusic"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "participant-startholdmusic.success-is-202-with-operation"
TUNE = prompt(uri="https://bot.example.org/tune.wav", resourceId="1")
"""Music from a file that is not there."""


def start(call: StagedCall, participant_id: str = "", **body: Any) -> Answer:
    """Put the first participant of ``call`` on hold, or the one that is named."""
    return call.send(OPERATION, body, participant_id=participant_id or call.id_of(call.people[0]))


def held(stage: Stage, people: int = 1) -> StagedCall:
    """A meeting with people, the first of whom is on hold."""
    call = stage.meeting_call(people=people)
    operation = members(stage.accepted(start(call), SUCCESS)).get("id")
    stage.reached(lambda: call.status_of(str(operation)) == "completed", "a participant on hold", SUCCESS)
    return call


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """One person is put on hold."""
    call = graphcalls_stage.meeting_call(people=1)
    return Attempt(OPERATION, call, partial(start, participant_id=call.id_of(call.people[0])))


@rule("participant-startholdmusic.roster-update-follows")
def test_the_roster_follows(graphcalls_stage: Stage) -> None:
    """After a start the roster is sent again."""
    call = graphcalls_stage.meeting_call(people=1)
    before = len(graphcalls_stage.wait_for_notices("updated", f"{call.id}/participants"))
    graphcalls_stage.accepted(start(call), SUCCESS)
    rosters = graphcalls_stage.wait_for_notices("updated", f"{call.id}/participants", lambda heard: len(heard) > before)
    assert len(rosters) > before


@rule("participant-startholdmusic.one-on-hold-at-a-time")
def test_no_two_are_on_hold(graphcalls_stage: Stage) -> None:
    """After a second start at most one participant is listed as on hold."""
    call = held(graphcalls_stage, people=2)
    on_hold = [one for one in call.roster() if one.get("isOnHold") is True]
    if not on_hold:
        raise graphcalls_stage.cannot_tell("a participant who is shown on hold", "no participant has isOnHold true")
    answer = start(call, call.id_of(call.people[1]))
    if not refused(answer):
        operation = str(members(answer).get("id"))
        graphcalls_stage.reached(
            lambda: call.status_of(operation) in {"completed", "failed"}, "the end of a second start"
        )
    assert sum(one.get("isOnHold") is True for one in call.roster()) <= 1, "two participants are on hold"


@rule("participant-startholdmusic.body-is-optional")
def test_no_body_is_needed(graphcalls_stage: Stage) -> None:
    """A start without a body is taken."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    answer = call.send(OPERATION, participant_id=participant)
    if refused(answer):
        graphcalls_stage.accepted(start(call, participant), SUCCESS)
    assert not refused(answer)


@question("participant-startholdmusic.started-twice")
def test_question_started_twice(graphcalls_stage: Stage) -> None:
    """What is answered to a start for a participant who is on hold already?"""
    answer = start(held(graphcalls_stage))
    graphcalls_stage.record_answer("participant-startholdmusic.started-twice", answer)


@question("participant-startholdmusic.second-participant")
def test_question_second_participant(graphcalls_stage: Stage) -> None:
    """What is answered to a start while another participant is on hold?"""
    call = held(graphcalls_stage, people=2)
    answer = start(call, call.id_of(call.people[1]))
    graphcalls_stage.record_answer("participant-startholdmusic.second-participant", answer)


@question("participant-startholdmusic.unknown-participant")
def test_question_unknown_participant(graphcalls_stage: Stage) -> None:
    """What is answered for a participant id that never was in the call?"""
    answer = start(graphcalls_stage.meeting_call(people=0), graphcalls_stage.new_id())
    graphcalls_stage.record_answer("participant-startholdmusic.unknown-participant", answer)


@question("participant-startholdmusic.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """What is answered in a peer-to-peer call?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer = start(call, call.own_id())
    graphcalls_stage.record_answer("participant-startholdmusic.in-peer-to-peer", answer)


@question("participant-startholdmusic.unplayable-prompt")
def test_question_unplayable_prompt(graphcalls_stage: Stage) -> None:
    """How does the operation end whose customPrompt cannot be fetched?"""
    call = graphcalls_stage.meeting_call(people=1)
    answer = start(call, customPrompt=TUNE)
    notices = graphcalls_stage.wait_for_end(call, answer)
    note = f"ended as {notices[0].state()}" if notices else "no end"
    graphcalls_stage.record_answer("participant-startholdmusic.unplayable-prompt", answer, note)


@question("participant-startholdmusic.in-the-lobby")
def test_question_in_the_lobby(graphcalls_stage: Stage) -> None:
    """What is answered for a person in the lobby?"""
    call = graphcalls_stage.meeting_call(people=1)
    guest = graphcalls_stage.person("Gina")
    graphcalls_stage.acting(call, guest).waits(call=call.id)
    graphcalls_stage.record_answer("participant-startholdmusic.in-the-lobby", start(call, call.id_of(guest)))
