"""The effect of each fault: on answers one function for each row of the table, on notifications one class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_graphcalls.contract import ErrorRow, Evidence
from pytest_graphcalls.simulator.clock import Clock
from pytest_graphcalls.simulator.outbox import NumberedNotification
from pytest_graphcalls.simulator.responses import Refusal, Responses
from pytest_graphcalls.simulator.world import World
from pytest_graphcalls.wire import Request, Response

Proceed = Callable[[Request], Response]
Put = Callable[[Iterable[NumberedNotification]], None]
"""Lets go out what was kept."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A request that a fault has struck.

    Attributes:
        request: the request.
        facts: the fault's parameters.
        proceed: what answers it otherwise.
        world: the tenant.
        responses: writes error answers.
    """

    request: Request
    facts: Mapping[str, Any]
    proceed: Proceed
    world: World
    responses: Responses


Reply = Callable[[Struck], Response]
"""Gives the answer to a request that was struck."""

NOTHING = -1
"""The value of :attr:`Faulty.sent` for a connection that ends before the status line."""
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
        """The answer without the fault."""
        return Response(self.status, self.headers, self.body)


def _faulty(response: Response, **facts: Any) -> Faulty:
    if isinstance(response, Faulty):
        return replace(response, **facts)
    return Faulty(response.status, response.headers, response.body, **facts)


def _refused(fault: str, row: str = "", **changes: Any) -> Reply:
    """An error in place of the answer: ``row`` of the catalogue, or that which is a parameter of the fault."""

    def reply(struck: Struck) -> Response:
        rows = {**struck.world.contract.errors.responses, UNAVAILABLE.name: UNAVAILABLE}
        known = replace(rows[row or struck.facts["row"]], **changes)
        seconds = struck.facts.get("retry_after")
        headers = () if seconds is None else (("Retry-After", str(seconds)),)  # observed 4.6, 4.7
        refusal = Refusal(known.name, f"Injected by the fault {fault!r}.", headers=headers)
        return struck.responses.error(struck.request, known, refusal)

    return reply


def _expired(struck: Struck) -> Response:
    old = struck.world.authority.token(lifetime=-1)
    headers = struck.request.headers.with_("Authorization", f"Bearer {old}")
    return struck.proceed(replace(struck.request, headers=headers))


def _late(struck: Struck) -> Response:
    response = struck.proceed(struck.request)
    before = response.delay if isinstance(response, Faulty) else 0.0
    return _faulty(response, delay=before + struck.facts["seconds"])


def _lost(struck: Struck) -> Response:
    return _faulty(struck.proceed(struck.request), sent=NOTHING)


def _cut(struck: Struck) -> Response:
    response, most = struck.proceed(struck.request), struck.facts["sent"]
    length = len(response.body)
    sent = length // 2 if most is None else min(most, length - 1)
    # Of an empty body nothing can be left out, so the whole answer is.
    return _faulty(response, sent=sent if length else NOTHING)


REPLIES: Mapping[str, Reply] = {
    # From the outside in: what is late may be cut, and what is cut may be an error.
    "latency": _late,
    "dropped": _lost,
    "half-sent": _cut,
    "expired-token": _expired,
    "429": _refused("429", "throttled"),
    "503": _refused("503", UNAVAILABLE.name),
    "500": _refused("500", "unknown-internal-error"),
    "error": _refused("error"),
    "wrapped": _refused("wrapped", envelope="wrapped"),
    "call-not-found": _refused("call-not-found", "call-not-found"),
}
"""By name: what a fault does. Where several strike, those further up stand around those further down."""
DECORATING = ("latency", "dropped", "half-sent")
"""Faults that combine with others. Of the rest the one that was injected first answers."""


class Passing:
    """The effect of a fault on passing notifications; this class loses those it strikes.

    Args:
        facts: the fault's parameters.
        clock: the simulator's.
        put: lets go out what was kept.
    """

    def __init__(self, facts: Mapping[str, Any], clock: Clock, put: Put) -> None:
        self.facts = facts
        self.clock = clock
        self.put = put

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """The notifications that go out now in place of one that the fault strikes."""
        del numbered
        return ()

    def passed(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """The notifications that go out now in place of one that the fault does not strike."""
        return (numbered,)

    def release(self) -> None:
        """Let go out what is kept."""


class Delayed(Passing):
    """Keeps each for a time of its own."""

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """Keep the notification for its time; nothing is posted now."""
        self.clock.after(self.facts["seconds"], lambda: self.put((numbered,)))
        return ()


class Duplicated(Passing):
    """Gives each several times."""

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """The notification, as often as it is to be posted."""
        return (numbered,) * (1 + int(self.facts["copies"]))


class Held(Passing):
    """Keeps all until they are released."""

    def __init__(self, facts: Mapping[str, Any], clock: Clock, put: Put) -> None:
        super().__init__(facts, clock, put)
        self._kept: list[NumberedNotification] = []

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """Keep the notification; nothing is posted now."""
        self._kept.append(numbered)
        return ()

    def release(self) -> None:
        """Post all that were kept, in their order."""
        kept, self._kept = self._kept, []
        self.put(kept)


class _ByCall(Passing):
    """Keeps some of each call until enough have come, or the time is up."""

    def __init__(self, facts: Mapping[str, Any], clock: Clock, put: Put) -> None:
        super().__init__(facts, clock, put)
        self._kept: dict[str, list[NumberedNotification]] = {}

    def struck(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        call = numbered[0].call_id
        if call in self._kept:
            return self.passed(numbered)
        kept = self._kept[call] = [numbered]
        self.clock.after(self.facts["within"], lambda: self._give_up(call, kept))
        return ()

    def passed(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        kept = self._kept.get(numbered[0].call_id)
        if kept is None:
            return (numbered,)
        kept.append(numbered)
        if len(kept) < self.facts.get("size", 2):
            return ()
        return self.together(self._kept.pop(numbered[0].call_id))

    def _give_up(self, call: str, kept: list[NumberedNotification]) -> None:
        if self._kept.get(call) is kept:
            self.put(self.together(self._kept.pop(call)))

    def release(self) -> None:
        for call, kept in tuple(self._kept.items()):
            self._give_up(call, kept)

    def together(self, notifications: list[NumberedNotification]) -> Iterable[NumberedNotification]:
        """The notifications that go out in place of those that were kept."""
        return reversed(notifications)


class Reordered(_ByCall):
    """Swaps a notification with the next one of the same call."""


class Batched(_ByCall):
    """Puts one and the next of the same call, to the same address, into one envelope."""

    def together(self, notifications: list[NumberedNotification]) -> Iterable[NumberedNotification]:
        """The notifications by address, each address with one envelope."""
        by_address: dict[str, list[NumberedNotification]] = {}
        for numbered in notifications:
            by_address.setdefault(numbered[0].posted_to, []).append(numbered)
        return map(_in_one_envelope, by_address.values())


def _in_one_envelope(notifications: list[NumberedNotification]) -> NumberedNotification:
    (first, number), (last, _) = notifications[0], notifications[-1]
    entries = [entry for note, _ in notifications for entry in note.entries]
    return replace(first, body={**first.body, "value": entries}, at=last.at), number


PASSING: Mapping[str, type[Passing]] = {
    "drop": Passing,
    "delay": Delayed,
    "duplicate": Duplicated,
    "reorder": Reordered,
    "batch": Batched,
    "hold": Held,
}
"""By name: what a fault makes of notifications."""
