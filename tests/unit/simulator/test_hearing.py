"""What people press, say and hear, in virtual time."""

from __future__ import annotations

import pytest

from pytest_graphcalls.errors import NotAllowedNowError, SettingError
from pytest_graphcalls.simulator import Pace, SimulatedCall, Simulator
from pytest_graphcalls.simulator.audio import Prompt
from tests.unit.simulator.bot import Bot, entry, summaries


@pytest.fixture(name="simulator")
def _simulator() -> Simulator:
    return Simulator()


@pytest.fixture(name="bot", params=["v1.0", "beta"])
def _bot(simulator: Simulator, request: pytest.FixtureRequest) -> Bot:
    return Bot(simulator, version=request.param)


@pytest.fixture(name="call")
def _call(simulator: Simulator, bot: Bot) -> SimulatedCall:
    return bot.ring(simulator.person("Ana"))


def spans(prompts: tuple[Prompt, ...], since: float) -> list[tuple[float, float | None, str]]:
    """The seconds in which prompts were heard, counted from ``since``, and how each ended."""
    return [(one.begins - since, one.ends and one.ends - since, one.ended) for one in prompts]


def tones(simulator: Simulator) -> list[tuple[int, str]]:
    """What the bot was notified of keys."""
    data = (note.entries[0]["resourceData"] for note in simulator.notifications)
    tones = [one["toneInfo"] for one in data if isinstance(one, dict) and "toneInfo" in one]
    return [(one["sequenceId"], one["tone"]) for one in tones]


