"""Unmute the bot. What the documentation promises about a bot that unmutes itself in a group call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_client_context_of_256_characters_is_taken,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_the_operation as test_it_is_answered_with_the_operation,
    test_no_notification_tells_of_its_own_end as test_no_notification_tells_of_an_ended_operation,
    test_the_client_context_comes_back,
    test_the_old_address_still_works,
    test_the_operation_in_the_answer_is_completed,
)
from pytest_graphcalls.stage import Answer, Notice, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-unmute"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-unmute.success-is-200-with-operation"


def muted_call(stage: Stage) -> StagedCall:
    """A bot in a meeting that has muted itself."""
    call = stage.meeting_call(people=0)
    stage.accepted(call.send("call-mute", {}), "call-mute.success-is-200-with-operation")
    return call


def act(call: StagedCall, **body: Any) -> Answer:
    """Let the bot unmute itself."""
    return call.send(OPERATION, body)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A bot that is muted unmutes itself."""
    return Attempt(OPERATION, muted_call(graphcalls_stage), act)


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
    """A bot unmutes itself in group calls only."""
    assert refused(act(graphcalls_stage.peer_to_peer_call()))


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
