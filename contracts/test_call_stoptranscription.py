"""Stop transcription. What the documentation promises about stopping the transcription of a call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_a_status as test_it_is_answered_with_the_operation,
    test_no_notification_tells_of_its_own_end,
    test_question_client_context,
    test_question_other_language,
    test_the_address_of_the_page_works,
    test_the_language_may_be_named,
    test_the_operation_in_the_answer_is_completed,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall

question = pytest.mark.graphcalls_question
OPERATION = "call-stoptranscription"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
STARTED = "call-starttranscription.success-is-202-with-operation"


def going_on(stage: Stage) -> StagedCall:
    """A call whose transcription goes on."""
    call = stage.meeting_call(people=0)
    stage.accepted(call.send("call-starttranscription", {}), STARTED)
    return call


def stop(call: StagedCall, **body: Any) -> Answer:
    """Stop it."""
    return call.send(OPERATION, body)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A transcription that goes on is stopped."""
    return Attempt(OPERATION, going_on(graphcalls_stage), stop)


@question("call-stoptranscription.stopped-without-start")
def test_question_stopped_without_start(graphcalls_stage: Stage) -> None:
    """What is answered when nothing is to be stopped?"""
    answer = stop(graphcalls_stage.meeting_call(people=0))
    graphcalls_stage.record_answer("call-stoptranscription.stopped-without-start", answer)


@question("call-stoptranscription.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Is it refused in a peer-to-peer call?"""
    answer = stop(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-stoptranscription.in-peer-to-peer", answer)
