"""Record response. What the documentation promises about recording what is said in a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    app_hosted_call,
    prompt,
    test_a_client_context_of_256_characters_is_taken,
    test_a_client_context_of_257_characters_is_not_taken,
    test_a_token_is_required,
    test_it_is_answered_with_200_and_the_operation as test_a_recording_is_answered_with_the_operation,
    test_the_answer_does_not_wait as test_the_answer_does_not_wait_for_the_recording,
    test_the_client_context_comes_back,
    test_the_location_header_names_an_operation,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-record"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
RECORD, PLAY = "call-record", "call-playprompt"
SUCCESS, END = "call-record.success-is-200-with-operation", "call-record.end-leads-to-the-recording"
LONG = 120.0
"""Seconds within which every recording has ended."""


def record(call: StagedCall, **body: Any) -> Answer:
    """Record, without a beep unless ``body`` says otherwise."""
    return call.send(RECORD, {"playBeep": False, **body})


def end_of(stage: Stage, call: StagedCall, answer: Answer, within: float = LONG) -> Mapping[str, Any]:
    """The data of the notification of the end of the operation in ``answer``; empty when none comes."""
    notices = stage.wait_for_end(call, answer, within=within)
    return notices[0].of_call() if notices else {}


def recorded(stage: Stage, call: StagedCall, **body: Any) -> Mapping[str, Any]:
    """The end of a recording that was taken."""
    return end_of(stage, call, stage.accepted(record(call, **body), SUCCESS))


def file_of(stage: Stage, call: StagedCall) -> tuple[str, str]:
    """Address and token of a recording that has ended."""
    end = recorded(stage, call)
    address, token = end.get("recordingLocation"), end.get("recordingAccessToken")
    if not address or not token:
        raise stage.cannot_tell("a recording to read", "its end has no address or no token", END)
    return str(address), str(token)


NEARLY_AN_HOUR = 3000.0
"""Seconds; after an hour the token of the test would have run out, and what it made could not be hung up."""


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """What one person says is recorded."""
    return Attempt(OPERATION, graphcalls_stage.peer_to_peer_call(), record)


@rule("call-record.end-leads-to-the-recording")
def test_the_end_has_the_address_and_the_token_of_the_file(graphcalls_stage: Stage) -> None:
    """A recording of a person who speaks ends as completed, and its notification leads to the file."""
    end = recorded(graphcalls_stage, graphcalls_stage.peer_to_peer_call())
    assert str(end.get("status")).lower() == "completed"
    assert str(end.get("recordingLocation")).startswith("http")
    assert end.get("recordingAccessToken")


@rule("call-record.file-opens-with-its-token")
def test_the_file_is_read_with_its_own_token(graphcalls_stage: Stage) -> None:
    """A GET with recordingAccessToken is answered 200 with application/octet-stream."""
    answer = graphcalls_stage.read(*file_of(graphcalls_stage, graphcalls_stage.peer_to_peer_call()))
    assert answer.status_code == 200
    assert answer.headers.get("Content-Type", "").startswith("application/octet-stream")
    assert answer.content


@rule("call-record.file-is-gone-after-the-call")
def test_the_file_is_gone_an_hour_after_the_call(graphcalls_stage: Stage) -> None:
    """The file can be read while the call goes on, and not for ever."""
    call = graphcalls_stage.peer_to_peer_call()
    file = file_of(graphcalls_stage, call)
    graphcalls_stage.accepted(graphcalls_stage.read(*file), "call-record.file-opens-with-its-token")
    graphcalls_stage.accepted(call.hang_up())
    graphcalls_stage.advance(NEARLY_AN_HOUR)
    assert refused(graphcalls_stage.read(*file))


@rule("call-record.longest-time-ends-it")
def test_the_longest_time_ends_it(graphcalls_stage: Stage) -> None:
    """A person who speaks on is recorded for that long, and the end says 200 and 8515."""
    call = graphcalls_stage.peer_to_peer_call()
    answer = graphcalls_stage.accepted(record(call, maxRecordDurationInSeconds=10), SUCCESS)
    result = end_of(graphcalls_stage, call, answer, within=19.0).get("resultInfo") or {}
    assert (result.get("code"), result.get("subcode")) == (200, 8515)


@rule("call-record.pause-ends-it")
def test_a_pause_ends_it(graphcalls_stage: Stage) -> None:
    """A person speaks and falls silent; it does not go on until the longest time."""
    call = graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.acting(call).speaks(seconds=3.0)
    answer = record(call, maxSilenceTimeoutInSeconds=2, maxRecordDurationInSeconds=100)
    end = end_of(graphcalls_stage, call, graphcalls_stage.accepted(answer, SUCCESS), within=20.0)
    assert str(end.get("status")).lower() == "completed"


@rule("call-record.stop-tone-ends-it")
def test_a_stop_tone_ends_it(graphcalls_stage: Stage) -> None:
    """A key of stopTones ends it; it does not go on until the longest time."""
    call = graphcalls_stage.peer_to_peer_call()
    answer = graphcalls_stage.accepted(record(call, stopTones=["1", "#"], maxRecordDurationInSeconds=100), SUCCESS)
    graphcalls_stage.acting(call).presses(keys="#", after=2.0)
    end = end_of(graphcalls_stage, call, answer, within=20.0)
    assert str(end.get("status")).lower() == "completed"


@rule("call-record.silence-counts-after-the-prompt")
def test_silence_counts_after_the_prompt(graphcalls_stage: Stage) -> None:
    """Five and a half seconds after the request, a prompt later, it still waits for a first word."""
    call = graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.acting(call).stays_silent()
    answer = graphcalls_stage.accepted(record(call, prompts=[prompt()], initialSilenceTimeoutInSeconds=5), SUCCESS)
    assert end_of(graphcalls_stage, call, answer, within=5.5) == {}


@rule("call-record.waits-for-its-turn")
def test_a_recording_waits_for_a_prompt(graphcalls_stage: Stage) -> None:
    """What was posted first ends first, although the recording alone would be shorter."""
    stage = graphcalls_stage
    call = stage.peer_to_peer_call()
    played = stage.accepted(call.send(PLAY, {"prompts": [prompt()] * 4}), f"{PLAY}.success-is-200-with-operation")
    answer = stage.accepted(record(call, maxRecordDurationInSeconds=2), SUCCESS)
    ids = [str(members(one).get("id")) for one in (played, answer)]
    ended: list[str] = []

    def both_ended() -> bool:
        notified = (one.about.rpartition("/")[2] for one in stage.notifications if one.change == "deleted")
        ended[:] = [id for id in notified if id in ids]
        return len(ended) > 1

    stage.reached(both_ended, "the ends of a prompt and of a recording", END)
    assert ended == ids


@rule("call-record.barge-in-ends-what-runs")
def test_barge_in_does_not_wait(graphcalls_stage: Stage) -> None:
    """A recording with bargeInAllowed ends long before the prompts would have that were played."""
    stage = graphcalls_stage
    call = stage.peer_to_peer_call()
    stage.accepted(call.send(PLAY, {"prompts": [prompt()] * 20}), f"{PLAY}.success-is-200-with-operation")
    answer = record(call, bargeInAllowed=True, maxRecordDurationInSeconds=2)
    assert end_of(stage, call, stage.accepted(answer, SUCCESS), within=15.0)


@rule("call-record.service-hosted-media-only")
def test_app_hosted_media_is_refused(graphcalls_stage: Stage) -> None:
    """A bot that hosts its media itself records itself."""
    assert refused(record(app_hosted_call(graphcalls_stage)))


@rule("call-record.at-most-one-prompt")
def test_one_prompt_is_taken(graphcalls_stage: Stage) -> None:
    """The longest list that is allowed is not refused."""
    assert not refused(record(graphcalls_stage.peer_to_peer_call(), prompts=[prompt()]))


@rule("call-record.at-most-one-prompt")
def test_two_prompts_are_not_taken(graphcalls_stage: Stage) -> None:
    """A longer one is."""
    with graphcalls_stage.expecting("at-most-one-prompt"):
        answer = record(graphcalls_stage.peer_to_peer_call(), prompts=[prompt()] * 2)
    assert refused(answer)


@rule("call-record.recordings-up-to-two-minutes")
def test_two_minutes_are_taken(graphcalls_stage: Stage) -> None:
    """The longest time is not refused."""
    assert not refused(record(graphcalls_stage.peer_to_peer_call(), maxRecordDurationInSeconds=120))


@rule("call-record.times-from-1-to-120")
def test_times_at_the_limits_are_taken(graphcalls_stage: Stage) -> None:
    """Times of one second and of 120 are accepted."""
    call = graphcalls_stage.peer_to_peer_call()
    assert not refused(record(call, initialSilenceTimeoutInSeconds=120, maxSilenceTimeoutInSeconds=1))


@rule("call-record.times-from-1-to-120")
@pytest.mark.parametrize("seconds", [0, 121])
def test_times_beyond_the_limits_are_not_taken(graphcalls_stage: Stage, seconds: int) -> None:
    """Both no time at all and more than two minutes are."""
    with graphcalls_stage.expecting("times-from-1-to-120"):
        answer = record(graphcalls_stage.peer_to_peer_call(), initialSilenceTimeoutInSeconds=seconds)
    assert refused(answer)


@rule("call-record.stop-tones-are-keys")
def test_keys_are_taken_as_stop_tones(graphcalls_stage: Stage) -> None:
    """Keys as in the example are not refused, a tone's name is."""
    call = graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.accepted(record(call, stopTones=["#", "1", "*"]), SUCCESS)
    with graphcalls_stage.expecting("stop-tones-are-keys"):
        answer = record(call, stopTones=["pound"])
    assert refused(answer)


