"""Shared rules that an operation's file only names, and errors that name file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_graphcalls.contract import Contract, Evidence
from pytest_graphcalls.errors import ContractFileError
from tests.unit.contract.test_loading import damage

CONTRACT = Contract.packaged()
SHARED = "shared-rules.yaml"
MUTE = "operations/participant-mute.yaml"
MEETING = "operations/onlinemeeting-get.yaml"


def problem(folder: Path, operation: str = "participant-mute") -> str:
    """The error with which an operation of ``folder`` is refused."""
    with pytest.raises(ContractFileError) as caught:
        Contract(folder).operation(operation)
    return str(caught.value)


def test_a_rule_that_is_named_is_written_out() -> None:
    """Page, facts, status and the older address come from the rest of the operation's file."""
    rule = CONTRACT.rule("participant-mute.app-path-still-works")
    assert (rule.versions, rule.evidence, rule.facts) == (
        ("beta",),
        Evidence.DOCUMENTED,
        ("participant-mute.deprecated_paths",),
    )
    assert str(rule.source) == "participant-mute, HTTP request"
    assert rule.holds == "POST /beta/app/calls/{call-id}/participants/{participant-id}/mute is answered 200."
    assert CONTRACT.rule("audioroutinggroup-get.app-path-still-works").says.startswith("Under v1.0 and beta the older")
    assert (
        "Calls.JoinGroupCall.All or Calls.JoinGroupCallAsGuest.All;"
        in CONTRACT.rule("participant-mute.role-is-required").says
    )


def test_members_of_the_operation_win_over_the_shared_rule() -> None:
    """The rest is shared."""
    rule = CONTRACT.rule("call-reject.token-is-required")
    assert rule.holds == "POST …/reject without an Authorization header is answered 401 and the call keeps ringing."
    assert rule.broken == "A request without an Authorization header is answered 202."


def test_needs_of_the_operation_are_those_of_each_rule() -> None:
    """Beside what the shared rule needs; a rule or question that names its own has those alone."""
    redirect, recording = CONTRACT.operation("call-redirect"), CONTRACT.operation("call-updaterecordingstatus")
    assert redirect.rules["role-is-required"].needs == ("incoming-call", "apps")
    assert redirect.rules["at-most-25-targets"].needs == ("incoming-call",)
    assert redirect.questions["bot-as-target"].needs == ("incoming-call",)
    assert recording.rules["recording-policy-only"].needs == ()
    assert recording.questions["not-by-policy-status"].needs == ()


def test_a_folder_without_shared_rules_is_a_contract(folder: Path) -> None:
    """A contract whose rules are complete needs no shared rules."""
    (folder / SHARED).unlink()
    path = folder / MUTE
    text = path.read_text(encoding="utf-8")
    start, end = text.index("rules:\n") + len("rules:\n"), text.index("questions:\n")
    whole = text[text.index("  muted-participant-is-shown:") : text.index("  group-calls-only:")]
    path.write_text(text[:start] + whole + text[end:], encoding="utf-8")
    assert list(Contract(folder).operation("participant-mute").rules) == [
        "muted-participant-is-shown",
        "roster-update-follows",
    ]
    assert Contract(folder).operation("participant-mute").rules["muted-participant-is-shown"].needs == ()


def test_a_rule_that_is_not_shared_gets_the_nearest(folder: Path) -> None:
    """The error has file, line, key, and what the rule would need to be one of the operation alone."""
    line = damage(folder, MUTE, "  token-is-required:\n", "  token-is-requird:\n")
    assert problem(folder) == (
        f"{MUTE}:{line} at rules.token-is-requird: lacks says, evidence, source, facts, holds, broken. There is no "
        "shared rule 'token-is-requird'. Did you mean 'token-is-required'?"
    )


def test_members_that_a_shared_rule_lacks_are_required(folder: Path) -> None:
    """The facts of a rule that has others with each operation."""
    name = "operations/call-record.yaml"
    line = damage(
        folder,
        name,
        "  service-hosted-media-only:\n    facts: [call-record.r02, s0.16]\n",
        "  service-hosted-media-only:\n",
    )
    assert problem(folder, "call-record") == f"{name}:{line} at rules.service-hosted-media-only: lacks facts."


def test_a_key_that_no_rule_has_is_refused(folder: Path) -> None:
    """An unknown key is refused in the operation's file and in the shared one."""
    line = damage(folder, MUTE, "    facts: [participant-mute.request]", "    fact: [participant-mute.request]")
    assert problem(folder) == (
        f"{MUTE}:{line} at rules.client-context-is-echoed.fact: there is no key 'fact' here. Did you mean 'facts'?"
    )
    line = damage(folder, SHARED, "  broken: ", "  brokn: ")
    assert problem(folder).startswith(
        f"{SHARED}:{line} at success-is-200-with-operation.brokn: there is no key 'brokn'"
    )


def test_a_placeholder_that_is_not_known_gets_the_nearest(folder: Path) -> None:
    """The error is at the placeholder's place in the shared file."""
    line = damage(
        folder, SHARED, "Authorization header is answered <status>", "Authorization header is answered <statuz>"
    )
    assert problem(folder) == (
        f"{SHARED}:{line} at token-is-required.broken: there is no placeholder <statuz>. Did you mean 'status'?"
    )


def test_a_placeholder_without_a_value_names_what_is_missing(folder: Path) -> None:
    """The error is at the rule in the operation's file, which can state the value itself."""
    line = damage(folder, MEETING, "  token-is-required:\n", "  app-path-still-works:\n  token-is-required:\n")
    assert problem(folder, "onlinemeeting-get") == (
        f"{MEETING}:{line} at rules.app-path-still-works: shared-rules.yaml puts <aliased> into says, and aliases of "
        "this file has none; write says out here."
    )


def test_the_addresses_of_a_page_follow_from_its_name() -> None:
    """The name of a page is the operation's id, or its ``page``."""
    address = "https://learn.microsoft.com/graph/api/{}?view=graph-rest-1.0"
    assert CONTRACT.operation("call-reject").page("v1.0") == address.format("call-reject")
    assert CONTRACT.operation("onlinemeeting-find").page("v1.0") == address.format("onlinemeeting-get")


def test_pages_that_a_file_names_itself_stand(folder: Path) -> None:
    """An operation may have a page of another site."""
    damage(folder, MEETING, "permissions:\n", "pages: {beta: 'https://example.org/meeting'}\npermissions:\n")
    assert Contract(folder).operation("onlinemeeting-get").pages == {"beta": "https://example.org/meeting"}
