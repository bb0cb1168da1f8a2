"""Faults of notifications on their way out: one class for each row of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from pytest_graphcalls.simulator.clock import Clock
from pytest_graphcalls.simulator.outbox import NumberedNotification

Put = Callable[[Iterable[NumberedNotification]], None]
"""Lets go out what was kept."""


class Passing:
    """The effect of a fault on passing notifications; this class loses those it strikes.

    Args:
        facts: the fault's parameters.
        clock: the simulator's.
        put: lets go out what was kept.
    """

    def __init__(self, facts: Mapping[str, Any], clock: Clock, put: Put) -> None:
        self.facts = facts
        self.clock = clock
        self.put = put

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """The notifications that go out now in place of one that the fault strikes."""
        del numbered
        return ()

    def passed(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """The notifications that go out now in place of one that the fault does not strike."""
        return (numbered,)

    def release(self) -> None:
        """Let go out what is kept."""


class Delayed(Passing):
    """Keeps each for a time of its own."""

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """See :meth:`Passing.struck`."""
        self.clock.after(self.facts["seconds"], lambda: self.put((numbered,)))
        return ()


class Duplicated(Passing):
    """Gives each several times."""

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """See :meth:`Passing.struck`."""
        return (numbered,) * (1 + int(self.facts["copies"]))


class Held(Passing):
    """Keeps all until they are released."""

    def __init__(self, facts: Mapping[str, Any], clock: Clock, put: Put) -> None:
        super().__init__(facts, clock, put)
        self._kept: list[NumberedNotification] = []

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """See :meth:`Passing.struck`."""
        self._kept.append(numbered)
        return ()

    def release(self) -> None:
        """See :meth:`Passing.release`."""
        kept, self._kept = self._kept, []
        self.put(kept)


class _ByCall(Passing):
    """Keeps some of each call until enough have come, or the time is up."""

    def __init__(self, facts: Mapping[str, Any], clock: Clock, put: Put) -> None:
        super().__init__(facts, clock, put)
        self._kept: dict[str, list[NumberedNotification]] = {}

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        call = numbered[0].call_id
        if call in self._kept:
            return self.passed(numbered)
        kept = self._kept[call] = [numbered]
        self.clock.after(self.facts["within"], lambda: self._give_up(call, kept))
        return ()

    def passed(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        kept = self._kept.get(numbered[0].call_id)
        if kept is None:
            return (numbered,)
        kept.append(numbered)
        if len(kept) < self.wanted:
            return ()
        return self.together(self._kept.pop(numbered[0].call_id))

    def _give_up(self, call: str, kept: list[NumberedNotification]) -> None:
        if self._kept.get(call) is kept:
            self.put(self.together(self._kept.pop(call)))

    def release(self) -> None:
        for call, kept in tuple(self._kept.items()):
            self._give_up(call, kept)

    @property
    def wanted(self) -> int:
        """How many of a call it takes."""
        return 2

    def together(self, notifications: list[NumberedNotification]) -> Iterable[NumberedNotification]:
        """The notifications that go out in place of those that were kept."""
        return reversed(notifications)


class Reordered(_ByCall):
    """Swaps one with the next of the same call."""


class Batched(_ByCall):
    """Puts one and the next of the same call, to the same address, into one envelope."""

    @property
    def wanted(self) -> int:
        """See :attr:`_ByCall.wanted`."""
        return int(self.facts["size"])

    def together(self, notifications: list[NumberedNotification]) -> Iterable[NumberedNotification]:
        """See :meth:`_ByCall.together`."""
        by_address: dict[str, list[NumberedNotification]] = {}
        for numbered in notifications:
            by_address.setdefault(numbered[0].posted_to, []).append(numbered)
        return map(_in_one_envelope, by_address.values())


def _in_one_envelope(notifications: list[NumberedNotification]) -> NumberedNotification:
    (first, number), (last, _) = notifications[0], notifications[-1]
    entries = [entry for note, _ in notifications for entry in note.entries]
    return replace(first, body={**first.body, "value": entries}, at=last.at), number


PASSING: Mapping[str, type[Passing]] = {
    "drop": Passing,
    "delay": Delayed,
    "duplicate": Duplicated,
    "reorder": Reordered,
    "batch": Batched,
    "hold": Held,
}
"""By name: what a fault makes of notifications."""
