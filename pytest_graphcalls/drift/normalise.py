"""Two JSON values side by side, as two trees in which nothing is left that is another one in every run.

A tree has objects and leaves (see ``leaves``). A list is an object as well: its keys are the places of coupled items,
``[0|1]`` for what was first and is second now, ``[|2]`` for what is new. So whatever compares trees needs to know
nothing of lists, and one new item is one difference.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

from pytest_graphcalls.contract import VERSIONS, Contract
from pytest_graphcalls.contract.types import NAMESPACE, Member, TypeModel
from pytest_graphcalls.drift.leaves import is_id, leaf
from pytest_graphcalls.drift.values import KEYS
from pytest_graphcalls.wire import MalformedJsonError, Request, decode_json, path_segments


class Names:
    """Learns, as two recordings of a test are read side by side, which ids stand for the same thing."""

    def __init__(self) -> None:
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def meet(self, before: str, after: str) -> bool:
        """Take two ids at the same place for the same thing.

        Args:
            before: the id in the accepted recording.
            after: the id of tonight.

        Returns:
            False when one of them is known to stand for something else.
        """
        before, after = before.lower(), after.lower()
        if before not in self._there and after not in self._back:
            self._there[before], self._back[after] = after, before
        return self._there.get(before) == after

    def after(self, before: str) -> str | None:
        """What stands tonight for the id ``before``, in lower case; ``None`` when nobody has met it."""
        return self._there.get(before.lower())

    def before(self, after: str) -> str | None:
        """What stood for tonight's id ``after``, in lower case; ``None`` when nobody has met it."""
        return self._back.get(after.lower())


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


_MORE = {*VERSIONS, "users", "onlinemeetings"}
"""Words of addresses that no operation of the contract has."""


