"""Files that pytest-graphcalls 0.1.0 has written still work, and differences keep their fingerprints.

The files beside this module were written by the commands and functions of 0.1.0 and are never changed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls.cassette import opened
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import (
    Acceptance,
    Difference,
    Entry,
    Kind,
    Outcome,
    Recording,
    RuleState,
    Status,
    Verdict,
)
from pytest_graphcalls.drift.acceptances import AcceptedFile
from pytest_graphcalls.drift.compare import compare
from pytest_graphcalls.drift.history import History
from pytest_graphcalls.drift.model import Observation
from pytest_graphcalls.findings import Finding
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response

FILES = Path(__file__).parent / "files"
CASSETTE = "cassettes/v1.0/test_bot/test_create_and_hang_up.yaml"
USERS_TEST = """
import uuid

CALL = {
    "@odata.type": "#microsoft.graph.call",
    "callbackUri": "https://bot.example.org/calls",
    "requestedModalities": ["audio"],
    "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
    "targets": [
        {
            "@odata.type": "#microsoft.graph.invitationParticipantInfo",
            "identity": {
                "@odata.type": "#microsoft.graph.identitySet",
                "user": {"@odata.type": "#microsoft.graph.identity", "id": "112f7296-5fa4-42ca-bae8-6a692b15d4b8"},
            },
        }
    ],
    "tenantId": "27c3d3a8-1673-4ef2-8d24-e71b74b7fc75",
}


def test_create_and_hang_up(graphcalls_client):
    created = graphcalls_client.post("/communications/calls", json=CALL)
    assert created.status_code == 201
    call = f"/communications/calls/{created.json()['id']}"
    assert graphcalls_client.get(call).json()["state"]
    assert graphcalls_client.delete(call).status_code == 204
    assert graphcalls_client.get(f"/communications/calls/{uuid.UUID(int=7)}").status_code == 404
"""
"""The test that the cassette was recorded for."""


def read(name: str) -> Any:
    return json.loads((FILES / name).read_text(encoding="utf-8"))


def test_a_cassette_is_read() -> None:
    """A cassette is read with its passport: date, origin and version."""
    found = opened(FILES / CASSETTE)
    assert [one.response.status for one in found.exchanges()] == [201, 200, 204, 404]
    assert not found.edited
    assert found.passport is not None
    assert (found.passport.tool, found.passport.versions) == ("0.1.0", ("v1.0",))


def test_a_cassette_is_replayed(pytester: pytest.Pytester) -> None:
    """A user's test runs on it, without a network."""
    pytester.makepyfile(test_bot=USERS_TEST)
    shutil.copytree(FILES / "cassettes", pytester.path / "cassettes")
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:xdist", "--graphcalls-target=replay")
    result.assert_outcomes(passed=1)


def test_accepted_differences_are_read() -> None:
    """Accepted differences are read with reason, owner and dates."""
    first, second = AcceptedFile.read(FILES / "graphcalls-drift.toml").acceptances.values()
    assert first == Acceptance(
        "8ed659d295d0",
        'Announced for "November" \u2013 C:\\temp',
        date(2026, 11, 28),
        "calls-team",
        date(2027, 1, 31),
        "behavioural: status-changed in call-get (beta) at $.participants[3].identity: 'a' -> after 0",
    )
    assert (second.fingerprint, second.reason, second.expires) == ("d8e81f6d8b75", "Seen by support.", None)


def test_a_file_of_accepted_differences_is_kept_as_people_wrote_it(tmp_path: Path) -> None:
    """Adding and removing a difference keeps the file byte for byte, comments included."""
    path = tmp_path / "graphcalls-drift.toml"
    shutil.copy(FILES / "graphcalls-drift.toml", path)
    before = path.read_text(encoding="utf-8")
    new = Acceptance("0" * 12, "Why not.", date(2026, 12, 1))
    AcceptedFile.read(path).accept(new).write()
    assert path.read_text(encoding="utf-8") != before
    AcceptedFile.read(path).without([new.fingerprint]).write()
    assert path.read_text(encoding="utf-8") == before


