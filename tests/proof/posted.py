"""Undamaged notifications of every sort, and ways to damage them, each with what has to be found and where.

Nothing here asks the checks: what is promised is read from the type model and from the contract's payloads.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from pytest_graphcalls.contract import Contract, Payload
from pytest_graphcalls.contract.types import TypeModel
from pytest_graphcalls.findings import Kind, Severity, Side
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.stage import Stage
from pytest_graphcalls.targets import Setup, SimulatorTarget
from tests.proof.damage import (
    JSON_SORTS,
    NAMESPACE,
    Spot,
    Steps,
    enumerated,
    foreign_types,
    json_path,
    owners,
    reached,
    sort_of,
    spots,
    type_at,
    weight,
)
from tests.proof.undamaged import everything

CONTRACT = Contract.packaged()
PRODUCED = (
    *("incoming-call", "call-updated", "call-ended", "operation-ended", "roster-updated", "roster-delta"),
    "content-sharing-sessions",
)
"""What the simulator posts of itself."""
BELOW = {
    "participants": "roster-updated",
    "operations": "operation-ended",
    "contentsharingsessions": "content-sharing-sessions",
}
"""By what stands below the call in an address: the payload."""
CALL = "/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896"
DATA: Steps = ("value", 0, "resourceData")


@dataclass(frozen=True, slots=True)
class Posted:
    """A damaged notification.

    Attributes:
        how: what was done, in a few words.
        body: the body after it.
        kinds: kinds of finding of which one has to come up.
        where: JSON path it has to be found at.
        severity: how much it has to weigh.
    """

    how: str
    body: Any
    kinds: frozenset[Kind]
    where: str
    severity: Severity = Severity.VIOLATION


@cache
def produced(version: str) -> tuple[dict[str, Any], ...]:
    """Everything that the simulator posts while every operation is used once, and rosters change."""
    return tuple(body for use in (everything, changes_of_rosters) for body in posted_during(version, use))


def posted_during(version: str, use: Callable[[Stage], None]) -> list[dict[str, Any]]:
    """What a simulator of its own posts during ``use``."""
    recorder = Recorder(CONTRACT, rules=tuple(CONTRACT.rules))
    connection = SimulatorTarget().connect(Setup(version, recorder))
    use(Stage(connection, recorder))
    return [dict(sent.body) for sent in connection.simulator.notifications]


def changes_of_rosters(stage: Stage) -> None:
    """People come and go in a call that asked for changes only."""
    options = {"@odata.type": f"{NAMESPACE}outgoingCallOptions", "isDeltaRosterEnabled": True}
    call = stage.staged(callOptions=options, **stage.meeting())
    alice, _ = stage.bring(call, *stage.persons(2))
    call.remove(call.id_of(alice))
    stage.advance(5)


@cache
def undamaged(version: str) -> dict[str, dict[str, Any]]:
    """One of every sort, by the name of its payload; of the simulator's the fullest."""
    found: dict[str, dict[str, Any]] = {}
    for body in sorted(produced(version), key=lambda body: len(str(body))):
        found[name_of(body)] = body
    return found


def entry_of(body: dict[str, Any]) -> dict[str, Any]:
    (entry,) = body["value"]
    return dict(entry)


def name_of(body: dict[str, Any]) -> str:
    """The name of the payload, found without the contract, whose checks are to be proven."""
    entry = entry_of(body)
    below = entry["resourceUrl"].split("/")[4:]
    if below == ["participants"] and isinstance(entry["resourceData"], dict):
        return "roster-delta"
    if below:
        return BELOW[below[0]]
    return {"created": "incoming-call", "updated": "call-updated", "deleted": "call-ended"}[entry["changeType"]]


def inside(model: TypeModel, payload: Payload, body: dict[str, Any]) -> list[Spot]:
    """Every member in the resource data."""
    data = entry_of(body)["resourceData"]
    if payload.shape == "entity":
        return list(spots(model, payload.type, data, DATA))
    return [spot for index, item in enumerate(data) for spot in spots(model, payload.type, item, (*DATA, index))]


def promised(model: TypeModel, payload: Payload, spot: Spot) -> bool:
    """Whether a member has to be there: by its payload, or inside of something that is no entity, by its type."""
    if spot.owner == DATA or (spot.owner[:-1] == DATA and isinstance(spot.owner[-1], int)):
        return spot.name in payload.required
    return spot.member.required and not model.is_entity(spot.at.partition(".")[0])


