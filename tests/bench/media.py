"""What it costs to play prompts and press keys in many calls at once, with a bot in this process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.simulator import Simulator, invitation
from pytest_graphcalls.wire import Headers, Request, encode_json
from tests.bench.bot import listener
from tests.bench.measure import Figure, at_most
from tests.bench.simulator import CALLS, created

SMALL, LARGE = 50, 500
"""Calls at once."""
PROMPTS, KEYS = 5, "0123456789"
"""For each call."""
PROMPT = {"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": {"uri": "https://cdn.contoso.com/beep.wav"}}


def figures(rounds: int = 5) -> Iterator[Figure]:
    """The cost of a notification, then growth; the two sizes take turns, each with the same number of calls in all."""
    _play(SMALL)
    small: list[float] = []
    large: list[float] = []
    for _ in range(rounds):
        small.append(statistics.mean(_play(SMALL) for _ in range(LARGE // SMALL)))
        large.append(_play(LARGE))
    what = f"{LARGE} calls, {PROMPTS} prompts and {len(KEYS)} keys each"
    yield at_most(f"{what}: a notification", statistics.median(large) * 1e3, 1, unit="ms")
    growth = statistics.median(one / other for one, other in zip(large, small, strict=True))
    yield at_most(f"  beside one among {SMALL} calls", growth, 1.2)


def _play(count: int) -> float:
    """Seconds of processors for each notification of ``count`` calls with prompts and keys, whatever else runs."""
    simulator = Simulator()
    bot = Bot(simulator)(listener)
    phone = _Phone(simulator)
    people = [simulator.person(f"person {number}") for number in range(count)]
    calls = [phone.post("", created(targets=[invitation(one)]))["id"] for one in people]
    simulator.advance(5)
    before = len(bot.deliveries)
    for call in calls:
        phone.post(f"/{call}/subscribeToTone", {})
        for _ in range(PROMPTS):
            phone.post(f"/{call}/playPrompt", {"prompts": [PROMPT]})
    began = time.process_time()
    for number, one in enumerate(people):
        one.presses(KEYS, after=number / count)
    simulator.advance(2 * PROMPTS + 1)
    spent = time.process_time() - began
    delivered = len(bot.deliveries) - before
    assert delivered == count * (PROMPTS + len(KEYS)), delivered
    bot.close()
    return spent / delivered


class _Phone:
    """An app that asks the simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        token = simulator.authority.token()
        self._headers = Headers([("Authorization", f"Bearer {token}"), ("Content-Type", "application/json")])

    def post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        response = self._simulator.handle(Request("POST", f"{CALLS}{path}", self._headers, encode_json(body)))
        assert response.status in {200, 201}, response.body
        found: dict[str, object] = response.json()
        return found
