"""The server in a thread ends without a word, whatever its connections are doing."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from asyncio import sslproto
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from urllib.parse import urlsplit

import pytest

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import _left_to_write, serve_in_thread
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Request, Response


def test_a_tls_connection_that_is_through_has_nothing_left_to_write() -> None:
    """asyncio's TLS transport asks the protocol that it has let go of."""
    loop = asyncio.new_event_loop()
    try:
        protocol = sslproto.SSLProtocol(
            loop, asyncio.Protocol(), ssl.create_default_context(), None, False, "localhost"
        )
        transport = protocol._get_app_transport()
        assert _left_to_write(transport) == 0
        transport.close()
        transport._ssl_protocol = None
        assert _left_to_write(transport) == 0
    finally:
        loop.close()


def test_a_port_that_is_taken_is_named() -> None:
    """Before a thread is started, where the error would be lost."""
    with serve_in_thread(SimulatorApp(Simulator())) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(SettingError, match=f"--port={port}: expected a port to listen on at 127.0.0.1"):
            serve_in_thread(SimulatorApp(Simulator()), port=port).__enter__()


HALF = b"POST /v1.0/communications/calls HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{"
WHOLE = HALF.replace(b"9", b"1")


def sent(url: str, data: bytes) -> socket.socket:
    """A connection that has sent ``data``."""
    parts = urlsplit(url)
    client = socket.create_connection((parts.hostname, parts.port))
    client.sendall(data)
    return client


def test_the_server_ends_without_a_log_line_while_a_body_is_half_received(caplog: pytest.LogCaptureFixture) -> None:
    """The connection is closed; its request is not carried out."""
    simulator = Simulator()
    seen: list[object] = []
    simulator.observe(seen.append)
    with caplog.at_level(logging.WARNING):
        with serve_in_thread(SimulatorApp(simulator)) as url:
            client = sent(url, HALF)
            answered = sent(url, WHOLE)
            assert answered.recv(12) == b"HTTP/1.1 401"  # so the server has read the other one, too
        with client, answered:
            assert client.recv(1) == b""
    assert (caplog.records, len(seen)) == ([], 1)


def test_the_server_ends_without_a_log_line_while_an_answer_is_being_made(caplog: pytest.LogCaptureFixture) -> None:
    """One that takes longer than the server waits."""
    asked, over = Event(), Event()

    class Slow:
        def elapse(self, seconds: float) -> None:
            pass

        def handle(self, request: Request) -> Response:
            asked.set()
            over.wait(20)
            return Response(200)

    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(1) as threads:
        with serve_in_thread(SimulatorApp(Slow(), threads=threads)) as url:
            client = sent(url, WHOLE)
            assert asked.wait(20)
        over.set()
        with client:
            assert client.recv(1) == b""
    assert caplog.records == []
