"""Recordings: what ends them, the audio file, and who may read it."""

from __future__ import annotations

import io
import wave
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_graphcalls.errors import UnknownNameError
from pytest_graphcalls.simulator import SimulatedCall, Simulator
from pytest_graphcalls.simulator.audio import Plan, Recording, WrongFormatError, seconds_of
from pytest_graphcalls.wire import Headers, Request, Response
from tests.effort import examples
from tests.unit.simulator.bot import Bot, code, summaries


@pytest.fixture(name="simulator")
def _simulator() -> Simulator:
    return Simulator()


@pytest.fixture(name="bot", params=["v1.0", "beta"])
def _bot(simulator: Simulator, request: pytest.FixtureRequest) -> Bot:
    return Bot(simulator, version=request.param)


@pytest.fixture(name="call")
def _call(simulator: Simulator, bot: Bot) -> SimulatedCall:
    return bot.ring(simulator.person("Ana"))


def last_end(simulator: Simulator) -> dict[str, Any]:
    """What was notified of the operation that ended last."""
    entries = [note.entries[0] for note in simulator.notifications]
    ended = [one["resourceData"] for one in entries if "/operations/" in one["resourceUrl"]]
    assert isinstance(ended[-1], dict)
    return ended[-1]


def read(simulator: Simulator, url: str, token: str = "", method: str = "GET") -> Response:
    return simulator.handle(Request(method, url, Headers({"Authorization": f"Bearer {token}"} if token else {})))


def samples(file: bytes) -> tuple[float, bytes]:
    """Length in seconds, and the samples, of a WAV file in the format of the service."""
    with wave.open(io.BytesIO(file)) as audio:
        assert (audio.getnchannels(), audio.getsampwidth(), audio.getframerate()) == (1, 2, 16_000)
        return audio.getnframes() / 16_000, audio.readframes(audio.getnframes())


AUDIO = Recording("", "", "", 0, 1, ((0.0, 0.5),)).wav()[:200]
PLAN = Plan(silence=5, pause=3, longest=20, beep=False, stop=frozenset(), origin="")


@pytest.mark.parametrize(
    ("speech", "end"),
    [
        ([], (105, "silence")),
        ([(0, 99)], (105, "silence")),
        ([(0, float("inf"))], (120, "completed")),
        ([(101, 103)], (106, "pause")),
        ([(101, 103), (105, 107)], (110, "pause")),
        ([(105, 107), (101, 103)], (110, "pause")),
        ([(101, 103), (106, 107)], (106, "pause")),
        ([(105, 107)], (105, "silence")),
        ([(104.9, 107)], (110, "pause")),
        ([(101, 110), (102, 104)], (113, "pause")),
        ([(101, 118)], (120, "completed")),
    ],
)
def test_what_ends_a_recording(speech: list[tuple[float, float]], end: tuple[float, str]) -> None:
    """A first silence, a pause after the last word, or the longest time, whichever comes first."""
    assert PLAN.end(100, speech) == end


