"""Start recording. What the documentation promises about starting the recording of a call for all who are in it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_a_status as test_it_is_answered_with_the_operation,
    test_question_client_context,
    test_question_end_is_notified,
    test_question_started_twice,
    test_the_address_of_the_page_works,
    test_the_answer_does_not_wait,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall

question = pytest.mark.graphcalls_question
OPERATION = "call-startrecording"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)


def start(call: StagedCall, **body: Any) -> Answer:
    """Start the recording."""
    return call.send(OPERATION, body)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """The recording of a meeting is started."""
    return Attempt(OPERATION, graphcalls_stage.meeting_call(people=0), start)


@question("call-startrecording.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Is it refused in a peer-to-peer call?"""
    answer = start(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-startrecording.in-peer-to-peer", answer)
