"""What the bot was told and what it asked for, in the order in which it happened."""

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
from pytest_graphcalls.redaction import OF_REPORTS
from pytest_graphcalls.simulator import Faulty, Fired
from pytest_graphcalls.simulator.notifications import kind_of
from pytest_graphcalls.wire import Exchange, Notification

MESSAGE_ID = "X-Microsoft-Skype-Message-ID"
"""Header by which bots tell notifications apart (observed 6.1, 6.2)."""
_FAILING = frozenset({408, 429})
"""Statuses below 500 that tell of a bot that cannot rather than will not (assumed, as all of redelivery)."""
_NOBODY = frozenset({404, 405})
"""Statuses that leave everybody asking where that was."""
_SHOWN = 200
"""Characters of a bot's answer that are shown."""
_ROOT = re.compile(r"^/(v1\.0|beta)(/communications|/app)?")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to tell the bot something.

    Attributes:
        number: its place in the ledger, from 1.
        at: virtual second.
        call: id of the call it tells of, or ``""``.
        kind: what it tells in short, e.g. ``created call incoming``.
        attempt: 1, and more when the bot had failed before.
        url: where it was meant to go.
        status: the bot's answer, or ``None``: there was none.
        seconds: real seconds that the bot took.
        error: what went wrong, or ``""``.
        body: the envelope that was sent.
        sequence: its number in ``simulator.notifications``; -1 for one that was never in there.
        trace: the bot's traceback, or ``""``.
        note: what was special about it, e.g. the forgery.
        message: id of the message, by which bots tell notifications apart, or ``""``.
        moment: when the answer was there, by the real clock that :attr:`Asked.moment` is read from.
        over: when nobody waited any longer for what the bot does after its answer, by the same clock.
        answer: what the bot said when it did not take it, the beginning on one line, or ``""``.
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

    @property
    def accepted(self) -> bool:
        """Whether the bot took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def failed(self) -> bool:
        """Whether the bot was unable to take it: no answer, 5xx, 408 or 429, a redirect to nowhere."""
        return self.status is None or self.status >= 500 or self.status in _FAILING or 300 <= self.status < 400

    def __str__(self) -> str:
        again = f" (attempt {self.attempt})" if self.attempt > 1 else ""
        note = f" [{self.note}]" if self.note else ""
        where = f" from {urlsplit(self.url).path or '/'}" if self.status in _NOBODY else ""
        came = f"{self.status or 'no answer'}{where} in {self.seconds * 1000:.1f} ms"
        error = f"; it {self.error}" if self.error else ""
        words = f": {self.answer}" if self.answer else ""
        return f"told   {self.kind}{note}{again}: {came}{error}{words}"


def said(body: bytes) -> str:
    """The beginning of a bot's answer on one line. Secrets are taken out first: half of one is not known for one."""
    text = OF_REPORTS.mask(" ".join(body.decode("utf-8", "replace").split()))
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:_SHOWN])
    return f"{shown}…" if len(text) > _SHOWN else shown


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that the simulator answered.

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
        """Where it went, without version: ``/calls/57da/reject``."""
        return _ROOT.sub("", self.exchange.request.path)

    @property
    def lost(self) -> bool:
        """Whether an injected fault has let not even the status of the answer through."""
        response = self.exchange.response
        return isinstance(response, Faulty) and response.sent is not None and response.sent < 0

    @property
    def whole(self) -> bool:
        """Whether all of the answer got through."""
        response = self.exchange.response
        return not isinstance(response, Faulty) or response.sent is None

    def __str__(self) -> str:
        rest = "" if self.whole else ", which did not arrive" if self.lost else ", which arrived in part"
        return f"asked  {self.exchange.request.method} {self.path}: {self.exchange.response.status}{rest}"


@dataclass(frozen=True, slots=True)
class Struck:
    """One time that an injected fault has struck.

    Attributes:
        number: its place in the ledger, from 1.
        at: virtual second.
        call: id of the call it was about, or ``""``.
        fault: the fault with its parameters.
        what: the request or the kind of notification.
    """

    number: int
    at: float
    call: str
    fault: str
    what: str

    def __str__(self) -> str:
        return f"fault  {self.fault}: {self.what}"


