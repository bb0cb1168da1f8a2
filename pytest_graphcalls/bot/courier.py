"""Deliver notifications to the bot: signed, in order for each call, repeated when it fails, and to no other host."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any
from urllib.parse import urljoin, urlsplit

from pytest_graphcalls.bot.inprocess import AsgiPoster
from pytest_graphcalls.bot.ledger import Delivery, Ledger, excerpt_of
from pytest_graphcalls.bot.posting import HttpPoster, Poster, PostResult, WsgiPoster, describe, trace
from pytest_graphcalls.bot.queue import DeliveryQueue, QueuedNotification
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.identity import LIFETIME
from pytest_graphcalls.validation import MOST, quantity, shown
from pytest_graphcalls.wire import (
    Headers,
    MalformedJsonError,
    Notification,
    Request,
    Response,
    decode_json,
    encode_json,
)

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses that redirect a notification; 302 and 307 are in use (observed 6.6)."""
MAX_REDIRECTS = 3
_POLL_SECONDS = 0.001
_NOT_THIS_FORM = 204
"""The answer to an incoming call in the older form, after which it is posted in that of Graph (m3.3)."""
FUNCTION_HINT = "Give the function itself, so that it can be called again."
"""Hint for a setting that is the result of a function instead of the function."""
MAX_REAL_SECONDS = 3600
"""The highest number of real seconds that may be waited for; operating systems refuse arbitrary ones."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of delivery. The service's own are not published (observed 6.4), so every figure is assumed.

    Attributes:
        timeout: real seconds that the bot has for its answer, up to :data:`MAX_REAL_SECONDS`.
        redeliveries: how often a notification is repeated when the bot has failed.
        spacing: virtual seconds in between; meanwhile later notifications of the same call wait.
        linger: real seconds to wait for the tasks or threads that a bot in this process has started.
        signed: whether a bearer token is sent.
    """

    timeout: float = 5.0
    redeliveries: int = 2
    spacing: float = 1.0
    linger: float = 1.0
    signed: bool = True

    def __post_init__(self) -> None:
        quantity("timeout", self.timeout, unit="real seconds", above=True, most=MAX_REAL_SECONDS)
        quantity("redeliveries", self.redeliveries, whole=True, most=MOST)
        quantity("spacing", self.spacing, unit="virtual seconds", most=MOST)
        quantity("linger", self.linger, unit="real seconds", most=MAX_REAL_SECONDS)


def never() -> bool:
    """The default for ``side_by_side`` and ``busy``: deliveries are sequential, so that runs are reproducible."""
    return False


