"""The ASGI application and the server in a thread."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from typing import Any

import httpx
import pytest

from pytest_graphcalls.clients.httpx import make_client
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server import asgi
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Host, Simulator
from pytest_graphcalls.simulator.admission import BODY_LIMIT

Message = dict[str, Any]


def run(app: SimulatorApp, scope: Message, *incoming: Message) -> list[Message]:
    """What the application sends when it receives ``incoming``."""
    waiting = list(incoming)
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def http(method: str = "GET", path: str = "/v1.0/communications/calls/x", **facts: Any) -> Message:
    return {"type": "http", "method": method, "path": path, "headers": [(b"host", b"h:1")], **facts}


EMPTY = {"type": "http.request", "body": b""}


def test_a_request_is_answered() -> None:
    """Status, lower-case headers with a length, body."""
    start, body = run(SimulatorApp(Simulator()), http(query_string=b"a=b"), EMPTY)
    headers = dict(start["headers"])
    assert start["status"] == 401
    assert headers[b"www-authenticate"] == b"Bearer"
    assert headers[b"content-length"] == str(len(body["body"])).encode()


def test_the_body_may_come_in_pieces() -> None:
    """Pieces are put together; past the limit the rest is read and dropped."""
    simulator = Simulator()
    call = simulator.incoming_call()
    headers = [
        (b"authorization", f"Bearer {simulator.authority.token()}".encode()),
        (b"content-type", b"application/json"),
    ]
    scope = http("POST", f"/v1.0/communications/calls/{call.id}/reject", headers=headers)
    pieces = [{"type": "http.request", "body": piece, "more_body": True} for piece in (b'{"reason"', b':"busy"}')]
    assert run(SimulatorApp(simulator), scope, *pieces, EMPTY)[0]["status"] == 202
    assert call.rejected_with == "busy"
    flood = [{"type": "http.request", "body": b"x" * BODY_LIMIT, "more_body": True} for _ in range(5)]
    assert run(SimulatorApp(simulator), scope, *flood, EMPTY)[0]["status"] == 413


@pytest.mark.parametrize(
    ("body", "encoding", "status", "reason"),
    [
        (gzip.compress(b'{"reason":"busy"}'), b"GZIP", 202, ""),
        (b'{"reason":"busy"}', b"gzip", 202, ""),
        (gzip.compress(b'{"reason":"busy"}')[:-9], b"gzip", 400, "A body compressed with gzip was cut."),
        (gzip.compress(bytes(BODY_LIMIT + 1)), b"gzip", 413, "reads 4194304"),
        (gzip.compress(bytes(2**24)), b"gzip", 400, "A body grows to more than 10,485,760 bytes."),
        (b"\xff", b"br", 400, "Unable to read JSON request payload."),
    ],
    ids=["compressed", "plain all the same", "cut", "too large", "a bomb", "in another way"],
)
def test_a_body_may_be_compressed_with_gzip(body: bytes, encoding: bytes, status: int, reason: str) -> None:
    """The Graph SDK for Go sends gzip; the unpacked size is limited, and other encodings are refused."""
    simulator = Simulator()
    call = simulator.incoming_call()
    headers = [
        (b"authorization", f"Bearer {simulator.authority.token()}".encode()),
        (b"content-type", b"application/json"),
        (b"content-encoding", encoding),
    ]
    scope = http("POST", f"/v1.0/communications/calls/{call.id}/reject", headers=headers)
    start, answer = run(SimulatorApp(simulator), scope, {"type": "http.request", "body": body})
    assert start["status"] == status
    assert reason in answer["body"].decode()
    assert call.rejected_with == ("busy" if status == 202 else None)


GONE = {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("header", "messages", "status"),
    [
        ((b"content-length", b"2"), [{"type": "http.request", "body": b"{", "more_body": True}, GONE], 400),
        ((b"content-length", b"2"), [GONE], 400),
        ((b"transfer-encoding", b"chunked"), [{"type": "http.request", "body": b"", "more_body": True}, GONE], 400),
        ((b"content-length", b"2"), [{"type": "http.request", "body": b"{"}], 400),
        ((b"content-length", b"0"), [{"type": "http.request", "body": b"{}"}], 400),
        ((b"content-length", b"0"), [GONE], 204),
        ((b"x-no-body", b""), [GONE], 204),
    ],
)
def test_a_request_whose_body_did_not_arrive_whole_is_not_carried_out(
    header: tuple[bytes, bytes], messages: list[Message], status: int
) -> None:
    """A body is incomplete after a disconnect, or with less or more bytes than the header says."""
    simulator = Simulator()
    call = simulator.incoming_call(group=True)
    headers = [(b"authorization", f"Bearer {simulator.authority.token()}".encode()), header]
    sent = run(
        SimulatorApp(simulator), http("DELETE", f"/v1.0/communications/calls/{call.id}", headers=headers), *messages
    )
    assert sent[0]["status"] == status
    assert (call.state == "terminated") is (status == 204)


def test_bodies_that_are_being_received_share_a_limited_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that finds none is refused, and takes none itself; what is finished makes room."""
    monkeypatch.setattr(asgi, "ROOM", room := asgi.Room(100))
    simulator = Simulator()
    app = SimulatorApp(simulator)
    seen: list[int] = []

    async def sends(*messages: Message) -> list[Message]:
        waiting, sent = list(messages), []

        async def receive() -> Message:
            await asyncio.sleep(0)
            seen.append(room.taken)
            return waiting.pop(0)

        async def send(message: Message) -> None:
            sent.append(message)

        await app(http("POST"), receive, send)
        return sent

    async def all_of_them() -> list[list[Message]]:
        piece = {"type": "http.request", "body": b"x" * 60, "more_body": True}
        return list(await asyncio.gather(sends(piece, EMPTY, EMPTY), sends(piece, piece, EMPTY)))

    first, second = asyncio.run(all_of_them())
    assert (first[0]["status"], second[0]["status"]) == (405, 413)
    assert b"too many large bodies" in second[1]["body"]
    assert (room.taken, max(seen)) == (0, 60)


