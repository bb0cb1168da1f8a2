"""Answers as the service writes them: headers, the error envelope, and the evidence for them.

A handler returns a :class:`Reply` or raises a :class:`Refusal`; how either is written stands here and
nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_graphcalls.contract import Contract, ErrorRow, Evidence
from pytest_graphcalls.simulator.clock import Clock, Ids
from pytest_graphcalls.wire import EVIDENCE_HEADER, UNREAD, Headers, Request, Response, encode_json

_JSON_TYPE = "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8"
_JSON = (("Content-Type", _JSON_TYPE), ("OData-Version", "4.0"))  # observed 3.25, 3.26
_EMPTY: Mapping[int, tuple[tuple[str, str], ...]] = {
    200: (("Content-Type", "text/plain"), ("Content-Length", "0"), ("Cache-Control", "private")),  # observed 3.4, 3.28
    202: (("Content-Length", "0"), ("Cache-Control", "private")),  # observed 3.3, 3.28
    204: (),
}
_SAME = (
    ("Strict-Transport-Security", "max-age=31536000"),  # observed 3.24
    (
        "x-ms-ags-diagnostic",  # observed 3.22
        '{"ServerInfo":{"DataCenter":"Simulated","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"graphcalls"}}',
    ),
)
_ECHOED = re.compile(r"[\x21-\x7e]{1,128}")
_LONGEST_LIST = 4096
"""Characters of places in a header; Node reads headers of 16 kB together."""
_UNSAFE = re.compile(r"[^\x21-\x7e]|[,;]")
"""Characters that a place in a request may not have in a header."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
written = encode_json
"""How every body is written."""
ASIDE = "[pytest-graphcalls]"
"""Marks words of ours inside a message of the service."""


@dataclass(frozen=True, slots=True)
class Fact:
    """How well an answer is known, and where that is written down."""

    evidence: Evidence
    source: str

    def __str__(self) -> str:
        return f"{self.evidence}; fact={self.source}"


@dataclass(frozen=True, slots=True)
class Result:
    """A ``resultInfo``: whole numbers on the wire (observed 5.5).

    Attributes:
        code: the first number of the pair.
        subcode: the second one.
        message: the reason in words, without the marker that ends it.
        fact: how well it is known that things end like this.
        pair: how well the two numbers are known, where that differs.
        diagnosed: the first number in the marker that ends the message, where it is not the code (observed 5.6).
    """

    code: int
    subcode: int
    message: str
    fact: Fact = field(compare=False)
    pair: Fact | None = field(default=None, compare=False)
    diagnosed: int | None = None

    @property
    def evidence(self) -> str:
        """The value of the evidence header: for the end itself, then for the pair if known differently."""
        if self.pair is None or self.pair.evidence is self.fact.evidence:
            return str(self.fact)
        return f"{self.fact}; result={self.pair.evidence}"

    def wire(self) -> dict[str, Any]:
        """The ``resultInfo`` object; the message ends with the marker of observed 5.6."""
        first = self.code if self.diagnosed is None else self.diagnosed
        message = f"{self.message} DiagCode: {first}#{self.subcode}.@".lstrip()
        return {
            "@odata.type": "#microsoft.graph.resultInfo",
            "code": self.code,
            "subcode": self.subcode,
            "message": message,
        }


def weakest(first: Fact, *others: Fact) -> Fact:
    """The one that is known least; of equals the one that is named first."""
    return max((first, *others), key=lambda fact: _ORDER[fact.evidence])


_ORDER: Mapping[Evidence, int] = {level: place for place, level in enumerate(Evidence)}


def documented(fact: str) -> Fact:
    """A reference page says so."""
    return Fact(Evidence.DOCUMENTED, fact)


def reported(fact: str) -> Fact:
    """Public captures or reports show it."""
    return Fact(Evidence.REPORTED, fact)


def inferred(fact: str) -> Fact:
    """By meaning, or from the sibling service."""
    return Fact(Evidence.INFERRED, fact)


@dataclass(frozen=True, slots=True)
class Reply:
    """A success.

    Attributes:
        status: the HTTP status.
        fact: the evidence for it.
        body: a JSON object, or one already written, or ``None`` for an empty body.
        headers: headers beyond those of every answer.
        passed_over: places in the request that were not read because of something else in it.
    """

    status: int
    fact: Fact
    body: Mapping[str, Any] | bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    passed_over: tuple[str, ...] = ()


class Refusal(Exception):  # noqa: N818  it is an answer of the service, not an error of ours
    """An error answer, raised where it is found out and written by :meth:`Responses.refuse`.

    Args:
        row: name of its row in the contract's error catalogue.
        aside: what went wrong here, in our words; added to the message of the service.
        message: the text of the service, where it differs from the row's own.
        fact: the evidence for answering this, where it differs from the row's own.
        headers: headers beyond those of every answer.
        fill: values for the placeholders of the row's message.
    """

    def __init__(
        self,
        row: str,
        aside: str = "",
        *,
        message: str = "",
        fact: Fact | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        **fill: str,
    ) -> None:
        super().__init__(row)
        self.row = row
        self.aside = aside
        self.message = message
        self.fact = fact
        self.headers = headers
        self.fill = fill