def test_a_history_is_read(tmp_path: Path) -> None:
    """Nights, rules, response times and differences, each with its example."""
    shutil.copy(FILES / "history.db", tmp_path)
    with History(tmp_path / "history.db") as history:
        first, second, third = history.nights()
        known = history.known()
    assert (first.started, first.outcome) == (datetime(2026, 11, 26, 3, tzinfo=UTC), Outcome.BREAKING)
    assert first.rules == {"call-get.ok@v1.0": RuleState.HELD, "call-reject.a@beta": RuleState.BROKEN}
    assert first.latency["call-get@v1.0"].median == 12.5
    assert first.broken == {"call-reject.a@beta": ("8ed659d295d0",)}
    assert (second.outcome, third.outcome) == (Outcome.BEHAVIOURAL, None)
    returned, accepted = known["8ed659d295d0"], known["d8e81f6d8b75"]
    assert (returned.difference.kind, returned.status, returned.count) == (Kind.STATUS_CHANGED, Status.KNOWN, 2)
    assert accepted.acceptance is not None
    assert accepted.sample is not None
    assert isinstance(accepted.sample.observed, Notification)


def test_a_history_is_continued(tmp_path: Path) -> None:
    """A known difference is recognised by its fingerprint, and counted on."""
    shutil.copy(FILES / "history.db", tmp_path)
    with History(tmp_path / "history.db") as history:
        night = history.begin("simulator")
        difference = history.known()["8ed659d295d0"].difference
        entry = Entry(difference, Status.KNOWN, ("there",), night.started, night.started)
        ended = replace(night, ended=night.started + timedelta(minutes=1), outcome=Outcome.BEHAVIOURAL)
        history.finish(Verdict(ended, Outcome.BEHAVIOURAL, ("v1.0",), "0" * 12, (entry,)))
        assert history.known()["8ed659d295d0"].count == 3
        assert len(history.nights()) == 4


@pytest.mark.parametrize("data", read("fingerprints.json")["differences"], ids=lambda data: data["kind"])
def test_a_difference_keeps_its_fingerprint(data: dict[str, Any]) -> None:
    """Fingerprints are kept for every kind."""
    assert Difference.from_json(data).to_json() == data


@pytest.mark.parametrize("data", read("fingerprints.json")["findings"], ids=lambda data: data["kind"])
def test_a_finding_keeps_its_fingerprint(data: dict[str, Any]) -> None:
    """Fingerprints are kept for every kind."""
    assert Finding.from_json(data).to_json() == data


COMPARISONS = read("comparisons.json")


def exchanges(data: list[Any]) -> Iterator[Exchange]:
    """Exchanges, where a number is that of an accepted one."""
    for one in data:
        method, url, sent, asked, status, got, answered, seconds = (
            COMPARISONS["accepted"]["exchanges"][one] if isinstance(one, int) else one
        )
        request = Request(method, url, Headers(map(tuple, sent)), asked.encode())
        yield Exchange(request, Response(status, Headers(map(tuple, got)), answered.encode()), seconds=seconds)


def notifications(data: list[Any]) -> Iterator[Notification]:
    """Notifications, where a number is that of an accepted one."""
    for one in data:
        yield Notification(*(COMPARISONS["accepted"]["notifications"][one] if isinstance(one, int) else one))


def recording(data: dict[str, Any]) -> Recording:
    received = tuple(notifications(data["notifications"]))
    return Recording("contracts/test_a.py::test_it", "v1.0", tuple(exchanges(data["exchanges"])), received)


@pytest.mark.parametrize("name", COMPARISONS["cases"])
def test_a_comparison_finds_the_same_differences(name: str) -> None:
    """The differences have the fingerprints under which people have accepted them."""
    case = COMPARISONS["cases"][name]
    found = compare([recording(COMPARISONS["accepted"])], [recording(case)], Contract.packaged())
    seen = [one.difference.to_json() for one in found if isinstance(one, Observation)]
    kept = ("fingerprint", "kind", "severity", "origin", "version", "subject", "where", "place", "page")
    assert [{key: one[key] for key in kept} for one in seen] == [
        {key: one[key] for key in kept} for one in case["differences"]
    ]
