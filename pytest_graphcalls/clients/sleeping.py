"""Sleep by virtual time, for the tasks of a bot in this process: a timer of ten minutes goes off when they are over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from pytest_graphcalls.quantities import MOST, quantity

_ASLEEP: WeakSet[asyncio.Task[Any]] = WeakSet()
"""Tasks that wait for virtual time: nobody need wait for them in real time."""


def is_asleep(task: asyncio.Task[Any]) -> bool:
    """Whether a task waits for virtual time to pass."""
    return task in _ASLEEP


class Sleepers:
    """Lets tasks sleep, and whoever lets time pass wait for each one that wakes.

    Args:
        later: runs something when so many virtual seconds have passed, not while the simulator is locked.
        patience: real seconds to wait for a task that was woken, until it sleeps again or is over.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], None], patience: Callable[[], float]) -> None:
        self._later = later
        self._patience = patience
        self._awake: WeakKeyDictionary[asyncio.Task[Any], Event] = WeakKeyDictionary()

    async def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds`` of virtual time; raises :class:`SettingError` for what is no number of 0 or more."""
        quantity("sleep(seconds)", seconds, unit="virtual seconds", most=MOST)
        task = asyncio.current_task()
        assert task is not None  # a coroutine runs in one
        if task in self._awake:
            self._awake.pop(task).set()
        due, at_rest = asyncio.Event(), Event()
        self._later(seconds, partial(self._wake, asyncio.get_running_loop(), due, at_rest))
        _ASLEEP.add(task)
        try:
            await due.wait()
        except BaseException:
            at_rest.set()
            raise
        finally:
            _ASLEEP.discard(task)
        self._awake[task] = at_rest
        task.add_done_callback(lambda _: at_rest.set())

    def _wake(self, loop: asyncio.AbstractEventLoop, due: asyncio.Event, at_rest: Event) -> None:
        if at_rest.is_set() or loop.is_closed():
            return
        loop.call_soon_threadsafe(due.set)
        if not _runs_here(loop):  # else it would wait for itself
            at_rest.wait(self._patience())


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
