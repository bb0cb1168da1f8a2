"""What of a single value is compared: a word such as ``null``, ``id``, ``time``, ``number 3`` or ``enum established``.

A leaf is a text: its sort, and behind a space what of the value counts, if anything does. Ids, times and free texts
have none, so they are the same in every run; and no leaf can hold a name or a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.contract.types import TypeModel
from pytest_graphcalls.drift.values import NO_IDS, NUMBERS, TEXTS, WORDS

_GUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?")
_DURATION = re.compile(r"-?P(?=.)(?:\d+[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?")
_WORD = re.compile(r"[A-Za-z#][\w.#-]{0,79}(?:, ?[A-Za-z][\w.-]{0,79})*|\d{1,8}")
"""What may be shown as it is; whatever has another form is a text."""

_JSON: Mapping[str, str] = MappingProxyType(
    {"null": "null", "bool": "boolean", "number": "number", "object": "object", "list": "list"}
)
_SHOWN: Mapping[str, str] = MappingProxyType(
    {
        "text": "a text",
        "empty": "an empty text",
        "wrapped": "JSON inside a text",
        "id": "an id",
        "nil": "an id of zeros",
        "other": "another id than elsewhere in the test",
        "time": "a time",
        "duration": "a duration",
        "url": "an address",
        "object": "an object",
        "list": "a list",
        "null": "null",
    }
)

_TYPES: Mapping[str, str] = MappingProxyType({"number": "a number", "boolean": "true or false", "text": "a text"})
"""By JSON type: how a value is called that the table above does not name."""


def sort_of(leaf: str) -> str:
    """The first word of a leaf."""
    return leaf.partition(" ")[0]


def value_of(leaf: str) -> str:
    """What of the value counts, or ``""``."""
    return leaf.partition(" ")[2]


def json_type(leaf: str) -> str:
    """The JSON type that a leaf stands for."""
    return _JSON.get(sort_of(leaf), "text")


def shown(leaf: str) -> str:
    """A leaf in words."""
    sort, value = sort_of(leaf), value_of(leaf)
    if sort in {"bool", "number"}:
        return value or "a number"
    return _SHOWN.get(sort) or repr(value)


def shown_type(leaf: str) -> str:
    """What sort of thing a leaf is, in words, whatever its value is."""
    return _SHOWN.get(sort_of(leaf)) or _TYPES[json_type(leaf)]


@lru_cache(maxsize=4096)
def _class_of(name: str) -> str:
    """What a member's name says of its texts: ``type``, ``word``, ``text``, ``id``, or ``""`` where it says nothing."""
    low = name.lower()
    if low == "@odata.type":
        return "type"
    if low in WORDS:
        return "word"
    if low in TEXTS or low in NO_IDS:
        return "text"
    return "id" if low == "id" or (name.endswith("Id") and not name.startswith("@")) else ""


def is_id(name: str, value: Any) -> bool:
    """Whether a member names somebody or something.

    Args:
        name: the member's name.
        value: its value.
    """
    if not isinstance(value, str) or not value:
        return False
    said = _class_of(name)
    return said == "id" or (not said and _GUID.fullmatch(value) is not None)


def leaf(name: str, value: Any, type_: str, model: TypeModel) -> str:
    """The leaf of one value.

    Args:
        name: the member that it is the value of.
        value: decoded JSON.
        type_: the member's type by the model, or ``""`` where that is unknown.
        model: the types.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"bool {str(value).lower()}"
    if isinstance(value, (int, float)):
        return _number(name, value)
    if isinstance(value, str):
        return _text(name, value, type_, model)
    return "object" if isinstance(value, dict) else "list"


def _number(name: str, value: float) -> str:
    if name.lower() in NUMBERS:
        return "number"
    whole = isinstance(value, float) and value.is_integer()
    return f"number {int(value) if whole else value}"


def _text(name: str, value: str, type_: str, model: TypeModel) -> str:
    if not value:
        return "empty"
    enum = model.enums.get(type_)
    if enum is not None:
        return _enum(value, enum.members)
    said = _class_of(name)
    if said in {"type", "word"}:
        return _fixed(said, value)
    if said == "text":
        return "text"
    if is_id(name, value):
        return "nil" if not value.strip("0-") else "id"
    return _form(value)


def _form(value: str) -> str:
    if "://" in value[:12]:
        return "url"
    if value.startswith("/"):
        return f"path {value}"
    if _TIME.fullmatch(value):
        return "time"
    return "duration" if _DURATION.fullmatch(value) else "text"


@lru_cache(maxsize=4096)
def _enum(value: str, members: tuple[str, ...]) -> str:
    known = {member.lower() for member in members}
    parts = {part.strip().lower() for part in value.split(",")}
    return _fixed("enum" if parts <= known else "strange", value)


def _fixed(sort: str, value: str) -> str:
    return f"{sort} {value}" if _WORD.fullmatch(value) else "text"
