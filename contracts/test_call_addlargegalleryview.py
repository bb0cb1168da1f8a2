"""Add the large gallery. What the documentation promises about the picture of many people in one."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_client_context_of_256_characters_is_taken,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_role_is_required,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_the_operation as test_it_is_answered_with_the_operation,
    test_the_answer_does_not_wait as test_the_answer_does_not_wait_for_the_gallery,
    test_the_client_context_comes_back,
    test_the_end_of_the_operation_is_notified as test_the_end_is_notified,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

question = pytest.mark.graphcalls_question
OPERATION = "call-addlargegalleryview"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-addlargegalleryview.success-is-202-with-operation"


def act(call: StagedCall, **body: Any) -> Answer:
    """Let the bot ask for the gallery."""
    return call.send(OPERATION, body)


def ended(stage: Stage, call: StagedCall, answer: Answer) -> None:
    """Wait until the operation of an answer is over, if that can be read."""
    id = str(members(answer).get("id"))
    stage.until(lambda: call.status_of(id) in {"completed", "failed"}, within=10)


def listed(call: StagedCall) -> dict[str, str]:
    """By participant id: who is in the list, and the directions of the streams."""
    found = {}
    for one in call.roster():
        who = one.get("info", {}).get("identity", {})
        named = [f"{sort} {value.get('displayName')}" for sort, value in who.items() if isinstance(value, dict)]
        streams = [f"{stream.get('mediaType')} {stream.get('direction')}" for stream in one.get("mediaStreams", ())]
        found[str(one.get("id"))] = (
            f"{', '.join(named)} ({', '.join(streams)}{', on hold' * bool(one.get('isOnHold'))})"
        )
    return found


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """The bot of a meeting asks for the gallery."""
    return Attempt(OPERATION, graphcalls_stage.meeting_call(people=0), act)


@question("call-addlargegalleryview.in-peer-to-peer")
def test_question_in_a_peer_to_peer_call(graphcalls_stage: Stage) -> None:
    """What is answered in a peer-to-peer call, and what comes of it?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer, note = act(call), ""
    if not refused(answer):
        ended(graphcalls_stage, call, answer)
        note = f"the operation is {call.status_of(str(members(answer).get('id')))}"
    graphcalls_stage.record_answer("call-addlargegalleryview.in-peer-to-peer", answer, note)


@question("call-addlargegalleryview.participant-that-is-added")
def test_question_participant_that_is_added(graphcalls_stage: Stage) -> None:
    """Which participant is in the list afterwards that was not there before?"""
    call = graphcalls_stage.meeting_call(people=0)
    before = listed(call)
    answer = graphcalls_stage.accepted(act(call), SUCCESS)
    ended(graphcalls_stage, call, answer)
    new = [who for id, who in listed(call).items() if id not in before]
    note = f"added: {'; '.join(new) or 'none'}"
    graphcalls_stage.record_answer("call-addlargegalleryview.participant-that-is-added", answer, note)


@question("call-addlargegalleryview.second-gallery")
def test_question_second_gallery(graphcalls_stage: Stage) -> None:
    """What is answered to a second request, and which participants are in the list afterwards?"""
    call = graphcalls_stage.meeting_call(people=0)
    before = listed(call)
    ended(graphcalls_stage, call, graphcalls_stage.accepted(act(call), SUCCESS))
    answer, note = act(call), ""
    if not refused(answer):
        ended(graphcalls_stage, call, answer)
        note = f"in the list: {'; '.join(who for id, who in listed(call).items() if id not in before)}"
    graphcalls_stage.record_answer("call-addlargegalleryview.second-gallery", answer, note)
