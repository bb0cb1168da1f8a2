"""An HTTP proxy that leads the host names of the cloud to our own server, and nowhere else.

Clients that read ``HTTPS_PROXY`` reach the simulator through it under Microsoft's own names. A tunnel ends at the
server's TLS port, which has a certificate for these names; nothing is decrypted here.
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
from pytest_graphcalls.server.http import base_url, listening
from pytest_graphcalls.validation import is_loopback

HEAD_WITHIN: Final = 10.0
"""Real seconds that a client has for the head of its request, and for the first bytes in its tunnel."""
LONGEST_HEAD = 16 * 1024
"""Bytes of the head of a request, at most."""
MOST_TUNNELS = 500
"""Connections at the same time; more are refused."""
PIECE = 64 * 1024
"""Bytes that are passed on at once."""
MACHINE_IDENTITY = "169.254.169.254"
"""Where SDKs look for the identity of a cloud machine. A closed connection ends the search at once, where an error
status is asked for again for up to 70 seconds (clients 1.66)."""

_HEAD_END = b"\r\n\r\n"
_TLS_HANDSHAKE = 0x16
_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S{1,8000}) HTTP/1\.[01]\r\n")

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


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
def proxy_in_thread(target: str, cloud: Cloud, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Run a proxy until the block ends.

    Args:
        target: base URL of the server with TLS that the names lead to.
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
    target: str
    cloud: Cloud
    tasks: set[asyncio.Future[None]] = field(default_factory=set)

    async def serve_until(self, stop: asyncio.Event, listener: socket.socket) -> None:
        """Serve connections until the event is set."""
        server = await asyncio.start_server(self._connected, sock=listener, limit=PIECE)
        await stop.wait()
        # Accept no more before the close: asyncio would never close a connection that it accepts in that very moment.
        asyncio.get_running_loop().remove_reader(listener)
        for _ in range(5):
            await asyncio.sleep(0)
        server.close()
        for task in (*self.tasks,):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda _: writer.close())  # of a task that is cancelled before its start, too

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, whatever its client does."""
        try:
            await self._lead(reader, writer)
        except _Refused as refused:
            with suppress(OSError, TimeoutError):
                await asyncio.wait_for(_refuse(reader, writer, refused), HEAD_WITHIN)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has left, or the proxy ends

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, address = await _request_line(reader)
        if len(self.tasks) > MOST_TUNNELS:
            raise _Refused(503, f"The proxy of graphcalls has {MOST_TUNNELS} connections open. Close some.")
        name, port = _host_and_port(method, address)
        if name == MACHINE_IDENTITY:
            return
        self._require_name(method, name, port)
        url = urlsplit(self.target)
        upstream = await asyncio.open_connection(url.hostname, url.port, limit=PIECE)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            first = await asyncio.wait_for(reader.read(PIECE), HEAD_WITHIN)
            if first and first[0] != _TLS_HANDSHAKE:
                raise _Refused(400, f"The tunnel to {name} takes TLS, and what came is none; use https.")
            upstream[1].write(first)
            await _pass_on((reader, writer), upstream)
        except TimeoutError:
            raise _Refused(408, f"Nothing came through the tunnel to {name} in {HEAD_WITHIN:g} s.") from None
        finally:
            upstream[1].close()

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


async def _request_line(reader: asyncio.StreamReader) -> tuple[str, str]:
    """Method and address of a request, whose headers are read as well."""
    try:
        head = await asyncio.wait_for(reader.readuntil(_HEAD_END), HEAD_WITHIN)
    except TimeoutError:
        raise _Refused(408, f"No whole request came in {HEAD_WITHIN:g} s.") from None
    except asyncio.LimitOverrunError:
        head = b"-" * (LONGEST_HEAD + 1)
    if len(head) > LONGEST_HEAD:
        raise _Refused(431, f"The head of the request is longer than {LONGEST_HEAD} bytes.")
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


async def _pass_on(client: _Streams, server: _Streams) -> None:
    """Pass bytes on in both directions, until one side has ended."""
    directions = [
        asyncio.ensure_future(_pump(client[0], server[1])),
        asyncio.ensure_future(_pump(server[0], client[1])),
    ]
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        writer.write(piece)
        await writer.drain()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refused: _Refused) -> None:
    text = f"[pytest-graphcalls] {refused}".encode("ascii", "replace").translate(None, b"\r\n")
    lines = (
        b"HTTP/1.1 %d %b" % (refused.status, text),
        b"Content-Type: text/plain",
        b"Content-Length: %d" % len(text),
        b"Connection: close",
        b"",
        text,
    )
    writer.write(b"\r\n".join(lines))
    await writer.drain()
    writer.write_eof()
    # Closed with bytes unread, the connection would be reset, and the answer lost with it.
    while await reader.read(PIECE):
        pass
