"""Compare the notifications of a test in two recordings, by call and payload.

The rules of this module:

1. Entries are compared, not envelopes. Calls are matched by id, as mapped from the exchanges, or by the order in which
   they appear.
2. Within a call and a payload, entries are aligned by the state that they report, so that a lost one is one difference.
3. A notification is late if the time since the one before it has grown, so that one delay is one difference.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from pytest_graphcalls.contract import Contract, Payload
from pytest_graphcalls.drift.difference import Kind
from pytest_graphcalls.drift.normalise import IdMap, Normaliser
from pytest_graphcalls.drift.responses import Change, changes
from pytest_graphcalls.wire import Notification, path_segments

_STATES = ("state", "status")
_WORD = re.compile(r"[A-Za-z]{1,40}")
"""The form of a state that may be shown as it is."""
_CALL = 2
"""Index of a call's id among the segments of a resource."""


@dataclass(frozen=True, slots=True)
class NotificationEntry:
    """One entry of a notification.

    Attributes:
        notification: the envelope.
        number: place of the envelope among the notifications of the test, from 1.
        index: place of the entry in the envelope, from 0.
        entry: the entry.
        payload: its payload in the contract, or ``None`` where it is undocumented.
        call: id of the call that it is about, in lower case; or ``""``.
    """

    notification: Notification
    number: int
    index: int
    entry: Mapping[str, Any]
    payload: Payload | None
    call: str

    @property
    def subject(self) -> str:
        """Name of its payload."""
        return self.payload.name if self.payload else "notification"

    @property
    def state(self) -> str:
        """The change that it reports, and the state of the resource where it has one: ``updated established``."""
        data = self.entry.get("resourceData")
        rule_states = [data.get(name) for name in _STATES] if isinstance(data, dict) else []
        words = [one for one in (self.entry.get("changeType"), *rule_states) if isinstance(one, str)]
        return " ".join(word for word in words if _WORD.fullmatch(word))

    @property
    def named(self) -> str:
        """Name of its payload, with the state in brackets."""
        return f"{self.subject} ({self.state})" if self.state else self.subject


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One change of an entry, with the entry in either recording; one of them may be missing."""

    before: NotificationEntry | None
    after: NotificationEntry | None
    change: Change


def entries_of(notifications: Sequence[Notification], contract: Contract, version: str) -> list[NotificationEntry]:
    """The entries of all notifications of a test, in order.

    Args:
        notifications: in the order they were received.
        contract: knows the payloads.
        version: the API version.
    """
    return [
        NotificationEntry(one, number, index, entry, contract.payload(entry, version), _call(entry, one))
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


def compare_notifications(
    before: Sequence[NotificationEntry], after: Sequence[NotificationEntry], normaliser: Normaliser, late: float
) -> Iterator[EntryChange]:
    """The changes between the notifications of two recordings.

    Args:
        before: of the accepted recording.
        after: of tonight.
        normaliser: of the test; it has mapped the ids of the exchanges.
        late: seconds by which a notification has to be later than before to be reported.
    """
    _match_calls(before, after, normaliser.ids)
    pairs: list[tuple[NotificationEntry, NotificationEntry]] = []
    for old, new in _aligned(before, after, normaliser.ids):
        if old is not None and new is not None:
            pairs.append((old, new))
        elif old is not None:
            yield EntryChange(old, None, Change(Kind.NOTIFICATION_MISSING, old.state, old.named))
        elif new is not None:
            yield EntryChange(None, new, Change(Kind.NOTIFICATION_NEW, new.state, "", new.named))
    pairs.sort(key=lambda pair: (pair[0].number, pair[0].index))
    for old, new in pairs:
        yield from (EntryChange(old, new, change) for change in _content(old, new, normaliser))
    yield from _late(pairs, late)
    yield from _moved(pairs)


def _match_calls(before: Sequence[NotificationEntry], after: Sequence[NotificationEntry], ids: IdMap) -> None:
    """Map calls that no exchange has named, such as incoming ones, by the order in which they appear."""
    old = [call for call in dict.fromkeys(one.call for one in before) if call and ids.after(call) is None]
    new = [call for call in dict.fromkeys(one.call for one in after) if call and ids.before(call) is None]
    for pair in zip(old, new, strict=False):
        ids.match(*pair)


def _aligned(
    before: Sequence[NotificationEntry], after: Sequence[NotificationEntry], ids: IdMap
) -> Iterator[tuple[NotificationEntry | None, NotificationEntry | None]]:
    groups: defaultdict[tuple[str, str], tuple[list[NotificationEntry], list[NotificationEntry]]] = defaultdict(
        lambda: ([], [])
    )
    for one in before:
        groups[ids.after(one.call) or one.call, one.subject][0].append(one)
    for one in after:
        groups[one.call, one.subject][1].append(one)
    for old, new in groups.values():
        yield from _in_group(old, new)


def _in_group(
    before: Sequence[NotificationEntry], after: Sequence[NotificationEntry]
) -> Iterator[tuple[NotificationEntry | None, NotificationEntry | None]]:
    """Align two lists of entries by form, then by state; pair the rest by state, only its order has changed."""
    missing: list[NotificationEntry] = []
    new: list[NotificationEntry] = []
    for block in _blocks(before, after, _form):
        for old, fresh in _blocks(*block, lambda one: one.state.lower()):
            if len(old) == len(fresh):
                yield from zip(old, fresh, strict=True)
            else:
                missing += old
                new += fresh
    for one in missing:
        counterpart = next((other for other in new if other.state.lower() == one.state.lower()), None)
        if counterpart is not None:
            new.remove(counterpart)
        yield one, counterpart
    yield from ((None, one) for one in new)


def _blocks(
    before: Sequence[NotificationEntry],
    after: Sequence[NotificationEntry],
    key: Callable[[NotificationEntry], Hashable],
) -> Iterator[tuple[Sequence[NotificationEntry], Sequence[NotificationEntry]]]:
    """Stretches of two lists that are alike by ``key``, or differ from one end to the other."""
    keys = [key(one) for one in before], [key(one) for one in after]
    for _, i, k, j, m in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        yield before[i:k], after[j:m]


def _form(one: NotificationEntry) -> Hashable:
    """The state of a resource with the names of its members: updates of one state are sparse and differ in them."""
    data = one.entry.get("resourceData")
    return one.state.lower(), frozenset(data) if isinstance(data, Mapping) else ()


def _content(old: NotificationEntry, new: NotificationEntry, normaliser: Normaliser) -> Iterator[Change]:
    payload = new.payload
    type_ = ""
    if payload is not None and payload.type:
        type_ = f"{'entries' if payload.shape == 'collection' else 'entry'}:{payload.type}"
    yield from changes(*normaliser.normalise(old.entry, new.entry, type_ or "entry:"), f"$.value[{new.index}]")


def _late(pairs: Sequence[tuple[NotificationEntry, NotificationEntry]], late: float) -> Iterator[EntryChange]:
    behind = 0.0
    for old, new in pairs:
        shift = new.notification.at - old.notification.at
        if shift - behind > late:
            hint = f"It came {shift - behind:.1f} seconds later than before."
            yield EntryChange(old, new, Change(Kind.NOTIFICATION_LATE, "at", "in time", "late", hint))
        behind = max(behind, shift)


def _moved(pairs: Sequence[tuple[NotificationEntry, NotificationEntry]]) -> Iterator[EntryChange]:
    """For each call, the first notification that has overtaken its predecessor."""
    last: dict[str, tuple[NotificationEntry, NotificationEntry]] = {}
    done: set[str] = set()
    for old, new in pairs:
        earlier = last.get(old.call)
        if earlier is not None and old.call not in done and _place(new) < _place(earlier[1]):
            done.add(old.call)
            other = earlier[0].named
            yield EntryChange(old, new, Change(Kind.ORDER_CHANGED, "order", f"after {other}", f"before {other}"))
        if earlier is None or _place(new) > _place(earlier[1]):
            last[old.call] = old, new


def _place(entries_of: NotificationEntry) -> tuple[int, int]:
    return entries_of.number, entries_of.index
