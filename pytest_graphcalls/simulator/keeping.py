"""How much of the past a simulator keeps: all of it, unless somebody who runs for days says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_graphcalls.quantities import MOST, quantity

if TYPE_CHECKING:
    from pytest_graphcalls.simulator.core import Simulator


class Keeping:
    """Forgets the oldest calls that are over, and the oldest notifications, once there are more than are wanted.

    A call takes along what only it leads to: its operations, and the meeting once no call that is kept was in it.
    What has not been delivered yet stays.

    Args:
        simulator: whose past it is.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._sim = simulator
        self.calls: int | None = None
        """How many calls that are over are kept; ``None`` for all."""
        self.notifications: int | None = None
        """How many notifications are kept; ``None`` for all."""
        self.calls_gone = 0
        """How many calls were forgotten since the start or the last reset."""

    def reset(self) -> None:
        """Nothing was forgotten so far; the limits stay."""
        self.calls_gone = 0

    def limit(self, calls: int, notifications: int) -> None:
        """Set the limits; see :meth:`.Simulator.keep_latest`."""
        self.calls = quantity("keep_latest(calls)", calls, whole=True, most=MOST)
        self.notifications = quantity("keep_latest(notifications)", notifications, whole=True, most=MOST)
        self.tidy()

    def tidy(self) -> None:
        """Forget what is too much; called between two events, when nobody is at anything."""
        if self.calls is None or self.notifications is None:
            return
        store, notifier = self._sim.store, self._sim.notifier
        while len(store.over) > self.calls:
            call = store.forget_call(store.over.popleft())
            notifier.forget_call(call)
            self.calls_gone += 1
        until = min(notifier.count - self.notifications, self._sim.outbox.undelivered)
        if until > notifier.gone:
            notifier.forget_until(until)
            self._sim.faults.forget_until(until)
