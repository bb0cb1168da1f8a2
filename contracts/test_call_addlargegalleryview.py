"""Add the large gallery. What the documentation promises about the picture of many people in one."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

ACTION = "call-addlargegalleryview"
SUCCESS = "call-addlargegalleryview.success-is-202-with-operation"


def act(call: StagedCall, **body: Any) -> Answer:
    """Let the bot ask for the gallery."""
    return call.send(ACTION, body)


def ended(stage: Stage, call: StagedCall, answer: Answer) -> None:
    """Wait until the operation of an answer is over, if that can be read."""
    id = str(members(answer).get("id"))
    stage.until(lambda: call.status_of(id) in {"completed", "failed"}, within=10)


def listed(call: StagedCall) -> dict[str, str]:
    """By participant id: who is in the list, and the directions of the streams."""
    found = {}
    for one in call.roster():
        who = one.get("info", {}).get("identity", {})
        named = [f"{sort} {value.get('displayName')}" for sort, value in who.items() if isinstance(value, dict)]
        streams = [f"{stream.get('mediaType')} {stream.get('direction')}" for stream in one.get("mediaStreams", ())]
        found[str(one.get("id"))] = (
            f"{', '.join(named)} ({', '.join(streams)}{', on hold' * bool(one.get('isOnHold'))})"
        )
    return found


@rule("call-addlargegalleryview.success-is-202-with-operation")
def test_it_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that was taken is answered with 202 and its operation."""
    answer = act(graphcalls_stage.meeting_call(people=0))
    assert answer.status_code == 202
    assert members(answer).get("id"), "the answer names no operation"


@rule("call-addlargegalleryview.answers-before-it-is-done")
def test_the_answer_does_not_wait_for_the_gallery(graphcalls_stage: Stage) -> None:
    """The operation in the answer goes on, or is over and read as such."""
    call = graphcalls_stage.meeting_call(people=0)
    assert call.is_as_answered(graphcalls_stage.accepted(act(call), SUCCESS))


@rule("call-addlargegalleryview.completion-is-notified")
def test_the_end_is_notified(graphcalls_stage: Stage) -> None:
    """Once the gallery is there, the end of the operation is posted."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = graphcalls_stage.accepted(act(call), SUCCESS)
    notices = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")
    if any(one.state() == "failed" for one in notices):
        raise graphcalls_stage.cannot_tell("a gallery that was added", "the operation has failed")
    assert [one.state() for one in notices] == ["completed"]


@rule("call-addlargegalleryview.client-context-is-echoed")
def test_the_client_context_comes_back(graphcalls_stage: Stage) -> None:
    """What the caller gives as clientContext comes back unchanged."""
    context = graphcalls_stage.new_id()
    answer = graphcalls_stage.accepted(act(graphcalls_stage.meeting_call(people=0), clientContext=context), SUCCESS)
    assert members(answer).get("clientContext") == context


@rule("call-addlargegalleryview.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = act(call, clientContext="c" * 256)
    if refused(answer):
        graphcalls_stage.accepted(act(call), SUCCESS)
    assert not refused(answer)


@rule("call-addlargegalleryview.client-context-at-most-256")
def test_a_client_context_of_257_characters_is_not_taken(graphcalls_stage: Stage) -> None:
    """A clientContext that is too long does not become that of an operation."""
    with graphcalls_stage.expecting("client-context-at-most-256"):
        answer = act(graphcalls_stage.meeting_call(people=0), clientContext="c" * 257)
    assert refused(answer) or members(answer).get("clientContext") != "c" * 257


@rule("call-addlargegalleryview.role-is-required")
def test_a_role_is_required(graphcalls_stage: Stage) -> None:
    """An app without permissions adds no gallery."""
    assert refused(act(graphcalls_stage.meeting_call(people=0).through(graphcalls_stage.client_with())))


@rule("call-addlargegalleryview.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = graphcalls_stage.meeting_call(people=0)
    with graphcalls_stage.expecting("token-is-required"):
        answer = act(call.through(graphcalls_stage.client_without_token()))
    assert refused(answer)


@rule("call-addlargegalleryview.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """The address below /app reaches the same operation."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = act(call.at_old_address())
    if refused(answer):
        graphcalls_stage.accepted(act(call), SUCCESS)
    assert not refused(answer)


@question("call-addlargegalleryview.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """What is answered in a peer-to-peer call, and what comes of it?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer, note = act(call), ""
    if not refused(answer):
        ended(graphcalls_stage, call, answer)
        note = f"the operation is {call.status_of(str(members(answer).get('id')))}"
    graphcalls_stage.record_answer("call-addlargegalleryview.in-peer-to-peer", answer, note)


@question("call-addlargegalleryview.participant-that-is-added")
def test_question_participant_that_is_added(graphcalls_stage: Stage) -> None:
    """Which participant is in the list afterwards that was not there before?"""
    call = graphcalls_stage.meeting_call(people=0)
    before = listed(call)
    answer = graphcalls_stage.accepted(act(call), SUCCESS)
    ended(graphcalls_stage, call, answer)
    new = [who for id, who in listed(call).items() if id not in before]
    note = f"added: {'; '.join(new) or 'none'}"
    graphcalls_stage.record_answer("call-addlargegalleryview.participant-that-is-added", answer, note)


@question("call-addlargegalleryview.second-gallery")
def test_question_second_gallery(graphcalls_stage: Stage) -> None:
    """What is answered to a second request, and which participants are in the list afterwards?"""
    call = graphcalls_stage.meeting_call(people=0)
    before = listed(call)
    ended(graphcalls_stage, call, graphcalls_stage.accepted(act(call), SUCCESS))
    answer, note = act(call), ""
    if not refused(answer):
        ended(graphcalls_stage, call, answer)
        note = f"in the list: {'; '.join(who for id, who in listed(call).items() if id not in before)}"
    graphcalls_stage.record_answer("call-addlargegalleryview.second-gallery", answer, note)
