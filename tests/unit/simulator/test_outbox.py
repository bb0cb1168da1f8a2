"""Delivery of notifications: when, in which order, and without deadlocks."""

from __future__ import annotations

import threading

import pytest

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Notification
from tests.unit.simulator.bot import Bot, named, summaries

Got = list[tuple[int, float]]


def kept(simulator: Simulator) -> tuple[list[Notification], Got]:
    """What a courier is handed: the notifications, and for each its number and when it was handed over."""
    notes: list[Notification] = []
    when: Got = []

    def courier(note: Notification, number: int) -> None:
        notes.append(note)
        when.append((number, simulator.now))

    simulator.deliver_to(courier)
    return notes, when


def test_without_a_courier_nothing_goes_out() -> None:
    simulator = Simulator()
    simulator.incoming_call()
    simulator.advance(20)
    assert summaries(simulator.notifications) == ["created call incoming", "deleted call terminated 408/8587"]


def test_notifications_are_delivered_while_time_passes() -> None:
    """Each at its own moment, in order, and not before time is advanced."""
    simulator = Simulator()
    notes, when = kept(simulator)
    simulator.incoming_call()
    assert notes == []
    simulator.advance(0)
    assert when == [(0, 0.0)]
    simulator.advance(20)
    assert when == [(0, 0.0), (1, 15.0)]
    assert notes == simulator.notifications
    assert simulator.now == 20


def test_a_request_delivers_nothing() -> None:
    """The answer comes first; what it gave rise to waits for time."""
    simulator = Simulator()
    notes, _ = kept(simulator)
    assert Bot(simulator).create(**simulator.meeting(["Ana"]).coordinates).status == 201
    assert notes == []
    simulator.advance(0)
    assert summaries(notes) == ["updated call establishing"]


def test_earlier_notifications_are_not_delivered() -> None:
    simulator = Simulator()
    simulator.incoming_call()
    notes, _ = kept(simulator)
    simulator.advance(1)
    assert notes == []


def test_the_courier_can_be_let_go() -> None:
    simulator = Simulator()
    notes, _ = kept(simulator)
    simulator.deliver_to(None)
    simulator.incoming_call()
    simulator.advance(20)
    assert notes == []


def test_reset_forgets_what_lies_there_and_keeps_the_courier() -> None:
    simulator = Simulator()
    _, when = kept(simulator)
    simulator.incoming_call()
    simulator.later(1, lambda: pytest.fail("this was to be forgotten"))
    simulator.reset()
    simulator.advance(5)
    assert when == []
    simulator.incoming_call()
    simulator.advance(0)
    assert when == [(0, 5.0)]


def test_a_courier_may_call_back_from_its_own_and_from_another_thread() -> None:
    """The simulator is not locked meanwhile; what the call back gives rise to is handed over next."""
    simulator = Simulator()
    bot = Bot(simulator)
    seen: list[str] = []

    def courier(note: Notification, number: int) -> None:
        seen.extend(summaries([note]))
        if number == 0:
            thread = threading.Thread(target=bot.answer, args=[simulator.call(note.call_id)])
            thread.start()
            thread.join(5)
            assert not thread.is_alive()
        if number == 1:
            bot.delete(f"/{note.call_id}")

    simulator.deliver_to(courier)
    simulator.incoming_call()
    simulator.advance(0)
    assert seen == [
        "created call incoming",
        "updated call establishing",
        "updated call terminating",
        "deleted call terminated 200/7000",
    ]


def test_advancing_time_during_a_delivery_does_not_block() -> None:
    """Advancing blocks neither in the courier's thread nor in another; the order is kept."""
    simulator = Simulator()
    seen: list[tuple[str, float]] = []

    def courier(note: Notification, number: int) -> None:
        if number == 0:
            thread = threading.Thread(target=simulator.advance, args=[7])
            thread.start()
            thread.join(5)
            assert not thread.is_alive()
            simulator.advance(9)
        seen.append((summaries([note])[0], simulator.now))

    simulator.deliver_to(courier)
    simulator.incoming_call()
    simulator.advance(1)
    assert seen == [("created call incoming", 16.0), ("deleted call terminated 408/8587", 16.0)]
    assert simulator.now == 16


def waited(patience: float) -> list[str]:
    """The order of events when a second thread advances time with patience while the bot is notified of a call."""
    simulator = Simulator()
    seen: list[str] = []
    notifying, finish = threading.Event(), threading.Event()

    def courier(note: Notification, number: int) -> None:
        notifying.set()
        if number == 0:
            assert finish.wait(20)
        seen.extend(summaries([note]))

    def let_pass() -> None:
        simulator.advance(15, patience=patience)
        seen.append("passed")
        finish.set()

    simulator.deliver_to(courier)
    simulator.incoming_call()
    first = threading.Thread(target=simulator.advance, args=[0])
    first.start()
    assert notifying.wait(20)
    second = threading.Thread(target=let_pass)
    second.start()
    if patience > 1:
        assert not finish.wait(0.05)
        assert simulator.now == 0
        finish.set()
    for thread in (first, second):
        thread.join(20)
    return seen


