"""Start transcription. What the documentation promises about starting the transcription of a call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_a_status as test_it_is_answered_with_the_operation,
    test_question_client_context,
    test_question_end_is_notified,
    test_question_other_language,
    test_question_started_twice,
    test_the_address_of_the_page_works,
    test_the_answer_does_not_wait,
    test_the_language_may_be_named,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members

question = pytest.mark.graphcalls_question
OPERATION = "call-starttranscription"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-starttranscription.success-is-202-with-operation"


def start(call: StagedCall, **body: Any) -> Answer:
    """Start the transcription."""
    return call.send(OPERATION, body)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """The transcription of a meeting is started."""
    return Attempt(OPERATION, graphcalls_stage.meeting_call(people=0), start)


@question("call-starttranscription.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Is it refused in a peer-to-peer call?"""
    answer = start(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-starttranscription.in-peer-to-peer", answer)


@question("call-starttranscription.is-refused")
def test_question_is_refused(graphcalls_stage: Stage) -> None:
    """Is the body of the page taken at all?"""
    answer = start(graphcalls_stage.meeting_call(people=0), language="en-us", clientContext="context-1")
    graphcalls_stage.record_answer("call-starttranscription.is-refused", answer)


@question("call-starttranscription.shown-in-the-call")
def test_question_shown_in_the_call(graphcalls_stage: Stage) -> None:
    """Does the call show it in its member transcription?"""
    call = graphcalls_stage.meeting_call(people=0)
    graphcalls_stage.accepted(start(call), SUCCESS)
    answer = call.get()
    note = f"transcription: {members(answer).get('transcription')}"
    graphcalls_stage.record_answer("call-starttranscription.shown-in-the-call", answer, note)
