"""What a client sees of a fault: in process through httpx, and over a socket, where it is the same."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from pytest_graphcalls.clients.httpx import SimulatorTransport, tls_context
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.simulator import Simulator
from tests.unit.simulator.bot import Bot

Ask = Callable[..., httpx.Response]
"""Asks for a call: method, id, and httpx's timeout."""
LONG = 60.0
"""Seconds that nothing here takes, on a busy machine either: they only end what hangs."""
DROPPED = "Server disconnected without sending a response."


def _facts(simulator: Simulator, **more: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {simulator.authority.token()}"}
    return {"headers": headers, "trust_env": False, "verify": False, "timeout": LONG, **more}


def _sync(simulator: Simulator, root: str, **more: Any) -> Ask:
    def ask(method: str, call: str, timeout: float | httpx.Timeout | None = LONG) -> httpx.Response:
        with httpx.Client(base_url=root, **_facts(simulator, timeout=timeout, **more)) as client:
            return client.request(method, f"/v1.0/communications/calls/{call}")

    return ask


def _async(simulator: Simulator, root: str, **more: Any) -> Ask:
    async def request(method: str, call: str, timeout: float | httpx.Timeout | None) -> httpx.Response:
        async with httpx.AsyncClient(base_url=root, **_facts(simulator, timeout=timeout, **more)) as client:
            return await client.request(method, f"/v1.0/communications/calls/{call}")

    return lambda method, call, timeout=LONG: asyncio.run(request(method, call, timeout))


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Callable[..., Ask]:
    found: Callable[..., Ask] = request.param
    return found


@pytest.fixture
def inside(simulator: Simulator, make: Callable[..., Ask]) -> Ask:
    """A client in the same process."""
    return make(simulator, "https://graph.microsoft.com", transport=SimulatorTransport(simulator))


@pytest.fixture
def served(simulator: Simulator) -> Iterator[str]:
    with serve_in_thread(SimulatorApp(simulator, frozen=True)) as url:
        yield url


@pytest.fixture(params=["inside", "outside"])
def ask(request: pytest.FixtureRequest, simulator: Simulator, make: Callable[..., Ask]) -> Ask:
    """A client in the same process, and one over a socket."""
    if request.param == "inside":
        found: Ask = request.getfixturevalue("inside")
        return found
    return make(simulator, request.getfixturevalue("served"))


def test_a_dropped_answer(simulator: Simulator, ask: Ask) -> None:
    """The call has ended, but its answer was lost; the next request is answered."""
    call = Bot(simulator).join()
    with simulator.fault("dropped", nth=1):
        with pytest.raises(httpx.RemoteProtocolError, match=DROPPED):
            ask("DELETE", call.id)
        assert ask("GET", call.id).status_code == 404
    assert call.state == "terminated"


@pytest.mark.parametrize(("facts", "sent"), [({"sent": 7}, 7), ({"sent": 0}, 0), ({}, None)])
def test_a_half_sent_answer(simulator: Simulator, ask: Ask, facts: dict[str, int], sent: int | None) -> None:
    """httpx shows how much has arrived."""
    call = Bot(simulator).join()
    whole = len(ask("GET", call.id).content)
    came = whole // 2 if sent is None else sent
    said = rf"peer closed connection without sending complete message body \(received {came} bytes, expected {whole}\)"
    with simulator.fault("half-sent", **facts), pytest.raises(httpx.RemoteProtocolError, match=said):
        ask("GET", call.id)
    assert ask("GET", call.id).status_code == 200


def test_the_head_of_a_half_sent_answer_can_be_read(simulator: Simulator, served: str) -> None:
    """In process as over a socket: status, headers, and the bytes that came."""
    call = Bot(simulator).join()
    simulator.fault("half-sent", sent=5)
    transports = (SimulatorTransport(simulator), httpx.HTTPTransport())
    for transport, root in zip(transports, ("https://graph.microsoft.com", served), strict=True):
        url = f"{root}/v1.0/communications/calls/{call.id}"
        with (
            httpx.Client(**_facts(simulator, transport=transport)) as client,
            client.stream("GET", url) as answer,
        ):
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("application/json")
            pieces = answer.iter_raw()
            came = next(pieces)
            with pytest.raises(httpx.RemoteProtocolError):
                next(pieces)
        assert len(came) == 5


def test_an_answer_without_a_body_that_is_half_sent_is_dropped(simulator: Simulator, ask: Ask) -> None:
    call = Bot(simulator).join()
    with simulator.fault("half-sent"), pytest.raises(httpx.RemoteProtocolError, match=DROPPED):
        ask("DELETE", call.id)


def test_other_faults_are_answers_like_any_other(simulator: Simulator, ask: Ask) -> None:
    call = Bot(simulator).join()
    with simulator.fault("429", retry_after=7):
        answer = ask("GET", call.id)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["code"] == "TooManyRequests"


def test_being_late_takes_virtual_time_in_process(simulator: Simulator, inside: Ask) -> None:
    """What falls due meanwhile happens, and the answer is from before."""
    call = simulator.incoming_call()
    with simulator.fault("latency", seconds=20):
        answer = inside("GET", call.id, timeout=30)
    assert (answer.json()["state"], simulator.now) == ("incoming", 20)
    assert inside("GET", call.id).status_code == 404


def test_a_client_gives_up_at_its_own_timeout_in_process(simulator: Simulator, inside: Ask) -> None:
    """In virtual time, and no sooner; without a timeout it waits."""
    call = Bot(simulator).join()
    began = simulator.now
    simulator.fault("latency", seconds=20)
    with pytest.raises(httpx.ReadTimeout, match="The read operation timed out"):
        inside("GET", call.id, timeout=5)
    assert simulator.now == began + 5
    assert inside("GET", call.id, timeout=20).status_code == 200
    assert inside("GET", call.id, timeout=None).status_code == 200


def test_being_late_takes_real_time_over_http(simulator: Simulator, make: Callable[..., Ask], served: str) -> None:
    """Virtual time that stands still stands still; a client that waits for less gives up."""
    ask = make(simulator, served)
    call = Bot(simulator).join()
    now = simulator.now
    with simulator.fault("latency", seconds=0.15):
        began = time.monotonic()
        assert ask("GET", call.id).status_code == 200
        assert time.monotonic() - began >= 0.15
    with simulator.fault("latency", seconds=3600), pytest.raises(httpx.ReadTimeout):
        ask("GET", call.id, timeout=httpx.Timeout(LONG, read=0.03))
    assert simulator.now == now


def test_other_requests_are_answered_while_one_waits(simulator: Simulator, served: str) -> None:
    call = Bot(simulator).join()
    simulator.fault("latency", seconds=3600, nth=1)
    url = f"{served}/v1.0/communications/calls/{call.id}"

    async def both() -> list[int]:
        done: list[int] = []

        async def ask(client: httpx.AsyncClient, name: int) -> None:
            await client.get(url)
            done.append(name)

        async with httpx.AsyncClient(**_facts(simulator)) as client:
            late = asyncio.ensure_future(ask(client, 1))
            while not simulator.faults.active[0].fired:
                await asyncio.sleep(0.005)
            await ask(client, 2)
            late.cancel()
        return done

    assert asyncio.run(both()) == [2]


def test_a_server_ends_while_an_answer_is_late(simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    """The server does not wait an hour for the answer, and logs nothing."""
    call = Bot(simulator).join()
    simulator.fault("latency", seconds=3600)
    began = time.monotonic()
    with serve_in_thread(SimulatorApp(simulator)) as url:
        host = urlsplit(url)
        with socket.create_connection((host.hostname, host.port)) as client:
            request = f"GET /v1.0/communications/calls/{call.id} HTTP/1.1\r\nHost: x\r\n\r\n"
            client.sendall(request.encode())
            while not simulator.faults.active[0].fired:
                time.sleep(0.005)
    assert time.monotonic() - began < 60
    assert caplog.text == ""


def test_a_connection_is_ended_over_tls_as_well(
    simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Late, in half and not at all; quietly."""
    call = Bot(simulator).join()
    with (
        certificate_in(tmp_path) as tls,
        serve_in_thread(SimulatorApp(simulator, frozen=True), certificate=tls.certificate) as url,
    ):
        address = f"{url}/v1.0/communications/calls/{call.id}"
        with httpx.Client(**_facts(simulator, verify=tls_context(str(tls.ca)))) as client:
            simulator.fault("latency", seconds=0.01)
            with simulator.fault("dropped"), pytest.raises(httpx.RemoteProtocolError, match=DROPPED):
                client.get(address)
            with simulator.fault("half-sent", sent=4), pytest.raises(httpx.RemoteProtocolError, match="received 4 "):
                client.get(address)
            assert client.get(address).status_code == 200
    assert caplog.text == ""


def test_an_application_under_another_server_sends_an_incomplete_answer(simulator: Simulator) -> None:
    """ASGI cannot end a connection; a server that is not ours sees an application that returns too soon."""
    call = Bot(simulator).join()
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/v1.0/communications/calls/{call.id}",
        "query_string": b"",
        "headers": [(b"host", b"graph.microsoft.com")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    with simulator.fault("dropped"):
        asyncio.run(SimulatorApp(simulator)(scope, receive, send))
    assert sent == []
    with simulator.fault("half-sent", sent=3):
        asyncio.run(SimulatorApp(simulator)(scope, receive, send))
    assert [(one["type"], one.get("more_body"), len(one.get("body", b""))) for one in sent] == [
        ("http.response.start", None, 0),
        ("http.response.body", True, 3),
    ]
