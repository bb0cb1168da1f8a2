"""One fault in force: when it strikes, and how often it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pytest_graphcalls.simulator.faults.table import Order


@dataclass(frozen=True, slots=True)
class Fired:
    """One time that a fault has struck.

    Attributes:
        at: virtual second.
        fault: the fault with the parameters that were given, e.g. ``429 (nth=1)``.
        what: what it struck: ``POST /calls/57da…/reject``, or a kind of notification.
        call: id of the call it was about, or ``""``.
    """

    at: float
    fault: str
    what: str
    call: str


class Fault:
    """A fault, from :meth:`.Simulator.fault` on until it is ended. A ``with`` statement ends it.

    Args:
        number: its number, from 1 since the start or the last reset.
        order: what was asked for.
        chance: gives the next number from 0 to 1.
        end: takes it out of force.
        release: lets go of what it keeps.
    """

    __slots__ = ("_chance", "_end", "_fired", "_release", "number", "order", "seen")

    def __init__(
        self,
        number: int,
        order: Order,
        chance: Callable[[], float],
        end: Callable[[Fault], None],
        release: Callable[[Fault], None],
    ) -> None:
        self.number = number
        self.order = order
        self.seen = 0
        """How many requests or notifications it was selected for so far."""
        self._fired: list[Fired] = []
        self._chance = chance
        self._end = end
        self._release = release

    def __repr__(self) -> str:
        return f"<fault {self.number}: {self.order}, struck {len(self.fired)} of {self.seen}>"

    @property
    def fired(self) -> tuple[Fired, ...]:
        """Every time that it has struck."""
        return tuple(self._fired)

    def note(self, fired: Fired) -> None:
        """Note that it has struck once more."""
        self._fired.append(fired)

    @property
    def name(self) -> str:
        """Its name in :data:`.FAULTS`."""
        return self.order.name

    def strikes(self) -> bool:
        """Count one more that it was selected for, and say whether it strikes. All conditions have to hold."""
        self.seen += 1
        facts = self.order.facts
        return all(holds(self.seen, facts[name]) for name, holds in _TURNS.items() if facts[name] is not None) and (
            facts["probability"] is None or self._chance() < facts["probability"]
        )

    def release(self) -> None:
        """Let go out what it keeps; it is delivered when time passes, ``simulator.advance(0)``. It stays in force.

        What is delayed is on its way already and comes when its time has come.
        """
        self._release(self)

    def end(self) -> None:
        """Take it out of force, and let go out what it keeps, as :meth:`release` does. Ending it twice does nothing."""
        self._end(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


_TURNS: Mapping[str, Callable[[int, Any], bool]] = {
    "nth": lambda number, nth: bool(number == nth),
    "every": lambda number, every: number % int(every) == 0,
    "since": lambda number, since: bool(number >= since),
}
