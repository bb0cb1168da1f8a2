"""Injects faults between a bot and the service into answers and notifications.

Faults are injected, never there by themselves. Which requests and notifications one strikes depends on nothing but
its parameters and the simulator's seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Any, Self

from pytest_graphcalls.contract import Match
from pytest_graphcalls.simulator.faults.catalogue import Order, Side, ordered
from pytest_graphcalls.simulator.faults.effects import DECORATING, PASSING, REPLIES, Passing, Proceed, Struck
from pytest_graphcalls.simulator.notifications import kind_of
from pytest_graphcalls.simulator.outbox import NumberedNotification, Outbox
from pytest_graphcalls.simulator.responses import Responses
from pytest_graphcalls.simulator.world import World
from pytest_graphcalls.wire import Request, Response


@dataclass(frozen=True, slots=True)
class Fired:
    """One time that a fault has struck.

    Attributes:
        at: virtual second.
        fault: the fault with the parameters that were given, e.g. ``429 (nth=1)``.
        what: what it struck: ``POST /calls/57da…/reject``, or a kind of notification.
        call: id of the call it was about, or ``""``.
    """

    at: float
    fault: str
    what: str
    call: str


class Fault:
    """A fault, from :meth:`.Simulator.fault` on until it is ended. A ``with`` statement ends it.

    Args:
        number: its number, from 1 since the start or the last reset.
        order: what was asked for.
        chance: gives the next number from 0 to 1.
        faults: those in force.
    """

    __slots__ = ("_chance", "_faults", "_fired", "number", "order", "seen")

    def __init__(self, number: int, order: Order, chance: Callable[[], float], faults: Faults) -> None:
        self.number = number
        self.order = order
        self.seen = 0
        """How many requests or notifications it was selected for so far."""
        self._fired: list[Fired] = []
        self._chance = chance
        self._faults = faults

    def __repr__(self) -> str:
        return f"<fault {self.number}: {self.order}, struck {len(self.fired)} of {self.seen}>"

    @property
    def fired(self) -> tuple[Fired, ...]:
        """Every time that it has struck."""
        return tuple(self._fired)

    def note(self, fired: Fired) -> None:
        """Note that it has struck once more."""
        self._fired.append(fired)

    @property
    def name(self) -> str:
        """The name of the fault in :data:`.FAULTS`."""
        return self.order.name

    @property
    def is_idle(self) -> bool:
        """Whether the fault has never struck, other than by chance."""
        return not self._fired and (not self.seen or self.order.facts["probability"] is None)

    def strikes(self) -> bool:
        """Count one more that it was selected for, and say whether it strikes. All conditions have to hold."""
        self.seen += 1
        facts = self.order.facts
        return all(holds(self.seen, facts[name]) for name, holds in _TURNS.items() if facts[name] is not None) and (
            facts["probability"] is None or self._chance() < facts["probability"]
        )

    def release(self) -> None:
        """Let go out what it keeps; it is delivered when time passes, ``simulator.advance(0)``. It stays in force.

        What is delayed is on its way already and comes when its time has come.
        """
        self._faults.release(self)

    def end(self) -> None:
        """Take it out of force, and let go out what it keeps, as :meth:`release` does. Ending it twice does nothing."""
        self._faults.end(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


_TURNS: Mapping[str, Callable[[int, Any], bool]] = {
    "nth": lambda number, nth: bool(number == nth),
    "every": lambda number, every: number % int(every) == 0,
    "since": lambda number, since: bool(number >= since),
}


FAULT_HEADER = "x-graphcalls-fault"
"""The header that says which faults an answer has, with the parameters that were given."""
_LAYERS = {name: layer for layer, name in enumerate(REPLIES)}


class Faults:
    """The faults in force.

    Args:
        world: the tenant.
        outbox: what notifications go out through.
        responses: writes error answers.
    """

    def __init__(self, world: World, outbox: Outbox, responses: Responses) -> None:
        self._world = world
        self._outbox = outbox
        self.contract = world.contract
        self._responses = responses
        self._listeners: dict[object, Callable[[Fired], None]] = {}
        self.reset()

    def reset(self) -> None:
        """Have none, and count from 1 again; listeners stay."""
        self._count = 0
        self._ended_idle: list[Fault] = []
        self._answers: list[Fault] = []
        self._notifications: dict[Fault, Passing] = {}
        self._struck: dict[int, frozenset[Fault]] = {}
        self._noted: set[tuple[Fault, int]] = set()
        self._outbox.sorter = None

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults in force, in the order in which they were injected."""
        with self._world.lock:
            return tuple(sorted((*self._answers, *self._notifications), key=lambda fault: fault.number))

    @property
    def idle(self) -> tuple[Fault, ...]:
        """The faults that have never struck since the last reset, other than by chance; ended ones included."""
        return (*self._ended_idle, *(fault for fault in self.active if fault.is_idle))

    def listen(self, listener: Callable[[Fired], None]) -> Callable[[], None]:
        """Call ``listener`` each time that one strikes, under the simulator's lock; returns what ends it."""
        key = object()
        self._listeners[key] = listener

        def leave() -> None:
            self._listeners.pop(key, None)

        return leave

    def inject(self, name: str, facts: Mapping[str, Any]) -> Fault:
        """Put one more in force; see :meth:`.Simulator.fault`."""
        order = ordered(name, facts, self.contract)
        self._count += 1
        chance = partial(self._world.ids.chance, f"fault:{self._count}")
        fault = Fault(self._count, order, chance, self)
        if order.side is Side.ANSWER:
            self._answers.append(fault)
        else:
            self._notifications[fault] = PASSING[name](order.facts, self._world.clock, partial(self._let_go, fault))
            self._outbox.sorter = self._sorted
        return fault

    def end(self, fault: Fault) -> None:
        """Take one out of force; see :meth:`Fault.end`."""
        with self._world.lock:
            self.release(fault)
            if fault in self.active and fault.is_idle:
                self._ended_idle.append(fault)
            self._answers = [one for one in self._answers if one is not fault]
            self._notifications.pop(fault, None)
            if not self._notifications:
                self._outbox.sorter = None
                self._struck.clear()
                self._noted.clear()

    def release(self, fault: Fault) -> None:
        """Let go out what one keeps; see :meth:`Fault.release`."""
        with self._world.lock:
            if fault in self._notifications:
                self._notifications[fault].release()

    def answer(self, proceed: Proceed, request: Request) -> Response:
        """Answer a request as the faults in force have it.

        Every fault counts each request it is selected for, also one that another fault answers.

        Args:
            proceed: what answers it otherwise.
            request: the request.
        """
        match = self._world.admission.look(request).match if self._answers else None
        if not isinstance(match, Match):
            return proceed(request)
        striking = [fault for fault in self._answers if self._selects(fault, match) and fault.strikes()]
        return self._through(_layered(striking), match, proceed, request)

    def _selects(self, fault: Fault, match: Match) -> bool:
        operation, state = (fault.order.facts[name] for name in ("operation", "state"))
        if operation is not None and operation != match.operation.id:
            return False
        call = self._world.store.calls.get(match.keys.get("call-id", ""))
        return state is None or (call is not None and call.state == state)

    def _through(self, striking: list[Fault], match: Match, proceed: Proceed, request: Request) -> Response:
        call = match.keys.get("call-id", "")
        for fault in striking:
            self._note(fault, f"{request.method} {_short(request)}", call)
        for fault in reversed(striking):
            proceed = partial(self._replied, fault.order, proceed)
        return _marked(proceed(request), striking)

    def _replied(self, order: Order, proceed: Proceed, request: Request) -> Response:
        return REPLIES[order.name](Struck(request, order.facts, proceed, self._world, self._responses))

    def _sorted(self, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        """The notifications that go out now in place of one; each fault counts it once."""
        kind = kind_of(numbered[0].entries)
        striking = frozenset(fault for fault in self._notifications if _is(kind, fault) and fault.strikes())
        if striking:
            self._struck[numbered[1]] = striking
        return self._onward([numbered], 0)

    def _onward(self, notifications: Iterable[NumberedNotification], after: int) -> Iterable[NumberedNotification]:
        """The notifications that go out now, of those let through by the fault with this number."""
        for fault, passing in tuple(self._notifications.items()):
            if fault.number > after:
                notifications = [out for one in notifications for out in self._past(fault, passing, one)]
        return notifications

    def _past(self, fault: Fault, passing: Passing, numbered: NumberedNotification) -> Iterable[NumberedNotification]:
        note, number = numbered
        if fault not in self._struck.get(number, ()):
            return passing.passed(numbered)
        if (fault, number) not in self._noted:  # a copy of it is struck as well, but nothing new happens
            self._noted.add((fault, number))
            self._note(fault, kind_of(note.entries), note.call_id)
        return passing.struck(numbered)

    def forget_until(self, number: int) -> None:
        """Forget notifications before this number; one that is still held counts as not struck."""
        if self._struck:
            self._struck = {one: faults for one, faults in self._struck.items() if one >= number}
            self._noted = {(fault, one) for fault, one in self._noted if one >= number}

    def _let_go(self, fault: Fault, notifications: Iterable[NumberedNotification]) -> None:
        """Let go out what a fault has kept, past those that were injected after it."""
        self._outbox.put(self._onward(tuple(notifications), fault.number))

    def _note(self, fault: Fault, what: str, call: str) -> None:
        fired = Fired(self._world.clock.now, str(fault.order), what, call)
        fault.note(fired)
        for listener in tuple(self._listeners.values()):
            listener(fired)


def _layered(striking: list[Fault]) -> list[Fault]:
    """The faults that take effect, the outermost first: every decorating one, and the first of the others."""
    around = [fault for fault in striking if fault.name in DECORATING]
    instead = [fault for fault in striking if fault.name not in DECORATING]
    return [*sorted(around, key=lambda fault: _LAYERS[fault.name]), *instead[:1]]


def _marked(response: Response, striking: Iterable[Fault]) -> Response:
    """The answer with a header that says what was injected, so that a recording shows it."""
    said = "; ".join(str(fault.order) for fault in striking)
    return replace(response, headers=response.headers.with_(FAULT_HEADER, said)) if said else response


def _is(kind: str, fault: Fault) -> bool:
    wanted = fault.order.facts["kind"]
    return wanted is None or f"{kind} ".startswith(f"{wanted} ")


def _short(request: Request) -> str:
    """The path from the calls on."""
    return f"/calls{request.path.partition('/calls')[2]}"
