"""An HTTP proxy that leads the host names of the cloud to our own server, and nowhere else.

Clients that read ``HTTPS_PROXY`` reach the simulator through it under Microsoft's own names. A tunnel ends at our
server with TLS, which has a certificate for these names: the proxy reads the request for a tunnel, and hands the
connection itself over. Nothing is decrypted or passed on here, and a request takes as long as at the server's own port.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

from pytest_graphcalls.contract import Cloud
from pytest_graphcalls.server.http import Running, base_url, listening
from pytest_graphcalls.validation import is_loopback

HEAD_WITHIN: Final = 10.0
"""Real seconds that a client has for the head of its request, and for the first byte in its tunnel."""
LONGEST_HEAD = 16 * 1024
"""Bytes of the head of a request, at most."""
MOST_WAITING = 500
"""Connections whose requests have not come yet, at the same time; more are refused."""
ACCEPT_AGAIN: Final = 0.05
"""Real seconds until the proxy accepts again, when it could not."""
MACHINE_IDENTITY = "169.254.169.254"
"""Where SDKs look for the identity of a cloud machine. A closed connection ends the search at once, where an error
status is asked for again for up to 70 seconds (clients 1.66)."""

_HEAD_END = b"\r\n\r\n"
_TLS_HANDSHAKE = b"\x16"
_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S{1,8000}) HTTP/1\.[01]\r\n")


class _Refused(Exception):  # noqa: N818  it is an answer, not an error of ours
    """Why a request is not led anywhere.

    Args:
        status: status and reason phrase.
        message: what the client reads. It is the reason phrase, too, because many clients show nothing else.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def proxy_in_thread(target: Running, cloud: Cloud, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Run a proxy until the block ends.

    Args:
        target: the server with TLS that the names lead to.
        cloud: has the names.
        host: address to listen on.
        port: port to listen on; 0 picks a free one.

    Yields:
        The URL of the proxy, e.g. ``http://127.0.0.1:49152``.

    Raises:
        SettingError: the address cannot be listened on.
    """
    with listening(host, port, "--proxy") as listener:
        stop, loop = asyncio.Event(), asyncio.SelectorEventLoop()
        work = _Proxy(target, cloud).serve_until(stop, listener)
        thread = Thread(target=_run, args=(loop, work), name="graphcalls-proxy", daemon=True)
        thread.start()
        try:
            # The socket listens already: a request sent now waits until the proxy accepts it.
            yield base_url(listener)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:  # its end cancels what still runs
        runner.run(work)


@dataclass(slots=True)
class _Proxy:
    target: Running
    cloud: Cloud
    tasks: set[asyncio.Future[None]] = field(default_factory=set)

    async def serve_until(self, stop: asyncio.Event, listener: socket.socket) -> None:
        """Serve connections until the event is set."""
        listener.settimeout(0)
        loop = asyncio.get_running_loop()
        loop.add_reader(listener, self._accept, loop, listener)
        await stop.wait()
        loop.remove_reader(listener)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _accept(self, loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:  # the client has left, or the process has too many files open
            loop.remove_reader(listener)
            loop.call_later(ACCEPT_AGAIN, loop.add_reader, listener, self._accept, loop, listener)
            return
        connection.settimeout(0)
        task = asyncio.ensure_future(self._serve(connection))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        # Here, because a task that is cancelled before its start does nothing; one that was handed over is not closed.
        task.add_done_callback(lambda _: connection.close())

    async def _serve(self, connection: socket.socket) -> None:
        """Serve one connection, whatever its client does."""
        try:
            await self._lead(connection)
        except _Refused as refused:
            with suppress(OSError):
                async with asyncio.timeout(HEAD_WITHIN):
                    await _refuse(connection, refused)
        except OSError:
            pass  # the client has left

    async def _lead(self, connection: socket.socket) -> None:
        method, address = await _request_line(connection)
        if len(self.tasks) > MOST_WAITING:
            raise _Refused(503, f"{MOST_WAITING} connections to the proxy of graphcalls wait already. Close some.")
        name, port = _host_and_port(method, address)
        if name == MACHINE_IDENTITY:
            return
        self._require_name(method, name, port)
        await asyncio.get_running_loop().sock_sendall(connection, b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            async with asyncio.timeout(HEAD_WITHIN):
                first = (await _look(connection))[:1]
        except TimeoutError:
            raise _Refused(408, f"Nothing came through the tunnel to {name} in {HEAD_WITHIN:g} s.") from None
        if first and first != _TLS_HANDSHAKE:
            raise _Refused(400, f"The tunnel to {name} takes TLS, and what came is none; use https.")
        if first:
            self.target.serve(socket.socket(fileno=connection.detach()))

    def _require_name(self, method: str, name: str, port: int) -> None:
        """Refuse whatever is no tunnel to a host of the cloud."""
        if is_loopback(name) or name == "localhost":
            raise _Refused(502, f"{name} is this machine; NO_PROXY={name} has clients ask it without the proxy.")
        if self.cloud.kind_of(name) is None:
            served = ", ".join(self.cloud.hosts)
            raise _Refused(502, f"{name} is no host that graphcalls simulates. It simulates {served}.")
        if method != "CONNECT":
            raise _Refused(502, f"http://{name} was asked for; a token would be readable on its way. Use https.")
        if port != 443:
            raise _Refused(502, f"Port {port} of {name} was asked for; it is served on 443 alone.")


async def _look(connection: socket.socket) -> bytes:
    """The bytes that were not read yet, once there are some; they stay unread. Empty when the client has left."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(LONGEST_HEAD, socket.MSG_PEEK)


async def _head(connection: socket.socket) -> bytes:
    """The head of a request; not a byte after it is read, because that is for the server."""
    head = b""
    while not head.endswith(_HEAD_END):
        seen = await _look(connection)
        if not seen:
            raise ConnectionResetError
        end = (head + seen).find(_HEAD_END)
        head += connection.recv(len(seen) if end < 0 else end + len(_HEAD_END) - len(head))
        if len(head) > LONGEST_HEAD:
            raise _Refused(431, f"The head of the request is longer than {LONGEST_HEAD} bytes.")
    return head


async def _request_line(connection: socket.socket) -> tuple[str, str]:
    """Method and address of a request, whose headers are read as well."""
    try:
        async with asyncio.timeout(HEAD_WITHIN):
            head = await _head(connection)
    except TimeoutError:
        raise _Refused(408, f"No whole request came in {HEAD_WITHIN:g} s.") from None
    found = _REQUEST_LINE.match(head)
    if found is None:
        raise _Refused(400, "This is an HTTP proxy; what came is no request of HTTP/1.1.")
    return found[1].decode("ascii"), found[2].decode("latin-1")


def _host_and_port(method: str, address: str) -> tuple[str, int]:
    if method != "CONNECT" and "://" not in address:
        raise _Refused(400, "This is an HTTP proxy, for HTTPS_PROXY; the simulator itself has another address.")
    try:
        url = urlsplit(f"//{address}" if method == "CONNECT" else address)
        return (url.hostname or "").rstrip("."), url.port or (443 if method == "CONNECT" else 80)
    except ValueError:
        raise _Refused(400, f"{address[:80]} is no host and port.") from None


async def _refuse(connection: socket.socket, refused: _Refused) -> None:
    text = f"[pytest-graphcalls] {refused}".encode("ascii", "replace").translate(None, b"\r\n")
    lines = (
        b"HTTP/1.1 %d %b" % (refused.status, text),
        b"Content-Type: text/plain",
        b"Content-Length: %d" % len(text),
        b"Connection: close",
        b"",
        text,
    )
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, b"\r\n".join(lines))
    connection.shutdown(socket.SHUT_WR)
    # Closed with bytes unread, the connection would be reset, and the answer lost with it.
    while await loop.sock_recv(connection, LONGEST_HEAD):
        pass