@question("call-record.longer-than-two-minutes")
def test_question_longer_than_two_minutes(graphcalls_stage: Stage) -> None:
    """Is a longer time than two minutes refused, or cut?"""
    with graphcalls_stage.expecting("recordings-up-to-two-minutes"):
        answer = record(graphcalls_stage.peer_to_peer_call(), maxRecordDurationInSeconds=121)
    graphcalls_stage.record_answer("call-record.longer-than-two-minutes", answer)


@question("call-record.time-out-of-range")
def test_question_time_out_of_range(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a silence of 0 seconds?"""
    with graphcalls_stage.expecting("times-from-1-to-120"):
        answer = record(graphcalls_stage.peer_to_peer_call(), maxSilenceTimeoutInSeconds=0)
    graphcalls_stage.record_answer("call-record.time-out-of-range", answer)


@question("call-record.stop-tone-by-name")
def test_question_stop_tone_by_name(graphcalls_stage: Stage) -> None:
    """What is answered to a stop tone that is named like a tone?"""
    with graphcalls_stage.expecting("stop-tones-are-keys"):
        answer = record(graphcalls_stage.peer_to_peer_call(), stopTones=["pound"])
    graphcalls_stage.record_answer("call-record.stop-tone-by-name", answer)


@question("call-record.two-prompts")
def test_question_two_prompts(graphcalls_stage: Stage) -> None:
    """Which status and code refuse two prompts?"""
    with graphcalls_stage.expecting("at-most-one-prompt"):
        answer = record(graphcalls_stage.peer_to_peer_call(), prompts=[prompt()] * 2)
    graphcalls_stage.record_answer("call-record.two-prompts", answer)


@question("call-record.app-hosted-media-status")
def test_question_app_hosted_media(graphcalls_stage: Stage) -> None:
    """Which status and code refuse a recording in a call with app-hosted media?"""
    answer = record(app_hosted_call(graphcalls_stage))
    graphcalls_stage.record_answer("call-record.app-hosted-media-status", answer)


@question("call-record.nothing-said")
def test_question_nothing_said(graphcalls_stage: Stage) -> None:
    """How does a recording end in which nothing is said?"""
    call = graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.acting(call).stays_silent()
    answer = record(call)
    end = end_of(graphcalls_stage, call, answer)
    result = end.get("resultInfo") or {}
    note = f"{end.get('status')} {result.get('code')}/{result.get('subcode')} {end.get('completionReason')}"
    graphcalls_stage.record_answer("call-record.nothing-said", answer, note)


@question("call-record.wrong-token")
def test_question_wrong_token(graphcalls_stage: Stage) -> None:
    """What is answered to a GET on recordingLocation with another token?"""
    address, _ = file_of(graphcalls_stage, graphcalls_stage.peer_to_peer_call())
    _, other = file_of(graphcalls_stage, graphcalls_stage.peer_to_peer_call())
    graphcalls_stage.record_answer("call-record.wrong-token", graphcalls_stage.read(address, other))


@question("call-record.gone-status")
def test_question_gone_status(graphcalls_stage: Stage) -> None:
    """What is answered when the recording was dropped?"""
    call = graphcalls_stage.peer_to_peer_call()
    file = file_of(graphcalls_stage, call)
    graphcalls_stage.accepted(call.hang_up())
    graphcalls_stage.advance(NEARLY_AN_HOUR)
    graphcalls_stage.record_answer("call-record.gone-status", graphcalls_stage.read(*file))
