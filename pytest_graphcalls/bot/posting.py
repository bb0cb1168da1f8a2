"""Post a request to a bot: over HTTP, or to a WSGI application in the same process, each in a thread of its own.

The interface of every poster is here; ASGI applications are in ``inprocess``.
"""

from __future__ import annotations

import io
import re
import socket
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread, enumerate as all_threads
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit
from weakref import WeakSet

import httpx

from pytest_graphcalls.clients.httpx import tls_context
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.validation import is_loopback
from pytest_graphcalls.wire import NO_HEADERS, Headers, Request

MAX_ANSWER_BYTES = 64 * 1024
"""Bytes of an answer that are read; a bot's answer to a notification is short or empty."""
CLOSED = "was detached before it was notified"
"""Error of a post after the poster was closed."""
CLIENT_ADDRESS = ("127.0.0.1", 49152)
"""The client address that a bot in the same process sees."""


@dataclass(frozen=True, slots=True)
class PostResult:
    """The result of a post: the answer, or what went wrong.

    Attributes:
        status: status of the answer; ``None`` where there was none.
        headers: headers of the answer.
        body: body of the answer, as far as it was read.
        seconds: real seconds until the answer or the timeout.
        error: what went wrong, perhaps after the answer; or ``""``.
        trace: traceback of the bot, or ``""``.
        moment: ``time.perf_counter()`` at the answer; 0 without one.
        timed_out: whether there was no answer in time.
        url: the address that was posted to, which relative redirects belong to; ``""`` for a bot in this process.
    """

    status: int | None = None
    headers: Headers = NO_HEADERS
    body: bytes = b""
    seconds: float = 0.0
    error: str = ""
    trace: str = ""
    moment: float = 0.0
    timed_out: bool = False
    url: str = ""


class Poster(Protocol):
    """Posts requests to a bot; errors of the bot are part of the result and never raised."""

    def reaches(self, url: str) -> bool:
        """Whether this poster may post to ``url``, the target of a redirect."""
        ...

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> PostResult:
        """Post to the bot.

        Args:
            request: its URL gives the path; the poster knows the host.
            timeout: real seconds to wait for the answer.
            linger: real seconds to wait for the bot's tasks and threads after it, where they are visible.
            redirected: whether the URL is the target of a redirect that :meth:`reaches` has allowed.
        """
        ...

    def raised(self) -> Sequence[BaseException]:
        """Exceptions of the bot's tasks since the last look, where they are visible."""
        ...

    def close(self) -> None:
        """Release the connections or the loop."""
        ...


