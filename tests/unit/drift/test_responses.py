"""Two answers to the same step, in three columns: what was there, what is there now, what that is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Difference, Kind, Origin, Severity
from pytest_graphcalls.drift.compare import compare
from pytest_graphcalls.drift.model import Observation
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json
from tests.unit.drift import recordings as t

Expected = set[tuple[Kind, str]]
CASES: dict[str, tuple[Any, Callable[[Any], Any], Expected]] = {
    "an id that looks like none is that of something else": (
        t.CALL,
        lambda c: c["chatInfo"].update(threadId="19:meeting_y@thread.v2"),
        {(Kind.VALUE_CHANGED, "$.chatInfo.threadId")},
    ),
    "a member is missing": (t.CALL, lambda c: c.pop("direction"), {(Kind.MEMBER_GONE, "$.direction")}),
    "a member is new": (t.CALL, lambda c: c.update(lobby={"a": 1}), {(Kind.MEMBER_NEW, "$.lobby")}),
    "a member is called something else": (
        t.CALL,
        lambda c: c.update(status=c.pop("state")),
        {(Kind.MEMBER_GONE, "$.state"), (Kind.MEMBER_NEW, "$.status")},
    ),
    "a member is spelled in another letter case": (
        t.CALL,
        lambda c: c.update(State=c.pop("state")),
        {(Kind.LETTER_CASE_CHANGED, "$.State")},
    ),
    "a member with a sign in its name": (
        t.CALL,
        lambda c: c.pop("@odata.context"),
        {(Kind.MEMBER_GONE, "$['@odata.context']")},
    ),
    "a number is a text": (
        t.CALL,
        lambda c: c.update(ringingTimeoutInSeconds="90"),
        {(Kind.TYPE_CHANGED, "$.ringingTimeoutInSeconds")},
    ),
    "a list is an object": (
        t.CALL,
        lambda c: c.update(requestedModalities={}),
        {(Kind.TYPE_CHANGED, "$.requestedModalities")},
    ),
    "an object is of another type": (
        t.CALL,
        lambda c: c["chatInfo"].update({"@odata.type": "#microsoft.graph.itemBody"}),
        {(Kind.TYPE_CHANGED, "$.chatInfo['@odata.type']")},
    ),
    "an object is null": (t.CALL, lambda c: c.update(chatInfo=None), {(Kind.VALUE_CHANGED, "$.chatInfo")}),
    "a null is a text": (t.CALL, lambda c: c.update(subject="Weekly"), {(Kind.VALUE_CHANGED, "$.subject")}),
    "an enum says something else": (
        t.CALL,
        lambda c: c.update(direction="incoming"),
        {(Kind.VALUE_CHANGED, "$.direction")},
    ),
    "an enum has grown": (t.CALL, lambda c: c.update(state="hovering"), {(Kind.ENUM_MEMBER_NEW, "$.state")}),
    "an enum is spelled in another letter case": (
        t.CALL,
        lambda c: c.update(state="Establishing"),
        {(Kind.LETTER_CASE_CHANGED, "$.state")},
    ),
    "a truth is not true": (
        t.ROSTER,
        lambda r: r["value"][0].update(isMuted=True),
        {(Kind.VALUE_CHANGED, "$.value[].isMuted")},
    ),
    "a number has changed": (
        t.INVITED,
        lambda o: o["resultInfo"].update(code=500),
        {(Kind.VALUE_CHANGED, "$.resultInfo.code")},
    ),
    "an id is empty": (t.CALL, lambda c: c.update(myParticipantId=""), {(Kind.VALUE_CHANGED, "$.myParticipantId")}),
    "an id is all zeros": (
        t.CALL,
        lambda c: c.update(myParticipantId="00000000-0000-0000-0000-000000000000"),
        {(Kind.VALUE_CHANGED, "$.myParticipantId")},
    ),
    "an id is that of another user": (
        t.CALL,
        lambda c: c.update(myParticipantId=t.TENANT),
        {(Kind.VALUE_CHANGED, "$.myParticipantId")},
    ),
    "a time is a text": (
        t.CALL,
        lambda c: c["transcription"].update(lastModifiedDateTime="yesterday"),
        {(Kind.VALUE_CHANGED, "$.transcription.lastModifiedDateTime")},
    ),
    "a name of a type is spelled without its sign": (
        t.CALL,
        lambda c: c["chatInfo"].update({"@odata.type": c["chatInfo"]["@odata.type"].lstrip("#")}),
        {(Kind.LETTER_CASE_CHANGED, "$.chatInfo['@odata.type']")},
    ),
    "a value of a list is missing": (
        t.CALL,
        lambda c: c["requestedModalities"].pop(),
        {(Kind.ITEM_GONE, "$.requestedModalities[]")},
    ),
    "a value of a list is new": (
        t.CALL,
        lambda c: c["requestedModalities"].insert(0, "data"),
        {(Kind.ITEM_NEW, "$.requestedModalities[]")},
    ),
    "an unknown value of a list": (
        t.CALL,
        lambda c: c["requestedModalities"].insert(0, "smell"),
        {(Kind.ENUM_MEMBER_NEW, "$.requestedModalities[]")},
    ),
    "a value of a list in another letter case": (
        t.CALL,
        lambda c: c.update(requestedModalities=["Audio", "video"]),
        {(Kind.LETTER_CASE_CHANGED, "$.requestedModalities[]")},
    ),
    "values in another order": (
        t.CALL,
        lambda c: c["requestedModalities"].reverse(),
        {(Kind.ORDER_CHANGED, "$.requestedModalities")},
    ),
    "people in another order": (t.ROSTER, lambda r: r["value"].reverse(), {(Kind.ORDER_CHANGED, "$.value")}),
    "a new participant, in front of all others": (
        t.ROSTER,
        lambda r: r["value"].insert(0, t.person(t.OPERATION, t.OPERATION, "Bob")),
        {(Kind.ITEM_NEW, "$.value[]")},
    ),
    "the first one is not there": (t.ROSTER, lambda r: r["value"].pop(0), {(Kind.ITEM_GONE, "$.value[]")}),
    "the second one has changed, and is the first now": (
        t.ROSTER,
        lambda r: r["value"].pop(0) and r["value"][0].update(isInLobby=True),
        {(Kind.ITEM_GONE, "$.value[]"), (Kind.VALUE_CHANGED, "$.value[].isInLobby")},
    ),
}
AT = {id(t.CALL): 1, id(t.INVITED): 2, id(t.ROSTER): 3}


def answering(number: int, **answer: Any) -> t.Recording:
    """The recording with another answer to one exchange."""
    all_ = t.exchanges()
    old = all_[number]
    response = Response(
        answer.get("status", old.response.status),
        answer.get("headers", old.response.headers),
        answer.get("body", old.response.body),
    )
    all_[number] = Exchange(old.request, response)
    return t.recording(all_)


@pytest.mark.parametrize("name", CASES)
def test_a_change_of_a_body_has_a_name(name: str) -> None:
    """What was there, what is there now, what that is called and where it is."""
    body, change, expected = CASES[name]
    number = AT[id(body)]
    after = answering(number, body=encode_json(t.changed(body, change)))
    assert t.kinds(t.recording(t.exchanges()), after) == expected


@pytest.mark.parametrize("name", CASES)
def test_a_change_of_a_body_is_one_backwards_too(name: str) -> None:
    """What came can go: there is a difference in either direction, and as many of them."""
    body, change, expected = CASES[name]
    before = answering(AT[id(body)], body=encode_json(t.changed(body, change)))
    assert len(t.kinds(before, t.recording(t.exchanges()))) == len(expected)


def test_a_body_of_another_type() -> None:
    """What was an object is a list, as a whole."""
    after = answering(1, body=encode_json([t.CALL]))
    assert t.kinds(t.recording(t.exchanges()), after) == {(Kind.TYPE_CHANGED, "$")}


def test_a_value_of_another_type_is_shown_by_its_type() -> None:
    """The value may differ in every run, and would be another difference each time."""
    found = [
        [
            (one.before, one.after, one.fingerprint)
            for one in t.found(t.recording(t.exchanges()), answering(1, body=body))
        ]
        for body in (encode_json({**t.CALL, "direction": number}) for number in (7, 8))
    ]
    assert found[0] == found[1]
    assert [one[:2] for one in found[0]] == [("'outgoing'", "a number")]


def test_an_enum_that_goes_back_to_what_is_published() -> None:
    """An unpublished member of the enumeration is not seen any more."""
    before = answering(1, body=encode_json({**t.CALL, "state": "hovering"}))
    assert t.kinds(before, t.recording(t.exchanges())) == {(Kind.ENUM_MEMBER_GONE, "$.state")}


def test_a_status_is_compared() -> None:
    """The status of an answer has changed."""
    found = t.found(t.recording(t.exchanges()), answering(4, status=202))
    assert [(one.kind, one.where, one.before, one.after) for one in found] == [
        (Kind.STATUS_CHANGED, "status", "204", "202")
    ]


def test_an_error_in_place_of_a_success_is_one_difference() -> None:
    """The bodies of an error and a success are not compared."""
    after = answering(2, status=403, body=encode_json(t.REFUSED))
    assert t.kinds(t.recording(t.exchanges()), after) == {(Kind.STATUS_CHANGED, "status")}


@pytest.mark.parametrize("code", ["8523", "NotFound"])
def test_a_code_of_an_error_is_compared(code: str) -> None:
    """Status and code are the contract of an error; its words are not."""
    refused = t.changed(t.REFUSED, lambda r: r["error"].update(code=code, message="Other words."))
    expected = {(Kind.ERROR_CODE_CHANGED, "$.error.code")}
    assert t.kinds(t.recording(t.exchanges()), answering(5, body=encode_json(refused))) == expected


def wrapped(code: str, words: str) -> bytes:
    """An error of the platform inside the gateway's."""
    inside = encode_json({"errorCode": code, "message": words}).decode()
    return encode_json({"error": {"code": "UnknownError", "message": inside}})


