"""The findings of the contract in an exchange, and what it accepts."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.findings import Finding, Kind, Severity, Side
from pytest_graphcalls.wire import Exchange, Headers, Request
from tests.unit.contract import exchanges as make

CONTRACT = Contract.packaged()


def found(exchange: Exchange) -> list[tuple[str, str, str, str]]:
    """Kind, severity, place and rule of every finding."""
    return [(f.kind, f.severity, f.where, f.rule) for f in CONTRACT.check(exchange)]


def only(exchange: Exchange) -> Finding:
    (finding,) = CONTRACT.check(exchange)
    return finding


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_an_undamaged_exchange_has_no_findings(version: str) -> None:
    """What the pages show is what the contract accepts."""
    location = ("Location", f"{make.ROOT}/{version}/communications/calls/{make.CALL}/operations/{make.OPERATION}")
    assert found(make.invite(None, make.answer(200, make.operation(), location), version=version)) == []
    assert found(make.reject(version=version)) == []
    assert found(make.delete(version=version)) == []
    assert found(make.roster()) == []


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        pytest.param(
            make.invite(headers=(make.JSON,)),
            ("token-missing", "violation", "Authorization", "participant-invite.token-is-required"),
            id="no token",
        ),
        pytest.param(
            make.invite({"participants": [make.user(str(n)) for n in range(6)]}),
            ("limit-exceeded", "violation", "$.participants", "participant-invite.at-most-five-invitees"),
            id="a sixth invitee",
        ),
        pytest.param(
            make.invite({"participants": [make.user()], "clientContext": "x" * 257}),
            ("limit-exceeded", "violation", "$.clientContext", "participant-invite.client-context-at-most-256"),
            id="257 characters",
        ),
        pytest.param(
            make.invite({"participants": [{"@odata.type": "#microsoft.graph.invitationParticipantInfo"}]}),
            ("member-missing", "violation", "$.participants[0].identity", "participant-invite.invitee-has-identity"),
            id="no identity",
        ),
        pytest.param(
            make.invite({"participants": [{"identity": None}]}),
            ("null-unexpected", "violation", "$.participants[0].identity", "participant-invite.invitee-has-identity"),
            id="identity null",
        ),
        pytest.param(
            make.invite({"participants": [{"identity": {"phone": {"id": "12345"}}}]}),
            (
                "format-wrong",
                "violation",
                "$.participants[0].identity.phone.id",
                "participant-invite.phone-invitee-in-e164",
            ),
            id="phone without plus",
        ),
        pytest.param(
            make.invite({"participants": [{"identity": {"phone": {"id": "+12345678901\n"}}}]}),
            (
                "format-wrong",
                "violation",
                "$.participants[0].identity.phone.id",
                "participant-invite.phone-invitee-in-e164",
            ),
            id="phone with a line break",
        ),
        pytest.param(make.invite({}), ("member-missing", "violation", "$.participants", ""), id="no participants"),
        pytest.param(
            make.delete(version="beta", body={"reason": "left"}),
            ("body-unexpected", "violation", "body", "participant-delete.request-has-no-body"),
            id="a body on DELETE",
        ),
        pytest.param(
            make.reject({"reason": "tired"}),
            ("enum-unknown", "violation", "$.reason", "call-reject.reasons-are-none-busy-forbidden"),
            id="unknown reason",
        ),
        pytest.param(
            make.reject({"callbackUri": "http://bot.contoso.com/api/calls"}),
            ("format-wrong", "violation", "$.callbackUri", "call-reject.callback-uri-is-https"),
            id="callback over http",
        ),
        pytest.param(make.invite(b'{"participants": ['), ("body-malformed", "violation", "body", ""), id="half a body"),
        pytest.param(
            make.invite(headers=(make.TOKEN, ("Content-Type", "text/plain"))),
            ("content-type", "violation", "Content-Type", ""),
            id="JSON sent as text",
        ),
    ],
)
def test_a_bad_request_is_found_where_it_is_bad(exchange: Exchange, expected: tuple[str, ...]) -> None:
    """A request is judged by kind, severity, place and rule."""
    assert found(exchange) == [expected]


def test_a_scheme_has_no_letter_case() -> None:
    """HTTPS:// is https."""
    assert found(make.reject({"callbackUri": "HTTPS://bot.contoso.com/api/calls"})) == []


def test_findings_come_in_the_order_of_the_body() -> None:
    """The order of findings does not change from run to run."""
    names = [f"unknown{number}" for number in range(20)]
    answered = make.answer(200, make.operation(**dict.fromkeys(names)), make.LOCATION)
    assert [finding.where for finding in CONTRACT.check(make.invite(None, answered))] == [f"$.{n}" for n in names]