def invalid(place: str, expected: str, got: str, hint: str = "", *, fact: Fact | None = None) -> Refusal:
    """The refusal of a request for what stands at ``place``, a JSON path in it."""
    aside = f"{place}: expected {expected}, got {got}. {hint}".rstrip()
    return Refusal("invalid-request", aside, fact=fact, parameter=place)


def page(clock: Clock, facts: Mapping[str, Any], evidence: str, status: int = 200, **headers: str) -> Response:
    """A JSON document outside of the calls API, as the sign-in and the keys have them."""
    pairs = {"Content-Type": "application/json; charset=utf-8", **headers, "Date": clock.http_date()}
    return Response(status, Headers({**pairs, EVIDENCE_HEADER: evidence}), written(facts))


class Responses:
    """Writes answers.

    Args:
        contract: for the error catalogue.
        clock: for the dates.
        ids: for the request ids.
    """

    def __init__(self, contract: Contract, clock: Clock, ids: Ids) -> None:
        self._rows = contract.errors.responses
        self._clock = clock
        self._ids = ids

    def reply(self, request: Request, reply: Reply, unread: Sequence[str] = ()) -> Response:
        """The answer to a request that was carried out.

        Args:
            request: the request.
            reply: what its handler says.
            unread: the places in it that ask for something and were not read; an answer that passes over something is
                known from no page.
        """
        trail = self._trail(request)
        evidence = str(reply.fact)
        if unread:
            places = ", ".join(_UNSAFE.sub("?", place)[:120] for place in unread)
            if len(places) > _LONGEST_LIST:
                places = f"{places[:_LONGEST_LIST].rpartition(', ')[0]}, body"
            evidence = f"{inferred(reply.fact.source)}{UNREAD}{places}"
        if reply.body is None:
            headers = (*_EMPTY[reply.status], *trail, *reply.headers)
            return Response(reply.status, Headers((*headers, (EVIDENCE_HEADER, evidence))))
        headers = (*_JSON, *trail, *reply.headers, (EVIDENCE_HEADER, evidence))
        body = reply.body if isinstance(reply.body, bytes) else written(reply.body)
        return Response(reply.status, Headers(headers), body)

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """The answer to a request that was refused."""
        return self.error(request, self._rows[refusal.row], refusal)

    def error(self, request: Request, row: ErrorRow, refusal: Refusal) -> Response:
        """The answer to a refused request by a row that need not be in the catalogue; ``refusal`` names none then."""
        trail = self._trail(request)
        inner = {"date": self._clock.stamp(), **dict(trail[:2])}
        fact = refusal.fact or Fact(row.evidence, row.source.partition(" (")[0])
        headers = (*_JSON, *trail, *refusal.headers, (EVIDENCE_HEADER, _printable(str(fact))))
        body = {"error": ENVELOPES[row.envelope](row, _message(row, refusal), inner)}
        return Response(row.status, Headers(headers), written(body))

    def _trail(self, request: Request) -> tuple[tuple[str, str], ...]:
        """The headers of every answer; ``innerError`` repeats the first two."""
        request_id = self._ids.new("request")
        client_id = _echo(request, "client-request-id") or request_id  # observed 3.21
        scenario = _echo(request, "scenario-id")  # observed 3.23
        return (
            ("request-id", request_id),
            ("client-request-id", client_id),
            ("Date", self._clock.http_date()),
            *_SAME,
            *((("scenario-id", scenario),) if scenario else ()),
        )


def _flat(row: ErrorRow, message: str, inner: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": row.code, "message": message, "innerError": inner}


def _wrapped(row: ErrorRow, message: str, inner: Mapping[str, Any]) -> dict[str, Any]:
    platform: dict[str, Any] = {
        "code": row.code,
        "message": message,
        "target": None,
        "details": None,
        "innerError": None,
        "instanceAnnotations": [],
        "typeAnnotation": None,
    }
    return {"code": "UnknownError", "message": written(platform).decode(), "innerError": inner}  # observed 1.6a


def _bare(row: ErrorRow, message: str, inner: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001  a row of the table below
    return {"code": row.code, "message": message}


def _detailed(row: ErrorRow, message: str, inner: Mapping[str, Any]) -> dict[str, Any]:
    bare = _bare(row, message, inner)
    return {**bare, "details": [bare]}  # s17.2


ENVELOPES = {"flat": _flat, "wrapped": _wrapped, "bare": _bare, "detailed": _detailed}
"""The forms of an error body, by their names in the error catalogue (observed 1.1, 1.6, 1.8, s17.2)."""


def _message(row: ErrorRow, refusal: Refusal) -> str:
    text = _PLACEHOLDER.sub(lambda found: refusal.fill.get(found[1], found[1]), refusal.message or row.message)
    return f"{text} {ASIDE} {refusal.aside}" if refusal.aside else text


def _echo(request: Request, name: str) -> str:
    """A header of the request, unless it holds what could not stand in a header of ours."""
    value = request.headers.get(name, "")
    return value if value and _ECHOED.fullmatch(value) else ""


def _printable(text: str) -> str:
    return text.encode("ascii", "replace").decode()
