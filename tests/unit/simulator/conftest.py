"""A simulator and its default app's bot."""

from __future__ import annotations

import pytest

from pytest_graphcalls.simulator import Simulator
from tests.unit.simulator.bot import Bot


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture(params=["v1.0", "beta"])
def bot(simulator: Simulator, request: pytest.FixtureRequest) -> Bot:
    return Bot(simulator, version=request.param)
