"""Start recording. What the documentation promises about starting the recording of a call for all who are in it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

START = "call-startrecording"
SUCCESS = "call-startrecording.success-is-202-with-operation"


def start(call: StagedCall, **body: Any) -> Answer:
    """Start the recording."""
    return call.send(START, body)


@rule("call-startrecording.success-is-202-with-operation")
def test_it_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that was taken is answered with 202 and its operation."""
    answer = start(graphcalls_stage.meeting_call(people=0))
    assert answer.status_code == 202
    assert members(answer).get("status"), "the answer has no operation"


@rule("call-startrecording.answers-before-it-is-done")
def test_the_answer_does_not_wait(graphcalls_stage: Stage) -> None:
    """The operation in the answer is unfinished, or over and read as such."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = graphcalls_stage.accepted(start(call), SUCCESS)
    assert call.is_as_answered(answer)


@rule("call-startrecording.address-of-the-page-works")
def test_the_address_of_the_page_works(graphcalls_stage: Stage) -> None:
    """With the namespace and a capital letter, as the page prints it."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.request("POST", "/microsoft.graph.StartRecording", {})
    if refused(answer):
        graphcalls_stage.accepted(start(call), SUCCESS)
    assert not refused(answer)


@rule("call-startrecording.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = graphcalls_stage.meeting_call(people=0)
    with graphcalls_stage.expecting("token-is-required"):
        answer = start(call.through(graphcalls_stage.client_without_token()))
    assert refused(answer)


@question("call-startrecording.end-is-notified")
def test_question_end_is_notified(graphcalls_stage: Stage) -> None:
    """Is the end of the operation posted?"""
    call = graphcalls_stage.meeting_call(people=0)
    answer = start(call)
    ends = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")
    note = f"ends posted: {', '.join(one.state() for one in ends) or 'none'}"
    graphcalls_stage.record_answer("call-startrecording.end-is-notified", answer, note)


@question("call-startrecording.started-twice")
def test_question_started_twice(graphcalls_stage: Stage) -> None:
    """What is answered while it goes on already?"""
    call = graphcalls_stage.meeting_call(people=0)
    graphcalls_stage.accepted(start(call), SUCCESS)
    graphcalls_stage.record_answer("call-startrecording.started-twice", start(call))


@question("call-startrecording.client-context")
def test_question_client_context(graphcalls_stage: Stage) -> None:
    """Does a clientContext come back?"""
    answer = start(graphcalls_stage.meeting_call(people=0), clientContext="context-1")
    note = f"clientContext: {members(answer).get('clientContext')}"
    graphcalls_stage.record_answer("call-startrecording.client-context", answer, note)


@question("call-startrecording.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Is it refused in a peer-to-peer call?"""
    answer = start(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-startrecording.in-peer-to-peer", answer)
