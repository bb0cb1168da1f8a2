"""Read the ledger for assertions: the call of a request, the entries of a notification, the actions it caused."""

from __future__ import annotations

import math
import re
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pytest_graphcalls.bot.courier import Courier
from pytest_graphcalls.bot.forgery import FORGED, INVENTED
from pytest_graphcalls.bot.ledger import MESSAGE_ID, Asked, Delivery, Ledger
from pytest_graphcalls.contract import Contract, Effect, Match, parse_error
from pytest_graphcalls.errors import BotError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import MalformedJsonError, Notification, path_segments

CALL_NOT_FOUND = "8522"
"""Error code of a request about a call that is over (observed 2.13 to 2.15)."""
_CHANGING = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_NAMESPACE = re.compile(r"^microsoft\.graph\.", re.IGNORECASE)


class BotUnderTest(Protocol):
    """The interface of :class:`pytest_graphcalls.bot.Bot` that the assertions use."""

    simulator: Simulator
    ledger: Ledger

    @property
    def courier(self) -> Courier:
        """The courier that delivers notifications to it."""
        ...

    def _record_raised(self) -> None:
        """Record what tasks of a bot in this process have raised."""
        ...

    def send_again(self, token: str | None = None, *, remark: str = "once more") -> Delivery:
        """Post the last notification that the bot accepted once more."""
        ...

    def forge(self, name: str) -> Delivery:
        """Post a notification with a token that is wrong in one thing."""
        ...


@dataclass(frozen=True, slots=True)
class DeliveredEntry:
    """One entry of a delivered notification.

    Attributes:
        delivery: the delivery that holds it.
        call: id of the call.
        change: ``created``, ``updated`` or ``deleted``.
        state: state of the call, or ``""`` where the entry has none.
        of_call: whether it is about the call itself, not about its roster or an operation.
        direction: direction of the call, or ``""``.
        data: its ``resourceData``; empty where that is no object.
        roster: the participants that it lists.
    """

    delivery: Delivery
    call: str
    change: str
    state: str
    of_call: bool
    direction: str
    data: Mapping[str, Any]
    roster: tuple[Mapping[str, Any], ...] = ()


def stored_notification(simulator: Simulator, delivery: Delivery) -> Notification | None:
    """The notification of a delivery, if the simulator still has it; after a reset its number may be reused."""
    note = simulator.notification(delivery.sequence)
    return note if note is not None and note.body == delivery.body else None


def genuine_deliveries(ledger: Ledger) -> list[Delivery]:
    """The deliveries of real notifications: without forged and invented ones."""
    return [one for one in ledger.deliveries if not one.note.startswith((FORGED, INVENTED))]


def accepted_entries(ledger: Ledger) -> list[DeliveredEntry]:
    """The entries of all real notifications that the bot has accepted, in order."""
    return [entry for one in genuine_deliveries(ledger) if one.accepted for entry in entries_of(one)]


