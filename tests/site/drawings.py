"""Drawings as SVG that follow the page's colours: the state machine from its tables, the house from its floors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from itertools import count
from typing import Any

from pytest_graphcalls import lifecycle
from tests.house.test_rooms import FLOORS
from tests.site.markdown import code, codes, table

BOX, GAP, HEIGHT, RISE = 118, 92, 34, 34
TABLES: Mapping[str, tuple[Mapping[Any, Mapping[Any, Any]], tuple[str, ...]]] = {
    "call": (lifecycle.CALL, ("incoming", "establishing")),
    "participant": (lifecycle.PARTICIPANT, ("invited", "active")),
    "operation": (lifecycle.OPERATION, ("running",)),
}
"""By what it is about: the table of states and events, and the states that it begins in."""


def states(subject: str) -> str:
    """One state machine: its states in a row, each transition as an arc, and the same as a table below."""
    machine, starts = TABLES[subject]
    at = {state: BOX * number + GAP * number for number, state in enumerate(machine)}
    arcs = list(_arcs(machine, list(machine)))
    above = max((rise for _, _, _, rise in arcs if rise > 0), default=0) * RISE + 30
    below = -min((rise for _, _, _, rise in arcs if rise < 0), default=0) * RISE + 30
    width = (BOX + GAP) * len(machine) - GAP
    marks = f"{subject}-arrow"
    drawn = [
        f'<defs><marker id="{marks}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>',
        *(_arc(at[one], at[other], rise, above, text, marks) for one, other, text, rise in arcs),
        *(_box(x, above, state, state in starts, not machine[state]) for state, x in at.items()),
    ]
    title = f"States of a {subject}" if subject[0] not in "aeiou" else f"States of an {subject}"
    return f"{_svg(width, above + HEIGHT + below, title, drawn)}\n\n{_rows(machine, starts)}"


def _arcs(machine: Mapping[Any, Mapping[Any, Any]], order: list[Any]) -> Iterator[tuple[Any, Any, str, int]]:
    """Each pair of states with the events between them and the height of its arc: 0 for neighbours."""
    over, under = count(1), count(1)
    pairs = []
    for state, row in machine.items():
        by_target: dict[Any, list[str]] = {}
        for event, target in row.items():
            by_target.setdefault(target, []).append(str(event))
        pairs += [(state, target, ", ".join(events)) for target, events in by_target.items()]
    for one, other, text in sorted(pairs, key=lambda pair: order.index(pair[1]) - order.index(pair[0])):
        if order.index(other) - order.index(one) == 1:
            yield one, other, text, 0
        else:
            yield one, other, text, -next(under) if not machine[other] else next(over)


def _arc(start: int, end: int, rise: int, top: int, text: str, marks: str) -> str:
    if not rise:
        y = top + HEIGHT / 2
        line = f"M{start + BOX} {y}H{end - 3}"
        return f'<path d="{line}" marker-end="url(#{marks})"/>{_label((start + BOX + end) / 2, y - 7, text)}'
    shift = 8 * (abs(rise) - 1)
    one, other = start + BOX - 24 - shift, end + 24 + shift
    edge, peak = (top, top - rise * RISE) if rise > 0 else (top + HEIGHT, top + HEIGHT - rise * RISE)
    line = f"M{one} {edge}V{peak}H{other}V{edge + (-3 if rise > 0 else 3)}"
    return f'<path d="{line}" marker-end="url(#{marks})"/>{_label((one + other) / 2, peak - 6, text)}'


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _box(x: int, y: int, text: str, begins: bool, ends: bool) -> str:
    kind = " ".join(filter(None, ("box", begins and "begins", ends and "ends")))
    return (
        f'<rect class="{kind}" x="{x + 1}" y="{y}" width="{BOX - 2}" height="{HEIGHT}" rx="6"/>'
        f'<text class="name" x="{x + BOX / 2:g}" y="{y + HEIGHT / 2 + 5:g}">{escape(str(text))}</text>'
    )


def _svg(width: int, height: int, title: str, drawn: Iterable[str]) -> str:
    inside, label = "".join(drawn), escape(title)
    return (
        f'<figure class="drawing" role="group" aria-label="{label}" tabindex="0">'
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}">'
        f"{inside}</svg></figure>"
    )


def _rows(machine: Mapping[Any, Mapping[Any, Any]], starts: tuple[str, ...]) -> str:
    rows = [(f"{code(state)}{', first' if state in starts else ''}", _events(row)) for state, row in machine.items()]
    return table(("state", "event → next state"), rows)


def _events(row: Mapping[Any, Any]) -> str:
    return "<br>".join(f"{event} → {code(target)}" for event, target in row.items()) or "last"


ROOM = 116


def house() -> str:
    """The house: each floor with its rooms, the highest floor on top; imports go down."""
    per_line = 6
    y = 8
    drawn = []
    for floor in sorted(FLOORS, reverse=True):
        rooms = sorted(FLOORS[floor])
        lines = -(-len(rooms) // per_line)
        drawn.append(
            f'<rect class="floor" x="1" y="{y}" width="{ROOM * per_line + 66}" height="{40 * lines + 10}" rx="6"/>'
        )
        drawn.append(_label(30, y + 20 * lines + 10, f"floor {floor}"))
        for number, room in enumerate(rooms):
            x, top = 64 + ROOM * (number % per_line), y + 8 + 40 * (number // per_line)
            drawn.append(f'<rect class="box" x="{x}" y="{top}" width="{ROOM - 8}" height="32" rx="4"/>')
            drawn.append(f'<text class="name" x="{x + ROOM / 2 - 4:g}" y="{top + 21}">{escape(room)}</text>')
        y += 40 * lines + 22
    floors = [(str(floor), codes(sorted(FLOORS[floor]))) for floor in sorted(FLOORS, reverse=True)]
    return f"{_svg(ROOM * per_line + 68, y, 'The rooms by floor', drawn)}\n\n{table(('floor', 'rooms'), floors)}"


PARTS: Mapping[str, Callable[[], str]] = {
    **{f"states-of-{subject}": lambda subject=subject: states(subject) for subject in TABLES},  # type: ignore[misc]  # binds the name
    "house": house,
}
"""By the name in a page's marker: what makes that part."""
