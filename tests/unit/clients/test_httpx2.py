"""httpx2: the transports serve its clients as they serve those of httpx, and the two are not mixed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
import requests

from pytest_graphcalls.clients.httpx import CheckedTransport, SimulatorTransport
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Exchange
from tests.unit.simulator.bot import Bot

CALLS = "https://graph.microsoft.com/v1.0/communications/calls"
Ask = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Sends a request through a transport, by a sync or an async client of a library."""

    def sync(library: ModuleType, transport: Any, *args: Any, **facts: Any) -> Any:
        with library.Client(transport=transport) as client:
            return client.request(*args, **facts)

    async def send(library: ModuleType, transport: Any, *args: Any, **facts: Any) -> Any:
        async with library.AsyncClient(transport=transport) as client:
            return await client.request(*args, **facts)

    if request.param == "sync":
        return sync
    return lambda *args, **facts: asyncio.run(send(*args, **facts))


def signed(simulator: Simulator) -> dict[str, str]:
    return {"Authorization": f"Bearer {simulator.authority.token()}"}


def test_one_transport_serves_clients_of_both_libraries(ask: Ask) -> None:
    """Each is answered with a response of its own library."""
    simulator = Simulator()
    call = Bot(simulator).join()
    transport = SimulatorTransport(simulator)
    for library in (httpx, httpx2, httpx):
        answer = ask(library, transport, "GET", f"{CALLS}/{call.id}", headers=signed(simulator))
        assert type(answer) is library.Response
        assert answer.json()["id"] == call.id


def test_faults_are_failures_of_the_clients_library(ask: Ask) -> None:
    """A late, a dropped and a cut answer raise what httpx2 raises, and the error has its request."""
    simulator = Simulator()
    call, transport = Bot(simulator).join(), SimulatorTransport(simulator)
    for fault, facts, kind in (
        ("latency", {"seconds": 90}, httpx2.ReadTimeout),
        ("dropped", {}, httpx2.RemoteProtocolError),
        ("half-sent", {"sent": 7}, httpx2.RemoteProtocolError),
    ):
        with simulator.fault(fault, **facts), pytest.raises(kind) as raised:
            ask(httpx2, transport, "GET", f"{CALLS}/{call.id}", headers=signed(simulator))
        assert isinstance(raised.value.request, httpx2.Request)


def test_exchanges_are_checked(ask: Ask) -> None:
    """An answer that breaks the contract is found, and reaches the client unchanged."""
    recorder = Recorder(Contract.packaged())
    wrong = httpx2.MockTransport(lambda request: httpx2.Response(204, json={"surprise": True}))
    answer = ask(httpx2, CheckedTransport(wrong, recorder), "DELETE", f"{CALLS}/57da", headers={"Authorization": "B x"})
    assert answer.json() == {"surprise": True}
    assert "call-delete.success-is-204-empty" in {finding.rule for finding in recorder.findings}


def test_a_simulator_can_be_inside(ask: Ask) -> None:
    """Our transports fit clients of both libraries, inside one another as well."""
    seen: list[Exchange] = []
    inside = CheckedTransport(SimulatorTransport(Simulator()), seen.append)
    assert ask(httpx2, inside, "GET", f"{CALLS}/57da").status_code == 401
    assert [exchange.response.status for exchange in seen] == [401]


def test_a_played_answer_is_known_as_one(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, ask: Ask
) -> None:
    """A library that plays recordings answers in place of httpx2's network as of httpx's."""

    async def later(*_: object) -> httpx2.Response:
        return httpx2.Response(404)

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", lambda *_: httpx2.Response(404))
    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", later)
    seen: list[Exchange] = []
    kind = httpx2.AsyncHTTPTransport if "async" in request.node.name else httpx2.HTTPTransport
    assert ask(httpx2, CheckedTransport(kind(), seen.append), "GET", CALLS).status_code == 404
    assert [exchange.played for exchange in seen] == [True]


def test_a_transport_of_the_other_library_is_named(ask: Ask) -> None:
    """The error names the transport of the right library."""
    with pytest.raises(
        TypeError, match=r"httpx\.HTTPTransport is no httpx2\.(Async)?BaseTransport; a sync client"
    ) as e:
        ask(httpx2, CheckedTransport(httpx.HTTPTransport()), "GET", CALLS)
    assert "own library: httpx2." in str(e.value)


def test_a_request_of_neither_is_named() -> None:
    """A user of another library reads what that library takes."""
    transport: Any = SimulatorTransport(Simulator())
    with pytest.raises(
        TypeError, match=r"requests\.models\.Request is neither of httpx nor of httpx2\. .*SimulatorAdapter"
    ):
        transport.handle_request(requests.Request("GET", CALLS))
    with requests.Session() as session:
        session.mount("https://graph.microsoft.com", transport)
        with pytest.raises(TypeError, match=r"SimulatorTransport is for another library .* requests mounts .*Adapter"):
            session.get(CALLS)


def test_httpx2_is_not_imported_before_it_is_used() -> None:
    """A project without httpx2 never loads it, nor requests."""
    program = "import sys; import pytest_graphcalls.clients.httpx; assert not {'httpx2', 'requests'} & {*sys.modules}"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
