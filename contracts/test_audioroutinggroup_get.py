"""Get audioRoutingGroup. What the documentation promises about reading an audio routing group."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "audioroutinggroup-get"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "audioroutinggroup-get.success-is-200-with-group"


def read(call: StagedCall, group: str) -> Answer:
    """Read an audio routing group."""
    return call.send(OPERATION, group_id=group)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A group that was made is read."""
    call, group = graphcalls_stage.routed_call()
    return Attempt(OPERATION, call, partial(read, group=group))


@rule("audioroutinggroup-get.success-is-200-with-group")
def test_a_group_can_be_read(graphcalls_stage: Stage) -> None:
    """A group that was made is answered with 200 and the group."""
    answer = read(*graphcalls_stage.routed_call())
    assert answer.status_code == 200
    assert members(answer).get("routingMode"), "the answer holds no group"


@rule("audioroutinggroup-get.id-is-the-one-asked-for")
def test_a_group_is_read_under_its_own_id(graphcalls_stage: Stage) -> None:
    """The answer has the id of the path."""
    call, group = graphcalls_stage.routed_call()
    assert members(graphcalls_stage.accepted(read(call, group), SUCCESS)).get("id") == group


@question("audioroutinggroup-get.unknown-group")
def test_question_unknown_group(graphcalls_stage: Stage) -> None:
    """What is answered for an id that no group has?"""
    answer = read(graphcalls_stage.meeting_call(people=0), graphcalls_stage.new_id())
    graphcalls_stage.record_answer("audioroutinggroup-get.unknown-group", answer)
