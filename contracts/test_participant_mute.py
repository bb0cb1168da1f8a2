"""Mute participant. What the documentation promises about muting a participant of a group call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Notice, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

MUTE = "participant-mute"
SUCCESS = "participant-mute.success-is-200-with-operation"
READ = "participant-get.success-is-200-with-participant"


def mute(call: StagedCall, participant_id: str = "", **body: Any) -> Answer:
    """Mute the first participant of ``call``, or the one that is named."""
    return call.send(MUTE, body, participant_id=participant_id or call.id_of(call.people[0]))


@rule("participant-mute.success-is-200-with-operation")
def test_muting_somebody_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A mute that worked is answered with 200 and its operation."""
    answer = mute(graphcalls_stage.meeting_call(people=1))
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("participant-mute.is-done-with-the-answer")
def test_the_operation_in_the_answer_is_completed(graphcalls_stage: Stage) -> None:
    """Nothing is left to wait for."""
    answer = graphcalls_stage.accepted(mute(graphcalls_stage.meeting_call(people=1)), SUCCESS)
    assert str(members(answer).get("status")).lower() == "completed"


@rule("participant-mute.no-end-is-notified")
def test_no_notification_tells_of_an_ended_operation(graphcalls_stage: Stage) -> None:
    """An operation that was answered as completed is not notified of once more."""
    call = graphcalls_stage.meeting_call(people=1)
    answer = graphcalls_stage.accepted(mute(call), SUCCESS)
    assert not graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")


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


@rule("participant-mute.client-context-is-echoed")
def test_the_client_context_comes_back(graphcalls_stage: Stage) -> None:
    """What the caller gives as clientContext comes back unchanged."""
    context = graphcalls_stage.new_id()
    answer = graphcalls_stage.accepted(mute(graphcalls_stage.meeting_call(people=1), clientContext=context), SUCCESS)
    assert members(answer).get("clientContext") == context


@rule("participant-mute.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    call = graphcalls_stage.meeting_call(people=2)
    graphcalls_stage.accepted(mute(call), SUCCESS)
    assert not refused(mute(call, call.id_of(call.people[1]), clientContext="c" * 256))


@rule("participant-mute.client-context-at-most-256")
def test_a_client_context_of_257_characters_is_not_taken(graphcalls_stage: Stage) -> None:
    """A clientContext that is too long does not become that of an operation."""
    with graphcalls_stage.expecting("client-context-at-most-256"):
        answer = mute(graphcalls_stage.meeting_call(people=1), clientContext="c" * 257)
    assert refused(answer) or members(answer).get("clientContext") != "c" * 257


@rule("participant-mute.role-is-required")
def test_a_role_is_required(graphcalls_stage: Stage) -> None:
    """A token without any of the roles of the permission table mutes no participant."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    assert refused(mute(call.through(graphcalls_stage.client_with()), participant))
    # Is it because of the roles? Then the same request with them is carried out.
    graphcalls_stage.accepted(mute(call, participant), SUCCESS)


@rule("participant-mute.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A mute without an Authorization header is not carried out."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    with graphcalls_stage.expecting("token-is-required"):
        answer = mute(call.through(graphcalls_stage.client_without_token()), participant)
    assert refused(answer)


@rule("participant-mute.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """Under beta the address below /app reaches the same operation."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    answer = mute(call.at_old_address(), participant)
    if refused(answer):
        graphcalls_stage.accepted(mute(call, participant), SUCCESS)
    assert not refused(answer)


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
    """What is answered for somebody who waits in the lobby?"""
    call = graphcalls_stage.meeting_call(people=1)
    guest = graphcalls_stage.person("Gina")
    graphcalls_stage.acting(call, guest).waits(call=call.id)
    graphcalls_stage.record_answer("participant-mute.in-the-lobby", mute(call, call.id_of(guest)))


@question("participant-mute.roster-content")
def test_question_roster_content(graphcalls_stage: Stage) -> None:
    """Does the roster that follows a mute list everybody?"""
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
