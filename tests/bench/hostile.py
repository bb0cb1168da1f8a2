"""``graphcalls serve`` under hostile requests: how much it grows, and how long others wait meanwhile.

The server is a process of its own on the loopback address. It is given bodies of 4 MB, requests without a token and to
unknown addresses, forged tokens, long addresses and headers, broken bodies, and connections that end early.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench.measure import Figure, at_most

BODIES, BODY = 100, 4 * 1024 * 1024 - 64
REQUESTS, TURNS = 20_000, 10
LANES = 2
"""Connections that send hostile requests, as fast as they are answered."""
BOUND = 32.0
"""MB that the ledger may take."""
CALLS = "/v1.0/communications/calls"


@dataclass(frozen=True)
class Served:
    """A ``graphcalls serve``: where it is, a token for it, and its process."""

    port: int
    token: str
    process: subprocess.Popen[str]

    @property
    def megabytes(self) -> float:
        """Memory that the process holds now."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        return int(found[1]) / 1024 if found else 0.0


@contextmanager
def serving(*options: str) -> Iterator[Served]:
    """A server until the block ends."""
    command = [sys.executable, "-c", "from pytest_graphcalls.cli import main; raise SystemExit(main())", "serve"]
    process = subprocess.Popen([*command, "--port", "0", *options], stdout=subprocess.PIPE, text=True)
    try:
        greeting = ""
        for line in process.stdout or ():
            greeting += line
            if line.startswith("Ctrl-C"):
                break
        url = re.search(r"http://127\.0\.0\.1:\d+", greeting)
        token = re.search(r"GRAPHCALLS_TOKEN=(\S+)", greeting)
        assert url is not None
        assert token is not None
        yield Served(urlsplit(url[0]).port or 0, token[1], process)
    finally:
        process.terminate()
        process.wait(20)


class Connection:
    """A kept-alive connection of a client that does as little as possible itself."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, head: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send a request, and give status and body of the answer; ``(0, b"")`` when there was none."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        reader, writer = self._streams
        try:
            writer.write(
                f"{head}\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            )
            await writer.drain()
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\ncontent-length: *(\d+)", answer)
            content = await reader.readexactly(int(length[1])) if length else b""
            if re.search(rb"(?i)\nconnection: *close", answer):
                self.close()
        except (OSError, EOFError):
            self.close()
            return 0, b""
        return int(answer.split()[1]), content

    def close(self) -> None:
        """End the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """A connection until the block ends."""
    one = Connection(port)
    try:
        yield one
    finally:
        one.close()


def hostile(token: str, seed: int) -> Iterator[tuple[str, bytes]]:
    """Requests without end, none of which may be carried out."""
    chance = random.Random(seed)
    bearer = f"\r\nAuthorization: Bearer {token}"
    kind = "\r\nContent-Type: application/json"
    forged = f"{token[:-8]}AAAAAAAA"
    while True:
        number, long = chance.randrange(10**9), "x" * chance.randrange(1, 40_000)
        yield f"POST {CALLS} HTTP/1.1{kind}", json.dumps({"pad": long}).encode()
        yield f"GET {CALLS}/{number} HTTP/1.1", b""
        yield f"GET /{number}/{long} HTTP/1.1{bearer}", b""
        yield f"POST {CALLS}/{number}/reject HTTP/1.1\r\nAuthorization: Bearer {forged}{kind}", b'{"reason": "busy"}'
        yield f"GET {CALLS}/{number} HTTP/1.1\r\nAuthorization: Bearer eyJ{long}.e30.x\r\nX-Long: {long[:20000]}", b""
        yield f"POST {CALLS} HTTP/1.1{bearer}{kind}", b'{"pad": "' + long.encode()
        yield f"POST {CALLS}/{number}/participants/invite HTTP/1.1{bearer}{kind}", b"[" * 5000
        yield (
            "POST /common/oauth2/v2.0/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded",
            (f"client_id={number}&client_secret={long}&grant_type=client_credentials".encode()),
        )
        yield f"PUT /_graphcalls/{number} HTTP/1.1{kind}", json.dumps({"pad": long}).encode()


async def flood(served: Served, count: int, lane: int) -> int:
    """Send so many hostile requests over a connection; give the number of those that were not refused."""
    async with connected(served.port) as connection:
        requests = itertools.islice(hostile(served.token, lane), count)
        answers = [(await connection.send(head, body))[0] for head, body in requests]
    return sum(not 400 <= status < 500 for status in answers)


async def waits(served: Served, until: Callable[[int], bool]) -> list[float]:
    """How long a client waits that asks for a call every few milliseconds."""
    head = f"GET {CALLS}/57da HTTP/1.1\r\nAuthorization: Bearer {served.token}"
    found: list[float] = []
    async with connected(served.port) as connection:
        while not until(len(found)):
            began = time.perf_counter()
            status, _ = await connection.send(head)
            assert status == 404
            found.append(time.perf_counter() - began)
            await asyncio.sleep(0.005)
    return found


def p99(found: list[float]) -> float:
    """The wait that one in a hundred exceeds."""
    return statistics.quantiles(found, n=100)[98]


