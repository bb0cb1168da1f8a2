"""A world that is steered in process, and the same behind a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import PREFIX, Control, ControlledApp, World, ticking
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Request, encode_json

Ask = Callable[..., tuple[int, Any]]
"""Method, path below the prefix, members: gives status and body."""


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def world(simulator: Simulator) -> Iterator[World]:
    world = World.of(simulator, SimulatorApp(simulator, frozen=True), seed=7)
    with closing(world.bot):
        yield world


@pytest.fixture
def ask(world: World) -> Ask:
    """Asks in process; who may ask is decided elsewhere."""
    control = Control(world)

    def asked(method: str, path: str, **members: Any) -> tuple[int, Any]:
        body = encode_json(members) if members else b""
        response = control.handle(Request(method, f"{PREFIX}{path}", body=body))
        return response.status, response.json()

    return asked


@pytest.fixture
def served(world: World) -> Iterator[httpx.Client]:
    """A client of a real server that steers ``world``; its time passes by itself unless it is frozen."""
    app = ControlledApp(world.time, world.simulator, world=world)  # type: ignore[arg-type]  # it is one
    with (
        closing(app),
        ticking(world),
        closing(world.bot),
        serve_in_thread(app) as url,
        httpx.Client(base_url=url) as one,
    ):
        yield one
