"""Ending what a ledger says is open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_graphcalls.sandbox import End, Ledger, hang_up

ROOT = "https://graph.example"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """One with three open calls."""
    made = Ledger(tmp_path / "run.jsonl")
    for call in "abc":
        made.intend(call, "POST", f"{ROOT}/v1.0/communications/calls", b"", tenant="T1")
        made.created(call, call, f"{ROOT}/v1.0/communications/calls/{call}")
    return made


class Service:
    """Answers a DELETE by the last letter of the address."""

    def __init__(self, statuses: Mapping[str, int] | None = None) -> None:
        self.statuses = statuses or {}
        self.asked: list[str] = []

    def __call__(self, url: str) -> tuple[int, str]:
        self.asked.append(url)
        return self.statuses.get(url[-1], 204), "said"


def test_every_call_is_tried(ledger: Ledger) -> None:
    """One that cannot be hung up does not keep the others, and stays open."""
    endings = list(hang_up(ledger, Service({"a": 403, "b": 404}), ROOT, "t1"))
    assert [(ending.call.call_id, ending.end, ending.why) for ending in endings] == [
        ("a", End.STILL_OPEN, "said"),
        ("b", End.WAS_OVER, ""),
        ("c", End.HUNG_UP, ""),
    ]
    assert [call.call_id for call in Ledger(ledger.path).open_calls()] == ["a"]


def test_a_sweep_may_be_limited_to_some_calls(ledger: Ledger) -> None:
    """A test ends what it has made itself."""
    service = Service()
    assert [ending.call.call_id for ending in hang_up(ledger, service, ROOT, "t1", only=["b"])] == ["b"]
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("root", "tenant", "why"),
    [
        ("https://other.example", "T1", "not below https://other.example (see --cloud and --root)"),
        ("https://graph.exampl", "T1", "not below"),
        (ROOT, "T2", "it is in the tenant T1, and AZURE_TENANT_ID is T2"),
    ],
)
def test_a_token_goes_nowhere_else(ledger: Ledger, root: str, tenant: str, why: str) -> None:
    """A token goes neither to an address that only the ledger names, nor to calls of another tenant."""
    service = Service()
    endings = list(hang_up(ledger, service, root, tenant))
    assert service.asked == []
    assert {ending.end for ending in endings} == {End.STILL_OPEN}
    assert why in endings[0].why
    assert len(ledger.open_calls()) == 3