def without(body: dict[str, Any], owner: Steps, name: str) -> dict[str, Any]:
    after = deepcopy(body)
    del reached(after, owner)[name]
    return after


def with_(body: dict[str, Any], owner: Steps, name: str, value: Any) -> dict[str, Any]:
    after = deepcopy(body)
    reached(after, owner)[name] = value
    return after


@st.composite
def dropped(draw: st.DrawFn, model: TypeModel, payload: Payload, body: dict[str, Any], places: list[Spot]) -> Posted:
    """A member that is promised is not there."""
    spot = draw(st.sampled_from([spot for spot in places if promised(model, payload, spot)]))
    after = without(body, spot.owner, spot.name)
    severity = weight(model, spot.at, Kind.MEMBER_MISSING, Side.NOTIFICATION)
    return Posted("dropped", after, frozenset({Kind.MEMBER_MISSING}), spot.path, severity)


@st.composite
def nulled(draw: st.DrawFn, model: TypeModel, payload: Payload, body: dict[str, Any], places: list[Spot]) -> Posted:
    """A member that is never null is null."""
    solid = [spot for spot in places if promised(model, payload, spot) or not spot.member.nullable]
    spot = draw(st.sampled_from(solid))
    severity = weight(model, spot.at, Kind.NULL_UNEXPECTED, Side.NOTIFICATION)
    after = with_(body, spot.owner, spot.name, None)
    return Posted("nulled", after, frozenset({Kind.NULL_UNEXPECTED}), spot.path, severity)


@st.composite
def retyped(draw: st.DrawFn, model: TypeModel, _: Payload, body: dict[str, Any], places: list[Spot]) -> Posted:
    """A value is of another JSON type."""
    spot = draw(st.sampled_from([spot for spot in places if sort_of(model, spot.member)]))
    wrong = draw(st.sampled_from([sort for sort in JSON_SORTS if sort != sort_of(model, spot.member)]))
    value = draw(JSON_SORTS[wrong].filter(lambda value: not str(value).lstrip("-").isdigit() or wrong != "string"))
    after = with_(body, spot.owner, spot.name, value)
    return Posted(f"to {wrong}", after, frozenset({Kind.TYPE_WRONG}), spot.path)


@st.composite
def unlisted(draw: st.DrawFn, model: TypeModel, _: Payload, body: dict[str, Any], places: list[Spot]) -> Posted:
    """An enumeration has a member that it does not have; a notice where it may grow."""
    spot = draw(st.sampled_from([spot for spot in enumerated(model, places) if not spot.member.collection]))
    enum = model.enums[spot.member.type]
    known = {member.lower() for member in enum.members}
    word = draw(st.from_regex(r"[a-z]{3,12}", fullmatch=True).filter(lambda word: word not in known))
    severity = Severity.NOTICE if enum.evolvable else Severity.VIOLATION
    after = with_(body, spot.owner, spot.name, word)
    return Posted("unlisted", after, frozenset({Kind.ENUM_UNKNOWN}), spot.path, severity)


@st.composite
def mistyped(draw: st.DrawFn, model: TypeModel, _: Payload, body: dict[str, Any], places: list[Spot]) -> Posted:
    """``@odata.type`` inside of the data names a type of another branch of the model."""
    # Only its type distinguishes a delta from a roster: another type makes it a roster of the wrong shape.
    deep = [place for place in owners(places) if place != DATA and "@odata.type" in reached(body, place)]
    place = draw(st.sampled_from(deep))
    value = draw(foreign_types(model, reached(body, place)))
    severity = weight(model, type_at(places, place), Kind.TYPE_UNKNOWN, Side.NOTIFICATION, value)
    after = with_(body, place, "@odata.type", value)
    where = f"{json_path(place)}['@odata.type']"
    return Posted("mistyped", after, frozenset({Kind.TYPE_UNKNOWN}), where, severity)


