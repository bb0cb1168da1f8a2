"""Mute the bot. What the documentation promises about a bot that mutes itself in a group call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Notice, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

ACTION = "call-mute"
SUCCESS = "call-mute.success-is-200-with-operation"


def act(call: StagedCall, **body: Any) -> Answer:
    """Let the bot mute itself."""
    return call.send(ACTION, body)


@rule("call-mute.success-is-200-with-operation")
def test_it_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that worked is answered with 200 and its operation."""
    answer = act(graphcalls_stage.meeting_call(people=0))
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("call-mute.is-done-with-the-answer")
def test_the_operation_in_the_answer_is_completed(graphcalls_stage: Stage) -> None:
    """Nothing is left to wait for."""
    answer = graphcalls_stage.accepted(act(graphcalls_stage.meeting_call(people=0)), SUCCESS)
    assert str(members(answer).get("status")).lower() == "completed"


@rule("call-mute.no-end-is-notified")
def test_no_notification_tells_of_an_ended_operation(graphcalls_stage: Stage) -> None:
    """An operation that was answered as completed is not notified of once more."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = graphcalls_stage.accepted(act(call), SUCCESS)
    assert not graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")


@rule("call-mute.muted-bot-is-shown")
def test_the_bot_is_listed_as_muted(graphcalls_stage: Stage) -> None:
    """IsMuted is true for the bot's own participant."""
    call = graphcalls_stage.meeting_call(people=0)
    own = call.own_id()
    graphcalls_stage.accepted(act(call), SUCCESS)
    assert graphcalls_stage.until(lambda: call.is_muted(own))


@rule("call-mute.roster-update-follows")
def test_the_roster_follows(graphcalls_stage: Stage) -> None:
    """The roster is sent again, with the bot muted."""
    call = graphcalls_stage.meeting_call(people=0)
    own = call.own_id()
    graphcalls_stage.accepted(act(call), SUCCESS)

    def is_muted(heard: list[Notice]) -> bool:
        return any(one.get("isMuted") for notice in heard for one in notice.data if one.get("id") == own)

    assert is_muted(graphcalls_stage.wait_for_notices("updated", f"{call.id}/participants", is_muted))


@rule("call-mute.group-calls-only")
def test_it_is_refused_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """It is for group calls."""
    assert refused(act(graphcalls_stage.peer_to_peer_call()))


@rule("call-mute.client-context-is-echoed")
def test_the_client_context_comes_back(graphcalls_stage: Stage) -> None:
    """What the caller gives as clientContext comes back unchanged."""
    context = graphcalls_stage.new_id()
    answer = graphcalls_stage.accepted(act(graphcalls_stage.meeting_call(people=0), clientContext=context), SUCCESS)
    assert members(answer).get("clientContext") == context


@rule("call-mute.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    assert not refused(act(graphcalls_stage.meeting_call(people=0), clientContext="c" * 256))


@rule("call-mute.client-context-at-most-256")
def test_a_client_context_of_257_characters_is_not_taken(graphcalls_stage: Stage) -> None:
    """A clientContext that is too long does not become that of an operation."""
    with graphcalls_stage.expecting("client-context-at-most-256"):
        answer = act(graphcalls_stage.meeting_call(people=0), clientContext="c" * 257)
    assert refused(answer) or members(answer).get("clientContext") != "c" * 257


@rule("call-mute.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = graphcalls_stage.meeting_call(people=0)
    with graphcalls_stage.expecting("token-is-required"):
        answer = act(call.through(graphcalls_stage.client_without_token()))
    assert refused(answer)


@rule("call-mute.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """Under beta the address below /app reaches the same operation."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = act(call.at_old_address())
    if refused(answer):
        graphcalls_stage.accepted(act(call), SUCCESS)
    assert not refused(answer)


@question("call-mute.in-peer-to-peer-status")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Which status and code refuse the request in a peer-to-peer call?"""
    answer = act(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-mute.in-peer-to-peer-status", answer)


@question("call-mute.muted-twice")
def test_question_muted_twice(graphcalls_stage: Stage) -> None:
    """What is answered when the bot is muted already?"""
    call = graphcalls_stage.meeting_call(people=0)
    graphcalls_stage.accepted(act(call), SUCCESS)
    graphcalls_stage.record_answer("call-mute.muted-twice", act(call))
