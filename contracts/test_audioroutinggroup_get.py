"""Get audioRoutingGroup. What the documentation promises about reading an audio routing group."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

SUCCESS = "audioroutinggroup-get.success-is-200-with-group"


def read(call: StagedCall, group: str) -> Answer:
    """Read an audio routing group."""
    return call.send("audioroutinggroup-get", group_id=group)


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


@rule("audioroutinggroup-get.role-is-required")
def test_a_role_is_required(graphcalls_stage: Stage) -> None:
    """A token without any of the roles of the permission table reads no group."""
    call, group = graphcalls_stage.routed_call()
    assert refused(read(call.through(graphcalls_stage.client_with()), group))
    # Is it because of the roles? Then the same request with them is carried out.
    graphcalls_stage.accepted(read(call, group), SUCCESS)


@rule("audioroutinggroup-get.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call, group = graphcalls_stage.routed_call()
    with graphcalls_stage.expecting("token-is-required"):
        answer = read(call.through(graphcalls_stage.client_without_token()), group)
    assert refused(answer)


@rule("audioroutinggroup-get.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """The address below /app reaches the same operation."""
    call, group = graphcalls_stage.routed_call()
    answer = read(call.at_old_address(), group)
    if refused(answer):
        graphcalls_stage.accepted(read(call, group), SUCCESS)
    assert not refused(answer)


@question("audioroutinggroup-get.unknown-group")
def test_question_unknown_group(graphcalls_stage: Stage) -> None:
    """What is answered for an id that no group has?"""
    answer = read(graphcalls_stage.meeting_call(people=0), graphcalls_stage.new_id())
    graphcalls_stage.record_answer("audioroutinggroup-get.unknown-group", answer)
