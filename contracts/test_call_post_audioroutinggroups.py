"""Create audioRoutingGroup. What the documentation promises about making an audio routing group."""

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
OPERATION = "call-post-audioroutinggroups"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-post-audioroutinggroups.success-is-200-with-group"


def group(call: StagedCall, *, receivers: int = 1, sources: int = 1, mode: str = "multicast") -> dict[str, Any]:
    """The body of a request: so many of the people of ``call`` are sources, the last ones receivers."""
    ids = [call.id_of(one) for one in call.people]
    return {"routingMode": mode, "sources": ids[:sources], "receivers": ids[len(ids) - receivers :]}


def make(call: StagedCall, body: dict[str, Any]) -> Answer:
    """Make an audio routing group."""
    return call.send(OPERATION, body)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A multicast group from one person to another."""
    call = graphcalls_stage.meeting_call(people=2)
    return Attempt(OPERATION, call, partial(make, body=group(call)))


@rule("call-post-audioroutinggroups.success-is-200-with-group")
def test_a_group_that_is_made_is_answered_with_200(graphcalls_stage: Stage) -> None:
    """A request that worked is answered with 200 and the group."""
    call = graphcalls_stage.meeting_call(people=2)
    answer = make(call, group(call))
    assert answer.status_code == 200
    assert members(answer).get("id"), "the group in the answer has no id"


@rule("call-post-audioroutinggroups.group-is-as-asked")
def test_the_group_is_as_it_was_asked_for(graphcalls_stage: Stage) -> None:
    """Mode, sources and receivers come back."""
    call = graphcalls_stage.meeting_call(people=2)
    body = group(call, mode="oneToOne")
    made = members(graphcalls_stage.accepted(make(call, body), SUCCESS))
    assert {name: made.get(name) for name in body} == body


@rule("call-post-audioroutinggroups.at-most-one-source")
def test_two_sources_are_not_taken(graphcalls_stage: Stage) -> None:
    """No group has two sources."""
    call = graphcalls_stage.meeting_call(people=3)
    with graphcalls_stage.expecting("at-most-one-source"):
        answer = make(call, group(call, sources=2))
    assert refused(answer) or len(members(answer).get("sources") or ()) < 2


@rule("call-post-audioroutinggroups.multicast-takes-several-receivers")
def test_two_receivers_are_taken(graphcalls_stage: Stage) -> None:
    """A multicast group leads to both."""
    call = graphcalls_stage.meeting_call(people=3)
    answer = make(call, group(call, receivers=2))
    if refused(answer):
        graphcalls_stage.accepted(make(call, group(call)), SUCCESS)
    assert not refused(answer)


@question("call-post-audioroutinggroups.id-of-a-group")
def test_question_id_of_a_group(graphcalls_stage: Stage) -> None:
    """Which id does a group have whose request names one?"""
    call = graphcalls_stage.meeting_call(people=2)
    answer = make(call, {"id": "chosen", **group(call)})
    note = "the id that was sent" if members(answer).get("id") == "chosen" else "an id of the service"
    graphcalls_stage.record_answer("call-post-audioroutinggroups.id-of-a-group", answer, note)


@question("call-post-audioroutinggroups.made-twice")
def test_question_made_twice(graphcalls_stage: Stage) -> None:
    """What is answered to a second group with the same id?"""
    call = graphcalls_stage.meeting_call(people=2)
    graphcalls_stage.accepted(make(call, {"id": "multicast", **group(call)}), SUCCESS)
    answer = make(call, {"id": "multicast", **group(call)})
    graphcalls_stage.record_answer("call-post-audioroutinggroups.made-twice", answer)


@question("call-post-audioroutinggroups.one-to-one-with-two-receivers")
def test_question_one_to_one_with_two_receivers(graphcalls_stage: Stage) -> None:
    """What is answered to a oneToOne group with two receivers?"""
    call = graphcalls_stage.meeting_call(people=3)
    answer = make(call, group(call, receivers=2, mode="oneToOne"))
    graphcalls_stage.record_answer("call-post-audioroutinggroups.one-to-one-with-two-receivers", answer)


@question("call-post-audioroutinggroups.unknown-participant")
def test_question_unknown_participant(graphcalls_stage: Stage) -> None:
    """What is answered when a receiver is not in the call?"""
    call = graphcalls_stage.meeting_call(people=1)
    answer = make(call, {**group(call), "receivers": [graphcalls_stage.new_id()]})
    graphcalls_stage.record_answer("call-post-audioroutinggroups.unknown-participant", answer)


@question("call-post-audioroutinggroups.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Can groups be made in a peer-to-peer call?"""
    call = graphcalls_stage.peer_to_peer_call()
    own = call.own_id()
    answer = make(call, {"routingMode": "oneToOne", "sources": [own], "receivers": []})
    graphcalls_stage.record_answer("call-post-audioroutinggroups.in-peer-to-peer", answer)


@question("call-post-audioroutinggroups.two-sources-status")
def test_question_two_sources(graphcalls_stage: Stage) -> None:
    """Which status and code refuse two sources?"""
    call = graphcalls_stage.meeting_call(people=3)
    with graphcalls_stage.expecting("at-most-one-source"):
        answer = make(call, group(call, sources=2))
    graphcalls_stage.record_answer("call-post-audioroutinggroups.two-sources-status", answer)
