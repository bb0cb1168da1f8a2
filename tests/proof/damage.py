"""Ways to damage an exchange, generated from the type model, each with what has to be found and where.

A damage is a value: the exchange after it, and the findings of which at least one must come up. Nothing here
asks the checks; what is promised is read from the model directly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from pytest_graphcalls.contract import Contract, Evidence, Operation
from pytest_graphcalls.contract.types import GraphType, Member, TypeModel
from pytest_graphcalls.findings import Kind, Severity, Side
from pytest_graphcalls.wire import Exchange, Response, encode_json

CONTRACT = Contract.packaged()
NAMESPACE = "#microsoft.graph."
Steps = tuple[str | int, ...]

JSON_SORTS: Mapping[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(codec="utf-8"), max_size=8),
    "number": st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False, width=16),
    "boolean": st.booleans(),
    "array": st.lists(st.integers(0, 3), max_size=2),
    "object": st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 3), max_size=2),
}


@dataclass(frozen=True, slots=True)
class Damage:
    """A damaged exchange.

    Attributes:
        how: what was done, in a few words.
        exchange: the exchange after it.
        kinds: kinds of finding of which one has to come up.
        where: JSON path, header name, or other place it has to be found at.
        severity: how much it has to weigh.
        side: in which half.
    """

    how: str
    exchange: Exchange
    kinds: frozenset[Kind]
    where: str
    severity: Severity = Severity.VIOLATION
    side: Side = Side.RESPONSE


@dataclass(frozen=True, slots=True)
class Spot:
    """A member of an object inside a body: where it is, and what the model says of it."""

    owner: Steps
    name: str
    at: str
    member: Member

    @property
    def path(self) -> str:
        return json_path((*self.owner, self.name))


def json_path(steps: Steps) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def resolved(model: TypeModel, name: str, value: Mapping[str, Any]) -> GraphType:
    """The type of an object: the one that ``@odata.type`` names, or what its place promises."""
    written = str(value.get("@odata.type", "")).removeprefix(NAMESPACE)
    return model.types[written] if written in model.types else model.types[name]


def spots(model: TypeModel, name: str, value: Any, steps: Steps = ()) -> Iterator[Spot]:
    """Every member that is there, in an object of type ``name`` and everything inside it."""
    type_ = resolved(model, name, value)
    for key, member in type_.members.items():
        if key not in value:
            continue
        yield Spot(steps, key, f"{type_.name}.{key}", member)
        inside = value[key] if member.collection else [value[key]]
        if member.type in model.types and isinstance(inside, list):
            for index, item in enumerate(inside):
                if isinstance(item, dict):
                    place = (*steps, key, index) if member.collection else (*steps, key)
                    yield from spots(model, member.type, item, place)


def body_spots(model: TypeModel, operation: Operation, response: Response) -> list[Spot]:
    """The spots of a whole success body."""
    spec = operation.responses[response.status]
    body = response.json()
    if not spec.collection:
        return list(spots(model, spec.body, body))
    found = [Spot((), "value", "collection.value", Member(spec.body, collection=True, nullable=False, required=True))]
    for index, item in enumerate(body["value"]):
        found += spots(model, spec.body, item, ("value", index))
    return found


def with_body(exchange: Exchange, body: Any) -> Exchange:
    return replace(exchange, response=replace(exchange.response, body=encode_json(body)))


def changed(exchange: Exchange, spot: Spot, *value: Any) -> Exchange:
    """The exchange with another value at ``spot``, or without it when no value is given."""
    body = deepcopy(exchange.response.json())
    owner = body
    for step in spot.owner:
        owner = owner[step]
    if value:
        owner[spot.name] = value[0]
    else:
        del owner[spot.name]
    return with_body(exchange, body)


def tolerated(model: TypeModel, at: str, kind: Kind, side: Side, value: str = "") -> bool:
    """Whether the documentation contradicts itself there, so that it is a notice only; some ask for certain text."""
    entries = [e for e in model.tolerated if at in e.at and e.kind == kind and side in e.sides]
    # Those that ask for a neighbour are about another damage, a member of another name.
    return any(re.search(entry.pattern, value) for entry in entries if not entry.when_member)


def weight(model: TypeModel, at: str, kind: Kind, side: Side = Side.RESPONSE, value: str = "") -> Severity:
    return Severity.NOTICE if tolerated(model, at, kind, side, value) else Severity.VIOLATION


def sort_of(model: TypeModel, member: Member) -> str:
    """The JSON sort that a value of ``member`` has; ``""`` when anything goes."""
    if member.collection:
        return "array"
    if member.type in model.types:
        return "object"
    if member.type in model.enums:
        return "string"
    return _PRIMITIVE_SORTS.get(member.type, "string" if member.type != "Edm.Untyped" else "")


_PRIMITIVE_SORTS = {
    "Edm.Boolean": "boolean",
    "Edm.Int16": "number",
    "Edm.Int32": "number",
    "Edm.Int64": "number",
    "Edm.Single": "number",
    "Edm.Double": "number",
    "Edm.Decimal": "number",
}


@st.composite
def dropped(draw: st.DrawFn, model: TypeModel, exchange: Exchange, places: list[Spot]) -> Damage:
    """A member that is promised is not there."""
    spot = draw(st.sampled_from([spot for spot in places if spot.member.required]))
    kinds = frozenset({Kind.MEMBER_MISSING})
    return Damage("dropped", changed(exchange, spot), kinds, spot.path, weight(model, spot.at, Kind.MEMBER_MISSING))


@st.composite
def nulled(draw: st.DrawFn, model: TypeModel, exchange: Exchange, places: list[Spot]) -> Damage:
    """A member that is never null is null."""
    spot = draw(st.sampled_from([spot for spot in places if not spot.member.nullable]))
    kinds = frozenset({Kind.NULL_UNEXPECTED})
    severity = weight(model, spot.at, Kind.NULL_UNEXPECTED)
    return Damage("nulled", changed(exchange, spot, None), kinds, spot.path, severity)


@st.composite
def retyped(draw: st.DrawFn, model: TypeModel, exchange: Exchange, places: list[Spot]) -> Damage:
    """A value is of another JSON type."""
    spot = draw(st.sampled_from([spot for spot in places if sort_of(model, spot.member)]))
    right = sort_of(model, spot.member)
    wrong = draw(st.sampled_from([sort for sort in JSON_SORTS if sort != right]))
    value = draw(JSON_SORTS[wrong].filter(lambda value: not str(value).lstrip("-").isdigit() or wrong != "string"))
    return Damage(f"{right} to {wrong}", changed(exchange, spot, value), frozenset({Kind.TYPE_WRONG}), spot.path)


@st.composite
def unlisted(draw: st.DrawFn, model: TypeModel, exchange: Exchange, places: list[Spot]) -> Damage:
    """An enumeration has a member that it does not have; a notice where it may grow and the request asks for such."""
    spot = draw(st.sampled_from(enumerated(model, places)))
    enum = model.enums[spot.member.type]
    known = {member.lower() for member in enum.members}
    word = draw(st.from_regex(r"[a-z]{3,12}", fullmatch=True).filter(lambda word: word not in known))
    asks = draw(st.booleans())
    if asks:
        headers = exchange.request.headers.with_("Prefer", "include-unknown-enum-members")
        exchange = replace(exchange, request=replace(exchange.request, headers=headers), look=None)
    severity = Severity.NOTICE if enum.evolvable and asks else Severity.VIOLATION
    value = [word] if spot.member.collection else word
    where = f"{spot.path}[0]" if spot.member.collection else spot.path
    return Damage("unlisted", changed(exchange, spot, value), frozenset({Kind.ENUM_UNKNOWN}), where, severity)


def enumerated(model: TypeModel, places: list[Spot]) -> list[Spot]:
    return [spot for spot in places if spot.member.type in model.enums]


@st.composite
def mistyped(draw: st.DrawFn, model: TypeModel, exchange: Exchange, places: list[Spot]) -> Damage:
    """``@odata.type`` names a type of another branch of the model."""
    body = exchange.response.json()
    objects = [place for place in owners(places) if "@odata.type" in reached(body, place)]
    place = draw(st.sampled_from(objects))
    spot = Spot(place, "@odata.type", "", Member("Edm.String"))
    value = draw(foreign_types(model, reached(body, place)))
    severity = weight(model, type_at(places, place), Kind.TYPE_UNKNOWN, value=value)
    where = f"{json_path(place)}['@odata.type']"
    return Damage("mistyped", changed(exchange, spot, value), frozenset({Kind.TYPE_UNKNOWN}), where, severity)


def foreign_types(model: TypeModel, item: Mapping[str, Any]) -> st.SearchStrategy[str]:
    """Written types that have nothing to do with the one that ``item`` says it has."""
    right = item["@odata.type"].removeprefix(NAMESPACE)
    return st.sampled_from(sorted(NAMESPACE + name for name in model.types if not related(model, name, right)))


def type_at(places: list[Spot], place: Steps) -> str:
    """The declared type of the object at ``place``, which is that of the member that holds it."""
    held = place[:-1] if place and isinstance(place[-1], int) else place
    holder = next((spot for spot in places if (*spot.owner, spot.name) == held), None)
    return f"{holder.at}.@odata.type" if holder else "@odata.type"


def owners(places: list[Spot]) -> list[Steps]:
    return list(dict.fromkeys(spot.owner for spot in places))


def reached(body: Any, steps: Steps) -> Any:
    for step in steps:
        body = body[step]
    return body


def related(model: TypeModel, one: str, other: str) -> bool:
    """Whether the two have a base in common, so that either might stand in the other's place."""
    bases = {other, *model.types[other].bases} - {"entity"}
    return bool(bases & {one, *model.types[one].bases})


