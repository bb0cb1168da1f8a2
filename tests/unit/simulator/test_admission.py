"""What every request goes through: size, route, token, role, body; and what every answer carries."""

from __future__ import annotations

import json
import re
from typing import Any

import jwt
import pytest

from pytest_graphcalls.contract import Contract, Evidence, parse_error
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.findings import Kind
from pytest_graphcalls.simulator import EVIDENCE_HEADER, SimulatedCall, Simulator
from pytest_graphcalls.simulator.admission import BODY_LIMIT
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json
from tests.unit.simulator.bot import CALLBACK, CALLS, MEDIA, Bot, code, entry, evidence

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def text(response: Response) -> str:
    found = parse_error(response)
    assert found is not None
    return found.message


# Routes


@pytest.mark.parametrize(
    ("method", "path", "refusal", "words"),
    [
        ("GET", "/v1.0/communications/calls/x/partisipants", "400 BadRequest", "segment 'partisipants'"),
        (
            "GET",
            "/v1.0/communications/calls/x/partisipants",
            "400 BadRequest",
            "did you mean GET /communications/calls/",
        ),
        ("GET", "/v1.0/communications/cals", "400 BadRequest", "did you mean /v1.0/communications/calls?"),
        ("GET", "/v2.0/communications/calls", "400 BadRequest", "did you mean /v1.0/communications/calls?"),
        (
            "POST",
            "/v1.0/communications/calls/57da/participants/muteAll",
            "400 BadRequest",
            "participant-muteall is documented for beta only.",
        ),
        ("GET", "/communications/calls", "400 BadRequest", "segment 'communications'"),
        ("GET", "", "400 BadRequest", "segment ''"),
        ("GET", "/v1.0/users/7", "400 BadRequest", "segment 'users'"),
        ("GET", "/v1.0/app/calls/x", "400 BadRequest", "[pytest-graphcalls]"),
        ("PUT", "/v1.0/communications/calls/x/reject", "405 MethodNotAllowed", "takes POST, not PUT"),
        (
            "POST",
            "/v1.0/communications/calls/x/raiseHand",
            "404 NotFound",
            "call-raisehand is known",
        ),
    ],
)
def test_an_unknown_operation_fails_closed(method: str, path: str, refusal: str, words: str) -> None:
    """Unknown segments get the nearest match, other methods their names, uncovered operations their own word."""
    answer = Simulator().handle(Request(method, path))
    assert code(answer) == refusal
    assert words in text(answer)


def test_a_wrong_method_lists_the_right_ones() -> None:
    """405 has an Allow header."""
    answer = Simulator().handle(Request("PUT", f"/v1.0{CALLS}/x"))
    assert answer.status == 405
    assert {"DELETE", "GET"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize(
    "path", ["/beta/app/calls/{}", "/v1.0/communications/calls('{}')", "https://x/beta/app/calls/{}?a=b#c"]
)
def test_other_spellings_of_a_path_lead_to_the_same_call(path: str) -> None:
    """The deprecated prefix under beta, keys in parentheses, queries and fragments."""
    simulator = Simulator()
    bot = Bot(simulator)
    call = bot.join()
    answer = simulator.handle(Request("GET", path.format(call.id), Headers({"Authorization": f"Bearer {bot.token}"})))
    assert answer.json()["id"] == call.id


def test_actions_answer_to_their_long_name(bot: Bot, simulator: Simulator) -> None:
    """SDKs post to …/microsoft.graph.reject."""
    call = simulator.incoming_call()
    assert bot.post(f"/{call.id}/microsoft.graph.reject", {"reason": "none"}).status == 202


@pytest.mark.parametrize(
    "url", ["http://[/v1.0/communications/calls/x", "://", "http://", "//", "%zz", "\udc80", "/v1.0/\x00"]
)
def test_strange_addresses_are_answered(url: str) -> None:
    """Every address gets an answer of the simulator."""
    bot = Bot(Simulator())
    for method in ("GET", "POST"):
        answer = bot.simulator.handle(Request(method, url, Headers({"Authorization": f"Bearer {bot.token}"}), b"{}"))
        assert 400 <= answer.status < 500


def test_addresses_are_split_without_judging_them() -> None:
    """Scheme and host, then the path, without query and fragment."""
    seen = [Request("GET", url) for url in ("https://h:1/v1.0/x?y#z", "/v1.0/x?y=https://h/", "https://h")]
    assert [(one.origin, one.path) for one in seen] == [("https://h:1", "/v1.0/x"), ("", "/v1.0/x"), ("https://h", "/")]


# Tokens and roles


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, "Access token is empty."),
        ("", "Access token is empty."),
        ("Basic abc", "Access token is empty."),
        ("Bearer ", "Access token is empty."),
        ("Bearer abc", "no RS256 JSON web token"),
        ("Bearer a.b.c", "no RS256 JSON web token"),
        ("Bearer eyJhbGciOiJub25lIn0.e30.x", "no RS256 JSON web token"),
        ("Bearer eyJhbGciOiJSUzI1NiJ9.e30.x", "not one of this authority's"),
        ("Bearer " + "a" * 100_000, "no RS256 JSON web token"),
        ("Bearer " + "W1tb" * 3000 + ".e30.x", "no RS256 JSON web token"),
        ("Bearer ü.ü.ü", "no RS256 JSON web token"),
    ],
)
def test_without_a_good_token_nothing_is_done(header: str | None, words: str) -> None:
    """401, with the challenge."""
    headers = Headers({} if header is None else {"Authorization": header})
    answer = Simulator().handle(Request("GET", f"/v1.0{CALLS}/x", headers))
    assert code(answer) == "401 InvalidAuthenticationToken"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert words in text(answer)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ({"lifetime": 0}, "has expired"),
        ({"lifetime": -60}, "has expired"),
        ({"audience": "https://api.botframework.com"}, "the claim aud is"),
        ({"tenant_id": "another"}, "the claim tid is"),
    ],
)
def test_a_token_must_fit(token: dict[str, Any], words: str) -> None:
    """Expired, for another resource, from another tenant: the answer names the claim."""
    answer = Bot(Simulator(), **token).get("/x")
    assert code(answer) == "401 InvalidAuthenticationToken"
    assert words in text(answer)


