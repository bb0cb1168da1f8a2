"""Plain values of YAML and JSON as frozen dataclasses, and back.

The annotations of a dataclass say how each member is read: a tuple and a set from a list, an enumeration from its
value, a day or a time from ISO 8601, a dataclass from a mapping. What is read cannot be changed, mappings included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache, partial
from types import MappingProxyType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_Read = Callable[[Any], Any]


def made(kind: type[_T], data: Mapping[str, Any], **known: Any) -> _T:
    """A dataclass from a mapping.

    Args:
        kind: the dataclass.
        data: has members that are called as its fields; others are passed over.
        known: by field: what is not read from ``data``.

    Raises:
        TypeError: a field without a default is in neither of the two, or a value is of another shape.
        ValueError: a value is none of its enumeration.
    """
    readers = _readers(cast("type", kind))  # a type variable is not known to be hashable
    read = {name: readers[name](data[name]) for name in readers if name in data and name not in known}
    return kind(**read, **known)


@cache
def _readers(kind: type) -> Mapping[str, _Read]:
    hints = get_type_hints(kind)
    return {one.name: _reader(hints[one.name]) for one in fields(kind)}


def _reader(hint: Any) -> _Read:
    """The function that reads a value of a type."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is UnionType:  # of a type and None
        read = _reader(inner[0])
        return lambda value: None if value is None else read(value)
    if origin in (tuple, frozenset):
        read = _reader(inner[0])
        return lambda values: origin(map(read, values))
    if origin is Mapping:
        read = _reader(inner[1])
        return lambda values: MappingProxyType({name: read(value) for name, value in values.items()})
    if isinstance(hint, type) and is_dataclass(hint):
        return partial(made, hint)
    if isinstance(hint, type) and issubclass(hint, date):
        return hint.fromisoformat
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def plain(value: Any) -> Any:
    """A value as JSON has it: dataclasses as objects, tuples as lists, enumerations as their values, times in ISO 8601.

    A set becomes a sorted list.
    """
    if type(value) in _LEAVES:
        return value
    if names := _names(cast("type", type(value))):
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(map(plain, value))
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


_LEAVES = frozenset({str, int, float, bool, type(None)})
"""Types of what is plain already, which is most: a report has thousands of them."""


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields; none for another type."""
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()