def test_a_request_that_is_cut_in_the_middle_ends_no_call() -> None:
    """Over a socket: the connection ends before the body does."""
    simulator = Simulator()
    call = simulator.incoming_call(group=True)
    with serve_in_thread(SimulatorApp(simulator)) as url:
        port = int(url.rpartition(":")[2])
        head = (
            f"DELETE /v1.0/communications/calls/{call.id} HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n"
            f"Authorization: Bearer {simulator.authority.token()}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(head.encode() + b"{")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
    assert call.state == "incoming"


def test_addresses_name_the_host_that_was_used() -> None:
    """Scheme and Host header, or the server's own address; the raw path where there is one."""
    simulator = Simulator()
    seen: list[str] = []
    simulator.observe(lambda exchange: seen.append(exchange.request.url))
    app = SimulatorApp(simulator)
    run(app, http(scheme="https", query_string=b"a=b"), EMPTY)
    run(app, http(headers=[], server=("127.0.0.1", 80), raw_path=b"/v1.0/a%20b", path="/v1.0/a b"), EMPTY)
    run(app, http(headers=[]), EMPTY)
    assert seen == [
        "https://h:1/v1.0/communications/calls/x?a=b",
        "http://127.0.0.1:80/v1.0/a%20b",
        "http://localhost/v1.0/communications/calls/x",
    ]


def test_virtual_time_follows_real_time() -> None:
    """By what has passed since the last request, unless it is frozen; a clock that goes back is ignored."""
    times = iter([0.0, 10.0, 10.0, 13.0, 13.0, 12.0, 12.0])
    following, frozen = Simulator(), Simulator()
    app = SimulatorApp(following, elapsed=lambda: next(times))
    run(app, http(), EMPTY)
    assert following.now == 10
    run(app, http(), EMPTY)
    run(app, http(), EMPTY)
    assert following.now == 13
    run(SimulatorApp(frozen, frozen=True), http(), EMPTY)
    assert frozen.now == 0


def test_the_lifespan_is_followed() -> None:
    """Start and stop are confirmed."""
    sent = run(
        SimulatorApp(Simulator()), {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}
    )
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_web_sockets_are_refused() -> None:
    """Graph has none here."""
    (sent,) = run(SimulatorApp(Simulator()), {"type": "websocket"}, {"type": "websocket.connect"})
    assert sent["type"] == "websocket.close"


def test_a_server_answers_over_http() -> None:
    """Through a real socket, with the simulator's own Date and no headers of the server."""
    simulator = Simulator()
    with serve_in_thread(SimulatorApp(simulator, frozen=True)) as url, httpx.Client(timeout=60) as client:
        answer = client.get(
            f"{url}/v1.0/communications/calls/x", headers={"Authorization": f"Bearer {simulator.authority.token()}"}
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "8522")
        assert answer.headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
        assert "server" not in answer.headers
        assert url.startswith("http://127.0.0.1:")
        created = client.post(f"{url}/v1.0/communications/calls", content=b"x" * (BODY_LIMIT + 1))
        assert created.status_code == 413


def test_tenants_share_a_server() -> None:
    """Each client sees the calls of its own tenant only."""
    host = Host()
    tenants = [host.add(Simulator(seed=seed)) for seed in (1, 2)]
    call = tenants[0].incoming_call()
    with serve_in_thread(SimulatorApp(host)) as url:
        statuses = []
        for tenant in tenants:
            with make_client(httpx.HTTPTransport(), f"{url}/v1.0", tenant.authority.token()) as client:
                statuses.append(client.get(f"/communications/calls/{call.id}").status_code)
    assert statuses == [200, 404]


def test_many_clients_are_served() -> None:
    """Several threads over real sockets, every answer right."""
    simulator = Simulator()
    token = simulator.authority.token()
    statuses: list[int] = []

    def work(url: str) -> None:
        with make_client(httpx.HTTPTransport(), f"{url}/v1.0", token) as client:
            statuses.extend(client.get("/communications/calls/x").status_code for _ in range(10))

    with serve_in_thread(SimulatorApp(simulator)) as url:
        threads = [threading.Thread(target=work, args=(url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [404] * 40


def test_a_server_stops() -> None:
    """After the block the port is free and no thread is left, also when the block failed."""
    before = set(threading.enumerate())  # the run's own server may be among them
    with pytest.raises(RuntimeError, match="on purpose"), serve_in_thread(SimulatorApp(Simulator())) as url:
        raise RuntimeError("on purpose")
    host, _, port = url.removeprefix("http://").partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=1)
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name == "graphcalls-server"]


def test_a_port_that_is_taken_is_named() -> None:
    """The message says which, and what to do."""
    with serve_in_thread(SimulatorApp(Simulator())) as url:
        port = int(url.rpartition(":")[2])
        with (
            pytest.raises(SettingError, match=rf"--port={port}: .* at 127\.0\.0\.1.*Give another port, or 0"),
            serve_in_thread(SimulatorApp(Simulator()), port=port),
        ):
            pass


@pytest.mark.parametrize("port", [-1, 70000])
def test_a_port_that_is_none_is_named(port: int) -> None:
    """Numbers that are no ports are refused in the same words."""
    with (
        pytest.raises(SettingError, match="a port to listen on"),
        serve_in_thread(SimulatorApp(Simulator()), port=port),
    ):
        pass
