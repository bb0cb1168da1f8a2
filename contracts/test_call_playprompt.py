"""Play prompt. What the documentation promises about playing audio into a call."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    BEEP,
    Attempt,
    app_hosted_call,
    prompt,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_the_operation as test_a_prompt_is_answered_with_the_operation,
    test_the_answer_does_not_wait as test_the_answer_does_not_wait_for_the_audio,
    test_the_client_context_comes_back,
    test_the_end_of_the_operation_is_notified,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-playprompt"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-playprompt.success-is-200-with-operation"


def play(call: StagedCall, *prompts: dict[str, Any], **body: Any) -> Answer:
    """Play prompts, by default one."""
    return call.send(OPERATION, {"prompts": list(prompts or (prompt(),)), **body})


def end_of(stage: Stage, call: StagedCall, answer: Answer, within: float | None = None) -> list[str]:
    """What is notified of the end of the operation in ``answer``."""
    return [notice.state() for notice in stage.wait_for_end(call, answer, within=within)]


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """One prompt is played to one person."""
    return Attempt(OPERATION, graphcalls_stage.peer_to_peer_call(), play)


@rule("call-playprompt.service-hosted-media-only")
def test_no_prompt_is_played_with_app_hosted_media(graphcalls_stage: Stage) -> None:
    """A bot that hosts its media itself plays its audio itself."""
    assert refused(play(app_hosted_call(graphcalls_stage)))


@rule("call-playprompt.at-most-20-prompts")
def test_twenty_prompts_are_taken(graphcalls_stage: Stage) -> None:
    """The longest list that is allowed is not refused."""
    call = graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.accepted(play(call), SUCCESS)
    assert not refused(play(call, *[prompt()] * 20))


@rule("call-playprompt.at-most-20-prompts")
def test_twenty_one_prompts_are_not_taken(graphcalls_stage: Stage) -> None:
    """A longer one is."""
    with graphcalls_stage.expecting("at-most-20-prompts"):
        answer = play(graphcalls_stage.peer_to_peer_call(), *[prompt()] * 21)
    assert refused(answer)


@rule("call-playprompt.prompts-run-in-order")
def test_prompts_run_in_order(graphcalls_stage: Stage) -> None:
    """An operation that was started later ends later, although it plays less."""
    stage = graphcalls_stage
    call = stage.peer_to_peer_call()
    answers = [stage.accepted(play(call, *some), SUCCESS) for some in ([prompt(), prompt()], [prompt()])]
    ids = [str(members(answer).get("id")) for answer in answers]
    ended: list[str] = []

    def both_ended() -> bool:
        notified = (one.about.rpartition("/")[2] for one in stage.notifications if one.change == "deleted")
        ended[:] = [id for id in notified if id in ids]
        return len(ended) > 1

    stage.reached(both_ended, "two prompts that were played", "call-playprompt.completion-is-notified")
    assert ended == ids


@rule("call-playprompt.endless-loop-has-no-end")
def test_an_endless_loop_has_no_end(graphcalls_stage: Stage) -> None:
    """While the audio is played over and over, the operation runs."""
    call = graphcalls_stage.peer_to_peer_call()
    answer = graphcalls_stage.accepted(play(call, loop=True), SUCCESS)
    assert end_of(graphcalls_stage, call, answer, within=600.0) == []


@rule("call-playprompt.client-context-at-most-256")
def test_a_client_context_of_256_characters_is_taken(graphcalls_stage: Stage) -> None:
    """The longest clientContext that is allowed is not refused."""
    call = graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.accepted(play(call), SUCCESS)
    assert not refused(play(call, clientContext="c" * 256))


@question("call-playprompt.too-many-prompts-status")
def test_question_too_many_prompts(graphcalls_stage: Stage) -> None:
    """Which status and code refuse 21 prompts?"""
    with graphcalls_stage.expecting("at-most-20-prompts"):
        answer = play(graphcalls_stage.peer_to_peer_call(), *[prompt()] * 21)
    graphcalls_stage.record_answer("call-playprompt.too-many-prompts-status", answer)


@question("call-playprompt.no-prompts")
def test_question_no_prompts(graphcalls_stage: Stage) -> None:
    """What is answered to an empty list of prompts?"""
    answer = graphcalls_stage.peer_to_peer_call().send(OPERATION, {"prompts": []})
    graphcalls_stage.record_answer("call-playprompt.no-prompts", answer)


@question("call-playprompt.app-hosted-media-status")
def test_question_app_hosted_media(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a prompt in a call with app-hosted media?"""
    answer = play(app_hosted_call(graphcalls_stage))
    graphcalls_stage.record_answer("call-playprompt.app-hosted-media-status", answer)


@question("call-playprompt.http-uri")
def test_question_http_uri(graphcalls_stage: Stage) -> None:
    """What is answered to a prompt whose uri is not https?"""
    unsafe = prompt(uri="http://bot.example.org/beep.wav", resourceId=BEEP["resourceId"])
    graphcalls_stage.record_answer("call-playprompt.http-uri", play(graphcalls_stage.peer_to_peer_call(), unsafe))


@question("call-playprompt.no-resource-id")
def test_question_no_resource_id(graphcalls_stage: Stage) -> None:
    """Can a prompt do without resourceId?"""
    answer = play(graphcalls_stage.peer_to_peer_call(), prompt(uri=BEEP["uri"]))
    graphcalls_stage.record_answer("call-playprompt.no-resource-id", answer)


@question("call-playprompt.unfetchable-uri")
def test_question_unfetchable_uri(graphcalls_stage: Stage) -> None:
    """How does a prompt end whose uri cannot be fetched?"""
    call = graphcalls_stage.peer_to_peer_call()
    answer = play(call, prompt(uri="https://bot.example.org/there-is-none.wav", resourceId="none"))
    note = f"it ended as {' '.join(end_of(graphcalls_stage, call, answer)) or 'nothing'}"
    graphcalls_stage.record_answer("call-playprompt.unfetchable-uri", answer, note)


@question("call-playprompt.without-media-info")
def test_question_without_media_info(graphcalls_stage: Stage) -> None:
    """What is answered to a prompt without mediaInfo?"""
    call = graphcalls_stage.peer_to_peer_call()
    with graphcalls_stage.expecting("member-missing"):
        answer = play(call, {"@odata.type": "#microsoft.graph.mediaPrompt"})
    graphcalls_stage.record_answer("call-playprompt.without-media-info", answer)


@question("call-playprompt.without-audio")
def test_question_without_audio(graphcalls_stage: Stage) -> None:
    """What is answered in a call that has no audio?"""
    call = graphcalls_stage.peer_to_peer_call(requestedModalities=["video"])
    graphcalls_stage.record_answer("call-playprompt.without-audio", play(call))
