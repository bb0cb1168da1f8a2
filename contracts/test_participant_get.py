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
def test_of_two_participants_the_one_that_was_asked_for_is_read(graphcalls_stage: Stage) -> None:
    """Each is read under its own id."""
    call = graphcalls_stage.meeting_call(people=2)
    ids = [call.id_of(one) for one in call.people]
    rule = "participant-get.success-is-200-with-participant"
    answers = [graphcalls_stage.accepted(call.participant(id), rule) for id in ids]
    assert [members(answer).get("id") for answer in answers] == ids


@rule("participant-get.not-in-peer-to-peer")
def test_nobody_can_be_read_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """A call between the bot and one other side does not support reading its participant."""
    call = graphcalls_stage.peer_to_peer_call()
    own = call.facts.get("myParticipantId")
    if not isinstance(own, str):
        raise graphcalls_stage.cannot_tell("a participant id", "the created call has no myParticipantId")
    assert refused(call.participant(own))
