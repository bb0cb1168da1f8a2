"""Guard requests to a live tenant: record created calls, keep to the budget, and retry where the service asks to.

A :class:`Guard` sends no request itself. :meth:`Guard.flow` is a generator that yields the next step (send, or wait)
and receives the outcome; the transports of ``clients`` carry it out, for sync and async clients alike.
"""

from __future__ import annotations

import logging
import random
import signal
import threading
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from types import FrameType
from urllib.parse import quote
from uuid import uuid4

from pytest_graphcalls.contract import Contract, Effect, Match, parse_error
from pytest_graphcalls.errors import EnvironmentFaultError, StageError
from pytest_graphcalls.sandbox.journal import Ledger
from pytest_graphcalls.sandbox.tenant import SETTINGS
from pytest_graphcalls.wire import Request, Response, json_object

_LOG = logging.getLogger(__name__)

ATTEMPTS = 6
"""Maximum number of attempts for one request."""
MAX_WAIT = 120.0
"""Maximum number of seconds that one request waits in all; beyond that the run says *could not check* and goes on."""
_ANY_METHOD = frozenset({429, 503})
"""Statuses after which every request is retried, because it was not carried out."""
_READS_ONLY = frozenset({502, 504})
"""Statuses after which only reads are retried, because the request may have been carried out."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A step of a flow: wait ``seconds``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """The outcome of a request without a response.

    Attributes:
        text: the reason, in a few words.
        sent: whether the request may have reached the service.
    """

    text: str
    sent: bool


Outcome = Response | Failure
Flow = Generator[Wait | None, Outcome | None, Outcome]
"""Yields ``None`` for "send it now" and receives the outcome; yields a :class:`Wait` and receives ``None``."""


_MAKES = frozenset({Effect.MAKES_CALL, Effect.MAKES_MEETING})
_ENDS = frozenset({Effect.ENDS_CALL, Effect.ENDS_MEETING})
AUDIBLE = frozenset(
    {
        Effect.PLAYS,
        Effect.PUTS_ON_HOLD,
        Effect.RECORDS,
        Effect.STATES_RECORDING,
        Effect.RECORDS_CALL,
        Effect.TRANSCRIBES_CALL,
        Effect.REPORTS_MEDIA,
        Effect.SHARES_SCREEN,
    }
)
"""Effects that people notice: something is played or shown to them, or they are recorded or reported."""
_DIALS = frozenset({Effect.MAKES_CALL, Effect.ADDS_PEOPLE, Effect.TRANSFERS_CALL, Effect.REDIRECTS_CALL})


class Budget:
    """The number of calls that a process may create, and of requests that it may send. Safe under threads.

    Args:
        limit: the number of calls.
        requests: the number of requests; ``None`` for any. What takes away again what was created is never refused.
    """

    def __init__(self, limit: int, requests: int | None = None) -> None:
        self.limit = limit
        self.requests = requests
        self.spent = 0
        self.sent = 0
        self._lock = Lock()

    def send(self, *, always: bool = False) -> None:
        """Count a request that is about to be sent; raises :class:`StageError` when there were too many."""
        with self._lock:
            if self.requests is not None and self.sent >= self.requests and not always:
                got = f"the {self.requests} requests of this process are sent"
                raise StageError("a further request", got, "graphcalls_requests")
            self.sent += 1

    def spend(self) -> None:
        """Count a call that is about to be created; raises :class:`StageError` when the budget is spent."""
        with self._lock:
            if self.spent >= self.limit:
                raise StageError("another call", f"the budget of {self.limit} calls is spent", "graphcalls_budget")
            self.spent += 1


class Guard:
    """Guards the requests of one test, or of a cleanup.

    Args:
        ledger: records the calls.
        budget: number of calls that may be created.
        tenant: the tenant they are created in.
        judging: whether a fault of the environment ends the test, because a rule is judged by the response.
        not_asked: people of the sandbox who have not agreed to be dialled, played to and recorded; while there are
            any, requests that do so are not sent.
        jitter: gives a number from 0 to 1, so that several processes do not retry at the same moment.
    """

    def __init__(
        self,
        ledger: Ledger,
        budget: Budget,
        tenant: str,
        *,
        judging: bool = False,
        not_asked: Collection[str] = (),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._ledger = ledger
        self._budget = budget
        self._tenant = tenant
        self._judging = judging
        self._jitter = jitter
        self._not_asked = tuple(not_asked)
        self.created_calls: list[str] = []
        """Ids of the calls created through this guard."""
        self.created: list[str] = []
        """Ids of the calls and meetings created through this guard."""

    def creates(self, request: Request) -> bool:
        """Whether ``request`` creates what outlives it: a call or a meeting."""
        return bool(_effects(request) & _MAKES)

    def _require_agreement(self, request: Request) -> None:
        """Refuse to dial, play to or record people who were not asked."""
        noticed = AUDIBLE | _DIALS if b'"phone"' in request.body else AUDIBLE
        if self._not_asked and _effects(request) & noticed:
            got = f"{len(self._not_asked)} of the sandbox's users and phones are not named as having agreed"
            raise StageError("what people hear, or are recorded by", got, SETTINGS["agreed"].where("agreed"))

    def flow(self, request: Request) -> Flow:
        """Send one request, with retries.

        Raises:
            StageError: the budget is spent; no request was sent.
            SettingError: the ledger cannot be written; no request was sent.
            EnvironmentFaultError: the service or the network failed, and a rule was to be judged.
        """
        self._require_agreement(request)
        if Effect.MAKES_CALL in _effects(request):
            self._budget.spend()
        ends = bool(_effects(request) & _ENDS)
        waited = 0.0
        for attempt in range(1, ATTEMPTS + 1):
            self._budget.send(always=ends)
            intent = self._record_intent(request)
            outcome = yield from _sent()
            self._record_end(intent, request, outcome)
            pause = self._retry_delay(request, outcome, attempt)
            if pause is None or attempt == ATTEMPTS or waited + pause > MAX_WAIT:
                break
            _LOG.info("waiting %.0f s: %s", pause, _describe_outcome(request, outcome))
            waited += pause
            yield Wait(pause)
        fault = fault_of(request, outcome) if self._judging else None
        if fault is not None:
            raise fault
        return outcome

    def _record_intent(self, request: Request) -> str:
        """Record a call that is about to be created; gives the id of the entry, or ``""`` for other requests."""
        if not self.creates(request):
            return ""
        intent = str(uuid4())
        self._ledger.intend(intent, request.method, _without_query(request.url), request.body, tenant=self._tenant)
        return intent

    def _record_end(self, intent: str, request: Request, outcome: Outcome) -> None:
        if intent:
            self._record_outcome(intent, request, outcome)
        elif isinstance(outcome, Response) and outcome.status in {204, 404}:
            match = _match(request)
            if match and match.operation.effects & _ENDS:
                id = match.keys.get("call-id") or match.keys["meeting-id"]
                _LOG.info("call %s over", id)
                self._ledger.over(id)

    def _record_outcome(self, intent: str, request: Request, outcome: Outcome) -> None:
        """Record the outcome of a request for a call, where it is known."""
        if isinstance(outcome, Failure):
            if not outcome.sent:
                self._ledger.no_call_made(intent)
            return
        call_id = _call_id(outcome) if outcome.status < 300 else ""
        if call_id:
            _LOG.info("call %s made", call_id)
            self.created.append(call_id)
            if Effect.MAKES_CALL in _effects(request):
                self.created_calls.append(call_id)
            self._ledger.created(intent, call_id, f"{_without_query(request.url).rstrip('/')}/{quote(call_id)}")
        elif 400 <= outcome.status < 500 or outcome.status in _ANY_METHOD:
            self._ledger.no_call_made(intent)

    def _retry_delay(self, request: Request, outcome: Outcome, attempt: int) -> float | None:
        """Seconds to wait before the request is retried; ``None`` when it is not."""
        if isinstance(outcome, Failure):
            again = not outcome.sent or request.method == "GET"
        else:
            again = outcome.status in _ANY_METHOD or (request.method == "GET" and outcome.status in _READS_ONLY)
        if not again:
            return None
        asked = outcome.retry_after(datetime.now(UTC)) if isinstance(outcome, Response) else None
        # Without Retry-After: 1, 2, 4 … seconds, and up to the double by jitter.
        return asked if asked is not None else 2 ** (attempt - 1) * (1 + self._jitter())


def _sent() -> Flow:
    outcome = yield None
    assert outcome is not None  # the driver of a flow sends the outcome
    return outcome


def _call_id(response: Response) -> str:
    """The id of a created call: from the body, else from the address in ``Location``."""
    found = json_object(response.body).get("id")
    if isinstance(found, str) and found:
        return found
    located = _match(Request("GET", response.headers.get("Location", "")))
    return located.keys["call-id"] if located and Effect.SHOWS_CALL in located.operation.effects else ""


def _match(request: Request) -> Match | None:
    match = Contract.packaged().match(request.method, request.path)
    return match if isinstance(match, Match) else None


def _effects(request: Request) -> frozenset[Effect]:
    match = _match(request)
    return match.operation.effects if match else frozenset()


def _without_query(url: str) -> str:
    return url.partition("?")[0]


def fault_of(request: Request, outcome: Outcome) -> EnvironmentFaultError | None:
    """The fault of the environment, or ``None`` when the outcome is a response that can be judged.

    A fault is a missing response, 429, or a status of 500 and above, e.g. the calls platform's catch-all 500 with code
    9999 (observed 2.18 to 2.20).
    """
    if isinstance(outcome, Response) and outcome.status != 429 and outcome.status < 500:
        return None
    what = f"{request.method} {request.path}"
    if isinstance(outcome, Failure):
        return EnvironmentFaultError(what, f"got no answer: {outcome.text.rstrip('.')}")
    trace = [f"{name} {outcome.headers[name]}" for name in ("request-id", "date") if name in outcome.headers]
    return EnvironmentFaultError(what, f"was answered {_describe_response(outcome)}", ", ".join(trace))


def _describe_response(response: Response) -> str:
    error = parse_error(response)
    return f"{response.status} {error.code} {error.message.rstrip('.')}".strip() if error else f"{response.status}"


def _describe_outcome(request: Request, outcome: Outcome) -> str:
    what = outcome.text if isinstance(outcome, Failure) else f"{outcome.status}"
    return f"{request.method} {request.path} {what}"


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def deferred_signals(*, wanted: bool = True) -> Iterator[None]:
    """Defer SIGINT and SIGTERM until the end of the block.

    Only the main thread receives signals, so in other threads this has no effect.

    Args:
        wanted: false disables it.
    """
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    # A handler that was not set by Python is None, and could not be restored.
    before = {number: handler for number in _SIGNALS if (handler := signal.getsignal(number)) is not None}
    for number in before:
        signal.signal(number, lambda number, _frame: received.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for missed in received:
            signal.raise_signal(missed)


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Handle SIGTERM, which a cancelled job receives, like Ctrl-C within the block.

    By default the process would end at once, without cleanup. Only the main thread receives signals, so in other
    threads this has no effect.
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
