"""Update recording status. What the documentation promises about a bot that says whether it records."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_client_context_of_256_characters_is_taken,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_the_operation as test_it_is_answered_with_the_operation,
    test_no_notification_tells_of_its_own_end,
    test_the_client_context_comes_back,
    test_the_location_header_names_an_operation,
    test_the_old_address_still_works,
    test_the_operation_in_the_answer_is_completed,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-updaterecordingstatus"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-updaterecordingstatus.success-is-200-with-operation"


def update(call: StagedCall, status: str = "recording", **body: Any) -> Answer:
    """Report a status."""
    return call.send(OPERATION, {"status": status, **body})


def policy_call(stage: Stage) -> StagedCall:
    """A call into which a recording policy has brought the bot."""
    return stage.answered_call(recording_policy=True)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A bot that records reports so."""
    return Attempt(OPERATION, policy_call(graphcalls_stage), update)


@rule("call-updaterecordingstatus.recording-policy-only")
def test_a_bot_that_called_by_itself_is_refused(graphcalls_stage: Stage) -> None:
    """No recording policy has brought it into the call."""
    assert refused(update(graphcalls_stage.peer_to_peer_call()))


@rule("call-updaterecordingstatus.status-is-named")
def test_a_request_without_a_status_is_not_taken(graphcalls_stage: Stage) -> None:
    """Each of the three statuses is accepted, a request without one is refused."""
    call = policy_call(graphcalls_stage)
    for status in ("recording", "notRecording", "failed"):
        graphcalls_stage.accepted(update(call, status), SUCCESS)
    with graphcalls_stage.expecting("status-is-named"):
        answer = call.send(OPERATION, {})
    assert refused(answer)


@question("call-updaterecordingstatus.not-by-policy-status")
def test_question_not_by_policy(graphcalls_stage: Stage) -> None:
    """Which status refuses a bot that no recording policy has brought in?"""
    answer = update(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-updaterecordingstatus.not-by-policy-status", answer)


@question("call-updaterecordingstatus.unknown-status")
def test_question_unknown_status(graphcalls_stage: Stage) -> None:
    """What is answered to a status that is none?"""
    call = policy_call(graphcalls_stage)
    with graphcalls_stage.expecting("enum-unknown"):
        answer = update(call, "paused")
    graphcalls_stage.record_answer("call-updaterecordingstatus.unknown-status", answer)


@question("call-updaterecordingstatus.same-status-twice")
def test_question_same_status_twice(graphcalls_stage: Stage) -> None:
    """What is answered when a status is reported that holds already?"""
    call = policy_call(graphcalls_stage)
    graphcalls_stage.accepted(update(call), SUCCESS)
    graphcalls_stage.record_answer("call-updaterecordingstatus.same-status-twice", update(call))


@question("call-updaterecordingstatus.roster-follows")
def test_question_roster_follows(graphcalls_stage: Stage) -> None:
    """Does a roster with recordingInfo follow?"""
    call = policy_call(graphcalls_stage)
    answer = update(call)
    rosters = graphcalls_stage.wait_for_notices("updated", f"{call.id}/participants")
    note = f"rosters afterwards: {len(rosters)}"
    graphcalls_stage.record_answer("call-updaterecordingstatus.roster-follows", answer, note)
