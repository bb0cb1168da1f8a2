"""Get commsOperation."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Answer, Stage, members

rule = pytest.mark.graphcalls_rule

SUCCESS = "commsoperation-get.success-is-200-with-operation"


def started(stage: Stage, answer: Answer) -> str:
    """The id of the operation that an invite has started."""
    rule = "participant-invite.success-is-200-with-operation"
    operation = members(stage.accepted(answer, rule)).get("id")
    if not isinstance(operation, str):
        raise stage.cannot_tell("an operation", "the answer to the invite names none", rule)
    return operation


@rule("commsoperation-get.success-is-200-with-operation")
def test_an_operation_can_be_read_while_it_goes_on(graphcalls_stage: Stage) -> None:
    """An operation is answered with 200 and its present state."""
    call = graphcalls_stage.meeting_call(people=0)
    operation = started(graphcalls_stage, call.invite(graphcalls_stage.person().entry()))
    answer = call.operation(operation)
    assert answer.status_code == 200


@rule("commsoperation-get.success-is-200-with-operation")
def test_an_operation_can_be_read_when_it_is_over(graphcalls_stage: Stage) -> None:
    """Later its status is the one in which it has ended."""
    call = graphcalls_stage.meeting_call(people=0)
    alice = graphcalls_stage.person()
    operation = started(graphcalls_stage, call.invite(alice.entry()))
    graphcalls_stage.reached(lambda: call.has(alice), "an invitee who has joined")
    ended = graphcalls_stage.until(
        lambda: str(members(call.operation(operation)).get("status")).lower() == "completed", within=5
    )
    assert ended


@rule("commsoperation-get.id-is-the-one-asked-for")
def test_an_operation_is_read_under_its_own_id(graphcalls_stage: Stage) -> None:
    """The operation in the answer is the one that was asked for."""
    call = graphcalls_stage.meeting_call(people=0)
    operation = started(graphcalls_stage, call.invite(graphcalls_stage.person().entry()))
    answer = graphcalls_stage.accepted(call.operation(operation), SUCCESS)
    assert members(answer).get("id") == operation


@rule("commsoperation-get.shows-what-was-started")
def test_an_invite_is_read_as_an_invite(graphcalls_stage: Stage) -> None:
    """The operation is read with the type and the clientContext of the answer that started it."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.invite(graphcalls_stage.person().entry(), clientContext=graphcalls_stage.new_id())
    operation = started(graphcalls_stage, answer)
    later = members(graphcalls_stage.accepted(call.operation(operation), SUCCESS))
    # Whether the answer has the context is the invite's rule.
    same = {
        name: value for name, value in members(answer).items() if value and name in {"@odata.type", "clientContext"}
    }
    assert {name: later.get(name) for name in same} == same
