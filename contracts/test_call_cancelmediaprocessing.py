"""Cancel media processing. What the documentation promises about stopping what is played into a call."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    prompt,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_the_operation as test_it_is_answered_with_the_operation,
    test_no_notification_tells_of_its_own_end,
    test_the_location_header_names_an_operation,
    test_the_old_address_still_works,
    test_the_operation_in_the_answer_is_completed,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-cancelmediaprocessing"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-cancelmediaprocessing.success-is-200-with-operation"
PLAY = "call-playprompt.success-is-200-with-operation"


def playing(stage: Stage) -> tuple[StagedCall, list[str]]:
    """A call in which one prompt is played and another waits, and the ids of their operations."""
    call = stage.peer_to_peer_call()
    answers = [stage.accepted(call.send("call-playprompt", {"prompts": [prompt()] * 4}), PLAY) for _ in range(2)]
    return call, [str(members(answer).get("id")) for answer in answers]


def cancel(call: StagedCall) -> Answer:
    """Cancel what is played."""
    return call.send(OPERATION, {})


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """What is played is cancelled."""
    return Attempt(OPERATION, playing(graphcalls_stage)[0], cancel)


@rule("call-cancelmediaprocessing.running-and-queued-are-cancelled")
def test_neither_what_runs_nor_what_waits_goes_on(graphcalls_stage: Stage) -> None:
    """After the request no operation of a prompt is unfinished."""
    call, ids = playing(graphcalls_stage)
    graphcalls_stage.accepted(cancel(call), SUCCESS)
    unfinished = {"running", "notstarted"}
    assert graphcalls_stage.until(lambda: not [id for id in ids if call.status_of(id) in unfinished], within=5.0)


@rule("call-cancelmediaprocessing.cancelled-operations-fail")
def test_the_end_of_each_cancelled_operation_is_notified(graphcalls_stage: Stage) -> None:
    """A cancelled prompt ends as failed, with 400 and subcode 8508."""
    call, ids = playing(graphcalls_stage)
    graphcalls_stage.accepted(cancel(call), SUCCESS)
    for id in ids:
        notices = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{id}")
        results = [notice.of_call().get("resultInfo") or {} for notice in notices]
        assert [notice.state() for notice in notices] == ["failed"]
        assert [(one.get("code"), one.get("subcode")) for one in results] == [(400, 8508)]


@rule("call-cancelmediaprocessing.subscription-goes-on")
def test_keys_are_still_notified(graphcalls_stage: Stage) -> None:
    """A subscription to tones is no media that is cancelled."""
    call = graphcalls_stage.peer_to_peer_call()
    subscribed = call.send("call-subscribetotone", {})
    graphcalls_stage.accepted(subscribed, "call-subscribetotone.success-is-200-with-operation")
    graphcalls_stage.accepted(cancel(call), SUCCESS)
    graphcalls_stage.acting(call).presses(keys="5")
    notified = graphcalls_stage.wait_for_notices(
        "updated", call.id, until=lambda some: any(one.of_call().get("toneInfo") for one in some)
    )
    tones = [(one.of_call().get("toneInfo") or {}).get("tone") for one in notified]
    assert [tone for tone in tones if tone] == ["tone5"]


@rule("call-cancelmediaprocessing.cancelled-recording-is-empty")
def test_a_cancelled_recording_leads_nowhere(graphcalls_stage: Stage) -> None:
    """Address and token of its end are empty."""
    call = graphcalls_stage.peer_to_peer_call()
    recording = call.send("call-record", {"maxRecordDurationInSeconds": 60})
    id = members(graphcalls_stage.accepted(recording, "call-record.success-is-200-with-operation")).get("id")
    graphcalls_stage.accepted(cancel(call), SUCCESS)
    notices = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{id}")
    if not notices:
        wanted, see = "the end of a cancelled recording", "call-cancelmediaprocessing.cancelled-operations-fail"
        raise graphcalls_stage.cannot_tell(wanted, "it was not notified", see)
    ends = [notice.of_call() for notice in notices]
    assert [(one.get("recordingLocation"), one.get("recordingAccessToken")) for one in ends] == [("", "")]


@question("call-cancelmediaprocessing.nothing-to-cancel")
def test_question_nothing_to_cancel(graphcalls_stage: Stage) -> None:
    """What is answered when neither a prompt nor a recording runs?"""
    answer = cancel(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-cancelmediaprocessing.nothing-to-cancel", answer)


@question("call-cancelmediaprocessing.tones-being-sent")
def test_question_tones_being_sent(graphcalls_stage: Stage) -> None:
    """Are tones that are being sent cancelled?"""
    call = graphcalls_stage.peer_to_peer_call()
    sent = call.send("call-senddtmftones", {"tones": ["tone1"] * 9})
    id = members(graphcalls_stage.accepted(sent, "call-senddtmftones.success-is-200-with-operation")).get("id")
    answer = cancel(call)
    notices = graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{id}")
    reasons = [str(one.of_call().get("completionReason")) for one in notices]
    note = f"they ended with {' '.join(reasons) or 'nothing'}"
    graphcalls_stage.record_answer("call-cancelmediaprocessing.tones-being-sent", answer, note)
