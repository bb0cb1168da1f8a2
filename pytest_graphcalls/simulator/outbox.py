"""Notifications on their way out of the simulator, and what else has to happen outside its lock.

Whoever lets time pass carries them out, one after the other, between one event and the next. The lock is free
meanwhile, so a bot may call back while it is being told, from any thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import RLock

from pytest_graphcalls.simulator.clock import Clock
from pytest_graphcalls.simulator.notifications import Notifier
from pytest_graphcalls.wire import Notification

Courier = Callable[[Notification, int], None]
"""Takes a notification and its number, which counts from 0 since the start or the last reset."""


class Outbox:
    """What has not gone out yet.

    Args:
        lock: the simulator's.
        clock: the simulator's.
        notifier: writes the notifications.
    """

    def __init__(self, lock: RLock, clock: Clock, notifier: Notifier) -> None:
        self._lock = lock
        self._clock = clock
        self._notifier = notifier
        self._courier: Courier | None = None
        self._carrying = False
        self.generation = 0
        """How often the simulator was reset: whoever remembers notifications forgets them when it changes."""
        self.reset()

    def reset(self) -> None:
        """Forget what has not gone out; the courier stays."""
        self._errands: deque[Callable[[], None]] = deque()
        self._next = 0
        self.generation += 1

    @property
    def is_open(self) -> bool:
        """Whether anybody has ever asked for anything to go out."""
        return self._courier is not None

    def deliver_to(self, courier: Courier | None) -> None:
        """Hand to ``courier`` what is told from now on; ``None`` lets it lie again."""
        self._courier = courier
        self._next = self._notifier.count

    def later(self, seconds: float, errand: Callable[[], None]) -> None:
        """Run ``errand`` outside the lock when ``seconds`` have passed."""
        self._clock.after(seconds, lambda: self._errands.append(errand))

    def carry_out(self) -> None:
        """Run and deliver everything there is; does nothing while somebody else is at it.

        The one who is at it may be waiting for a bot that has asked for this, so nobody waits for them.
        """
        with self._lock:
            if self._carrying:
                return
            self._carrying = True
        try:
            while (errand := self._take()) is not None:
                errand()
        except BaseException:
            self._carrying = False
            raise

    def _take(self) -> Callable[[], None] | None:
        """The next thing to do. Where there is none, whoever comes next carries on."""
        with self._lock:
            if self._errands:
                return self._errands.popleft()
            number, courier = self._next, self._courier
            note = self._notifier.numbered(number) if courier is not None else None
            if courier is None or note is None:
                self._carrying = False
                return None
            self._next += 1
        return lambda: courier(note, number)