def test_a_code_inside_a_message_is_compared() -> None:
    """The platform's own error is JSON text inside the message of the gateway's."""
    expected = {(Kind.ERROR_CODE_CHANGED, "$.error.message.errorCode")}
    assert t.kinds(answering(5, body=wrapped("A1", "a")), answering(5, body=wrapped("B2", "b"))) == expected
    assert t.kinds(answering(5, body=wrapped("A1", "a")), answering(5, body=wrapped("A1", "b"))) == set()


def test_an_error_that_is_not_wrapped_any_more() -> None:
    """JSON inside a text, and now just a text: another class of value."""
    flat = encode_json({"error": {"code": "UnknownError", "message": "in words"}})
    assert t.kinds(answering(5, body=wrapped("A1", "a")), answering(5, body=flat)) == {
        (Kind.VALUE_CHANGED, "$.error.message")
    }


CREATED = dict(t.exchanges()[0].response.headers.pairs)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({**CREATED, "x-new": "1"}, {(Kind.HEADER_NEW, "x-new")}),
        ({name: value for name, value in CREATED.items() if name != "Location"}, {(Kind.HEADER_GONE, "location")}),
        ({**CREATED, "Location": f"/v1.0/communications/calls/{t.CALL_ID}"}, {(Kind.HEADER_CHANGED, "location")}),
        ({**CREATED, "Location": f"{t.ROOT}/{t.CALL_ID}/operations/1"}, {(Kind.HEADER_CHANGED, "location")}),
        ({**CREATED, "Location": f"{t.ROOT}/7"}, set()),
        ({**CREATED, "Content-Type": "application/json"}, {(Kind.HEADER_CHANGED, "content-type")}),
        ({**CREATED, "Content-Type": "application/JSON;charset=UTF-8"}, set()),
        ({**CREATED, "OData-Version": "5.0"}, {(Kind.HEADER_CHANGED, "odata-version")}),
        ({**CREATED, "Date": "Fri, 02 Jan 2026 00:00:00 GMT", "request-id": "2", "Server": "x"}, set()),
        ({name.upper(): value for name, value in CREATED.items()}, set()),
        ({**CREATED, "x-graphcalls-evidence": "documented"}, set()),
        ({**CREATED, "RateLimit-Remaining": "3", "x-ms-throttle-limit-percentage": "0.9"}, set()),
        ({**CREATED, "Content-Length": "7", "Connection": "close", "Transfer-Encoding": "chunked"}, set()),
    ],
)
def test_headers_are_compared_but_for_those_of_the_transport(headers: dict[str, str], expected: Expected) -> None:
    """A header that is there, or was; of some of them the value, of an address where it leads."""
    assert t.kinds(t.recording(t.exchanges()), answering(0, headers=Headers(headers))) == expected