def test_prompt_beep_silence_recording(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """In this order: the silence clock starts after the beep."""
    simulator.person("Ana").stays_silent()
    bot.record(call, **bot.prompts(1))
    simulator.advance(simulator.pace.prompt + simulator.pace.beep + 4.9)
    assert call.operations[0].status == "running"
    simulator.advance(0.1)
    assert summaries(simulator.notifications)[-1] == "deleted operation failed 400/8510"
    assert [(one.ended, one.operation) for one in call.prompts] == [("completed", call.operations[0].id)]
    assert last_end(simulator)["recordingLocation"] == ""


def test_the_file_is_as_long_as_was_recorded(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A WAV file with a hum where something was said and silence elsewhere."""
    simulator.person("Ana").speaks(2, after=1)
    bot.record(call, playBeep=False, maxSilenceTimeoutInSeconds=3, maxRecordDurationInSeconds=60)
    simulator.advance(60)
    end = last_end(simulator)
    assert (end["status"], end["completionReason"]) == ("completed", "maxSilenceTimeout")
    answer = read(simulator, end["recordingLocation"], end["recordingAccessToken"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    seconds, audio = samples(answer.body)
    assert seconds == 6
    second = 32_000
    parts = [any(audio[at * second : (at + 1) * second]) for at in range(6)]
    assert parts == [False, True, True, False, False, False]
    (recording,) = call.recordings
    assert (recording.ends - recording.begins, recording.fetched) == (6, (simulator.now,))


def test_speech_during_a_recording_delays_its_end(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A person who becomes silent lets it end."""
    ana = simulator.person("Ana")
    bot.record(call, playBeep=False, maxSilenceTimeoutInSeconds=4, maxRecordDurationInSeconds=60)
    simulator.advance(10)
    ana.speaks(2)
    simulator.advance(5)
    ana.speaks(2)
    simulator.advance(5)
    assert call.operations[0].how == ""
    simulator.advance(1)
    assert (call.operations[0].how, call.recordings[0].ends - call.recordings[0].begins) == ("pause", 21)
    bot.record(call, playBeep=False, initialSilenceTimeoutInSeconds=7, maxRecordDurationInSeconds=60)
    ana.speaks(10, after=6)
    simulator.advance(5)
    ana.stays_silent()
    simulator.advance(2)
    assert call.operations[1].how == "silence"


def test_a_stop_tone_ends_it_when_it_listens(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Any other key, or one during the prompt, does not."""
    ana = simulator.person("Ana")
    bot.record(call, stopTones=["#", "A"], maxRecordDurationInSeconds=60, **bot.prompts(1))
    ana.presses("#", after=1).presses("1", after=4).presses("a", after=6)
    simulator.advance(60)
    assert (call.operations[0].how, call.recordings[0].ends - call.recordings[0].begins) == ("stop-tone", 3.5)
    assert last_end(simulator)["completionReason"] == "stopToneDetected"


def test_two_minutes_are_the_longest(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A longer time is cut, as reported (s2.15)."""
    bot.record(call, playBeep=False, maxRecordDurationInSeconds=1800)
    simulator.advance(119.9)
    assert call.recordings == ()
    simulator.advance(0.1)
    assert call.recordings[0].ends - call.recordings[0].begins == 120


def test_all_people_in_a_meeting_are_recorded(simulator: Simulator, bot: Bot) -> None:
    """People are recorded while they are in it; speech of those who have left is kept."""
    call = bot.join()
    simulator.person("Ana").speaks(2, after=1)
    simulator.person("Ben").speaks(2, after=4).leaves_after(100)
    bot.record(call, playBeep=False, maxRecordDurationInSeconds=60)
    simulator.person("Ben").hangs_up(after=5)
    simulator.advance(20)
    (recording,) = call.recordings
    start = recording.begins
    assert [(begins - start, ends - start) for begins, ends in sorted(recording.speech)] == [(1, 3), (4, 5)]
    assert recording.ends - start == 10


def test_a_recording_waits_for_what_is_played(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A prompt waits for a running recording, too."""
    began = simulator.now
    bot.play(call)
    bot.record(call, playBeep=False)
    bot.play(call)
    simulator.advance(60)
    begun = [(one.began or 0) - began for one in call.operations]
    assert begun == [0, 2, 7]


def test_barging_in_cuts_what_runs_and_what_waits(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Prompts and recordings alike; the new one begins at once."""
    bot.play(call)
    bot.record(call)
    bot.record(call, bargeInAllowed=True)
    assert [one.how for one in call.operations] == ["cancelled", "cancelled", ""]
    assert call.operations[2].began == simulator.now


def test_the_file_needs_its_token_and_is_removed_after_the_call(
    simulator: Simulator, bot: Bot, call: SimulatedCall
) -> None:
    """The token of Graph does not open the file; a minute after the end, or as the pace says, it is removed."""
    bot.record(call)
    simulator.advance(60)
    end = last_end(simulator)
    location, token = end["recordingLocation"], end["recordingAccessToken"]
    assert location.startswith("https://graph.microsoft.com/recordings/")
    assert code(read(simulator, location, bot.token)) == "401 Unauthorized"
    assert code(read(simulator, location)) == "401 Unauthorized"
    assert code(read(simulator, location, token, "POST")).startswith("405")
    assert code(read(simulator, f"{location[:-3]}000", token)) == "404 NotFound"
    assert bot.send("GET", "/communications/calls/x", Authorization=f"Bearer {token}").status == 401
    bot.delete(f"/{call.id}")
    simulator.advance(simulator.pace.recording_kept)
    assert read(simulator, location, token).status == 200
    simulator.advance(0.1)
    assert code(read(simulator, location, token)) == "404 NotFound"
    assert len(call.recordings[0].fetched) == 1


def test_a_hang_up_loses_the_recording_or_keeps_it(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A test chooses which; by default the recording is lost (s2.14)."""
    bot.record(call, maxRecordDurationInSeconds=60)
    simulator.person("Ana").hangs_up(after=5)
    simulator.advance(60)
    assert (call.state, call.recordings) == ("terminated", ())
    simulator.media.switches.choose(hang_up="keeps")
    other = bot.ring(simulator.person("Ben"))
    bot.record(other, playBeep=False, maxRecordDurationInSeconds=60)
    simulator.person("Ben").hangs_up(after=5)
    simulator.advance(60)
    ends = ["deleted operation completed 200/8509", "deleted call terminated 200/5002"]
    assert summaries(simulator.notifications)[-2:] == ends
    assert other.recordings[0].ends - other.recordings[0].begins == 5


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ("current", {"recordingLocation", "recordingAccessToken"}),
        ("older", {"recordResourceLocation", "recordResourceAccessToken"}),
        (
            "both",
            {"recordingLocation", "recordingAccessToken", "recordResourceLocation", "recordResourceAccessToken"},
        ),
    ],
)
def test_the_members_have_the_names_that_were_chosen(
    simulator: Simulator, bot: Bot, call: SimulatedCall, chosen: str, names: set[str]
) -> None:
    """The names are those of the page, those of a capture (s2.2), or both."""
    simulator.media.switches.choose(names=chosen)
    bot.record(call)
    simulator.advance(60)
    assert {name for name in last_end(simulator) if name.startswith("record")} == names


def test_a_switch_that_is_none_names_those_there_are(simulator: Simulator) -> None:
    """No switch is changed; a reset takes the defaults again."""
    switches = simulator.media.switches
    with pytest.raises(UnknownNameError, match=r"there is no switch 'name'\. Did you mean 'names'"):
        switches.choose(names="both", name="x")
    with pytest.raises(UnknownNameError, match=r"there is no value of names: 'old'.*older"):
        switches.choose(hang_up="keeps", names="old")
    with pytest.raises(UnknownNameError, match=r"there is no switch 'hangUp'\. Did you mean 'hang_up'"):
        switches.hangUp = "keeps"  # type: ignore[attr-defined]  # what a careless test writes
    with pytest.raises(UnknownNameError, match=r"there is no value of hang_up: 'keep'\. Did you mean 'keeps'"):
        switches.hang_up = "keep"
    assert (switches.names, switches.hang_up) == ("current", "loses")
    switches.choose(hang_up="keeps")
    simulator.reset()
    assert switches.hang_up == "loses"


@pytest.mark.parametrize(
    "body",
    [
        {"initialSilenceTimeoutInSeconds": 0},
        {"maxSilenceTimeoutInSeconds": 121},
        {"maxRecordDurationInSeconds": 0},
        {"maxRecordDurationInSeconds": "long"},
        {"stopTones": ["pound"]},
        {"stopTones": "#"},
        {"prompts": [{"@odata.type": "#microsoft.graph.mediaPrompt"}]},
        {"prompts": [{}]},
        {"prompts": [None]},
        {"prompts": "beep"},
        {"clientContext": "c" * 257},
        {"playBeep": "no"},
        {"bargeInAllowed": 1},
    ],
)
def test_a_body_that_cannot_be_used_is_refused(bot: Bot, call: SimulatedCall, body: dict[str, Any]) -> None:
    """With the code of a request that is invalid, and nothing is started."""
    assert code(bot.record(call, **body)) == "400 8523"
    assert call.operations == ()


def test_a_body_of_nulls_takes_the_usual_values(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A sample sends such bodies (s2.13)."""
    names = ("initialSilenceTimeoutInSeconds", "maxSilenceTimeoutInSeconds", "maxRecordDurationInSeconds")
    bot.record(call, **dict.fromkeys((*names, "playBeep", "bargeInAllowed", "stopTones", "prompts", "clientContext")))
    simulator.advance(simulator.pace.beep + 5)
    assert call.operations[0].how == "completed"


@examples(300)
@given(
    st.binary(max_size=80).map(lambda some: b"RIFF0000WAVE" + some)
    | st.tuples(st.integers(0, 80), st.binary(min_size=1, max_size=4)).map(lambda cut: AUDIO[: cut[0]] + cut[1])
    | st.tuples(st.integers(12, 43), st.binary(min_size=1, max_size=4)).map(
        lambda hole: AUDIO[: hole[0]] + hole[1] + AUDIO[hole[0] + len(hole[1]) :]
    )
)
def test_any_file_has_a_length_or_another_format(file: bytes) -> None:
    """Any bytes that a bot serves have a length or count as another format."""
    try:
        seconds = seconds_of(file)
    except WrongFormatError:
        return
    assert 0 < seconds < 2**32
