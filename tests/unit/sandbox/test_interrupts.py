"""Ctrl-C, put off for a moment."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_graphcalls.sandbox.guard import deferred_signals


def interrupted(done: list[str], *, wanted: bool) -> None:
    with deferred_signals(wanted=wanted):
        signal.raise_signal(signal.SIGINT)
        done.append("finished")


def test_ctrl_c_waits_for_the_end_of_the_block() -> None:
    """What has begun is finished; then the interrupt comes as if nothing had been."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(done, wanted=True)
    assert done == ["finished"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_is_deferred_only_on_request() -> None:
    """Reading may be interrupted at any moment."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(done, wanted=False)
    assert done == []


def terminated(came: list[int]) -> None:
    with deferred_signals():
        signal.raise_signal(signal.SIGTERM)
        assert came == []
        raise ValueError("x")


def test_the_handlers_of_others_come_back() -> None:
    """Earlier handlers, also those of SIGTERM, come back, also after an exception."""
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
    try:
        with pytest.raises(ValueError, match="x"):
            terminated(came)
        assert came == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_deferring_signals_outside_the_main_thread_does_nothing() -> None:
    """There it does nothing, and does not fail."""

    def work() -> str:
        with deferred_signals():
            return "done"

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result() == "done"
