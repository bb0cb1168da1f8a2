"""participant: configureMixer. What the documentation promises about the mixer levels of a call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

MIX = "participant-configuremixer"
SUCCESS = "participant-configuremixer.success-is-202-with-operation"


def mix(call: StagedCall, participant_id: str = "", **body: Any) -> Answer:
    """Let the first participant of ``call``, or the one that is named, hear the bot quieter."""
    source = {"participant": call.own_id(), "level": 50, "duckOthers": False}
    level = {"participant": participant_id or call.id_of(call.people[0]), "exclusive": False, "sourceLevels": [source]}
    return call.send(MIX, {"participantMixerLevels": [level], **body})


@rule("participant-configuremixer.success-is-202-with-operation")
def test_levels_are_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that was taken is answered with 202 and its operation."""
    answer = mix(graphcalls_stage.meeting_call(people=1))
    assert answer.status_code == 202
    assert members(answer).get("id"), "the answer names no operation"


@rule("participant-configuremixer.location-names-the-operation")
def test_the_location_header_names_the_operation(graphcalls_stage: Stage) -> None:
    """Its last segment is the id of the operation."""
    answer = graphcalls_stage.accepted(mix(graphcalls_stage.meeting_call(people=1)), SUCCESS)
    assert answer.headers.get("Location", "").rpartition("/")[2] == members(answer).get("id")


@rule("participant-configuremixer.completion-is-notified")
def test_the_end_of_the_operation_is_notified(graphcalls_stage: Stage) -> None:
    """It ends as completed."""
    call = graphcalls_stage.meeting_call(people=1)
    answer = graphcalls_stage.accepted(mix(call), SUCCESS)
    notices = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")
    assert [one.state() for one in notices] == ["completed"]


@rule("participant-configuremixer.routes-stay-as-they-are")
def test_audio_routing_groups_stay_as_they_are(graphcalls_stage: Stage) -> None:
    """A group is read as before."""
    call = graphcalls_stage.meeting_call(people=1)
    body = {"routingMode": "oneToOne", "sources": [call.own_id()], "receivers": []}
    made = "call-post-audioroutinggroups.success-is-200-with-group"
    group = str(members(graphcalls_stage.accepted(call.send("call-post-audioroutinggroups", body), made)).get("id"))
    before = members(graphcalls_stage.accepted(call.send("audioroutinggroup-get", group_id=group)))
    graphcalls_stage.accepted(mix(call), SUCCESS)
    assert members(call.send("audioroutinggroup-get", group_id=group)).get("sources") == before.get("sources")


@rule("participant-configuremixer.role-is-required")
def test_a_role_is_required(graphcalls_stage: Stage) -> None:
    """A token without any of the roles of the permission table sets no levels."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    assert refused(mix(call.through(graphcalls_stage.client_with()), participant))
    # Is it because of the roles? Then the same request with them is carried out.
    graphcalls_stage.accepted(mix(call, participant), SUCCESS)


@rule("participant-configuremixer.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    with graphcalls_stage.expecting("token-is-required"):
        answer = mix(call.through(graphcalls_stage.client_without_token()), participant)
    assert refused(answer)


@rule("participant-configuremixer.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """The address below /app reaches the same operation."""
    call = graphcalls_stage.meeting_call(people=1)
    participant = call.id_of(call.people[0])
    answer = mix(call.at_old_address(), participant)
    if refused(answer):
        graphcalls_stage.accepted(mix(call, participant), SUCCESS)
    assert not refused(answer)


@question("participant-configuremixer.still-there")
def test_question_still_there(graphcalls_stage: Stage) -> None:
    """Does the service still have the action?"""
    answer = mix(graphcalls_stage.meeting_call(people=1))
    graphcalls_stage.record_answer("participant-configuremixer.still-there", answer)


@question("participant-configuremixer.client-context")
def test_question_client_context(graphcalls_stage: Stage) -> None:
    """Does clientContext come back on the operation?"""
    context = graphcalls_stage.new_id()
    answer = mix(graphcalls_stage.meeting_call(people=1), clientContext=context)
    note = "it comes back" if members(answer).get("clientContext") == context else ""
    graphcalls_stage.record_answer("participant-configuremixer.client-context", answer, note)


@question("participant-configuremixer.unknown-participant")
def test_question_unknown_participant(graphcalls_stage: Stage) -> None:
    """What is answered when a participant is not in the call?"""
    answer = mix(graphcalls_stage.meeting_call(people=0), graphcalls_stage.new_id())
    graphcalls_stage.record_answer("participant-configuremixer.unknown-participant", answer)


@question("participant-configuremixer.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """What is answered in a peer-to-peer call?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer = mix(call, call.own_id())
    graphcalls_stage.record_answer("participant-configuremixer.in-peer-to-peer", answer)
