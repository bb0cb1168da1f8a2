"""Redaction and leak scan of exchanges of 2 kB, over reading and writing their JSON, and of ten times as many."""

from __future__ import annotations

import gc
import json
import random
import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import Redactor
from pytest_graphcalls.sanitize import clean
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json
from tests.bench.measure import Figure, at_most

MANY = 1_000
GOAL = 16.0
"""How many times as long as ``json.loads`` and ``json.dumps`` of an exchange's text both together may take."""
LINEAR = 1.1
"""How much longer than ten times as long ten times as many may take."""
ROUNDS = 5
KNOWN = tuple(f"secret number {number}" for number in range(5))
Work = Callable[[Sequence[Any]], object]


def figures() -> Iterator[Figure]:
    """Every exchange has ids, names and a token of its own, so nothing is helped by being seen before."""
    exchanges = made(10 * MANY)
    few, texts = exchanges[:MANY], [as_json(exchange) for exchange in exchanges[:MANY]]
    yield Figure("an exchange", f"{len(texts[0])} bytes")
    written_few = [written(Redactor("cassette", "bench").exchange(exchange)) for exchange in few]
    assert not [*scan(written_few[0])]
    base, both = [], []
    for _ in range(ROUNDS):
        base.append(_seconds(_read_and_write, texts))
        redacted, scanned = _seconds(_redact("cassette"), few), _seconds(_scan, written_few)
        both.append((redacted, scanned, _seconds(_redact("tokens"), few)))
    for name, of in (
        ("redacted, profile cassette", lambda row: row[0]),
        ("redacted, profile tokens", lambda row: row[2]),
        ("scanned, five secrets known", lambda row: row[1]),
    ):
        yield Figure(f"{name}, over json.loads and json.dumps", f"{_ratio(map(of, both), base):.1f} x")
    yield at_most("redacted and scanned, over json.loads and json.dumps", _ratio(map(sum_of_two, both), base), GOAL)
    yield from _linear(exchanges)


def _linear(exchanges: Sequence[Exchange]) -> Iterator[Figure]:
    """Ten times as many, over ten times as few: in pieces, so that what else the machine does hits both alike."""
    texts = [written(Redactor("cassette", "bench").exchange(exchange)) for exchange in exchanges]
    for name, work, batch in (
        ("redacted", _redact("cassette"), exchanges),
        ("scanned", _scan, texts),
        ("cleaned as one text", lambda batch: clean("\n".join(batch)), texts),
    ):
        rows = [(min(_seconds(work, batch[:MANY]) for _ in range(3)), _seconds(work, batch)) for _ in range(3)]
        few, many = min(row[0] for row in rows), min(row[1] for row in rows)
        yield at_most(f"{10 * MANY:,} {name}, over ten times {MANY:,}", many / (10 * few), LINEAR)


def _redact(profile: str) -> Work:
    redacted = Redactor(profile, "bench").exchange
    return lambda batch: [redacted(exchange) for exchange in batch]


def _scan(batch: Sequence[str]) -> object:
    return [[*scan(text, KNOWN)] for text in batch]


def _read_and_write(batch: Sequence[str]) -> object:
    return [json.dumps(json.loads(text)) for text in batch]


def sum_of_two(row: tuple[float, ...]) -> float:
    """Redaction of a recording and its scan."""
    return row[0] + row[1]


def _ratio(over: Iterator[float], under: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def _seconds(work: Work, batch: Sequence[Any]) -> float:
    """Seconds of the processor, which other processes disturb less than seconds of the clock."""
    gc.collect()
    start = time.process_time()
    work(batch)
    return time.process_time() - start


def made(count: int) -> list[Exchange]:
    """Invitations of three people and their answers."""
    source = random.Random(7)
    return [_invitation(lambda: str(uuid.UUID(int=source.getrandbits(128), version=4))) for _ in range(count)]


def _invitation(new: Callable[[], str]) -> Exchange:
    people = [_person(new) for _ in range(3)]
    call = f"https://graph.microsoft.com/v1.0/communications/calls/{new()}"
    sent = {"participants": people[:1], "clientContext": new()}
    got = {"@odata.type": "#microsoft.graph.inviteParticipantsOperation", "id": new(), "status": "running"}
    asked = {
        "Authorization": f"Bearer eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.{new()}",
        "Content-Type": "application/json",
    }
    headers = {"Location": f"{call}/operations/{new()}", "request-id": new(), "Content-Type": "application/json"}
    return Exchange(
        Request("POST", f"{call}/participants/invite", Headers(asked), encode_json(sent)),
        Response(200, Headers(headers), encode_json({**got, "clientContext": new(), "participants": people})),
    )


def _person(new: Callable[[], str]) -> dict[str, object]:
    user = {
        "@odata.type": "#microsoft.graph.identity",
        "id": new(),
        "displayName": f"Person {new()[:4]}",
        "tenantId": new(),
    }
    others = dict.fromkeys(("phone", "application", "guest", "encrypted"))
    identity = {"@odata.type": "#microsoft.graph.communicationsIdentitySet", **others, "user": user}
    entry = {"@odata.type": "#microsoft.graph.invitationParticipantInfo", "endpointType": None, "id": None}
    return {**entry, "participantId": new(), "replacesCallId": None, "identity": identity}


def written(exchange: Exchange) -> str:
    """An exchange as a cassette has it, near enough."""
    request, response = exchange.request, exchange.response
    halves = {
        "request": {"uri": request.url, "headers": dict(request.headers.pairs), "body": request.body.decode()},
        "response": {"headers": dict(response.headers.pairs), "body": {"string": response.body.decode()}},
    }
    return json.dumps(halves, indent=1)


def as_json(exchange: Exchange) -> str:
    """An exchange as one JSON text, its bodies being JSON, too."""
    request, response = exchange.request, exchange.response
    halves = {
        "request": {"uri": request.url, "headers": dict(request.headers.pairs), "body": json.loads(request.body)},
        "response": {"headers": dict(response.headers.pairs), "body": json.loads(response.body)},
    }
    return json.dumps(halves)
