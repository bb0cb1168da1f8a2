"""Start transcription. What the documentation promises about starting the transcription of a call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

START = "call-starttranscription"
SUCCESS = "call-starttranscription.success-is-202-with-operation"


def start(call: StagedCall, **body: Any) -> Answer:
    """Start the transcription."""
    return call.send(START, body)


@rule("call-starttranscription.success-is-202-with-operation")
def test_it_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that was taken is answered with 202 and its operation."""
    answer = start(graphcalls_stage.meeting_call(people=0))
    assert answer.status_code == 202
    assert members(answer).get("status"), "the answer has no operation"


@rule("call-starttranscription.answers-before-it-is-done")
def test_the_answer_does_not_wait(graphcalls_stage: Stage) -> None:
    """The operation in the answer is unfinished, or over and read as such."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = graphcalls_stage.accepted(start(call), SUCCESS)
    assert call.is_as_answered(answer)


@rule("call-starttranscription.address-of-the-page-works")
def test_the_address_of_the_page_works(graphcalls_stage: Stage) -> None:
    """With the namespace and a capital letter, as the page prints it."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.request("POST", "/microsoft.graph.StartTranscription", {})
    if refused(answer):
        graphcalls_stage.accepted(start(call), SUCCESS)
    assert not refused(answer)


@rule("call-starttranscription.language-is-en-us")
def test_the_language_may_be_named(graphcalls_stage: Stage) -> None:
    """The one language that is supported is taken."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = start(call, language="en-us")
    if refused(answer):
        graphcalls_stage.accepted(start(call), SUCCESS)
    assert not refused(answer)


@rule("call-starttranscription.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = graphcalls_stage.meeting_call(people=0)
    with graphcalls_stage.expecting("token-is-required"):
        answer = start(call.through(graphcalls_stage.client_without_token()))
    assert refused(answer)


@question("call-starttranscription.end-is-notified")
def test_question_end_is_notified(graphcalls_stage: Stage) -> None:
    """Is the end of the operation posted?"""
    call = graphcalls_stage.meeting_call(people=0)
    answer = start(call)
    ends = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")
    note = f"ends posted: {', '.join(one.state() for one in ends) or 'none'}"
    graphcalls_stage.record_answer("call-starttranscription.end-is-notified", answer, note)


@question("call-starttranscription.started-twice")
def test_question_started_twice(graphcalls_stage: Stage) -> None:
    """What is answered while it goes on already?"""
    call = graphcalls_stage.meeting_call(people=0)
    graphcalls_stage.accepted(start(call), SUCCESS)
    graphcalls_stage.record_answer("call-starttranscription.started-twice", start(call))


@question("call-starttranscription.client-context")
def test_question_client_context(graphcalls_stage: Stage) -> None:
    """Does a clientContext come back?"""
    answer = start(graphcalls_stage.meeting_call(people=0), clientContext="context-1")
    note = f"clientContext: {members(answer).get('clientContext')}"
    graphcalls_stage.record_answer("call-starttranscription.client-context", answer, note)


@question("call-starttranscription.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Is it refused in a peer-to-peer call?"""
    answer = start(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-starttranscription.in-peer-to-peer", answer)


@question("call-starttranscription.other-language")
def test_question_other_language(graphcalls_stage: Stage) -> None:
    """What is answered to another language?"""
    with graphcalls_stage.expecting("language-is-en-us"):
        answer = start(graphcalls_stage.meeting_call(people=0), language="de-de")
    graphcalls_stage.record_answer("call-starttranscription.other-language", answer)


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
