"""The proxy that leads Microsoft's host names to the simulator."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server import proxy as module
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import Running, server
from pytest_graphcalls.server.proxy import LONGEST_HEAD, proxy_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.hosting import ByHost

PATIENCE = 30.0
"""Seconds after which a silent proxy is taken for stuck."""

NOWHERE = Running("https://127.0.0.1:1", lambda connection: connection.close())


@dataclass
class Way:
    """A simulator behind a proxy, and what its clients trust."""

    simulator: Simulator
    url: str
    ca: Path

    def client(self, **facts: object) -> httpx.Client:
        verify = ssl.create_default_context(cafile=str(self.ca))
        return httpx.Client(proxy=self.url, verify=verify, trust_env=False, **facts)  # type: ignore[arg-type]  # any of its parameters

    def raw(self, *pieces: bytes) -> bytes:
        """What the proxy answers to bytes, until it closes the connection."""
        url = urlsplit(self.url)
        with socket.create_connection((url.hostname or "", url.port or 0), PATIENCE) as connection:
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    simulator = Simulator(start=datetime.now(UTC))
    app = SimulatorApp(ByHost(simulator, simulator.cloud), frozen=True)
    with (
        certificate_in(tmp_path_factory.mktemp("ca"), simulator.cloud.hosts) as tls,
        server(app, certificate=tls.certificate) as target,
        proxy_in_thread(target, simulator.cloud) as url,
    ):
        yield Way(simulator, url, tls.ca)


def test_every_host_of_the_cloud_is_reached_under_its_own_name(way: Way) -> None:
    """With a certificate for it, and each answers what it serves."""
    token = way.simulator.authority.token()
    with way.client() as client:
        call = client.get("https://graph.microsoft.com/v1.0/communications/calls/x", headers={"Authorization": token})
        assert call.json()["error"]["code"] == "InvalidAuthenticationToken"
        for name in ("login.microsoftonline.com", "login.windows.net", "sts.windows.net", "weu.login.microsoft.com"):
            found = client.get(f"https://{name}/common/v2.0/.well-known/openid-configuration")
            assert found.json()["token_endpoint"] == f"https://{name}/common/oauth2/v2.0/token"
        for name in ("api.aps.skype.com", "login.botframework.com", "api.botframework.com"):
            found = client.get(f"https://{name}/v1/.well-known/OpenIdConfiguration")
            assert client.get(found.json()["jwks_uri"]).json()["keys"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (
            "https://login.microsoftonline.com/v1.0/communications/calls",
            "login.microsoftonline.com serves the sign-in. /v1.0/communications/calls belongs to Microsoft Graph: "
            "ask graph.microsoft.com.",
        ),
        (
            "https://graph.microsoft.com/common/discovery/v2.0/keys",
            "graph.microsoft.com serves Microsoft Graph. /common/discovery/v2.0/keys belongs to the sign-in: ask "
            "login.microsoftonline.com or login.microsoft.com or *.login.microsoft.com or login.windows.net or "
            "sts.windows.net.",
        ),
    ],
)
def test_a_host_does_not_serve_the_paths_of_another(way: Way, url: str, says: str) -> None:
    """A bot with a wrong host name fails here as it would outside."""
    with way.client() as client:
        answer = client.get(url)
    assert (answer.status_code, answer.text) == (404, f"[pytest-graphcalls] {says}")


def test_another_host_is_refused_by_name(way: Way) -> None:
    """The sentence is in the reason phrase, because many clients show nothing else."""
    with (
        way.client() as client,
        pytest.raises(httpx.ProxyError, match=r"502 .* example\.com is no host that graphcalls"),
    ):
        client.get("https://example.com/")


@pytest.mark.parametrize(
    ("head", "status", "says"),
    [
        (
            "GET http://example.com/ HTTP/1.1",
            502,
            "example.com is no host that graphcalls simulates. It",
        ),
        (
            "GET http://graph.microsoft.com/v1.0 HTTP/1.1",
            502,
            "http://graph.microsoft.com was asked for; a token would",
        ),
        (
            "CONNECT graph.microsoft.com:8443 HTTP/1.0",
            502,
            "Port 8443 of graph.microsoft.com was asked for; it",
        ),
        ("CONNECT localhost:3978 HTTP/1.1", 502, "localhost is this machine; NO_PROXY=localhost has clients ask it"),
        ("CONNECT graph.microsoft.com:x HTTP/1.1", 400, "graph.microsoft.com:x is no host and port."),
        (
            "GET /v1.0/communications/calls HTTP/1.1",
            400,
            "This is an HTTP proxy, for HTTPS_PROXY; the",
        ),
        ("\x16\x03\x01 not HTTP", 400, "This is an HTTP proxy; what came is no request of HTTP/1.1."),
        (
            f"GET http://a/ HTTP/1.1\r\nX: {'y' * LONGEST_HEAD}",
            431,
            "The head of the request is longer than 16384",
        ),
        (f"GET http://a/ HTTP/1.1\r\nX: {'y' * 200_000}", 431, "The head of the request is longer than 16384"),
    ],
)
def test_a_request_that_leads_nowhere_gets_a_sentence(way: Way, head: str, status: int, says: str) -> None:
    """The body and the reason phrase of the answer have the sentence."""
    answer = way.raw(head.encode("latin-1") + b"\r\n\r\n").decode()
    assert answer.startswith(f"HTTP/1.1 {status} [pytest-graphcalls] {says}")
    first, _, body = answer.partition("\r\n\r\n")
    assert body == first.partition("\r\n")[0].partition(f"{status} ")[2]


def test_a_search_for_a_cloud_machines_identity_ends_at_once(way: Way) -> None:
    """An error status would be asked for again and again (clients 1.66)."""
    assert way.raw(b"GET http://169.254.169.254/metadata/instance HTTP/1.1\r\nMetadata: true\r\n\r\n") == b""


def test_a_tunnel_takes_tls_alone(way: Way) -> None:
    """A client that speaks HTTP in it reads why nothing works."""
    answer = way.raw(b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n")
    assert b"200 Connection established" in answer
    assert b"The tunnel to graph.microsoft.com takes TLS, and what came is none; use https." in answer


def test_a_broken_tls_hello_ends_the_tunnel(way: Way) -> None:
    """The server's alert comes back, and the next client is served."""
    answer = way.raw(b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05\xff\xff\xff\xff\xff")
    assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n\r\n")
    with way.client() as client:
        assert client.get("https://graph.microsoft.com/v1.0/communications/calls/x").status_code == 401


def test_a_client_that_sends_nothing_is_let_go(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bounded time, before its request and within its tunnel."""
    monkeypatch.setattr(module, "HEAD_WITHIN", 0.05)
    url = urlsplit(way.url)
    for sent, says in (
        (b"", b"408 "),
        (b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n", b"Nothing came through the"),
    ):
        with socket.create_connection((url.hostname or "", url.port or 0), PATIENCE) as silent:
            silent.sendall(sent)
            answer = b""
            while piece := silent.recv(4096):
                answer += piece
        assert says in answer


def test_more_connections_than_the_most_are_refused(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says how many there are."""
    monkeypatch.setattr(module, "MOST_WAITING", 0)
    assert b"503 [pytest-graphcalls] 0 connections to the proxy of graphcalls wait already. Close some." in way.raw(
        b"GET / HTTP/1.1\r\n\r\n"
    )


def test_open_tunnels_do_not_hold_up_the_end(way: Way) -> None:
    """A client that never closes its own is cut off."""
    with proxy_in_thread(NOWHERE, way.simulator.cloud) as other:
        url = urlsplit(other)
        idle = socket.create_connection((url.hostname or "", url.port or 0), PATIENCE)
    with idle:
        try:
            answer = idle.recv(1)
        except ConnectionResetError:  # it had not been accepted yet
            answer = b""
        assert answer == b""


def test_a_taken_port_is_said_with_its_option(way: Way) -> None:
    """The error names --proxy rather than the server's own port."""
    taken = urlsplit(way.url).port or 0
    other = proxy_in_thread(NOWHERE, way.simulator.cloud, port=taken)
    with pytest.raises(SettingError, match="--proxy"), other:
        pass
