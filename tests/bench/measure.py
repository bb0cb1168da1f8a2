"""Timing that survives a noisy machine: candidates take turns, and only their ratios count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Figure:
    """One line of the print-out.

    Attributes:
        name: what was measured.
        value: the measured figure with its unit.
        goal: what it should be, or ``""``.
        reached: whether it is, or ``None`` when there is no goal.
    """

    name: str
    value: str
    goal: str = ""
    reached: bool | None = None

    def __str__(self) -> str:
        verdict = {True: "reached", False: "MISSED", None: ""}[self.reached]
        return f"  {self.name:<66} {self.value:>18}   {self.goal:<24} {verdict}".rstrip()


def seconds(work: Work, times: int, clock: Callable[[], float]) -> float:
    """Seconds for one call of ``work``, as the mean of ``times`` calls."""
    start = clock()
    for _ in range(times):
        work()
    return (clock() - start) / times


def in_turns(
    candidates: Mapping[str, Work], *, times: int, rounds: int = 15, clock: Callable[[], float] = time.process_time
) -> dict[str, list[float]]:
    """Time the candidates in turns.

    Args:
        candidates: name to work.
        times: calls in one turn.
        rounds: turns of each, after one that is not counted.
        clock: gives the seconds; by default those of this process's CPU, so that other load does not count.

    Returns:
        Name to the seconds per call of each round; the same index is the same moment.
    """
    for work in candidates.values():
        seconds(work, max(1, times // 10), clock)
    found: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, work in candidates.items():
            found[name].append(seconds(work, times, clock))
    return found


def ratio(over: list[float], under: list[float]) -> float:
    """Median of the ratios round by round."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def at_most(name: str, value: float, goal: float, *, unit: str = "x") -> Figure:
    """A figure that should not exceed ``goal``."""
    return Figure(name, f"{value:.2f} {unit}", f"at most {goal:g} {unit}", value <= goal)


def at_least(name: str, value: float, goal: float, *, unit: str = "x") -> Figure:
    """A figure that should not fall below ``goal``."""
    return Figure(name, f"{value:.2f} {unit}", f"at least {goal:g} {unit}", value >= goal)