@st.composite
def restated(draw: st.DrawFn, exchange: Exchange) -> Damage:
    """Success has a status that the page does not have."""
    others = [200, 201, 202, 203, 204, 205, 206, 302, 418, 505]
    code = draw(st.sampled_from([other for other in others if other != exchange.response.status]))
    after = replace(exchange, response=replace(exchange.response, status=code))
    return Damage(f"status {code}", after, frozenset({Kind.STATUS_UNDOCUMENTED}), "status")


@st.composite
def relabelled(draw: st.DrawFn, exchange: Exchange) -> Damage:
    """A JSON body says that it is something else, or does not say what it is."""
    label = draw(st.sampled_from(["text/html; charset=utf-8", "text/plain", "application/xml", ""]))
    headers = exchange.response.headers.without("content-type")
    headers = headers.with_("Content-Type", label) if label else headers
    after = replace(exchange, response=replace(exchange.response, headers=headers))
    return Damage(f"content type {label}", after, frozenset({Kind.CONTENT_TYPE}), "Content-Type")


@st.composite
def garbled(draw: st.DrawFn, exchange: Exchange) -> Damage:
    """A JSON body is cut off, or is something else altogether."""
    body = exchange.response.body
    cut = draw(st.integers(1, len(body) - 1))
    content = draw(st.sampled_from([body[:cut], b"<html></html>", b"\xff\xfe", b"NaN"]))
    after = replace(exchange, response=replace(exchange.response, body=content))
    return Damage("garbled", after, frozenset({Kind.BODY_MALFORMED}), "body")