class Courier:
    """Delivers the notifications of a simulator; an argument for :meth:`.Simulator.deliver_to`.

    Args:
        simulator: source of the notifications.
        where: the bot: an ASGI or WSGI application, or a URL of this machine.
        path: the bot's path for notifications to its registered address. By default that of ``where``, if it is a URL
            with one, else the path of the registered address itself.
        callbacks: by scheme and host of a ``callbackUri``: another application or URL. Every other ``callbackUri``
            goes to ``where``; none is ever followed.
        allow_hosts: hosts that a URL, or a redirect, may name besides this machine and those of ``callbacks``.
        terms: timeout, redelivery, signature.
        epoch: the present in seconds since 1970, for the tokens; by default the real one, because it is what bots
            compare them with.
        ledger: records the deliveries; by default a new one, which records injected faults as well.
        side_by_side: whether notifications of different calls are delivered at the same time; asked for each. Holds
            for a bot behind a URL only. By default they are not, and the caller that advances time waits for every
            answer.
        busy: whether the bot still works on a notification, asked after each answer until it does not, for at most
            ``terms.timeout``.

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
            raise SettingError("busy", shown(busy), "a function, e.g. lambda: queue.unfinished_tasks", FUNCTION_HINT)
        self._busy = busy
        if path and not path.startswith("/"):
            raise SettingError("path", path, "a path that starts with /")
        self._path = path
        self._epoch = epoch
        self.ledger = ledger or Ledger()
        self._default = poster(where, allow_hosts, terms.timeout)
        self._where = urlsplit(where) if isinstance(where, str) else urlsplit("")
        self._others: dict[str, Poster] = {}
        self._stop_listening = simulator.faults.listen(self.ledger.record_fault) if ledger is None else lambda: None
        self._queue = DeliveryQueue(
            simulator, self._post_queued, terms.spacing, lambda: side_by_side() and self._is_all_remote
        )
        try:
            for origin, other in (callbacks or {}).items():
                self._others[_mapped(origin)] = poster(other, allow_hosts, terms.timeout)
        except SettingError:
            self.close()
            raise
        self._token: tuple[object, float, str] = (None, 0.0, "")

    def __call__(self, notification: Notification, sequence: int) -> None:
        """Deliver a notification; see :meth:`.Simulator.deliver_to`."""
        self._queue.put(QueuedNotification(notification, sequence))

    def _post_queued(self, queued: QueuedNotification) -> bool:
        """Post a queued notification, and say whether it has to be repeated."""
        delivery = self.post(queued.note, sequence=queued.sequence, attempt=queued.attempt)
        if "callState" in queued.note.body and delivery.status == _NOT_THIS_FORM:
            self._simulator.incoming.arrive_again(queued.note.call_id)
        return delivery.failed and queued.attempt <= self._terms.redeliveries

    def wait_until_idle(self, patience: float) -> bool:
        """Wait for parallel deliveries; see :meth:`.DeliveryQueue.wait_until_idle`."""
        return self._queue.wait_until_idle(patience)

    def post(
        self, note: Notification, *, token: str | None = None, sequence: int = -1, attempt: int = 1, remark: str = ""
    ) -> Delivery:
        """Post a notification once, immediately, and record it in the ledger.

        Args:
            note: the notification.
            token: the bearer token; ``""`` for none, and by default a valid one.
            sequence: its number in ``simulator.notifications``.
            attempt: number of the attempt.
            remark: a remark for the ledger.
        """
        self.record_raised()
        bearer = self.token(note.app_id) if token is None else token
        at = self._simulator.now
        number = self.ledger.reserve(at, note)
        if _is_readable(note.posted_to):
            request = self._request(note, bearer)
            answer = self._wait_while_busy(self._post_following_redirects(self._poster_of(note.posted_to), request))
            if answer.timed_out and _in_an_event_loop():
                answer = replace(answer, error=f"{answer.error}; {_LOOP_IS_BLOCKED}")
        else:
            request = Request("POST", note.posted_to)
            answer = PostResult(error="was not notified, because the callbackUri is not a readable address")
        return self.ledger.record_delivery(
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
            answer="" if answer.status is None or 200 <= answer.status < 300 else excerpt_of(answer.body),
            reply=_decoded(answer.body),
        )

    def record_raised(self) -> None:
        """Record what tasks of a bot in this process have raised since the last time."""
        for error in chain.from_iterable(target_poster.raised() for target_poster in self._posters):
            self.ledger.record_raised(self._simulator.now, describe(error), trace(error))

    def _wait_while_busy(self, answer: PostResult) -> PostResult:
        """Wait until the bot's own workers are idle, according to ``busy``."""
        deadline = time.monotonic() + self._terms.timeout
        while answer.status is not None and self._busy():
            if time.monotonic() > deadline:
                still = f"was still busy {self._terms.timeout:g} s after its answer"
                return replace(answer, error=answer.error or still)
            time.sleep(_POLL_SECONDS)
        return answer

    def _post_following_redirects(self, target_poster: Poster, request: Request) -> PostResult:
        """Post a request, and follow redirects to allowed hosts, and to those that ``callbacks`` lead to."""
        answer = target_poster.post(request, self._terms.timeout, self._terms.linger)
        for _ in range(MAX_REDIRECTS):
            if answer.status not in REDIRECTS:
                return answer
            target = _redirected(answer.url or request.url, answer.headers.get("location", ""))
            region = self._others.get(_origin(target))
            if not region and not (target and target_poster.reaches(target)):
                target = target or answer.headers.get("location", "")
                return replace(answer, error=f"redirects to {target[:200]!r}, where nothing is sent; {_ALLOW}")
            request, target_poster = replace(request, url=target), region or target_poster
            answer = target_poster.post(request, self._terms.timeout, self._terms.linger, redirected=not region)
        if answer.status in REDIRECTS:
            return replace(answer, error=f"redirects more than {MAX_REDIRECTS} times")
        return answer

    def _request(self, note: Notification, token: str) -> Request:
        headers = (("Authorization", f"Bearer {token}"), *note.headers.pairs) if token else note.headers.pairs
        return Request("POST", self._address(note), Headers(headers), encode_json(note.body))

    def _address(self, note: Notification) -> str:
        app = self._simulator.authority.find(note.app_id)
        if app is None or note.posted_to != app.callback_uri or self._poster_of(note.posted_to) is not self._default:
            return note.posted_to
        registered = urlsplit(note.posted_to)
        path = self._path or (self._where.path if self._where.path.strip("/") else registered.path)
        return registered._replace(path=path, query=self._where.query or registered.query).geturl()

    def serves(self, url: str, callback: str) -> bool:
        """Whether ``url`` is an address of the bot: on the host of its callback, or on this machine."""
        if not _is_readable(url):
            return False
        app = self._simulator.authority.app
        known = {_origin(callback), _origin(app.callback_uri), *self._others}
        target_poster = self._poster_of(url)
        return _origin(url) in known or (isinstance(target_poster, HttpPoster) and target_poster.reaches(url))

    def fetch(self, url: str) -> Response | str:
        """The bot's answer to a GET of one of its own addresses, without credentials; or why there is none.

        Redirects are not followed.
        """
        target_poster = self._poster_of(url)
        at_its_own_host = isinstance(target_poster, HttpPoster) and target_poster.reaches(url)
        answer = target_poster.post(Request("GET", url), self._terms.timeout, 0.0, redirected=at_its_own_host)
        if answer.status is None:
            return answer.error
        return Response(answer.status, answer.headers, answer.body)

    def _poster_of(self, url: str) -> Poster:
        return self._others.get(_origin(url), self._default) if self._others else self._default

    def token(self, app_id: str = "") -> str:
        """A valid token for an app, by default the default app; ``""`` when notifications are not signed."""
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
        """The present time for tokens, in seconds since 1970."""
        return time.time() if self._epoch is None else self._epoch()

    @property
    def linger(self) -> float:
        """Real seconds to wait for tasks and threads of a bot in this process."""
        return self._terms.linger

    @property
    def is_remote(self) -> bool:
        """Whether the bot, or one that callbacks lead to, is behind a URL, so that its later work is invisible."""
        return any(isinstance(target_poster, HttpPoster) for target_poster in self._posters)

    @property
    def _is_all_remote(self) -> bool:
        return all(isinstance(target_poster, HttpPoster) for target_poster in self._posters)

    @property
    def _posters(self) -> tuple[Poster, ...]:
        return self._default, *self._others.values()

    def close(self) -> None:
        """Stop delivering to the bot; queued notifications and repetitions are dropped."""
        self._queue.close()
        self._stop_listening()
        for target_poster in self._posters:
            target_poster.close()


