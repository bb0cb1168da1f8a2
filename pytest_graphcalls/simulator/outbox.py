"""Notifications on their way out of the simulator, and what else has to happen outside its lock.

The thread that lets time pass delivers them, one after the other, between one event and the next. The lock is free
meanwhile, so a bot may call back while it is being notified, from any thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from threading import Condition, RLock

from pytest_graphcalls.simulator.clock import Clock
from pytest_graphcalls.simulator.notifications import Notifier
from pytest_graphcalls.simulator.store import Store
from pytest_graphcalls.validation import MOST, quantity
from pytest_graphcalls.wire import Notification

Courier = Callable[[Notification, int], None]
"""Takes a notification and its number, which counts from 0 since the start or the last reset."""
NumberedNotification = tuple[Notification, int]
"""A notification and its number."""
Sorter = Callable[[NumberedNotification], Iterable[NumberedNotification]]
"""A step between writing and delivering: gives what goes out now in place of a notification."""


def idle(moved: Condition, is_busy: Callable[[], bool], progress: Callable[[], object], patience: float) -> bool:
    """Wait until no other thread is busy, as long as it makes progress.

    Args:
        moved: held by the caller; is notified of every step.
        is_busy: whether another thread is busy.
        progress: what changes with each step.
        patience: real seconds to wait for each step.

    Returns:
        Whether it came to that.
    """
    while is_busy():
        before = progress()
        if not moved.wait_for(lambda: not is_busy() or progress() != before, patience):  # noqa: B023  it is called here
            return False
    return True


class Carried(Enum):
    """How far everything was delivered."""

    ALL = "all"
    """All of it."""
    BUSY = "busy"
    """Another thread is at it, and was not waited for any longer."""
    CUT = "cut"
    """All that was due, and as much of what came about meanwhile as was allowed."""


class Outbox:
    """Notifications and tasks that are not delivered yet.

    Args:
        lock: the simulator's.
        clock: the simulator's.
        notifier: writes the notifications.
    """

    def __init__(self, lock: RLock, clock: Clock, notifier: Notifier) -> None:
        self._lock = lock
        self._moved = Condition(lock)
        self._clock = clock
        self._notifier = notifier
        self._courier: Courier | None = None
        self._carrying = False
        self._carried = 0
        self._turn = 0
        self.sorter: Sorter | None = None
        """Decides what becomes of each notification; without one they go out as they were written."""
        self.generation = 0
        """How often the simulator was reset: a part that remembers notifications forgets them when it changes."""
        self.reset()

    def reset(self) -> None:
        """Forget what is not delivered; the courier remains."""
        self._tasks: deque[Callable[[], None]] = deque()
        self._ready: deque[NumberedNotification] = deque()
        self._next = self._carried = 0
        self.generation += 1

    @property
    def is_open(self) -> bool:
        """Whether a courier was ever set, to which notifications go out."""
        return self._courier is not None

    @property
    def undelivered(self) -> int:
        """Number of the first notification that is still to go out."""
        return self._next if self._courier is not None else self._notifier.count

    def deliver_to(self, courier: Courier | None) -> None:
        """Hand notifications to ``courier`` from now on; with ``None`` they are kept again."""
        self._courier = courier
        self._next = self._carried = self._notifier.count
        self._ready.clear()

    def put(self, notifications: Iterable[NumberedNotification]) -> None:
        """Deliver notifications that were held back, before any newer ones."""
        if self._courier is not None:
            self._ready.extend(notifications)

    def later(self, seconds: float, task: Callable[[], None]) -> None:
        """Run ``task`` outside the lock when ``seconds`` have passed."""
        self._clock.after(seconds, lambda: self._tasks.append(task))

    def carry_out(self, patience: float = 0.0, extra: int | None = None) -> Carried:
        """Run and deliver everything that is due; does nothing while another thread is at it.

        That thread may be waiting for a bot that has asked for this, so it is not waited for for long.

        Args:
            patience: real seconds to wait for another thread, with each single thing that it carries out, until it has
                carried out what is due now.
            extra: how many notifications that come about meanwhile are delivered as well, beyond as many as are due
                now; by default all of them, until there are no more.
        """
        with self._lock:
            end = self._notifier.count
            if not idle(self._moved, lambda: self._carrying and self._carried < end, lambda: self._turn, patience):
                return Carried.BUSY
            if self._carrying:
                return Carried.ALL  # the other thread goes on with what came later
            self._carrying = True
            most = None if extra is None else 2 * end - self._next + extra
        try:
            while (task := self._take()) is not None:
                task()
                if most is not None and self._next > most:
                    self._stop()
                    return Carried.CUT
        except BaseException:
            self._stop()
            raise
        return Carried.ALL

    def _stop(self) -> None:
        with self._lock:
            self._carrying = False
            self._moved.notify_all()

    def _take(self) -> Callable[[], None] | None:
        """The next thing to do; where there is none, the next caller carries on."""
        with self._lock:
            self._turn += 1
            if not self._ready:
                self._carried = self._next
            self._moved.notify_all()
            if self._tasks:
                return self._tasks.popleft()
            courier, numbered = self._courier, self._next_numbered()
            if courier is None or numbered is None:
                self._stop()
                return None
        return lambda: courier(*numbered)

    def _next_numbered(self) -> NumberedNotification | None:
        while self._courier is not None and not self._ready:
            note = self._notifier.numbered(self._next)
            if note is None:
                return None
            numbered = (note, self._next)
            self._next += 1
            self._ready.extend(self.sorter(numbered) if self.sorter is not None else (numbered,))
        return self._ready.popleft() if self._ready else None


class Retention:
    """Forgets the oldest calls that are over, and the oldest notifications, once there are more than are wanted.

    Unless it is limited, everything is kept. A call takes along what only it leads to: its operations, and the meeting
    once no call that is kept was in it. Notifications that have not been delivered yet stay.

    Args:
        store: keeps the calls.
        notifier: keeps the notifications.
        outbox: knows what has been delivered.
        forgotten: receives the number up to which notifications are no longer kept.
    """

    def __init__(self, store: Store, notifier: Notifier, outbox: Outbox, forgotten: Callable[[int], None]) -> None:
        self._store = store
        self._notifier = notifier
        self._outbox = outbox
        self._forgotten = forgotten
        self.calls: int | None = None
        """How many calls that are over are kept; ``None`` for all."""
        self.notifications: int | None = None
        """How many notifications are kept; ``None`` for all."""
        self.calls_forgotten = 0
        """How many calls were forgotten since the start or the last reset."""

    def reset(self) -> None:
        """Nothing was forgotten so far; the limits stay."""
        self.calls_forgotten = 0

    def limit(self, calls: int, notifications: int) -> None:
        """Set the limits; see :meth:`.Simulator.keep_latest`."""
        self.calls = quantity("keep_latest(calls)", calls, whole=True, most=MOST)
        self.notifications = quantity("keep_latest(notifications)", notifications, whole=True, most=MOST)
        self.tidy()

    def tidy(self) -> None:
        """Forget what is too much; called between two events."""
        if self.calls is None or self.notifications is None:
            return
        store, notifier = self._store, self._notifier
        while len(store.over) > self.calls:
            call = store.forget_call(store.over.popleft())
            notifier.forget_call(call)
            self.calls_forgotten += 1
        until = min(notifier.count - self.notifications, self._outbox.undelivered)
        if until > notifier.forgotten:
            notifier.forget_until(until)
            self._forgotten(until)
