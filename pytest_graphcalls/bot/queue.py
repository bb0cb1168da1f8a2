"""Queue the notifications of each call, so that they are delivered in order even when the bot fails."""

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

MAX_THREADS = 32
"""Number of calls whose notifications are delivered at the same time."""


@dataclass(frozen=True, slots=True)
class QueuedNotification:
    """A notification that waits for its delivery.

    Attributes:
        note: the notification.
        sequence: its number in ``simulator.notifications``.
        attempt: number of the attempt, from 1.
        place: how many were queued until it, itself included.
    """

    note: Notification
    sequence: int
    attempt: int = 1
    place: int = 0


CallQueue = deque[QueuedNotification]


class DeliveryQueue:
    """A queue of notifications for each call. Safe under threads.

    Args:
        simulator: source of the notifications; a reset empties all queues.
        post: posts a notification, and says whether it has to be repeated.
        spacing: virtual seconds until it is repeated; the rest of its queue waits meanwhile.
        side_by_side: whether each queue is processed by a thread of its own, not by the caller that advances time;
            asked whenever the processing of a queue starts.
    """

    def __init__(
        self,
        simulator: Simulator,
        post: Callable[[QueuedNotification], bool],
        spacing: float,
        side_by_side: Callable[[], bool],
    ) -> None:
        self._simulator = simulator
        self._post = post
        self._spacing = spacing
        self._side_by_side = side_by_side
        self._queues: dict[str, CallQueue] = {}
        self._generation = simulator.outbox.generation
        self._changed = Condition()
        self._running: dict[Future[None], CallQueue] = {}
        self._posts = 0
        self._queued = 0
        self._closed = False
        self._threads: ThreadPoolExecutor | None = None

    def put(self, queued: QueuedNotification) -> None:
        """Append ``queued`` to the queue of its call, and process the queue unless that is happening already."""
        call = queued.note.call_id
        with self._changed:
            if self._generation != self._simulator.outbox.generation:
                self._generation = self._simulator.outbox.generation
                self._queues.clear()
            self._queued += 1
            queue = self._queues.setdefault(call, deque())
            queue.append(replace(queued, place=self._queued))
            if len(queue) > 1:  # it is being processed, or waits for the repetition of its head
                return
            generation = self._generation
        self._start(call, queue, generation)

    def _start(self, call: str, queue: CallQueue, generation: int) -> None:
        if not self._side_by_side():
            self._process(call, queue, generation)
            return
        with self._changed:
            if self._closed:
                return
            self._threads = self._threads or ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="graphcalls-courier")
            work = self._threads.submit(self._process, call, queue, generation)
            self._running[work] = queue
        work.add_done_callback(self._finished)

    def _finished(self, work: Future[None]) -> None:
        with self._changed:
            del self._running[work]
            self._changed.notify_all()
        if not work.cancelled():
            work.result()  # raises what went wrong in the thread, so that it is logged

    def _process(self, call: str, queue: CallQueue, generation: int) -> None:
        while not self._closed:
            queued = queue[0]
            again = self._post(queued)
            with self._changed:
                self._posts += 1
                self._changed.notify_all()
                if generation != self._simulator.outbox.generation:
                    return  # the simulator was reset meanwhile, and may have a call with the same id again
                if again:
                    queue[0] = replace(queued, attempt=queued.attempt + 1)
                else:
                    queue.popleft()
                    if not queue:
                        del self._queues[call]
                        return
            if again:
                self._simulator.later(self._spacing, partial(self._start, call, queue, generation))
                return

    def wait_until_idle(self, patience: float) -> bool:
        """Wait until no thread is busy with what is queued now; what is queued later is not waited for.

        Args:
            patience: real seconds to wait for each single notification.

        Returns:
            Whether it came to that.
        """
        with self._changed:
            last = self._queued

            def is_busy() -> bool:
                return any(queue and queue[0].place <= last for queue in self._running.values())

            return idle(self._changed, is_busy, lambda: (self._posts, len(self._running)), patience)

    def close(self) -> None:
        """Stop delivering; a delivery that is under way is not waited for."""
        with self._changed:
            self._closed = True
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
