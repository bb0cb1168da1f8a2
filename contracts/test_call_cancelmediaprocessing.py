"""Cancel media processing. What the documentation promises about stopping what is played into a call."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

ACTION = "call-cancelmediaprocessing"
SUCCESS = "call-cancelmediaprocessing.success-is-200-with-operation"
PLAY = "call-playprompt.success-is-200-with-operation"
BEEP = {"uri": "https://bot.example.org/beep.wav", "resourceId": "beep"}
PROMPT = {
    "@odata.type": "#microsoft.graph.mediaPrompt",
    "mediaInfo": {"@odata.type": "#microsoft.graph.mediaInfo", **BEEP},
}


def playing(stage: Stage) -> tuple[StagedCall, list[str]]:
    """A call in which one prompt is played and another waits, and the ids of their operations."""
    call = stage.peer_to_peer_call()
    answers = [stage.accepted(call.send("call-playprompt", {"prompts": [PROMPT] * 4}), PLAY) for _ in range(2)]
    return call, [str(members(answer).get("id")) for answer in answers]


def cancel(call: StagedCall) -> Answer:
    """Cancel what is played."""
    return call.send(ACTION, {})


@rule("call-cancelmediaprocessing.success-is-200-with-operation")
def test_it_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that worked is answered with 200 and its operation."""
    call, _ = playing(graphcalls_stage)
    answer = cancel(call)
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("call-cancelmediaprocessing.is-done-with-the-answer")
def test_the_operation_in_the_answer_is_completed(graphcalls_stage: Stage) -> None:
    """Nothing is left to wait for."""
    call, _ = playing(graphcalls_stage)
    answer = graphcalls_stage.accepted(cancel(call), SUCCESS)
    assert str(members(answer).get("status")).lower() == "completed"


@rule("call-cancelmediaprocessing.no-end-is-notified")
def test_no_notification_tells_of_its_own_end(graphcalls_stage: Stage) -> None:
    """An operation that was answered as completed is not notified of once more."""
    call, _ = playing(graphcalls_stage)
    answer = graphcalls_stage.accepted(cancel(call), SUCCESS)
    assert not graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")


@rule("call-cancelmediaprocessing.location-is-given")
def test_the_location_header_names_an_operation(graphcalls_stage: Stage) -> None:
    """It is the address of an operation of this call."""
    call, _ = playing(graphcalls_stage)
    answer = graphcalls_stage.accepted(cancel(call), SUCCESS)
    assert "/operations/" in answer.headers.get("Location", "")


@rule("call-cancelmediaprocessing.running-and-queued-are-cancelled")
def test_neither_what_runs_nor_what_waits_goes_on(graphcalls_stage: Stage) -> None:
    """After the request no operation of a prompt is unfinished."""
    call, ids = playing(graphcalls_stage)
    graphcalls_stage.accepted(cancel(call), SUCCESS)
    unfinished = {"running", "notstarted"}
    assert graphcalls_stage.until(lambda: not [id for id in ids if call.status_of(id) in unfinished], within=5.0)


@rule("call-cancelmediaprocessing.cancelled-operations-fail")
def test_the_end_of_each_cancelled_operation_is_notified(graphcalls_stage: Stage) -> None:
    """A cancelled prompt ends as failed, with 400 and subcode 8508."""
    call, ids = playing(graphcalls_stage)
    graphcalls_stage.accepted(cancel(call), SUCCESS)
    for id in ids:
        notices = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{id}")
        results = [notice.of_call().get("resultInfo") or {} for notice in notices]
        assert [notice.state() for notice in notices] == ["failed"]
        assert [(one.get("code"), one.get("subcode")) for one in results] == [(400, 8508)]


@rule("call-cancelmediaprocessing.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call, _ = playing(graphcalls_stage)
    with graphcalls_stage.expecting("token-is-required"):
        answer = cancel(call.through(graphcalls_stage.client_without_token()))
    assert refused(answer)


@rule("call-cancelmediaprocessing.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """Under beta the address below /app reaches the same operation."""
    call, _ = playing(graphcalls_stage)
    answer = cancel(call.at_old_address())
    if refused(answer):
        graphcalls_stage.accepted(cancel(call), SUCCESS)
    assert not refused(answer)


@question("call-cancelmediaprocessing.nothing-to-cancel")
def test_question_nothing_to_cancel(graphcalls_stage: Stage) -> None:
    """What is answered when neither a prompt nor a recording runs?"""
    answer = cancel(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-cancelmediaprocessing.nothing-to-cancel", answer)
