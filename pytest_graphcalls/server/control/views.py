"""The world as JSON. What gives access is masked in everything that somebody else wrote."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from pytest_graphcalls.bot import Asked, Delivery
from pytest_graphcalls.bot.ledger import Entry, Struck
from pytest_graphcalls.redaction import OF_REPORTS
from pytest_graphcalls.simulator import App, Fault, Meeting, Person, SimulatedCall
from pytest_graphcalls.simulator.notifications import kind_of
from pytest_graphcalls.simulator.store import Identity, Operation, Participant, Result
from pytest_graphcalls.wire import Headers, MalformedJsonError, Notification, Request, decode_json

View = dict[str, Any]


def identity(who: Identity) -> View:
    """Who somebody is."""
    return {"sort": who.sort, "id": who.id, "name": who.name, "tenant_id": who.tenant_id}


def person(who: Person) -> View:
    """Somebody in the tenant."""
    return identity(who.identity)


def call(one: SimulatedCall) -> View:
    """A call, seen from outside."""
    return {
        "id": one.id,
        "state": one.state.value,
        "kind": one.kind.value,
        "result": _result(one.result),
        "rejected_with": one.rejected_with,
        "callback_uri": one.callback_uri,
        "my_participant_id": one.my_participant_id,
        "participants": [_participant(entry) for entry in one.participants],
        "invited": [_participant(entry) for entry in one.invited],
        "operations": [_operation(entry) for entry in one.operations],
    }


def _result(one: Result | None) -> View | None:
    return None if one is None else {"code": one.code, "subcode": one.subcode, "message": one.message}


def _participant(one: Participant) -> View:
    return {
        "id": one.id,
        "identity": identity(one.identity),
        "state": one.state.value,
        "is_bot": bool(one.leg),
        "hidden": one.hidden,
        "operation": one.operation,
    }


def _operation(one: Operation) -> View:
    return {
        "id": one.id,
        "status": one.status.value,
        "client_context": one.client_context,
        "pending": len(one.pending),
        "result": _result(one.result),
    }


def meeting(one: Meeting) -> View:
    """A meeting: what joins it, and who holds it."""
    return {
        "coordinates": one.coordinates,
        "by_join_id": one.by_join_id,
        "join_meeting_id": one.join_meeting_id,
        "organizer": person(one.organizer),
    }


def app(one: App) -> View:
    """An app."""
    return {
        "app_id": one.app_id,
        "name": one.name,
        "roles": sorted(one.roles),
        "may_remove_participants": one.may_remove_participants,
        "phone_number": one.phone_number,
        "instance_id": one.instance_id,
        "callback_uri": one.callback_uri,
    }


def fault(one: Fault) -> View:
    """A fault in force."""
    return {
        "number": one.number,
        "name": one.name,
        "given": dict(one.order.given),
        "seen": one.seen,
        "struck": [{"at": fired.at, "what": fired.what, "call": fired.call} for fired in one.fired],
    }


def notification(number: int, one: Notification) -> View:
    """What the service tells a bot."""
    return {
        "number": number,
        "at": one.at,
        "call": one.call_id,
        "app": one.app_id,
        "kind": kind_of(one.entries),
        "posted_to": OF_REPORTS.url(one.posted_to),
        "headers": _headers(OF_REPORTS.headers(one.headers)),
        "body": OF_REPORTS.json(one.body),
    }


@singledispatch
def entry(one: Entry) -> View:
    """A line of the ledger."""
    raise NotImplementedError(type(one).__name__)


@entry.register
def _delivery(one: Delivery) -> View:
    return {
        "number": one.number,
        "sort": "delivery",
        "at": one.at,
        "call": one.call,
        "kind": one.kind,
        "attempt": one.attempt,
        "url": OF_REPORTS.url(one.url),
        "status": one.status,
        "seconds": one.seconds,
        "error": OF_REPORTS.mask(one.error),
        "answer": one.answer,
        "note": one.note,
        "message": one.message,
        "notification": one.sequence if one.sequence >= 0 else None,
        "body": OF_REPORTS.json(one.body),
    }


@entry.register
def _request(one: Asked) -> View:
    safe = OF_REPORTS.exchange(one.exchange)
    request: Request = safe.request
    return {
        "number": one.number,
        "sort": "request",
        "at": one.at,
        "method": request.method,
        "path": request.path,
        "url": request.url,
        "headers": _headers(request.headers),
        "body": _body(request.body),
        "status": safe.response.status,
        "response": {"headers": _headers(safe.response.headers), "body": _body(safe.response.body)},
    }


@entry.register
def _struck(one: Struck) -> View:
    facts: Mapping[str, Any] = {"at": one.at, "call": one.call, "fault": one.fault, "what": one.what}
    return {"number": one.number, "sort": "fault", **facts}


def _headers(headers: Headers) -> dict[str, str]:
    return dict(headers.items())


def _body(body: bytes) -> Any:
    """As JSON where it is JSON, else as text; ``None`` when there is none."""
    if not body:
        return None
    try:
        return decode_json(body)
    except MalformedJsonError:
        return body.decode("utf-8", "replace")