def _line(number: int, at: float, what: str, call: str) -> str:
    about = f"  (call {call[:8]})" if call else ""
    return f"#{number:<3} {at:8.2f} s  {what}{about}"


Entry = Delivery | Asked | Struck
"""One line of the ledger."""


class Ledger:
    """Everything between the service and the bot, and the faults that came in between. Safe under threads.

    Args:
        most: how many entries are kept, the latest ones; by default all.
        most_bytes: about how much memory the entries may take; by default any. With a limit long bodies are cut, and
            of a request that is not let in one line is kept.
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
        """Forget everything, also what is on its way; numbers go on, so that it can be told from what comes later."""
        with self._lock:
            self._forgotten = self._count
            self._entries: OrderedDict[int, Entry] = OrderedDict()
            self._sizes: dict[int, int] = {}
            self._size = 0
            self._dropped = 0

    def listen(self, listener: Callable[[Delivery], None]) -> None:
        """Call ``listener`` with each delivery, once it is written down."""
        self._listeners.append(listener)

    def reserve(self, at: float = 0.0, notification: Notification | None = None) -> int:
        """The next number: what is told begins before what the bot asks for because of it, and ends after it.

        Args:
            at: virtual second.
            notification: what the bot is about to be told; without one nothing is shown of it before it is written.
        """
        with self._lock:
            self._count += 1
            kind, call = (kind_of(notification.entries), notification.call_id) if notification else ("", "")
            self._open[self._count] = _line(self._count, at, f"told   {kind}: no answer yet", call) if kind else ""
            return self._count

    def _write(self, number: int, entry: Entry, size: int = 0) -> None:
        with self._lock:
            self._open.pop(number, None)
            if number > self._forgotten:
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
        """How many entries are no longer kept, the oldest ones, because they were too many or too large."""
        return self._dropped

    @property
    def settled(self) -> int:
        """Up to this number everything is written down; what is on its way has a higher one."""
        with self._lock:
            return min(self._open, default=self._count + 1) - 1

    def deliver(self, number: int, at: float, notification: Notification, **facts: Any) -> Delivery:
        """Write down a delivery; ``facts`` are further members of it."""
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

    def strike(self, fired: Fired) -> None:
        """Write down that a fault has struck."""
        number = self.reserve()
        self._write(number, Struck(number, fired.at, fired.call, fired.fault, fired.what), excerpts.ENTRY)

    def ask(self, at: float, exchange: Exchange) -> None:
        """Write down a request."""
        number, moment = self.reserve(), time.perf_counter()
        if self.most_bytes is None:
            self._write(number, Asked(number, at, exchange, moment))
            return
        kept = excerpts.excerpt(exchange)
        entry = Asked(number, at, kept.exchange, moment, kept.request_length, kept.response_length)
        self._write(number, entry, kept.size)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything so far, in order; what is on its way is not there yet."""
        with self._lock:
            return tuple(self._entries[number] for number in sorted(self._entries))

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Every attempt to tell the bot something, in order."""
        return tuple(entry for entry in self.entries if isinstance(entry, Delivery))

    @property
    def requests(self) -> tuple[Asked, ...]:
        """Every request, in order."""
        return tuple(entry for entry in self.entries if isinstance(entry, Asked))

    def lines(self) -> Iterator[str]:
        """Everything as text, a line each: number, virtual second, what happened, which call. Tracebacks follow."""
        with self._lock:
            entries = tuple(self._entries[number] for number in sorted(self._entries))
            shown = {number: line for number, line in self._open.items() if line and number > self._forgotten}
        if self._dropped:
            yield f"({self._dropped} earlier lines are no longer kept)"
        for entry in entries:
            call = entry.call if isinstance(entry, Delivery | Struck) else ""
            shown[entry.number] = _line(entry.number, entry.at, str(entry), call)
        yield from (shown[number] for number in sorted(shown))
        traces: dict[str, list[str]] = {}  # a bot that fails the same way each time is told once
        for entry in entries:
            if isinstance(entry, Delivery) and entry.trace:
                traces.setdefault(entry.trace, []).append(f"#{entry.number}")
        for trace, numbers in traces.items():
            yield f"{', '.join(numbers)}:"
            yield from trace.splitlines()