def test_a_body_comes_and_goes() -> None:
    """A body where there was none, and none where there was one; its type is no second difference."""
    full = answering(4, body=b"{}", headers=Headers({"Content-Type": "application/json"}))
    assert t.kinds(t.recording(t.exchanges()), full) == {(Kind.BODY_NEW, "body")}
    assert t.kinds(full, t.recording(t.exchanges())) == {(Kind.BODY_GONE, "body")}


def test_a_body_that_is_no_json_any_more() -> None:
    """Another type of body; two that are both no JSON are not compared."""
    assert t.kinds(t.recording(t.exchanges()), answering(1, body=b"<html>")) == {(Kind.TYPE_CHANGED, "body")}
    assert t.kinds(answering(1, body=b"<html>"), answering(1, body=b"<body>")) == set()


def test_a_difference_names_its_exchange_test_and_page() -> None:
    """Operation, version, test, number of the exchange, page; and the two exchanges themselves."""
    roster = t.changed(t.ROSTER, lambda r: r["value"][1].pop("isMuted"))
    after = answering(3, body=encode_json(roster))
    (observation,) = compare([t.recording(t.exchanges())], [after], Contract.packaged())
    assert isinstance(observation, Observation)
    assert observation.difference == Difference(
        Kind.MEMBER_GONE,
        Origin.RECORDING,
        "v1.0",
        "call-list-participants",
        "$.value[].isMuted",
        "'isMuted'",
        "",
        f"{t.TEST}@v1.0, exchange 4",
        "https://learn.microsoft.com/graph/api/call-list-participants?view=graph-rest-1.0",
    )
    assert observation.difference.severity is Severity.BREAKING
    assert observation.sample is not None
    assert (observation.sample.expected, observation.sample.observed) == (t.exchanges()[3], after.exchanges[3])
    assert observation.sample.where == "$.value[1].isMuted"