def in_turns(served: Served, turns: int, *work: Callable[[int], Coroutine[Any, Any, Any]]) -> tuple[float, list[Any]]:
    """How much longer another client waits, at p99, while others are at work, and what came of that work.

    Quiet and busy turns alternate, so that both see the same load of the machine.
    """
    alone, busy, results = [], [], []
    _run(waits(served, lambda asked: asked >= 100))
    for turn in range(turns):
        alone += _run(waits(served, lambda asked: asked >= 1000 // turns))
        found, result = _run(meanwhile(served, *(one(turn) for one in work)))
        busy += found
        results += result
    return p99(busy) / p99(alone), results


def _one_lane(served: Served, lane: int, turn: int) -> Coroutine[Any, Any, int]:
    return flood(served, REQUESTS // LANES // TURNS, lane + LANES * turn)


async def meanwhile(served: Served, *work: Coroutine[Any, Any, Any]) -> tuple[list[float], list[Any]]:
    """The waits of a client while others are at work, and what comes of that work."""
    # Threads of their own: what they send would else be made between two looks at the clock.
    others = asyncio.gather(*(asyncio.to_thread(asyncio.run, one) for one in work))
    return await waits(served, lambda _: others.done()), await others


def half_received(served: Served) -> float:
    """MB by which the server grows while so many bodies of 4 MB lack their end."""
    start, clients = served.megabytes, []
    head = f"POST {CALLS} HTTP/1.1\r\nHost: h\r\nContent-Length: {BODY + 1}\r\n\r\n".encode()
    for _ in range(BODIES):
        clients.append(socket.create_connection(("127.0.0.1", served.port)))
        clients[-1].sendall(head + b"x" * BODY)
    grown = served.megabytes - start
    for client in clients:
        client.close()
    return grown


async def large_bodies(served: Served) -> None:
    """Bodies of 4 MB, half of them without a token."""
    bodies = (b'{"pad": "' + b"x" * BODY + b'"}', b"x" * BODY)
    async with connected(served.port) as connection:
        for number in range(BODIES):
            bearer = f"\r\nAuthorization: Bearer {served.token}" if number % 4 == 0 else ""
            kind = "\r\nContent-Type: application/json"
            await connection.send(f"POST {CALLS} HTTP/1.1{bearer}{kind}", bodies[number % 2])


async def ledger(served: Served) -> tuple[float, int]:
    """Seconds that ``GET ledger`` takes, and the bytes of its answer."""
    began = time.perf_counter()
    async with connected(served.port) as connection:
        status, body = await connection.send("GET /_graphcalls/ledger HTTP/1.1")
    assert status == 200
    return time.perf_counter() - began, len(body)


@contextmanager
def slow_bot() -> Iterator[str]:
    """A bot that needs 5 ms for each notification."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(0.005)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:  # connections that end when the server stops
            pass

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/calls"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def advance_while_others_call(served: Served, bot: str, seconds: float = 30.0) -> float:
    """Real seconds that 0.2 virtual ones take while other clients place calls all the time; cut off after a while."""
    over = asyncio.Event()
    kind = "\r\nContent-Type: application/json"

    async def place_calls() -> None:
        async with connected(served.port) as connection:
            while not over.is_set():
                await connection.send(f"POST /_graphcalls/calls HTTP/1.1{kind}", b'{"caller": "Adele"}')

    async with connected(served.port) as connection:
        await connection.send(f"POST /_graphcalls/bot HTTP/1.1{kind}", json.dumps({"url": bot}).encode())
        others = [asyncio.create_task(place_calls()) for _ in range(4)]
        await asyncio.sleep(0.2)
        began = time.perf_counter()
        asked = connection.send(f"POST /_graphcalls/clock/advance HTTP/1.1{kind}", b'{"seconds": 0.2}')
        with suppress(TimeoutError):
            await asyncio.wait_for(asked, seconds)
        took = time.perf_counter() - began
        over.set()
        await asyncio.gather(*others)
    return took


def _run(work: Awaitable[Any]) -> Any:
    async def one() -> Any:
        return await work

    return asyncio.run(one())


def figures() -> Iterator[Figure]:
    """Growth, waits and the time of control requests under attack."""
    with serving() as served:
        _run(flood(served, 200, 99))
        start = served.megabytes
        _run(large_bodies(served))
        yield at_most(f"grows under {BODIES} bodies of 4 MB", served.megabytes - start, 20 + BOUND, unit="MB")
        seconds, size = _run(ledger(served))
        yield at_most(f"GET ledger after it ({size / 2**20:.1f} MB)", seconds, 5, unit="s")
    with serving() as served:
        _run(flood(served, 200, 99))
        start = served.megabytes
        lanes = (partial(_one_lane, served, lane) for lane in range(LANES))
        ratio, passed = in_turns(served, TURNS, *lanes)
        yield at_most(f"grows under {REQUESTS} hostile requests", served.megabytes - start, 20 + BOUND, unit="MB")
        yield at_most("hostile requests that were not refused with 4xx", sum(passed), 0, unit="requests")
        yield at_most("another client waits, during the flood, p99 over quiet", ratio, 5)
        ratio, read = in_turns(served, 3, lambda _: ledger(served))
        seconds, size = read[0]
        yield at_most(f"GET ledger after it ({size / 2**20:.1f} MB)", seconds, 20, unit="s")
        yield at_most("another client waits, during GET ledger, p99 over quiet", ratio, 5)
    with serving() as served:
        yield at_most(f"grows under {BODIES} half-received bodies of 4 MB", half_received(served), 100, unit="MB")
    for options in ((), ("--frozen",)):
        with slow_bot() as bot, serving(*options) as served:
            took = _run(advance_while_others_call(served, bot))
        name = f"advance by 0.2 s while others place calls{' (frozen)' if options else ''}"
        yield at_most(name, took, 10, unit="s")
