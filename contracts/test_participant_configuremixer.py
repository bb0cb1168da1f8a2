"""participant: configureMixer. What the documentation promises about the mixer levels of a call."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_the_operation as test_levels_are_answered_with_the_operation,
    test_the_end_of_the_operation_is_notified,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "participant-configuremixer"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "participant-configuremixer.success-is-202-with-operation"


def mix(call: StagedCall, participant_id: str = "", **body: Any) -> Answer:
    """Let the first participant of ``call``, or the one that is named, hear the bot quieter."""
    source = {"participant": call.own_id(), "level": 50, "duckOthers": False}
    level = {"participant": participant_id or call.id_of(call.people[0]), "exclusive": False, "sourceLevels": [source]}
    return call.send(OPERATION, {"participantMixerLevels": [level], **body})


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """One person hears the bot quieter."""
    call = graphcalls_stage.meeting_call(people=1)
    return Attempt(OPERATION, call, partial(mix, participant_id=call.id_of(call.people[0])))


@rule("participant-configuremixer.location-names-the-operation")
def test_the_location_header_names_the_operation(graphcalls_stage: Stage) -> None:
    """The last segment of the Location header is the id of the operation."""
    answer = graphcalls_stage.accepted(mix(graphcalls_stage.meeting_call(people=1)), SUCCESS)
    assert answer.headers.get("Location", "").rpartition("/")[2] == members(answer).get("id")


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