SUCCESS = "participant-invite.success-is-200-with-operation"


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        pytest.param(
            make.invite(response=make.answer(200, make.operation())),
            ("header-missing", "violation", "Location", "participant-invite.location-names-the-operation"),
            id="no Location",
        ),
        pytest.param(
            make.invite(response=make.answer(200, make.operation(), ("Location", "/elsewhere"))),
            ("header-wrong", "violation", "Location", "participant-invite.location-names-the-operation"),
            id="Location of something else",
        ),
        pytest.param(
            make.invite(response=make.answer(201, make.operation(), make.LOCATION)),
            ("status-undocumented", "violation", "status", SUCCESS),
            id="status 201",
        ),
        pytest.param(
            make.invite(response=make.answer(200, None, make.LOCATION)),
            ("body-missing", "violation", "body", SUCCESS),
            id="no body",
        ),
        pytest.param(
            make.invite(response=make.answer(200, make.operation(id=7), make.LOCATION)),
            ("type-wrong", "violation", "$.id", SUCCESS),
            id="id is a number",
        ),
        pytest.param(
            make.invite(response=make.answer(200, make.operation(status="paused"), make.LOCATION)),
            ("enum-unknown", "violation", "$.status", SUCCESS),
            id="unknown member of a closed enumeration",
        ),
        pytest.param(
            make.invite(response=make.answer(200, make.operation(status="Running"), make.LOCATION)),
            ("enum-letter-case", "notice", "$.status", SUCCESS),
            id="Running",
        ),
        pytest.param(
            make.invite(
                response=make.answer(200, make.operation(resultInfo={"code": "200", "subcode": 0}), make.LOCATION)
            ),
            ("type-wrong", "notice", "$.resultInfo.code", SUCCESS),
            id="a result code as text",
        ),
        pytest.param(
            make.invite(response=make.answer(200, make.operation(mood="good"), make.LOCATION)),
            ("member-undocumented", "notice", "$.mood", SUCCESS),
            id="an undocumented member",
        ),
        pytest.param(
            make.delete(make.answer(204, b"deleted")),
            ("body-unexpected", "violation", "body", "participant-delete.success-is-204-empty"),
            id="a body in a 204",
        ),
        pytest.param(
            make.roster(make.participant(id=None)),
            ("null-unexpected", "notice", "$.value[0].id", "call-list-participants.success-is-200-with-collection"),
            id="a null id, as the pages print it",
        ),
        pytest.param(
            make.roster(make.participant(), make.participant(isMuted="no")),
            ("type-wrong", "violation", "$.value[1].isMuted", "call-list-participants.success-is-200-with-collection"),
            id="a text for a boolean",
        ),
        pytest.param(
            make.delete(make.answer(418, {})),
            ("status-undocumented", "violation", "status", "participant-delete.success-is-204-empty"),
            id="a teapot",
        ),
        pytest.param(
            make.delete(make.answer(404, {"error": "deleted"})),
            ("body-malformed", "violation", "$.error", ""),
            id="an error without envelope",
        ),
    ],
)
def test_a_bad_response_is_found_where_it_is_bad(exchange: Exchange, expected: tuple[str, ...]) -> None:
    """A response is judged by kind, severity, place and rule."""
    assert found(exchange) == [expected]


def test_the_subtype_named_by_odata_type_decides() -> None:
    """The members of the derived type are known, and their types count."""
    info = {
        "identity": {
            "@odata.type": "#microsoft.graph.communicationsIdentitySet",
            "assertedIdentity": {"@odata.type": "#microsoft.graph.communicationsGuestIdentity", "id": "g", "email": 5},
        }
    }
    finding = only(make.roster(make.participant(info=info)))
    assert (finding.kind, finding.where) == (Kind.TYPE_WRONG, "$.value[0].info.identity.assertedIdentity.email")


@pytest.mark.parametrize(
    ("written", "kind", "severity"),
    [
        ("microsoft.graph.participantInfo", Kind.TYPE_SPELLING, Severity.NOTICE),
        ("#microsoft.graph.guestInfo", Kind.TYPE_UNKNOWN, Severity.NOTICE),
        ("#microsoft.graph.call", Kind.TYPE_UNKNOWN, Severity.VIOLATION),
        (5, Kind.TYPE_WRONG, Severity.VIOLATION),
    ],
)
def test_a_wrong_odata_type_is_weighed_by_the_model(written: Any, kind: Kind, severity: Severity) -> None:
    """A missing hash is tolerated, a new type may be the service's growth, a type of another branch is wrong."""
    info = {"@odata.type": written, "identity": make.user()["identity"]}
    finding = only(make.roster(make.participant(info=info)))
    assert (finding.kind, finding.severity, finding.where) == (kind, severity, "$.value[0].info['@odata.type']")


