"""Mute participant. What the documentation promises about muting a participant of a group call."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_role_is_required,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_the_operation as test_muting_somebody_is_answered_with_the_operation,
    test_no_notification_tells_of_its_own_end as test_no_notification_tells_of_an_ended_operation,
    test_the_client_context_comes_back,
    test_the_old_address_still_works,
    test_the_operation_in_the_answer_is_completed,
)
from pytest_graphcalls.stage import Answer, Notice, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "participant-mute"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "participant-mute.success-is-200-with-operation"
READ = "participant-get.success-is-200-with-participant"


def mute(call: StagedCall, participant_id: str = "", **body: Any) -> Answer:
    """Mute the first participant of ``call``, or the one that is named."""
    return call.send(OPERATION, body, participant_id=participant_id or call.id_of(call.people[0]))


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """One person is muted."""
    call = graphcalls_stage.meeting_call(people=1)
    return Attempt(OPERATION, call, partial(mute, participant_id=call.id_of(call.people[0])))


@rule("participant-mute.muted-participant-is-shown")
def test_a_muted_participant_is_shown_as_muted(graphcalls_stage: Stage) -> None:
    """IsMuted is true when the participant is read."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    graphcalls_stage.accepted(mute(call, participant), SUCCESS)

    def is_muted() -> bool:
        one = members(graphcalls_stage.accepted(call.participant(participant), READ))
        if one.get("id") != participant:
            raise graphcalls_stage.cannot_tell("whether a participant is muted", "it cannot be read", READ)
        return one.get("isMuted") is True

    assert graphcalls_stage.until(is_muted)


@rule("participant-mute.roster-update-follows")
def test_the_roster_follows(graphcalls_stage: Stage) -> None:
    """After a mute the roster is sent again, with the participant muted."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    graphcalls_stage.accepted(mute(call, participant), SUCCESS)

    def is_muted(heard: list[Notice]) -> bool:
        return any(one.get("isMuted") for notice in heard for one in notice.data if one.get("id") == participant)

    assert is_muted(graphcalls_stage.wait_for_notices("updated", f"{call.id}/participants", is_muted))


@rule("participant-mute.group-calls-only")
def test_nobody_is_muted_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Only participants of group calls can be muted."""
    call = graphcalls_stage.peer_to_peer_call()
    assert refused(mute(call, call.own_id()))


@rule("participant-mute.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    call = graphcalls_stage.meeting_call(people=2)
    graphcalls_stage.accepted(mute(call), SUCCESS)
    assert not refused(mute(call, call.id_of(call.people[1]), clientContext="c" * 256))


@question("participant-mute.in-peer-to-peer-status")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a mute in a peer-to-peer call?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer = mute(call, call.own_id())
    graphcalls_stage.record_answer("participant-mute.in-peer-to-peer-status", answer)


@question("participant-mute.muted-twice")
def test_question_muted_twice(graphcalls_stage: Stage) -> None:
    """What is answered when a participant who is muted is muted again?"""
    call = graphcalls_stage.meeting_call(people=1)
    graphcalls_stage.accepted(mute(call), SUCCESS)
    graphcalls_stage.record_answer("participant-mute.muted-twice", mute(call))


@question("participant-mute.unknown-participant")
def test_question_unknown_participant(graphcalls_stage: Stage) -> None:
    """What is answered for a participant id that never was in the call?"""
    answer = mute(graphcalls_stage.meeting_call(people=0), graphcalls_stage.new_id())
    graphcalls_stage.record_answer("participant-mute.unknown-participant", answer)


@question("participant-mute.in-the-lobby")
def test_question_in_the_lobby(graphcalls_stage: Stage) -> None:
    """What is answered for a person in the lobby?"""
    call = graphcalls_stage.meeting_call(people=1)
    guest = graphcalls_stage.person("Gina")
    graphcalls_stage.acting(call, guest).waits(call=call.id)
    graphcalls_stage.record_answer("participant-mute.in-the-lobby", mute(call, call.id_of(guest)))


@question("participant-mute.roster-content")
def test_question_roster_content(graphcalls_stage: Stage) -> None:
    """Does the roster that follows a mute list all participants?"""
    call = graphcalls_stage.meeting_call(people=1)
    answer = mute(call)

    def muted(heard: list[Notice]) -> list[list[Any]]:
        return [one.data for one in heard if any(entry.get("isMuted") for entry in one.data)]

    rosters = muted(graphcalls_stage.wait_for_notices("updated", f"{call.id}/participants", muted))
    note = f"{len(rosters[0])} of {len(call.roster())} are listed" if rosters else "no roster"
    graphcalls_stage.record_answer("participant-mute.roster-content", answer, note)


@question("participant-mute.server-muted")
def test_question_server_muted(graphcalls_stage: Stage) -> None:
    """Does serverMuted of the audio stream turn true?"""
    call = graphcalls_stage.meeting_call(people=1)
    answer = mute(call)
    one = next((one for one in call.roster() if one.get("id") == call.id_of(call.people[0])), {})
    streams = [stream.get("serverMuted") for stream in one.get("mediaStreams") or ()]
    graphcalls_stage.record_answer("participant-mute.server-muted", answer, f"serverMuted {streams}")
