"""Whether a body is surely sound: the derived schemas as nested functions.

Nearly every body that is judged is sound, and jsonschema takes a new validator for each member to find that out.
The functions here read the same schemas and say yes only where jsonschema has nothing to say. What they do not say
yes to it looks at itself, and words what is wrong; they may therefore hesitate, but never be lenient.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

Test = Callable[[Any], bool]
"""Whether a decoded JSON value is surely sound."""

_SORTS: Mapping[str, frozenset[type]] = {
    "array": frozenset({list}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "null": frozenset({type(None)}),
    "number": frozenset({int, float}),
    "object": frozenset({dict}),
    "string": frozenset({str}),
}
"""By the name that JSON Schema has for it: what the decoder makes of it. A bool is an int for Python, not here."""


class Soundness:
    """Compiles schemas.

    Args:
        spellings: by the name of a type: what ``@odata.type`` may say for it (``None``: nothing), and the definition
            that the object is judged by then.
        members: the members of an enumeration by its name.
    """

    def __init__(
        self,
        spellings: Callable[[str], Mapping[str | None, str]],
        definition: Callable[[str], Mapping[str, Any]],
        members: Callable[[str], Iterable[str]],
    ) -> None:
        self._spellings = spellings
        self._definition = definition
        self._members = members
        self._definitions: dict[str, Test] = {}
        self._compilers: Mapping[str, Callable[[Any, Mapping[str, Any]], Test]] = {
            "type": _type,
            "pattern": _pattern,
            "minimum": _minimum,
            "maximum": _maximum,
            "items": self._items,
            "graphType": self._graph_type,
            "graphEnum": self._graph_enum,
            "graphMembers": self._graph_members,
        }

    def test(self, schema: Mapping[str, Any]) -> Test:
        """The test for ``schema``; raises ``KeyError`` for a keyword that is not known here."""
        keywords = [keyword for keyword in schema if keyword not in {"graphAt", "properties"}]
        tests = [self._compilers[keyword](schema[keyword], schema) for keyword in keywords]
        return reduce(_both, tests) if tests else _anything

    def _items(self, items: Mapping[str, Any], _schema: Mapping[str, Any]) -> Test:
        test = self.test(items)
        return lambda value: type(value) is not list or all(map(test, value))

    def _graph_type(self, name: str, _schema: Mapping[str, Any]) -> Test:
        spellings = self._spellings(name)

        def test(value: Any) -> bool:
            if type(value) is not dict:
                return True
            written = value.get("@odata.type")
            chosen = spellings.get(written) if written is None or type(written) is str else None
            return chosen is not None and self._defined(chosen)(value)

        return test

    def _defined(self, name: str) -> Test:
        # When it is first needed: types hold one another.
        found = self._definitions.get(name)
        if found is None:
            found = self._definitions[name] = self.test(self._definition(name))
        return found

    def _graph_enum(self, name: str, _schema: Mapping[str, Any]) -> Test:
        known = frozenset((*self._members(name), None))
        return lambda value: type(value) in _HASHABLE and value in known

    def _graph_members(self, spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Test:
        required = frozenset(spec["required"])
        tests = {name: self.test(member) for name, member in schema["properties"].items()}

        def test(value: Any) -> bool:
            if type(value) is not dict:
                return True
            for name, one in value.items():
                known = tests.get(name)
                if not (known(one) if known is not None else "@" in name):
                    return False
            return value.keys() >= required

        return test


_HASHABLE = frozenset({str, type(None)})


def _both(first: Test, second: Test) -> Test:
    return lambda value: first(value) and second(value)


def _anything(_value: Any) -> bool:
    return True


def _type(names: str | list[str], _schema: Mapping[str, Any]) -> Test:
    sorts = _SORTS[names] if isinstance(names, str) else frozenset[type]().union(*map(_SORTS.__getitem__, names))
    return lambda value: type(value) in sorts


def _pattern(pattern: str, _schema: Mapping[str, Any]) -> Test:
    search = re.compile(pattern).search
    return lambda value: type(value) is not str or search(value) is not None


def _minimum(limit: int, _schema: Mapping[str, Any]) -> Test:
    return lambda value: value is None or (type(value) in _SORTS["number"] and value >= limit)


def _maximum(limit: int, _schema: Mapping[str, Any]) -> Test:
    return lambda value: value is None or (type(value) in _SORTS["number"] and value <= limit)
