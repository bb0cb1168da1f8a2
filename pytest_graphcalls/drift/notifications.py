"""What differs between what a test was told in two recordings: notifications, by call and sort.

The rules of this page:

1. An envelope is nothing; its entries count. Calls are told apart by who is who, or by the order in which they appear.
2. Within a call and a sort, entries are aligned by the state that they tell of, so that a lost one is one difference.
3. Late is what comes later after the one before it than it used to: one delay is one difference.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from pytest_graphcalls.contract import Contract, Payload
from pytest_graphcalls.drift.difference import Kind
from pytest_graphcalls.drift.normalise import Names, Settler
from pytest_graphcalls.drift.responses import Change, changes
from pytest_graphcalls.wire import Notification, path_segments

_STATES = ("state", "status")
_WORD = re.compile(r"[A-Za-z]{1,40}")
"""What may be shown as it is."""
_CALL = 2
"""Where the id of a call stands among the segments of a resource."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a notification.

    Attributes:
        notification: the envelope.
        number: its place among what the test was told, from 1.
        index: the entry's place in the envelope, from 0.
        entry: the entry.
        payload: what it is, or ``None`` where no page shows such a one.
        call: id of the call that it tells of, in lower case; or ``""``.
    """

    notification: Notification
    number: int
    index: int
    entry: Mapping[str, Any]
    payload: Payload | None
    call: str

    @property
    def subject(self) -> str:
        """What it is, in one word."""
        return self.payload.name if self.payload else "notification"

    @property
    def state(self) -> str:
        """What it tells of: a change and, where there is one, the state that things are in."""
        data = self.entry.get("resourceData")
        states = [data.get(name) for name in _STATES] if isinstance(data, dict) else []
        words = [one for one in (self.entry.get("changeType"), *states) if isinstance(one, str)]
        return " ".join(word for word in words if _WORD.fullmatch(word))

    @property
    def named(self) -> str:
        """What it is, and what it tells of."""
        return f"{self.subject} ({self.state})" if self.state else self.subject


@dataclass(frozen=True, slots=True)
class Retold:
    """What was told then and now; one of them may be missing."""

    before: Told | None
    after: Told | None
    change: Change


def told(notifications: Sequence[Notification], contract: Contract, version: str) -> list[Told]:
    """The entries of all notifications of a test, in order.

    Args:
        notifications: as they came.
        contract: knows what is posted.
        version: the API version.
    """
    return [
        Told(one, number, index, entry, contract.payload(entry, version), _call(entry, one))
        for number, one in enumerate(notifications, 1)
        for index, entry in enumerate(_entries(one))
        if isinstance(entry, dict)
    ]


def _entries(notification: Notification) -> Sequence[Any]:
    value = notification.body.get("value")
    return value if isinstance(value, list) else ()


def _call(entry: Mapping[str, Any], notification: Notification) -> str:
    address = entry.get("resourceUrl") or entry.get("resource")
    segments = path_segments(address) if isinstance(address, str) else []
    return (segments[_CALL] if len(segments) > _CALL else notification.call_id).lower()


def compare_told(before: Sequence[Told], after: Sequence[Told], settler: Settler, late: float) -> Iterator[Retold]:
    """What differs between what was told then and now.

    Args:
        before: of the accepted recording.
        after: of tonight.
        settler: the test's; it knows who is who from the exchanges.
        late: how many seconds later than before is late.
    """
    _meet_calls(before, after, settler.names)
    pairs: list[tuple[Told, Told]] = []
    for old, new in _aligned(before, after, settler.names):
        if old is not None and new is not None:
            pairs.append((old, new))
        elif old is not None:
            yield Retold(old, None, Change(Kind.NOTIFICATION_MISSING, old.state, old.named))
        elif new is not None:
            yield Retold(None, new, Change(Kind.NOTIFICATION_NEW, new.state, "", new.named))
    pairs.sort(key=lambda pair: (pair[0].number, pair[0].index))
    for old, new in pairs:
        yield from (Retold(old, new, change) for change in _content(old, new, settler))
    yield from _late(pairs, late)
    yield from _moved(pairs)


def _meet_calls(before: Sequence[Told], after: Sequence[Told], names: Names) -> None:
    """Calls that no exchange has named, such as those that come in, are the same by the order they appear in."""
    old = [call for call in dict.fromkeys(one.call for one in before) if call and names.after(call) is None]
    new = [call for call in dict.fromkeys(one.call for one in after) if call and names.before(call) is None]
    for pair in zip(old, new, strict=False):
        names.meet(*pair)


def _aligned(before: Sequence[Told], after: Sequence[Told], names: Names) -> Iterator[tuple[Told | None, Told | None]]:
    groups: defaultdict[tuple[str, str], tuple[list[Told], list[Told]]] = defaultdict(lambda: ([], []))
    for one in before:
        groups[names.after(one.call) or one.call, one.subject][0].append(one)
    for one in after:
        groups[one.call, one.subject][1].append(one)
    for old, new in groups.values():
        yield from _in_group(old, new)


def _in_group(before: Sequence[Told], after: Sequence[Told]) -> Iterator[tuple[Told | None, Told | None]]:
    """Aligned by state; then what is left is coupled by state all the same, because it came at another time."""
    gone: list[Told] = []
    new: list[Told] = []
    states = [one.state.lower() for one in before], [one.state.lower() for one in after]
    for tag, i, k, j, m in SequenceMatcher(None, *states, autojunk=False).get_opcodes():
        if tag == "equal" or k - i == m - j:
            yield from zip(before[i:k], after[j:m], strict=True)
        else:
            gone += before[i:k]
            new += after[j:m]
    for one in gone:
        twin = next((other for other in new if other.state.lower() == one.state.lower()), None)
        if twin is not None:
            new.remove(twin)
        yield one, twin
    yield from ((None, one) for one in new)


def _content(old: Told, new: Told, settler: Settler) -> Iterator[Change]:
    payload = new.payload
    type_ = ""
    if payload is not None and payload.type:
        type_ = f"{'entries' if payload.shape == 'collection' else 'entry'}:{payload.type}"
    yield from changes(*settler.settle(old.entry, new.entry, type_ or "entry:"), f"$.value[{new.index}]")


def _late(pairs: Sequence[tuple[Told, Told]], late: float) -> Iterator[Retold]:
    behind = 0.0
    for old, new in pairs:
        shift = new.notification.at - old.notification.at
        if shift - behind > late:
            hint = f"It came {shift - behind:.1f} seconds later than before."
            yield Retold(old, new, Change(Kind.NOTIFICATION_LATE, "at", "in time", "late", hint))
        behind = max(behind, shift)


def _moved(pairs: Sequence[tuple[Told, Told]]) -> Iterator[Retold]:
    """Per call, the first notification that comes before another one which it used to follow."""
    last: dict[str, tuple[Told, Told]] = {}
    done: set[str] = set()
    for old, new in pairs:
        earlier = last.get(old.call)
        if earlier is not None and old.call not in done and _place(new) < _place(earlier[1]):
            done.add(old.call)
            other = earlier[0].named
            yield Retold(old, new, Change(Kind.ORDER_CHANGED, "order", f"after {other}", f"before {other}"))
        if earlier is None or _place(new) > _place(earlier[1]):
            last[old.call] = old, new


def _place(told: Told) -> tuple[int, int]:
    return told.number, told.index