def test_an_abstract_type_asks_for_odata_type() -> None:
    """The type of a mediaConfig without @odata.type is unknown."""
    body = {"callbackUri": "https://bot.contoso.com/api/calls", "mediaConfig": {}, "targets": [make.user()]}
    sent = Exchange(
        make.request("POST", "/communications/calls", body), make.answer(404, {"error": {"code": "a", "message": "b"}})
    )
    finding = only(sent)
    assert (finding.kind, finding.side, finding.where) == (
        Kind.TYPE_MISSING,
        Side.REQUEST,
        "$.mediaConfig['@odata.type']",
    )
    assert "#microsoft.graph.serviceHostedMediaConfig" in finding.expected


def test_a_tolerated_finding_names_its_contradiction() -> None:
    """Tolerance is an entry with a name, never a loose schema."""
    finding = only(make.invite(response=make.answer(200, make.operation(status="Running"), make.LOCATION)))
    assert finding.tolerated == "participant-invite.c01"


def test_sub_code_with_a_capital_is_tolerated_in_both_halves() -> None:
    """subCode stands for subcode on one page: the unknown member and the missing one are both notices."""
    result = {"code": 200, "subCode": 0}
    got = found(make.invite(response=make.answer(200, make.operation(resultInfo=result), make.LOCATION)))
    assert sorted((kind, severity, where) for kind, severity, where, _ in got) == [
        ("member-missing", "notice", "$.resultInfo.subcode"),
        ("member-undocumented", "notice", "$.resultInfo.subCode"),
    ]


def test_a_subcode_that_is_just_missing_is_a_violation() -> None:
    """The tolerance holds only where the other spelling is there."""
    got = found(make.invite(response=make.answer(200, make.operation(resultInfo={"code": 200}), make.LOCATION)))
    assert [(kind, severity) for kind, severity, _, _ in got] == [("member-missing", "violation")]


def test_a_snake_case_member_gets_the_hint_that_helps() -> None:
    """msgraph-sdk sends additional data literally; the hint names the member that was meant."""
    invitee = make.user()
    invitee["identity"]["user"]["identity_provider"] = invitee["identity"]["user"].pop("identityProvider")
    finding = only(make.invite({"participants": [invitee]}))
    assert finding.severity is Severity.NOTICE
    assert finding.hint == "Did you mean 'identityProvider'?"


def test_a_missing_member_is_reported_with_those_that_are_there() -> None:
    """A missing member has often been spelt in another way."""
    exchange = make.invite({"participant": [make.user()]})
    (found,) = [one for one in CONTRACT.check(exchange) if one.kind == "member-missing"]
    assert (found.kind, found.where, found.got) == ("member-missing", "$.participants", "nothing, but 'participant'")


def test_a_format_is_named() -> None:
    """A format is named, not shown as a pattern."""
    report = {"detectionDateTime": "yesterday", "id": "7"}
    path = f"/communications/calls/{make.CALL}/participants/{make.CALL}/reportSyntheticMedia"
    found = {
        one.where: one.expected for one in CONTRACT.check_request(make.request("POST", path, report, version="beta"))
    }
    assert found["$.detectionDateTime"] == "a date and time such as 2026-06-15T10:30:00Z"
    wanted = {"$.quality.callChainId": "a GUID such as 57dab8b1-894c-409a-b240-bd8beae78896"}
    request = make.request(
        "POST", "/communications/calls/logTeleconferenceDeviceQuality", {"quality": {"callChainId": "x"}}
    )
    assert wanted.items() <= {one.where: one.expected for one in CONTRACT.check_request(request)}.items()


def test_members_left_out_by_select_are_not_missed() -> None:
    """$select narrows an entity; what was asked for still has to be there."""
    path = f"/communications/calls/{make.CALL}?$select=state"
    assert (
        found(
            Exchange(
                make.request("GET", path), make.answer(200, {"@odata.context": "#$entity", "state": "established"})
            )
        )
        == []
    )
    path = f"/communications/calls/{make.CALL}?$select=id"
    got = found(
        Exchange(make.request("GET", path), make.answer(200, {"@odata.context": "#$entity", "state": "established"}))
    )
    assert [(kind, where) for kind, _, where, _ in got] == [("member-missing", "$.id")]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_an_error_with_a_right_envelope_is_in_order(status: int) -> None:
    """The pages list no errors; the page of errors for the whole of Graph does."""
    body = {"error": {"code": "8522", "message": "Call not found."}}
    assert found(make.delete(make.answer(status, body))) == []