def test_keys_come_one_after_the_other(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """The first after as many seconds as was said, each later one as long after it as a tone lasts."""
    bot.post(f"/{call.id}/subscribeToTone", {})
    began = simulator.now
    assert simulator.person("Ana").presses("1*d", after=2).name == "Ana"
    assert call.tones == ()
    simulator.advance(10)
    tone = simulator.pace.tone
    pressed = [(one.tone, one.at - began, one.by, one.sequence_id) for one in call.tones]
    assert pressed == [("tone1", 2, "Ana", 1), ("star", 2 + tone, "Ana", 2), ("d", 2 + 2 * tone, "Ana", 3)]
    assert tones(simulator) == [(1, "tone1"), (2, "star"), (3, "d")]


def test_a_key_is_notified_in_few_members(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """State and toneInfo, as captured (s4.2); neither an id nor a callback."""
    bot.post(f"/{call.id}/subscribeToTone", {})
    simulator.person("Ana").presses("#")
    entry = simulator.notifications[-1].entries[0]
    assert (entry["changeType"], entry["resourceUrl"]) == ("updated", f"/communications/calls/{call.id}")
    assert entry["resourceData"] == {
        "@odata.type": "#microsoft.graph.call",
        "state": "established",
        "toneInfo": {"@odata.type": "#microsoft.graph.toneInfo", "sequenceId": 1, "tone": "pound"},
    }


def test_a_bot_that_has_not_subscribed_is_not_notified_of_keys(
    simulator: Simulator, bot: Bot, call: SimulatedCall
) -> None:
    """The key is pressed all the same, and counts in no sequence."""
    simulator.person("Ana").presses("1")
    bot.post(f"/{call.id}/subscribeToTone", {})
    simulator.person("Ana").presses("2")
    assert tones(simulator) == [(1, "tone2")]
    assert [one.sequence_id for one in call.tones] == [None, 1]


def test_keys_of_all_people_in_a_meeting_reach_the_bot(simulator: Simulator, bot: Bot) -> None:
    """In one sequence (s4.6), by each bot that has subscribed."""
    meeting = simulator.meeting(["Ana", "Ben"])
    call = bot.join(meeting)
    other = Bot(simulator, simulator.authority.register(name="Other Bot")).join(meeting)
    bot.post(f"/{call.id}/subscribeToTone", {})
    simulator.person("Ana").presses("1")
    simulator.person("Ben").presses("2")
    assert tones(simulator) == [(1, "tone1"), (2, "tone2")]
    assert [one.by for one in call.tones] == ["Ana", "Ben"]
    assert [one.sequence_id for one in other.tones] == [None, None]


def test_a_person_in_no_call_cannot_press_keys(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """At once it is an error; a key planned for later reaches no bot."""
    with pytest.raises(NotAllowedNowError, match="Ben is in no call and cannot take 'presses'; from here: joins"):
        simulator.person("Ben").presses("1")
    with pytest.raises(NotAllowedNowError, match="Ben is in no call and cannot take 'hangs_up'; from here: joins"):
        simulator.person("Ben").hangs_up()
    simulator.person("Ana").presses("1", after=5).hangs_up(after=3)
    simulator.advance(10)
    assert call.state == "terminated"
    assert call.tones == ()


def test_only_keys_of_a_telephone_can_be_pressed(simulator: Simulator) -> None:
    """Others are said to be none."""
    with pytest.raises(SettingError, match=r"presses\(keys\)='12x': expected keys of a telephone"):
        simulator.person("Ana").presses("12x", after=1)
    with pytest.raises(SettingError, match=r"presses\(keys\)=''"):
        simulator.person("Ana").presses("")


def test_prompts_show_from_when_to_when_they_were_heard(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Prompts of one request are heard in order, then those of the next."""
    began = simulator.now
    bot.play(call, 2)
    bot.play(call)
    simulator.advance(5)
    assert spans(call.prompts, began) == [(0, 2, "completed"), (2, 4, "completed"), (4, None, "")]
    assert (call.prompts[0].uri, call.prompts[0].resource_id) == ("https://bot.example.com/beep.wav", "beep")
    simulator.advance(5)
    assert spans(call.prompts, began)[2] == (4, 6, "completed")


def test_a_waiting_prompt_is_not_heard(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A waiting prompt is not heard before its turn, nor after a cancel, which cuts the running one."""
    began = simulator.now
    bot.play(call, 3)
    bot.play(call)
    simulator.advance(3)
    bot.post(f"/{call.id}/cancelMediaProcessing", {})
    simulator.advance(60)
    assert spans(call.prompts, began) == [(0, 2, "completed"), (2, 3, "cancelled")]


def test_a_call_that_ends_cuts_its_prompt(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Waiting prompts do not begin."""
    began = simulator.now
    bot.play(call)
    bot.play(call)
    simulator.person("Ana").hangs_up(after=1)
    simulator.advance(60)
    assert spans(call.prompts, began) == [(0, 1, "call ended")]
    assert call.prompts == simulator.person("Ana").heard


@pytest.mark.parametrize(
    ("growing", "heard"),
    [
        ("restarts", [(2.0, 5.0, "restarted"), (5.0, 9.0, "completed")]),
        ("goes-on", [(2.0, 6.0, "completed")]),
    ],
)
def test_a_prompt_begins_again_when_the_call_grows(
    simulator: Simulator, bot: Bot, call: SimulatedCall, growing: str, heard: list[tuple[float, float, str]]
) -> None:
    """A third person makes a group call of it, which is built anew (s1.16); its end is posted once."""
    simulator.set_pace(prompt=4)
    simulator.switches.choose(growing=growing)
    bot.play(call)
    bot.invite(call, entry(simulator.person("Cleo").answers_after(3)))
    simulator.advance(20)
    assert [(one.begins, one.ends, one.ended) for one in call.prompts] == heard
    assert [(one.begins, one.ended) for one in simulator.person("Ana").heard] == [(at, how) for at, _, how in heard]
    assert [(one.begins, one.ended) for one in simulator.person("Cleo").heard] == [(heard[-1][0], "completed")]
    ends = [note for note in summaries(simulator.notifications) if note == "deleted operation completed 200/0"]
    assert len(ends) == 2  # that of the prompt, and that of the invite


def test_a_recording_does_not_begin_again(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """The report speaks of prompts alone."""
    bot.record(call, maxRecordDurationInSeconds=10, playBeep=False)
    bot.invite(call, entry(simulator.person("Cleo").answers_after(3)))
    simulator.advance(20)
    assert [(one.begins, one.ends) for one in call.recordings] == [(2.0, 12.0)]


def test_a_loop_is_heard_over_and_over(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Each time is a prompt of its own."""
    bot.play(call, loop=True)
    simulator.advance(5)
    assert len(call.prompts) == (3 if bot.version == "beta" else 1)


def test_a_prompt_without_length_cannot_be_repeated_for_ever() -> None:
    """The list of prompts ends all the same."""
    simulator = Simulator(pace=Pace(prompt=0))
    bot = Bot(simulator, version="beta")
    call = bot.ring(simulator.person("Ana"))
    bot.play(call, loop=True)
    simulator.advance(5)
    assert [(one.ended) for one in call.prompts] == ["completed"]


def test_people_hear_what_is_played_while_they_are_there(simulator: Simulator, bot: Bot) -> None:
    """A person who comes later hears the rest, one who has left hears nothing more."""
    call = bot.join()
    began = simulator.now
    bot.play(call, 3)
    simulator.advance(1)
    simulator.person("Ana").leaves(call)
    simulator.person("Cleo").joins(call)
    simulator.advance(2)
    simulator.person("Ana").joins(call)
    simulator.advance(60)
    heard = {
        name: [begins for begins, _, _ in spans(simulator.person(name).heard, began)] for name in ("Ana", "Ben", "Cleo")
    }
    assert heard == {"Ana": [0, 2, 4], "Ben": [0, 2, 4], "Cleo": [0, 2, 4]}
    simulator.person("Ben").leaves(call)
    bot.play(call)
    simulator.advance(5)
    assert len(simulator.person("Ben").heard) == 3
    assert len(simulator.person("Ana").heard) == 4
    assert simulator.person("Dora").heard == ()


def test_tones_that_the_bot_sends_are_among_those_of_the_call(simulator: Simulator, call: SimulatedCall) -> None:
    """Tones of the bot have no name of a person; those after a cancel are not sent."""
    bot = Bot(simulator)
    began = simulator.now
    bot.post(f"/{call.id}/sendDtmfTones", {"tones": ["tone1", "star", "a"], "delayBetweenTonesMs": 750})
    simulator.advance(1.5)
    bot.post(f"/{call.id}/cancelMediaProcessing", {})
    simulator.advance(10)
    assert [(one.tone, one.at - began, one.by) for one in call.tones] == [("tone1", 0, ""), ("star", 1, "")]


def test_a_forgotten_call_keeps_nothing_in_memory(simulator: Simulator, bot: Bot) -> None:
    """Prompts, keys and people of a call are kept no longer than the call."""
    simulator.keep_latest(calls=0, notifications=0)
    call = bot.ring(simulator.person("Ana"))
    bot.play(call)
    bot.record(call)
    simulator.person("Ana").presses("1").hangs_up(after=30)
    simulator.advance(60)
    assert simulator.person("Ana").heard == ()
    assert (simulator.store.recordings, simulator.store.conferences) == ({}, {})
