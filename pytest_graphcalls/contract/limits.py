"""Check a request body against limits beyond its types: at most five invitees, for example.

The constraints of an operation are compiled to a tree of members, so that a body is walked once for all of them. Null
counts as absent, except where a member is required.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from typing import Any

from pytest_graphcalls.contract.model import Constraint
from pytest_graphcalls.findings import Kind, at_any_index, describe

ABSENT = frozenset({Kind.MEMBER_MISSING, Kind.NULL_UNEXPECTED})
"""Kinds that mean a required member is absent."""


@dataclass(frozen=True, slots=True)
class _Keyword:
    """A JSON Schema keyword: the condition that violates it, and its wording."""

    kind: Kind
    fails: Callable[[Any, Any], bool]
    expected: str
    got: Callable[[Any], str]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _longer(kind: type[Sized]) -> Callable[[Any, Any], bool]:
    return lambda value, limit: isinstance(value, kind) and len(value) > limit


_KEYWORDS: Mapping[str, _Keyword] = {
    "maxItems": _Keyword(
        Kind.LIMIT_EXCEEDED, _longer(list), "at most {} entries", lambda value: f"{len(value)} entries"
    ),
    "maxLength": _Keyword(
        Kind.LIMIT_EXCEEDED, _longer(str), "at most {} characters", lambda value: f"{len(value)} characters"
    ),
    "minimum": _Keyword(
        Kind.LIMIT_EXCEEDED, lambda value, limit: _is_number(value) and value < limit, "at least {}", describe
    ),
    "maximum": _Keyword(
        Kind.LIMIT_EXCEEDED, lambda value, limit: _is_number(value) and value > limit, "at most {}", describe
    ),
    "pattern": _Keyword(
        Kind.FORMAT_WRONG,
        lambda value, limit: isinstance(value, str) and not re.search(limit, value),
        "a text that matches {}",
        describe,
    ),
}


@dataclass(frozen=True, slots=True)
class Broken:
    """One limit that a body exceeds; ``rule`` is a slug."""

    kind: Kind
    where: str
    expected: str
    got: str
    rule: str


@dataclass(slots=True)
class _Node:
    constraints: list[Constraint] = field(default_factory=list)
    members: dict[str, _Node] = field(default_factory=dict)
    items: _Node | None = None


class Limits:
    """The compiled constraints of one operation."""

    def __init__(self, constraints: Iterable[Constraint]) -> None:
        self._root = _Node()
        self._by_place: dict[str, Constraint] = {}
        for constraint in constraints:
            self._by_place[f"$.{constraint.at}"] = constraint
            _insert(self._root, constraint)

    def broken(self, body: Any) -> list[Broken]:
        """The limits that ``body``, a decoded JSON value, exceeds."""
        found: list[Broken] = []
        _collect(self._root, body, "$", found)
        return found

    def applicable_rules(self, body: Any) -> Iterator[str]:
        """Slugs of the rules whose limits apply to ``body``."""
        return _applicable_rules(self._root, body)

    def rule_for(self, kind: Kind, where: str) -> str:
        """Slug of the rule that also covers a finding of the type model at ``where``, or ``""``.

        A constraint without limits covers every finding at its place; one that requires a member covers its absence.
        """
        constraint = self._by_place.get(at_any_index(where))
        if constraint is None:
            return ""
        all_of_it = not constraint.limits and not constraint.required
        return constraint.rule if all_of_it or (constraint.required and kind in ABSENT) else ""


def _insert(node: _Node, constraint: Constraint) -> None:
    for step in constraint.at.split("."):
        node = node.members.setdefault(step.removesuffix("[]"), _Node())
        if step.endswith("[]"):
            node.items = node.items or _Node()
            node = node.items
    node.constraints.append(constraint)


def _collect(node: _Node, value: Any, path: str, broken: list[Broken]) -> None:
    # A list, because a generator for every node of every request takes twice as long.
    for constraint in node.constraints:
        for keyword, limit in constraint.limits.items():
            test = _KEYWORDS[keyword]
            if test.fails(value, limit):
                expected = constraint.says or test.expected.format(limit)
                broken.append(Broken(test.kind, path, expected, test.got(value), constraint.rule))
    if node.members and isinstance(value, dict):
        for name, child in node.members.items():
            found = value.get(name)
            if found is not None:
                _collect(child, found, f"{path}.{name}", broken)
            else:
                broken += _absent(child, name, f"{path}.{name}", there=name in value)
    if node.items is not None and isinstance(value, list):
        for index, item in enumerate(value):
            _collect(node.items, item, f"{path}[{index}]", broken)


def _absent(node: _Node, name: str, path: str, *, there: bool) -> Iterator[Broken]:
    kind, got = (Kind.NULL_UNEXPECTED, "null") if there else (Kind.MEMBER_MISSING, "nothing")
    for constraint in node.constraints:
        if constraint.required:
            yield Broken(kind, path, f"the member {name!r}", got, constraint.rule)


def _applicable_rules(node: _Node, value: Any) -> Iterator[str]:
    yield from (constraint.rule for constraint in node.constraints)
    if isinstance(value, dict):
        for name, child in node.members.items():
            if value.get(name) is not None:
                yield from _applicable_rules(child, value[name])
            else:
                yield from (constraint.rule for constraint in child.constraints if constraint.required)
    if node.items is not None and isinstance(value, list):
        for item in value:
            yield from _applicable_rules(node.items, item)
