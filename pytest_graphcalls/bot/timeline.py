"""Reading the ledger: which call something is about, what a notification told, what the bot did because of it."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_graphcalls.bot.courier import Courier
from pytest_graphcalls.bot.forgery import FORGED, MADE_UP
from pytest_graphcalls.bot.ledger import Asked, Delivery, Ledger
from pytest_graphcalls.contract import Contract, Effect, Match, parse_error
from pytest_graphcalls.errors import BotError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import MalformedJsonError, Notification, path_segments

CALL_NOT_FOUND = "8522"
"""Code of the answer to a request about a call that is over (observed 2.13 to 2.15)."""
_CHANGING = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_NAMESPACE = re.compile(r"^microsoft\.graph\.", re.IGNORECASE)


class Driven(Protocol):
    """A bot as the assertions need it: :class:`pytest_graphcalls.bot.Bot`."""

    simulator: Simulator
    ledger: Ledger

    @property
    def courier(self) -> Courier:
        """What delivers to it."""
        ...

    def send_again(self, token: str | None = None, *, remark: str = "once more") -> Delivery:
        """Post the last notification that the bot took once more."""
        ...

    def forge(self, name: str) -> Delivery:
        """Post a notification with a token that is wrong in one thing."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a notification that was delivered.

    Attributes:
        delivery: the delivery that it was in.
        call: id of the call.
        change: ``created``, ``updated`` or ``deleted``.
        state: of the call, or ``""``: it is about something else, or says nothing of it.
        of_call: whether it is about the call itself, not about its roster or an operation.
        direction: of the call, where that is said.
    """

    delivery: Delivery
    call: str
    change: str
    state: str
    of_call: bool
    direction: str


def known_of(simulator: Simulator, delivery: Delivery) -> Notification | None:
    """What was delivered, if the simulator still has it; after a reset another one may have its number."""
    note = simulator.notification(delivery.sequence)
    return note if note is not None and note.body == delivery.body else None


def genuine(ledger: Ledger) -> list[Delivery]:
    """Everything the bot was told by the service: nothing forged or made up."""
    return [one for one in ledger.deliveries if not one.note.startswith((FORGED, MADE_UP))]


def told(ledger: Ledger) -> list[Told]:
    """Every entry that the bot was told by the service and has taken, in order."""
    return [entry for one in genuine(ledger) if one.accepted for entry in entries(one)]


def entries(delivery: Delivery) -> Iterator[Told]:
    """The entries of one delivery."""
    for entry in delivery.body.get("value", ()):
        segments = path_segments(str(entry.get("resourceUrl") or entry.get("resource") or ""))
        at = next((place for place, word in enumerate(segments) if word.lower() == "calls"), len(segments))
        call = segments[at + 1] if at + 1 < len(segments) else delivery.call
        data = entry.get("resourceData")
        of_call = at + 2 >= len(segments)
        facts: dict[str, Any] = data if of_call and isinstance(data, dict) else {}
        state, direction = str(facts.get("state") or ""), str(facts.get("direction") or "")
        yield Told(delivery, call, str(entry.get("changeType")), state, of_call, direction)


def about(asked: Asked) -> tuple[str, ...]:
    """What a request is about, without version and namespaces: ``("calls", "57da", "answer")``."""
    return tuple(_NAMESPACE.sub("", part) for part in path_segments(asked.path))


def call_of(asked: Asked) -> str:
    """Id of the call that a request is about, or ``""``."""
    parts = about(asked)
    return parts[1] if len(parts) > 1 and parts[0].lower() == "calls" else ""


def effects_of(asked: Asked) -> frozenset[Effect]:
    """What the operation that a request means does to a call, as the contract says."""
    match = Contract.packaged().match(asked.exchange.request.method, asked.exchange.request.path)
    return match.operation.effects if isinstance(match, Match) else frozenset()


def succeeded(asked: Asked) -> bool:
    """Whether the answer was 2xx."""
    return 200 <= asked.exchange.response.status < 300


def is_action(asked: Asked) -> bool:
    """Whether a request changes something. keepAlive does not: it may come as often as it likes."""
    return asked.exchange.request.method in _CHANGING and Effect.KEEPS_CALL_ALIVE not in effects_of(asked)


def found_no_call(asked: Asked) -> bool:
    """Whether the answer says that the call is over, or never was."""
    if asked.exchange.response.status != 404 or not asked.whole:
        return False
    error = parse_error(asked.exchange.response)
    return error is not None and error.code == CALL_NOT_FOUND


def named(asked: Asked) -> str:
    """A request in a message."""
    return f"{asked.exchange.request.method} {asked.path} (#{asked.number})"


class Causes:
    """What the bot did because of what: the actions between a delivery and the next one.

    Args:
        ledger: what happened.
        wait: real seconds after a delivery in which they may be; 0 for a bot that was waited for anyway.
    """

    def __init__(self, ledger: Ledger, wait: float) -> None:
        self._wait = wait
        self._actions = list(filter(is_action, ledger.requests))
        self._numbers = [one.number for one in self._actions]
        self._deliveries = [one.number for one in ledger.deliveries]

    def of(self, delivery: Delivery) -> list[Asked]:
        """The actions because of ``delivery``, in order."""
        after = bisect_right(self._deliveries, delivery.number)
        until = self._deliveries[after] if after < len(self._deliveries) else math.inf
        between = self._actions[bisect_right(self._numbers, delivery.number) : bisect_right(self._numbers, until)]
        return [one for one in between if one.moment <= delivery.over + self._wait]


def made(asked: Asked) -> str:
    """Id of the call that a request has created or answered, or ``""``."""
    if not succeeded(asked):
        return ""
    effects = effects_of(asked)
    if Effect.TAKES_CALL in effects:
        return call_of(asked)
    if Effect.MAKES_CALL not in effects:
        return ""
    if not asked.whole:  # then nobody has told the bot of it
        return ""
    try:
        return str(asked.exchange.response.json()["id"])
    except (MalformedJsonError, KeyError, TypeError):  # an answer that a test has replaced
        return ""


def ends(ledger: Ledger) -> dict[str, tuple[float, str, int, float]]:
    """By call: when the bot learned that it is over.

    Returns:
        The virtual second, how it learned it, the number in the ledger, and the real second from which on it knew.
    """
    found: dict[str, tuple[float, str, int, float]] = {}
    for entry in told(ledger):
        if entry.of_call and entry.change == "deleted":
            one = entry.delivery
            found.setdefault(entry.call, (one.at, f"was told so (#{one.number})", one.number, one.moment))
    for asked in ledger.requests:
        call = call_of(asked)
        if call and found_no_call(asked) and (call not in found or found[call][3] > asked.moment):
            found[call] = asked.at, f"was answered 404 to {named(asked)}", asked.number, asked.moment
    return found


def failed(what: str, ledger: Ledger) -> BotError:
    """The error, with the timeline."""
    return BotError(what, ledger.lines())
