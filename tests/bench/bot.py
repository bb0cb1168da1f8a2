"""What it costs to notify a bot: beside the bot's own time, in a crowd, and by the number of calls."""

from __future__ import annotations

import asyncio
import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.simulator import SimulatedCall, Simulator
from tests.bench.measure import Figure, at_most
from tests.bench.simulator import joined

PEOPLE = 20
"""Who join each call, one after the other, and leave it again."""
CALLS = 500
SMALL, LARGE = 10, CALLS
App = Callable[[Any, Any, Any], Awaitable[None]]


async def listener(scope: Any, receive: Any, send: Any) -> None:
    """A bot that reads its notifications, and does nothing."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await receive()
    await send({"type": "http.response.start", "status": 202, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def figures() -> Iterator[Figure]:
    """The cost of a delivery, the crowd, then growth."""
    yield from _delivery()
    yield from _crowd()
    yield from _growth()


def _delivery(count: int = 500, rounds: int = 7) -> Iterator[Figure]:
    """Notifications that ring, handed to a bot that takes no time."""
    found = []
    for number in range(rounds):
        simulator = Simulator(seed=number)
        bot = Bot(simulator)(listener)
        for _ in range(count):
            simulator.incoming_call("Ana")
        began = time.perf_counter()
        simulator.advance(0)
        spent = time.perf_counter() - began
        bots_own = _own_time(count)
        taken = [one for one in bot.deliveries if one.accepted]
        assert len(taken) == count, bot.timeline()
        bot.close()
        found.append((spent - bots_own) / count * 1e3)
    yield at_most("delivery of a notification, beside the bot's own time", statistics.median(found), 1, unit="ms")


def _own_time(count: int) -> float:
    """Seconds that the bot itself needs for that many notifications."""

    async def work() -> float:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        began = time.perf_counter()
        for _ in range(count):
            await listener({"type": "http"}, receive, send)
        return time.perf_counter() - began

    return asyncio.run(work())


def _crowd() -> Iterator[Figure]:
    before = _peak()
    spent, delivered = _come_and_go(LARGE)
    yield at_most(f"{LARGE} calls at once, {PEOPLE} people each come and go", spent, 30, unit="s")
    yield Figure("  notifications delivered", f"{delivered}", f"({spent / delivered * 1e3:.2f} ms each)")
    yield Figure("  memory beyond what was there before, at most", f"{(_peak() - before) / 1024:.0f} MiB")


def _growth(rounds: int = 5) -> Iterator[Figure]:
    """The two sizes take turns, and the small one as often as makes the same number of calls in all."""
    repeats = LARGE // SMALL
    ratios = []
    for _ in range(rounds):
        small = sum(_come_and_go(SMALL)[0] for _ in range(repeats)) / repeats / SMALL
        large = _come_and_go(LARGE)[0] / LARGE
        ratios.append(large / small)
    yield at_most(f"cost of a call among {LARGE} over one among {SMALL}", statistics.median(ratios), 1.2)


def _come_and_go(count: int) -> tuple[float, int]:
    """Seconds for all people to join and leave ``count`` calls at the same time, and the number of notifications."""
    simulator = Simulator()
    bot = Bot(simulator)(listener)
    calls = [simulator.call(joined(simulator, 0)) for _ in range(count)]
    began = time.perf_counter()
    simulator.advance(1)
    people = [simulator.person(f"person {number}") for number in range(PEOPLE)]
    for who in people:
        _everywhere(simulator, calls, who.joins)
    for who in people:
        _everywhere(simulator, calls, who.leaves)
    simulator.advance(simulator.pace.alone)
    spent = time.perf_counter() - began
    assert {call.state.value for call in calls} == {"terminated"}
    delivered = len(bot.deliveries)
    bot.close()
    return spent, delivered


def _everywhere(simulator: Simulator, calls: list[SimulatedCall], step: Callable[[SimulatedCall], object]) -> None:
    for call in calls:
        step(call)
    simulator.advance(1)


def _peak() -> int:
    """The most memory that this process has had, in KiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "darwin" else most
