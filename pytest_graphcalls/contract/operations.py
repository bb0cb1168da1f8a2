"""From the mapping in ``operations/<id>.yaml`` to an :class:`Operation`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from pytest_graphcalls.contract.model import (
    Constraint,
    EndSpec,
    HeaderSpec,
    LongRunning,
    Operation,
    Permissions,
    Question,
    Repeat,
    RequestSpec,
    ResponseSpec,
    Rule,
)
from pytest_graphcalls.records import made

_T = TypeVar("_T")

_LIMITS = {
    "max_items": "maxItems",
    "max_length": "maxLength",
    "minimum": "minimum",
    "maximum": "maximum",
    "pattern": "pattern",
}
"""Our key to the JSON Schema keyword that means it."""


def build(data: Mapping[str, Any]) -> Operation:
    """Build the operation that an operation file describes, written out."""
    return made(
        Operation,
        {"central": False, "action": "", "clouds": {}, **data},
        permissions=made(Permissions, {**data["permissions"], "spellings": data.get("spellings", {})}),
        request=_request(data["request"]),
        responses=MappingProxyType(
            {int(status): _response(int(status), raw) for status, raw in data["responses"].items()}
        ),
        rules=_stated(Rule, data, "rules", pages=MappingProxyType(data["pages"])),
        questions=_stated(Question, data, "questions"),
        long_running=_long_running(data["long_running"]) if "long_running" in data else None,
        reads=MappingProxyType({place: tuple(values or ()) for place, values in data.get("reads", {}).items()}),
    )


def _stated(kind: type[_T], data: Mapping[str, Any], key: str, **known: Any) -> Mapping[str, _T]:
    """The rules or questions of an operation by slug; with its versions and needs unless they name their own."""
    rows, usual = data.get(key, {}).items(), {"versions": data["versions"], "needs": data.get("needs", ())}
    facts = ((slug, {**usual, **raw, "id": f"{data['id']}.{slug}"}) for slug, raw in rows)
    return MappingProxyType({slug: made(kind, fact, **known) for slug, fact in facts})


def _long_running(raw: Mapping[str, Any]) -> LongRunning:
    usual = {name: raw[name] for name in ("completed", "cancelled") if name in raw}
    ends = {name: _end(end) for name, end in (usual | raw.get("ends", {})).items()}
    return made(LongRunning, raw, ends=MappingProxyType(ends))


def _end(raw: Mapping[str, Any]) -> EndSpec:
    code, _, subcode = raw["pair"].partition("/")
    return made(EndSpec, raw, code=int(code), subcode=int(subcode))


def _request(raw: Mapping[str, Any]) -> RequestSpec:
    return made(RequestSpec, raw, constraints=tuple(map(_constraint, raw.get("constraints", ()))))


def _constraint(raw: Mapping[str, Any]) -> Constraint:
    return made(Constraint, {**raw, "limits": {keyword: raw[key] for key, keyword in _LIMITS.items() if key in raw}})


def _response(status: int, raw: Mapping[str, Any]) -> ResponseSpec:
    body = raw["body"]
    collection = not isinstance(body, str)
    return made(
        ResponseSpec,
        raw,
        status=status,
        body=body["collection"] if collection else "" if body == "none" else body,
        collection=collection,
        headers=tuple(made(HeaderSpec, facts, name=name) for name, facts in raw.get("headers", {}).items()),
        repeats=tuple(map(_repeat, raw.get("repeats", ()))),
    )


def _repeat(raw: Mapping[str, Any]) -> Repeat:
    source, _, name = raw["of"].partition(".")
    return made(Repeat, raw, of=source, name=name)
