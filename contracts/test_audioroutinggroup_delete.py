"""Delete audioRoutingGroup. What the documentation promises about taking an audio routing group away."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_it_is_answered_with_204_and_nothing as test_a_group_taken_away_is_answered_with_204_and_nothing,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "audioroutinggroup-delete"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "audioroutinggroup-delete.success-is-204-empty"


def take_away(call: StagedCall, group: str) -> Answer:
    """Take an audio routing group away."""
    return call.send(OPERATION, group_id=group)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A group that was made is taken away."""
    call, group = graphcalls_stage.routed_call()
    return Attempt(OPERATION, call, partial(take_away, group=group))


@rule("audioroutinggroup-delete.group-is-gone")
def test_a_group_that_was_taken_away_cannot_be_read(graphcalls_stage: Stage) -> None:
    """A read of it is refused, and was answered before."""
    call, group = graphcalls_stage.routed_call()
    read = "audioroutinggroup-get.success-is-200-with-group"
    graphcalls_stage.accepted(call.send("audioroutinggroup-get", group_id=group), read)
    graphcalls_stage.accepted(take_away(call, group), SUCCESS)
    assert refused(call.send("audioroutinggroup-get", group_id=group))


@question("audioroutinggroup-delete.deleted-twice")
def test_question_deleted_twice(graphcalls_stage: Stage) -> None:
    """What is answered when the group was taken away already?"""
    call, group = graphcalls_stage.routed_call()
    graphcalls_stage.accepted(take_away(call, group), SUCCESS)
    answer = take_away(call, group)
    graphcalls_stage.record_answer("audioroutinggroup-delete.deleted-twice", answer)
