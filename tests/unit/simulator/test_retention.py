"""How much of the past a simulator keeps: all of it, or the latest of it, and nothing else is different then."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.entities import Call
from pytest_graphcalls.wire import Notification
from tests.unit.simulator.bot import Bot
from tests.unit.simulator.plays import PLAYS, Scene


def delivered(play: str, **kept: int) -> list[tuple[int, float, Any, Any]]:
    """The notifications of a sequence and of the two hours after it."""
    scene = Scene("v1.0")
    got: list[tuple[int, float, Any, Any]] = []

    def courier(note: Notification, number: int) -> None:
        got.append((number, scene.simulator.now, note.body, note.headers))

    scene.simulator.deliver_to(courier)
    if kept:
        scene.simulator.keep_latest(**kept)
    PLAYS[play](scene)
    scene.simulator.advance(7200)
    return got


@pytest.mark.parametrize("play", PLAYS)
def test_a_bot_gets_the_same_notifications_however_little_is_kept(play: str) -> None:
    """Tasks of a forgotten call are dropped without an error."""
    looked_at = int(play == "last-one-left")  # it looks at a call that is over
    assert delivered(play, calls=looked_at, notifications=0) == delivered(play) != []


def missed(simulator: Simulator, count: int) -> list[str]:
    """Ids of unanswered calls."""
    ids = []
    for _ in range(count):
        ids.append(simulator.incoming_call(group=True).id)
        simulator.advance(16)
    return ids


def test_everything_is_kept_by_default() -> None:
    simulator = Simulator()
    ids = missed(simulator, 30)
    assert list(simulator.store.calls) == ids
    assert len(simulator.notifications) == 60
    assert simulator.notification(0) == simulator.notifications[0]


def test_the_latest_are_kept() -> None:
    """With the numbers and ids that they have anyway; what only a forgotten call led to is forgotten with it."""
    simulator, whole = Simulator(), Simulator()
    simulator.keep_latest(calls=3, notifications=5)
    ids, same = missed(simulator, 30), missed(whole, 30)
    assert ids == same
    assert list(simulator.store.calls) == ids[-3:]
    assert (len(simulator.store.conferences), len(simulator.store.meetings)) == (3, 12)
    assert simulator.notifications == whole.notifications[-5:]
    assert simulator.notification(59) == whole.notifications[59]
    assert (simulator.notification(54), simulator.notification(60), simulator.notification(-1)) == (None, None, None)
    assert (simulator.retention.calls_forgotten, simulator.notifier.forgotten) == (27, 55)


def test_a_call_that_lives_is_never_forgotten() -> None:
    """A live call of any age is kept, with the meeting that it is in."""
    simulator = Simulator()
    simulator.keep_latest(calls=0, notifications=0)
    bot = Bot(simulator)
    meeting = simulator.meeting(["Ana"])
    call = bot.join(meeting)
    other = bot.join(meeting)
    bot.delete(f"/{other.id}")
    missed(simulator, 20)
    assert (call.state, simulator.call(call.id).state) == ("established", "established")
    assert "Ana" in [one.identity.name for one in call.participants]
    bot.join(meeting)
    assert len(simulator.store.conferences) == 1


def test_a_forgotten_call_is_unknown() -> None:
    """To the API it is over, as before; the error of a test says how many are kept."""
    simulator = Simulator()
    simulator.keep_latest(calls=2, notifications=10)
    first, *_ = missed(simulator, 3)
    answer = Bot(simulator).get(f"/{first}")
    assert (answer.status, answer.json()["error"]["code"]) == (404, "8522")
    with pytest.raises(UnknownNameError, match="there is no call among the latest 2, which are kept: '"):
        simulator.call(first)


def test_a_call_of_before_a_reset_says_so() -> None:
    """Instead of stumbling over it; what shows objects can show this one."""
    simulator = Simulator()
    call = simulator.incoming_call()
    simulator.reset()
    with pytest.raises(UnknownNameError, match="there is no call '"):
        assert call.state
    assert repr(call) == f"SimulatedCall('{call.id}', state='not kept')"


def test_undelivered_notifications_are_kept() -> None:
    """Time may stand still for long; the bot is notified of everything all the same."""
    simulator = Simulator()
    numbers: list[int] = []
    simulator.deliver_to(lambda note, number: numbers.append(number))
    simulator.keep_latest(calls=0, notifications=0)
    for _ in range(50):
        simulator.incoming_call()
    assert len(simulator.notifications) == 50
    simulator.advance(0)
    assert numbers == list(range(50))
    assert simulator.notifications == []


def test_faults_go_on_when_notifications_are_forgotten() -> None:
    """One that is held is released whole."""
    simulator = Simulator()
    numbers: list[int] = []
    simulator.deliver_to(lambda note, number: numbers.append(number))
    simulator.keep_latest(calls=1, notifications=1)
    with simulator.fault("hold", kind="created call"), simulator.fault("duplicate"):
        missed(simulator, 4)
        assert sorted(numbers) == [1, 1, 3, 3, 5, 5, 7, 7]
    simulator.advance(0)
    assert {0, 2, 4, 6} < set(numbers)
    assert len(simulator.faults.active) == 0


def test_a_forgotten_call_keeps_nothing_in_memory() -> None:
    """A due keepAlive of a forgotten call does not keep it in memory."""
    simulator = Simulator(seed=4711)  # its ids are those of no other test
    simulator.keep_latest(calls=1, notifications=1)
    bot, made = Bot(simulator), set[str]()
    for _ in range(20):
        call = bot.join()
        made.add(call.id)
        simulator.advance(1)
        assert bot.delete(f"/{call.id}").status == 204
        simulator.advance(0)
    gc.collect()
    known = set(simulator.store.calls)
    assert {one.id for one in gc.get_objects() if isinstance(one, Call)} & made - known == set()


def test_a_reset_keeps_the_limits() -> None:
    """The counters start anew."""
    simulator = Simulator()
    simulator.keep_latest(calls=1, notifications=1)
    missed(simulator, 3)
    simulator.reset()
    assert (simulator.retention.calls_forgotten, simulator.notifier.forgotten) == (0, 0)
    missed(simulator, 3)
    assert (len(simulator.store.calls), len(simulator.notifications)) == (1, 1)


def test_a_limit_is_a_whole_number() -> None:
    with pytest.raises(SettingError, match=r"keep_latest\(calls\)=1.5: expected a whole number from 0"):
        Simulator().keep_latest(calls=1.5, notifications=1)  # type: ignore[arg-type]  # the mistake itself
