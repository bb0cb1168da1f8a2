"""Queues of notifications: in order for each call, and side by side where that is requested."""

from __future__ import annotations

import logging.handlers
from collections.abc import Callable
from queue import SimpleQueue
from threading import Barrier, Event, Lock

import pytest

from pytest_graphcalls.bot.queue import DeliveryQueue, QueuedNotification
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Notification

PATIENCE = 60.0


def queued(call: str, sequence: int = 0) -> QueuedNotification:
    return QueuedNotification(Notification("https://bot.example/calls", {}, call_id=call), sequence)


def queues(
    deliver: Callable[[QueuedNotification], bool], *, side_by_side: bool = True, simulator: Simulator | None = None
) -> DeliveryQueue:
    """Queues of a simulator that has a bot to deliver to, so that repeated notifications come."""
    simulator = simulator or Simulator()
    simulator.deliver_to(lambda *_: None)
    return DeliveryQueue(simulator, deliver, 1.0, lambda: side_by_side)


def test_one_call_does_not_wait_for_another() -> None:
    """Each of two is answered only when the bot was notified of the other."""
    both = Barrier(2, timeout=PATIENCE)

    def deliver(_: QueuedNotification) -> bool:
        both.wait()
        return False

    them = queues(deliver)
    them.put(queued("a"))
    them.put(queued("b"))
    assert them.wait_until_idle(PATIENCE)
    them.close()


def test_by_default_notifications_are_delivered_where_time_is_advanced() -> None:
    """The thread that advances time goes on when all are delivered."""
    delivered: list[str] = []
    them = queues(lambda one: bool(delivered.append(one.note.call_id)), side_by_side=False)
    for call in ("a", "b", "a"):
        them.put(queued(call))
        assert delivered[-1] == call
    assert them.wait_until_idle(0.0)


def test_the_order_of_a_call_is_kept() -> None:
    """A bot gets one notification of a call at a time, however long it takes."""
    all_there, lock = Event(), Lock()
    busy: set[str] = set()
    delivered: dict[str, list[int]] = {}

    def deliver(one: QueuedNotification) -> bool:
        call = one.note.call_id
        with lock:
            assert call not in busy
            busy.add(call)
            delivered.setdefault(call, []).append(one.sequence)
        assert all_there.wait(PATIENCE)
        with lock:
            busy.remove(call)
        return False

    them = queues(deliver)
    for number in range(200):
        them.put(queued(f"call {number % 8}", number))
    all_there.set()
    assert them.wait_until_idle(PATIENCE)
    assert delivered == {f"call {call}": list(range(call, 200, 8)) for call in range(8)}
    them.close()


@pytest.mark.parametrize("side_by_side", [True, False])
def test_a_repeated_notification_keeps_its_place(*, side_by_side: bool) -> None:
    """The rest of its call waits until then, other calls do not."""
    delivered: list[tuple[str, int, int]] = []

    def deliver(one: QueuedNotification) -> bool:
        delivered.append((one.note.call_id, one.sequence, one.attempt))
        return (one.sequence, one.attempt) == (0, 1)

    simulator = Simulator()
    them = queues(deliver, side_by_side=side_by_side, simulator=simulator)
    for call, sequence in (("a", 0), ("a", 1), ("b", 2)):
        them.put(queued(call, sequence))
        assert them.wait_until_idle(PATIENCE)
    assert delivered == [("a", 0, 1), ("b", 2, 1)]
    simulator.advance(1)
    assert them.wait_until_idle(PATIENCE)
    assert delivered[2:] == [("a", 0, 2), ("a", 1, 1)]
    them.close()


def test_after_a_reset_the_old_queue_is_dropped() -> None:
    """A call with that id exists again, and a notification was being delivered."""
    begun, go_on = Event(), Event()
    delivered: list[int] = []

    def deliver(one: QueuedNotification) -> bool:
        delivered.append(one.sequence)
        if one.sequence == 0:
            begun.set()
            assert go_on.wait(PATIENCE)
        return False

    simulator = Simulator()
    them = queues(deliver, simulator=simulator)
    them.put(queued("a", 0))
    them.put(queued("a", 1))
    assert begun.wait(PATIENCE)
    simulator.reset()
    them.put(queued("a", 2))
    go_on.set()
    assert them.wait_until_idle(PATIENCE)
    assert sorted(delivered) == [0, 2]
    them.close()


def test_a_delivery_that_takes_too_long_is_not_waited_for() -> None:
    """After the close no delivery begins."""
    go_on = Event()
    delivered: list[int] = []

    def deliver(one: QueuedNotification) -> bool:
        delivered.append(one.sequence)
        return not go_on.wait(PATIENCE)

    them = queues(deliver)
    them.put(queued("a", 0))
    them.put(queued("a", 1))
    assert not them.wait_until_idle(0.01)
    them.close()
    them.put(queued("b", 2))
    go_on.set()
    assert them.wait_until_idle(PATIENCE)
    assert delivered == [0]


def test_an_exception_of_our_own_in_a_thread_is_logged() -> None:
    """The exception would be lost with its thread otherwise."""

    def deliver(_: QueuedNotification) -> bool:
        raise ZeroDivisionError("a mistake")

    them = queues(deliver)
    logged: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = logging.handlers.QueueHandler(logged)
    logging.getLogger().addHandler(handler)
    them.put(queued("a"))
    assert them.wait_until_idle(PATIENCE)
    assert "a mistake" in logged.get(timeout=PATIENCE).getMessage()
    logging.getLogger().removeHandler(handler)
    them.close()
