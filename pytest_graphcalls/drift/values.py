"""Values that differ in every run (ids, times), and the part of them that is still compared.

The comparable form of a value is a text: its kind and, after a space, the part of the value that counts, if there is
one: ``null``, ``id``, ``time``, ``number 3``, ``enum established``. Ids, times and free texts have a kind only, so
they are equal in every run; and no comparable form can hold a name or a secret.

The tables give a reason for each row; their names are in lower case, as :func:`str.lower` makes them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pytest_graphcalls.contract.types import TypeModel

_UNIQUE = "unique for each request"
_IGNORED = {
    "belongs to the transport": (
        *("alt-svc", "connection", "keep-alive", "nel", "report-to", "server", "transfer-encoding", "via", "x-cache"),
    ),
    "depends on the load of the service": (
        *("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after", "x-ms-throttle-information"),
        *("x-ms-throttle-limit-percentage", "x-ms-throttle-scope"),
    ),
    _UNIQUE: (
        *("request-id", "scenario-id", "x-azure-ref", "x-microsoft-skype-chain-id", "x-microsoft-skype-message-id"),
        "x-ms-request-id",
    ),
    "unique for each request, or echoed from the client": ("client-request-id",),
    "a time, or follows from one": ("age", "date"),
    "follows from the body, or was negotiated by client and network": ("content-encoding", "content-length", "vary"),
    "a secret of the transport, or a policy of the host": ("set-cookie", "strict-transport-security"),
    "the simulator's own; what they name is compared, and changes": ("x-graphcalls-evidence", "x-graphcalls-fault"),
    "the machine that has answered": ("x-ms-ags-diagnostic",),
}
IGNORED_HEADERS: Mapping[str, str] = {name: reason for reason, names in _IGNORED.items() for name in names}
"""Response headers that are not compared, with the reason."""

HEADERS_COMPARED_BY_VALUE = frozenset({"content-type", "location", "odata-version"})
"""Response headers whose value is compared; of every other header only the presence is."""

TEXT_MEMBERS: Mapping[str, str] = {
    "blob": "media platform data of one machine",
    "client-request-id": "unique for each request, or echoed from the client",
    "clientcontext": "chosen by the test",
    "clientversion": "depends on the client of the participant",
    "countrycode": "depends on the participant's location",
    "date": "a time",
    "description": "free text",
    "displayname": "a person's or an app's name",
    "joinmeetingid": "number of a meeting, with or without spaces",
    "joinurl": "a secret, masked",
    "joinweburl": "a secret, masked",
    "languageid": "a setting of the participant",
    "message": "the wording of an error is no contract; its status and code are",
    "messageid": "a number in a chat",
    "passcode": "a secret, masked",
    "region": "location of a data centre",
    "replacementlink": "a secret, masked",
    "request-id": _UNIQUE,
    "sourceid": "a number of a media stream",
    "subject": "free text",
    "token": "a secret, masked",
}
"""Members of which only is compared that their value is a text, with the reason."""

NUMBER_MEMBERS: Mapping[str, str] = {
    "duration": "a length of time",
    "rostersequencenumber": "counts the roster changes of a call",
    "sequenceid": "counts the tones of a call",
    "sequencenumber": "counts the notifications of a call",
    "timestamp": "a time",
}
"""Members of which only is compared that their value is a number, with the reason."""

WORD_MEMBERS: Mapping[str, str] = {
    "changetype": "kind of change in a notification",
    "code": "code of an error",
    "errorcode": "code of an error, as a gateway spells it",
    "identityprovider": "name of an identity provider",
    "meetingrole": "its members are not published",
    "routingpolicies": "an enumeration in beta only",
    "terminationreason": "its members are not published",
}
"""Members that are strings in the metadata but hold one of a few fixed words, with the reason."""

NOT_IDS: Mapping[str, str] = {
    "languageid": "a language",
    "messageid": "a number in a chat",
    "sourceid": "a number of a media stream",
}
"""Members whose name ends like an id, but whose value identifies nothing, with the reason."""

IDENTIFYING_KEYS: tuple[tuple[str, ...], ...] = (
    ("id",),
    ("participantId",),
    ("info", "participantId"),
    ("identity", "*", "id"),
    ("info", "identity", "*", "id"),
)
"""Paths to an id by which items of a list are matched, the most reliable first; ``*`` is any identity of a set."""

_GUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?")
_DURATION = re.compile(r"-?P(?=.)(?:\d+[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?")
_WORD = re.compile(r"[A-Za-z#][\w.#-]{0,79}(?:, ?[A-Za-z][\w.-]{0,79})*|\d{1,8}")
"""The form of a value that may be shown as it is; every other one is a text."""

_JSON: Mapping[str, str] = {"null": "null", "bool": "boolean", "number": "number", "object": "object", "list": "list"}
_SHOWN: Mapping[str, str] = {
    "text": "a text",
    "empty": "an empty text",
    "wrapped": "JSON inside a text",
    "id": "an id",
    "nil": "an id of zeros",
    "other": "another id than elsewhere in the test",  # part of fingerprints, so it stays as it was first worded
    "time": "a time",
    "duration": "a duration",
    "url": "an address",
    "object": "an object",
    "list": "a list",
    "null": "null",
}

_TYPES: Mapping[str, str] = {"number": "a number", "boolean": "true or false", "text": "a text"}
"""Names of JSON types, for kinds that the table above does not name."""


def kind_of(value: str) -> str:
    """The kind of a value in comparable form, its first word."""
    return value.partition(" ")[0]


def value_of(value: str) -> str:
    """The part of a value in comparable form that counts, or ``""``."""
    return value.partition(" ")[2]


def json_type(value: str) -> str:
    """The JSON type of a value in comparable form."""
    return _JSON.get(kind_of(value), "text")


def describe(value: str) -> str:
    """Word a value in comparable form for a message."""
    kind, compared = kind_of(value), value_of(value)
    if kind in {"bool", "number"}:
        return compared or "a number"
    return _SHOWN.get(kind) or repr(compared)


def describe_type(value: str) -> str:
    """Word the type of a value in comparable form, without the value."""
    return _SHOWN.get(kind_of(value)) or _TYPES[json_type(value)]


@lru_cache(maxsize=4096)
def _class_of(name: str) -> str:
    """The class of a member's texts by its name: ``type``, ``word``, ``text``, ``id``, or ``""`` for unknown."""
    low = name.lower()
    if low == "@odata.type":
        return "type"
    if low in WORD_MEMBERS:
        return "word"
    if low in TEXT_MEMBERS or low in NOT_IDS:
        return "text"
    return "id" if low == "id" or (name.endswith("Id") and not name.startswith("@")) else ""


def is_id(name: str, value: Any) -> bool:
    """Whether a member's value is an id.

    Args:
        name: the member's name.
        value: its value.
    """
    if not isinstance(value, str) or not value:
        return False
    name_class = _class_of(name)
    return name_class == "id" or (not name_class and _GUID.fullmatch(value) is not None)


def comparable(name: str, value: Any, type_: str, model: TypeModel) -> str:
    """The comparable form of one value.

    Args:
        name: name of the member that has this value.
        value: decoded JSON.
        type_: the member's type in the model, or ``""`` where that is unknown.
        model: the type model.
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
    if name.lower() in NUMBER_MEMBERS:
        return "number"
    whole = isinstance(value, float) and value.is_integer()
    return f"number {int(value) if whole else value}"


def _text(name: str, value: str, type_: str, model: TypeModel) -> str:
    if not value:
        return "empty"
    enum = model.enums.get(type_)
    if enum is not None:
        return _enum(value, enum.members)
    name_class = _class_of(name)
    if name_class in {"type", "word"}:
        return _fixed(name_class, value)
    if name_class == "text":
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
