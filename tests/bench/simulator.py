"""A round trip to the simulator in this process, beside httpx's own mock transport; and how it grows."""

from __future__ import annotations

import statistics
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from typing import Any

import httpx

from pytest_graphcalls.clients.httpx import SimulatorTransport
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.contract.schema import Schemas
from pytest_graphcalls.findings import Side
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Headers, Request, encode_json
from tests.bench.measure import Figure, Work, at_most, in_turns, ratio

ROOT = "https://graph.microsoft.com/v1.0"
CALLS = f"{ROOT}/communications/calls"
CROWD = 50
"""People in each live call of the growth figures."""
Post = tuple[str, dict[str, Any]]
"""Where to, and the body."""


def created(**coordinates: Any) -> dict[str, Any]:
    """The body that creates a call."""
    return {
        "@odata.type": "#microsoft.graph.call",
        "callbackUri": "https://bot.contoso.com/api/calls",
        "requestedModalities": ["audio"],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        **coordinates,
    }


def joined(simulator: Simulator, people: int) -> str:
    """The id of a call into a meeting with ``people`` in it."""
    meeting = simulator.meeting([f"person {number}" for number in range(people)])
    headers = Headers(
        [("Authorization", f"Bearer {simulator.authority.token()}"), ("Content-Type", "application/json")]
    )
    response = simulator.handle(Request("POST", CALLS, headers, encode_json(created(**meeting.coordinates))))
    assert response.status == 201, response.body
    return str(response.json()["id"])


def figures() -> Iterator[Figure]:
    """Round trips, then growth."""
    yield from _round_trips()
    yield from _growth()


def _round_trips() -> Iterator[Figure]:
    simulator = Simulator()
    simulator.open_directory = True
    call = joined(simulator, 2)
    simulator.advance(1)
    ours = httpx.Client(
        transport=SimulatorTransport(simulator), headers={"Authorization": f"Bearer {simulator.authority.token()}"}
    )
    answer = ours.get(f"{CALLS}/{call}")
    assert answer.status_code == 200
    headers, content = dict(answer.headers), answer.content
    mock = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=content)),
        headers=dict(ours.headers),
    )

    turns = {"mock": lambda: mock.get(f"{CALLS}/{call}"), "ours": lambda: ours.get(f"{CALLS}/{call}")}
    get = in_turns(turns, times=100)
    shown = f"{statistics.median(get['ours']) * 1e6:.0f} us"
    yield Figure("GET call in this process", shown, f"({len(content)} bytes)")
    yield at_most("  over httpx.MockTransport with a constant answer of that size", ratio(get["ours"], get["mock"]), 2)

    # Few are invited into any one call, and few bots join any one meeting, as in life.
    calls = cycle([joined(simulator, 2) for _ in range(100)])
    meetings = cycle([created(**simulator.meeting(["Ana", "Ben"]).coordinates) for _ in range(100)])
    waiting = iter([simulator.incoming_call().id for _ in range(2000)])
    new_ids = map(str, range(10**9))
    simulator.advance(1)
    busy = {"reason": "busy", "callbackUri": "https://bot.contoso.com/api/calls"}
    posts: list[tuple[str, str, Callable[[], Post], int]] = [
        ("reject", "action:reject", lambda: (f"{CALLS}/{next(waiting)}/reject", busy), 202),
        (
            "invite",
            "action:invite",
            lambda: (f"{CALLS}/{next(calls)}/participants/invite", invited(next(new_ids))),
            200,
        ),
        ("create call", "call", lambda: (CALLS, next(meetings)), 201),
    ]
    for name, root, post, status in posts:
        yield from _post(name, mock, ours, root, post, status)


def invited(user: str) -> dict[str, Any]:
    """The body that invites a user."""
    return {"participants": [{"identity": {"user": {"id": user}}}]}


def _post(
    name: str, mock: httpx.Client, ours: httpx.Client, root: str, post: Callable[[], Post], status: int
) -> Iterator[Figure]:
    """A POST may cost twice the mock transport's, and one validation of its body."""
    validator = Schemas(Contract.packaged().types("v1.0"), Side.REQUEST).validator(root)
    _, body = post()

    def send() -> None:
        address, body = post()
        assert ours.post(address, json=body).status_code == status

    turns: dict[str, Work] = {
        "mock": lambda: mock.post(CALLS, json=body),
        "validation": lambda: list(validator.iter_errors(body)),
        "ours": send,
    }
    times = in_turns(turns, times=40)
    budget = [2 * twice + once for twice, once in zip(times["mock"], times["validation"], strict=True)]
    yield Figure(f"POST {name} in this process", f"{statistics.median(times['ours']) * 1e6:.0f} us")
    yield at_most("  over twice httpx.MockTransport and one validation", ratio(times["ours"], budget), 1)


def _growth() -> Iterator[Figure]:
    """Speed of one request with 10, 100, 1,000 and 10,000 live calls, each with a crowd."""
    yield Figure(f"memory per live call with {CROWD} people", f"{_memory_per_call() / 1024:.0f} KiB")
    simulators = {count: _crowded(count) for count in (10, 100, 1_000, 10_000)}
    times = in_turns({str(count): work for count, work in simulators.items()}, times=200)
    shown = ", ".join(f"{count}: {statistics.median(found) * 1e6:.0f} us" for count, found in times.items())
    yield Figure("GET call by number of live calls, without a client", "", shown)
    yield at_most("  10,000 live calls over 10", ratio(times["10000"], times["10"]), 1.2)


def _crowded(calls: int) -> Work:
    """A request to a simulator with that many live calls."""
    simulator = Simulator()
    simulator.open_directory = True
    call = [joined(simulator, CROWD) for _ in range(calls)][calls // 2]
    simulator.advance(1)
    headers = Headers([("Authorization", f"Bearer {simulator.authority.token()}")])
    request = Request("GET", f"{CALLS}/{call}", headers)
    assert simulator.handle(request).status == 200
    return partial(simulator.handle, request)


def _memory_per_call(calls: int = 100) -> float:
    simulator = Simulator()
    simulator.open_directory = True
    joined(simulator, CROWD)
    tracemalloc.start()
    for _ in range(calls):
        joined(simulator, CROWD)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / calls
