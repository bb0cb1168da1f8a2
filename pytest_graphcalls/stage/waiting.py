"""How long a stage waits, and for what."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_graphcalls.errors import StageError
from pytest_graphcalls.stage.target import OnTarget

if TYPE_CHECKING:
    from pytest_graphcalls.targets import Connection

_MOVING: set[str] = set()
"""Servers on which something has come about while a test waited for it."""
_STILL: set[str] = set()
"""Servers on which nothing did so far. A mock without memory is not waited for in full by every test."""


class Waiting(OnTarget):
    """The part of a stage that waits; arguments as for :class:`.OnTarget`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        # A clock that is ours costs nothing to wait for; real seconds do.
        self._step, self._patience = (1.0, 60.0) if self._simulated else (0.05, 5.0)
        self._longest_step = self._step
        self._notified_within = 5.0
        if connection.sandbox is not None:
            # Somebody's telephone rings there for a minute (observed 10.4), and each look at it counts as a request.
            self._patience, self._longest_step = 75.0, 2.0
            self._notified_within = 15.0

    def until(self, condition: Callable[[], bool], within: float | None = None) -> bool:
        """Ask ``condition`` again and again until it is true.

        Args:
            condition: the question; it may raise :class:`StageError`.
            within: seconds of the target's time; by default as long as anything here should take.

        Returns:
            Whether it became true.
        """
        left = self._patience if within is None else within
        step = self._step
        while not condition():
            if left <= 0:
                return False
            self._connection.wait(min(step, left))
            left -= step
            step = min(step * 1.5, self._longest_step)
        return True

    def advance(self, seconds: float) -> None:
        """Let time pass (needs ``clock``)."""
        self._connection.wait(seconds)

    def reached(self, condition: Callable[[], bool], wanted: str, rule: str = "") -> None:
        """Wait for ``condition``; raises :class:`StageError` if it never comes."""
        if condition():
            return
        still = self._connection.root in _STILL and self._connection.sandbox is None
        patience = self._patience / 10 if still else self._patience
        if self.until(condition, patience):
            _MOVING.add(self._connection.root)
            return
        if not self._simulated and self._connection.root not in _MOVING:
            _STILL.add(self._connection.root)
        raise StageError(wanted, f"it did not come about within {patience:g} seconds", rule)
