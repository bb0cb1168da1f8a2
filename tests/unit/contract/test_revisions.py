"""The revision of an operation: it follows what its exchanges are checked against, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.wire import Request
from tests.unit.contract.test_loading import damage

REJECT = "operations/call-reject.yaml"
CHANGES = [
    (REJECT, "path: /communications/calls/{call-id}/reject", "path: /communications/calls/{call-id}/refuse"),
    (REJECT, "evidence: documented", "evidence: reported"),
    ("types-v1.0.json", '"busy"', '"engaged"'),
    (
        "shared-rules.yaml",
        "evidence: documented\n  source: {page: <page>, section: HTTP request}",
        "evidence: reported\n  source: {page: <page>, section: HTTP request}",
    ),
]
IRRELEVANT = [
    ("shared-rules.yaml", "is not carried out.", "has no effect."),
    (REJECT, "summary: ", "summary: In other words, "),
    ("operations/call-get.yaml", "path: /communications/calls/{call-id}", "path: /communications/calls/{call-id}/x"),
    ("errors.yaml", "Call not found.", "Call not there."),
]


@pytest.mark.parametrize(("file", "old", "new"), CHANGES)
def test_a_change_of_what_is_checked_changes_the_revision(folder: Path, file: str, old: str, new: str) -> None:
    """The address, the level of a rule of its own or of one that it shares, a type in the body."""
    damage(folder, file, old, new)
    assert Contract(folder).operation_revision("call-reject") != Contract.packaged().operation_revision("call-reject")


@pytest.mark.parametrize(("file", "old", "new"), IRRELEVANT)
def test_other_changes_do_not_change_the_revision(folder: Path, file: str, old: str, new: str) -> None:
    """Wording, that of shared rules included, and other operations."""
    damage(folder, file, old, new)
    assert Contract(folder).operation_revision("call-reject") == Contract.packaged().operation_revision("call-reject")


def test_an_added_operation_keeps_all_others_valid(folder: Path) -> None:
    """Cassettes need not be recorded again for it."""
    text = (folder / "operations/call-keepalive.yaml").read_text(encoding="utf-8")
    added = text.replace("id: call-keepalive", "id: call-dance").replace("/keepAlive", "/dance")
    (folder / "operations/call-dance.yaml").write_text(added, encoding="utf-8")
    contract, packaged = Contract(folder), Contract.packaged()
    assert isinstance(contract.match("POST", "/v1.0/communications/calls/1/dance"), Match)
    assert {id: contract.operation_revision(id) for id in packaged.operation_ids} == {
        id: packaged.operation_revision(id) for id in packaged.operation_ids
    }


def test_requests_lead_to_the_revisions_of_their_operations() -> None:
    """Each once; what is no operation of the contract has none."""
    paths = ["/v1.0/communications/calls/1", "/beta/communications/calls/2", "/v1.0/users"]
    contract = Contract.packaged()
    found = contract.revisions(Request("GET", f"https://graph.microsoft.com{path}") for path in paths)
    assert found == {"call-get": contract.operation_revision("call-get")}
