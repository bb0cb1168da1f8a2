"""A round trip to the simulator in this process, beside httpx's own mock transport; and how it grows."""

from __future__ import annotations

import statistics
import tracemalloc
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx

from pytest_graphcalls.clients.httpx import SimulatorTransport
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.contract.schema import Schemas
from pytest_graphcalls.findings import Side
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Headers, Request, encode_json
from tests.bench.measure import Figure, at_most, in_turns, ratio, seconds

ROOT = "https://graph.microsoft.com/v1.0"
CALLS = f"{ROOT}/communications/calls"
CROWD = 50
"""People in each live call of the growth figures."""


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
    call = joined(simulator, 2)
    simulator.advance(1)
    headers = {"Authorization": f"Bearer {simulator.authority.token()}"}
    ours = httpx.Client(transport=SimulatorTransport(simulator), headers=headers)
    answer = ours.get(f"{CALLS}/{call}")
    assert answer.status_code == 200
    constant = dict(answer.headers), answer.content
    mock = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=constant[0], content=constant[1]))
    )

    get = in_turns(
        {"mock": lambda: mock.get(f"{CALLS}/{call}"), "ours": lambda: ours.get(f"{CALLS}/{call}")}, times=100
    )
    yield Figure(
        "GET call in this process", f"{statistics.median(get['ours']) * 1e6:.0f} us", f"({len(constant[1])} bytes)"
    )
    yield at_most("  over httpx.MockTransport with a constant answer", ratio(get["ours"], get["mock"]), 2)

    body = {"reason": "busy", "callbackUri": "https://bot.contoso.com/api/calls"}
    validator = Schemas(Contract.packaged().types("v1.0"), Side.REQUEST).validator("action:reject")
    waiting = iter([simulator.incoming_call().id for _ in range(3000)])

    def bare() -> None:
        mock.post(f"{CALLS}/{call}/reject", json=body)
        assert validator.is_valid(body)

    def reject() -> None:
        response = ours.post(f"{CALLS}/{next(waiting)}/reject", json=body)
        assert response.status_code == 202

    post = in_turns({"mock": bare, "ours": reject}, times=60)
    yield Figure("POST reject in this process", f"{statistics.median(post['ours']) * 1e6:.0f} us")
    yield at_most("  over httpx.MockTransport and one validation of the body", ratio(post["ours"], post["mock"]), 2)


def _growth() -> Iterator[Figure]:
    """The same request with 10, 100, 1,000 and 10,000 live calls, each with a crowd."""
    simulator = Simulator()
    latency: dict[int, float] = {}
    live = 0
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for wanted in (10, 100, 1_000, 10_000):
        if wanted == 1_000:
            # Tracing slows everything down, so memory is read from the first hundred calls.
            per_call = (tracemalloc.get_traced_memory()[0] - before) / live
            tracemalloc.stop()
        call = ""
        while live < wanted:
            call = joined(simulator, CROWD)
            live += 1
        simulator.advance(1)
        headers = Headers([("Authorization", f"Bearer {simulator.authority.token()}")])
        request = Request("GET", f"{CALLS}/{call}", headers)
        simulator.handle(request)
        latency[wanted] = min(seconds(partial(simulator.handle, request), 200) for _ in range(25))
    yield Figure(f"memory per live call with {CROWD} people", f"{per_call / 1024:.0f} KiB")
    base = latency[1_000]
    shown = ", ".join(f"{count:,}: {value * 1e6:.0f} us" for count, value in latency.items())
    yield Figure("GET call by number of live calls", "", shown)
    yield at_most("  10,000 live calls over 1,000", latency[10_000] / base, 1.2)
