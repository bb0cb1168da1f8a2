"""Stop recording. What the documentation promises about stopping the recording of a call for all who are in it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

STOP = "call-stoprecording"
SUCCESS = "call-stoprecording.success-is-202-with-operation"
STARTED = "call-startrecording.success-is-202-with-operation"


def going_on(stage: Stage) -> StagedCall:
    """A call whose recording goes on."""
    call = stage.meeting_call(people=0)
    stage.accepted(call.send("call-startrecording", {}), STARTED)
    return call


def stop(call: StagedCall, **body: Any) -> Answer:
    """Stop it."""
    return call.send(STOP, body)


@rule("call-stoprecording.success-is-202-with-operation")
def test_it_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that was taken is answered with 202 and its operation."""
    answer = stop(going_on(graphcalls_stage))
    assert answer.status_code == 202
    assert members(answer).get("status"), "the answer has no operation"


@rule("call-stoprecording.is-done-with-the-answer")
def test_the_operation_in_the_answer_is_completed(graphcalls_stage: Stage) -> None:
    """Nothing is left to wait for."""
    answer = graphcalls_stage.accepted(stop(going_on(graphcalls_stage)), SUCCESS)
    assert str(members(answer).get("status")).lower() == "completed"


@rule("call-stoprecording.no-end-is-notified")
def test_no_notification_tells_of_its_own_end(graphcalls_stage: Stage) -> None:
    """An operation that was answered as completed is not notified of once more."""
    call = going_on(graphcalls_stage)
    answer = graphcalls_stage.accepted(stop(call), SUCCESS)
    assert not graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")


@rule("call-stoprecording.address-of-the-page-works")
def test_the_address_of_the_page_works(graphcalls_stage: Stage) -> None:
    """With the namespace and a capital letter, as the page prints it."""
    call = going_on(graphcalls_stage)
    answer = call.request("POST", "/microsoft.graph.StopRecording", {})
    if refused(answer):
        graphcalls_stage.accepted(stop(call), SUCCESS)
    assert not refused(answer)


@rule("call-stoprecording.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = going_on(graphcalls_stage)
    with graphcalls_stage.expecting("token-is-required"):
        answer = stop(call.through(graphcalls_stage.client_without_token()))
    assert refused(answer)


@question("call-stoprecording.stopped-without-start")
def test_question_stopped_without_start(graphcalls_stage: Stage) -> None:
    """What is answered when nothing is to be stopped?"""
    answer = stop(graphcalls_stage.meeting_call(people=0))
    graphcalls_stage.record_answer("call-stoprecording.stopped-without-start", answer)


@question("call-stoprecording.client-context")
def test_question_client_context(graphcalls_stage: Stage) -> None:
    """Does a clientContext come back?"""
    answer = stop(going_on(graphcalls_stage), clientContext="context-1")
    note = f"clientContext: {members(answer).get('clientContext')}"
    graphcalls_stage.record_answer("call-stoprecording.client-context", answer, note)


@question("call-stoprecording.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Is it refused in a peer-to-peer call?"""
    answer = stop(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-stoprecording.in-peer-to-peer", answer)