ODD = (5, -1, 1.5, True, False, None, "x", "", [], [5], [[]], [None], {}, {"a": "b"}, 10**400, "\ud800", "x" * 9000)


def signed(simulator: Simulator, **changed: Any) -> Response:
    """The answer to a request whose token is signed by the tenant's own key, with some claims changed."""
    good = simulator.authority.token()
    claims = {**jwt.decode(good, options={"verify_signature": False}), **changed}
    headers = Headers({"Authorization": f"Bearer {simulator.authority.keys.sign(claims, None)}"})
    return simulator.handle(Request("GET", f"/v1.0{CALLS}/x/participants", headers))


@pytest.mark.parametrize("roles", [5, "Calls.AccessMedia.All", True, {"Calls.Initiate.All": 1}, 1.5])
def test_roles_that_are_no_list_are_refused(roles: Any) -> None:
    """Wrong roles are refused like any other wrong claim."""
    answer = signed(Simulator(), roles=roles)
    assert code(answer) == "401 InvalidAuthenticationToken"
    assert "the claim roles is" in text(answer)


@pytest.mark.parametrize("claim", ["aud", "tid", "appid", "idtyp", "roles", "iat", "nbf", "exp"])
def test_no_claim_of_a_signed_token_leads_to_an_error_of_the_server(claim: str) -> None:
    """Claims of any value are answered below 500."""
    simulator = Simulator()
    for value in ODD:
        assert signed(simulator, **{claim: value}).status < 500, value


