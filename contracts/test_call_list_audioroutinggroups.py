"""List audioRoutingGroups. What the documentation promises about listing the audio routing groups of a call."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Stage, members

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-list-audioroutinggroups"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-list-audioroutinggroups.success-is-200-with-collection"


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """The groups of a meeting are listed."""
    call = graphcalls_stage.meeting_call(people=0)
    return Attempt(OPERATION, call, lambda call: call.send(OPERATION))


@rule("call-list-audioroutinggroups.success-is-200-with-collection")
def test_the_groups_are_answered_with_a_list(graphcalls_stage: Stage) -> None:
    """A request that worked is answered with 200 and a list."""
    answer = graphcalls_stage.meeting_call(people=0).send(OPERATION)
    assert answer.status_code == 200
    assert isinstance(members(answer).get("value"), list)


@rule("call-list-audioroutinggroups.made-groups-are-listed")
def test_a_group_that_was_made_is_listed(graphcalls_stage: Stage) -> None:
    """The list names it."""
    call, group = graphcalls_stage.routed_call()
    value = members(graphcalls_stage.accepted(call.send(OPERATION), SUCCESS)).get("value")
    assert group in [one.get("id") for one in value or ()]


@question("call-list-audioroutinggroups.still-missing")
def test_question_still_missing(graphcalls_stage: Stage) -> None:
    """Does the service have the list?"""
    call, _ = graphcalls_stage.routed_call()
    answer = call.send(OPERATION)
    graphcalls_stage.record_answer("call-list-audioroutinggroups.still-missing", answer)