def entries_of(delivery: Delivery) -> Iterator[DeliveredEntry]:
    """The entries of one delivery."""
    for entry in delivery.body.get("value", ()):
        segments = path_segments(str(entry.get("resourceUrl") or entry.get("resource") or ""))
        at = next((place for place, word in enumerate(segments) if word.lower() == "calls"), len(segments))
        call = segments[at + 1] if at + 1 < len(segments) else delivery.call
        data = entry.get("resourceData")
        of_call = at + 2 >= len(segments)
        known: dict[str, Any] = data if isinstance(data, dict) else {}
        facts = known if of_call else {}
        state, direction = str(facts.get("state") or ""), str(facts.get("direction") or "")
        listed = data if isinstance(data, list) else known.get("participants")
        roster = tuple(one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()
        yield DeliveredEntry(delivery, call, str(entry.get("changeType")), state, of_call, direction, known, roster)


def path_parts(asked: Asked) -> tuple[str, ...]:
    """The path segments of a request, without version and namespaces: ``("calls", "57da", "answer")``."""
    return tuple(_NAMESPACE.sub("", part) for part in path_segments(asked.path))


def call_of(asked: Asked) -> str:
    """Id of the call that a request is about, or ``""``."""
    parts = path_parts(asked)
    return parts[1] if len(parts) > 1 and parts[0].lower() == "calls" else ""


def effects_of(asked: Asked) -> frozenset[Effect]:
    """The effects of a request's operation on its call, as the contract says."""
    match = Contract.packaged().look_of(asked.exchange).match
    return match.operation.effects if isinstance(match, Match) else frozenset()


def succeeded(asked: Asked) -> bool:
    """Whether the answer was 2xx."""
    return 200 <= asked.exchange.response.status < 300


def is_action(asked: Asked) -> bool:
    """Whether a request changes something. keepAlive does not, and may be repeated at any time."""
    return asked.exchange.request.method in _CHANGING and Effect.KEEPS_CALL_ALIVE not in effects_of(asked)


def says_call_is_over(asked: Asked) -> bool:
    """Whether the answer says that the call is over, or never was."""
    if asked.exchange.response.status != 404 or not asked.whole:
        return False
    error = parse_error(asked.exchange.response)
    return error is not None and error.code == CALL_NOT_FOUND


def action_of(asked: Asked) -> tuple[str, ...]:
    """Method and path of a request: what makes two requests equal."""
    return asked.exchange.request.method, *path_parts(asked)


def post_again(bot: BotUnderTest, delivery: Delivery, remark: str) -> Delivery | None:
    """Post a notification once more, with a new message id, if the simulator still has it."""
    note = stored_notification(bot.simulator, delivery)
    if note is None:
        return None
    message = bot.simulator.ids.named(f"{remark}:{delivery.sequence}")
    return bot.courier.post(replace(note, headers=note.headers.with_(MESSAGE_ID, message)), remark=remark)


def first_late_action(bot: BotUnderTest, number: int, wait: float) -> Asked | None:
    """The first action of the bot beyond ``number`` requests, once its tasks and ``wait`` real seconds are over."""
    bot.simulator.advance(0)  # wakes tasks that wait for virtual time
    time.sleep(wait)
    return next(filter(is_action, bot.ledger.requests[number:]), None)


def describe_request(asked: Asked) -> str:
    """Word a request for a message."""
    return f"{asked.exchange.request.method} {asked.path} (#{asked.number})"


class CausedActions:
    """The actions that a delivery has caused: those between it and the next delivery.

    Args:
        ledger: the ledger.
        wait: real seconds after a delivery in which its actions happen; 0 for a bot that was waited for anyway.
    """

    def __init__(self, ledger: Ledger, wait: float) -> None:
        self._wait = wait
        self._actions = list(filter(is_action, ledger.requests))
        self._numbers = [one.number for one in self._actions]
        self._deliveries = [one.number for one in ledger.deliveries]

    def of(self, delivery: Delivery) -> list[Asked]:
        """The actions that ``delivery`` has caused, in order."""
        after = bisect_right(self._deliveries, delivery.number)
        until = self._deliveries[after] if after < len(self._deliveries) else math.inf
        between = self._actions[bisect_right(self._numbers, delivery.number) : bisect_right(self._numbers, until)]
        return [one for one in between if one.moment <= delivery.over + self._wait]


def call_made_by(asked: Asked) -> str:
    """Id of the call that a request has created or answered, or ``""``."""
    if not succeeded(asked):
        return ""
    effects = effects_of(asked)
    if Effect.TAKES_CALL in effects:
        return call_of(asked)
    if Effect.MAKES_CALL not in effects:
        return ""
    if not asked.whole:  # a fault has kept the id from the bot
        return ""
    try:
        return str(asked.exchange.response.json()["id"])
    except (MalformedJsonError, KeyError, TypeError):  # a test may have replaced the answer
        return ""


@dataclass(frozen=True, slots=True)
class KnownEnd:
    """The moment at which the bot learned that a call is over.

    Attributes:
        at: the virtual second.
        how: how it learned it, in words.
        number: number of the ledger entry.
        moment: the real second from which on it knew.
    """

    at: float
    how: str
    number: int
    moment: float


def known_ends(ledger: Ledger) -> dict[str, KnownEnd]:
    """By call: when the bot learned that it is over."""
    found: dict[str, KnownEnd] = {}
    for entry in accepted_entries(ledger):
        if entry.of_call and entry.change == "deleted":
            one = entry.delivery
            how = f"was notified of the end (#{one.number})"
            found.setdefault(entry.call, KnownEnd(one.at, how, one.number, one.moment))
    for asked in ledger.requests:
        call = call_of(asked)
        if call and says_call_is_over(asked) and (call not in found or found[call].moment > asked.moment):
            how = f"was answered 404 to {describe_request(asked)}"
            found[call] = KnownEnd(asked.at, how, asked.number, asked.moment)
    return found


def failure(what: str, ledger: Ledger) -> BotError:
    """The error of a failed assertion, with the timeline."""
    return BotError(what, ledger.lines())
