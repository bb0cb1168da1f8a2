"""Sleep in virtual time, for the tasks of a bot in this process: the simulator's clock wakes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from pytest_graphcalls.validation import MOST, quantity

_ASLEEP: WeakSet[asyncio.Task[Any]] = WeakSet()
"""Tasks that wait for virtual time, and therefore must not be waited for in real time."""


def is_asleep(task: asyncio.Task[Any]) -> bool:
    """Whether a task waits for virtual time to pass."""
    return task in _ASLEEP


class VirtualSleep:
    """Lets tasks sleep, and makes the caller that advances time wait for each task that wakes.

    Args:
        later: calls a function after so many virtual seconds, while the simulator is not locked.
        timeout: gives the real seconds to wait for a woken task until it sleeps again or is done.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], None], timeout: Callable[[], float]) -> None:
        self._later = later
        self._timeout = timeout
        self._awake: WeakKeyDictionary[asyncio.Task[Any], Event] = WeakKeyDictionary()
        self._pending: WeakKeyDictionary[asyncio.AbstractEventLoop, Event] = WeakKeyDictionary()
        """For a sleep that was a task of its own: its waiter is unknown, so the next sleep in the loop counts."""

    async def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds`` of virtual time; raises :class:`SettingError` unless they are a number of 0 or more."""
        quantity("sleep(seconds)", seconds, unit="virtual seconds", most=MOST)
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # a coroutine runs in one
        for one in (self._awake.pop(task, None), self._pending.pop(loop, None)):
            if one is not None:
                one.set()
        due, asleep_again = asyncio.Event(), Event()
        self._later(seconds, partial(self._wake, loop, due, asleep_again))
        _ASLEEP.add(task)
        try:
            await due.wait()
        except BaseException:
            asleep_again.set()
            raise
        finally:
            _ASLEEP.discard(task)
        if _is_only_a_sleep(task):
            self._pending[loop] = asleep_again
        else:
            self._awake[task] = asleep_again
            task.add_done_callback(lambda _: asleep_again.set())

    def _wake(self, loop: asyncio.AbstractEventLoop, due: asyncio.Event, asleep_again: Event) -> None:
        if asleep_again.is_set() or loop.is_closed():
            return
        loop.call_soon_threadsafe(due.set)
        if not _runs_here(loop):  # in its own loop it would wait for itself
            asleep_again.wait(self._timeout())


def _is_only_a_sleep(task: asyncio.Task[Any]) -> bool:
    """Whether a task consists of a sleep only, as ``asyncio.wait`` and ``gather`` make one."""
    return getattr(task.get_coro(), "cr_code", None) is VirtualSleep.sleep.__code__


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
