"""Delete audioRoutingGroup. What the documentation promises about taking an audio routing group away."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

SUCCESS = "audioroutinggroup-delete.success-is-204-empty"


def take_away(call: StagedCall, group: str) -> Answer:
    """Take an audio routing group away."""
    return call.send("audioroutinggroup-delete", group_id=group)


@rule("audioroutinggroup-delete.success-is-204-empty")
def test_a_group_taken_away_is_answered_with_204_and_nothing(graphcalls_stage: Stage) -> None:
    """A request that worked is answered with 204 and no body."""
    answer = take_away(*graphcalls_stage.routed_call())
    assert (answer.status_code, answer.content) == (204, b"")


@rule("audioroutinggroup-delete.group-is-gone")
def test_a_group_that_was_taken_away_cannot_be_read(graphcalls_stage: Stage) -> None:
    """A read of it is refused, and was answered before."""
    call, group = graphcalls_stage.routed_call()
    read = "audioroutinggroup-get.success-is-200-with-group"
    graphcalls_stage.accepted(call.send("audioroutinggroup-get", group_id=group), read)
    graphcalls_stage.accepted(take_away(call, group), SUCCESS)
    assert refused(call.send("audioroutinggroup-get", group_id=group))


@rule("audioroutinggroup-delete.role-is-required")
def test_a_role_is_required(graphcalls_stage: Stage) -> None:
    """A token without any of the roles of the permission table takes no group away."""
    call, group = graphcalls_stage.routed_call()
    assert refused(take_away(call.through(graphcalls_stage.client_with()), group))
    # Is it because of the roles? Then the same request with them is carried out.
    graphcalls_stage.accepted(take_away(call, group), SUCCESS)


@rule("audioroutinggroup-delete.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call, group = graphcalls_stage.routed_call()
    with graphcalls_stage.expecting("token-is-required"):
        answer = take_away(call.through(graphcalls_stage.client_without_token()), group)
    assert refused(answer)


@rule("audioroutinggroup-delete.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """The address below /app reaches the same operation."""
    call, group = graphcalls_stage.routed_call()
    answer = take_away(call.at_old_address(), group)
    if refused(answer):
        graphcalls_stage.accepted(take_away(call, group), SUCCESS)
    assert not refused(answer)


@question("audioroutinggroup-delete.deleted-twice")
def test_question_deleted_twice(graphcalls_stage: Stage) -> None:
    """What is answered when the group was taken away already?"""
    call, group = graphcalls_stage.routed_call()
    graphcalls_stage.accepted(take_away(call, group), SUCCESS)
    answer = take_away(call, group)
    graphcalls_stage.record_answer("audioroutinggroup-delete.deleted-twice", answer)