def test_a_token_of_another_key_is_refused() -> None:
    """Only the authority's own signature counts."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "Signature verification failed" in text(Bot(Simulator(), key=key).get("/x"))


def test_a_token_expires_in_virtual_time(bot: Bot, simulator: Simulator) -> None:
    """After its lifetime it is refused, a moment before it is not."""
    call = bot.join()
    simulator.advance(3590)
    assert code(bot.get(f"/{call.id}")) == "404 8522"
    simulator.advance(10)
    assert code(bot.get(f"/{call.id}")) == "401 InvalidAuthenticationToken"


def test_an_app_the_tenant_does_not_know_is_refused(simulator: Simulator) -> None:
    """403, 7503, wrapped, and before the call is looked up."""
    other_app = Simulator(seed=7).authority.app
    answer = Bot(simulator, other_app).get("/x")
    assert code(answer) == "403 7503"
    outer = answer.json()["error"]
    assert outer["code"] == "UnknownError"
    assert json.loads(outer["message"])["code"] == "7503"


ROLES = [
    ("invite", ["Calls.InitiateGroupCall.All"], 200),
    ("invite", ["Calls.InitiateGroupCalls.All"], 200),
    ("invite", ["Calls.JoinGroupCall.All"], 403),
    ("invite", [], 403),
    ("delete", ["Calls.JoinGroupCall.All"], 204),
    ("delete", ["Calls.JoinGroupCallasGuest.All"], 204),
    ("delete", ["Calls.InitiateGroupCall.All"], 403),
    ("get", [], 200),
    ("list", [], 200),
    ("keepAlive", [], 200),
    ("hang up", [], 204),
    ("reject", [], 202),
    ("answer", [], 202),
    ("answer group", [], 403),
    ("answer group", ["Calls.JoinGroupCallAsGuest.All"], 202),
    ("call one", ["Calls.Initiate.All"], 201),
    ("call one", ["Calls.InitiateGroupCall.All"], 403),
    ("call two", ["Calls.InitiateGroupCall.All"], 201),
    ("call two", ["Calls.Initiate.All"], 403),
    ("join", ["Calls.JoinGroupCall.All"], 201),
    ("join", ["Calls.JoinGroupCalls.Chat"], 201),
    ("join", ["Calls.Initiate.All"], 403),
]


@pytest.mark.parametrize(("what", "roles", "status"), ROLES)
def test_roles_open_operations(bot: Bot, simulator: Simulator, what: str, roles: list[str], status: int) -> None:
    """Any one of an operation's roles, in any printed spelling; some need none."""
    ana = simulator.person("Ana")
    call = bot.join(simulator.meeting([ana, "Ben"]))
    bot.token = simulator.authority.token(roles=roles)
    doing = {
        "invite": lambda: bot.invite(call, entry(simulator.person("Cleo"))),
        "delete": lambda: bot.delete(f"/{call.id}/participants/{call.participants[0].id}"),
        "get": lambda: bot.get(f"/{call.id}"),
        "list": lambda: bot.get(f"/{call.id}/participants"),
        "keepAlive": lambda: bot.post(f"/{call.id}/keepAlive"),
        "hang up": lambda: bot.delete(f"/{call.id}"),
        "reject": lambda: bot.post(f"/{simulator.incoming_call().id}/reject", {}),
        "answer": lambda: bot.answer(simulator.incoming_call()),
        "answer group": lambda: bot.answer(simulator.incoming_call(group=True)),
        "call one": lambda: bot.create(targets=[entry(ana)]),
        "call two": lambda: bot.create(targets=[entry(ana), entry(simulator.person("Ben"))]),
        "join": lambda: bot.create(**simulator.meeting().coordinates),
    }
    answer = doing[what]()
    assert answer.status == status
    if status == 403:
        assert code(answer) == "403 7504"


