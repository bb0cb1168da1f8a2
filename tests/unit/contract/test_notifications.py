"""What is found in a notification, and what the contract accepts on purpose."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls.contract import VERSIONS, Contract, Evidence, is_notification
from pytest_graphcalls.contract.check import Checker
from pytest_graphcalls.contract.notifications import NotificationChecker
from pytest_graphcalls.errors import ContractFileError
from pytest_graphcalls.findings import Finding, Kind, Severity, Side
from pytest_graphcalls.wire import Headers, Request, encode_json
from tests.unit.contract.notices import CALL, call, operation, participant, posted

CONTRACT = Contract.packaged()
TYPE = "#microsoft.graph."
POST = Headers({"Authorization": "Bearer abc", "Content-Type": "application/json"})


def found(body: Any, version: str = "v1.0") -> list[tuple[str, str, str]]:
    """Kind, severity and place of every finding."""
    return [(one.kind, one.severity, one.where) for one in CONTRACT.check_notification(body, version)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(posted("deleted", "", {"@odata.type": f"{TYPE}call", "@odata.id": CALL}), id="a rejection"),
        pytest.param(
            posted("updated", "", call("established", toneInfo={"sequenceId": 1, "tone": "tone1"})), id="a tone"
        ),
        pytest.param(posted("deleted", "/operations/0fe0", operation("failed")), id="a failed operation"),
        pytest.param(posted("updated", "/participants", []), id="an empty roster"),
        pytest.param(posted("created", "/contentsharingsessions/9f1b", None), id="a session nothing is known of"),
        pytest.param(
            {"value": [{"changeType": "updated", "resourceUrl": CALL, "resourceData": call("established")}]},
            id="no type names",
        ),
    ],
)
def test_printed_and_captured_notifications_are_accepted(body: Any, version: str) -> None:
    """Both versions accept them without a notice."""
    assert found(body, version) == []


def test_several_entries_are_judged_one_by_one() -> None:
    """One POST may bring several; the place says which one is wrong."""
    body = posted("updated", "", call("established"))
    body["value"] += posted("updated", "", {"@odata.type": f"{TYPE}call", "id": "57da"})["value"]
    assert found(body) == [("member-missing", "violation", "$.value[1].resourceData.state")]


def test_a_finding_says_which_payload_and_which_page() -> None:
    """The payload stands where an exchange has its operation."""
    (finding,) = CONTRACT.check_notification(posted("updated", "", call(None)), "beta")
    assert finding == Finding(
        Kind.NULL_UNEXPECTED,
        Severity.VIOLATION,
        Side.NOTIFICATION,
        "call-updated",
        "beta",
        "$.value[0].resourceData.state",
        "the member 'state'",
        "null",
        page="https://learn.microsoft.com/graph/api/application-post-calls?view=graph-rest-beta",
    )


@pytest.mark.parametrize(
    "path",
    [
        "/app/calls/57da/participants",
        "communications/calls/57da/participants",
        "https://graph.microsoft.com/communications/calls/57da/participants",
        "/communications/calls('57da')/Participants",
    ],
)
def test_an_address_may_be_written_in_several_ways(path: str) -> None:
    """The older root, no first slash, another letter case: it is the roster, and a call in its place is wrong."""
    body = posted("updated", "/participants", call("established"))
    body["value"][0].update(resourceUrl=path, resource=path)
    (finding,) = CONTRACT.check_notification(body)
    assert (finding.kind, finding.operation, finding.expected) == (
        Kind.TYPE_WRONG,
        "roster-updated",
        "a list of participant",
    )


def test_without_resource_url_the_older_member_resource_decides() -> None:
    """The missing member is found, and the rest is judged all the same."""
    body = posted("updated", "", call(None))
    del body["value"][0]["resourceUrl"]
    assert found(body) == [
        ("member-missing", "violation", "$.value[0].resourceUrl"),
        ("null-unexpected", "violation", "$.value[0].resourceData.state"),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            posted("deleted", "/operations/participants", operation("completed", id=None)),
            ("null-unexpected", "participant-invite.c06"),
            id="an operation without id",
        ),
        pytest.param(
            posted("updated", "/operations/participants", [participant()]),
            ("notification-unknown", "participant-invite.c06"),
            id="a roster at the address of an operation",
        ),
        pytest.param(
            posted("updated", "/participants", [participant(id=None)]),
            ("null-unexpected", "participant-invite.c10"),
            id="a participant without id",
        ),
        pytest.param(
            posted("deleted", "", call("terminated", resultInfo={"code": "200", "subcode": 5001})),
            ("type-wrong", "call-delete.c01"),
            id="a code as a text",
        ),
    ],
)
def test_contradictions_of_the_pages_are_notices_that_name_them(body: Any, expected: tuple[str, str]) -> None:
    """Contradictions are accepted one by one, never by a loose schema."""
    (finding,) = CONTRACT.check_notification(body)
    assert (finding.kind, finding.tolerated, finding.severity) == (*expected, Severity.NOTICE)


def test_a_null_id_is_accepted_in_notifications_only() -> None:
    """In an answer such an operation breaks the contract."""
    entries = {entry.name: entry.sides for entry in CONTRACT.types("v1.0").tolerated}
    assert entries["null-operation-id"] == {Side.NOTIFICATION}
    assert entries["null-participant-id"] == set(Side)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            posted("created", "", call("established", direction="incoming", source=None, targets=[])),
            [
                ("null-unexpected", "violation", "$.value[0].resourceData.source"),
                ("value-wrong", "violation", "$.value[0].resourceData.state"),
            ],
            id="a call that comes in established",
        ),
        pytest.param(
            posted("deleted", "/operations/0fe0", operation("running")),
            [("value-wrong", "violation", "$.value[0].resourceData.status")],
            id="an end of what goes on",
        ),
        pytest.param(
            posted("deleted", "/operations/0fe0", operation("Completed")),
            [("enum-letter-case", "notice", "$.value[0].resourceData.status")],
            id="another letter case",
        ),
        pytest.param(
            posted("Updated", "", call("established")),
            [("enum-letter-case", "notice", "$.value[0].changeType")],
            id="as the .NET client writes it",
        ),
        pytest.param(
            posted("deleted", "/participants", [participant()]),
            [("notification-unknown", "notice", "$.value[0]")],
            id="a change that no page shows",
        ),
        pytest.param(
            posted("updated", "", call("established"), resource="/app/calls/other"),
            [("value-wrong", "notice", "$.value[0].resource")],
            id="twins that are none",
        ),
        pytest.param(
            posted("updated", "", call("established"), surprise=1),
            [("member-undocumented", "notice", "$.value[0].surprise")],
            id="a new member of an entry",
        ),
        pytest.param(
            posted("updated", "/participants", [participant(), 7]),
            [("type-wrong", "violation", "$.value[0].resourceData[1]")],
            id="a number in a roster",
        ),
        pytest.param({"value": [7]}, [("type-wrong", "violation", "$.value[0]")], id="a number for an entry"),
        pytest.param([], [("type-wrong", "violation", "$")], id="a list"),
        pytest.param(
            posted("updated", "", None), [("null-unexpected", "violation", "$.value[0].resourceData")], id="no data"
        ),
        pytest.param({}, [("member-missing", "violation", "$.value")], id="nothing"),
        pytest.param(
            {**posted("updated", "", call("established")), "@odata.type": f"{TYPE}call"},
            [("type-unknown", "violation", "$['@odata.type']")],
            id="another envelope",
        ),
    ],
)
def test_a_wrong_member_is_found_at_its_place(body: Any, expected: list[tuple[str, str, str]]) -> None:
    """Each wrong member is found once."""
    assert sorted(found(body)) == sorted(expected)


def test_the_same_roster_entry_is_found_wrong_every_time() -> None:
    """Only what was clean is not looked at twice."""
    broken = posted("updated", "/participants", [participant(isMuted="no"), participant(isMuted="no")])
    assert len(found(broken)) == len(found(broken)) == 2


POSTED = Request(
    "POST", "https://bot.contoso.example/calls", POST, encode_json(posted("updated", "", call("established")))
)


@pytest.mark.parametrize(
    ("headers", "body", "kinds"),
    [
        (POST, POSTED.body, []),
        (POST.without("Authorization"), POSTED.body, [Kind.TOKEN_MISSING]),
        (POST.with_("Content-Type", "text/plain"), POSTED.body, [Kind.CONTENT_TYPE]),
        (POST, b"", [Kind.BODY_MISSING]),
        (POST, b"{", [Kind.BODY_MALFORMED]),
    ],
)
def test_a_post_is_judged_as_a_whole(headers: Headers, body: bytes, kinds: list[Kind]) -> None:
    """Token, content type, body."""
    findings = CONTRACT.check_posted(Request("POST", POSTED.url, headers, body))
    assert [one.kind for one in findings] == kinds
    assert {one.side for one in findings} <= {Side.NOTIFICATION}


def test_recordings_are_not_asked_for_a_token() -> None:
    """The token was removed from a recording."""
    bare = Request("POST", POSTED.url, POST.without("Authorization"), POSTED.body)
    assert CONTRACT.check_posted(bare, token_expected=False) == ()


@pytest.mark.parametrize(
    ("request_", "is_one"),
    [
        (POSTED, True),
        (Request("POST", "/v1.0/communications/calls", POST, POSTED.body), True),
        (Request("GET", POSTED.url, POST, POSTED.body), False),
        (Request("POST", POSTED.url, POST, b'{"changeType"'), False),
        (Request("POST", POSTED.url, POST, b'{"value":[{"changeType":"updated"}]}'), False),
        (Request("POST", POSTED.url, POST, b'["changeType"]'), False),
        (Request("POST", POSTED.url, POST, b'{"state":"incoming"}'), False),
    ],
)
def test_a_notification_is_known_by_its_body(request_: Request, is_one: bool) -> None:
    """A notification is recognised at any address of a bot."""
    assert is_notification(request_) is is_one


def test_the_contract_folder_of_a_user_is_checked(tmp_path: Path) -> None:
    """A payload without a type says so, with file and key."""
    entry = {"says": "x", "changes": ["updated"], "resource": "/communications/calls/{call-id}/x", "shape": "entity"}
    rest = {"versions": ["v1.0"], "evidence": "documented", "source": {"page": "x"}}
    (tmp_path / "notifications.yaml").write_text(json.dumps({"payloads": {"x": {**entry, **rest}}}))
    with pytest.raises(ContractFileError, match=r"notifications\.yaml"):
        _ = Contract(tmp_path).notifications


def judged_by(**facts: Any) -> list[Severity]:
    """How the findings weigh when what is known of ``call-updated`` is other than it is."""
    payload = replace(CONTRACT.notifications["call-updated"], **facts)
    checker = Checker(CONTRACT.types("v1.0"), CONTRACT.errors)
    return [one.severity for one in NotificationChecker(checker, [payload]).check(posted("updated", "", call(None)))]


@pytest.mark.parametrize(
    ("evidence", "weights"),
    [
        (Evidence.DOCUMENTED, [Severity.VIOLATION]),
        (Evidence.REPORTED, [Severity.NOTICE]),
        (Evidence.INFERRED, []),
    ],
)
def test_a_payload_known_only_from_reports_is_a_notice(evidence: Evidence, weights: list[Severity]) -> None:
    """An inferred payload is not judged at all."""
    assert judged_by(evidence=evidence) == weights


def test_a_payload_belongs_to_its_versions() -> None:
    """In another version it is a notification that no page shows."""
    assert judged_by(versions=("beta",)) == [Severity.NOTICE]