def test_an_unknown_path_names_the_nearest_operation() -> None:
    """A typing mistake in a path is a finding of its own."""
    sent = make.request("POST", f"/communications/calls/{make.CALL}/participants/invit", {})
    (finding,) = CONTRACT.check_request(sent)
    assert finding.kind is Kind.OPERATION_UNKNOWN
    assert finding.hint == "Did you mean POST /communications/calls/{id}/participants/invite?"


def test_a_wrong_method_names_the_right_ones() -> None:
    """The path is known, the method is not."""
    (finding,) = CONTRACT.check_request(make.request("PUT", f"/communications/calls/{make.CALL}/reject", {}))
    assert (finding.kind, finding.expected) == (Kind.METHOD_UNDOCUMENTED, "POST")


@pytest.mark.parametrize("url", ["/v1.0/me", "/v1.0/communications/onlineMeetings", "/", "/v1.0"])
def test_other_parts_of_graph_are_not_judged(url: str) -> None:
    """The contract speaks of the calls API only."""
    assert CONTRACT.check_request(Request("GET", url)) == ()


def test_an_uncovered_operation_is_not_judged() -> None:
    """The request to raise a hand is known by its name alone, so it is not part of this contract."""
    assert CONTRACT.check_request(make.request("POST", f"/communications/calls/{make.CALL}/raiseHand", {"x": 1})) == ()


def test_a_recording_is_not_asked_for_a_token() -> None:
    """Tokens are taken out of recordings."""
    assert CONTRACT.check(make.delete(headers=()), token_expected=False) == ()


def test_judged_names_the_rules_an_exchange_put_to_the_test() -> None:
    """Only rules that could have been broken are counted as exercised."""
    assert CONTRACT.judged(make.delete()) == {
        "participant-delete.success-is-204-empty",
        "participant-delete.request-has-no-body",
        "participant-delete.token-is-required",
    }
    judged = CONTRACT.judged(make.invite({"participants": [make.user()]}))
    assert "participant-invite.client-context-at-most-256" not in judged
    assert "participant-invite.at-most-five-invitees" in judged


def test_a_fingerprint_ignores_the_index_in_a_list() -> None:
    """A disagreement in another entry of a list is the same one."""
    first = only(make.roster(make.participant(isMuted="no")))
    second = only(make.roster(make.participant(), make.participant(isMuted="no")))
    assert first.where != second.where
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != only(make.roster(make.participant(isInLobby="no"))).fingerprint


def test_a_finding_survives_the_way_through_json() -> None:
    """The report and the workers of a parallel run hand findings on as JSON."""
    finding = only(make.delete(make.answer(204, b"deleted")))
    assert Finding.from_json(finding.to_json()) == finding


def test_headers_are_found_in_any_letter_case() -> None:
    """HTTP header names have no letter case."""
    response = make.answer(200, make.operation(), ("LOCATION", make.LOCATION[1]))
    assert found(make.invite(response=response)) == []
    assert Headers([("A", "1"), ("a", "2")])["a"] == "1"


ASKS = ("Prefer", "odata.maxpagesize=5, include-unknown-enum-members")


def read_participant(identity: dict[str, Any], endpoint: str, *headers: tuple[str, str]) -> Exchange:
    info = {"@odata.type": "#microsoft.graph.participantInfo", "identity": {"user": identity}, "endpointType": endpoint}
    path = f"/communications/calls/{make.CALL}/participants/{make.PERSON}"
    return Exchange(
        make.request("GET", path, headers=(make.TOKEN, *headers)), make.answer(200, make.participant(info=info))
    )


USER = {"@odata.type": "#microsoft.graph.teamworkUserIdentity", "id": make.PERSON}


