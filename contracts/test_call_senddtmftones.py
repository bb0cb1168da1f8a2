"""Send DTMF tones. What the documentation promises about sending telephone keys into a call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_client_context_of_256_characters_is_taken,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_the_operation as test_tones_are_answered_with_the_operation,
    test_the_answer_does_not_wait as test_the_answer_does_not_wait_for_the_tones,
    test_the_client_context_comes_back,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-senddtmftones"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-senddtmftones.success-is-200-with-operation"


def send(call: StagedCall, *tones: str, **body: Any) -> Answer:
    """Send tones, by default two."""
    return call.send(OPERATION, {"tones": list(tones or ("tone1", "pound")), **body})


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """Two tones are sent to one person."""
    return Attempt(OPERATION, graphcalls_stage.peer_to_peer_call(), send)


@rule("call-senddtmftones.end-is-notified-as-completed")
def test_the_end_of_the_operation_is_notified(graphcalls_stage: Stage) -> None:
    """Tones that were sent end as completed, with a completionReason."""
    call = graphcalls_stage.peer_to_peer_call()
    answer = graphcalls_stage.accepted(send(call), SUCCESS)
    notices = graphcalls_stage.wait_for_end(call, answer)
    assert [notice.state() for notice in notices] == ["completed"]
    assert all(notice.of_call().get("completionReason") for notice in notices)


@rule("call-senddtmftones.tones-are-names")
def test_a_tone_that_is_none_is_not_taken(graphcalls_stage: Stage) -> None:
    """Tones have the names of the enumeration."""
    graphcalls_stage.accepted(send(graphcalls_stage.peer_to_peer_call(), "tone0", "star"), SUCCESS)
    call = graphcalls_stage.peer_to_peer_call()
    with graphcalls_stage.expecting("enum-unknown"):
        answer = send(call, "hash")
    assert refused(answer)


@question("call-senddtmftones.unknown-tone-status")
def test_question_unknown_tone(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a tone that is none?"""
    with graphcalls_stage.expecting("enum-unknown"):
        answer = send(graphcalls_stage.peer_to_peer_call(), "hash")
    graphcalls_stage.record_answer("call-senddtmftones.unknown-tone-status", answer)


@question("call-senddtmftones.no-tones")
def test_question_no_tones(graphcalls_stage: Stage) -> None:
    """What is answered to an empty list of tones?"""
    answer = graphcalls_stage.peer_to_peer_call().send(OPERATION, {"tones": []})
    graphcalls_stage.record_answer("call-senddtmftones.no-tones", answer)


@question("call-senddtmftones.nineteen-tones")
def test_question_nineteen_tones(graphcalls_stage: Stage) -> None:
    """Is there a limit on the number of tones?"""
    answer = send(graphcalls_stage.peer_to_peer_call(), *["tone1"] * 19)
    graphcalls_stage.record_answer("call-senddtmftones.nineteen-tones", answer)


@question("call-senddtmftones.tones-during-tones")
def test_question_tones_during_tones(graphcalls_stage: Stage) -> None:
    """What is answered while other tones are being sent?"""
    call = graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.accepted(send(call, *["tone1"] * 9), SUCCESS)
    graphcalls_stage.record_answer("call-senddtmftones.tones-during-tones", send(call))
