"""The ledger: deliveries to the bot, its requests and injected faults, in the order in which they happened."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from pytest_graphcalls.bot import excerpts
from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.redaction import OF_REPORTS
from pytest_graphcalls.simulator import Faulty, Fired
from pytest_graphcalls.simulator.notifications import kind_of
from pytest_graphcalls.wire import Exchange, Notification, Response

MESSAGE_ID = "X-Microsoft-Skype-Message-ID"
"""Header by which bots recognise repeated notifications (observed 6.1, 6.2)."""
_RETRIED = frozenset({408, 429})
"""Statuses below 500 that make the service repeat a notification (assumed, as all of redelivery)."""
_WRONG_PATH = frozenset({404, 405})
"""Statuses after which the path of the request is shown."""
_MAX_SHOWN = 200
"""Characters of a bot's answer that are shown."""
_ROOT = re.compile(r"^/(v1\.0|beta)(/communications|/app)?")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver a notification to the bot.

    Attributes:
        number: its place in the ledger, from 1.
        at: virtual second.
        call: id of the call it is about, or ``""``.
        kind: its contents in short, e.g. ``created call incoming``.
        attempt: number of the attempt, from 1.
        url: address it was posted to.
        status: status of the bot's answer; ``None`` where there was none.
        seconds: real seconds that the bot took.
        error: what went wrong, or ``""``.
        body: the envelope that was sent.
        sequence: its number in ``simulator.notifications``; -1 for one that is not in there.
        trace: traceback of the bot, or ``""``.
        note: a remark, e.g. the forgery.
        message: id of the message, by which bots recognise repeated notifications, or ``""``.
        moment: time of the answer, by the real clock that :attr:`Asked.moment` is read from.
        over: time at which waiting for the bot's work after its answer has ended, by the same clock.
        answer: beginning of an answer that did not accept it, on one line, or ``""``.
        reply: decoded JSON body of the bot's answer, as to a ``participantJoiningNotification``; else ``None``.
    """

    number: int
    at: float
    call: str
    kind: str
    attempt: int
    url: str
    status: int | None
    seconds: float
    error: str
    body: Mapping[str, Any]
    sequence: int = -1
    trace: str = ""
    note: str = ""
    message: str = ""
    moment: float = 0.0
    over: float = 0.0
    answer: str = ""
    reply: Any = None

    @property
    def accepted(self) -> bool:
        """Whether the bot has accepted it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def failed(self) -> bool:
        """Whether the service would repeat it: no answer, 5xx, 408, 429, or a redirect that is not followed."""
        return self.status is None or self.status >= 500 or self.status in _RETRIED or 300 <= self.status < 400

    def __str__(self) -> str:
        again = f" (attempt {self.attempt})" if self.attempt > 1 else ""
        note = f" [{self.note}]" if self.note else ""
        where = f" from {urlsplit(self.url).path or '/'}" if self.status in _WRONG_PATH else ""
        came = f"{self.status or 'no answer'}{where} in {self.seconds * 1000:.1f} ms"
        error = f"; it {self.error}" if self.error else ""
        words = f": {self.answer}" if self.answer else ""
        return f"posted {self.kind}{note}{again}: {came}{error}{words}"