def poster(where: Any, allow_hosts: Collection[str] = (), timeout: float = 5.0) -> Poster:
    """Make the poster for ``where``.

    Args:
        where: an ASGI or WSGI application, or a URL.
        allow_hosts: hosts that a URL may name besides this machine.
        timeout: seconds that the application has to start.

    Raises:
        SettingError: it is none of these, a URL of a different machine, or an application that does not start.
    """
    if isinstance(where, str):
        return HttpPoster(where, allow_hosts)
    if _is_asgi(where):
        return AsgiPoster(where, timeout)
    if _takes(where, 2):
        return WsgiPoster(where)
    raise SettingError(
        "bot",
        repr(where)[:80],
        "an ASGI application, a WSGI application, or a URL",
        "Serve any other kind of bot on this machine and give its URL.",
    )


def _is_asgi(where: Any) -> bool:
    if inspect.isclass(where):
        return hasattr(where, "__await__")
    call: Any = where if inspect.isroutine(where) else getattr(where, "__call__", None)  # noqa: B004  its kind is asked
    return inspect.iscoroutinefunction(call) or (_takes(where, 3) and not _takes(where, 2))


def _takes(where: Any, count: int) -> bool:
    try:
        inspect.signature(where).bind(*[None] * count)
    except (TypeError, ValueError):
        return False
    return True


_ALLOW = "allow_hosts= allows a host, callbacks= leads it to another server."
_LOOP_IS_BLOCKED = (
    "the event loop of the caller that advances time is blocked meanwhile, and the bot may need it: "
    "await asyncio.to_thread(simulator.advance, seconds)"
)


def _in_an_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _redirected(url: str, location: str) -> str:
    """The absolute URL of a redirect; ``""`` for an unreadable one."""
    if not location or not _is_readable(location):
        return ""
    return urljoin(url, location)


def _decoded(body: bytes) -> Any:
    try:
        return decode_json(body) if body else None
    except MalformedJsonError:
        return None


def _is_readable(url: str) -> bool:
    if not url.isprintable():  # control characters, and lone surrogates that cannot be encoded
        return False
    try:
        return urlsplit(url).port is None or bool(urlsplit(url).hostname)
    except ValueError:  # brackets without an IPv6 address, a port that is not a number
        return False


def _mapped(origin: str) -> str:
    """The origin that an entry of ``callbacks`` is for."""
    if not _is_readable(origin) or "" in {urlsplit(origin).scheme, urlsplit(origin).netloc}:
        raise SettingError("callbacks", origin[:80], "scheme and host, e.g. https://bot.contoso.com")
    return _origin(origin)


_USUAL_PORTS = {"https": ":443", "http": ":80"}


def _origin(url: str) -> str:
    """Scheme and host of a URL, in lower case, with the port where it is not the usual one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_USUAL_PORTS.get(parts.scheme, ''))}"
