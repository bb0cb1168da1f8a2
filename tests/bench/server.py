"""The simulator over HTTP, beside a bare uvicorn echo; Prism and moto's server where they are installed."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measure import Figure, at_least

ECHO = """
import sys, uvicorn
BODY = b"x" * int(sys.argv[2])
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""
OURS = """
import sys
from tests.bench.simulator import joined
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.simulator import Simulator
import uvicorn
simulator = Simulator()
simulator.open_directory = True
call = joined(simulator, 2)
simulator.advance(1)
print(f"/v1.0/communications/calls/{call}", simulator.authority.token(), flush=True)
uvicorn.run(SimulatorApp(simulator, frozen=True), port=int(sys.argv[1]), log_level="error")
"""


def figures() -> Iterator[Figure]:
    """GET throughput of whole servers, in turns, over kept-alive connections."""
    with _server(OURS) as (ours, said):
        path, token = said.split()
        size = len(asyncio.run(_get(ours, path, token)))
        with _server(ECHO, str(size)) as (echo, _):
            rates: dict[str, list[float]] = {"echo": [], "ours": []}
            for _round in range(7):
                rates["echo"].append(_rate(echo, "/", ""))
                rates["ours"].append(_rate(ours, path, token))
    yield Figure("bare uvicorn echo over HTTP", f"{statistics.median(rates['echo']):.0f} GET/s", f"({size} bytes)")
    yield Figure("the simulator over HTTP", f"{statistics.median(rates['ours']):.0f} GET/s")
    share = statistics.median(a / b for a, b in zip(rates["ours"], rates["echo"], strict=True))
    yield at_least("  over the bare echo", share, 0.5)
    yield from _neighbours()


def _neighbours() -> Iterator[Figure]:
    for name, command, path in _commands():
        if shutil.which(command[0]) is None:
            yield Figure(name, "not installed")
            continue
        port = _free_port()
        process = subprocess.Popen(
            [word.replace("PORT", str(port)) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait(port)
            rate = statistics.median(_rate(port, path, "", requests=200) for _ in range(3))
            yield Figure(name, f"{rate:.0f} GET/s")
        finally:
            process.terminate()
            process.wait()


def _commands() -> Iterator[tuple[str, list[str], str]]:
    description = {
        "openapi": "3.0.0",
        "info": {"title": "calls", "version": "1"},
        "paths": {
            "/call": {
                "get": {
                    "responses": {
                        "200": {
                            "description": "a call",
                            "content": {"application/json": {"example": {"id": "1", "state": "established"}}},
                        }
                    }
                }
            }
        },
    }
    file = Path(tempfile.mkdtemp()) / "openapi.json"
    file.write_text(json.dumps(description))
    yield "Prism, static example", ["prism", "mock", "--port", "PORT", str(file)], "/call"
    moto = str(Path(sys.executable).parent / "moto_server")
    yield "moto's server", [moto, "--port", "PORT"], "/moto-api/data.json"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, limit: float = 60.0) -> None:
    deadline = time.monotonic() + limit
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def _server(source: str, *arguments: str) -> Iterator[tuple[int, str]]:
    port = _free_port()
    command = [sys.executable, "-c", source, str(port), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        _wait(port)
        said = process.stdout.readline().strip() if process.stdout and source is OURS else ""
        yield port, said
    finally:
        process.terminate()
        process.wait()


def _rate(port: int, path: str, token: str, requests: int = 1500, lanes: int = 8) -> float:
    start = time.perf_counter()
    asyncio.run(_load(port, path, token, requests // lanes, lanes))
    return requests / (time.perf_counter() - start)


async def _load(port: int, path: str, token: str, requests: int, lanes: int) -> None:
    await asyncio.gather(*(_lane(port, path, token, requests) for _ in range(lanes)))


async def _lane(port: int, path: str, token: str, requests: int) -> bytes:
    # A client written for this purpose, so that it is the server that is measured.
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    message = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}\r\n".encode()
    body = b""
    for _ in range(requests):
        writer.write(message)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        body = await reader.readexactly(length)
        assert head.startswith(b"HTTP/1.1 200"), head
    writer.close()
    return body


async def _get(port: int, path: str, token: str) -> bytes:
    return await _lane(port, path, token, 1)