@pytest.mark.parametrize(
    ("kind", "endpoint", "asked", "expected"),
    [
        ("aadUser", "default", False, []),
        ("unknownFutureValue", "unknownFutureValue", False, []),
        ("emailUser", "default", False, [("enum-unknown", "violation", "$.info.identity.user.userIdentityType")]),
        ("emailUser", "default", True, []),
        ("aadUser", "hologram", False, [("enum-unknown", "violation", "$.info.endpointType")]),
        ("aadUser", "hologram", True, [("enum-unknown", "notice", "$.info.endpointType")]),
    ],
)
def test_later_members_of_an_enumeration_have_to_be_asked_for(
    kind: str, endpoint: str, *, asked: bool, expected: list[tuple[str, str, str]]
) -> None:
    """The header Prefer asks for them; without it the service answers unknownFutureValue, published later or not."""
    exchange = read_participant({**USER, "userIdentityType": kind}, endpoint, *((ASKS,) if asked else ()))
    assert [(one.kind, one.severity, one.where) for one in CONTRACT.check(exchange)] == expected


def test_a_later_member_of_an_enumeration_gets_the_header_that_it_lacks() -> None:
    """The message says what the answer should have been, and why."""
    finding = only(read_participant({**USER, "userIdentityType": "emailUser"}, "default"))
    assert finding.expected == (
        "unknownFutureValue, because emailUser was published later and the request has no "
        "Prefer: include-unknown-enum-members"
    )


@pytest.mark.parametrize("kind", ["emailUser", "somethingNew"])
def test_later_members_of_an_enumeration_in_a_notification_are_no_violation(kind: str) -> None:
    """A notification has no request that could ask for them."""
    item = make.participant(info={"identity": {"user": {**USER, "userIdentityType": kind}}})
    entry = {
        "@odata.type": "#microsoft.graph.commsNotification",
        "changeType": "updated",
        "resourceUrl": f"/communications/calls/{make.CALL}/participants",
        "resourceData": [item],
    }
    found = CONTRACT.check_notification({"@odata.type": "#microsoft.graph.commsNotifications", "value": [entry]})
    assert [(one.kind, one.severity) for one in found] == ([] if kind == "emailUser" else [("enum-unknown", "notice")])


def test_a_member_that_an_sdk_sends_is_not_called_undocumented() -> None:
    """The options of a call as Microsoft's .NET calling SDK sends them."""
    options = {"@odata.type": "#microsoft.graph.outgoingCallOptions", "isDeltaRosterEnabled": None}
    body = {
        "callbackUri": "https://bot.contoso.com/calls",
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        "callOptions": {**options, "allowGuestToBypassLobby": True, "isWatermarkSupported": False},
    }
    assert CONTRACT.check_request(make.request("POST", "/communications/calls", body)) == ()


def test_a_member_of_a_sibling_type_names_it() -> None:
    """A passcode belongs to a meeting that is joined by its number, not to one that is named by its organizer."""
    meeting = {"@odata.type": "#microsoft.graph.organizerMeetingInfo", "organizer": {}, "passcode": "x"}
    found = CONTRACT.check_request(make.request("POST", "/communications/calls", {"meetingInfo": meeting}))
    finding = next(one for one in found if one.where == "$.meetingInfo.passcode")
    assert (
        finding.hint == "joinMeetingIdMeetingInfo has it, by its @odata.type #microsoft.graph.joinMeetingIdMeetingInfo."
    )


def test_no_type_is_said_to_be_closed() -> None:
    """An open one is said to be open; of others it is not known what the service does with more."""
    finding = only(make.roster(make.participant(mood="good")))
    assert finding.expected.startswith("a documented member of participant")
    finding = only(
        make.invite(
            response=make.answer(200, make.operation(resultInfo={"code": 200, "subcode": 0, "x": 1}), make.LOCATION)
        )
    )
    assert "closed" not in finding.expected


@pytest.mark.parametrize(("accept", "expected"), [("", ["call-get.context-is-given"]), ("odata.metadata=none", [])])
def test_a_finding_of_reported_evidence_is_a_notice(accept: str, expected: list[str]) -> None:
    """An annotation that every capture has is missed, unless the request has asked for none."""
    request = make.request("GET", f"/communications/calls/{make.CALL}", headers=(make.TOKEN, ("Accept", accept)))
    body = {"id": make.CALL, "callbackUri": "https://bot.contoso.com/calls"}
    found = CONTRACT.check(Exchange(request, make.answer(200, body)))
    assert [one.rule for one in found] == expected
    assert {(one.kind, one.severity) for one in found} <= {("member-missing", "notice")}


def test_a_body_where_only_captures_have_none_is_a_notice() -> None:
    """The page of keepAlive names the status, and does not say that there is no body."""
    request = make.request("POST", f"/communications/calls/{make.CALL}/keepAlive")
    finding = only(Exchange(request, make.answer(200, {}, ("request-id", make.CALL))))
    assert (finding.kind, finding.severity) == ("body-unexpected", "notice")
    assert finding.rule == "call-keepalive.no-body-comes-back"
