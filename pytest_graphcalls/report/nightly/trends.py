"""What the nights come to over time: how long answers take, and which rules the service itself was asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pytest_graphcalls.drift import Night
from pytest_graphcalls.report.nightly.words import day

WIDTH, HEIGHT = 240, 36
"""Of a line, in units of its own picture."""
_EDGE = 3


@dataclass(frozen=True, slots=True)
class Trend:
    """How long the answers of an operation take.

    Attributes:
        operation: its id.
        version: of the API.
        tonight: median, in milliseconds; ``None`` when it was not asked tonight.
        usual: the median of the nights' medians.
        highest: the slowest answer of tonight, or ``None``.
        line: the medians as an SVG path; a night without an answer is a gap.
        dot: where tonight lies in it, or ``None``.
        nights: how many nights it was asked in.
    """

    operation: str
    version: str
    tonight: float | None
    usual: float
    highest: float | None
    line: str
    dot: tuple[float, float] | None
    nights: int


def trends(nights: Sequence[Night]) -> tuple[Trend, ...]:
    """One for each operation and version that any of ``nights`` (oldest first) has asked."""
    names = sorted({name for night in nights for name in night.latency})
    return tuple(_trend(name, nights) for name in names)


def _trend(name: str, nights: Sequence[Night]) -> Trend:
    operation, _, version = name.partition("@")
    seen = [night.latency.get(name) for night in nights]
    medians = [one.median if one else None for one in seen]
    known = [one for one in medians if one is not None]
    points = list(_points(medians, max(known)))
    last = points[-1] if points else None
    return Trend(
        operation=operation,
        version=version,
        tonight=medians[-1],
        usual=median(known),
        highest=seen[-1].highest if seen[-1] else None,
        line="".join(_path(points)),
        dot=last,
        nights=len(known),
    )


def _points(medians: Sequence[float | None], highest: float) -> Iterator[tuple[float, float] | None]:
    """At most one for each unit of the width: nights that fall together are drawn as their mean."""
    count = len(medians)
    steps = min(count, WIDTH)
    for step in range(steps):
        group = medians[step * count // steps : (step + 1) * count // steps]
        known = [one for one in group if one is not None]
        if not known:
            yield None
            continue
        across = step / (steps - 1) if steps > 1 else 1
        up = (sum(known) / len(known)) / highest if highest else 0
        yield (
            round(_EDGE + across * (WIDTH - 2 * _EDGE), 1),
            round(HEIGHT - _EDGE - up * (HEIGHT - 2 * _EDGE), 1),
        )


def _path(points: Sequence[tuple[float, float] | None]) -> Iterator[str]:
    pen_down = False
    for point in points:
        if point:
            yield f"{'L' if pen_down else 'M'}{point[0]:g} {point[1]:g}"
        pen_down = point is not None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of an operation is looked at.

    Attributes:
        operation: its id.
        version: of the API.
        rules: how many it has.
        tonight: how many were checked tonight.
        live: how many the service itself was ever asked about.
        last_live: the last day on which it was, in words, or ``""``.
    """

    operation: str
    version: str
    rules: int
    tonight: int
    live: int
    last_live: str


def coverage(grid: Mapping[str, Any], nights: Sequence[Night]) -> tuple[Coverage, ...]:
    """One for each operation and version.

    Args:
        grid: what :func:`pytest_graphcalls.report.nightly.grid.grid` returned.
        nights: those it was made from.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for rule in grid["rules"]:
        if rule["states"][-1:].strip():
            groups.setdefault((rule["operation"], rule["version"]), []).append(rule)
    return tuple(_coverage(*name, rules, nights) for name, rules in groups.items())


def _coverage(operation: str, version: str, rules: Sequence[Mapping[str, Any]], nights: Sequence[Night]) -> Coverage:
    last = max(rule["live"] for rule in rules)
    return Coverage(
        operation=operation,
        version=version,
        rules=len(rules),
        tonight=sum(rule["states"][-1] in ".!*" for rule in rules),
        live=sum(rule["live"] >= 0 for rule in rules),
        last_live=day(nights[last].started) if last >= 0 else "",
    )
