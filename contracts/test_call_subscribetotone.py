"""Subscribe to tone. What the documentation promises about notifying a bot of telephone keys."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    app_hosted_call,
    test_a_client_context_of_256_characters_is_taken,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_the_operation as test_it_is_answered_with_the_operation,
    test_no_notification_tells_of_its_own_end,
    test_the_client_context_comes_back,
    test_the_old_address_still_works,
    test_the_operation_in_the_answer_is_completed,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-subscribetotone"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-subscribetotone.success-is-200-with-operation"


def subscribe(call: StagedCall, **body: Any) -> Answer:
    """Ask for the keys that are pressed."""
    return call.send(OPERATION, body)


def subscribed(stage: Stage) -> StagedCall:
    """A peer-to-peer call whose bot has subscribed."""
    call = stage.peer_to_peer_call()
    stage.accepted(subscribe(call), SUCCESS)
    return call


def keys(stage: Stage, call: StagedCall, count: int = 1) -> list[dict[str, Any]]:
    """What the updates of a call have said of keys, after waiting for as many."""

    def notified() -> list[dict[str, Any]]:
        found = (one.of_call().get("toneInfo") for one in stage.notices_of("updated", call.id))
        return [one for one in found if isinstance(one, dict)]

    stage.wait_for_notices("updated", call.id, until=lambda _: len(notified()) >= count)
    return notified()


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """The bot of a peer-to-peer call asks for the keys."""
    return Attempt(OPERATION, graphcalls_stage.peer_to_peer_call(), subscribe)


@rule("call-subscribetotone.tones-are-notified")
def test_each_key_is_an_update_of_the_call(graphcalls_stage: Stage) -> None:
    """Two keys are two updates with the names of their tones, in order and with sequenceIds that grow."""
    call = subscribed(graphcalls_stage)
    graphcalls_stage.acting(call).presses(keys="1#")
    notified = keys(graphcalls_stage, call, 2)
    assert [one.get("tone") for one in notified] == ["tone1", "pound"]
    numbers = [int(one["sequenceId"]) for one in notified]
    assert numbers == sorted(set(numbers))


@rule("call-subscribetotone.service-hosted-media-only")
def test_app_hosted_media_is_refused(graphcalls_stage: Stage) -> None:
    """A bot that hosts its media itself hears the keys itself."""
    assert refused(subscribe(app_hosted_call(graphcalls_stage)))


@question("call-subscribetotone.app-hosted-media-status")
def test_question_app_hosted_media(graphcalls_stage: Stage) -> None:
    """Which status and code refuse it in a call with app-hosted media?"""
    answer = subscribe(app_hosted_call(graphcalls_stage))
    graphcalls_stage.record_answer("call-subscribetotone.app-hosted-media-status", answer)


@question("call-subscribetotone.subscribed-twice")
def test_question_subscribed_twice(graphcalls_stage: Stage) -> None:
    """What is answered to a second subscription?"""
    answer = subscribe(subscribed(graphcalls_stage))
    graphcalls_stage.record_answer("call-subscribetotone.subscribed-twice", answer)


@question("call-subscribetotone.first-sequence-id")
def test_question_first_sequence_id(graphcalls_stage: Stage) -> None:
    """Which sequenceId does the first key have?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer = subscribe(call)
    graphcalls_stage.acting(call).presses(keys="1")
    notified = [str(one.get("sequenceId")) for one in keys(graphcalls_stage, call)]
    graphcalls_stage.record_answer(
        "call-subscribetotone.first-sequence-id", answer, f"the first has {' '.join(notified)}"
    )


@question("call-subscribetotone.key-before-subscription")
def test_question_key_before_subscription(graphcalls_stage: Stage) -> None:
    """Is a key posted that was pressed before the subscription?"""
    call = graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.acting(call).presses(keys="1")
    answer = subscribe(call)
    graphcalls_stage.acting(call).presses(keys="2")
    notified = [f"{one.get('sequenceId')} {one.get('tone')}" for one in keys(graphcalls_stage, call)]
    note = f"of a key before and one after it: {', '.join(notified)}"
    graphcalls_stage.record_answer("call-subscribetotone.key-before-subscription", answer, note)


@question("call-subscribetotone.stop-tone-as-well")
def test_question_stop_tone_as_well(graphcalls_stage: Stage) -> None:
    """Is a key that ends a recording posted as a tone as well?"""
    call = subscribed(graphcalls_stage)
    answer = call.send("call-record", {"stopTones": ["#"], "playBeep": False})
    graphcalls_stage.acting(call).presses(keys="#", after=1.0)
    notified = [str(one.get("tone")) for one in keys(graphcalls_stage, call)]
    graphcalls_stage.record_answer(
        "call-subscribetotone.stop-tone-as-well", answer, f"posted: {', '.join(notified) or 'none'}"
    )
