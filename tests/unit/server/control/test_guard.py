"""Who may ask the control addresses: this machine, and no web page that is open on it."""

from __future__ import annotations

import socket
from contextlib import closing

import httpx
import pytest

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import PREFIX, ControlledApp, Reach, ServerState
from pytest_graphcalls.server.control.app import refusal
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.validation import is_loopback
from pytest_graphcalls.wire import Headers, Request

HERE, ELSEWHERE = ("127.0.0.1", 50000), ("192.0.2.7", 50000)
URL = "http://127.0.0.1:8080/_graphcalls/reset"


def said(reach: Reach = Reach.LOCAL, client: tuple[str, int] | None = HERE, body: bytes = b"", **headers: str) -> str:
    given = {"Host": "127.0.0.1:8080"} | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = refusal(Request("POST", URL, Headers(given), body), client, reach)
    return "" if answer is None else f"{answer.status} {answer.json()['error']['message']}"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::1]:8080", "localhost:8080", "localhost", "192.0.2.7:8080"])
def test_this_machine_may_ask(host: str) -> None:
    """Requests from any address of this machine are allowed."""
    assert said(Host=host) == ""
    assert said(Host=host, client=("::1", 1)) == ""


@pytest.mark.parametrize("client", [ELSEWHERE, ("proxy", 1), ("", 0), None])
def test_another_machine_may_not(client: tuple[str, int] | None) -> None:
    """A client whose address is unknown may not, either."""
    assert said(client=client).startswith("403 /_graphcalls/reset answers this machine only")
    assert said(Reach.ANY, client=client) == ""


@pytest.mark.parametrize("host", ["evil.example:8080", "localhost.evil.example", "", "[", "127.0.0.1.evil.example"])
def test_a_name_that_leads_here_is_not_trusted(host: str) -> None:
    """The owner of a name can point it to this machine once a browser shows their page."""
    assert said(Host=host).startswith("403 Host: ")


@pytest.mark.parametrize("reach", [Reach.LOCAL, Reach.ANY])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9", "", "http://["])
def test_a_page_of_another_site_may_not_ask(origin: str, reach: Reach) -> None:
    """Browsers say where a page is from; another port is another site, too."""
    assert said(reach, Origin=origin).startswith("403 Origin: ")
    assert said(reach, Origin="http://127.0.0.1:8080") == ""
    assert said(reach, Sec_Fetch_Site="cross-site").startswith("403 Sec-Fetch-Site: cross-site")
    assert said(reach, Sec_Fetch_Site="same-origin") == ""


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_members_come_as_json(kind: str) -> None:
    """Forms of a web page do not."""
    assert said(body=b"{}", Content_Type=kind).startswith("415 Content-Type: ")
    assert said(body=b"{}", Content_Type="application/json; charset=utf-8") == ""


def test_switched_off_addresses_say_how_to_switch_them_on() -> None:
    """The answer is the same for all clients, and names the option."""
    assert said(Reach.OFF) == (
        "404 The control addresses are off. "
        "The server was started without; 'graphcalls serve --control local' switches them on."
    )


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("::ffff:192.0.2.7", False),
    ],
)
def test_the_names_of_this_machine(host: str, local: bool) -> None:
    """An address that is every address of it is not this machine alone."""
    assert is_loopback(host) is local


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs a socket for both IPv6 and IPv4")
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_server_on_every_address_knows_this_machine_by_both_protocols(host: str) -> None:
    """A client of an IPv6 socket that uses IPv4 has an IPv4-mapped address."""
    simulator = Simulator()
    app = ControlledApp(ServerState.of(simulator, SimulatorApp(simulator)))
    with closing(app), serve_in_thread(app, "::") as url:
        port = url.rpartition(":")[2]
        assert httpx.get(f"http://{host}:{port}{PREFIX}").status_code == 200


def test_a_proxy_says_whom_it_speaks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one on this machine is believed, whatever the environment says; else another machine could say it is us."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    simulator = Simulator()
    app = ControlledApp(ServerState.of(simulator, SimulatorApp(simulator)))
    with closing(app), serve_in_thread(app) as url:
        plain = httpx.get(f"{url}{PREFIX}")
        behind = httpx.get(f"{url}{PREFIX}", headers={"X-Forwarded-For": "127.0.0.1, 192.0.2.7"})
    assert (plain.status_code, behind.status_code) == (200, 403)
