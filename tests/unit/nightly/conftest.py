"""A suite of two tests with given results."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Kind, Passport
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.nightly import NightSettings, SuiteRequest, SuiteRun
from pytest_graphcalls.nightly.recordings import recorded
from pytest_graphcalls.nightly.suite import OnProgress
from pytest_graphcalls.redaction import redact_exchange
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response, encode_json

CALL = "57dab8b1-894c-409a-b240-bd8beae78896"
PATH = f"/v1.0/communications/calls/{CALL}"
RULE = "call-get.success-is-200-with-call"
READ, NOT_FOUND = "test_call_get.py::test_read[v1.0]", "test_call_get.py::test_not_found[v1.0]"


def answered(status: int = 200, *, token: bool = True, seconds: float | None = None, **members: Any) -> Exchange:
    """A call that was read."""
    call = {"@odata.type": "#microsoft.graph.call", "id": CALL, "state": "established", "direction": "outgoing"}
    body = {**call, **members}
    asked = Headers([("Authorization", "Bearer REDACTED")] if token else [])
    headers = Headers([("Content-Type", "application/json")])
    return Exchange(
        Request("GET", f"https://graph.microsoft.com{PATH}", asked),
        Response(status, headers, encode_json({name: one for name, one in body.items() if one is not None})),
        seconds=seconds,
    )


def refused(status: int, code: str, *, token: bool = True) -> Exchange:
    """A call that could not be read."""
    one = answered(status, token=token)
    body = encode_json({"error": {"code": code, "message": "no"}})
    return Exchange(one.request, Response(status, one.response.headers, body))


@dataclass
class Said:
    """The result of one test.

    Attributes:
        exchanges: what it has recorded; empty for a test without a recording.
        outcome: as the report has it.
        reason: same.
        notifications: what the bot received.
    """

    exchanges: tuple[Exchange, ...] = ()
    outcome: str = "held"
    reason: str = ""
    notifications: tuple[Notification, ...] = ()


def usual() -> dict[str, Said]:
    """The results of the tests when nothing is wrong."""
    return {READ: Said((answered(),)), NOT_FOUND: Said((refused(404, "8522"),))}


@dataclass
class Fake:
    """A runner of the suite whose tests have given results.

    Attributes:
        says: results of the tests by the number of the run in its night, from 1; the usual ones otherwise.
        problem: why the run does not finish, or ``""``.
        kind: what its recordings are from.
        orders: what it was asked for.
    """

    says: dict[int, dict[str, Said]] = field(default_factory=dict)
    problem: str = ""
    kind: Kind = Kind.SIMULATOR
    orders: list[SuiteRequest] = field(default_factory=list)
    before: Callable[[SuiteRequest], None] = lambda order: None

    def run(self, order: SuiteRequest, report: OnProgress) -> SuiteRun:
        self.orders.append(order)
        self.before(order)
        if self.problem:
            return SuiteRun(order, None, self.problem)
        said = {**usual(), **self.says.get(int(order.folder.name), {})}
        said = {name: one for name, one in said.items() if not order.tests or name in order.tests}
        for name, one in said.items():
            self._record(order, name, one)
            report(1, len(said))
        order.junit.write_text("<testsuites><testsuite><testcase name='a'/></testsuite></testsuites>")
        return SuiteRun(order, _report(said))

    def _record(self, order: SuiteRequest, nodeid: str, said: Said) -> None:
        if said.exchanges and said.outcome in {"held", "broken"}:
            name = recorded(nodeid, "v1.0")
            path = order.cassettes / "v1.0" / "test_call_get" / f"{name.partition('::')[2].partition('@')[0]}.yaml"
            seconds = tuple(one.seconds for one in said.exchanges)
            passport = Passport(
                datetime.now(UTC),
                self.kind,
                ("v1.0",),
                Contract.packaged().revision,
                test=name,
                capabilities=("notifications",),
                notifications=said.notifications,
                seconds=seconds,
            )
            safe = tuple(map(redact_exchange, said.exchanges))  # as the plugin does it, but ids are kept
            cassette.write(path, safe, passport, masked=True)


@dataclass
class Phases:
    """Keeps the phases of a night as its progress names them."""

    phases: list[str] = field(default_factory=list)

    def phase(self, text: str) -> None:
        self.phases.append(text)

    def count(self, done: int, total: int) -> None:
        pass


def _report(said: dict[str, Said]) -> dict[str, Any]:
    outcomes = [one.outcome for one in said.values()]
    status = next((one for one in ("broken", "could-not-check", "not-checked") if one in outcomes), "held")
    broken = next((one.reason for one in said.values() if one.outcome == status and status != "held"), "")
    rule = {"id": RULE, "version": "v1.0", "status": status, "reason": broken, "tests": list(said)}
    return json.loads(
        json.dumps(
            {
                "api_versions": ["v1.0"],
                "rules": [{**rule, "evidence": "documented", "findings": [], "broken_by": []}],
                "findings": [],
                "tests": [
                    {"nodeid": name, "outcome": one.outcome, "reason": one.reason, "version": "v1.0"}
                    for name, one in said.items()
                ],
                "exchanges": [],
                "notifications": [],
            }
        )
    )


@pytest.fixture
def settings(tmp_path: Path) -> NightSettings:
    """A night in an empty folder, on the simulator."""
    return NightSettings(
        "simulator",
        tmp_path / "out",
        tmp_path / "baseline",
        tmp_path / "history.db",
        tmp_path / "accepted.toml",
        ("v1.0",),
        workers="0",
    )
