"""A guard around an httpx transport, for sync and async clients."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import httpx
import pytest

from pytest_graphcalls.clients.httpx import make_async_client, make_client
from pytest_graphcalls.clients.network import GuardedTransport, Network, status_of
from pytest_graphcalls.errors import EnvironmentFaultError, StageError
from pytest_graphcalls.sandbox import Budget, Guard, Ledger

ROOT = "https://graph.example/v1.0"
CALLS = "/communications/calls"
Ask = Callable[..., httpx.Response]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "run.jsonl")


def guard(ledger: Ledger, budget: int = 9, *, judging: bool = False) -> Guard:
    return Guard(ledger, Budget(budget), "t", judging=judging, jitter=lambda: 0.0)


class Service:
    """Answers one request after the other with the given answers."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[Service, Guard], Ask]:
    """Makes a function that sends a request to a service through a guard; no time passes while it waits."""

    def sync(service: Service, guard: Guard) -> Ask:
        transport = GuardedTransport(httpx.MockTransport(service), guard, sleep=lambda _: None)
        return make_client(transport, ROOT, "").request

    def asynchronous(service: Service, guard: Guard) -> Ask:
        async def at_once(_: float) -> None: ...

        monkeypatch.setattr("anyio.sleep", at_once)

        async def send(*args: object, **facts: object) -> httpx.Response:
            transport = GuardedTransport(httpx.MockTransport(service), guard)
            async with make_async_client(transport, ROOT, "") as client:
                return await client.request(*args, **facts)  # type: ignore[arg-type]  # whatever httpx takes

        return lambda *args, **facts: asyncio.run(send(*args, **facts))

    return {"sync": sync, "async": asynchronous}[request.param]


def test_an_answer_passes(ask: Callable[[Service, Guard], Ask], ledger: Ledger) -> None:
    """An answer passes with its body, and a created call is written down."""
    answer = ask(Service(httpx.Response(201, json={"id": "a"})), guard(ledger))("POST", CALLS, json={})
    assert (answer.status_code, answer.json()) == (201, {"id": "a"})
    assert [call.url for call in ledger.open_calls()] == [f"{ROOT}{CALLS}/a"]


def test_the_same_request_is_sent_again(ask: Callable[[Service, Guard], Ask], ledger: Ledger) -> None:
    """A request that is sent again has the same body."""
    service = Service(httpx.Response(429), httpx.Response(429, headers={"Retry-After": "3"}), httpx.Response(200))
    assert ask(service, guard(ledger))("POST", f"{CALLS}/a/participants/invite", content=b"{}").status_code == 200
    assert service.bodies == [b"{}"] * 3


def test_an_error_of_the_network_stays_what_it_was(ask: Callable[[Service, Guard], Ask], ledger: Ledger) -> None:
    """A client that does not judge gets the error; the ledger keeps what may have been created."""
    service = Service(httpx.ConnectError("refused"), httpx.ReadTimeout("timed out"))
    with pytest.raises(httpx.ReadTimeout):
        ask(service, guard(ledger))("POST", CALLS, json={})
    assert len(ledger.unanswered()) == 1


def test_a_fault_ends_what_judges(ask: Callable[[Service, Guard], Ask], ledger: Ledger) -> None:
    """Whether it is an answer or none."""
    for wrong in (httpx.Response(500), httpx.ReadError("reset")):
        with pytest.raises(EnvironmentFaultError):
            ask(Service(wrong), guard(ledger, judging=True))("DELETE", f"{CALLS}/a")


def test_beyond_the_budget_nothing_is_sent(ask: Callable[[Service, Guard], Ask], ledger: Ledger) -> None:
    """The client's caller hears of it."""
    service = Service()
    with pytest.raises(StageError):
        ask(service, guard(ledger, budget=0))("POST", CALLS, json={})
    assert service.bodies == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(204), (204, "204")),
        (httpx.Response(404, json={"error": {"code": "8522", "message": "Not found."}}), (404, "404 8522 Not found.")),
        (httpx.ReadError("reset"), (0, "reset")),
        (httpx.ReadError(""), (0, "ReadError")),
    ],
)
def test_the_status_of_an_answer_or_why_there_is_none(
    answer: httpx.Response | Exception, expected: tuple[int, str]
) -> None:
    """Code that cleans up gets a status in place of an exception."""
    with make_client(httpx.MockTransport(Service(answer)), ROOT, "") as client:
        assert status_of(client, "DELETE", f"{CALLS}/a") == expected


@pytest.mark.parametrize(("trust_env", "by_proxy"), [(True, True), (False, False)])
def test_the_network_may_be_the_environments(monkeypatch: pytest.MonkeyPatch, trust_env: bool, by_proxy: bool) -> None:
    """A live run goes through the proxy that is set; other targets are asked directly."""
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with listening() as (port, asked):
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
        network = Network(trust_env=trust_env)
        with pytest.raises(httpx.TransportError), make_client(network.sync, "http://127.0.0.1:1", "") as client:
            client.get("/")
        network.close()
    assert bool(asked) is by_proxy


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A proxy that hangs up, and what it was asked."""
    asked: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection:
                asked.append(connection.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(2)
        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], asked
        if not asked:
            with suppress(OSError):
                socket.create_connection(server.getsockname(), 1).close()
        thread.join()
        asked[:] = list(filter(None, asked))
