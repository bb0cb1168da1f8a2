"""Accept valid bodies quickly: the derived schemas, compiled to functions.

What is not accepted is looked at by the validator of ``schema``, which words what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

Predicate = Callable[[Any], bool]
"""Whether a decoded JSON value is certainly valid."""
_PYTHON_TYPES: Mapping[str, frozenset[type]] = {
    "array": frozenset({list}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "null": frozenset({type(None)}),
    "number": frozenset({int, float}),
    "object": frozenset({dict}),
    "string": frozenset({str}),
}
"""Python types by JSON Schema type. A bool is an int in Python, but not here."""
_HASHABLE = frozenset({str, type(None)})


def is_annotation(name: str) -> bool:
    """Whether a member is an OData annotation: the term after its ``@`` has a namespace, as ``@odata.type`` has."""
    return "." in name.partition("@")[2]


class FastCheck:
    """Compiles schemas to functions that accept valid values quickly; the validator words the errors of others.

    Args:
        spellings: gives the allowed values of ``@odata.type`` for a type (``None``: it is absent), each with the type
            whose definition the object is then checked against.
        definition: gives the flat definition of a type.
        members: gives the members of an enumeration.
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
        self._definitions: dict[str, Predicate] = {}
        self._compilers: Mapping[str, Callable[[Any, Mapping[str, Any]], Predicate]] = {
            "type": _type,
            "pattern": _pattern,
            "minimum": _minimum,
            "maximum": _maximum,
            "items": self._items,
            "graphType": self._graph_type,
            "graphEnum": self._graph_enum,
            "graphMembers": self._graph_members,
        }

    def test(self, schema: Mapping[str, Any]) -> Predicate:
        """Compile ``schema``; raises ``KeyError`` for an unknown keyword."""
        # A type or an enumeration of the model looks at the JSON type itself, because each call of a function counts.
        silent = {"graphAt", "properties", *(("type",) if {"graphType", "graphEnum"} & schema.keys() else ())}
        keywords = [keyword for keyword in schema if keyword not in silent]
        tests = [self._compilers[keyword](schema[keyword], schema) for keyword in keywords]
        return reduce(_both, tests) if tests else _anything

    def _items(self, items: Mapping[str, Any], _schema: Mapping[str, Any]) -> Predicate:
        test = self.test(items)
        return lambda value: type(value) is not list or all(map(test, value))

    def _graph_type(self, name: str, schema: Mapping[str, Any]) -> Predicate:
        spellings, definitions, defined = self._spellings(name), self._definitions, self._defined
        nullable = "null" in schema["type"]

        def test(value: Any) -> bool:
            if type(value) is not dict:
                return value is None and nullable
            written = value.get("@odata.type")
            chosen = spellings.get(written) if written is None or type(written) is str else None
            return chosen is not None and (definitions.get(chosen) or defined(chosen))(value)

        return test

    def _defined(self, name: str) -> Predicate:
        # Compiled on first use, because types refer to each other.
        found = self._definitions[name] = self.test(self._definition(name))
        return found

    def _graph_enum(self, name: str, schema: Mapping[str, Any]) -> Predicate:
        known = frozenset((*self._members(name), *((None,) if "null" in schema["type"] else ())))
        return lambda value: type(value) in _HASHABLE and value in known

    def _graph_members(self, spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Predicate:
        required = frozenset(spec["required"])
        # Of most members the JSON type is all there is to look at, so no function is called for them.
        plain = {name: _sorts(one["type"]) for name, one in schema["properties"].items() if set(one) == _PLAIN}
        plain["@odata.type"] = _sorts([*_PYTHON_TYPES])  # what it says is looked at with the type
        tests = {name: self.test(one) for name, one in schema["properties"].items() if name not in plain}

        def test(value: Any) -> bool:
            if type(value) is not dict:
                return True
            for name, one in value.items():
                sorts = plain.get(name)
                if sorts is not None:
                    if type(one) not in sorts:
                        return False
                    continue
                known = tests.get(name)
                if not (known(one) if known is not None else is_annotation(name)):
                    return False
            return value.keys() >= required

        return test


def _both(first: Predicate, second: Predicate) -> Predicate:
    return lambda value: first(value) and second(value)


def _anything(_value: Any) -> bool:
    return True


_PLAIN = {"type", "graphAt"}


def _sorts(names: str | list[str]) -> frozenset[type]:
    return frozenset().union(*map(_PYTHON_TYPES.__getitem__, [names] if isinstance(names, str) else names))


def _type(names: str | list[str], _schema: Mapping[str, Any]) -> Predicate:
    sorts = _sorts(names)
    return lambda value: type(value) in sorts


def _pattern(pattern: str, _schema: Mapping[str, Any]) -> Predicate:
    search = re.compile(pattern).search
    return lambda value: type(value) is not str or search(value) is not None


def _minimum(limit: int, _schema: Mapping[str, Any]) -> Predicate:
    return lambda value: value is None or (type(value) in _PYTHON_TYPES["number"] and value >= limit)


def _maximum(limit: int, _schema: Mapping[str, Any]) -> Predicate:
    return lambda value: value is None or (type(value) in _PYTHON_TYPES["number"] and value <= limit)
