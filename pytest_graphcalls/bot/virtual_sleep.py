"""Sleep by virtual time, for the tasks of a bot in this process: a timer of ten minutes goes off when they are over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from pytest_graphcalls.validation import MOST, quantity

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
        self._behind: WeakKeyDictionary[asyncio.AbstractEventLoop, Event] = WeakKeyDictionary()
        """Where a sleep was a task of its own, nobody knows who has waited for it: the next one who sleeps, perhaps."""

    async def sleep(self, seconds: float) -> None:
        """Sleep for ``seconds`` of virtual time; raises :class:`SettingError` for what is no number of 0 or more."""
        quantity("sleep(seconds)", seconds, unit="virtual seconds", most=MOST)
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # a coroutine runs in one
        for one in (self._awake.pop(task, None), self._behind.pop(loop, None)):
            if one is not None:
                one.set()
        due, at_rest = asyncio.Event(), Event()
        self._later(seconds, partial(self._wake, loop, due, at_rest))
        _ASLEEP.add(task)
        try:
            await due.wait()
        except BaseException:
            at_rest.set()
            raise
        finally:
            _ASLEEP.discard(task)
        if _is_nothing_else(task):
            self._behind[loop] = at_rest
        else:
            self._awake[task] = at_rest
            task.add_done_callback(lambda _: at_rest.set())

    def _wake(self, loop: asyncio.AbstractEventLoop, due: asyncio.Event, at_rest: Event) -> None:
        if at_rest.is_set() or loop.is_closed():
            return
        loop.call_soon_threadsafe(due.set)
        if not _runs_here(loop):  # else it would wait for itself
            at_rest.wait(self._patience())


def _is_nothing_else(task: asyncio.Task[Any]) -> bool:
    """Whether a task is a sleep and no more, as ``asyncio.wait`` and ``gather`` make one of it."""
    return getattr(task.get_coro(), "cr_code", None) is Sleepers.sleep.__code__


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
