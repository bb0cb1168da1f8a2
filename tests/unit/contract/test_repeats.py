"""What an answer repeats of its request, or of the answer before it, is compared with that."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.findings import Finding
from pytest_graphcalls.wire import Exchange
from tests.unit.contract import exchanges as make

CONTRACT = Contract.packaged()
ALICE, BOB = "278405a3-f568-4b3e-b684-009193463064", "7e1b4346-85a6-4bdd-abe3-d11c5d420efe"
OTHER = "00000000-0000-4000-8000-000000000007"
INVITE = "participant-invite"


def only(exchange: Exchange) -> Finding:
    (finding,) = CONTRACT.check(exchange)
    return finding


def invited(*answered: dict[str, Any], asked: tuple[dict[str, Any], ...] = (make.user(ALICE),)) -> Exchange:
    """An invite of Alice, or of ``asked``, with ``answered`` as the participants of the answer."""
    sent = {"participants": list(asked)}
    return make.invite(sent, make.answer(200, make.operation(participants=list(answered)), make.LOCATION))


@pytest.mark.parametrize("got", [None, "", "d45324c1", "another"], ids=repr)
def test_a_client_context_has_to_come_back(got: str | None) -> None:
    """A clientContext may be neither dropped nor changed; the message has both values."""
    finding = only(make.invite(None, make.answer(200, make.operation(clientContext=got), make.LOCATION)))
    assert (finding.kind, finding.severity, finding.where) == ("value-wrong", "violation", "$.clientContext")
    assert finding.rule == f"{INVITE}.client-context-is-echoed"
    assert finding.expected == "the text 'd45324c1-fcb5-430a-902c-f20af696537c', as in the request"


def test_a_client_context_that_was_not_sent_may_be_anything() -> None:
    """The service may make one of its own."""
    body = {"participants": [make.user()]}
    assert CONTRACT.check(make.invite(body, make.answer(200, make.operation(), make.LOCATION))) == ()


@pytest.mark.parametrize(
    ("location", "severity"),
    [
        (f"/v1.0/communications/calls/{OTHER}/operations/{make.OPERATION}", "violation"),
        (f"/v1.0/communications/calls/{make.CALL}/operations/{OTHER}", "violation"),
        (f"/v1.0/communications/calls/{make.CALL}", "violation"),
        (f"/v1.0/Communications/Calls/{make.CALL}/Operations/{make.OPERATION}", ""),
        (f"/v1.0/communications/calls('{make.CALL}')/operations('{make.OPERATION}')", ""),
        (f"/v1.0/communications/calls/{make.CALL.upper().replace('-', '')}/operations/{make.OPERATION}", "notice"),
    ],
)
def test_the_location_is_that_of_the_operation(location: str, severity: str) -> None:
    """The Location has the call of the path and the operation of the body; an id in another spelling is a notice."""
    found = CONTRACT.check(make.invite(None, make.answer(200, make.operation(), ("Location", make.ROOT + location))))
    assert [(one.kind, one.severity, one.where) for one in found] == (
        [("header-wrong", severity, "Location")] if severity else []
    )
    if severity == "notice":
        assert found[0].tolerated == "call-reject.c07"
    if severity == "violation":
        assert found[0].expected.endswith(f"/communications/calls/{make.CALL}/operations/{make.OPERATION}")


@pytest.mark.parametrize(
    ("answered", "got"),
    [((make.user(BOB),), BOB), ((), "none"), ((make.user(ALICE), make.user(BOB)), f"{ALICE}, {BOB}")],
    ids=["another user", "no user", "one more user"],
)
def test_participants_of_an_invite_are_those_invited(answered: tuple[dict[str, Any], ...], got: str) -> None:
    """Participants are compared by id; both lists are in the message."""
    finding = only(invited(*answered))
    assert (finding.kind, finding.where, finding.rule) == (
        "value-wrong",
        "$.participants",
        f"{INVITE}.participants-are-those-invited",
    )
    assert finding.expected == f"people with the ids {ALICE}, as in the request"
    assert finding.got == f"people with the ids {got}"


def test_members_that_the_service_adds_to_identities_are_no_disagreement() -> None:
    """A display name, a tenant, and the other members of the identity as null."""
    entry = make.user(ALICE.upper())
    entry["identity"]["user"] |= {"displayName": "Alice", "tenantId": OTHER}
    entry["identity"] |= {"phone": None, "application": None}
    assert CONTRACT.check(invited(entry)) == ()


def test_with_a_call_to_replace_the_first_invitee_is_enough() -> None:
    """The others are ignored; whether the answer lists them is open."""
    asked = ({**make.user(ALICE), "replacesCallId": OTHER}, make.user(BOB))
    assert CONTRACT.check(invited(make.user(ALICE), asked=asked)) == ()
    assert CONTRACT.check(invited(make.user(ALICE), make.user(BOB), asked=asked)) == ()
    assert only(invited(make.user(OTHER), asked=asked)).rule == f"{INVITE}.participants-are-those-invited"
    assert only(invited(asked=asked)).rule == f"{INVITE}.participants-are-those-invited"


def test_a_participant_id_that_was_chosen_comes_back_in_its_entry() -> None:
    """The chosen id may not come back in the entry of another invitee."""
    alice, bob = {**make.user(ALICE), "participantId": OTHER}, make.user(BOB)
    assert CONTRACT.check(invited(bob, alice, asked=(alice, bob))) == ()
    finding = only(invited(make.user(ALICE), {**bob, "participantId": OTHER}, asked=(alice, bob)))
    assert (finding.where, finding.rule) == ("$.participants[0].participantId", f"{INVITE}.participant-id-is-echoed")


def test_a_phone_comes_back_as_a_phone() -> None:
    """A phone comes back in the same place of the identity."""
    phone, user = ({"identity": {kind: {"id": "+15550100"}}} for kind in ("phone", "user"))
    assert CONTRACT.check(invited(phone, asked=(phone,))) == ()
    finding = only(invited(user, asked=(phone,)))
    assert (finding.where, finding.got, finding.rule) == (
        "$.participants[0].identity.phone.id",
        "null",
        f"{INVITE}.phone-invitee-in-e164",
    )


REQUEST_ID = ("request-id", OTHER)


def created(**changes: Any) -> Exchange:
    sent = {
        "callbackUri": "https://bot.contoso.com/calls",
        "targets": [make.user(ALICE)],
        "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
    }
    call = {"@odata.context": "#calls/$entity", "id": make.CALL, "state": "establishing", **sent, **changes}
    location = ("Location", f"{make.ROOT}/v1.0/communications/calls/{make.CALL}")
    return Exchange(make.request("POST", "/communications/calls", sent), make.answer(201, call, location, REQUEST_ID))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"callbackUri": "https://bot.contoso.com/other"}, "callback-uri-is-echoed"),
        ({"callbackUri": None}, "success-is-201-with-call"),
        ({"targets": []}, "targets-are-those-called"),
        ({"targets": [make.user(BOB)]}, "targets-are-those-called"),
        ({"id": OTHER}, "location-names-the-call"),
    ],
)
def test_a_created_call_is_the_one_that_was_asked_for(changes: dict[str, Any], rule: str) -> None:
    """Callback, targets and address of the created call are those of the request."""
    assert CONTRACT.check(created()) == ()
    assert only(created(**changes)).rule == f"application-post-calls.{rule}"


def read(kind: str, id: str, body: dict[str, Any]) -> Exchange:
    path = {
        "call": "",
        "participant": f"/participants/{id}",
        "operation": f"/operations/{id}",
    }[kind]
    call = id if kind == "call" else make.CALL
    return Exchange(make.request("GET", f"/communications/calls/{call}{path}"), make.answer(200, body))


@pytest.mark.parametrize(
    ("kind", "body", "operation"),
    [
        ("call", {"callbackUri": "https://bot.contoso.com/calls"}, "call-get"),
        ("participant", make.participant(), "participant-get"),
        ("operation", make.operation(), "commsoperation-get"),
    ],
)
def test_a_resource_that_is_read_is_the_requested_one(kind: str, body: dict[str, Any], operation: str) -> None:
    """Ids are compared; another spelling is a notice, and a placeholder in the path is not compared."""
    body = {"@odata.context": "#$entity", "@odata.type": f"#microsoft.graph.{kind}", **body, "id": ALICE}
    assert CONTRACT.check(read(kind, ALICE, body)) == ()
    assert CONTRACT.check(read(kind, "%7Bid%7D", body)) == ()
    finding = only(read(kind, BOB, body))
    assert (finding.kind, finding.where) == ("value-wrong", "$.id")
    assert finding.rule == f"{operation}.id-is-the-one-asked-for"
    assert finding.expected == f"the text {BOB!r}, as in the path of the request"
    spelled = only(read(kind, ALICE.upper(), body))
    assert (spelled.severity, spelled.tolerated) == ("notice", "call-reject.c07")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"@odata.type": "#microsoft.graph.playPromptOperation", "participants": None}, "$.@odata.type"),
        ({"clientContext": "another"}, "$.clientContext"),
    ],
)
def test_an_operation_that_is_read_is_the_one_that_was_started(changes: dict[str, Any], where: str) -> None:
    """Type and context of the operation are those of the answer that started it, where that was seen."""
    started: dict[str, Any] = {}
    assert CONTRACT.check(make.invite(), started=started) == ()
    assert CONTRACT.check(read("operation", make.OPERATION, make.operation(status="completed")), started=started) == ()
    later = read("operation", make.OPERATION, {**make.operation(status="completed"), **changes})
    wrong = [one for one in CONTRACT.check(later, started=started) if one.severity == "violation"]
    assert [(one.where, one.rule) for one in wrong] == [(where, "commsoperation-get.shows-what-was-started")]
    assert wrong[0].expected.endswith(", as in the answer that started the operation")
    assert not [one for one in CONTRACT.check(later) if one.severity == "violation"]


def cancelled(**changes: Any) -> Exchange:
    body = make.operation(**{"@odata.type": "#microsoft.graph.cancelMediaProcessingOperation", "status": "completed"})
    del body["participants"]
    request = make.request(
        "POST", f"/communications/calls/{make.CALL}/cancelMediaProcessing", {"clientContext": body["clientContext"]}
    )
    return Exchange(request, make.answer(200, {**body, **changes}, make.LOCATION))


@pytest.mark.parametrize(
    ("changes", "contradiction"),
    [({"id": OTHER}, "call-cancelmediaprocessing.c02"), ({"clientContext": OTHER}, "call-cancelmediaprocessing.c03")],
)
def test_a_disagreement_that_a_page_prints_itself_is_a_notice(changes: dict[str, Any], contradiction: str) -> None:
    """The contradiction is named."""
    assert CONTRACT.check(cancelled()) == ()
    finding = only(cancelled(**changes))
    assert (finding.severity, finding.tolerated) == ("notice", contradiction)


def test_the_rules_that_an_exchange_puts_to_the_test_are_named() -> None:
    """A context that was not sent cannot be lost."""
    assert f"{INVITE}.client-context-is-echoed" in CONTRACT.judged(make.invite())
    assert f"{INVITE}.client-context-is-echoed" not in CONTRACT.judged(make.invite({"participants": [make.user()]}))