class Addresses:
    """Makes templates of addresses.

    Args:
        contract: knows which segments are words of the API; every other one is a key.
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
        """The path of ``address`` with ``{id}`` for each key, behind ``https:`` if a host was named."""
        path = "/".join(map(self._segment, path_segments(Request("GET", address).path)))
        return f"{'https:' if '://' in address[:12] else ''}/{path}"

    def _segment(self, segment: str) -> str:
        plain = segment.removeprefix("microsoft.graph.")
        return segment if plain.lower() in self._words else "{id}"


Tree: TypeAlias = "dict[str, Tree] | str"

ORDER = "[order]"
"""The key under which a list says whether its items have changed places."""
KEPT, CHANGED = "order kept", "order changed"
_NOTHING_KNOWN: Mapping[str, Member] = MappingProxyType({})
_ANY = Member("")


class Settler:
    """Settles the values of one test, one after the other, and learns who is who on the way.

    Args:
        model: the types of the API version.
        addresses: makes templates of addresses.
    """

    def __init__(self, model: TypeModel, addresses: Addresses) -> None:
        self._model = model
        self._addresses = addresses
        self.names = Names()

    def members(self, type_: str) -> Mapping[str, Member]:
        """The members of a type: a name in the model, ``collection:<type>`` for a ``value`` list of it.

        A notification's entry is ``entry:<type>`` or ``entries:<type>``, by the type of its resource data.
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

    def settle(self, before: Any, after: Any, type_: str = "") -> tuple[Tree, Tree]:
        """Both values as trees.

        Args:
            before: decoded JSON of the accepted recording.
            after: decoded JSON of tonight.
            type_: what they are (see :meth:`members`), or ``""``.
        """
        return self._pair("", before, after, Member(type_), learn=True)

    def meet(self, before: Any, after: Any, name: str = "") -> None:
        """Learn who is who from what a test has sent: its code has put the same things in the same places.

        Args:
            before: decoded JSON of the accepted recording.
            after: decoded JSON of tonight.
            name: the member that they are the values of, or ``""``.
        """
        if isinstance(before, dict) and isinstance(after, dict):
            for key in before.keys() & after.keys():
                self.meet(before[key], after[key], key)
        elif isinstance(before, list) and isinstance(after, list):
            for pair in zip(before, after, strict=False):
                self.meet(*pair, name)
        elif is_id(name, before) and is_id(name, after):
            self.names.meet(before, after)

    def _pair(self, name: str, before: Any, after: Any, member: Member, *, learn: bool) -> tuple[Tree, Tree]:
        if isinstance(before, dict) and isinstance(after, dict):
            return self._objects(before, after, member.type, learn=learn)
        if isinstance(before, list) and isinstance(after, list):
            return self._lists(name, before, after, member, learn=learn)
        if isinstance(before, str) and isinstance(after, str):
            return self._texts(name, before, after, member, learn=learn)
        return self._leaf(name, before, member), self._leaf(name, after, member)

    def _objects(
        self, before: Mapping[str, Any], after: Mapping[str, Any], type_: str, *, learn: bool
    ) -> tuple[Tree, Tree]:
        members = self.members(self._subtype(type_, after, before))
        left: dict[str, Tree] = {}
        right: dict[str, Tree] = {}
        for name, value in before.items():
            member = members.get(name, _ANY)
            if name in after:
                left[name], right[name] = self._pair(name, value, after[name], member, learn=learn)
            else:
                left[name] = self._leaf(name, value, member)
        for name, value in after.items():
            if name not in before:
                right[name] = self._leaf(name, value, members.get(name, _ANY))
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
        found, moved = couples(before, after, self.names, lambda value: self._shape(name, value, item))
        left: dict[str, Tree] = {}
        right: dict[str, Tree] = {}
        for one in found:
            key = f"[{'' if one.before is None else one.before}|{'' if one.after is None else one.after}]"
            if one.before is not None and one.after is not None:
                # Of several that nothing tells apart, nobody knows whose ids belong together.
                learns = learn and one.sure
                left[key], right[key] = self._pair(name, before[one.before], after[one.after], item, learn=learns)
            elif one.before is not None:
                left[key] = self._leaf(name, before[one.before], item)
            elif one.after is not None:
                right[key] = self._leaf(name, after[one.after], item)
        if moved:
            left[ORDER], right[ORDER] = KEPT, CHANGED
        return left, right

    def _texts(self, name: str, before: str, after: str, member: Member, *, learn: bool) -> tuple[Tree, Tree]:
        if name.lower() == "message":
            return self._messages(before, after, learn=learn)
        left, right = self._leaf(name, before, member), self._leaf(name, after, member)
        if left == right == "id" and learn and not self.names.meet(before, after):
            right = "other"
        return left, right

    def _messages(self, before: str, after: str, *, learn: bool) -> tuple[Tree, Tree]:
        """The words of two errors; the platform's own may be inside, as JSON text."""
        old, new = _inside(before), _inside(after)
        if old is not None and new is not None:
            return self._objects(old, new, "", learn=learn)
        pairs = ((old, before), (new, after))
        left, right = (self._leaf("message", text, _ANY) if one is None else "wrapped" for one, text in pairs)
        return left, right

    def _leaf(self, name: str, value: Any, member: Member) -> str:
        found = leaf(name, value, member.type, self._model)
        return f"path {self._addresses.template(value)}" if found.startswith("path ") else found

    def _shape(self, name: str, value: Any, member: Member) -> str:
        return json.dumps(self._alone(name, value, member), sort_keys=True)

    def _alone(self, name: str, value: Any, member: Member) -> Any:
        if isinstance(value, dict):
            members = self.members(self._subtype(member.type, value))
            return {key: self._alone(key, one, members.get(key, _ANY)) for key, one in value.items()}
        if isinstance(value, list):
            return [self._alone(name, one, Member(member.type)) for one in value]
        # In a list of plain values another letter case is the same item, spelled in another way.
        return self._leaf(name, value, member).lower()


def _inside(message: str) -> dict[str, Any] | None:
    """The object that an error's message holds as JSON text, or ``None``."""
    if not message.lstrip().startswith("{"):
        return None
    try:
        found = decode_json(message.encode("utf-8", "surrogatepass"))
    except MalformedJsonError:
        return None
    return found if isinstance(found, dict) else None