def test_app_hosted_media_needs_its_own_role(bot: Bot, simulator: Simulator) -> None:
    """Calls.AccessMedia.All on top of the others, for create and answer."""
    media = {"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "<Media/>"}
    meeting = simulator.meeting()
    assert bot.create(mediaConfig=media, **meeting.coordinates).status == 201
    bot.token = simulator.authority.token(roles=["Calls.JoinGroupCall.All"])
    assert code(bot.create(mediaConfig=media, **meeting.coordinates)) == "403 7504"
    assert code(bot.answer(simulator.incoming_call(), mediaConfig=media)) == "403 7504"


# Bodies


@pytest.fixture
def incoming(simulator: Simulator) -> SimulatedCall:
    return simulator.incoming_call()


@pytest.mark.parametrize(
    ("raw", "kind", "refusal", "words"),
    [
        (b"{", "application/json", "400 BadRequest", "is not JSON"),
        (b"\xff\xfe", "application/json", "400 BadRequest", "is not UTF-8"),
        (b"[" * 2000, "application/json", "400 BadRequest", "nested deeper"),
        (b'{"reason":NaN}', "application/json", "400 BadRequest", "NaN"),
        (b'{"reason":' + b"1" * 5000 + b"}", "application/json", "400 BadRequest", "number"),
        (b"{}", "text/plain", "400 BadRequest", "Content-Type is 'text/plain'"),
        (b"{}", "", "400 BadRequest", "Content-Type is ''"),
        (b"[]", "application/json", "400 8523", "$"),
        (b"7", "application/json", "400 8523", "$"),
        (b"null", "application/json", "400 8523", "$"),
        (b'{"reason":{}}', "application/json", "400 8523", "$.reason"),
        (b'{"$id":"1","reason":"busy"}', "application/json", "400 BadRequest", "$id or $values"),
        (b'{"x":[{"$values":[]}]}', "application/json", "400 BadRequest", "$id or $values"),
        (b"x" * (BODY_LIMIT + 1), "application/json", "413 RequestEntityTooLarge", str(BODY_LIMIT)),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(
    bot: Bot, incoming: SimulatedCall, raw: bytes, kind: str, refusal: str, words: str
) -> None:
    """The refusal says what is wrong with it, and the call rings on."""
    answer = bot.send("POST", f"{CALLS}/{incoming.id}/reject", raw=raw, **{"Content-Type": kind})
    assert code(answer) == refusal
    assert words in text(answer)
    assert incoming.state == "incoming"


def test_unknown_members_are_passed_over(bot: Bot, incoming: SimulatedCall) -> None:
    """An unknown member is additive, and a text that looks like a wrapper is a text."""
    assert bot.post(f"/{incoming.id}/reject", {"reason": "busy", "mood": "$id", "more": {"x": 1}}).status == 202


def test_json_may_be_spelled_otherwise(bot: Bot, incoming: SimulatedCall) -> None:
    """Media types compare without regard to case and parameters; a byte order mark is passed over."""
    raw = b"\xef\xbb\xbf" + encode_json({"reason": "busy"})
    answer = bot.send(
        "POST", f"{CALLS}/{incoming.id}/reject", raw=raw, **{"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert answer.status == 202


def test_half_a_surrogate_pair_comes_back(bot: Bot, simulator: Simulator) -> None:
    """What JSON can say and UTF-8 cannot is escaped in the answer."""
    call = bot.join()
    raw = encode_json({"participants": [entry(simulator.person("Cleo"))]})[:-1] + b',"clientContext":"\\ud800"}'
    answer = bot.send("POST", f"{CALLS}/{call.id}/participants/invite", raw=raw, **{"Content-Type": "application/json"})
    assert answer.json()["clientContext"] == "\ud800"


# Answers


def test_every_answer_has_the_services_headers(bot: Bot) -> None:
    """request-id, client-request-id, diagnostics, transport security, date and evidence."""
    seen = set()
    for answer in (bot.get("/x"), bot.get(f"/{bot.join().id}"), bot.send("GET", "/nowhere")):
        headers = answer.headers
        assert GUID.fullmatch(headers["request-id"])
        assert headers["client-request-id"] == headers["request-id"]
        assert json.loads(headers["x-ms-ags-diagnostic"])["ServerInfo"]["DataCenter"]
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["date"].startswith("Thu, 01 Jan 2026 00:00:0")
        assert headers["odata-version"] == "4.0"
        assert headers["content-type"].startswith("application/json; odata.metadata=minimal;")
        assert headers[EVIDENCE_HEADER].partition(";")[0] in set(Evidence)
        seen.add(headers["request-id"])
    assert len(seen) == 3


def test_request_ids_are_echoed(bot: Bot) -> None:
    """client-request-id and scenario-id come back, in headers and in innerError."""
    answer = bot.send("GET", f"{CALLS}/x", **{"Client-Request-Id": "mine", "Scenario-Id": "story"})
    assert (answer.headers["client-request-id"], answer.headers["scenario-id"]) == ("mine", "story")
    inner = answer.json()["error"]["innerError"]
    assert inner == {
        "date": "2026-01-01T00:00:00",
        "request-id": answer.headers["request-id"],
        "client-request-id": "mine",
    }


@pytest.mark.parametrize("strange", ["a\r\nSet-Cookie: x", "ü", "x" * 129, " "])
def test_an_id_that_is_no_header_is_not_echoed(bot: Bot, strange: str) -> None:
    """A client cannot set headers of the service."""
    answer = bot.send("GET", f"{CALLS}/x", **{"client-request-id": strange})
    assert answer.headers["client-request-id"] == answer.headers["request-id"]


def test_empty_answers_are_as_captured(bot: Bot, simulator: Simulator) -> None:
    """202 and 200 say that they are empty, 204 says nothing."""
    accepted = bot.post(f"/{simulator.incoming_call().id}/reject", {})
    assert (accepted.headers["content-length"], accepted.headers["cache-control"]) == ("0", "private")
    deleted = bot.delete(f"/{bot.join().id}")
    assert not {"content-length", "content-type", "odata-version"} & set(deleted.headers)


def test_many_headers_are_only_many_headers(bot: Bot) -> None:
    """A flood of headers changes nothing."""
    assert code(bot.send("GET", f"{CALLS}/x", **{f"X-{i}": "y" * 100 for i in range(20_000)})) == "404 8522"


def test_an_absurd_id_is_an_unknown_one(bot: Bot) -> None:
    """Long, empty-looking, encoded, or from another script."""
    for strange in ("x" * 100_000, "%20", "%00", "..%2f..", "%F0%9F%98%80", "%ff", "'", "null"):
        assert 400 <= bot.get(f"/{strange}").status < 500


def test_every_row_that_is_used_exists() -> None:
    """Each refusal in the source names a row of the error catalogue."""
    from pathlib import Path

    import pytest_graphcalls.simulator as package

    rows = set(Contract.packaged().errors.responses)
    used = {
        row
        for path in Path(package.__file__).parent.glob("*.py")
        for row in re.findall(r'\bRefusal\(\s*"([a-z-]+)"', path.read_text())
    }
    from pytest_graphcalls.simulator.calls import REFUSED_IN

    assert used | set(REFUSED_IN.values()) <= rows
    assert len(used) > 15


def test_creating_at_another_address_names_that_address() -> None:
    """Location and context stand on the scheme and host that the client used, and on the plain path."""
    simulator = Simulator()
    token = simulator.authority.token()
    body = {"@odata.type": "#microsoft.graph.call", "callbackUri": CALLBACK, "mediaConfig": MEDIA}
    headers = Headers({"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    raw = encode_json({**body, **simulator.meeting().coordinates})
    answer = simulator.handle(Request("POST", "http://127.0.0.1:8080/beta/app/calls", headers, raw))
    call_id = answer.json()["id"]
    assert answer.headers["location"] == f"http://127.0.0.1:8080/beta/communications/calls/{call_id}"
    assert answer.json()["@odata.context"].startswith("http://127.0.0.1:8080/beta/$metadata#communications/calls")


def test_evidence_is_of_three_kinds(bot: Bot, simulator: Simulator) -> None:
    """Documented, reported, inferred, each with its fact."""
    assert evidence(bot.post(f"/{simulator.incoming_call().id}/reject")) == "documented; fact=call-reject.r01"
    assert evidence(bot.get("/x")).startswith("reported; fact=observed 2.13")
    assert evidence(bot.delete(f"/{bot.join().id}/participants/x")) == "inferred; fact=observed 2.30"


# Where it was sent


def found_at(url: str, *, served: bool = False) -> list[tuple[str, str, str, str]]:
    """What an observer is shown about the place of a request: kind, operation, what was expected, what was there."""
    simulator, seen = Simulator(), list[Exchange]()
    simulator.observe(seen.append)
    headers = Headers({"Authorization": f"Bearer {simulator.authority.token()}"})
    simulator.handle(Request("GET", url, headers, served=served))
    (exchange,) = seen
    findings = Contract.packaged().check(exchange)
    return [(one.severity, one.operation, one.expected, one.got) for one in findings if one.kind is Kind.HOST_WRONG]


@pytest.mark.parametrize(
    "origin", ["http://graph.microsoft.com", "https://graph.microsoft.us", "https://graph.contoso.com:8443"]
)
def test_another_host_than_that_of_graph_is_a_violation(origin: str) -> None:
    """Plain http is a violation, too: in production the token could be read by others, and no server would answer."""
    expected = [("violation", "call-get", "https://graph.microsoft.com", origin)]
    assert found_at(f"{origin}/v1.0{CALLS}/1") == expected
    assert found_at(f"{origin}/v1.0{CALLS}/1", served=True) == []
    assert found_at(f"{origin}/v1.0{CALLS}/1/nope") == [(expected[0][0], "", *expected[0][2:])]


@pytest.mark.parametrize(
    "url",
    [
        f"https://graph.microsoft.com/v1.0{CALLS}/1",
        f"https://GRAPH.microsoft.com:443/v1.0{CALLS}/1",
        f"/v1.0{CALLS}/1",
        "https://contoso.com/v1.0/users/1",
    ],
)
def test_the_host_of_graph_is_right(url: str) -> None:
    """In any spelling; an address without a host says nothing, and other parts of Graph are not looked at."""
    assert found_at(url) == []


def test_a_single_role_is_one_role(simulator: Simulator) -> None:
    """Of an app and of a token; and not one role for each of its letters."""
    app = simulator.authority.register(roles="Calls.Initiate.All")
    assert app.roles == {"Calls.Initiate.All"}
    claims = jwt.decode(simulator.authority.token(roles="Calls.Initiate.All"), options={"verify_signature": False})
    assert claims["roles"] == ["Calls.Initiate.All"]


def test_a_token_is_of_an_app(simulator: Simulator) -> None:
    """Its id is no app."""
    with pytest.raises(SettingError, match=r"^token\(app\)='093e2324': expected an app\. authority\.register"):
        simulator.authority.token("093e2324")
