"""Normalise two JSON values for comparison: ids, times and other values of one run are taken out of both.

The result is two trees of objects and values in comparable form (see ``values``). A list becomes an object: its keys
are the indexes of paired items, ``[0|1]`` for the first item that is the second one now, ``[|2]`` for a new one. So
trees can be compared without special treatment of lists, and one new item is one difference.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from pytest_graphcalls.contract import VERSIONS, Contract
from pytest_graphcalls.contract.types import NAMESPACE, Member, TypeModel
from pytest_graphcalls.drift.values import IDENTIFYING_KEYS, comparable, is_id
from pytest_graphcalls.wire import Request, json_object, path_segments

Tree: TypeAlias = "dict[str, Tree] | str"
ORDER = "[order]"
"""The key of a list's tree that says whether the order of its items has changed."""
KEPT, CHANGED = "order kept", "order changed"
_NOTHING_KNOWN: Mapping[str, Member] = {}
_ANY = Member("")


class Normaliser:
    """Normalises the values of one test, one after the other, and maps ids on the way.

    Args:
        model: the types of the API version.
        addresses: makes templates of addresses.
    """

    def __init__(self, model: TypeModel, addresses: AddressTemplates) -> None:
        self._model = model
        self._addresses = addresses
        self.ids = IdMap()

    def members(self, type_: str) -> Mapping[str, Member]:
        """The members of a type.

        Args:
            type_: a name in the model; ``collection:<type>`` for a ``value`` list of it; ``entry:<type>`` or
                ``entries:<type>`` for an entry of a notification, by the type of its resource data.
        """
        sort, _, name = type_.rpartition(":")
        if sort == "collection":
            return {"value": Member(name, collection=True)}
        if sort in {"entry", "entries"}:
            known = self._model.types.get("commsNotification")
            data = Member(name, collection=sort == "entries")
            return {**(known.members if known else _NOTHING_KNOWN), "resourceData": data}
        known = self._model.types.get(name)
        return known.members if known else _NOTHING_KNOWN

    def normalise(self, before: Any, after: Any, type_: str = "") -> tuple[Tree, Tree]:
        """Normalise two values, and map the ids in them.

        Args:
            before: decoded JSON of the accepted recording.
            after: decoded JSON of tonight.
            type_: their type (see :meth:`members`), or ``""``.

        Returns:
            Both as trees.
        """
        return self._pair("", before, after, Member(type_), learn=True)

    def match(self, before: Any, after: Any, name: str = "") -> None:
        """Map the ids of two request bodies: the test's code has put corresponding ids in equal places.

        Args:
            before: decoded JSON of the accepted recording.
            after: decoded JSON of tonight.
            name: name of the member that has these values, or ``""``.
        """
        if isinstance(before, dict) and isinstance(after, dict):
            for key in before.keys() & after.keys():
                self.match(before[key], after[key], key)
        elif isinstance(before, list) and isinstance(after, list):
            for pair in zip(before, after, strict=False):
                self.match(*pair, name)
        elif is_id(name, before) and is_id(name, after):
            self.ids.match(before, after)

    def _pair(self, name: str, before: Any, after: Any, member: Member, *, learn: bool) -> tuple[Tree, Tree]:
        if isinstance(before, dict) and isinstance(after, dict):
            return self._objects(before, after, member.type, learn=learn)
        if isinstance(before, list) and isinstance(after, list):
            return self._lists(name, before, after, member, learn=learn)
        if isinstance(before, str) and isinstance(after, str):
            return self._texts(name, before, after, member, learn=learn)
        return self._comparable(name, before, member), self._comparable(name, after, member)

    def _objects(
        self, before: Mapping[str, Any], after: Mapping[str, Any], type_: str, *, learn: bool
    ) -> tuple[Tree, Tree]:
        members = self.members(self._subtype(type_, after, before))
        left: dict[str, Tree] = {}
        right: dict[str, Tree] = {}
        for name in {**before, **after}:
            member = members.get(name, _ANY)
            if name in before and name in after:
                left[name], right[name] = self._pair(name, before[name], after[name], member, learn=learn)
            elif name in before:
                left[name] = self._comparable(name, before[name], member)
            else:
                right[name] = self._comparable(name, after[name], member)
        return left, right

    def _subtype(self, type_: str, *values: Mapping[str, Any]) -> str:
        for value in values:
            written = value.get("@odata.type")
            if isinstance(written, str) and (name := written.lstrip("#").removeprefix(NAMESPACE)) in self._model.types:
                return name if ":" not in type_ else type_
        return type_

    def _lists(
        self, name: str, before: Sequence[Any], after: Sequence[Any], member: Member, *, learn: bool
    ) -> tuple[Tree, Tree]:
        item = Member(member.type)
        found, moved = pair_items(before, after, self.ids, lambda value: self._shape(name, value, item))
        left: dict[str, Tree] = {}
        right: dict[str, Tree] = {}
        for one in found:
            key = f"[{'' if one.before is None else one.before}|{'' if one.after is None else one.after}]"
            if one.before is not None and one.after is not None:
                # The ids of items that were paired by position may not correspond.
                learns = learn and one.sure
                left[key], right[key] = self._pair(name, before[one.before], after[one.after], item, learn=learns)
            elif one.before is not None:
                left[key] = self._comparable(name, before[one.before], item)
            elif one.after is not None:
                right[key] = self._comparable(name, after[one.after], item)
        if moved:
            left[ORDER], right[ORDER] = KEPT, CHANGED
        return left, right

    def _texts(self, name: str, before: str, after: str, member: Member, *, learn: bool) -> tuple[Tree, Tree]:
        if name.lower() == "message":
            return self._messages(before, after, learn=learn)
        left, right = self._comparable(name, before, member), self._comparable(name, after, member)
        if left == right == "id" and learn and not self.ids.match(before, after):
            right = "other"
        return left, right

    def _messages(self, before: str, after: str, *, learn: bool) -> tuple[Tree, Tree]:
        """Normalise the messages of two errors; each may hold the platform's own error as JSON text."""
        old, new = _inside(before), _inside(after)
        if old is not None and new is not None:
            return self._objects(old, new, "", learn=learn)
        pairs = ((old, before), (new, after))
        left, right = (self._comparable("message", text, _ANY) if one is None else "wrapped" for one, text in pairs)
        return left, right

    def _comparable(self, name: str, value: Any, member: Member) -> str:
        found = comparable(name, value, member.type, self._model)
        return f"path {self._addresses.template(value)}" if found.startswith("path ") else found

    def _shape(self, name: str, value: Any, member: Member) -> str:
        return json.dumps(self._alone(name, value, member), sort_keys=True)

    def _alone(self, name: str, value: Any, member: Member) -> Any:
        if isinstance(value, dict):
            members = self.members(self._subtype(member.type, value))
            return {key: self._alone(key, one, members.get(key, _ANY)) for key, one in value.items()}
        if isinstance(value, list):
            return [self._alone(name, one, Member(member.type)) for one in value]
        # In a list of plain values a different letter case does not make a different item.
        return self._comparable(name, value, member).lower()


