"""Get participant."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage, members, refused

rule = pytest.mark.graphcalls_rule


@rule("participant-get.success-is-200-with-participant")
def test_somebody_who_is_in_the_call_can_be_read(graphcalls_stage: Stage) -> None:
    """A participant who is in the call is answered with 200."""
    call = graphcalls_stage.meeting_call(people=1)
    (alice,) = call.people
    answer = call.participant(call.id_of(alice))
    assert answer.status_code == 200
    assert alice.is_(members(answer))


@rule("participant-get.id-is-the-one-asked-for")
def test_a_participant_is_read_under_their_own_id(graphcalls_stage: Stage) -> None:
    """The participant in the answer is the one that was asked for."""
    call = graphcalls_stage.meeting_call(people=1)
    id = call.id_of(call.people[0])
    answer = graphcalls_stage.accepted(call.participant(id), "participant-get.success-is-200-with-participant")
    assert members(answer).get("id") == id


@rule("participant-get.not-in-peer-to-peer")
def test_nobody_can_be_read_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """A call between the bot and one other side does not support reading its participant."""
    call = graphcalls_stage.peer_to_peer_call()
    own = call.facts.get("myParticipantId")
    if not isinstance(own, str):
        raise graphcalls_stage.cannot_tell("a participant id", "the created call has no myParticipantId")
    assert refused(call.participant(own))
