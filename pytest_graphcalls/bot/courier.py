"""Takes notifications to the bot: signed, in order for each call, again when the bot fails, and never elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from pytest_graphcalls.bot.ledger import Delivery, Ledger, said
from pytest_graphcalls.bot.posting import Answer, HttpPoster, Poster, poster
from pytest_graphcalls.bot.queue import Lines, Parcel
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.identity import LIFETIME
from pytest_graphcalls.validation import MOST, quantity, shown
from pytest_graphcalls.wire import Headers, Notification, Request, encode_json

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses that move a notification on; 302 and 307 are the ones in use (observed 6.6)."""
MOST_REDIRECTS = 3
_LOOK_EVERY = 0.001
VALUE_OF_NOW = "Its value now says nothing of what comes."
"""What to say to somebody who has called a function instead of giving it."""
LONGEST = 3600
"""Real seconds that a bot is waited for at most; no system waits for any number."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How notifications are delivered. Nothing of it is published (observed 6.4), so every figure is assumed.

    Attributes:
        timeout: real seconds that the bot has for its answer, up to :data:`LONGEST`.
        redeliveries: how often a notification comes again when the bot has failed.
        spacing: virtual seconds in between; meanwhile later notifications of the same call wait.
        linger: real seconds to wait for the tasks or threads that a bot in this process has started.
        signed: whether a bearer token goes along.
    """

    timeout: float = 5.0
    redeliveries: int = 2
    spacing: float = 1.0
    linger: float = 1.0
    signed: bool = True

    def __post_init__(self) -> None:
        quantity("timeout", self.timeout, unit="real seconds", above=True, most=LONGEST)
        quantity("redeliveries", self.redeliveries, whole=True, most=MOST)
        quantity("spacing", self.spacing, unit="virtual seconds", most=MOST)
        quantity("linger", self.linger, unit="real seconds", most=LONGEST)


def never() -> bool:
    """One after the other, so that every run is the same."""
    return False