def _inside(message: str) -> dict[str, Any] | None:
    """Decode the object that an error's message holds as JSON text; ``None`` if it holds none."""
    return json_object(message.encode("utf-8", "surrogatepass")) or None


class IdMap:
    """Maps ids of the accepted recording to ids of tonight; filled while two recordings of a test are compared."""

    def __init__(self) -> None:
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def match(self, before: str, after: str) -> bool:
        """Map two ids that occur at the same place to each other.

        Args:
            before: the id in the accepted recording.
            after: the id of tonight.

        Returns:
            False when one of them is mapped to a different id already.
        """
        before, after = before.lower(), after.lower()
        if before not in self._there and after not in self._back:
            self._there[before], self._back[after] = after, before
        return self._there.get(before) == after

    def after(self, before: str) -> str | None:
        """Tonight's counterpart of the accepted id ``before``, in lower case; ``None`` if it is not mapped."""
        return self._there.get(before.lower())

    def before(self, after: str) -> str | None:
        """The accepted counterpart of tonight's id ``after``, in lower case; ``None`` if it is not mapped."""
        return self._back.get(after.lower())


@dataclass(frozen=True, slots=True)
class Pair:
    """Two matching items of two lists, or one item without a match.

    Attributes:
        before: index in the accepted list, or ``None``.
        after: index in tonight's list, or ``None``.
        sure: whether they were matched by an id or by their content, not by position among several candidates.
        named: whether they were matched by an id.
    """

    before: int | None
    after: int | None
    sure: bool = True
    named: bool = False


