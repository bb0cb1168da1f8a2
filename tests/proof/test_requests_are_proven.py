"""Every promise about a request can be broken, and is then found as a violation of the rule that forbids it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_graphcalls.contract import VERSIONS
from pytest_graphcalls.findings import Kind, Severity, Side
from pytest_graphcalls.wire import Headers, Request, encode_json
from tests.effort import examples
from tests.proof.undamaged import CASES, CONTRACT, undamaged

QUICK = examples(60)

CALL = "/communications/calls/57dab8b1-894c-409a-b240-bd8beae78896"
PARTICIPANT = f"{CALL}/participants/a7ebfb2d-871e-419c-87af-27290b22e8db"
INVITE = f"{CALL}/participants/invite"


def entry(number: int = 0, **changes: Any) -> dict[str, Any]:
    identity = {"user": {"id": f"278405a3-f568-4b3e-b684-00919346306{number}", "identityProvider": "AAD"}}
    return {"identity": identity, **changes}


def invite(**changes: Any) -> dict[str, Any]:
    return {"participants": [entry()], "clientContext": "d45324c1", **changes}


def create(**changes: Any) -> dict[str, Any]:
    return {"mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}, **changes}


TALK = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=257, max_size=300)
SCHEMES = st.sampled_from(["http", "ftp", "HTTP", "ws"])
REASONS = st.from_regex(r"[a-z]{2,10}", fullmatch=True).filter(lambda word: word not in {"none", "busy", "forbidden"})
BAD_REQUESTS: dict[str, tuple[str, str, st.SearchStrategy[Any], Kind, str, str]] = {
    "a sixth invitee": (
        "POST",
        INVITE,
        st.integers(6, 9).map(lambda count: invite(participants=[entry(i) for i in range(count)])),
        Kind.LIMIT_EXCEEDED,
        "$.participants",
        "participant-invite.at-most-five-invitees",
    ),
    "a clientContext of 257 characters": (
        "POST",
        INVITE,
        TALK.map(lambda text: invite(clientContext=text)),
        Kind.LIMIT_EXCEEDED,
        "$.clientContext",
        "participant-invite.client-context-at-most-256",
    ),
    "an invitee without identity": (
        "POST",
        INVITE,
        st.just(invite(participants=[{"participantId": "a7ebfb2d"}])),
        Kind.MEMBER_MISSING,
        "$.participants[0].identity",
        "participant-invite.invitee-has-identity",
    ),
    "an invitee whose identity is null": (
        "POST",
        INVITE,
        st.just(invite(participants=[entry(), entry(identity=None)])),
        Kind.NULL_UNEXPECTED,
        "$.participants[1].identity",
        "participant-invite.invitee-has-identity",
    ),
    "a phone number in another form": (
        "POST",
        INVITE,
        st.sampled_from(["012 345", "12345678901", "+0123456789", "tel:+123"]).map(
            lambda number: invite(participants=[entry(identity={"phone": {"id": number}})])
        ),
        Kind.FORMAT_WRONG,
        "$.participants[0].identity.phone.id",
        "participant-invite.phone-invitee-in-e164",
    ),
    "a body on DELETE": (
        "DELETE",
        PARTICIPANT,
        st.dictionaries(st.sampled_from(["reason", "id"]), st.text(max_size=5)),
        Kind.BODY_UNEXPECTED,
        "body",
        "participant-delete.request-has-no-body",
    ),
    "a rejection with an http callback": (
        "POST",
        f"{CALL}/reject",
        SCHEMES.map(lambda scheme: {"reason": "busy", "callbackUri": f"{scheme}://bot.example.org/late"}),
        Kind.FORMAT_WRONG,
        "$.callbackUri",
        "call-reject.callback-uri-is-https",
    ),
    "a rejection with an unknown reason": (
        "POST",
        f"{CALL}/reject",
        REASONS.map(lambda reason: {"reason": reason}),
        Kind.ENUM_UNKNOWN,
        "$.reason",
        "call-reject.reasons-are-none-busy-forbidden",
    ),
    "a call with an http callback": (
        "POST",
        "/communications/calls",
        SCHEMES.map(lambda scheme: create(callbackUri=f"{scheme}://bot.example.org/calls")),
        Kind.FORMAT_WRONG,
        "$.callbackUri",
        "application-post-calls.callback-uri-is-https",
    ),
    "a call without callback": (
        "POST",
        "/communications/calls",
        st.just(create(targets=[entry()])),
        Kind.MEMBER_MISSING,
        "$.callbackUri",
        "application-post-calls.callback-uri-is-https",
    ),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_every_damage_to_a_request_is_found(name: str, version: str) -> None:
    """Each damage is a violation of the rule that forbids it, at the right place."""
    method, path, bodies, kind, where, rule = BAD_REQUESTS[name]

    @QUICK
    @given(bodies)
    def found(body: Any) -> None:
        findings = CONTRACT.check_request(sent(method, f"/{version}{path}", body))
        assert (kind, where, rule, Severity.VIOLATION, Side.REQUEST) in [
            (one.kind, one.where, one.rule, one.severity, one.side) for one in findings
        ]
        assert {one.rule for one in findings} == {rule}

    found()


def sent(method: str, path: str, body: Any) -> Request:
    headers = Headers({"Authorization": "Bearer a.b.c", "Content-Type": "application/json"})
    return Request(method, f"https://graph.microsoft.com{path}", headers, encode_json(body))


@pytest.mark.parametrize(("operation", "version"), CASES)
def test_a_missing_token_is_found(operation: str, version: str) -> None:
    """A missing token is found in every operation; a rule that requires one is named."""
    exchange = undamaged(version)[operation]
    bare = Request(
        exchange.request.method,
        exchange.request.url,
        exchange.request.headers.without("authorization"),
        exchange.request.body,
    )
    (finding,) = CONTRACT.check_request(bare)
    token = CONTRACT.operation(operation).request.token
    assert (finding.kind, finding.severity) == (Kind.TOKEN_MISSING, Severity.VIOLATION)
    assert finding.rule == (f"{operation}.{token}" if token else "")
