"""From a method and a path to the operation they mean."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contract import VERSIONS, Contract, Match, Miss
from pytest_graphcalls.findings import Kind
from pytest_graphcalls.wire import Request

CONTRACT = Contract.packaged()


@pytest.mark.parametrize(
    ("method", "path", "operation", "keys"),
    [
        ("POST", "/v1.0/communications/calls", "application-post-calls", {}),
        ("GET", "/beta/communications/calls/1", "call-get", {"call-id": "1"}),
        ("DELETE", "/v1.0/communications/calls/1", "call-delete", {"call-id": "1"}),
        ("POST", "/v1.0/communications/calls/1/reject", "call-reject", {"call-id": "1"}),
        ("POST", "/v1.0/communications/calls/1/microsoft.graph.reject", "call-reject", {"call-id": "1"}),
        ("POST", "/v1.0/communications/calls/1/microsoft.graph.answer", "call-answer", {"call-id": "1"}),
        ("POST", "/v1.0/communications/calls/1/keepAlive", "call-keepalive", {"call-id": "1"}),
        ("POST", "/v1.0/communications/calls/1/participants/invite", "participant-invite", {"call-id": "1"}),
        (
            "POST",
            "/v1.0/communications/calls/1/participants/microsoft.graph.invite",
            "participant-invite",
            {"call-id": "1"},
        ),
        (
            "DELETE",
            "/v1.0/communications/calls/1/participants/invite",
            "participant-delete",
            {"call-id": "1", "participant-id": "invite"},
        ),
        ("GET", "/v1.0/communications/calls/1/participants", "call-list-participants", {"call-id": "1"}),
        (
            "GET",
            "/v1.0/communications/calls/1/participants/2",
            "participant-get",
            {"call-id": "1", "participant-id": "2"},
        ),
        (
            "GET",
            "/v1.0/communications/calls/1/operations/3",
            "commsoperation-get",
            {"call-id": "1", "operation-id": "3"},
        ),
        ("POST", "/v1.0/communications/calls('1')/reject", "call-reject", {"call-id": "1"}),
        ("POST", "/v1.0/communications/calls/a%2Fb%20c/reject", "call-reject", {"call-id": "a/b c"}),
    ],
)
def test_a_path_means_an_operation(method: str, path: str, operation: str, keys: dict[str, str]) -> None:
    """Actions may carry their namespace, keys may stand in parentheses, and keys are decoded."""
    match = CONTRACT.match(method, path)
    assert isinstance(match, Match)
    assert (match.operation.id, match.keys, match.alias) == (operation, keys, False)


@pytest.mark.parametrize("path", ["/beta/app/calls/1/reject", "/beta/app/calls/1/microsoft.graph.reject"])
def test_beta_knows_the_deprecated_path(path: str) -> None:
    """/app is an alias of /communications, where the page lists it."""
    match = CONTRACT.match("POST", path)
    assert isinstance(match, Match)
    assert (match.operation.id, match.alias, match.version) == ("call-reject", True, "beta")


def test_v1_does_not_know_the_deprecated_path_of_the_central_operations() -> None:
    """Only the beta pages print it."""
    assert isinstance(CONTRACT.match("POST", "/v1.0/app/calls/1/reject"), Miss)


@pytest.mark.parametrize(
    ("method", "path", "reason", "nearest"),
    [
        ("GET", "/v1.0/me", "not-graph", ""),
        ("GET", "/v1.0/communications/callRecords/1", "not-graph", ""),
        ("GET", "/v1.0/communications/onlineMeetings", "uncovered", ""),
        ("GET", "/v1.0/users/57da", "not-graph", ""),
        ("GET", "/v1.0/users/57da/onlineMeetings/1/transcripts", "not-graph", ""),
        ("PUT", "/v1.0/users/57da/onlineMeetings", "method", ""),
        ("GET", "/communications/calls/1", "unknown-path", "/v1.0/communications/calls/{id}"),
        ("POST", "/v1.0/communication/calls/1/reject", "unknown-path", "/v1.0/communications/calls/{id}/reject"),
        ("POST", "/beta/communications/call/1/reject", "unknown-path", "/beta/communications/calls/{id}/reject"),
        ("GET", "/v1.0/v1.0/communications/calls/1", "unknown-path", "/v1.0/communications/calls/{id}"),
        ("GET", "/v2.0/communications/calls/1", "unknown-path", "/v1.0/communications/calls/{id}"),
        ("POST", "/v1/communications/calls/1/reject", "unknown-path", "/v1.0/communications/calls/{id}/reject"),
        ("GET", "/V1.0/me", "not-graph", ""),
        ("POST", "/v1.0/communications/calls/1/RAISEHAND", "uncovered", ""),
        ("GET", "/v1.0/v2.0/communications/calls/1", "unknown-path", "/v1.0/communications/calls/{id}"),
        ("GET", "/proxy/communications/calls/1", "not-graph", ""),
        ("POST", "/v1.0/communications/calls/1/rejct", "unknown-path", "POST /communications/calls/{id}/reject"),
        (
            "POST",
            "/v1.0/communications/calls/1/participant/invite",
            "unknown-path",
            "POST /communications/calls/{id}/participants/invite",
        ),
        (
            "POST",
            "/v1.0/communications/calls/1/participants/invte",
            "unknown-path",
            "POST /communications/calls/{id}/participants/invite",
        ),
        ("POST", "/v1.0/communications/calls/1/raiseHand", "uncovered", ""),
        ("POST", "/beta/app/calls/1/raiseHand", "uncovered", ""),
        ("POST", "/v1.0/communications/calls/1/participants/muteAll", "version", "participant-muteall"),
        ("POST", "/v1.0/communications/calls/1/startRecording", "version", "call-startrecording"),
        (
            "POST",
            "/v1.0/communications/calls/1/startHoldMusic",
            "unknown-path",
            "POST /communications/calls/{id}/participants/{id}/startHoldMusic",
        ),
        (
            "POST",
            "/beta/communications/calls/1/participants/AdmitFromLobby",
            "unknown-path",
            "POST /communications/calls/{id}/participants/{id}/admitFromLobby",
        ),
        (
            "POST",
            "/v1.0/communications/calls/1/participants/admitFromLobby",
            "unknown-path",
            "POST /communications/calls/{id}/participants/{id}/admitFromLobby",
        ),
        (
            "POST",
            "/v1.0/communications/calls/1/audioRoutingGroup",
            "unknown-path",
            "POST /communications/calls/{id}/audioRoutingGroups",
        ),
        ("PUT", "/v1.0/communications/calls/1/reject", "method", ""),
        ("POST", "/v1.0/communications/calls/1/participants/2", "method", ""),
        ("POST", "/v1.0/communications/calls/1/reject/now", "unknown-path", ""),
    ],
)
def test_a_path_that_means_nothing_says_why(method: str, path: str, reason: str, nearest: str) -> None:
    """The reason distinguishes another part of Graph, a typing mistake, a wrong method and an uncovered operation."""
    miss = CONTRACT.match(method, path)
    assert isinstance(miss, Miss)
    assert (miss.reason, miss.nearest) == (reason, nearest)


def test_an_operation_of_the_other_version_is_named() -> None:
    """Of every operation, covered or not, whose address has no other meaning in the version that was asked."""
    known = [*CONTRACT.operations.values(), *CONTRACT.uncovered]
    both = {(one.method, one.path) for one in known if len(one.versions) == 2}
    by_version = {version: {(one.method, one.path) for one in known if version in one.versions} for version in VERSIONS}
    for version, other in (VERSIONS, VERSIONS[::-1]):
        for method, path in by_version[other] - by_version[version] - both:
            miss = CONTRACT.match(method, f"/{version}{path}")
            assert isinstance(miss, Miss), (version, method, path)
            assert (miss.reason, miss.allowed) == ("version", (other,)), (version, method, path)


def test_the_finding_names_the_version_that_has_it() -> None:
    """The finding does not name methods of a participant with the id ``muteAll``."""
    request = Request("POST", "/v1.0/communications/calls/1/participants/muteAll")
    finding, *_ = CONTRACT.check_request(request)
    assert (finding.kind, finding.where) == (Kind.OPERATION_UNKNOWN, "path")
    assert finding.expected == "/beta, the only version that has participant-muteall"
    assert finding.hint == 'Send it under /beta; a test of it is marked graphcalls(version="beta").'


def test_a_wrong_method_comes_with_the_right_ones() -> None:
    """What a 405 needs for its Allow header."""
    miss = CONTRACT.match("PUT", "/v1.0/communications/calls/1")
    assert isinstance(miss, Miss)
    assert set(miss.allowed) >= {"DELETE", "GET"}


@pytest.mark.parametrize(
    ("method", "path", "operation", "keys", "published"),
    [
        ("GET", "/V1.0/communications/calls/1", "call-get", {"call-id": "1"}, "/v1.0/communications/calls/1"),
        ("GET", "/Beta/App/Calls/Aa", "call-get", {"call-id": "Aa"}, "/beta/app/calls/Aa"),
        ("POST", "/v1.0/communications/calls/1/Reject", "call-reject", {"call-id": "1"}, ""),
        ("POST", "/v1.0/communications/calls/1/keepalive", "call-keepalive", {"call-id": "1"}, ""),
        ("POST", "/v1.0/communications/calls/1/Microsoft.Graph.Answer", "call-answer", {"call-id": "1"}, ""),
        ("POST", "/v1.0/communications/calls/1/Participants/INVITE", "participant-invite", {"call-id": "1"}, ""),
        ("POST", "/v1.0/Communications/Calls('Aa')/Reject", "call-reject", {"call-id": "Aa"}, ""),
        (
            "DELETE",
            "/v1.0/communications/calls/CALLS/participants/INVITE",
            "participant-delete",
            {"call-id": "CALLS", "participant-id": "INVITE"},
            None,
        ),
    ],
)
def test_names_in_a_path_have_no_letter_case(
    method: str, path: str, operation: str, keys: dict[str, str], published: str | None
) -> None:
    """The published spelling is kept for a notice; keys are left as they are."""
    match = CONTRACT.match(method, path)
    assert isinstance(match, Match)
    assert (match.operation.id, match.keys) == (operation, keys)
    assert bool(match.published) is (published is not None)
    assert match.published.endswith(published or "")
