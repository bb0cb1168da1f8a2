"""List audioRoutingGroups. What the documentation promises about listing the audio routing groups of a call."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

SUCCESS = "call-list-audioroutinggroups.success-is-200-with-collection"


@rule("call-list-audioroutinggroups.success-is-200-with-collection")
def test_the_groups_are_answered_with_a_list(graphcalls_stage: Stage) -> None:
    """A request that worked is answered with 200 and a list."""
    answer = graphcalls_stage.meeting_call(people=0).send("call-list-audioroutinggroups")
    assert answer.status_code == 200
    assert isinstance(members(answer).get("value"), list)


@rule("call-list-audioroutinggroups.made-groups-are-listed")
def test_a_group_that_was_made_is_listed(graphcalls_stage: Stage) -> None:
    """The list names it."""
    call, group = graphcalls_stage.routed_call()
    value = members(graphcalls_stage.accepted(call.send("call-list-audioroutinggroups"), SUCCESS)).get("value")
    assert group in [one.get("id") for one in value or ()]


@rule("call-list-audioroutinggroups.role-is-required")
def test_a_role_is_required(graphcalls_stage: Stage) -> None:
    """A token without any of the roles of the permission table lists no group."""
    call = graphcalls_stage.meeting_call(people=0)
    assert refused(call.through(graphcalls_stage.client_with()).send("call-list-audioroutinggroups"))
    # Is it because of the roles? Then the same request with them is carried out.
    graphcalls_stage.accepted(call.send("call-list-audioroutinggroups"), SUCCESS)


@rule("call-list-audioroutinggroups.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = graphcalls_stage.meeting_call(people=0)
    with graphcalls_stage.expecting("token-is-required"):
        answer = call.through(graphcalls_stage.client_without_token()).send("call-list-audioroutinggroups")
    assert refused(answer)


@rule("call-list-audioroutinggroups.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """The address below /app reaches the same operation."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.at_old_address().send("call-list-audioroutinggroups")
    if refused(answer):
        graphcalls_stage.accepted(call.send("call-list-audioroutinggroups"), SUCCESS)
    assert not refused(answer)


@question("call-list-audioroutinggroups.still-missing")
def test_question_still_missing(graphcalls_stage: Stage) -> None:
    """Does the service have the list?"""
    call, _ = graphcalls_stage.routed_call()
    answer = call.send("call-list-audioroutinggroups")
    graphcalls_stage.record_answer("call-list-audioroutinggroups.still-missing", answer)
