"""Unmute the bot. What the documentation promises about a bot that unmutes itself in a group call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Notice, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

ACTION = "call-unmute"
SUCCESS = "call-unmute.success-is-200-with-operation"


def muted_call(stage: Stage) -> StagedCall:
    """A bot in a meeting that has muted itself."""
    call = stage.meeting_call(people=0)
    stage.accepted(call.send("call-mute", {}), "call-mute.success-is-200-with-operation")
    return call


def act(call: StagedCall, **body: Any) -> Answer:
    """Let the bot unmute itself."""
    return call.send(ACTION, body)


@rule("call-unmute.success-is-200-with-operation")
def test_it_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that worked is answered with 200 and its operation."""
    answer = act(muted_call(graphcalls_stage))
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("call-unmute.is-done-with-the-answer")
def test_the_operation_in_the_answer_is_completed(graphcalls_stage: Stage) -> None:
    """Nothing is left to wait for."""
    answer = graphcalls_stage.accepted(act(muted_call(graphcalls_stage)), SUCCESS)
    assert str(members(answer).get("status")).lower() == "completed"


@rule("call-unmute.no-end-is-notified")
def test_no_notification_tells_of_an_ended_operation(graphcalls_stage: Stage) -> None:
    """An operation that was answered as completed is not notified of once more."""
    call = muted_call(graphcalls_stage)
    answer = graphcalls_stage.accepted(act(call), SUCCESS)
    assert not graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")


@rule("call-unmute.unmuted-bot-is-shown")
def test_the_bot_is_listed_as_unmuted(graphcalls_stage: Stage) -> None:
    """IsMuted is false for the bot's own participant."""
    call = muted_call(graphcalls_stage)
    own = call.own_id()
    graphcalls_stage.accepted(act(call), SUCCESS)
    assert graphcalls_stage.until(lambda: not call.is_muted(own))


@rule("call-unmute.roster-update-follows")
def test_the_roster_follows(graphcalls_stage: Stage) -> None:
    """The roster is sent again, with the bot unmuted."""
    call = muted_call(graphcalls_stage)
    own = call.own_id()

    def said(heard: list[Notice]) -> list[Any]:
        return [one.get("isMuted") for notice in heard for one in notice.data if one.get("id") == own]

    about = f"{call.id}/participants"
    if True not in said(graphcalls_stage.wait_for_notices("updated", about, lambda heard: True in said(heard))):
        raise graphcalls_stage.cannot_tell("a mute that is notified", "no roster shows it", "call-mute")
    graphcalls_stage.accepted(act(call), SUCCESS)
    notices = graphcalls_stage.wait_for_notices("updated", about, lambda heard: said(heard)[-1] is False)
    assert said(notices)[-1] is False


@rule("call-unmute.group-calls-only")
def test_it_is_refused_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """It is for group calls."""
    assert refused(act(graphcalls_stage.peer_to_peer_call()))


@rule("call-unmute.client-context-is-echoed")
def test_the_client_context_comes_back(graphcalls_stage: Stage) -> None:
    """What the caller gives as clientContext comes back unchanged."""
    context = graphcalls_stage.new_id()
    answer = graphcalls_stage.accepted(act(muted_call(graphcalls_stage), clientContext=context), SUCCESS)
    assert members(answer).get("clientContext") == context


@rule("call-unmute.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    assert not refused(act(muted_call(graphcalls_stage), clientContext="c" * 256))


@rule("call-unmute.client-context-at-most-256")
def test_a_client_context_of_257_characters_is_not_taken(graphcalls_stage: Stage) -> None:
    """A clientContext that is too long does not become that of an operation."""
    with graphcalls_stage.expecting("client-context-at-most-256"):
        answer = act(muted_call(graphcalls_stage), clientContext="c" * 257)
    assert refused(answer) or members(answer).get("clientContext") != "c" * 257


@rule("call-unmute.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = muted_call(graphcalls_stage)
    with graphcalls_stage.expecting("token-is-required"):
        answer = act(call.through(graphcalls_stage.client_without_token()))
    assert refused(answer)


@rule("call-unmute.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """Under beta the address below /app reaches the same operation."""
    call = muted_call(graphcalls_stage)
    answer = act(call.at_old_address())
    if refused(answer):
        graphcalls_stage.accepted(act(call), SUCCESS)
    assert not refused(answer)


@question("call-unmute.in-peer-to-peer-status")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Which status and code refuse the request in a peer-to-peer call?"""
    answer = act(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-unmute.in-peer-to-peer-status", answer)


@question("call-unmute.not-muted")
def test_question_not_muted(graphcalls_stage: Stage) -> None:
    """What is answered when the bot is not muted?"""
    call = graphcalls_stage.meeting_call(people=0)
    graphcalls_stage.record_answer("call-unmute.not-muted", act(call))


@question("call-unmute.muted-by-other-bot")
def test_question_muted_by_other_bot(graphcalls_stage: Stage) -> None:
    """Does the unmute lift a mute by a different bot?"""
    meeting = graphcalls_stage.meeting()
    call = graphcalls_stage.meeting_call(people=0, at=meeting)
    other = graphcalls_stage.meeting_call(people=0, at=meeting, by=graphcalls_stage.other_app())
    muted = "participant-mute.success-is-200-with-operation"
    graphcalls_stage.accepted(other.send("participant-mute", {}, participant_id=call.own_id()), muted)
    answer = act(call)
    note = "it stays muted" if call.is_muted(call.own_id()) else "it is not muted"
    graphcalls_stage.record_answer("call-unmute.muted-by-other-bot", answer, note)
