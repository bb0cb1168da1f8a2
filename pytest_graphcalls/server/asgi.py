"""The simulator as an ASGI application, for clients in every language."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from contextlib import suppress
from threading import Lock
from typing import Any

from pytest_graphcalls.compression import UnreadableBodyError, decompress
from pytest_graphcalls.simulator.admission import BODY_LIMIT
from pytest_graphcalls.simulator.faults import Faulty
from pytest_graphcalls.simulator.hosting import Service
from pytest_graphcalls.wire import Headers, Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CLOSE = "graphcalls.close"
"""ASGI extension of our server: its ``close`` ends the connection after what was sent, its ``stopping`` is an
``asyncio.Event`` that is set when the server stops. Under other servers the application ends a connection by returning
before its answer is complete."""


_INCOMPLETE = "The body is not as long as Content-Length says."


class _BodyError(Exception):
    """Why a request is not carried out, as an answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.response = Response(status, Headers({"Content-Type": "text/plain"}), message.encode())


class Room:
    """Memory for the bodies that are being received, of all connections together. Safe under threads.

    Args:
        most: bytes.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        self._lock = Lock()

    def take(self, size: int) -> bool:
        """Take ``size`` bytes; whether they were there."""
        with self._lock:
            has_room = self.taken + size <= self.most
            self.taken += size if has_room else 0
            return has_room

    def give_back(self, size: int) -> None:
        """Return bytes that were taken."""
        with self._lock:
            self.taken -= size


ROOM = Room(64 * 1024 * 1024)


class SimulatorApp:
    """An ASGI 3 application (HTTP and lifespan) in front of a simulator.

    Virtual time follows real time: before each request it is advanced by what has passed since the last.

    Args:
        service: a simulator, or a host of several.
        frozen: whether virtual time moves by ``advance`` only.
        elapsed: the clock to follow, in seconds from any point.
        threads: runs a service that may have to wait; by default it runs in the event loop.
    """

    def __init__(
        self,
        service: Service,
        *,
        frozen: bool = False,
        elapsed: Callable[[], float] = time.monotonic,
        threads: Executor | None = None,
    ) -> None:
        self._service = service
        self._threads = threads
        self._frozen = frozen
        self._elapsed = elapsed
        self._last = elapsed()
        self._lock = Lock()
        self._kinds = {"http": self._http, "lifespan": self._lifespan, "websocket": self._websocket}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection; web sockets are refused."""
        await self._kinds[scope["type"]](scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = _request(scope, await _body(scope, receive))
        except _BodyError as refused:
            with suppress(OSError):  # the client may have disconnected
                await _send(refused.response, send)
            return
        self.follow()
        response = await self._answer(request)
        if isinstance(response, Faulty):
            await self._send_faulty(response, scope, receive, send)
        else:
            await _send(response, send)

    async def _answer(self, request: Request) -> Response:
        if self._threads is None:
            return self._service.handle(request)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._service.handle, request)

    async def _send_faulty(self, response: Faulty, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an answer late, in part, or not at all, as a fault says."""
        server = scope.get("extensions", {}).get(CLOSE)
        wanted = await _late(response.delay, receive, server and server["stopping"])
        self.follow()
        if wanted:
            await _send(response.whole, send, response.sent)
        if server is not None and not (wanted and response.sent is None):
            server["close"]()
            await receive()  # until the connection has ended: uvicorn logs an error for a return before that

    @property
    def frozen(self) -> bool:
        """Whether virtual time moves by ``advance`` only."""
        return self._frozen

    def freeze(self) -> None:
        """Stop virtual time; what has passed until now has passed."""
        self.follow()
        self._frozen = True

    def thaw(self) -> None:
        """Let virtual time follow real time again, from now on."""
        with self._lock:
            self._last, self._frozen = self._elapsed(), False

    def follow(self) -> None:
        """Let as much virtual time pass as real time has since the last call."""
        passed = self.passed()
        if not self._frozen:
            self._service.elapse(passed)

    def passed(self) -> float:
        """Real seconds since the last call; the caller lets them pass in virtual time, unless it is frozen."""
        with self._lock:
            passed, self._last = self._elapsed() - self._last, self._elapsed()
        return max(0.0, passed)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI's signature
        for stage in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{stage}.complete"})

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI's signature
        await receive()
        await send({"type": "websocket.close", "code": 1000})


async def _late(seconds: float, receive: Receive, stopping: asyncio.Event | None) -> bool:
    """Wait, and say whether the client is still there then, and the server goes on."""
    if not seconds:
        return True
    ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(receive())]
    if stopping is not None:
        ends.append(asyncio.ensure_future(stopping.wait()))
    try:
        done, _ = await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()
    return not done


async def _send(response: Response, send: Send, sent: int | None = None) -> None:
    """Send an answer, or the first ``sent`` bytes of its body, or below 0 nothing."""
    if sent is not None and sent < 0:
        return
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.pairs]
    if response.status != 204 and "content-length" not in response.headers:
        headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body[:sent], "more_body": sent is not None})


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The body of a request. What is past the limit is read and dropped, so that the client receives the refusal.

    Raises:
        _BodyError: it did not arrive whole, is not as long as announced, or there is no room for it.
    """
    headers = dict(scope["headers"])
    announced = headers.get(b"content-length")
    kept, size, more, has_room = bytearray(), 0, True, True
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                # Without either header there is no body in HTTP/1.1, so all of the request is here.
                if size or announced not in (None, b"0") or b"transfer-encoding" in headers:
                    raise _BodyError(400, _INCOMPLETE)
                return b""
            piece = message.get("body", b"")
            size += len(piece)
            if len(kept) <= BODY_LIMIT and has_room:
                has_room = ROOM.take(len(piece))
                kept += piece
                if not has_room:
                    ROOM.give_back(len(kept) - len(piece))
                    kept.clear()
            more = message.get("more_body", False)
    finally:
        ROOM.give_back(len(kept))
    if not has_room:
        raise _BodyError(413, "The server receives too many large bodies at the moment. Try again.")
    if announced not in (None, b"%d" % size):
        raise _BodyError(400, _INCOMPLETE)
    return bytes(kept)


def _request(scope: Scope, body: bytes) -> Request:
    headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    server = scope.get("server") or ("localhost", None)
    host = headers.get("host") or ":".join(str(part) for part in server if part is not None)
    url = f"{scope.get('scheme', 'http')}://{host}{path}"
    if headers.get("content-encoding", "").lower() == "gzip":
        # Graph undoes it (https://github.com/microsoftgraph/msgraph-sdk-design/pull/71); no other way is reported.
        try:
            body = decompress(body, "gzip")
        except UnreadableBodyError as error:
            raise _BodyError(400, f"{error}".capitalize()) from None
    return Request(scope["method"].upper(), f"{url}?{query}" if query else url, headers, body, served=True)
