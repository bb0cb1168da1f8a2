"""Stands between a client and a live tenant: writes down what is made, keeps to the budget, waits where asked to.

A :class:`Guard` sends nothing itself. :meth:`Guard.flow` is a generator that says what to do next (send, or wait so
long) and is told what came of it; the transports of ``clients`` carry it out, the same for sync and async clients.
"""

from __future__ import annotations

import logging
import random
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from types import FrameType
from uuid import uuid4

from pytest_graphcalls.contract import Contract, Effect, Match, parse_error
from pytest_graphcalls.errors import EnvironmentFaultError, StageError
from pytest_graphcalls.sandbox.journal import Ledger
from pytest_graphcalls.wire import MalformedJsonError, Request, Response, decode_json

_LOG = logging.getLogger("pytest_graphcalls.targets.live")

ATTEMPTS = 6
"""How often one request is sent at most."""
LONGEST_WAIT = 120.0
"""Seconds that one request may be held up in all; beyond that the run says *could not check* and goes on."""
_ANY_METHOD = frozenset({429, 503})
"""Statuses that say the request was not carried out."""
_READS_ONLY = frozenset({502, 504})
"""Statuses that leave it open; only what changes nothing is sent again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """What to do next: let so many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer came.

    Attributes:
        text: why, in a few words.
        sent: whether the request may have reached the service.
    """

    text: str
    sent: bool


Outcome = Response | Failure
Flow = Generator[Wait | None, Outcome | None, Outcome]
"""Yields ``None`` for "send it now" and takes the outcome; yields a :class:`Wait` and takes nothing."""


class Budget:
    """How many calls a process may make. Safe under threads.

    Args:
        limit: how many.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0
        self._lock = Lock()

    def spend(self) -> None:
        """One more call is about to be made; raises :class:`StageError` if that is one too many."""
        with self._lock:
            if self.spent >= self.limit:
                raise StageError("another call", f"the budget of {self.limit} calls is spent", "graphcalls_budget")
            self.spent += 1


