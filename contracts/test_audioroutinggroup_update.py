"""Update audioRoutingGroup. What the documentation promises about changing an audio routing group."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "audioroutinggroup-update"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "audioroutinggroup-update.success-is-200-with-group"


def change(call: StagedCall, group: str, **body: Any) -> Answer:
    """Change an audio routing group."""
    return call.send(OPERATION, body, group_id=group)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A group that was made has no receivers any more."""
    call, group = graphcalls_stage.routed_call()
    return Attempt(OPERATION, call, partial(change, group=group, receivers=[]))


@rule("audioroutinggroup-update.success-is-200-with-group")
def test_a_change_is_answered_with_the_group(graphcalls_stage: Stage) -> None:
    """A change that worked is answered with 200 and the group."""
    answer = change(*graphcalls_stage.routed_call(), receivers=[])
    assert answer.status_code == 200
    assert members(answer).get("routingMode"), "the answer holds no group"


@rule("audioroutinggroup-update.group-is-as-asked")
def test_the_answer_has_what_was_sent(graphcalls_stage: Stage) -> None:
    """A mode that was changed comes back."""
    call, group = graphcalls_stage.routed_call()
    answer = graphcalls_stage.accepted(change(call, group, routingMode="oneToOne"), SUCCESS)
    assert members(answer).get("routingMode") == "oneToOne"


@rule("audioroutinggroup-update.other-members-stay")
def test_what_is_left_out_stays(graphcalls_stage: Stage) -> None:
    """With receivers alone in the request, mode and source are as before."""
    call, group = graphcalls_stage.routed_call()
    source, receiver = map(call.id_of, call.people)
    after = members(graphcalls_stage.accepted(change(call, group, receivers=[receiver]), SUCCESS))
    assert (after.get("routingMode"), after.get("sources")) == ("multicast", [source])


@rule("audioroutinggroup-update.receivers-can-be-changed")
def test_receivers_can_be_changed(graphcalls_stage: Stage) -> None:
    """A multicast group leads to those who are named in the request."""
    call, group = graphcalls_stage.routed_call()
    _, receiver = map(call.id_of, call.people)
    receivers = [receiver, call.own_id()]
    answer = change(call, group, receivers=receivers)
    if refused(answer):
        graphcalls_stage.accepted(change(call, group, routingMode="multicast"), SUCCESS)
    assert members(answer).get("receivers") == receivers


@rule("audioroutinggroup-update.at-most-one-source")
def test_two_sources_are_not_taken(graphcalls_stage: Stage) -> None:
    """No group has two sources."""
    call, group = graphcalls_stage.routed_call()
    with graphcalls_stage.expecting("at-most-one-source"):
        answer = change(call, group, sources=list(map(call.id_of, call.people)))
    assert refused(answer) or len(members(answer).get("sources") or ()) < 2


@question("audioroutinggroup-update.unknown-group")
def test_question_unknown_group(graphcalls_stage: Stage) -> None:
    """What is answered for an id that no group has?"""
    answer = change(graphcalls_stage.meeting_call(people=0), graphcalls_stage.new_id(), receivers=[])
    graphcalls_stage.record_answer("audioroutinggroup-update.unknown-group", answer)


@question("audioroutinggroup-update.sent-id")
def test_question_sent_id(graphcalls_stage: Stage) -> None:
    """What becomes of an id in the body that is not that of the path?"""
    call, group = graphcalls_stage.routed_call()
    answer = change(call, group, id="other")
    note = f"the group has the id {members(answer).get('id')}"
    graphcalls_stage.record_answer("audioroutinggroup-update.sent-id", answer, note)
