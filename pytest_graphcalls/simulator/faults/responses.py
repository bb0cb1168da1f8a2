"""Faults of answers: one function for each row of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_graphcalls.contract import Contract, ErrorRow, Evidence
from pytest_graphcalls.simulator.identity import Authority
from pytest_graphcalls.simulator.responses import Refusal, Responses
from pytest_graphcalls.wire import Request, Response

Proceed = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Tools:
    """Tools for faults of answers: the error catalogue, the writer of answers, and the sign-in."""

    contract: Contract
    responses: Responses
    authority: Authority


Reply = Callable[[Tools, Mapping[str, Any], Request, Proceed], Response]
"""Takes the tools, the fault's parameters, the request, and what answers it otherwise."""

NOTHING = -1
"""As many bytes of the body arrive where not even the status does."""
UNAVAILABLE = ErrorRow(
    name="service-unavailable",
    status=503,
    code="ServiceUnavailable",
    message="The service is temporarily unavailable.",
    envelope="flat",
    meaning="The service is overloaded or being worked on.",
    cause="Nothing that the caller has done.",
    remedy="Wait for Retry-After if it is there, else back off exponentially.",
    evidence=Evidence.INFERRED,  # the status is documented; code and text are by meaning
    source="https://learn.microsoft.com/graph/errors",
)


@dataclass(frozen=True, slots=True)
class Faulty(Response):
    """An answer that is late, or does not arrive whole, as transports and servers make it.

    Attributes:
        delay: seconds that it comes late.
        sent: bytes of the body that arrive before the connection ends; :data:`NOTHING` when not even the status
            does, ``None`` for all of it.
    """

    delay: float = 0.0
    sent: int | None = None

    @property
    def whole(self) -> Response:
        """The answer as it was meant."""
        return Response(self.status, self.headers, self.body)


def _faulty(response: Response, **facts: Any) -> Faulty:
    if isinstance(response, Faulty):
        return replace(response, **facts)
    return Faulty(response.status, response.headers, response.body, **facts)


def _said(name: str) -> str:
    return f"Injected by the fault {name!r}."


def _throttled(tools: Tools, facts: Mapping[str, Any], request: Request, proceed: Proceed) -> Response:
    del proceed
    refusal = Refusal("throttled", _said("429"), headers=_retry_after(facts))
    return tools.responses.refuse(request, refusal)


def _unavailable(tools: Tools, facts: Mapping[str, Any], request: Request, proceed: Proceed) -> Response:
    del proceed
    refusal = Refusal(UNAVAILABLE.name, _said("503"), headers=_retry_after(facts))
    return tools.responses.error(request, UNAVAILABLE, refusal)


def _retry_after(facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    seconds = facts["retry_after"]
    return () if seconds is None else (("Retry-After", str(seconds)),)  # observed 4.6, 4.7


def _row(row: str, name: str) -> Reply:
    def reply(tools: Tools, facts: Mapping[str, Any], request: Request, proceed: Proceed) -> Response:
        del facts, proceed
        return tools.responses.refuse(request, Refusal(row, _said(name)))

    return reply


def _any_row(tools: Tools, facts: Mapping[str, Any], request: Request, proceed: Proceed) -> Response:
    return _row(facts["row"], "error")(tools, facts, request, proceed)


def _wrapped(tools: Tools, facts: Mapping[str, Any], request: Request, proceed: Proceed) -> Response:
    del proceed
    row = replace(tools.contract.errors.responses[facts["row"]], envelope="wrapped")
    return tools.responses.error(request, row, Refusal(row.name, _said("wrapped")))


def _expired(tools: Tools, facts: Mapping[str, Any], request: Request, proceed: Proceed) -> Response:
    del facts
    old = tools.authority.token(lifetime=-1)
    return proceed(replace(request, headers=request.headers.with_("Authorization", f"Bearer {old}")))


def _late(tools: Tools, facts: Mapping[str, Any], request: Request, proceed: Proceed) -> Response:
    del tools
    response = proceed(request)
    before = response.delay if isinstance(response, Faulty) else 0.0
    return _faulty(response, delay=before + facts["seconds"])


def _lost(tools: Tools, facts: Mapping[str, Any], request: Request, proceed: Proceed) -> Response:
    del tools, facts
    return _faulty(proceed(request), sent=NOTHING)


def _cut(tools: Tools, facts: Mapping[str, Any], request: Request, proceed: Proceed) -> Response:
    del tools
    response = proceed(request)
    length = len(response.body)
    sent = length // 2 if facts["sent"] is None else min(facts["sent"], length - 1)
    # Of an empty body nothing can be left out, so the whole answer is.
    return _faulty(response, sent=sent if length else NOTHING)


REPLIES: Mapping[str, Reply] = {
    # From the outside in: what is late may be cut, and what is cut may be an error.
    "latency": _late,
    "dropped": _lost,
    "half-sent": _cut,
    "expired-token": _expired,
    "429": _throttled,
    "503": _unavailable,
    "500": _row("unknown-internal-error", "500"),
    "error": _any_row,
    "wrapped": _wrapped,
    "call-not-found": _row("call-not-found", "call-not-found"),
}
"""By name: what a fault does. Where several strike, those further up stand around those further down."""
DECORATING = ("latency", "dropped", "half-sent")
"""Faults that combine with others. Of the rest the one that was injected first answers."""
