"""Names in a request have no letter case: other than published they are notices, and mean the same."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.wire import Exchange
from tests.unit.contract import exchanges as make

CONTRACT = Contract.packaged()


def found(exchange: Exchange) -> list[tuple[str, str, str]]:
    return [(one.kind, one.severity, one.where) for one in CONTRACT.check(exchange)]


def test_another_case_in_the_path_is_a_notice() -> None:
    """The notice names the published path."""
    path = f"/Communications/calls/{make.CALL}/Reject"
    (finding,) = CONTRACT.check(Exchange(make.request("POST", path, {"reason": "busy"}), make.answer(202)))
    assert (finding.kind, finding.severity, finding.where) == ("letter-case", "notice", "path")
    assert finding.expected == f"/v1.0/communications/calls/{make.CALL}/reject, in this letter case"
    assert finding.got == f"/v1.0{path}"


def other_case(body: Any) -> Any:
    """``body`` with every name of a member in capitals, but for annotations."""
    if isinstance(body, list):
        return [other_case(one) for one in body]
    if not isinstance(body, dict):
        return body
    return {name if "@" in name else name.upper(): other_case(one) for name, one in body.items()}


def test_members_of_a_request_in_another_case_are_notices() -> None:
    """Notices are at the members' places, however deep; their values are judged as usual."""
    invitee = {**make.user(), "replacesCallId": None}
    body = {"participants": [invitee], "clientContext": "x"}
    right = make.invite(body, make.answer(200, make.operation(clientContext="x"), make.LOCATION))
    assert found(right) == []
    sent = Exchange(make.invite(other_case(body)).request, right.response)
    assert found(sent) == [
        ("letter-case", "notice", place)
        for place in (
            "$.PARTICIPANTS",
            "$.participants[0].IDENTITY",
            "$.participants[0].identity.USER",
            "$.participants[0].identity.user.ID",
            "$.participants[0].identity.user.IDENTITYPROVIDER",
            "$.participants[0].REPLACESCALLID",
            "$.CLIENTCONTEXT",
        )
    ]
    assert CONTRACT.check(sent)[0].expected == "the member 'participants', in this letter case"


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"Participants": [make.user()] * 6}, "participant-invite.at-most-five-invitees"),
        ({"Participants": [{"Identity": None}]}, "participant-invite.invitee-has-identity"),
        ({"participants": [make.user()], "ClientContext": "x" * 257}, "participant-invite.client-context-at-most-256"),
    ],
)
def test_limits_hold_in_any_case(body: dict[str, Any], rule: str) -> None:
    """A limit is on the member, however it is spelt."""
    request = make.request("POST", f"/communications/calls/{make.CALL}/participants/invite", body)
    assert rule in {one.rule for one in CONTRACT.check_request(request) if one.severity == "violation"}


def test_a_context_in_another_case_has_to_come_back() -> None:
    """Answers repeat the member, not its spelling."""
    answer = make.answer(200, make.operation(clientContext="y"), make.LOCATION)
    wrong = CONTRACT.check(make.invite({"participants": [make.user()], "ClientContext": "x"}, answer))
    assert [one.rule for one in wrong if one.severity == "violation"] == ["participant-invite.client-context-is-echoed"]


def test_a_member_in_two_cases_is_undocumented_once() -> None:
    """The published one counts."""
    body = {"participants": [make.user()], "clientContext": "x", "CLIENTCONTEXT": "y"}
    answer = make.answer(200, make.operation(clientContext="x"), make.LOCATION)
    assert found(make.invite(body, answer)) == [("member-undocumented", "notice", "$.CLIENTCONTEXT")]


@pytest.mark.parametrize("parameter", ["$select", "$Select", "$SELECT", "select"])
def test_names_of_query_parameters_have_no_letter_case(parameter: str) -> None:
    """What was not selected is not missed."""
    path = f"/communications/calls/{make.CALL}?{parameter}=State"
    assert (
        found(
            Exchange(
                make.request("GET", path), make.answer(200, {"@odata.context": "#$entity", "state": "established"})
            )
        )
        == []
    )


def test_the_body_in_published_case_is_a_copy() -> None:
    """A simulator reads it by the published names."""
    match = CONTRACT.match("POST", "/v1.0/communications/calls/1/reject")
    assert isinstance(match, Match)
    body = {"Reason": "busy", "own": 1}
    assert CONTRACT.published(match, body) == {"reason": "busy", "own": 1}
    assert body == {"Reason": "busy", "own": 1}
