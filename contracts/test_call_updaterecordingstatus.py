"""Update recording status. What the documentation promises about a bot that says whether it records."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

UPDATE = "call-updaterecordingstatus"
SUCCESS = "call-updaterecordingstatus.success-is-200-with-operation"


def update(call: StagedCall, status: str = "recording", **body: Any) -> Answer:
    """Report a status."""
    return call.send(UPDATE, {"status": status, **body})


def policy_call(stage: Stage) -> StagedCall:
    """A call into which a recording policy has brought the bot."""
    return stage.answered_call(recording_policy=True)


@rule("call-updaterecordingstatus.success-is-200-with-operation")
def test_it_is_answered_with_the_operation(graphcalls_stage: Stage) -> None:
    """A request that worked is answered with 200 and its operation."""
    answer = update(policy_call(graphcalls_stage))
    assert answer.status_code == 200
    assert members(answer).get("id"), "the answer names no operation"


@rule("call-updaterecordingstatus.is-done-with-the-answer")
def test_the_operation_in_the_answer_is_completed(graphcalls_stage: Stage) -> None:
    """Nothing is left to wait for."""
    answer = graphcalls_stage.accepted(update(policy_call(graphcalls_stage)), SUCCESS)
    assert str(members(answer).get("status")).lower() == "completed"


@rule("call-updaterecordingstatus.no-end-is-notified")
def test_no_notification_tells_of_its_own_end(graphcalls_stage: Stage) -> None:
    """An operation that was answered as completed is not notified of once more."""
    call = policy_call(graphcalls_stage)
    answer = graphcalls_stage.accepted(update(call), SUCCESS)
    assert not graphcalls_stage.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}")


@rule("call-updaterecordingstatus.location-is-given")
def test_the_location_header_names_an_operation(graphcalls_stage: Stage) -> None:
    """It is the address of an operation of this call."""
    answer = graphcalls_stage.accepted(update(policy_call(graphcalls_stage)), SUCCESS)
    assert "/operations/" in answer.headers.get("Location", "")


@rule("call-updaterecordingstatus.recording-policy-only")
def test_a_bot_that_called_by_itself_is_refused(graphcalls_stage: Stage) -> None:
    """No recording policy has brought it into the call."""
    assert refused(update(graphcalls_stage.peer_to_peer_call()))


@rule("call-updaterecordingstatus.status-is-named")
def test_a_request_without_a_status_is_not_taken(graphcalls_stage: Stage) -> None:
    """Each of the three statuses is taken, none is not."""
    call = policy_call(graphcalls_stage)
    for status in ("recording", "notRecording", "failed"):
        graphcalls_stage.accepted(update(call, status), SUCCESS)
    with graphcalls_stage.expecting("status-is-named"):
        answer = call.send(UPDATE, {})
    assert refused(answer)


@rule("call-updaterecordingstatus.client-context-is-echoed")
def test_the_client_context_comes_back(graphcalls_stage: Stage) -> None:
    """What the caller gives as clientContext comes back unchanged."""
    context = graphcalls_stage.new_id()
    answer = graphcalls_stage.accepted(update(policy_call(graphcalls_stage), clientContext=context), SUCCESS)
    assert members(answer).get("clientContext") == context


@rule("call-updaterecordingstatus.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    assert not refused(update(policy_call(graphcalls_stage), clientContext="c" * 256))


@rule("call-updaterecordingstatus.client-context-at-most-256")
def test_a_client_context_of_257_characters_is_not_taken(graphcalls_stage: Stage) -> None:
    """A clientContext that is too long does not become that of an operation."""
    with graphcalls_stage.expecting("client-context-at-most-256"):
        answer = update(policy_call(graphcalls_stage), clientContext="c" * 257)
    assert refused(answer) or members(answer).get("clientContext") != "c" * 257


@rule("call-updaterecordingstatus.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call = policy_call(graphcalls_stage)
    with graphcalls_stage.expecting("token-is-required"):
        answer = update(call.through(graphcalls_stage.client_without_token()))
    assert refused(answer)


@rule("call-updaterecordingstatus.app-path-still-works")
def test_the_old_address_still_works(graphcalls_stage: Stage) -> None:
    """Under beta the address below /app reaches the same operation."""
    call = policy_call(graphcalls_stage)
    answer = update(call.at_old_address())
    if refused(answer):
        graphcalls_stage.accepted(update(call), SUCCESS)
    assert not refused(answer)


@question("call-updaterecordingstatus.not-by-policy-status")
def test_question_not_by_policy(graphcalls_stage: Stage) -> None:
    """Which status refuses a bot that no recording policy has brought in?"""
    answer = update(graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-updaterecordingstatus.not-by-policy-status", answer)


@question("call-updaterecordingstatus.unknown-status")
def test_question_unknown_status(graphcalls_stage: Stage) -> None:
    """What is answered to a status that is none?"""
    call = policy_call(graphcalls_stage)
    with graphcalls_stage.expecting("enum-unknown"):
        answer = update(call, "paused")
    graphcalls_stage.record_answer("call-updaterecordingstatus.unknown-status", answer)


@question("call-updaterecordingstatus.same-status-twice")
def test_question_same_status_twice(graphcalls_stage: Stage) -> None:
    """What is answered when a status is reported that holds already?"""
    call = policy_call(graphcalls_stage)
    graphcalls_stage.accepted(update(call), SUCCESS)
    graphcalls_stage.record_answer("call-updaterecordingstatus.same-status-twice", update(call))


@question("call-updaterecordingstatus.roster-follows")
def test_question_roster_follows(graphcalls_stage: Stage) -> None:
    """Does a roster with recordingInfo follow?"""
    call = policy_call(graphcalls_stage)
    answer = update(call)
    rosters = graphcalls_stage.wait_for_notices("updated", f"{call.id}/participants")
    note = f"rosters afterwards: {len(rosters)}"
    graphcalls_stage.record_answer("call-updaterecordingstatus.roster-follows", answer, note)
