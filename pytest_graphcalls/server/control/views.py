"""The encoder of the control API: from what handlers return to JSON.

Every text passes :func:`outgoing`, and JSON of exchanges and notifications is looked through as a whole, member names
included; so nothing goes out that redaction and the leak scan have not seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pytest_graphcalls.bot import Asked, Delivery
from pytest_graphcalls.bot.ledger import InjectedFault, RaisedInTask
from pytest_graphcalls.redaction import OF_REPORTS
from pytest_graphcalls.sanitize import clean, clean_json
from pytest_graphcalls.simulator import App, Fault, Fired, Meeting, Person, PersonCall, SimulatedCall
from pytest_graphcalls.simulator.audio import Prompt, Recording, Tone
from pytest_graphcalls.simulator.entities import ContentSession, Identity, Operation, Participant, Route
from pytest_graphcalls.simulator.notifications import kind_of
from pytest_graphcalls.simulator.responses import Result
from pytest_graphcalls.wire import Headers, MalformedJsonError, Notification, decode_json, encode_json

View = dict[str, Any]


class Unredacted(str):
    """A text that goes out as it is: a token that was asked for."""

    __slots__ = ()


BUSY, PAUSE = 0.002, 0.0002
"""Real seconds of work after which a long answer lets other threads run, and for how long: else other clients wait."""


def written(body: Mapping[str, Any]) -> bytes:
    """A JSON object as text. Long lists are written item by item, so that no other client waits for all of it."""
    return b"{%b}" % b",".join(b"%b:%b" % (encode_json(name), _written(value)) for name, value in body.items())


def _written(value: Any) -> bytes:
    if not isinstance(value, list | tuple | Iterator):
        return encode_json(encode(value))
    pieces: list[bytes] = []
    busy_since = time.perf_counter()
    for item in value:
        pieces.append(encode_json(encode(item)))
        if time.perf_counter() - busy_since > BUSY:
            time.sleep(PAUSE)
            busy_since = time.perf_counter()
    return b"[%b]" % b",".join(pieces)


def encode(value: Any) -> Any:
    """A value as JSON: what :data:`VIEWS` names by its view, lists and mappings item by item."""
    if isinstance(value, Structured):
        return clean_json(value.json).value
    view = VIEWS.get(type(value))
    if view is not None:
        return encode(view(value))
    if isinstance(value, str):
        return outgoing(value)
    if isinstance(value, Mapping):
        return {name: encode(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [encode(one) for one in value]
    return value


def outgoing(text: str) -> str:
    """A text without what gives access."""
    return text if isinstance(text, Unredacted) else clean(text).text


def members(names: str, **computed: Callable[[Any], Any]) -> Callable[[Any], View]:
    """A view of the attributes named, in this order; those in ``computed`` are worked out."""
    getters = [(name, computed.get(name)) for name in names.split()]
    return lambda one: {name: get(one) if get else getattr(one, name) for name, get in getters}


class Numbered(NamedTuple):
    """A notification, with its number."""

    number: int
    notification: Notification


class Structured:
    """JSON that is redacted as a whole: a member's name says what its value is."""

    def __init__(self, json: Any) -> None:
        self.json = json


def _headers(headers: Headers) -> Structured:
    return Structured(dict(headers.items()))


def _body(body: bytes) -> Structured:
    """A body as JSON where it is JSON, else as text; ``None`` when there is none."""
    if not body:
        return Structured(None)
    try:
        return Structured(decode_json(body))
    except MalformedJsonError:
        return Structured(body.decode("utf-8", "replace"))


def _notification(numbered: Numbered) -> View:
    one = numbered.notification
    return {
        "number": numbered.number,
        "at": one.at,
        "call": one.call_id,
        "app": one.app_id,
        "kind": kind_of(one.entries),
        "posted_to": Structured(OF_REPORTS.url(one.posted_to)),
        "headers": _headers(OF_REPORTS.headers(one.headers)),
        "body": Structured(one.body),
    }


def _request(one: Asked) -> View:
    lengths = {"body_length": one.request_length, "response_length": one.response_length}
    safe = OF_REPORTS.exchange(one.exchange)
    request, response = safe.request, safe.response
    return {
        "number": one.number,
        "sort": "request",
        "at": one.at,
        "method": request.method,
        "path": Structured(request.path),
        "operation": one.operation,
        "url": Structured(request.url),
        "headers": _headers(request.headers),
        "body": _body(request.body),
        "status": response.status,
        "response": {"headers": _headers(response.headers), "body": _body(response.body)},
        **{name: length for name, length in lengths.items() if length is not None},
    }


VIEWS: Mapping[type, Callable[[Any], Any]] = {
    Identity: members("sort id name tenant_id"),
    Person: lambda person: person.identity,
    SimulatedCall: members(
        "id state kind result rejected_with callback_uri my_participant_id participants invited operations"
        " prompts tones routes recordings recording_status is_recorded is_transcribed sharing device_quality"
    ),
    PersonCall: members("state others since calls handed_on_from"),
    Prompt: members("uri resource_id begins ends ended problem operation"),
    Tone: members("tone at by sequence_id"),
    Route: members("id mode sources receivers"),
    Recording: members("location token begins ends speech fetched", token=lambda one: Unredacted(one.token)),
    ContentSession: members("id presenter what"),
    Result: members("code subcode message"),
    Participant: members(
        "id identity state is_bot hidden in_lobby operation reports muted self_muted on_hold holds",
        is_bot=lambda one: bool(one.leg),
        on_hold=lambda one: one.music is not None,
    ),
    Operation: members("id status client_context pending result", pending=lambda one: len(one.pending)),
    Meeting: members("coordinates by_join_id join_meeting_id organizer id join_url passcode"),
    App: members(
        "app_id name roles may_remove_participants phone_number instance_id callback_uri has_access_policy",
        roles=lambda app: sorted(app.roles),
    ),
    Fault: members(
        "number name given seen struck",
        given=lambda fault: dict(fault.order.given),
        struck=lambda fault: fault.fired,
    ),
    Fired: members("at what call"),
    Delivery: members(
        "number sort at call kind attempt url status seconds error answer note message notification body",
        sort=lambda _: "delivery",
        url=lambda one: Structured(OF_REPORTS.url(one.url)),
        notification=lambda one: one.sequence if one.sequence >= 0 else None,
        body=lambda one: Structured(one.body),
    ),
    Asked: _request,
    Numbered: _notification,
    InjectedFault: members("number sort at call fault what", sort=lambda _: "fault"),
    RaisedInTask: members("number sort at error trace", sort=lambda _: "raised"),
}
"""By class: what is shown of it, in the order of its members."""
