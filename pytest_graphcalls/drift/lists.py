"""Which items of two lists belong together, so that a new one in front is one difference and not as many as follow."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.drift.names import Names
from pytest_graphcalls.drift.volatile import KEYS


@dataclass(frozen=True, slots=True)
class Couple:
    """Two items that belong together, or one that is alone.

    Attributes:
        before: index in the accepted list, or ``None``.
        after: index in tonight's list, or ``None``.
        sure: whether an id or their being alike says so, rather than their place among several.
        named: whether an id says so.
    """

    before: int | None
    after: int | None
    sure: bool = True
    named: bool = False


def couples(
    before: Sequence[Any], after: Sequence[Any], names: Names, shape: Callable[[Any], str]
) -> tuple[list[Couple], bool]:
    """Couple the items of two lists.

    Args:
        before: the accepted list.
        after: tonight's.
        names: which ids stand for the same thing.
        shape: an item as a text without whatever is volatile.

    Returns:
        The couples in the order of the accepted list, what is new behind them; and whether items that both lists
        have, stand in another order.
    """
    found = _named(before, after, names)
    taken = {one.after for one in found.values()}
    left = [i for i in range(len(before)) if i not in found and not _known(before[i], names.after)]
    right = [j for j in range(len(after)) if j not in taken and not _known(after[j], names.before)]
    for one in _alike([(i, before[i]) for i in left], [(j, after[j]) for j in right], shape):
        if one.before is not None and one.after is not None:
            found[one.before] = one
            taken.add(one.after)
    paired = [found.get(i, Couple(i, None)) for i in range(len(before))]
    new = [Couple(None, j) for j in range(len(after)) if j not in taken]
    return paired + new, _moved(before, paired)


def _moved(before: Sequence[Any], paired: Sequence[Couple]) -> bool:
    """Whether what can be told apart has changed places: items with an id, or values of a list of plain values."""
    plain = not any(isinstance(item, (dict, list)) for item in before)
    places = [one.after for one in paired if one.after is not None and (one.named or plain)]
    return places != sorted(places)


def _named(before: Sequence[Any], after: Sequence[Any], names: Names) -> dict[int, Couple]:
    """Couples by id, those of the surest key first, by index in ``before``."""
    found: dict[int, Couple] = {}
    if not any(isinstance(item, dict) for item in before):
        return found
    taken: set[int] = set()
    for key in KEYS:
        there: defaultdict[str, deque[int]] = defaultdict(deque)
        for j, item in enumerate(after):
            if j not in taken and (value := _at(item, key)):
                there[value].append(j)
        for i, item in enumerate(before):
            value = "" if i in found else _at(item, key)
            wanted = (names.after(value) or value) if value else ""
            if there.get(wanted):
                place = there[wanted].popleft()
                found[i] = Couple(i, place, named=True)
                taken.add(place)
    return found


def _known(item: Any, look: Callable[[str], str | None]) -> bool:
    return any(look(value) is not None for key in KEYS if (value := _at(item, key)))


def _at(item: Any, key: Sequence[str]) -> str:
    """The id at ``key``, in lower case, or ``""``."""
    for step in key:
        if not isinstance(item, dict):
            return ""
        item = next((one for one in item.values() if isinstance(one, dict)), None) if step == "*" else item.get(step)
    return item.lower() if isinstance(item, str) else ""


def _alike(
    before: Sequence[tuple[int, Any]], after: Sequence[tuple[int, Any]], shape: Callable[[Any], str]
) -> Iterator[Couple]:
    """Couples of items that no id tells apart: those of the same shape, then whoever is left, in order."""
    if len(before) == len(after) == 1 and isinstance(before[0][1], dict) and isinstance(after[0][1], dict):
        yield Couple(before[0][0], after[0][0])
        return
    there: dict[str, deque[int]] = defaultdict(deque)
    for j, item in after:
        there[shape(item)].append(j)
    left = []
    for i, item in before:
        same = there[shape(item)]
        if same:
            yield Couple(i, same.popleft(), sure=False)
        else:
            left.append((i, item))
    rest = sorted(j for places in there.values() for j in places)
    values = dict(after)
    # Plain values that differ are other values, not changed ones; only their letter case may have changed.
    whole = [i for i, item in left if isinstance(item, (dict, list))]
    for i, j in zip(whole, (j for j in rest if isinstance(values[j], (dict, list))), strict=False):
        yield Couple(i, j, sure=False)