class Guard:
    """Guards the requests of one test, or of whoever cleans up.

    Args:
        ledger: where calls are written down.
        budget: how many calls may be made.
        tenant: the tenant they are made in.
        judging: whether a fault of the environment ends the test, because a rule is judged by what comes back.
        jitter: gives a number from 0 to 1, so that several processes do not come back at the same moment.
    """

    def __init__(
        self,
        ledger: Ledger,
        budget: Budget,
        tenant: str,
        *,
        judging: bool = False,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._ledger = ledger
        self._budget = budget
        self._tenant = tenant
        self._judging = judging
        self._jitter = jitter
        self.made: list[str] = []
        """Ids of the calls made through this guard."""

    def makes(self, request: Request) -> bool:
        """Whether ``request`` asks for a call."""
        return _match_that(request, Effect.MAKES_CALL) is not None

    def flow(self, request: Request) -> Flow:
        """Bring one request to its end.

        Raises:
            StageError: the budget is spent; nothing was sent.
            SettingError: the ledger cannot be written; nothing was sent.
            EnvironmentFaultError: the service or the network failed, and a rule was to be judged.
        """
        if self.makes(request):
            self._budget.spend()
        waited = 0.0
        for attempt in range(1, ATTEMPTS + 1):
            intent = self._begin(request)
            outcome = yield from _sent()
            self._end(intent, request, outcome)
            pause = self._pause(request, outcome, attempt)
            if pause is None or attempt == ATTEMPTS or waited + pause > LONGEST_WAIT:
                break
            _LOG.info("waiting %.0f s: %s", pause, _told(request, outcome))
            waited += pause
            yield Wait(pause)
        fault = fault_of(request, outcome) if self._judging else None
        if fault is not None:
            raise fault
        return outcome

    def _begin(self, request: Request) -> str:
        """Write down what is about to be made; the id of the entry, or ``""`` when nothing is."""
        if not self.makes(request):
            return ""
        intent = str(uuid4())
        self._ledger.intend(intent, request.method, _bare(request.url), request.body, tenant=self._tenant)
        return intent

    def _end(self, intent: str, request: Request, outcome: Outcome) -> None:
        if intent:
            self._enter(intent, request, outcome)
        elif isinstance(outcome, Response) and outcome.status in {204, 404}:
            ended = _match_that(request, Effect.ENDS_CALL)
            if ended:
                call_id = ended.keys["call-id"]
                _LOG.info("call %s over", call_id)
                self._ledger.over(call_id)

    def _enter(self, intent: str, request: Request, outcome: Outcome) -> None:
        """Write down what became of a request for a call; where that is not known, nothing."""
        if isinstance(outcome, Failure):
            if not outcome.sent:
                self._ledger.settled(intent)
            return
        call_id = _call_id(outcome) if outcome.status < 300 else ""
        if call_id:
            _LOG.info("call %s made", call_id)
            self.made.append(call_id)
            self._ledger.created(intent, call_id, f"{_bare(request.url).rstrip('/')}/{call_id}")
        elif 400 <= outcome.status < 500 or outcome.status in _ANY_METHOD:
            self._ledger.settled(intent)

    def _pause(self, request: Request, outcome: Outcome, attempt: int) -> float | None:
        """Seconds to wait before the request is sent again; ``None`` when it is not."""
        if isinstance(outcome, Failure):
            again = not outcome.sent or request.method == "GET"
        else:
            again = outcome.status in _ANY_METHOD or (request.method == "GET" and outcome.status in _READS_ONLY)
        if not again:
            return None
        asked = _asked_for(outcome) if isinstance(outcome, Response) else None
        # Without a word from the service: 1, 2, 4 … seconds, and up to as much again.
        return asked if asked is not None else 2 ** (attempt - 1) * (1 + self._jitter())


def _sent() -> Flow:
    outcome = yield None
    assert outcome is not None  # a driver answers "send it" with what came of it
    return outcome


def _asked_for(response: Response) -> float | None:
    """The seconds that a ``Retry-After`` header asks for, in either of its forms (RFC 9110, 10.2.3)."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - _now_of(response)).total_seconds())


def _now_of(response: Response) -> datetime:
    """The service's own clock, which is the one that its date is meant by."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return datetime.now(UTC)


def _call_id(response: Response) -> str:
    """The id of a created call: from the body, else from the address in ``Location``."""
    try:
        body = decode_json(response.body)
    except MalformedJsonError:
        body = None
    found = body.get("id") if isinstance(body, dict) else None
    if isinstance(found, str) and found:
        return found
    located = _match_that(Request("GET", response.headers.get("Location", "")), Effect.SHOWS_CALL)
    return located.keys["call-id"] if located else ""


def _match_that(request: Request, effect: Effect) -> Match | None:
    """The operation that a request means, if it has this ``effect``."""
    match = Contract.packaged().match(request.method, request.path)
    return match if isinstance(match, Match) and effect in match.operation.effects else None


def _bare(url: str) -> str:
    return url.partition("?")[0]


def fault_of(request: Request, outcome: Outcome) -> EnvironmentFaultError | None:
    """What the environment did wrong, or ``None`` when the outcome is an answer that can be judged.

    A fault is no answer at all, 429, or a status of 500 and above, e.g. the calls platform's catch-all
    500 with code 9999 (observed 2.18 to 2.20).
    """
    if isinstance(outcome, Response) and outcome.status != 429 and outcome.status < 500:
        return None
    what = f"{request.method} {request.path}"
    if isinstance(outcome, Failure):
        return EnvironmentFaultError(what, f"got no answer: {outcome.text.rstrip('.')}")
    trace = [f"{name} {outcome.headers[name]}" for name in ("request-id", "date") if name in outcome.headers]
    return EnvironmentFaultError(what, f"was answered {_said(outcome)}", ", ".join(trace))


def _said(response: Response) -> str:
    error = parse_error(response)
    return f"{response.status} {error.code} {error.message.rstrip('.')}".strip() if error else f"{response.status}"


def _told(request: Request, outcome: Outcome) -> str:
    what = outcome.text if isinstance(outcome, Failure) else f"{outcome.status}"
    return f"{request.method} {request.path} {what}"


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def undisturbed(*, wanted: bool = True) -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block has ended; they are delivered then.

    Only the main thread gets signals, so elsewhere nothing is done.

    Args:
        wanted: false makes it do nothing.
    """
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    # A handler that was not set by Python is None, and could not be set again.
    before = {number: handler for number in _SIGNALS if (handler := signal.getsignal(number)) is not None}
    for number in before:
        signal.signal(number, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for missed in came:
            signal.raise_signal(missed)


@contextmanager
def stopped_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, which whoever cancels a job sends, do what Ctrl-C does in the block.

    Without it the process would end on the spot, and clean up nothing. Only the main thread gets signals, so elsewhere
    nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