def describe(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def trace(error: BaseException) -> str:
    """An exception with its traceback."""
    return "".join(traceback.format_exception(error))


def no_answer(timeout: float) -> str:
    """The error of a delivery whose bot did not answer in time."""
    return f"gave no answer within {timeout:g} s"


class HttpPoster:
    """Posts over HTTP: to this machine, or to hosts that were allowed by name. Follows no redirect by itself.

    Args:
        url: where the bot listens; the path of each post comes from its request.
        allow_hosts: hosts that may be posted to besides this machine.

    Raises:
        SettingError: ``url`` names another host.
    """

    def __init__(self, url: str, allow_hosts: Collection[str] = ()) -> None:
        self._allowed = frozenset(host.lower() for host in allow_hosts)
        if not self.reaches(url):
            raise SettingError(
                "bot", url, "http:// or https:// and this machine (localhost, 127.0.0.1, ::1)", _remedy(url)
            )
        self._base = httpx.URL(url)
        tls = tls_context(trust_env=True) if self._base.scheme == "https" else False
        self._client = httpx.Client(verify=tls, trust_env=False, follow_redirects=False)
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._closed = False

    def reaches(self, url: str) -> bool:
        """Whether this poster may post to ``url``, the target of a redirect."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError):  # the latter for lone surrogates
            return False
        host = parsed.host.lower()
        return parsed.scheme in {"http", "https"} and (is_loopback(host) or host in self._allowed)

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> PostResult:
        """Post to the bot; its work after its answer is invisible here."""
        del linger
        began = time.perf_counter()
        try:
            sent = self._client.build_request(
                request.method,
                request.url if redirected else self._base.copy_with(raw_path=httpx.URL(request.url).raw_path),
                headers=list(request.headers.pairs),
                content=request.body,
                timeout=timeout,
                extensions={"trace": self._traced},
            )
            answer = self._client.send(sent, stream=True)
            try:
                body = _read(answer, began + timeout)
            finally:
                answer.close()
        except (httpx.TransportError, httpx.InvalidURL) as error:
            if self._closed:
                return PostResult(seconds=time.perf_counter() - began, error=CLOSED)
            timed_out = isinstance(error, httpx.TimeoutException)
            problem = _describe(error, timeout)
            return PostResult(seconds=time.perf_counter() - began, error=problem, timed_out=timed_out)
        except RuntimeError:
            if not self._client.is_closed:
                raise
            return PostResult(seconds=time.perf_counter() - began, error=CLOSED)
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw])
        ended = time.perf_counter()
        return PostResult(answer.status_code, headers, body, ended - began, moment=ended, url=str(sent.url))

    def raised(self) -> Sequence[BaseException]:
        """Exceptions of the bot's tasks: none, because none is visible behind a URL."""
        return ()

    def close(self) -> None:
        """Close the connections, also those on which an answer is waited for."""
        self._closed = True
        for connection in tuple(self._sockets):
            with suppress(OSError):  # it has ended already
                connection.shutdown(socket.SHUT_RDWR)
        self._client.close()

    def _traced(self, event: str, facts: Mapping[str, Any]) -> None:
        """Remember the socket of each new connection: closing one ends no other thread's wait for it."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._sockets.add(facts["return_value"].get_extra_info("socket"))


def _read(answer: httpx.Response, deadline: float) -> bytes:
    body = bytearray()
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) >= MAX_ANSWER_BYTES:
            break
        if time.perf_counter() > deadline:
            raise httpx.ReadTimeout("the answer did not end")
    return bytes(body[:MAX_ANSWER_BYTES])


def _describe(error: Exception, timeout: float) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"cannot be reached ({error})"
    if isinstance(error, httpx.TimeoutException):
        return no_answer(timeout)
    return f"gave no HTTP answer ({error or type(error).__name__})"


def _remedy(url: str) -> str:
    if re.match(r"[\w.-]+:\d+", url):
        return f"Write http://{url}."
    if "://" not in url:
        return "Give the application itself, or the URL at which the bot listens, e.g. http://127.0.0.1:3978/api/calls."
    try:
        host = httpx.URL(url).host
    except (httpx.InvalidURL, UnicodeError):
        host = ""
    return f"allow_hosts=[{host!r}] allows that host." if host else ""


WsgiApp = Callable[..., Iterable[bytes]]


class WsgiPoster:
    """Posts to a WSGI application; each post has a thread of its own.

    Args:
        app: the application.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        self._long_lived: WeakSet[Thread] = WeakSet()

    def reaches(self, url: str) -> bool:
        """Whether it may post to ``url``: always, because no request is sent over the network."""
        del url
        return True

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> PostResult:
        """Post to the bot, and wait for the threads that it has started."""
        del redirected
        before = set(all_threads())
        exchange = _WsgiExchange(self._app, request)
        thread = Thread(target=exchange.run, name="graphcalls-bot", daemon=True)
        thread.start()
        thread.join(timeout)
        if thread.is_alive():
            exchange.abandoned = True
            return PostResult(seconds=timeout, error=no_answer(timeout), timed_out=True)
        self._outlast(before, linger)
        return exchange.answer

    def raised(self) -> Sequence[BaseException]:
        """Exceptions of the bot's tasks: none, because pytest reports those of threads itself."""
        return ()

    def _outlast(self, before: set[Thread], linger: float) -> None:
        """Wait for threads that the bot has started; one that takes longer is never waited for again."""
        deadline = time.monotonic() + linger
        for thread in set(all_threads()) - before - set(self._long_lived):
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self._long_lived.add(thread)

    def close(self) -> None:
        """There is nothing to release."""


class _WsgiExchange:
    """One request to a WSGI application, and its answer."""

    def __init__(self, app: WsgiApp, request: Request) -> None:
        self._app = app
        self._request = request
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self.answer = PostResult(error="returned without an answer")
        self.abandoned = False
        """Whether the poster has given up waiting for it."""

    def run(self) -> None:
        began = time.perf_counter()
        try:
            self._serve()
        except BaseException as error:  # noqa: BLE001  every error of a bot belongs into the ledger
            self.answer = PostResult(
                seconds=time.perf_counter() - began, error=f"raised {describe(error)}", trace=trace(error)
            )
            return
        code = self._status.partition(" ")[0]
        if code.isdecimal():
            body, ended = bytes(self._body[:MAX_ANSWER_BYTES]), time.perf_counter()
            self.answer = PostResult(int(code), Headers(self._headers), body, ended - began, moment=ended)
        elif self._status:
            what = f"answered with the status {self._status[:80]!r}, which does not begin with a number"
            self.answer = PostResult(seconds=time.perf_counter() - began, error=what)

    def _serve(self) -> None:
        result = self._app(_environ(self._request), self._start)
        try:
            for chunk in result:
                self._body += chunk
                if self.abandoned:
                    break
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        del exc_info
        self._status, self._headers = str(status), [(str(name), str(value)) for name, value in headers]
        return self._body.extend


def _environ(request: Request) -> dict[str, Any]:
    url = urlsplit(request.url)
    facts: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(url.port or 443),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": CLIENT_ADDRESS[0],
        "HTTP_HOST": url.netloc,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    named = {name.upper().replace("-", "_"): value for name, value in request.headers.pairs}
    facts["CONTENT_TYPE"] = named.pop("CONTENT_TYPE", "")
    named.pop("CONTENT_LENGTH", None)
    return {**facts, **{f"HTTP_{name}": value for name, value in named.items()}}
