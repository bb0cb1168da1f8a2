"""The ledger of a server takes no more memory than it may, however much is sent."""

from __future__ import annotations

import gc
import json
import tracemalloc
from typing import Any

import pytest

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import PREFIX, Control, ServerState
from pytest_graphcalls.server.control.state import LEDGER_BYTES
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Headers, Request
from tests.unit.bot.bots import GRAPH, Phone

BOUND = 100_000


@pytest.fixture
def state() -> ServerState:
    simulator = Simulator()
    return ServerState.of(simulator, SimulatorApp(simulator, frozen=True), ledger_bytes=BOUND)


def ledger(state: ServerState, query: str = "") -> Any:
    return Control(state).handle(Request("GET", f"{PREFIX}ledger{query}")).json()


def test_the_oldest_entries_go_first_and_are_counted(state: ServerState) -> None:
    """The number of dropped entries is the gap at the beginning."""
    phone = Phone(state.simulator)
    for number in range(200):
        phone.send("GET", f"/calls/{number}")
    shown = ledger(state)
    numbers = [one["number"] for one in shown["entries"]]
    assert numbers == list(range(shown["dropped"] + 1, 201))
    assert 10 < len(numbers) < 100
    assert state.bot.timeline().splitlines()[1] == f"({shown['dropped']} earlier lines are no longer kept)"


def test_the_limit_is_in_bytes(state: ServerState) -> None:
    """Fewer long entries are kept than short ones; an entry that is longer than all of it is cut."""
    phone = Phone(state.simulator)
    for _ in range(30):
        phone.send("POST", "/calls", {"pad": "x" * 15_000})
    assert len(ledger(state)["entries"]) < 8
    phone.send("POST", "/calls", {"a": "b", "pad": "x" * 1_000_000})
    last = ledger(state)["entries"][-1]
    assert (last["body"], last["body_length"]) == ({"a": "b"}, 1_000_018)
    assert "response_length" not in last


def test_a_server_keeps_32_megabytes() -> None:
    """Unless it is started with another limit."""
    simulator = Simulator()
    assert ServerState.of(simulator, SimulatorApp(simulator)).bot.ledger.most_bytes == LEDGER_BYTES == 32 * 2**20


def test_an_unauthorized_request_is_one_line_in_the_ledger(state: ServerState) -> None:
    """Members are as usual, and empty."""
    state.simulator.handle(Request("POST", f"{GRAPH}/calls", Headers({"Cookie": "a"}), b"x" * 4000))
    (entry,) = ledger(state)["entries"]
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v1.0/communications/calls", 401)
    assert (entry["headers"], entry["body"], entry["response"]) == ({}, None, {"headers": {}, "body": None})


def test_a_long_body_is_not_kept_in_memory(state: ServerState) -> None:
    """A long body is kept neither in the exchange nor in its findings."""
    phone = Phone(state.simulator)
    phone.send("GET", "/calls/57da")
    gc.collect()
    tracemalloc.start()
    for _ in range(10):
        phone.send("POST", "/calls", {"pad": "x" * 1_000_000})
        state.simulator.handle(Request("POST", f"{GRAPH}/calls", Headers(), b"x" * 1_000_000))
    phone.send("GET", "/calls/57da")
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000


def test_the_ledger_is_read_in_pages(state: ServerState) -> None:
    """A page has so many entries after a number; the next page follows its last number."""
    phone = Phone(state.simulator)
    for number in range(7):
        phone.send("GET", f"/calls/{number}")
    whole = ledger(state)["entries"]
    pages: list[Any] = []
    while page := ledger(state, f"?after={pages[-1]['number'] if pages else 0}&limit=3")["entries"]:
        assert len(page) <= 3
        pages += page
    assert json.dumps(pages) == json.dumps(whole)
    assert ledger(state, "?limit=0")["entries"] == []
    assert [one["number"] for one in ledger(state, "?since=2&after=5")["entries"]] == [6, 7]


def test_after_a_reset_there_is_room_again(state: ServerState) -> None:
    """What is forgotten takes no memory."""
    phone = Phone(state.simulator)
    for number in range(200):
        phone.send("GET", f"/calls/{number}")
    state.reset()
    phone.send("GET", "/calls/1")
    shown = ledger(state)
    assert (len(shown["entries"]), shown["dropped"]) == (1, 0)
