"""A server's state, asked in process, and behind a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import PREFIX, Control, ControlledApp, ServerState, real_time
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Request, encode_json

Ask = Callable[..., tuple[int, Any]]
"""Method, path below the prefix, members: gives status and body."""


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def state(simulator: Simulator) -> Iterator[ServerState]:
    state = ServerState.of(simulator, SimulatorApp(simulator, frozen=True), seed=7)
    with closing(state.bot):
        yield state


@pytest.fixture
def ask(state: ServerState) -> Ask:
    """Asks in process; who may ask is decided elsewhere."""
    control = Control(state)

    def asked(method: str, path: str, **members: Any) -> tuple[int, Any]:
        body = encode_json(members) if members else b""
        response = control.handle(Request(method, f"{PREFIX}{path}", body=body))
        return response.status, response.json()

    return asked


@pytest.fixture
def served(state: ServerState) -> Iterator[httpx.Client]:
    """A client of a real server of ``state``; its time passes by itself unless it is frozen."""
    app = ControlledApp(state)
    with (
        closing(app),
        real_time(state),
        closing(state.bot),
        serve_in_thread(app) as url,
        httpx.Client(base_url=url, timeout=60) as one,  # a busy machine takes longer than httpx waits by default
    ):
        yield one
