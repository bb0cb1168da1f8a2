"""Mute the bot. What the documentation promises about a bot that mutes itself in a group call."""

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
OPERATION = "call-mute"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-mute.success-is-200-with-operation"


def act(call: StagedCall, **body: Any) -> Answer:
    """Let the bot mute itself."""
    return call.send(OPERATION, body)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """The bot of a meeting mutes itself."""
    return Attempt(OPERATION, graphcalls_stage.meeting_call(people=0), act)


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
    """A bot mutes itself in group calls only."""
    assert refused(act(graphcalls_stage.peer_to_peer_call()))


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