def test_the_place_of_a_sample_is_one_of_what_was_observed() -> None:
    """With a new participant in front, the place is the present index of the others."""
    roster = t.changed(
        t.ROSTER,
        lambda r: (
            r["value"][0].update(isMuted=True),
            r["value"].insert(0, t.person(t.OPERATION, t.OPERATION)),
        ),
    )
    found = compare([t.recording(t.exchanges())], [answering(3, body=encode_json(roster))], Contract.packaged())
    places = [
        (observation.difference.kind, observation.sample.where)
        for observation in found
        if isinstance(observation, Observation) and observation.sample
    ]
    assert places == [(Kind.ITEM_NEW, "$.value[0]"), (Kind.VALUE_CHANGED, "$.value[1].isMuted")]


def test_an_address_outside_the_contract_is_named_by_its_template() -> None:
    """Other parts of Graph are compared as well; ids in their addresses say nothing."""
    one, other = (
        t.recording(
            [Exchange(Request("GET", f"https://graph.microsoft.com/v1.0/users/{id}"), Response(200, body=body))]
        )
        for id, body in ((t.ALICE, b'{"a":1}'), (t.TENANT, b'{"a":2}'))
    )
    (found,) = t.found(one, other)
    assert (found.subject, found.page, found.kind) == ("GET /v1.0/users/{id}", "", Kind.VALUE_CHANGED)


def test_text_of_people_is_never_in_a_difference() -> None:
    """Only fixed words are shown; a name that stands where a fixed word should is a text."""
    body = encode_json({**t.CALL, "state": "Alice Liddell of Contoso", "direction": f"x {t.ALICE}"})
    found = t.found(t.recording(t.exchanges()), answering(1, body=body))
    assert {one.after for one in found} == {"a text"}
