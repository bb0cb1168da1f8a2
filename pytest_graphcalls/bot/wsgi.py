"""Post a request to a WSGI application in the same process, each in a thread of its own."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from threading import Thread, enumerate as all_threads
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit
from weakref import WeakSet

from pytest_graphcalls.bot.inprocess import CLIENT_ADDRESS, describe, no_answer, trace
from pytest_graphcalls.bot.posting import MAX_ANSWER_BYTES, PostResult
from pytest_graphcalls.wire import Headers, Request

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
        """See :meth:`.Poster.reaches`: any address, because no request is sent over the network."""
        del url
        return True

    def post(self, request: Request, timeout: float, linger: float, *, redirected: bool = False) -> PostResult:
        """See :meth:`.Poster.post`; threads that the bot has started are waited for."""
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
        """See :meth:`.Poster.raised`: a thread's own errors are pytest's to report."""
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