def excerpt_of(body: bytes) -> str:
    """The beginning of a bot's answer on one line; secrets are masked before it is cut, as half of one is not found."""
    text = OF_REPORTS.mask(" ".join(body.decode("utf-8", "replace").split()))
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:_MAX_SHOWN])
    return f"{shown}…" if len(text) > _MAX_SHOWN else shown


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the bot that the simulator has answered.

    Attributes:
        number: its place in the ledger, from 1.
        at: virtual second.
        exchange: request and answer.
        moment: real second at which it was answered; only differences count.
        request_length: bytes of the request's body, where only the beginning of it is kept.
        response_length: bytes of the answer's body, where only the beginning of it is kept.
    """

    number: int
    at: float
    exchange: Exchange
    moment: float = 0.0
    request_length: int | None = None
    response_length: int | None = None

    @property
    def path(self) -> str:
        """The path of the request, without version: ``/calls/57da/reject``."""
        return _ROOT.sub("", self.exchange.request.path)

    @property
    def operation(self) -> str:
        """Id of the operation that it means, or ``""``."""
        match = Contract.packaged().look_of(self.exchange).match
        return match.operation.id if isinstance(match, Match) else ""

    @property
    def json(self) -> Any:
        """The decoded body of the request; ``None`` where it has none."""
        return self.exchange.request.json() if self.exchange.request.body else None

    @property
    def answer(self) -> Response:
        """The simulator's answer, with ``status`` and ``json()``."""
        return self.exchange.response

    @property
    def lost(self) -> bool:
        """Whether an injected fault has dropped the whole answer, its status included."""
        response = self.exchange.response
        return isinstance(response, Faulty) and response.sent is not None and response.sent < 0

    @property
    def whole(self) -> bool:
        """Whether the answer has arrived completely."""
        response = self.exchange.response
        return not isinstance(response, Faulty) or response.sent is None

    def __str__(self) -> str:
        rest = "" if self.whole else ", which did not arrive" if self.lost else ", which arrived in part"
        request = self.exchange.request
        if Contract.packaged().not_covered(self.exchange) is not None:
            rest += "; not covered by the contract, so not judged"
        return f"asked  {request.method} {self.path}: {self.exchange.response.status}{rest}"


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """One effect of an injected fault.

    Attributes:
        number: its place in the ledger, from 1.
        at: virtual second.
        call: id of the call it was about, or ``""``.
        fault: the fault with its parameters.
        what: the affected request, or the kind of notification.
    """

    number: int
    at: float
    call: str
    fault: str
    what: str

    def __str__(self) -> str:
        return f"fault  {self.fault}: {self.what}"


@dataclass(frozen=True, slots=True)
class RaisedInTask:
    """An exception that a task of the bot has raised, and no other task has taken.

    Attributes:
        number: its place in the ledger, from 1.
        at: virtual second at which it was noticed.
        error: the exception in one line.
        trace: its traceback.
    """

    number: int
    at: float
    error: str
    trace: str

    def __str__(self) -> str:
        return f"raised in a task of the bot: {self.error}"


def _line(number: int, at: float, what: str, call: str) -> str:
    about = f"  (call {call[:8]})" if call else ""
    return f"#{number:<3} {at:8.2f} s  {what}{about}"


Entry = Delivery | Asked | InjectedFault | RaisedInTask
"""An entry of the ledger."""


