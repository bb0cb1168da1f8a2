"""Post a request to a bot over HTTP, and the interface of every poster; ``inprocess`` has those without a socket."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
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
        """See :meth:`Poster.reaches`."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError):  # the latter for lone surrogates
            return False
        host = parsed.host.lower()
        return parsed.scheme in {"http", "https"} and (is_loopback(host) or host in self._allowed)

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> PostResult:
        """See :meth:`Poster.post`; the bot's work after its answer is invisible here."""
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
            return PostResult(seconds=time.perf_counter() - began, error=_describe(error, timeout), timed_out=timed_out)
        except RuntimeError:
            if not self._client.is_closed:
                raise
            return PostResult(seconds=time.perf_counter() - began, error=CLOSED)
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw])
        ended = time.perf_counter()
        return PostResult(answer.status_code, headers, body, ended - began, moment=ended, url=str(sent.url))

    def raised(self) -> Sequence[BaseException]:
        """See :meth:`Poster.raised`: none is visible behind a URL."""
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
        return f"gave no answer within {timeout:g} s"
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