@st.composite
def misshapen(draw: st.DrawFn, _: TypeModel, payload: Payload, body: dict[str, Any], __: list[Spot]) -> Posted:
    """The data is a list where one object belongs, the other way round, or neither."""
    data = entry_of(body)["resourceData"]
    other = [data] if isinstance(data, dict) else data[0]
    value = draw(st.sampled_from([other, "text", 7, True]))
    if payload.name == "roster-delta" and isinstance(value, list):
        value = "text"  # a list there is a roster
    after = with_(body, ("value", 0), "resourceData", value)
    return Posted("misshapen", after, frozenset({Kind.TYPE_WRONG}), json_path(DATA))


@st.composite
def emptied(draw: st.DrawFn, _: TypeModel, __: Payload, body: dict[str, Any], ___: list[Spot]) -> Posted:
    """A part of the envelope is not there."""
    owner, name = draw(st.sampled_from([((), "value"), *(((("value", 0)), one) for one in _ENTRY)]))
    if draw(st.booleans()):
        kind, after = Kind.MEMBER_MISSING, without(body, owner, name)
    else:
        kind, after = Kind.NULL_UNEXPECTED, with_(body, owner, name, None)
    return Posted(f"no {name}", after, frozenset({kind}), json_path((*owner, name)))


_ENTRY = ("changeType", "resourceUrl", "resourceData")


@st.composite
def elsewhere(draw: st.DrawFn, _: TypeModel, __: Payload, body: dict[str, Any], ___: list[Spot]) -> Posted:
    """A notification about a resource that no page shows; the service may be ahead, so it is a notice."""
    path = draw(st.sampled_from([f"{CALL}/lobby", "/communications/onlineMeetings/1", f"{CALL}/participants/7/mute"]))
    after = with_(with_(body, ("value", 0), "resourceUrl", path), ("value", 0), "resource", path)
    kinds = frozenset({Kind.NOTIFICATION_UNKNOWN})
    return Posted("elsewhere", after, kinds, "$.value[0]", Severity.NOTICE)


@st.composite
def contradicted(draw: st.DrawFn, model: TypeModel, payload: Payload, body: dict[str, Any], _: list[Spot]) -> Posted:
    """A member says what does not go with the change."""
    name = draw(st.sampled_from(sorted(payload.values)))
    enum = model.enums[model.types[payload.type].members[name].type]
    value = draw(st.sampled_from([one for one in enum.members if one not in payload.values[name]]))
    return Posted(
        f"{name} {value}", with_(body, DATA, name, value), frozenset({Kind.VALUE_WRONG}), f"{json_path(DATA)}.{name}"
    )


def damages(version: str, payload: Payload, body: dict[str, Any]) -> st.SearchStrategy[Posted]:
    """Every way to damage ``body``."""
    model = CONTRACT.types(version)
    places = inside(model, payload, body)
    ways = [retyped, misshapen, emptied, elsewhere]
    if any(promised(model, payload, spot) for spot in places):
        ways.append(dropped)
    if any(promised(model, payload, spot) or not spot.member.nullable for spot in places):
        ways.append(nulled)
    if any(not spot.member.collection for spot in enumerated(model, places)):
        ways.append(unlisted)
    if any(place != DATA and "@odata.type" in reached(body, place) for place in owners(places)):
        ways.append(mistyped)
    if payload.values:
        ways.append(contradicted)
    return st.one_of(*(way(model, payload, body, places) for way in ways))


@st.composite
def harmless(draw: st.DrawFn, version: str, payload: Payload, body: dict[str, Any]) -> dict[str, Any]:
    """A notification whose unpromised members are left out or, where that is allowed, null."""
    model = CONTRACT.types(version)
    free = [spot for spot in inside(model, payload, body) if not promised(model, payload, spot)]
    for spot in draw(st.lists(st.sampled_from(free), max_size=4, unique_by=lambda spot: spot.path)) if free else ():
        if not there(body, spot):
            continue
        left_out = without(body, spot.owner, spot.name)
        nothing = with_(body, spot.owner, spot.name, None) if spot.member.nullable else left_out
        body = draw(st.sampled_from([left_out, nothing]))
    entry = entry_of(body)
    return {**body, "value": [{key: entry[key] for key in draw(st.permutations(list(entry)))}]}


def there(body: Any, spot: Spot) -> bool:
    """Whether no earlier change has taken away what ``spot`` is a member of."""
    for step in (*spot.owner, spot.name):
        if body is None or (isinstance(body, dict) and step not in body):
            return False
        body = body[step]
    return True
