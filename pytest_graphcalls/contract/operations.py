"""From the mapping in ``operations/<id>.yaml`` to an :class:`Operation`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.contract.model import (
    NO_ROLE,
    Constraint,
    Effect,
    EndSpec,
    Evidence,
    HeaderSpec,
    LongRunning,
    Need,
    Operation,
    Permissions,
    Question,
    Repeat,
    RequestSpec,
    ResponseSpec,
    RoleCheck,
    Rule,
    Source,
)

_LIMITS = {
    "max_items": "maxItems",
    "max_length": "maxLength",
    "minimum": "minimum",
    "maximum": "maximum",
    "pattern": "pattern",
}
"""Our key to the JSON Schema keyword that means it."""


def build(data: Mapping[str, Any]) -> Operation:
    """Build the operation that an operation file describes, its shared rules written out."""
    return Operation(
        id=data["id"],
        title=data["title"],
        summary=data["summary"],
        central=data["central"],
        method=data["method"],
        path=data["path"],
        action=data.get("action", ""),
        versions=tuple(data["versions"]),
        aliases=_tuples(data["aliases"]),
        pages=MappingProxyType(data["pages"]),
        permissions=_permissions(data),
        clouds=_tuples(data.get("clouds", {})),
        request=_request(data["request"]),
        responses=MappingProxyType(
            {int(status): _response(int(status), raw) for status, raw in data["responses"].items()}
        ),
        rules=MappingProxyType(dict(_rules(data))),
        questions=MappingProxyType(dict(_questions(data))),
        effects=frozenset(map(Effect, data.get("effects", ()))),
        long_running=_long_running(data["long_running"]) if "long_running" in data else None,
        reads=MappingProxyType({place: tuple(values or ()) for place, values in data.get("reads", {}).items()}),
    )


def _tuples(raw: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({key: tuple(values) for key, values in raw.items()})


def _permissions(data: Mapping[str, Any]) -> Permissions:
    raw = data["permissions"]
    return Permissions(
        tuple(raw["least"]),
        tuple(raw["higher"]),
        _tuples(data["spellings"]),
        RoleCheck(raw.get("checked", RoleCheck.REQUEST)),
        _tuples(raw.get("kinds", {})),
        raw.get("refusal", NO_ROLE),
    )


def _long_running(raw: Mapping[str, Any]) -> LongRunning:
    usual = {name: raw[name] for name in ("completed", "cancelled") if name in raw}
    ends = MappingProxyType({name: _end(end) for name, end in (usual | raw.get("ends", {})).items()})
    return LongRunning(
        raw["type"], raw["answered"], raw["fact"], tuple(raw.get("echoes", ())), raw.get("queue", ""), ends
    )


def _end(raw: Mapping[str, Any]) -> EndSpec:
    code, _, subcode = raw["pair"].partition("/")
    pair = Evidence(raw["pair_evidence"]) if "pair_evidence" in raw else None
    return EndSpec(
        code=int(code),
        subcode=int(subcode),
        message=raw["message"],
        evidence=Evidence(raw["evidence"]),
        fact=raw["fact"],
        status=raw.get("status", "completed"),
        pair_evidence=pair,
        pair_fact=raw.get("pair_fact", ""),
        members=MappingProxyType(raw.get("members", {})),
    )


def _request(raw: Mapping[str, Any]) -> RequestSpec:
    constraints = tuple(_constraint(entry) for entry in raw.get("constraints", ()))
    return RequestSpec(raw["body"], raw.get("token", ""), raw.get("rule", ""), constraints)


def _constraint(raw: Mapping[str, Any]) -> Constraint:
    limits = {keyword: raw[key] for key, keyword in _LIMITS.items() if key in raw}
    known = {name: raw[name] for name in ("required", "says", "rule", "by_handler") if name in raw}
    return Constraint(raw["at"], MappingProxyType(limits), **known)


def _response(status: int, raw: Mapping[str, Any]) -> ResponseSpec:
    body = raw["body"]
    collection = not isinstance(body, str)
    type_ = body["collection"] if collection else "" if body == "none" else body
    headers = tuple(HeaderSpec(name, **facts) for name, facts in raw.get("headers", {}).items())
    repeats = tuple(_repeat(**entry) for entry in raw.get("repeats", ()))
    return ResponseSpec(
        status, type_, collection, raw.get("rule", ""), headers, repeats, raw.get("empty", ""), raw.get("has", {})
    )


def _repeat(at: str, of: str, **facts: Any) -> Repeat:
    source, _, name = of.partition(".")
    return Repeat(at, source, name, **facts)


def _rules(data: Mapping[str, Any]) -> Iterator[tuple[str, Rule]]:
    for slug, raw in data["rules"].items():
        yield (
            slug,
            Rule(
                id=f"{data['id']}.{slug}",
                says=raw["says"],
                versions=tuple(raw.get("versions", data["versions"])),
                evidence=Evidence(raw["evidence"]),
                source=Source.read(raw["source"]),
                pages=MappingProxyType(data["pages"]),
                facts=tuple(raw["facts"]),
                contradictions=tuple(raw.get("contradictions", ())),
                needs=tuple(Need(need) for need in raw["needs"]),
                holds=raw["holds"],
                broken=raw["broken"],
            ),
        )


def _questions(data: Mapping[str, Any]) -> Iterator[tuple[str, Question]]:
    for slug, raw in data.get("questions", {}).items():
        yield (
            slug,
            Question(
                id=f"{data['id']}.{slug}",
                asks=raw["asks"],
                versions=tuple(raw.get("versions", data["versions"])),
                needs=tuple(Need(need) for need in raw.get("needs", data.get("needs", ()))),
                facts=tuple(raw.get("facts", ())),
                simulated=raw["simulated"],
            ),
        )
