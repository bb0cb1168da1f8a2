"""Ctrl-C, put off for the moment in which it would leave something behind; and SIGTERM, which is to do the same."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def undisturbed(*, wanted: bool = True) -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block has ended; they are delivered then.

    Only the main thread gets signals, so elsewhere nothing is done.

    Args:
        wanted: false makes it do nothing.
    """
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    # A handler that was not set by Python is None, and could not be set again.
    before = {number: handler for number in _SIGNALS if (handler := signal.getsignal(number)) is not None}
    for number in before:
        signal.signal(number, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for missed in came:
            signal.raise_signal(missed)


@contextmanager
def stopped_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, which whoever cancels a job sends, do what Ctrl-C does in the block.

    Without it the process would end on the spot, and clean up nothing. Only the main thread gets signals, so elsewhere
    nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
