"""A real HTTP server in a thread, for clients that cannot be given a transport."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, cast

import uvicorn

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server.asgi import CLOSE

STOP_WITHIN = 5.0
"""Seconds after which the thread of a server that stops is no longer waited for."""
ANSWER_WITHIN = 1.0
"""Seconds that open answers get when the server stops."""

AsgiApp = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs.

    Attributes:
        url: its base URL, e.g. ``http://127.0.0.1:49152``.
        serve: lets it serve a connection that was accepted elsewhere, as one of its own; from any thread.
    """

    url: str
    serve: Callable[[socket.socket], None]


@contextmanager
def serve_in_thread(
    app: AsgiApp, host: str = "127.0.0.1", port: int = 0, *, certificate: Path | None = None
) -> Iterator[str]:
    """Serve an ASGI application until the block ends; gives the base URL. Takes and raises what :func:`server` does."""
    with server(app, host, port, certificate=certificate) as running:
        yield running.url


@contextmanager
def server(
    app: AsgiApp, host: str = "127.0.0.1", port: int = 0, *, certificate: Path | None = None
) -> Iterator[Running]:
    """Serve an ASGI application until the block ends.

    Args:
        app: the application.
        host: address to listen on.
        port: port to listen on; 0 picks a free one.
        certificate: PEM file with private key and certificates; with one the server speaks TLS.

    Raises:
        SettingError: the address cannot be listened on.
    """
    with listening(host, port) as listener:
        stopping = asyncio.Event()
        settings = config(_closing(app, stopping), certificate)
        settings.load()  # not in the thread, where the error for an unreadable certificate would be lost
        serving = _Server(settings, stopping)
        thread = Thread(target=serving.run, kwargs={"sockets": [listener]}, name="graphcalls-server", daemon=True)
        thread.start()
        try:
            # The socket listens already: a request sent now waits until the server accepts it.
            yield Running(base_url(listener, "https" if certificate else "http"), serving.take)
        finally:
            serving.should_exit = True
            thread.join(STOP_WITHIN)
            serving.force_exit = True
            thread.join(STOP_WITHIN)


def _closing(app: AsgiApp, stopping: asyncio.Event) -> AsgiApp:
    """Give ``app`` the means to end a connection before its answer is complete, which ASGI does not have."""

    async def closing(scope: Any, receive: Any, send: Any) -> None:
        cycle = getattr(send, "__self__", None)  # uvicorn's send is a method of the request's cycle
        if scope["type"] == "http" and cycle is not None:
            scope.setdefault("extensions", {})[CLOSE] = {"close": cycle.transport.close, "stopping": stopping}
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            if cycle is None or not stopping.is_set():
                raise
            # uvicorn logs a traceback for what is raised, and an error for a return while the client is connected.
            cycle.transport.abort()
            await _until(lambda: cycle.disconnected)

    return closing


async def _until(condition: Callable[[], bool], rounds: int = 100) -> None:
    """Let the event loop run until a condition holds, for a limited number of rounds."""
    for _ in range(rounds):
        if condition():
            return
        await asyncio.sleep(0)


class _Server(uvicorn.Server):
    """A server that stops within :data:`STOP_WITHIN`, whatever its clients do, and logs nothing meanwhile.

    Requests that are half received, and answers that a fault delays, are dropped; other answers get a second.

    Args:
        settings: how it runs.
        stopping: is set when it stops.
    """

    def __init__(self, settings: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(settings)
        self._stopping = stopping
        self._loop: Future[asyncio.AbstractEventLoop] = Future()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop.set_result(asyncio.get_running_loop())

    def take(self, connection: socket.socket) -> None:
        """Serve a connection that was accepted elsewhere; it is closed here.

        Raises:
            TimeoutError: the server does not run.
        """
        loop = self._loop.result(STOP_WITHIN)
        asyncio.run_coroutine_threadsafe(self._taken(connection), loop)

    async def _taken(self, connection: socket.socket) -> None:
        facts = {"config": self.config, "server_state": self.server_state, "app_state": self.lifespan.state}
        protocol: Any = partial(self.config.http_protocol_class, **facts)
        with suppress(OSError):  # no TLS comes, or a broken one: that client alone is concerned
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection, ssl=self.config.ssl)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        # Over TLS a connection that is closed stays until the client answers, and one that is kept for later, longer.
        for connection in tuple(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)  # those of web sockets have none
            half_received = cycle is not None and cycle.more_body and not cycle.response_complete
            connection.shutdown()
            if half_received or (connection.transport.is_closing() and not _left_to_write(connection.transport)):
                connection.transport.abort()
        await self._end_tasks()
        await super().shutdown(sockets)
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    async def _end_tasks(self) -> None:
        """Wait a second for the open answers, then cancel them."""
        await asyncio.sleep(0)
        tasks = tuple(self.server_state.tasks)
        late = (await asyncio.wait(tasks, timeout=ANSWER_WITHIN))[1] if tasks else ()
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=ANSWER_WITHIN)


def _left_to_write(transport: asyncio.Transport) -> int:
    """Bytes that a connection has still to send."""
    try:
        return transport.get_write_buffer_size()
    except AttributeError:  # asyncio's TLS transport forgets its protocol once it is through, and asks it all the same
        return 0


def config(app: AsgiApp, certificate: Path | None = None) -> uvicorn.Config:
    """Settings of our servers: no access log, the process's own logging, and the simulator's own ``Date``."""
    return uvicorn.Config(
        cast("Any", app),  # uvicorn's own type spells out every kind of scope
        log_config=None,
        log_level="error",
        access_log=False,
        lifespan="off",
        ssl_certfile=certificate,
        server_header=False,
        date_header=False,
        forwarded_allow_ips="127.0.0.1,::1",  # by default the environment says who may speak for another machine
        timeout_graceful_shutdown=int(ANSWER_WITHIN),
    )


def base_url(listener: socket.socket, scheme: str = "http") -> str:
    """The URL that reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@contextmanager
def listening(host: str, port: int, option: str = "--port") -> Iterator[socket.socket]:
    """A socket that listens until the block ends.

    Args:
        host: address to listen on.
        port: port to listen on; 0 picks a free one.
        option: which option the port is from.

    Raises:
        SettingError: the address cannot be listened on.
    """
    try:
        listener = _bound(host, port)
    except (socket.gaierror, UnicodeError) as error:  # a name of which a part is too long
        raise SettingError("--host", host, "an address of this machine", f"{error}.") from error
    except (OSError, OverflowError) as error:
        step = f"{error}. Give another port, or 0 for a free one."
        raise SettingError(option, str(port), f"a port to listen on at {host}", step) from error
    with listener:
        yield listener


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    # With the protocol named: asyncio switches Nagle's algorithm off only then, which would cost 40 ms a request.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address[0], port, *address[2:]))
        listener.listen(128)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener
