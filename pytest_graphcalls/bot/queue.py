"""What is still to be told, in a line for each call: a call's notifications keep their order, whatever the bot does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import Condition

from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.outbox import idle
from pytest_graphcalls.wire import Notification

MOST = 32
"""How many calls are told side by side."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notification on its way.

    Attributes:
        note: the notification.
        sequence: its number in ``simulator.notifications``.
        attempt: which one this is, from 1.
        place: how many were put into a line before it, and itself.
    """

    note: Notification
    sequence: int
    attempt: int = 1
    place: int = 0


Line = deque[Parcel]


class Lines:
    """One line for each call that the bot is to be told of. Safe under threads.

    Args:
        simulator: whose notifications they are; a reset empties all lines.
        tell: posts a parcel, and says whether it has to come again.
        spacing: virtual seconds until it does; the rest of its line waits meanwhile.
        side_by_side: whether a line is worked off by a thread of its own, rather than by whoever lets time pass;
            asked whenever somebody begins with one.
    """

    def __init__(
        self, simulator: Simulator, tell: Callable[[Parcel], bool], spacing: float, side_by_side: Callable[[], bool]
    ) -> None:
        self._simulator = simulator
        self._tell = tell
        self._spacing = spacing
        self._side_by_side = side_by_side
        self._lines: dict[str, Line] = {}
        self._generation = simulator.outbox.generation
        self._moved = Condition()
        self._running: dict[Future[None], Line] = {}
        self._turns = 0
        self._put = 0
        self._closed = False
        self._threads: ThreadPoolExecutor | None = None

    def put(self, parcel: Parcel) -> None:
        """Let ``parcel`` stand at the end of its call's line, and work that off if nobody does."""
        call = parcel.note.call_id
        with self._moved:
            if self._generation != self._simulator.outbox.generation:
                self._generation = self._simulator.outbox.generation
                self._lines.clear()
            self._put += 1
            line = self._lines.setdefault(call, deque())
            line.append(replace(parcel, place=self._put))
            if len(line) > 1:  # somebody is at it, or its head is to come again
                return
            generation = self._generation
        self._begin(call, line, generation)

    def _begin(self, call: str, line: Line, generation: int) -> None:
        if not self._side_by_side():
            self._work_off(call, line, generation)
            return
        with self._moved:
            if self._closed:
                return
            self._threads = self._threads or ThreadPoolExecutor(MOST, thread_name_prefix="graphcalls-courier")
            work = self._threads.submit(self._work_off, call, line, generation)
            self._running[work] = line
        work.add_done_callback(self._done)

    def _done(self, work: Future[None]) -> None:
        with self._moved:
            del self._running[work]
            self._moved.notify_all()
        if not work.cancelled():
            work.result()  # what went wrong in there is logged from here

    def _work_off(self, call: str, line: Line, generation: int) -> None:
        while not self._closed:
            parcel = line[0]
            again = self._tell(parcel)
            with self._moved:
                self._turns += 1
                self._moved.notify_all()
                if generation != self._simulator.outbox.generation:
                    return  # the simulator was reset meanwhile, and may have a call with the same id again
                if again:
                    line[0] = replace(parcel, attempt=parcel.attempt + 1)
                else:
                    line.popleft()
                    if not line:
                        del self._lines[call]
                        return
            if again:
                self._simulator.later(self._spacing, partial(self._begin, call, line, generation))
                return

    def settle(self, patience: float) -> bool:
        """Wait until no thread is at anything that is in a line now; what is put there later is not waited for.

        Args:
            patience: real seconds to wait for each single parcel.

        Returns:
            Whether it came to that.
        """
        with self._moved:
            last = self._put

            def is_busy() -> bool:
                return any(line and line[0].place <= last for line in self._running.values())

            return idle(self._moved, is_busy, lambda: (self._turns, len(self._running)), patience)

    def close(self) -> None:
        """Tell no more; what is being told is not waited for."""
        with self._moved:
            self._closed = True
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
