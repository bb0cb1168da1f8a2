"""Send DTMF tones. What the documentation promises about sending telephone keys into a call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

SUCCESS = "call-senddtmftones.success-is-200-with-operation"


def send(call: StagedCall, *tones: str, **body: Any) -> Answer:
    """Send tones, by default two."""
    return call.send("call-senddtmftones", {"tones": list(tones or ("tone1", "pound")), **body})


@rule("call-senddtmftones.success-is-200-with-operation")
def test_tones_are_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that was taken is answered with 200 and the operation it started."""
    answer = send(graphcalls_stage.peer_to_peer_call())
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("call-senddtmftones.answers-before-it-is-done")
def test_the_answer_does_not_wait_for_the_tones(graphcalls_stage: Stage) -> None:
    """The operation in the answer is unfinished, or over and read as such."""
    call = graphcalls_stage.peer_to_peer_call()
    answer = graphcalls_stage.accepted(send(call), SUCCESS)
    assert call.is_as_answered(answer)


@rule("call-senddtmftones.end-is-notified-as-completed")
def test_the_end_of_the_operation_is_notified(graphcalls_stage: Stage) -> None:
    """Tones that were sent end as completed, with a completionReason."""
    call = graphcalls_stage.peer_to_peer_call()
    answer = graphcalls_stage.accepted(send(call), SUCCESS)
    notices = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")
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


@rule("call-senddtmftones.client-context-is-echoed")
def test_the_client_context_comes_back(graphcalls_stage: Stage) -> None:
    """What the caller gives as clientContext comes back unchanged."""
    context = graphcalls_stage.new_id()
    answer = graphcalls_stage.accepted(send(graphcalls_stage.peer_to_peer_call(), clientContext=context), SUCCESS)
    assert members(answer).get("clientContext") == context


@rule("call-senddtmftones.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    assert not refused(send(graphcalls_stage.peer_to_peer_call(), clientContext="c" * 256))


@rule("call-senddtmftones.client-context-at-most-256")
def test_a_client_context_of_257_characters_is_not_taken(graphcalls_stage: Stage) -> None:
    """A clientContext that is too long does not become that of an operation."""
    with graphcalls_stage.expecting("client-context-at-most-256"):
        answer = send(graphcalls_stage.peer_to_peer_call(), clientContext="c" * 257)
    assert refused(answer) or members(answer).get("clientContext") != "c" * 257


@rule("call-senddtmftones.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = graphcalls_stage.peer_to_peer_call()
    with graphcalls_stage.expecting("token-is-required"):
        answer = send(call.through(graphcalls_stage.client_without_token()))
    assert refused(answer)


@rule("call-senddtmftones.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """The address below /app reaches the same operation."""
    call = graphcalls_stage.peer_to_peer_call()
    answer = send(call.at_old_address())
    if refused(answer):
        graphcalls_stage.accepted(send(call), SUCCESS)
    assert not refused(answer)


@question("call-senddtmftones.unknown-tone-status")
def test_question_unknown_tone(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a tone that is none?"""
    with graphcalls_stage.expecting("enum-unknown"):
        answer = send(graphcalls_stage.peer_to_peer_call(), "hash")
    graphcalls_stage.record_answer("call-senddtmftones.unknown-tone-status", answer)


@question("call-senddtmftones.no-tones")
def test_question_no_tones(graphcalls_stage: Stage) -> None:
    """What is answered to an empty list of tones?"""
    answer = graphcalls_stage.peer_to_peer_call().send("call-senddtmftones", {"tones": []})
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
