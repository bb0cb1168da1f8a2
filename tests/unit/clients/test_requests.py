"""requests: the simulator as an adapter of a session."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from pytest_graphcalls import GraphCalls, SimulatorTransport
from pytest_graphcalls.clients.requests import SimulatorAdapter
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Exchange
from tests.unit.simulator.bot import Bot

CALLS = "https://graph.microsoft.com/v1.0/communications/calls"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def session(simulator: Simulator) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.mount("https://graph.microsoft.com/", SimulatorAdapter(simulator))
        made.headers["Authorization"] = f"Bearer {simulator.authority.token()}"
        yield made


def test_a_session_talks_to_the_simulator(simulator: Simulator, session: requests.Session) -> None:
    """Status, headers and body arrive as the simulator gave them; the request has its host."""
    call, seen = simulator.incoming_call(), list[Exchange]()
    simulator.observe(seen.append)
    assert session.get(f"{CALLS}/{call.id}").json()["id"] == call.id
    answer = session.post(f"{CALLS}/{call.id}/reject", json={"reason": "busy"})
    assert (answer.status_code, answer.content, call.rejected_with) == (202, b"", "busy")
    assert {exchange.request.headers.get("host") for exchange in seen} == {"graph.microsoft.com"}


@pytest.mark.parametrize(
    "body",
    [
        '{"reason": "busy"}',
        b'{"reason": "busy"}',
        io.BytesIO(b'{"reason": "busy"}'),
        iter([b'{"reason": ', b'"busy"}']),
    ],
    ids=["text", "bytes", "file", "parts"],
)
def test_a_body_arrives_whole(simulator: Simulator, session: requests.Session, body: Any) -> None:
    """A body arrives whole, however it is produced."""
    call = simulator.incoming_call()
    headers = {"Content-Type": "application/json"}
    assert session.post(f"{CALLS}/{call.id}/reject", data=body, headers=headers).status_code == 202
    assert call.rejected_with == "busy"


def test_an_answer_can_be_streamed(simulator: Simulator, session: requests.Session) -> None:
    """An answer arrives in pieces, as over a socket."""
    call = simulator.incoming_call()
    whole = session.get(f"{CALLS}/{call.id}").content
    assert b"".join(session.get(f"{CALLS}/{call.id}", stream=True).iter_content(7)) == whole


@pytest.mark.parametrize("timeout", [60, (1, 60)])
def test_a_late_answer_times_out(simulator: Simulator, session: requests.Session, timeout: Any) -> None:
    """The timeout is in virtual time; a client that waits longer gets the answer."""
    call = Bot(simulator).join()
    with simulator.fault("latency", seconds=90):
        with pytest.raises(requests.ReadTimeout, match="read timeout=60"):
            session.get(f"{CALLS}/{call.id}", timeout=timeout)
        assert session.get(f"{CALLS}/{call.id}").status_code == 200


def test_a_lost_answer_is_no_connection(simulator: Simulator, session: requests.Session) -> None:
    """No byte of it arrives, or a part."""
    call = Bot(simulator).join()
    with simulator.fault("dropped"), pytest.raises(requests.ConnectionError, match="Remote end closed"):
        session.get(f"{CALLS}/{call.id}")
    with (
        simulator.fault("half-sent", sent=7),
        pytest.raises(requests.exceptions.ChunkedEncodingError, match="7 bytes read"),
    ):
        session.get(f"{CALLS}/{call.id}")


@pytest.mark.parametrize("adapter", [SimulatorAdapter, SimulatorTransport], ids=lambda kind: kind.__name__)
def test_a_target_that_is_no_simulator_is_named(adapter: Callable[[Any], object]) -> None:
    """Such as the fixture that has the simulator, when the adapter is made and not by the first request."""
    with pytest.raises(SettingError) as error:
        adapter(GraphCalls.__new__(GraphCalls))
    expected = (
        "(service)=GraphCalls: expected a simulator, or a host of several. A fixture has it as graphcalls.simulator."
    )
    assert str(error.value).endswith(expected)
