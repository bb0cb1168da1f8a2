"""What differs between two settled trees, as typed changes. deepdiff finds the places; the tables here name them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.drift.difference import Kind
from pytest_graphcalls.drift.leaves import json_type, shown, shown_type, sort_of, value_of
from pytest_graphcalls.drift.settling import ORDER, Tree
from pytest_graphcalls.findings import at_any_index

_PLAIN = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an answer or a notification; members as those of :class:`.Difference`.

    Attributes:
        kind: what sort it is.
        where: the place, list indexes included; those of tonight where there are any.
        before: what was there, in words.
        after: what is there now, in words.
        hint: more about it, or ``""``.
    """

    kind: Kind
    where: str
    before: str = ""
    after: str = ""
    hint: str = ""

    @property
    def place(self) -> str:
        """The place with every list index left open."""
        return at_any_index(self.where)


def changes(before: Tree, after: Tree, root: str = "$") -> Iterator[Change]:
    """What differs between two trees of :class:`.Settler`, in the order of its places.

    Args:
        before: of the accepted recording.
        after: of tonight.
        root: where in a body the trees begin, as a JSON path.
    """
    if before == after:
        return
    if isinstance(before, str) or isinstance(after, str):
        yield _changed([], str(before), str(after), root)
        return
    from deepdiff import DeepDiff

    # Every difference is told, however little two objects have in common and whatever their members are called.
    found = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, ignore_private_variables=False)
    gone, new = (_levels(found, f"dictionary_item_{word}") for word in ("removed", "added"))
    changed = [_changed(path, one.t1, one.t2, root) for path, one in _levels(found, "values_changed")]
    yield from sorted((*_came_and_went(gone, new, root), *changed), key=lambda one: (one.where, one.kind, one.after))


def _levels(found: Mapping[str, Any], sort: str) -> list[tuple[list[str], Any]]:
    return [(list(map(str, one.path(output_format="list"))), one) for one in found.get(sort, ())]


def _came_and_went(
    gone: Sequence[tuple[list[str], Any]], new: Sequence[tuple[list[str], Any]], root: str
) -> Iterator[Change]:
    """Members and items of one side only; a member that came back in another letter case is one change."""
    spelled = {(tuple(path[:-1]), path[-1].lower()): path for path, _ in new if not _is_item(path)}
    renamed = set()
    for path, level in gone:
        twin = spelled.get((tuple(path[:-1]), path[-1].lower()))
        if twin is not None and not _is_item(path):
            renamed.add(tuple(twin))
            yield Change(Kind.LETTER_CASE_CHANGED, _where(twin, root), repr(path[-1]), repr(twin[-1]))
        elif ORDER not in path:
            yield _one_sided(path, level.t1, root, gone=True)
    for path, level in new:
        if path[-1] == ORDER:
            yield Change(Kind.ORDER_CHANGED, _where(path[:-1], root), "an order", "another order")
        elif tuple(path) not in renamed:
            yield _one_sided(path, level.t2, root, gone=False)


def _is_item(path: Sequence[str]) -> bool:
    return path[-1].startswith("[")


def _one_sided(path: Sequence[str], leaf: Tree, root: str, *, gone: bool) -> Change:
    where = _where(path, root)
    if not _is_item(path):
        # The name, not the value: what is accepted tonight has to be the same when the value is null tomorrow.
        return (
            Change(Kind.MEMBER_GONE, where, repr(path[-1]))
            if gone
            else Change(Kind.MEMBER_NEW, where, "", repr(path[-1]))
        )
    text = shown(leaf) if isinstance(leaf, str) else "an object"
    strange = isinstance(leaf, str) and sort_of(leaf) == "strange"
    if gone:
        return Change(Kind.ENUM_MEMBER_GONE if strange else Kind.ITEM_GONE, where, text)
    return Change(Kind.ENUM_MEMBER_NEW if strange else Kind.ITEM_NEW, where, "", text)


def _changed(path: Sequence[str], before: str, after: str, root: str) -> Change:
    if path and path[-1] == ORDER:
        return Change(Kind.ORDER_CHANGED, _where(path[:-1], root), "an order", "another order")
    kind = next(kind for kind, holds in _KINDS.items() if holds(path, before, after))
    # Of another type the value says nothing, and may be another one in every run.
    said = shown_type(after) if json_type(before) != json_type(after) else shown(after)
    return Change(kind, _where(path, root), shown(before), said)


_Test = Callable[[Sequence[str], str, str], bool]

_KINDS: Mapping[Kind, _Test] = MappingProxyType(
    {
        Kind.LETTER_CASE_CHANGED: lambda _, before, after: (
            bool(value_of(before)) and _spelled(before) == _spelled(after)
        ),
        Kind.ERROR_CODE_CHANGED: lambda path, _, after: _is_error_code(path) and sort_of(after) == "word",
        Kind.ENUM_MEMBER_NEW: lambda *leaves: sort_of(leaves[-1]) == "strange",
        Kind.ENUM_MEMBER_GONE: lambda _, before, after: sort_of(before) == "strange" and sort_of(after) == "enum",
        Kind.TYPE_CHANGED: lambda _, before, after: (
            "null" not in {before, after}
            and (json_type(before) != json_type(after) or sort_of(before) == sort_of(after) == "type")
        ),
        Kind.VALUE_CHANGED: lambda *_: True,
    }
)
"""What a changed value is: the first that holds."""


def _spelled(leaf: str) -> str:
    """A leaf that is the same in another letter case, and for a name of a type without its ``#``."""
    return leaf.lower().replace("type #", "type ", 1)


def _is_error_code(path: Sequence[str]) -> bool:
    return bool(path) and path[0] == "error" and path[-1].lower() in {"code", "errorcode"}


def _where(path: Sequence[str], root: str) -> str:
    return root + "".join(map(_step, path))


def _step(key: str) -> str:
    if key.startswith("[") and key.endswith("]") and "|" in key:
        before, _, after = key.strip("[]").partition("|")
        return f"[{after or before}]"
    return f".{key}" if _PLAIN.fullmatch(key) else f"[{key!r}]"
