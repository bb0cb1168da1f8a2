"""A simulator, a bot in it that has no place yet, and the phone by which it calls back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.simulator import Simulator
from tests.unit.bot.bots import Phone


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def bot(simulator: Simulator) -> Iterator[Bot]:
    bot = Bot(simulator, seed=7)
    yield bot
    bot.close()


@pytest.fixture
def phone(simulator: Simulator) -> Phone:
    return Phone(simulator)