def test_an_advance_with_patience_waits_for_a_running_delivery() -> None:
    """No time passes before the bot got waiting notifications, and all are delivered in the end."""
    assert waited(20) == ["created call incoming", "deleted call terminated 408/8587", "passed"]


def test_patience_has_an_end() -> None:
    """The other thread may wait for this very advance."""
    assert waited(0.01) == ["passed", "created call incoming", "deleted call terminated 408/8587"]


def test_an_exception_of_the_courier_is_raised_and_does_not_stop_the_next() -> None:
    simulator = Simulator()
    seen: list[int] = []

    def courier(note: Notification, number: int) -> None:
        seen.append(number)
        if number == 0:
            raise LookupError

    simulator.deliver_to(courier)
    simulator.incoming_call()
    simulator.incoming_call()
    with pytest.raises(LookupError):
        simulator.advance(0)
    simulator.advance(0)
    assert seen == [0, 1]


def test_tasks_run_at_their_time_without_the_lock() -> None:
    simulator = Simulator()
    kept(simulator)
    ran: list[float] = []

    def task() -> None:
        thread = threading.Thread(target=lambda: ran.append(simulator.incoming_call().callback_uri and simulator.now))
        thread.start()
        thread.join(5)

    simulator.later(3, task)
    simulator.advance(2)
    assert ran == []
    simulator.advance(2)
    assert ran == [3.0]


def test_elapsed_time_delivers_nothing() -> None:
    """A server lets time pass while it answers; it cannot wait for a bot that may be asking it something."""
    simulator = Simulator()
    notes, _ = kept(simulator)
    simulator.incoming_call()
    simulator.elapse(20)
    assert (len(simulator.notifications), notes) == (2, [])
    simulator.advance(0)
    assert len(notes) == 2


# The roster as differences


def test_a_delta_roster_holds_what_changed() -> None:
    """Who joined, who left, and a sequence number."""
    simulator = Simulator()
    bot = Bot(simulator)
    ana = simulator.person("Ana")
    options = {"@odata.type": "#microsoft.graph.outgoingCallOptions", "isDeltaRosterEnabled": True}
    answer = bot.create(**simulator.meeting([ana]).coordinates, callOptions=options)
    simulator.advance(1)
    simulator.person("Ben").joins(answer.json()["id"])
    ana.leaves(answer.json()["id"])
    entries = [note.entries[0] for note in simulator.notifications]
    data = [one["resourceData"] for one in entries if one["resourceUrl"].endswith("/participants")]
    assert [one["@odata.type"] for one in data] == ["#microsoft.graph.deltaParticipants"] * 3
    assert [one["sequenceNumber"] for one in data] == [1, 2, 3]
    names = [[named(one) for one in delta["participants"]] for delta in data]
    assert names == [["Ana", "Bot"], ["Ben"], ["Ana"]]
    assert [["removedState" in p for p in one["participants"]] for one in data] == [[False, False], [False], [True]]


# People who leave


def test_an_invited_person_hangs_up_after_the_set_time() -> None:
    simulator = Simulator()
    bot = Bot(simulator)
    call = bot.join()
    adele = simulator.person("Adele").answers_after(3).leaves_after(20)
    bot.invite(call, {"identity": {"user": {"id": adele.id}}})
    simulator.advance(22.9)
    assert "Adele" in bot.roster(call)
    simulator.advance(0.1)
    assert "Adele" not in bot.roster(call)
    assert call.state == "established"


def test_a_script_is_added_to() -> None:
    """In either order; each says one thing."""
    simulator = Simulator()
    bot = Bot(simulator)
    call = bot.ring(simulator.person("+15551234567").leaves_after(4).answers_after(1))
    assert call.state == "established"
    simulator.advance(3)
    assert (call.state, call.result and call.result.subcode) == ("terminated", 5002)


def test_a_caller_gives_up() -> None:
    """The time of a caller counts from calling."""
    simulator = Simulator()
    simulator.person("Zoe").leaves_after(5)
    call = simulator.incoming_call("Zoe")
    simulator.advance(5)
    assert (call.state, call.result and call.result.code) == ("terminated", 487)


def test_leaving_twice_is_notified_once() -> None:
    simulator = Simulator()
    simulator.person("Ana").leaves_after(5)
    call = Bot(simulator).join(simulator.meeting(["Ana", "Ben"]))
    simulator.person("Ana").leaves(call)
    before = len(simulator.notifications)
    simulator.advance(10)
    assert len(simulator.notifications) == before


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_negative_time_to_hang_up_is_refused(seconds: float) -> None:
    with pytest.raises(SettingError, match=r"leaves_after\(.*expected virtual seconds, a number of 0 or more"):
        Simulator().person("Ana").leaves_after(seconds)
