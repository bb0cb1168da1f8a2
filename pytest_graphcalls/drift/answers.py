"""What differs between two answers to the same step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.drift.addresses import Addresses
from pytest_graphcalls.drift.difference import Kind
from pytest_graphcalls.drift.settling import Settler
from pytest_graphcalls.drift.structure import Change, changes
from pytest_graphcalls.drift.volatile import HEADERS_BY_VALUE, HEADERS_OF_THE_WAY
from pytest_graphcalls.wire import Exchange, MalformedJsonError, Request, Response

_NO_JSON = object()
_CONTENT_TYPE = "content-type"


@dataclass(frozen=True, slots=True)
class Step:
    """One exchange of a test, by what it asks for.

    Attributes:
        exchange: the exchange.
        number: its place in the test, from 1.
        subject: id of the operation, or method and template where there is none.
        match: the operation, or ``None``.
    """

    exchange: Exchange
    number: int
    subject: str
    match: Match | None

    def page(self, version: str) -> str:
        """Address of the operation's page, or ``""``."""
        return self.match.operation.page(version) if self.match else ""


def step(exchange: Exchange, number: int, contract: Contract, addresses: Addresses) -> Step:
    """What an exchange asks for.

    Args:
        exchange: the exchange.
        number: its place in the test, from 1.
        contract: knows the operations.
        addresses: makes a template of an address that none of them has.
    """
    request = exchange.request
    match = contract.match(request.method, request.path)
    if isinstance(match, Match):
        return Step(exchange, number, match.operation.id, match)
    return Step(exchange, number, f"{request.method} {addresses.template(request.path)}", None)


def learn(before: Step, after: Step, settler: Settler) -> None:
    """Take in who is who from what the test has asked for; requests are its own doing, and not compared."""
    if before.match and after.match:
        for name, key in before.match.keys.items():
            settler.names.meet(key, after.match.keys.get(name, key))
    settler.meet(_json(before.exchange.request), _json(after.exchange.request))


def compare_answers(before: Step, after: Step, settler: Settler, addresses: Addresses) -> Iterator[Change]:
    """What differs between two answers.

    Args:
        before: the accepted step.
        after: tonight's.
        settler: the test's, which learns from them.
        addresses: makes templates of addresses.
    """
    learn(before, after, settler)
    old, new = before.exchange.response, after.exchange.response
    if old.status != new.status:
        yield Change(Kind.STATUS_CHANGED, "status", str(old.status), str(new.status))
    # An error has nothing in common with a success but that both are answers.
    if (old.status < _ERRORS) == (new.status < _ERRORS):
        yield from _headers(old, new, addresses)
        yield from _bodies(old, new, settler, _type_of(after))


_ERRORS = 400


def _type_of(step: Step) -> str:
    spec = step.match.operation.responses.get(step.exchange.response.status) if step.match else None
    if spec is None or not spec.body:
        return ""
    return f"collection:{spec.body}" if spec.collection else spec.body


def _headers(before: Response, after: Response, addresses: Addresses) -> Iterator[Change]:
    old, new = _compared(before, addresses), _compared(after, addresses)
    if bool(before.body) != bool(after.body):
        # What is said of a body comes and goes with it.
        old.pop(_CONTENT_TYPE, None)
        new.pop(_CONTENT_TYPE, None)
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change(Kind.HEADER_GONE, name, repr(name))
        elif name not in old:
            yield Change(Kind.HEADER_NEW, name, "", repr(name))
        elif old[name] != new[name]:
            yield Change(Kind.HEADER_CHANGED, name, old[name], new[name])


def _compared(response: Response, addresses: Addresses) -> dict[str, str]:
    return {
        name: _value(name, value, addresses)
        for name, value in response.headers.items()
        if name not in HEADERS_OF_THE_WAY
    }


def _value(name: str, value: str, addresses: Addresses) -> str:
    """What of a header's value counts."""
    if name not in HEADERS_BY_VALUE:
        return ""
    if name == "location":
        return addresses.template(value)
    return value.replace(" ", "").lower()


def _bodies(before: Response, after: Response, settler: Settler, type_: str) -> Iterator[Change]:
    if not (before.body and after.body):
        if after.body:
            yield Change(Kind.BODY_NEW, "body", "", "a body")
        elif before.body:
            yield Change(Kind.BODY_GONE, "body", "a body")
        return
    old, new = _json(before), _json(after)
    if old is _NO_JSON or new is _NO_JSON:
        if old is not new:
            yield Change(Kind.TYPE_CHANGED, "body", _said(old), _said(new))
        return
    yield from changes(*settler.settle(old, new, type_))


def _said(value: Any) -> str:
    return "no JSON" if value is _NO_JSON else "JSON"


def _json(half: Request | Response) -> Any:
    try:
        return half.json() if half.body else _NO_JSON
    except MalformedJsonError:
        return _NO_JSON
