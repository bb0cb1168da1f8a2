"""participant: stopHoldMusic. What the documentation promises about taking a participant off hold."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

STOP = "participant-stopholdmusic"
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
    return call.send(STOP, body, participant_id=participant_id or call.id_of(call.people[0]))


@rule("participant-stopholdmusic.success-is-202-with-operation")
def test_a_stop_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that was taken is answered with 202 and its operation."""
    answer = stop(held(graphcalls_stage))
    assert answer.status_code == 202
    assert members(answer).get("id"), "the answer names no operation"


@rule("participant-stopholdmusic.answers-before-it-is-done")
def test_the_operation_in_the_answer_is_unfinished(graphcalls_stage: Stage) -> None:
    """The operation in the answer is unfinished, or over and read as such."""
    call = held(graphcalls_stage)
    assert call.is_as_answered(graphcalls_stage.accepted(stop(call), SUCCESS))


@rule("participant-stopholdmusic.completion-is-notified")
def test_the_end_of_the_operation_is_notified(graphcalls_stage: Stage) -> None:
    """It ends as completed, with the clientContext of the request."""
    call, context = held(graphcalls_stage), graphcalls_stage.new_id()
    answer = graphcalls_stage.accepted(stop(call, clientContext=context), SUCCESS)
    notices = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")
    assert [(one.state(), one.of_call().get("clientContext")) for one in notices] == [("completed", context)]


@rule("participant-stopholdmusic.body-is-optional")
def test_no_body_is_needed(graphcalls_stage: Stage) -> None:
    """A stop without a body is taken."""
    call = held(graphcalls_stage)
    participant = call.id_of(call.people[0])
    answer = call.send(STOP, participant_id=participant)
    if refused(answer):
        graphcalls_stage.accepted(stop(call, participant), SUCCESS)
    assert not refused(answer)


@rule("participant-stopholdmusic.client-context-is-echoed")
def test_the_client_context_comes_back(graphcalls_stage: Stage) -> None:
    """What the caller gives as clientContext comes back unchanged."""
    context = graphcalls_stage.new_id()
    answer = graphcalls_stage.accepted(stop(held(graphcalls_stage), clientContext=context), SUCCESS)
    assert members(answer).get("clientContext") == context


@rule("participant-stopholdmusic.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    assert not refused(stop(held(graphcalls_stage), clientContext="c" * 256))


@rule("participant-stopholdmusic.client-context-at-most-256")
def test_a_client_context_of_257_characters_is_not_taken(graphcalls_stage: Stage) -> None:
    """A clientContext that is too long does not become that of an operation."""
    with graphcalls_stage.expecting("client-context-at-most-256"):
        answer = stop(held(graphcalls_stage), clientContext="c" * 257)
    assert refused(answer) or members(answer).get("clientContext") != "c" * 257


@rule("participant-stopholdmusic.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = held(graphcalls_stage)
    participant = call.id_of(call.people[0])
    with graphcalls_stage.expecting("token-is-required"):
        answer = stop(call.through(graphcalls_stage.client_without_token()), participant)
    assert refused(answer)


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
