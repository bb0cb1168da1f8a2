"""A tunnel between a tenant and this machine: a public address behind TLS that leads to a local port."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.wire import Headers, Request, Response


def free_port() -> int:
    """A port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Tunnel:
    """Sends on what comes in, and the answer back.

    Args:
        port: where it leads.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._client = httpx.Client(
            trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )  # the authorities of the world are not asked
        self.strips = ""
        """What it takes off the front of a path, as a badly set up one does."""

    def handle(self, request: Request) -> Response:
        """Send it on; 502 when no server answers."""
        parts = urlsplit(request.url)
        target = parts._replace(
            scheme="http", netloc=f"127.0.0.1:{self.port}", path=parts.path.removeprefix(self.strips)
        )
        headers = [*request.headers.without("Host").pairs, ("X-Forwarded-For", "203.0.113.7")]
        try:
            answer = self._client.request(request.method, target.geturl(), headers=headers, content=request.body)
        except httpx.ConnectError:
            return Response(502, Headers(), b"no server")
        return Response(answer.status_code, Headers(), answer.content)

    def elapse(self, seconds: float) -> None:
        """Do nothing: a tunnel has no clock."""

    @contextmanager
    def open(self, folder: Path) -> Iterator[str]:
        """Let it be there until the block ends; gives its public address. ``folder`` has the authority to trust."""
        with (
            certificate_in(folder) as tls,
            serve_in_thread(SimulatorApp(self, frozen=True), certificate=tls.certificate) as url,
        ):
            yield url
        self._client.close()
