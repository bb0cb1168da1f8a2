"""httpx: the simulator as a transport, the check around another transport, the conversions."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from pytest_graphcalls.clients.httpx import (
    CheckedTransport,
    SimulatorTransport,
    make_async_client,
    make_client,
    to_httpx_response,
    to_wire_request,
    to_wire_response,
)
from pytest_graphcalls.clients.network import Network
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import ContractViolationError
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.session import Recorder, recording
from pytest_graphcalls.simulator import Host, Simulator
from pytest_graphcalls.wire import Exchange, Headers, Response

ROOT = "https://graph.microsoft.com/v1.0"
BODY = {
    "@odata.type": "#microsoft.graph.call",
    "callbackUri": "https://bot.example.com/calls",
    "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
}
Ask = Callable[..., httpx.Response]


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Callable[[Any], Ask]:
    """Makes a function that sends a request through a transport, by a sync or an async client."""

    def sync(transport: Any) -> Ask:
        return lambda *args, **facts: make_client(transport, ROOT, "").request(*args, **facts)

    def asynchronous(transport: Any) -> Ask:
        async def send(*args: Any, **facts: Any) -> httpx.Response:
            async with make_async_client(transport, ROOT, "") as client:
                return await client.request(*args, **facts)

        return lambda *args, **facts: asyncio.run(send(*args, **facts))

    return {"sync": sync, "async": asynchronous}[request.param]


def signed(simulator: Simulator) -> dict[str, str]:
    return {"Authorization": f"Bearer {simulator.authority.token()}"}


# The simulator


def test_a_client_talks_to_the_simulator(ask: Callable[[Any], Ask], simulator: Simulator) -> None:
    """Status, headers and body arrive as the simulator gave them."""
    send = ask(SimulatorTransport(simulator))
    seen: list[Exchange] = []
    simulator.observe(seen.append)
    answer = send(
        "POST", "/communications/calls", json={**BODY, **simulator.meeting().coordinates}, headers=signed(simulator)
    )
    assert answer.status_code == 201
    assert answer.content == seen[0].response.body
    assert answer.headers["location"] == f"{ROOT}/communications/calls/{answer.json()['id']}"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.elapsed.total_seconds() >= 0


def test_an_empty_answer_is_empty(ask: Callable[[Any], Ask], simulator: Simulator) -> None:
    """202 says so with Content-Length, 204 does not."""
    send = ask(SimulatorTransport(simulator))
    call = simulator.incoming_call()
    path = f"/communications/calls/{call.id}/reject"
    answer = send("POST", path, json={"reason": "busy"}, headers=signed(simulator))
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers.get_list("content-length") == ["0"]


def test_a_transport_can_lead_to_a_host(ask: Callable[[Any], Ask], simulator: Simulator) -> None:
    """The tenant of the token answers."""
    host = Host()
    host.add(simulator)
    call = simulator.incoming_call()
    answer = ask(SimulatorTransport(host))("GET", f"/communications/calls/{call.id}", headers=signed(simulator))
    assert answer.json()["state"] == "incoming"


def test_a_body_that_is_produced_bit_by_bit_arrives_whole(simulator: Simulator) -> None:
    """Streamed requests are read before they are handed on."""
    seen: list[Exchange] = []
    simulator.observe(seen.append)

    def bits() -> Iterator[bytes]:
        yield b'{"reason":'
        yield b'"busy"}'

    client = make_client(SimulatorTransport(simulator), ROOT, simulator.authority.token())
    call = simulator.incoming_call()
    headers = {"Content-Type": "application/json"}
    answer = client.post(f"/communications/calls/{call.id}/reject", content=bits(), headers=headers)
    assert answer.status_code == 202
    assert seen[0].request.body == b'{"reason":"busy"}'


def test_an_answer_can_be_streamed(simulator: Simulator) -> None:
    """client.stream() reads what there is."""
    client = make_client(SimulatorTransport(simulator), ROOT, "")
    with client.stream("GET", "/nowhere") as answer:
        assert json.loads(b"".join(answer.iter_bytes()))["error"]["code"] == "BadRequest"


# The conversions


def test_conversions_keep_what_was_sent() -> None:
    """Spelling and repetition of headers, the address, the bytes."""
    request = httpx.Request(
        "POST", f"{ROOT}/a%20b?c=d", headers=[("X-A", "1"), ("X-A", "ü".encode("latin-1"))], content=b"\x00"
    )
    wire = to_wire_request(request)
    assert (wire.method, wire.url, wire.body) == ("POST", f"{ROOT}/a%20b?c=d", b"\x00")
    assert [pair for pair in wire.headers.pairs if pair[0] == "X-A"] == [("X-A", "1"), ("X-A", "ü")]
    answer = to_httpx_response(Response(200, Headers([("X-A", "1"), ("X-A", "2")]), b"x"))
    assert answer.read() == b"x"
    assert answer.headers.get_list("x-a") == ["1", "2"]
    assert to_wire_response(answer).headers.pairs[:2] == (("X-A", "1"), ("X-A", "2"))


# The check


def wrong(request: httpx.Request) -> httpx.Response:
    """A service that answers a removal as nothing documents."""
    return httpx.Response(200, json={"removed": True})


REMOVAL = "/communications/calls/57da/participants/7d50"
TOKEN = {"Authorization": "Bearer x"}


def test_exchanges_are_recorded(ask: Callable[[Any], Ask]) -> None:
    """The recorder that was given sees each exchange once, and the client gets the answer."""
    seen: list[Exchange] = []
    answer = ask(CheckedTransport(httpx.MockTransport(wrong), seen.append))("DELETE", REMOVAL, headers=TOKEN)
    assert answer.json() == {"removed": True}
    (exchange,) = seen
    assert exchange.request.method == "DELETE"
    assert exchange.request.url == f"{ROOT}{REMOVAL}"
    assert exchange.response.json() == {"removed": True}


def test_the_running_test_records(ask: Callable[[Any], Ask]) -> None:
    """Without a recorder of its own the transport asks for the current one."""
    recorder = Recorder(Contract.packaged())
    with recording(recorder):
        ask(CheckedTransport(httpx.MockTransport(wrong)))("DELETE", REMOVAL, headers=TOKEN)
    assert [finding.rule for finding in recorder.findings] == ["participant-delete.success-is-204-empty"]


def test_without_a_recorder_a_violation_raises(ask: Callable[[Any], Ask], no_recorder: None) -> None:
    """The message is that of a failing test; a right exchange passes."""
    with pytest.raises(ContractViolationError, match=r"participant-delete\.success-is-204-empty") as raised:
        ask(CheckedTransport(httpx.MockTransport(wrong)))("DELETE", REMOVAL, headers=TOKEN)
    assert isinstance(raised.value, AssertionError)
    right = httpx.MockTransport(lambda request: httpx.Response(204))
    assert ask(CheckedTransport(right))("DELETE", REMOVAL, headers=TOKEN).status_code == 204


def test_an_operation_is_compared_with_the_answer_that_started_it(ask: Callable[[Any], Ask], no_recorder: None) -> None:
    """The transport remembers what was started, also where no test records."""
    call = "/v1.0/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896"
    muted = {"@odata.type": "#microsoft.graph.muteParticipantOperation", "id": "0fe0623f", "status": "completed"}

    def answer(request: httpx.Request) -> httpx.Response:
        read = {"@odata.type": "#microsoft.graph.playPromptOperation"} if request.method == "GET" else {}
        return httpx.Response(200, json={**muted, **read})

    send = ask(CheckedTransport(httpx.MockTransport(answer)))
    assert send("POST", f"https://graph.microsoft.com{call}/mute", headers=TOKEN).status_code == 200
    with pytest.raises(ContractViolationError, match=r"commsoperation-get\.shows-what-was-started"):
        send("GET", f"https://graph.microsoft.com{call}/operations/0fe0623f", headers=TOKEN)


def test_a_played_answer_is_not_compared_with_its_request(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, ask: Callable[[Any], Ask]
) -> None:
    """A library that plays recordings answers in place of the network, with what an earlier request was answered."""
    body = {"@odata.type": "#microsoft.graph.muteParticipantOperation", "id": "0fe0623f", "status": "completed"}

    def played(*_: object) -> httpx.Response:
        return httpx.Response(200, json={**body, "clientContext": "of the recording"})

    async def played_later(*_: object) -> httpx.Response:
        return played()

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", played)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", played_later)
    url = "https://graph.microsoft.com/v1.0/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896/mute"
    kind = httpx.AsyncHTTPTransport if "async" in request.node.name else httpx.HTTPTransport
    recorder = Recorder(Contract.packaged())
    ask(CheckedTransport(kind(), recorder))("POST", url, headers=TOKEN, json={"clientContext": "of now"})
    assert (len(recorder.exchanges), recorder.findings) == (1, ())


def test_exchanges_with_other_hosts_are_not_judged(ask: Callable[[Any], Ask], no_recorder: None) -> None:
    """What is not Graph is none of our business."""
    transport = CheckedTransport(httpx.MockTransport(wrong))
    assert ask(transport)("GET", "https://example.com/anything").status_code == 200


@pytest.fixture
def no_recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_graphcalls.clients.httpx.current_recorder", lambda: None)


def test_compressed_answers_are_judged_and_decoded_once(ask: Callable[[Any], Ask]) -> None:
    """The recorder sees plain bytes, the client decodes as ever."""
    plain = json.dumps({"value": []}).encode()

    def zipped(request: httpx.Request) -> httpx.Response:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return httpx.Response(200, headers=headers, content=gzip.compress(plain))

    seen: list[Exchange] = []
    answer = ask(CheckedTransport(httpx.MockTransport(zipped), seen.append))("GET", "/x")
    assert answer.content == seen[0].response.body == plain


def test_an_error_of_the_inner_transport_stays_one(ask: Callable[[Any], Ask]) -> None:
    """A request without an answer is not recorded."""

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    seen: list[Exchange] = []
    with pytest.raises(httpx.ConnectError, match="connection refused"):
        ask(CheckedTransport(httpx.MockTransport(down), seen.append))("GET", "/x")
    assert seen == []


def test_the_inner_transport_must_fit_the_client() -> None:
    """A sync transport in an async client is named as what it is."""

    async def send() -> None:
        async with httpx.AsyncClient(transport=CheckedTransport(httpx.HTTPTransport())) as client:
            await client.get(ROOT)

    with pytest.raises(TypeError, match=r"httpx\.HTTPTransport is no httpx\.AsyncBaseTransport; a sync client needs"):
        asyncio.run(send())


# Real connections


def test_the_network_reaches_a_server(simulator: Simulator) -> None:
    """Clients come and go, sync and async, in one loop after the other; the connections stay."""
    network = Network()
    with serve_in_thread(SimulatorApp(simulator)) as url:
        assert network.unreachable(url) == ""
        for _ in range(2):
            with make_client(network.sync, url, "") as client:
                assert client.get("/v1.0/communications/calls/x").status_code == 401

        async def send() -> int:
            async with make_async_client(network.asynchronous, url, "") as client:
                return (await client.get("/v1.0/communications/calls/x")).status_code

        assert [asyncio.run(send()) for _ in range(2)] == [401, 401]
    network.close()


def test_a_server_that_is_not_there_is_unreachable() -> None:
    """The reason is a sentence; an address that is none has one, too."""
    network = Network()
    with serve_in_thread(SimulatorApp(Simulator())) as url:
        pass
    assert network.unreachable(url).endswith(".")
    assert network.unreachable("http://:99999999").endswith(".")
    network.close()