def pair_items(
    before: Sequence[Any], after: Sequence[Any], ids: IdMap, shape: Callable[[Any], str]
) -> tuple[list[Pair], bool]:
    """Pair the items of two lists, by id where there is one, else by content and position.

    Args:
        before: the accepted list.
        after: tonight's list.
        ids: the ids that are mapped so far.
        shape: gives an item as a text without volatile values.

    Returns:
        The pairs in the order of the accepted list, followed by new items; and whether the order of common items has
        changed.
    """
    found = _named(before, after, ids)
    taken = {one.after for one in found.values()}
    left = [i for i in range(len(before)) if i not in found and not _known(before[i], ids.after)]
    right = [j for j in range(len(after)) if j not in taken and not _known(after[j], ids.before)]
    for one in _alike([(i, before[i]) for i in left], [(j, after[j]) for j in right], shape):
        if one.before is not None and one.after is not None:
            found[one.before] = one
            taken.add(one.after)
    paired = [found.get(i, Pair(i, None)) for i in range(len(before))]
    new = [Pair(None, j) for j in range(len(after)) if j not in taken]
    return paired + new, _moved(before, paired)


def _moved(before: Sequence[Any], paired: Sequence[Pair]) -> bool:
    """Whether the order of distinguishable items has changed: items with an id, or plain values."""
    plain = not any(isinstance(item, (dict, list)) for item in before)
    places = [one.after for one in paired if one.after is not None and (one.named or plain)]
    return places != sorted(places)


def _named(before: Sequence[Any], after: Sequence[Any], ids: IdMap) -> dict[int, Pair]:
    """Pairs matched by id, by index in ``before``; the most reliable key is tried first."""
    found: dict[int, Pair] = {}
    if not any(isinstance(item, dict) for item in before):
        return found
    taken: set[int] = set()
    for key in IDENTIFYING_KEYS:
        there: defaultdict[str, deque[int]] = defaultdict(deque)
        for j, item in enumerate(after):
            if j not in taken and (value := _at(item, key)):
                there[value].append(j)
        for i, item in enumerate(before):
            value = "" if i in found else _at(item, key)
            wanted = (ids.after(value) or value) if value else ""
            if there.get(wanted):
                place = there[wanted].popleft()
                found[i] = Pair(i, place, named=True)
                taken.add(place)
    return found


def _known(item: Any, lookup: Callable[[str], str | None]) -> bool:
    return any(lookup(value) is not None for key in IDENTIFYING_KEYS if (value := _at(item, key)))


def _at(item: Any, key: Sequence[str]) -> str:
    """The id at ``key``, in lower case, or ``""``."""
    for step in key:
        if not isinstance(item, dict):
            return ""
        item = next((one for one in item.values() if isinstance(one, dict)), None) if step == "*" else item.get(step)
    return item.lower() if isinstance(item, str) else ""


def _alike(
    before: Sequence[tuple[int, Any]], after: Sequence[tuple[int, Any]], shape: Callable[[Any], str]
) -> Iterator[Pair]:
    """Pair items without a known id: by equal shape first, then the remaining objects and lists by position."""
    if len(before) == len(after) == 1 and isinstance(before[0][1], dict) and isinstance(after[0][1], dict):
        yield Pair(before[0][0], after[0][0])
        return
    there: dict[str, deque[int]] = defaultdict(deque)
    for j, item in after:
        there[shape(item)].append(j)
    left = []
    for i, item in before:
        same = there[shape(item)]
        if same:
            yield Pair(i, same.popleft(), sure=False)
        else:
            left.append((i, item))
    rest = sorted(j for places in there.values() for j in places)
    values = dict(after)
    # Plain values that differ were removed and added, not changed; shapes ignore letter case already.
    whole = [i for i, item in left if isinstance(item, (dict, list))]
    for i, j in zip(whole, (j for j in rest if isinstance(values[j], (dict, list))), strict=False):
        yield Pair(i, j, sure=False)


_MORE = {*VERSIONS, "users", "onlinemeetings"}
"""Path segments that are fixed words, besides those of the contract's operations."""


class AddressTemplates:
    """Makes templates of addresses: each id in a path becomes ``{id}``.

    Args:
        contract: knows the fixed segments of the API's paths; every other segment is an id.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    @cached_property
    def _words(self) -> set[str]:
        operations = self._contract.operations.values()
        paths = [path for one in operations for version in one.versions for path in one.paths(version)]
        paths += [payload.resource for payload in self._contract.notifications.values()]
        return {segment.lower() for path in paths for segment in path_segments(path)} | _MORE

    def template(self, address: str) -> str:
        """The path of ``address`` with ``{id}`` for each id, after ``https:`` if the address has a host."""
        path = "/".join(map(self._segment, path_segments(Request("GET", address).path)))
        return f"{'https:' if '://' in address[:12] else ''}/{path}"

    def _segment(self, segment: str) -> str:
        plain = segment.removeprefix("microsoft.graph.")
        return segment if plain.lower() in self._words else "{id}"