class Courier:
    """Delivers a simulator's notifications; what :meth:`.Simulator.deliver_to` takes.

    Args:
        simulator: whose notifications they are.
        where: the bot: an ASGI or WSGI application, or a URL of this machine.
        path: the bot's path for notifications to its registered address. By default that of ``where``, if it is a URL
            with one, else the path of the registered address itself.
        callbacks: by scheme and host of a ``callbackUri``: another application or URL. Every other ``callbackUri``
            goes to ``where``; none is ever followed.
        allow_hosts: hosts that a URL, or a redirect, may name besides this machine.
        terms: timeout, redelivery, signature.
        epoch: the present in seconds since 1970, for the tokens; by default the real one, because it is what bots
            compare them with.
        ledger: where to write everything down; without one it has its own, which faults are written in, too.
        side_by_side: whether different calls are told of at the same time, asked again and again. Only a bot behind a
            URL is; by default none, and whoever lets time pass waits for every answer.
        busy: whether the bot is still at something, asked after each answer until it is not, ``terms.timeout`` long.

    Raises:
        SettingError: ``where`` is nothing that can be posted to, or ``busy`` cannot be asked.
    """

    def __init__(
        self,
        simulator: Simulator,
        where: Any,
        *,
        path: str = "",
        callbacks: Mapping[str, Any] | None = None,
        allow_hosts: Collection[str] = (),
        terms: Terms = Terms(),
        epoch: Callable[[], float] | None = None,
        ledger: Ledger | None = None,
        side_by_side: Callable[[], bool] = never,
        busy: Callable[[], object] = never,
    ) -> None:
        self._simulator = simulator
        self._terms = terms
        if not callable(busy):
            raise SettingError("busy", shown(busy), "a function, e.g. lambda: queue.unfinished_tasks", VALUE_OF_NOW)
        self._busy = busy
        if path and not path.startswith("/"):
            raise SettingError("path", path, "a path that starts with /")
        self._path = path
        self._epoch = epoch
        self.ledger = ledger or Ledger()
        self._default = poster(where, allow_hosts, terms.timeout)
        self._where = urlsplit(where) if isinstance(where, str) else urlsplit("")
        self._others: dict[str, Poster] = {}
        self._leave = simulator.faults.listen(self.ledger.strike) if ledger is None else lambda: None
        self._lines = Lines(simulator, self._tell, terms.spacing, lambda: side_by_side() and self._is_all_remote)
        try:
            for origin, other in (callbacks or {}).items():
                self._others[_mapped(origin)] = poster(other, allow_hosts, terms.timeout)
        except SettingError:
            self.close()
            raise
        self._token: tuple[object, float, str] = (None, 0.0, "")

    def __call__(self, notification: Notification, sequence: int) -> None:
        """Deliver a notification; see :meth:`.Simulator.deliver_to`."""
        self._lines.put(Parcel(notification, sequence))

    def _tell(self, parcel: Parcel) -> bool:
        """Post it, and say whether it has to come again."""
        delivery = self.post(parcel.note, sequence=parcel.sequence, attempt=parcel.attempt)
        return delivery.failed and parcel.attempt <= self._terms.redeliveries

    def settle(self, patience: float) -> bool:
        """Wait for what is told side by side; see :meth:`.Lines.settle`."""
        return self._lines.settle(patience)

    def post(
        self, note: Notification, *, token: str | None = None, sequence: int = -1, attempt: int = 1, remark: str = ""
    ) -> Delivery:
        """Post a notification once, at once, and write it down.

        Args:
            note: what to post.
            token: the bearer token; ``""`` for none, and by default a good one.
            sequence: its number in ``simulator.notifications``.
            attempt: which one it is.
            remark: what is special about it, for the ledger.
        """
        good = self.token(note.app_id) if token is None else token
        at = self._simulator.now
        number = self.ledger.reserve(at, note)
        if _is_readable(note.posted_to):
            request = self._request(note, good)
            answer = self._outlast(self._through(self._poster_of(note.posted_to), request))
            if answer.late and _in_an_event_loop():
                answer = replace(answer, error=f"{answer.error}; {_STANDS_STILL}")
        else:
            request = Request("POST", note.posted_to)
            answer = Answer(error="was not told, because the callbackUri cannot be read as an address")
        return self.ledger.deliver(
            number,
            at,
            note,
            attempt=attempt,
            url=request.url,
            status=answer.status,
            seconds=answer.seconds,
            error=answer.error,
            sequence=sequence,
            trace=answer.trace,
            note=remark,
            moment=answer.moment,
            answer="" if answer.status is None or 200 <= answer.status < 300 else said(answer.body),
        )

    def _outlast(self, answer: Answer) -> Answer:
        """Wait for what the bot says it is still at, in a worker that nobody else can see into."""
        deadline = time.monotonic() + self._terms.timeout
        while answer.status is not None and self._busy():
            if time.monotonic() > deadline:
                still = f"was still busy {self._terms.timeout:g} s after its answer"
                return replace(answer, error=answer.error or still)
            time.sleep(_LOOK_EVERY)
        return answer

    def _through(self, way: Poster, request: Request) -> Answer:
        """Post, and follow redirects to where posting is allowed."""
        answer = way.post(request, self._terms.timeout, self._terms.linger)
        for _ in range(MOST_REDIRECTS):
            if answer.status not in REDIRECTS:
                return answer
            target = _redirected(request.url, answer.headers.get("location", ""))
            if not target or not way.reaches(target):
                target = target or answer.headers.get("location", "")
                return replace(answer, error=f"redirects to {target[:200]!r}, where nothing is sent; {_ALLOW}")
            request = replace(request, url=target)
            answer = way.post(request, self._terms.timeout, self._terms.linger, redirected=True)
        if answer.status in REDIRECTS:
            return replace(answer, error=f"redirects more than {MOST_REDIRECTS} times")
        return answer

    def _request(self, note: Notification, token: str) -> Request:
        headers = (("Authorization", f"Bearer {token}"), *note.headers.pairs) if token else note.headers.pairs
        return Request("POST", self._address(note), Headers(headers), encode_json(note.body))

    def _address(self, note: Notification) -> str:
        app = self._simulator.authority.find(note.app_id)
        if app is None or note.posted_to != app.callback_uri:
            return note.posted_to
        registered = urlsplit(note.posted_to)
        path = self._path or (self._where.path if self._where.path.strip("/") else registered.path)
        return registered._replace(path=path, query=self._where.query or registered.query).geturl()

    def _poster_of(self, url: str) -> Poster:
        return self._others.get(_origin(url), self._default) if self._others else self._default

    def token(self, app_id: str = "") -> str:
        """A good token for an app, by default the default one; ``""`` when nothing is signed."""
        if not self._terms.signed:
            return ""
        now = self.epoch
        keys = self._simulator.channel.keys.published
        app = self._simulator.authority.find(app_id) or self._simulator.authority.app
        known, made, token = self._token
        if known == (app.app_id, keys) and 0 <= now - made < LIFETIME / 2:
            return token  # signing takes half a millisecond
        self._token = (app.app_id, keys), now, self._simulator.channel.token(app, now)
        return self._token[2]

    @property
    def epoch(self) -> float:
        """The present, for tokens: seconds since 1970."""
        return time.time() if self._epoch is None else self._epoch()

    @property
    def linger(self) -> float:
        """Real seconds to wait for what a bot in this process goes on doing."""
        return self._terms.linger

    @property
    def is_remote(self) -> bool:
        """Whether the bot, or one of those that callbacks lead to, is behind a URL: nobody sees what it does later."""
        return any(isinstance(way, HttpPoster) for way in self._ways)

    @property
    def _is_all_remote(self) -> bool:
        return all(isinstance(way, HttpPoster) for way in self._ways)

    @property
    def _ways(self) -> tuple[Poster, ...]:
        return self._default, *self._others.values()

    def close(self) -> None:
        """Leave the bot: what is on its way to it, or comes again, is told no more."""
        self._lines.close()
        self._leave()
        for way in self._ways:
            way.close()


_ALLOW = "allow_hosts= allows a host."
_STANDS_STILL = (
    "the event loop of whoever lets time pass stands still meanwhile, and the bot may need it: "
    "await asyncio.to_thread(simulator.advance, seconds)"
)


def _in_an_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _redirected(url: str, location: str) -> str:
    """Where a redirect leads; ``""`` when that cannot be read."""
    if not location or not _is_readable(location):
        return ""
    return urljoin(url, location)


def _is_readable(url: str) -> bool:
    if not url.isprintable():  # control characters, and halves of characters that nobody can encode
        return False
    try:
        return urlsplit(url).port is None or bool(urlsplit(url).hostname)
    except ValueError:  # brackets that are no IPv6 address, a port that is no number
        return False


def _mapped(origin: str) -> str:
    """The origin that an entry of the table is for."""
    if not _is_readable(origin) or "" in {urlsplit(origin).scheme, urlsplit(origin).netloc}:
        raise SettingError("callbacks", origin[:80], "scheme and host, e.g. https://bot.contoso.com")
    return _origin(origin)


_USUAL_PORTS = {"https": ":443", "http": ":80"}


def _origin(url: str) -> str:
    """Scheme and host of a URL, in lower case, with the port where it is not the usual one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_USUAL_PORTS.get(parts.scheme, ''))}"
