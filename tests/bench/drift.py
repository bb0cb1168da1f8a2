"""Comparing two nights of recordings, one pair in ten with a difference."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from statistics import median
from time import perf_counter, process_time
from uuid import UUID

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Recording
from pytest_graphcalls.drift.compare import compare
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json
from tests.bench.measure import Figure, at_most
from tests.unit.drift import recordings as t

FEW, MANY = 1_000, 10_000
PAIRS_PER_TEST = 10
DIFFERING = 10
"""One exchange of so many differs."""
BODY = 2_000
"""Bytes that each body has at least."""


def night(pairs: int, seed: int, *, drifted: bool) -> Iterator[Recording]:
    """One night's recordings, of as many exchanges, with ids from ``seed``; the first of each test invites people."""
    for test in range(pairs // PAIRS_PER_TEST):
        base = (seed << 64) + (test << 32)
        exchanges = [one(base, number, drifted=drifted and number == DIFFERING - 1) for number in range(PAIRS_PER_TEST)]
        yield Recording(f"test_{test}", "v1.0", tuple(exchanges))


def one(base: int, number: int, *, drifted: bool) -> Exchange:
    """A roster of 2 kB; a drifted one has lost a member, and gained a participant."""
    people = [t.person(str(UUID(int=base + who)), str(UUID(int=base + 100 + who))) for who in range(4)]
    if drifted:
        del people[1]["isMuted"]
        people.insert(0, t.person(str(UUID(int=base + 50)), str(UUID(int=base + 60))))
    path = f"{t.ROOT}/{UUID(int=base + 1000 + number)}/participants"
    sent = {"participants": [{"identity": {"user": {"id": str(UUID(int=base + 100 + who))}}} for who in range(4)]}
    request = Request("GET", path) if number else Request("POST", f"{path}/invite", body=encode_json(sent))
    headers = Headers({**t.HEADERS, "request-id": str(UUID(int=base + 2000 + number))})
    body = encode_json({"value": people})
    assert len(body) >= BODY
    return Exchange(request, Response(200, headers, body))


@cache
def nights() -> tuple[list[Recording], list[Recording]]:
    """The accepted recordings and tonight's."""
    return list(night(MANY, 1, drifted=False)), list(night(MANY, 2, drifted=True))


def compared(pairs: int) -> tuple[float, float, int]:
    """Seconds and CPU seconds that comparing so many pairs takes, and how much differs."""
    before, after = (one[: pairs // PAIRS_PER_TEST] for one in nights())
    contract = Contract.packaged()
    list(compare(before[:1], after[:1], contract))
    start, cpu = perf_counter(), process_time()
    found = sum(1 for _ in compare(before, after, contract))
    return perf_counter() - start, process_time() - cpu, found


def figures() -> Iterator[Figure]:
    """Time, growth and memory; the memory in a process of its own, the growth in CPU seconds of one thread."""
    rounds = [(compared(FEW), compared(MANY)) for _ in range(3)]
    fastest = min(many[0] for _, many in rounds)
    yield at_most(f"{MANY} pairs of 2 kB compared ({rounds[0][1][2]} differences)", fastest, 60, unit="s")
    yield at_most(f"  CPU over that of {FEW} pairs", median(many[1] / few[1] for few, many in rounds), 11)
    yield at_most("  memory at its highest", memory(), 1_000, unit="MB")


def memory() -> float:
    """Megabytes that a process which compares so many pairs has at its highest; the recordings are in it."""
    code = (
        "import resource; from tests.bench.drift import MANY, compared; compared(MANY);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=dict(os.environ))
    kilobytes = int(run.stdout) / (1024 if sys.platform == "darwin" else 1)
    return kilobytes / 1024
