"""What is kept of a call for all who are in it: its recording and its transcription."""

from __future__ import annotations

import pytest

from pytest_graphcalls.simulator import SimulatedCall, Simulator
from pytest_graphcalls.wire import Response
from tests.unit.simulator.bot import Bot, code, evidence, summaries

SHOWN = {"Recording": "is_recorded", "Transcription": "is_transcribed"}


@pytest.fixture(name="simulator")
def _simulator() -> Simulator:
    return Simulator()


@pytest.fixture(name="bot")
def _bot(simulator: Simulator) -> Bot:
    return Bot(simulator, version="beta")


def ask(bot: Bot, call: SimulatedCall, action: str) -> Response:
    return bot.post(f"/{call.id}/{action}", {})


@pytest.mark.parametrize(("what", "refused"), [("Recording", "400 8553"), ("Transcription", "409 8571")])
def test_a_recording_of_a_meeting_goes_on_until_it_is_stopped(
    simulator: Simulator, bot: Bot, what: str, refused: str
) -> None:
    """A second start is refused meanwhile, and taken afterwards."""
    call = bot.join()
    states = []
    for action, answered in (("start", "202"), ("start", refused), ("stop", "202"), ("stop", "202"), ("start", "202")):
        answer = ask(bot, call, f"{action}{what}")
        assert (code(answer) if answer.status >= 400 else str(answer.status)) == answered
        states.append(getattr(call, SHOWN[what]))
    assert states == [True, True, False, False, True]


def test_a_recording_is_that_of_all_bots_in_the_meeting(simulator: Simulator, bot: Bot) -> None:
    """One starts the recording, the other stops it; other meetings are not recorded."""
    meeting = simulator.meeting(["Ana"])
    other = Bot(simulator, simulator.authority.register(name="Other"), "beta")
    call, theirs, elsewhere = bot.join(meeting), other.join(meeting), bot.join()
    ask(bot, call, "startRecording")
    assert [one.is_recorded for one in (call, theirs, elsewhere)] == [True, True, False]
    ask(other, theirs, "stopRecording")
    assert not call.is_recorded


def test_a_recording_ends_with_the_last_call(simulator: Simulator, bot: Bot) -> None:
    """A bot that joins the same meeting later finds no recording running."""
    meeting = simulator.meeting(["Ana"])
    call, second = bot.join(meeting), bot.join(meeting)
    ask(bot, call, "startRecording")
    assert bot.delete(f"/{call.id}").status == 204
    assert second.is_recorded
    assert bot.delete(f"/{second.id}").status == 204
    again = bot.join(meeting)
    assert not again.is_recorded
    assert ask(bot, again, "startRecording").status == 202


def test_the_call_shows_its_transcription(simulator: Simulator, bot: Bot) -> None:
    """Null before the first one; then whether it goes on, and since when that is so."""
    call = bot.join()
    assert bot.get(f"/{call.id}").json()["transcription"] is None
    shown, begun = [], simulator.now
    for action in ("start", "stop"):
        simulator.advance(60)
        ask(bot, call, f"{action}Transcription")
        shown.append(bot.get(f"/{call.id}").json()["transcription"])
    assert begun == 2
    assert [(one["state"], one["lastModifiedDateTime"]) for one in shown] == [
        ("active", "2026-01-01T00:01:02Z"),
        ("inactive", "2026-01-01T00:02:02Z"),
    ]


def test_the_end_of_the_start_is_notified_once(simulator: Simulator, bot: Bot) -> None:
    """The operation of a start goes on for a moment; that of a stop is over with the answer."""
    call = bot.join()
    before = simulator.notifier.count
    started = ask(bot, call, "startRecording").json()
    assert started["status"] == "running"
    simulator.advance(simulator.pace.keeping)
    assert summaries(simulator.notifications[before:]) == ["deleted operation completed 200/0"]
    assert ask(bot, call, "stopRecording").json()["status"] == "completed"
    simulator.advance(60)
    assert simulator.notifier.count == before + 1


def test_the_reported_refusal_can_be_switched_on(simulator: Simulator, bot: Bot) -> None:
    """The reported error has an empty code, also among its details (s17.2)."""
    call = bot.join()
    with simulator.fault("error", row="input-not-valid", operation="call-starttranscription"):
        answer = ask(bot, call, "startTranscription")
        assert ask(bot, call, "startRecording").status == 202
    error = {"code": "", "message": "The input was not valid. [pytest-graphcalls] Injected by the fault 'error'."}
    assert (answer.status, answer.json()) == (400, {"error": {**error, "details": [error]}})
    assert evidence(answer) == "reported; fact=s17.2"
    assert not call.is_transcribed
