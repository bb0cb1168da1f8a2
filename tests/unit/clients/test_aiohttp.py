"""aiohttp: the simulator as the connector of a session."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import aiohttp
import httpx
import pytest

from pytest_graphcalls import CheckedTransport, GraphCalls, SimulatorTransport
from pytest_graphcalls.clients.aiohttp import SimulatorConnector
from pytest_graphcalls.clients.requests import SimulatorAdapter
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Exchange
from tests.unit.simulator.bot import Bot

CALLS = "https://graph.microsoft.com/v1.0/communications/calls"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


def within(simulator: Simulator, use: Callable[[aiohttp.ClientSession], Awaitable[Any]]) -> Any:
    """What a coroutine gives that has a session; it is not waited for without end."""

    async def run() -> Any:
        headers = {"Authorization": f"Bearer {simulator.authority.token()}"}
        async with aiohttp.ClientSession(connector=SimulatorConnector(simulator), headers=headers) as session:
            return await asyncio.wait_for(use(session), 60)

    return asyncio.run(run())


async def read(session: aiohttp.ClientSession, url: str, **facts: Any) -> Any:
    async with session.get(url, **facts) as answer:
        return await answer.json()


def test_a_session_talks_to_the_simulator(simulator: Simulator) -> None:
    """Status, headers and body arrive as the simulator gave them, one request after the other."""
    call, seen = simulator.incoming_call(), list[Exchange]()
    simulator.observe(seen.append)

    async def use(session: aiohttp.ClientSession) -> None:
        assert (await read(session, f"{CALLS}/{call.id}"))["id"] == call.id
        async with session.post(f"{CALLS}/{call.id}/reject", json={"reason": "busy"}) as answer:
            assert (answer.status, await answer.read(), call.rejected_with) == (202, b"", "busy")
        async with session.delete(f"{CALLS}/{Bot(simulator).join().id}") as answer:
            assert (answer.status, await answer.read()) == (204, b"")
            assert answer.headers["request-id"] == seen[-1].response.headers["request-id"]

    within(simulator, use)
    assert [seen[place].request.headers["host"] for place in (0, 1, -1)] == ["graph.microsoft.com"] * 3
    assert seen[0].request.url == f"{CALLS}/{call.id}"


async def parts() -> AsyncIterator[bytes]:
    yield b'{"reason": '
    yield b'"busy"}'


@pytest.mark.parametrize(
    "body",
    [lambda: '{"reason": "busy"}', lambda: b'{"reason": "busy"}', lambda: io.BytesIO(b'{"reason": "busy"}'), parts],
    ids=["text", "bytes", "file", "parts"],
)
def test_a_body_arrives_whole(simulator: Simulator, body: Callable[[], Any]) -> None:
    """A body arrives whole, however it is produced."""
    call = simulator.incoming_call()

    async def use(session: aiohttp.ClientSession) -> int:
        headers = {"Content-Type": "application/json"}
        async with session.post(f"{CALLS}/{call.id}/reject", data=body(), headers=headers) as answer:
            return answer.status

    assert within(simulator, use) == 202
    assert call.rejected_with == "busy"


def test_a_client_that_expects_100_continue_gets_it(simulator: Simulator) -> None:
    """aiohttp waits for the answer to ``Expect: 100-continue``."""
    call = simulator.incoming_call()

    async def use(session: aiohttp.ClientSession) -> int:
        async with session.post(f"{CALLS}/{call.id}/reject", json={"reason": "busy"}, expect100=True) as answer:
            return answer.status

    assert within(simulator, use) == 202


def test_many_requests_at_once(simulator: Simulator) -> None:
    """Each gets its own answer, and one whose body is not read does no harm."""
    calls = [simulator.incoming_call() for _ in range(150)]

    async def use(session: aiohttp.ClientSession) -> list[Any]:
        async with session.get(f"{CALLS}/{calls[0].id}"):
            pass
        return [*await asyncio.gather(*(read(session, f"{CALLS}/{call.id}") for call in calls))]

    assert [one["id"] for one in within(simulator, use)] == [call.id for call in calls]


@pytest.mark.parametrize("timeout", [aiohttp.ClientTimeout(total=60), aiohttp.ClientTimeout(sock_read=60)])
def test_a_late_answer_times_out(simulator: Simulator, timeout: aiohttp.ClientTimeout) -> None:
    """The timeout is in virtual time; a client that waits longer gets the answer."""
    call = Bot(simulator).join()

    async def use(session: aiohttp.ClientSession) -> str:
        with simulator.fault("latency", seconds=90):
            with pytest.raises(TimeoutError):
                await read(session, f"{CALLS}/{call.id}", timeout=timeout)
            before = simulator.clock.now
            answer: str = (await read(session, f"{CALLS}/{call.id}"))["id"]
            assert simulator.clock.now - before == 90
        return answer

    assert within(simulator, use) == call.id


def test_a_lost_answer_is_no_connection(simulator: Simulator) -> None:
    """No byte of it arrives, or a part."""
    call = Bot(simulator).join()

    async def use(session: aiohttp.ClientSession) -> None:
        with simulator.fault("dropped"), pytest.raises(aiohttp.ServerDisconnectedError):
            await read(session, f"{CALLS}/{call.id}")
        with simulator.fault("half-sent", sent=7), pytest.raises(aiohttp.ClientPayloadError, match="not completed"):
            await read(session, f"{CALLS}/{call.id}")
        assert (await read(session, f"{CALLS}/{call.id}"))["id"] == call.id

    within(simulator, use)


def test_a_target_that_is_no_simulator_is_named() -> None:
    """Such as the fixture that has the simulator, when the connector is made and not by the first request."""
    with pytest.raises(
        SettingError, match=r"SimulatorConnector\(service\)=GraphCalls: expected a simulator, or a host"
    ):
        SimulatorConnector(GraphCalls.__new__(GraphCalls))  # type: ignore[arg-type]  # the mistake itself


def test_a_transport_of_another_library_is_refused_with_the_right_one(simulator: Simulator) -> None:
    """The transport, the adapter and the connector, each given to a client of another library."""
    inner: Any = SimulatorTransport(simulator)

    async def use(connector: Any) -> None:
        async with aiohttp.ClientSession(connector=connector) as session:
            await read(session, CALLS)

    for given in (inner, CheckedTransport(inner), SimulatorAdapter(simulator)):
        with pytest.raises(TypeError, match=r" is for another library .* aiohttp takes .*\.SimulatorConnector\("):
            asyncio.run(use(given))
    with pytest.raises(TypeError, match=r"SimulatorAdapter is for another .* httpx2 take .*SimulatorTransport\("):
        httpx.Client(transport=cast("Any", SimulatorAdapter(simulator))).get(CALLS)


def test_aiohttp_is_not_imported_before_it_is_used() -> None:
    """A project without aiohttp never loads it."""
    program = "import sys; import pytest_graphcalls.clients.everywhere; assert 'aiohttp' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