def emptied(exchange: Exchange) -> st.SearchStrategy[Damage]:
    """There is no body where one is promised."""
    after = replace(exchange, response=replace(exchange.response, body=b""))
    return st.just(Damage("emptied", after, frozenset({Kind.BODY_MISSING}), "body"))


@st.composite
def filled(draw: st.DrawFn, operation: Operation, exchange: Exchange) -> Damage:
    """There is a body where none is promised."""
    content = draw(st.sampled_from([b"{}", b"null", b'{"status":"removed"}', b"OK", b" "]))
    after = replace(exchange, response=replace(exchange.response, body=content))
    spec = operation.responses[exchange.response.status]
    documented = operation.rules[spec.empty or spec.rule].evidence is Evidence.DOCUMENTED
    severity = Severity.VIOLATION if documented else Severity.NOTICE
    return Damage("filled", after, frozenset({Kind.BODY_UNEXPECTED}), "body", severity)


@st.composite
def unheaded(draw: st.DrawFn, operation: Operation, exchange: Exchange) -> Damage:
    """A header that is promised is not there, or names something else."""
    header = draw(
        st.sampled_from(
            [one for one in operation.responses[exchange.response.status].headers if one.required and one.names]
        )
    )
    value = draw(st.sampled_from(["", "https://graph.microsoft.com/v1.0/me", "nowhere"]))
    headers = exchange.response.headers.without(header.name)
    headers = headers.with_(header.name, value) if value else headers
    after = replace(exchange, response=replace(exchange.response, headers=headers))
    kind = Kind.HEADER_WRONG if value else Kind.HEADER_MISSING
    return Damage(f"header {value!r}", after, frozenset({kind}), header.name)


def damages(version: str, operation: Operation, exchange: Exchange) -> st.SearchStrategy[Damage]:
    """Every way to damage the answer of ``exchange``."""
    spec = operation.responses[exchange.response.status]
    ways = [restated(exchange)]
    if any(header.required and header.names for header in spec.headers):
        ways.append(unheaded(operation, exchange))
    if not spec.body:
        return st.one_of(*ways, filled(operation, exchange))
    model = CONTRACT.types(version)
    places = body_spots(model, operation, exchange.response)
    inside = [retyped, mistyped, *([unlisted] if enumerated(model, places) else [])]
    inside += [dropped] if any(spot.member.required for spot in places) else []
    inside += [nulled] if not all(spot.member.nullable for spot in places) else []
    ways += [way(model, exchange, places) for way in inside]
    return st.one_of(*ways, relabelled(exchange), garbled(exchange), emptied(exchange))


@st.composite
def harmless(draw: st.DrawFn, version: str, operation: Operation, exchange: Exchange) -> Exchange:
    """An answer with members in another order, some that may be absent left out, some that may be null null."""
    spec = operation.responses[exchange.response.status]
    if not spec.body:
        return exchange
    places = body_spots(CONTRACT.types(version), operation, exchange.response)
    repeated = re.compile("|".join([rf"\$\.{re.escape(one.at)}($|.*\.identity\b)" for one in spec.repeats]) or r"\Z.")
    free = [
        spot for spot in places if not spot.member.required and spot.member.nullable and not repeated.match(spot.path)
    ]
    for spot in draw(st.lists(st.sampled_from(free), max_size=4, unique_by=lambda spot: spot.path)) if free else ():
        if still_there(exchange, spot):
            exchange = changed(exchange, spot, *draw(st.sampled_from([(), (None,)])))
    body = exchange.response.json()
    return with_body(exchange, {key: body[key] for key in draw(st.permutations(list(body)))})


def still_there(exchange: Exchange, spot: Spot) -> bool:
    """Whether no earlier change has taken away what ``spot`` is a member of."""
    value: Any = exchange.response.json()
    for step in (*spot.owner, spot.name):
        if value is None or (isinstance(value, dict) and step not in value):
            return False
        value = value[step]
    return True
