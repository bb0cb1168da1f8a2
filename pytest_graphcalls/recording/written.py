"""What vcrpy has recorded, made fit to be written down."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Incomplete, Kind, Passport, SignedIn
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.recording.safety import Safety
from pytest_graphcalls.wire import Exchange

_VERSION = re.compile(r"/(v1\.0|beta)/")


@dataclass(slots=True)
class Safe:
    """Interactions that may be written down.

    Attributes:
        rows: as the file will have them.
        exchanges: those of Graph among them.
        sign_ins: what is not kept.
    """

    rows: list[Any] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    sign_ins: list[SignedIn] = field(default_factory=list)

    def add(self, exchange: Exchange, *, recordable: bool) -> None:
        """Keep a redacted exchange, or note that a token was asked for."""
        if recordable:
            self.exchanges.append(exchange)
            self.rows.append(cassette.row(exchange))
        else:
            request = exchange.request
            self.sign_ins.append(SignedIn(request.method, request.url, exchange.response.status))


def redacted(path: Path, rows: Iterable[Any], safety: Safety) -> Safe:
    """Redact what is Graph's among vcrpy's interactions; raises :class:`.RecordingError` for half of one."""
    safe = Safe()
    for number, row in enumerate(rows, 1):
        if not safety.ours(str(row["request"]["uri"])):
            safe.rows.append(row)
            continue
        exchange = cassette.exchange(path, number, row)
        if isinstance(exchange, Incomplete):
            raise RecordingError(str(path), number, exchange.problem)
        safe.add(safety.redactor.exchange(exchange), recordable=safety.redactor.recordable(exchange.request))
    return safe


def passport_of(safe: Safe, safety: Safety, test: str) -> Passport:
    """What the cassette will say about itself.

    Args:
        safe: what is written.
        safety: knows which hosts are those of Graph.
        test: ``file::test``.
    """
    urls = [one.request.url for one in safe.exchanges]
    graph = any(urlsplit(url).hostname in safety.graph_hosts for url in urls)
    return Passport(
        datetime.now(UTC),
        cassette.kind_of(safe.exchanges, Kind.LIVE if graph else Kind.SERVER),
        tuple(sorted({found[1] for url in urls if (found := _VERSION.search(url))})),
        Contract.packaged().revision,
        test=test,
        sign_ins=tuple(safe.sign_ins),
        faults=cassette.faults_of(safe.exchanges),
    )