class Ledger:
    """Records deliveries, requests and injected faults. Safe under threads.

    Args:
        most: maximum number of entries, the latest are kept; by default all.
        most_bytes: approximate maximum of memory for the entries; by default unlimited. With a limit long bodies are
            cut, and of an unauthorized request one line is kept.
    """

    def __init__(self, most: int | None = None, most_bytes: int | None = None) -> None:
        self._most = most
        self.most_bytes = most_bytes
        self._lock = Lock()
        self._listeners: list[Callable[[Delivery], None]] = []
        self._count = 0
        self._open: dict[int, str] = {}
        self.clear()

    def clear(self) -> None:
        """Delete all entries, also those of open deliveries; numbering goes on, so that later ones are recognisable."""
        with self._lock:
            self._cleared_at = self._count
            self._entries: OrderedDict[int, Entry] = OrderedDict()
            self._sizes: dict[int, int] = {}
            self._size = 0
            self._dropped = 0

    def listen(self, listener: Callable[[Delivery], None]) -> None:
        """Call ``listener`` with each delivery, after it was recorded."""
        self._listeners.append(listener)

    def reserve(self, at: float = 0.0, notification: Notification | None = None) -> int:
        """Reserve the next number: a delivery begins before the requests that it causes, and ends after them.

        Args:
            at: virtual second.
            notification: the notification that is being delivered; without one, no open entry is shown.
        """
        with self._lock:
            self._count += 1
            kind, call = (kind_of(notification.entries), notification.call_id) if notification else ("", "")
            self._open[self._count] = _line(self._count, at, f"posted {kind}: no answer yet", call) if kind else ""
            return self._count

    def _write(self, number: int, entry: Entry, size: int = 0) -> None:
        with self._lock:
            self._open.pop(number, None)
            if number > self._cleared_at:
                self._entries[number] = entry
                self._sizes[number] = size
                self._size += size
            while self._is_full():
                oldest, _ = self._entries.popitem(last=False)
                self._size -= self._sizes.pop(oldest)
                self._dropped += 1

    def _is_full(self) -> bool:
        if self._most is not None and len(self._entries) > self._most:
            return True
        return self.most_bytes is not None and self._size > self.most_bytes

    @property
    def dropped(self) -> int:
        """Number of entries that were dropped, the oldest ones, because of the limits."""
        return self._dropped

    @property
    def complete_up_to(self) -> int:
        """The number up to which all entries are recorded; those of open deliveries are higher."""
        with self._lock:
            return min(self._open, default=self._count + 1) - 1

    def record_delivery(self, number: int, at: float, notification: Notification, **facts: Any) -> Delivery:
        """Record a delivery; ``facts`` are further attributes of it."""
        kind, call = kind_of(notification.entries), notification.call_id
        facts |= {"message": notification.headers.get(MESSAGE_ID, ""), "over": time.perf_counter()}
        body, size = notification.body, 0
        if self.most_bytes is not None:
            body, size = excerpts.of_notification(body)
        entry = Delivery(number, at, call, kind, body=body, **facts)
        self._write(number, entry, size)
        for listener in tuple(self._listeners):
            listener(entry)
        return entry

    def record_fault(self, fired: Fired) -> None:
        """Record an effect of an injected fault."""
        number = self.reserve()
        self._write(number, InjectedFault(number, fired.at, fired.call, fired.fault, fired.what), excerpts.ENTRY)

    def record_raised(self, at: float, error: str, trace: str) -> None:
        """Record what a task of the bot has raised."""
        number = self.reserve()
        self._write(number, RaisedInTask(number, at, error, trace), excerpts.ENTRY)

    def record_request(self, at: float, exchange: Exchange) -> None:
        """Record a request of the bot."""
        number, moment = self.reserve(), time.perf_counter()
        if self.most_bytes is None:
            self._write(number, Asked(number, at, exchange, moment))
            return
        kept = excerpts.excerpt(exchange)
        entry = Asked(number, at, kept.exchange, moment, kept.request_length, kept.response_length)
        self._write(number, entry, kept.size)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All recorded entries, in order; open deliveries are not recorded yet."""
        with self._lock:
            return tuple(self._entries[number] for number in sorted(self._entries))

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All attempts to deliver a notification, in order."""
        return tuple(entry for entry in self.entries if isinstance(entry, Delivery))

    @property
    def requests(self) -> tuple[Asked, ...]:
        """All requests of the bot, in order."""
        return tuple(entry for entry in self.entries if isinstance(entry, Asked))

    @property
    def raised(self) -> tuple[RaisedInTask, ...]:
        """All exceptions of tasks, in order."""
        return tuple(entry for entry in self.entries if isinstance(entry, RaisedInTask))

    def lines(self) -> Iterator[str]:
        """All entries as text, one line each: number, virtual second, event, call. Tracebacks follow."""
        with self._lock:
            entries = tuple(self._entries[number] for number in sorted(self._entries))
            shown = {number: line for number, line in self._open.items() if line and number > self._cleared_at}
        if self._dropped:
            yield f"({self._dropped} earlier lines are no longer kept)"
        for entry in entries:
            call = entry.call if isinstance(entry, Delivery | InjectedFault) else ""
            shown[entry.number] = _line(entry.number, entry.at, str(entry), call)
        yield from (shown[number] for number in sorted(shown))
        traces: dict[str, list[str]] = {}  # equal tracebacks are shown once
        for entry in entries:
            if isinstance(entry, Delivery | RaisedInTask) and entry.trace:
                traces.setdefault(entry.trace, []).append(f"#{entry.number}")
        for trace, numbers in traces.items():
            yield f"{', '.join(numbers)}:"
            yield from trace.splitlines()
