"""The server in a thread ends without a word, whatever its connections are doing."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import sslproto

import pytest

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import _left_to_write, serve_in_thread
from pytest_graphcalls.simulator import Simulator


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
    """Before a thread is started, so that somebody hears of it."""
    with serve_in_thread(SimulatorApp(Simulator())) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(SettingError, match=f"127.0.0.1:{port}: expected an address to listen on"):
            serve_in_thread(SimulatorApp(Simulator()), port=port).__enter__()
