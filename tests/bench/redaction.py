"""Redacting and scanning recordings: a thousand exchanges of 2 kB, and ten times as many."""

from __future__ import annotations

import gc
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import Redactor
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json
from tests.bench.measure import Figure, at_most

MANY = 1_000
GOAL = 2.0
"""Seconds for :data:`MANY` exchanges."""
LINEAR = 1.3
"""How much longer than ten times as long ten times as many may take."""


def figures() -> Iterator[Figure]:
    """Every exchange has ids, names and a token of its own, so nothing is helped by being seen before."""
    few, many = made(MANY), made(10 * MANY)
    size = len(few[0].request.body) + len(few[0].response.body)
    yield Figure("an exchange", f"{size} bytes")
    for profile in ("tokens", "cassette"):
        redacted = Redactor(profile, "bench").exchange
        yield from _timed(
            f"redacted, profile {profile}", lambda batch, done=redacted: list(map(done, batch)), few, many
        )
    clean = Redactor("cassette", "bench").exchange
    texts = [written(clean(exchange)) for exchange in many]
    assert not [*scan(texts[0])]
    known = [f"secret number {number}" for number in range(5)]
    yield from _timed("scanned", lambda batch: [[*scan(text, known)] for text in batch], texts[:MANY], texts)
    whole = ["\n".join(texts[:MANY])], ["\n".join(texts)]
    yield from _timed("scanned as one file", lambda batch: [*scan(batch[0], known)], *whole)


def _timed(
    name: str, work: Callable[[Sequence[Any]], object], few: Sequence[Any], many: Sequence[Any]
) -> Iterator[Figure]:
    quick, slow = [], []
    for _ in range(3):
        quick += [_seconds(work, few) for _ in range(3)]
        slow.append(_seconds(work, many))
    yield at_most(f"{MANY:,} {name}", min(quick), GOAL, unit="s")
    yield at_most(f"  {10 * MANY:,}, over ten times that", min(slow) / (10 * min(quick)), LINEAR)


def _seconds(work: Callable[[Sequence[Any]], object], batch: Sequence[Any]) -> float:
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
    told = {"Location": f"{call}/operations/{new()}", "request-id": new(), "Content-Type": "application/json"}
    return Exchange(
        Request("POST", f"{call}/participants/invite", Headers(asked), encode_json(sent)),
        Response(200, Headers(told), encode_json({**got, "clientContext": new(), "participants": people})),
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
