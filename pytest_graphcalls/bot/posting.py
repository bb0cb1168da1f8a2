"""Posting to a bot: what came of it, and the way over HTTP. The ways inside a process are in ``inprocess.py``."""

from __future__ import annotations

import inspect
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from pytest_graphcalls.clients.httpx import tls_context
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.validation import is_loopback
from pytest_graphcalls.wire import NO_HEADERS, Headers, Request

KEPT = 64 * 1024
"""Bytes of an answer that are read; a bot's answer to a notification is short or empty."""


LEFT = "was left before it was told"
"""Error of a post that came too late."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a post.

    Attributes:
        status: the bot's, or ``None``: there was no answer.
        headers: of the answer.
        body: of the answer, as far as it was read.
        seconds: real seconds until the answer was there, or until nobody waited any longer.
        error: what went wrong, or ``""``. It may have gone wrong after the answer.
        trace: the bot's traceback, or ``""``.
        moment: ``time.perf_counter()`` when the answer was there; 0 without one.
        late: whether it was waited for in vain.
    """

    status: int | None = None
    headers: Headers = NO_HEADERS
    body: bytes = b""
    seconds: float = 0.0
    error: str = ""
    trace: str = ""
    moment: float = 0.0
    late: bool = False


class Poster(Protocol):
    """A way to a bot. Nothing that a bot does makes it raise."""

    def reaches(self, url: str) -> bool:
        """Whether ``url``, which the bot has redirected to, may be posted to this way."""
        ...

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> Answer:
        """Post to the bot.

        Args:
            request: its URL says the path; the host is the poster's own affair.
            timeout: real seconds to wait for the answer.
            linger: real seconds to wait for what the bot goes on doing after it, where that can be seen.
            redirected: the URL is where the bot has redirected to, and :meth:`reaches` has said yes to it.
        """
        ...

    def close(self) -> None:
        """Leave the bot."""
        ...


def poster(where: Any, allow_hosts: Collection[str] = (), timeout: float = 5.0) -> Poster:
    """The way to ``where``.

    Args:
        where: an ASGI or WSGI application, or a URL.
        allow_hosts: hosts that a URL may name besides this machine.
        timeout: seconds that the application has to start.

    Raises:
        SettingError: it is none of them, a URL of another machine, or an application that does not start.
    """
    if isinstance(where, str):
        return HttpPoster(where, allow_hosts)
    from pytest_graphcalls.bot.inprocess import AsgiPoster, WsgiPoster

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
                "bot", url, "http:// or https:// and this machine (localhost, 127.0.0.1, ::1)", _allow_it(url)
            )
        self._base = httpx.URL(url)
        tls = tls_context(trust_env=True) if self._base.scheme == "https" else False
        self._client = httpx.Client(verify=tls, trust_env=False, follow_redirects=False)

    def reaches(self, url: str) -> bool:
        """See :meth:`Poster.reaches`."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError):  # the latter for halves of characters
            return False
        host = parsed.host.lower()
        return parsed.scheme in {"http", "https"} and (is_loopback(host) or host in self._allowed)

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> Answer:
        """See :meth:`Poster.post`; what a bot does after its answer cannot be seen from here."""
        del linger
        began = time.perf_counter()
        try:
            sent = self._client.build_request(
                request.method,
                request.url if redirected else self._base.copy_with(raw_path=httpx.URL(request.url).raw_path),
                headers=list(request.headers.pairs),
                content=request.body,
                timeout=timeout,
            )
            answer = self._client.send(sent, stream=True)
            try:
                body = _read(answer, began + timeout)
            finally:
                answer.close()
        except (httpx.TransportError, httpx.InvalidURL) as error:
            late = isinstance(error, httpx.TimeoutException)
            return Answer(seconds=time.perf_counter() - began, error=_said(error, timeout), late=late)
        except RuntimeError:
            if not self._client.is_closed:
                raise
            return Answer(seconds=time.perf_counter() - began, error=LEFT)
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw])
        ended = time.perf_counter()
        return Answer(answer.status_code, headers, body, ended - began, moment=ended)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _read(answer: httpx.Response, deadline: float) -> bytes:
    body = bytearray()
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) >= KEPT:
            break
        if time.perf_counter() > deadline:
            raise httpx.ReadTimeout("the answer did not end")
    return bytes(body[:KEPT])


def _said(error: Exception, timeout: float) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"is not there ({error})"
    if isinstance(error, httpx.TimeoutException):
        return f"gave no answer within {timeout:g} s"
    return f"gave no HTTP answer ({error or type(error).__name__})"


def _allow_it(url: str) -> str:
    try:
        host = httpx.URL(url).host
    except (httpx.InvalidURL, UnicodeError):
        host = ""
    return f"allow_hosts=[{host!r}] allows that host." if host else ""
