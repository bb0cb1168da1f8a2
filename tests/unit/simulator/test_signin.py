"""The simulated sign-in, spoken to as plain requests."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.simulator import Host, Simulator
from pytest_graphcalls.simulator.signin import ASSERTION_TYPE, EXCHANGE, LEEWAY, LIFETIME
from pytest_graphcalls.wire import Exchange, Headers, Request, Response
from tests.unit.certificates import Made, made

HOST = "https://login.microsoftonline.com"
SCOPE = "https://graph.microsoft.com/.default"
ROWS = Contract.packaged().errors.signin
UNKNOWN = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


def form(simulator: Simulator, **changes: str | None) -> dict[str, str]:
    fields = {
        "grant_type": "client_credentials",
        "client_id": simulator.authority.app.app_id,
        "client_secret": simulator.signin.secret(),
        "scope": SCOPE,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def post(simulator: Any, fields: dict[str, str], tenant: str, **headers: str) -> Response:
    body = urlencode(fields).encode()
    return simulator.handle(Request("POST", f"{HOST}/{tenant}/oauth2/v2.0/token", Headers(headers), body))


def asked(simulator: Simulator, **changes: str | None) -> Response:
    return post(simulator, form(simulator, **changes), simulator.tenant_id)


def refusal(response: Response) -> str:
    """The name of the row that an answer is written from; its facts are checked on the way."""
    body = response.json()
    code = f"AADSTS{body['error_codes'][0]}"
    row = Contract.packaged().errors.by_signin_code(code, body["error"])
    assert row is not None, body
    assert (response.status, body["error"]) == (row.status, row.error)
    assert body["error_description"].startswith(f"{code}: [pytest-graphcalls] ")
    assert set(body) == {
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    }
    assert response.headers["x-graphcalls-evidence"].startswith(row.evidence)
    return row.name


def works(simulator: Any, token: str) -> bool:
    """Whether the calls API lets a token in: the made-up call is looked up, and not found."""
    headers = Headers({"Authorization": f"Bearer {token}"})
    return simulator.handle(Request("GET", "/v1.0/communications/calls/none", headers)).status == 404


def test_a_secret_gives_a_token_that_the_calls_api_takes(simulator: Simulator) -> None:
    """The answer is as RFC 6749 has it."""
    answer = asked(simulator)
    body = answer.json()
    assert (answer.status, body["token_type"], body["expires_in"]) == (200, "Bearer", LIFETIME)
    assert works(simulator, body["access_token"])


def test_the_token_has_the_roles_of_the_app_at_that_moment(simulator: Simulator) -> None:
    """Consent that comes later is in the next token only."""
    simulator.authority.change(simulator.authority.app, roles=frozenset({"Calls.Initiate.All"}))
    claims = jwt.decode(asked(simulator).json()["access_token"], options={"verify_signature": False})
    assert claims["roles"] == ["Calls.Initiate.All"]
    assert claims["exp"] - claims["iat"] == LIFETIME


def test_the_seeded_secret_is_the_same_for_the_same_seed_and_differs_by_app() -> None:
    """A restarted server keeps working with the same settings."""
    one, same, other = Simulator(), Simulator(), Simulator(seed=1)
    assert one.signin.secret() == same.signin.secret() != other.signin.secret()
    assert one.signin.secret(one.authority.register()) != one.signin.secret()
    one.reset()
    assert one.signin.secret() == same.signin.secret()
    assert len(one.signin.secret()) == 40


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ("wrong-secret", {"client_secret": "no"}),
        ("app-not-in-tenant", {"client_id": UNKNOWN}),
        ("scope-without-default", {"scope": "https://graph.microsoft.com/Calls.Initiate.All"}),
        ("scope-without-default", {"scope": f"{SCOPE} Calls.Initiate.All"}),
        ("resource-unknown", {"scope": "https://graph.microsoft.us/.default"}),
        ("credential-missing", {"client_secret": None}),
        ("credential-missing", {"client_secret": ""}),
        ("credential-missing-elsewhere", {"client_secret": None, "grant_type": "authorization_code"}),
        ("grant-unsupported", {"grant_type": "password"}),
        ("parameter-missing", {"grant_type": None}),
        ("parameter-missing", {"client_id": None}),
        ("parameter-missing", {"scope": None}),
        ("parameter-missing", {"client_secret": None, "client_assertion": "a.b.c"}),
        ("assertion-malformed", {"client_assertion_type": ASSERTION_TYPE, "client_assertion": "a.b.c"}),
        ("assertion-malformed", {"client_assertion_type": ASSERTION_TYPE, "client_assertion": "{" * 9000}),
    ],
)
def test_a_request_that_cannot_be_granted_is_refused_by_its_row(
    simulator: Simulator, row: str, changes: dict[str, str | None]
) -> None:
    """Each mistake has its own answer."""
    assert refusal(asked(simulator, **changes)) == row


@pytest.mark.parametrize(
    ("tenant", "row"),
    [(UNKNOWN, "tenant-not-found"), ("contoso.com", "tenant-not-found"), ("oops", "tenant-malformed")],
)
def test_another_tenant_is_refused(simulator: Simulator, tenant: str, row: str) -> None:
    """At the token endpoint it is an invalid request, at discovery an invalid tenant (observed 8.3 to 8.5)."""
    assert refusal(post(simulator, form(simulator), tenant)) == row
    answer = simulator.handle(Request("GET", f"{HOST}/{tenant}/v2.0/.well-known/openid-configuration"))
    assert refusal(answer) == ("tenant-not-found-at-discovery" if row == "tenant-not-found" else row)


def test_a_get_is_no_request_for_a_token(simulator: Simulator) -> None:
    """Secrets do not go into addresses."""
    answer = simulator.handle(Request("GET", f"{HOST}/{simulator.tenant_id}/oauth2/v2.0/token"))
    assert refusal(answer) == "parameter-missing"


def test_an_expired_secret_has_another_error_than_a_wrong_one(simulator: Simulator) -> None:
    """A new secret works beside the expired one."""
    old = simulator.signin.secret()
    simulator.signin.expire_secrets()
    assert refusal(asked(simulator, client_secret=old)) == "secret-expired"
    assert asked(simulator, client_secret=simulator.signin.add_secret()).status == 200


def test_a_secret_runs_out_by_virtual_time(simulator: Simulator) -> None:
    """Secrets expire by virtual time; the wall clock is not read."""
    secret = simulator.signin.add_secret(lifetime=60)
    simulator.advance(59)
    assert asked(simulator, client_secret=secret).status == 200
    simulator.advance(1)
    assert refusal(asked(simulator, client_secret=secret)) == "secret-expired"


def test_the_credential_may_stand_in_the_header(simulator: Simulator) -> None:
    """client_secret_basic, percent-encoded; what cannot be read counts as none."""
    app_id, secret = simulator.authority.app.app_id, simulator.signin.secret()
    both = base64.b64encode(f"{app_id}:{secret.replace('~', '%7E')}".encode()).decode()
    fields = form(simulator, client_id=None, client_secret=None)
    assert post(simulator, fields, simulator.tenant_id, authorization=f"Basic {both}").status == 200
    for broken in ("Basic ???", f"Basic {base64.b64encode(b'no colon').decode()}", "Basic /w=="):
        assert refusal(post(simulator, fields, simulator.tenant_id, authorization=broken)) == "parameter-missing"


def thumbprint(pem: str, name: str) -> str:
    digest = hashlib.new(name, ssl.PEM_cert_to_DER_cert(pem)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def assertion(simulator: Simulator, one: Made, *, header: dict[str, str] | None = None, **claims: Any) -> str:
    now, app_id = simulator.clock.epoch, simulator.authority.app.app_id
    facts = {
        "aud": f"{HOST}/{simulator.tenant_id}/oauth2/v2.0/token",
        "iss": app_id,
        "sub": app_id,
        "nbf": now,
        "exp": now + 600,
        **claims,
    }
    headers = {"x5t": thumbprint(one.public, "sha1")} if header is None else header
    return jwt.encode(facts, one.key, algorithm="RS256", headers=headers)


def by_assertion(simulator: Simulator, token: str) -> Response:
    return asked(simulator, client_secret=None, client_assertion=token, client_assertion_type=ASSERTION_TYPE)


@pytest.mark.parametrize(("name", "digest"), [("x5t", "sha1"), ("x5t#S256", "sha256")])
def test_an_assertion_by_a_registered_certificate_is_taken(simulator: Simulator, name: str, digest: str) -> None:
    """A certificate is known by both thumbprints."""
    simulator.signin.add_certificate(made().pem())
    token = assertion(simulator, made(), header={name: thumbprint(made().public, digest)})
    assert works(simulator, by_assertion(simulator, token).json()["access_token"])


def test_an_assertion_is_judged_claim_by_claim(simulator: Simulator) -> None:
    """Signature, application, audience, time."""
    simulator.signin.add_certificate(made().public)
    now = simulator.clock.epoch
    cases: list[tuple[str, dict[str, Any]]] = [
        ("assertion-subject", {"iss": UNKNOWN}),
        ("assertion-subject", {"sub": UNKNOWN}),
        ("assertion-audience", {"aud": f"https://login.microsoftonline.us/{simulator.tenant_id}/oauth2/v2.0/token"}),
        ("assertion-audience", {"aud": ["one", "two"]}),
        ("assertion-time", {"exp": now - LEEWAY - 1}),
        ("assertion-time", {"nbf": now + LEEWAY + 1}),
        ("assertion-time", {"exp": 10**400, "nbf": 10**399}),
        ("assertion-malformed", {"exp": "soon"}),
    ]
    for row, claims in cases:
        header = {"x5t": thumbprint(made().public, "sha1")}
        text = jwt.api_jws.encode(
            json.dumps({**_facts(simulator), **claims}).encode(), made().key, algorithm="RS256", headers=header
        )
        assert refusal(by_assertion(simulator, text)) == row, claims


def _facts(simulator: Simulator) -> dict[str, Any]:
    now, app_id = simulator.clock.epoch, simulator.authority.app.app_id
    aud = f"{HOST}/{simulator.tenant_id}/v2.0"
    return {"aud": aud, "iss": app_id, "sub": app_id, "nbf": now, "exp": now + 600}


def test_a_certificate_that_is_not_registered_is_refused(simulator: Simulator) -> None:
    """A foreign certificate is refused, also with a registered thumbprint, which proves nothing alone."""
    simulator.signin.add_certificate(made().public)
    assert refusal(by_assertion(simulator, assertion(simulator, made("other")))) == "assertion-signature"
    forged = assertion(simulator, made("other"), header={"x5t": thumbprint(made().public, "sha1")})
    assert refusal(by_assertion(simulator, forged)) == "assertion-signature"
    both = {"x5t": thumbprint(made().public, "sha1"), "x5t#S256": "other"}
    assert refusal(by_assertion(simulator, assertion(simulator, made(), header=both))) == "assertion-signature"


def test_another_apps_certificate_is_refused(simulator: Simulator) -> None:
    """Certificates belong to the app they were registered with."""
    simulator.signin.add_certificate(made().public, simulator.authority.register())
    assert refusal(by_assertion(simulator, assertion(simulator, made()))) == "assertion-signature"


def test_a_text_that_is_no_certificate_cannot_be_registered(simulator: Simulator) -> None:
    """A key alone is none."""
    with pytest.raises(ValueError, match="BEGIN CERTIFICATE"):
        simulator.signin.add_certificate(made().private())


WORKLOAD = {"issuer": "https://cluster.contoso.com", "subject": "system:serviceaccount:bots:caller"}


def workload(simulator: Simulator, one: Made, **claims: Any) -> str:
    facts = {"iss": WORKLOAD["issuer"], "sub": WORKLOAD["subject"], "aud": EXCHANGE}
    times = {"iat": simulator.clock.epoch, "exp": simulator.clock.epoch + 3600}
    return jwt.encode({**facts, **times, **claims}, one.key, algorithm="RS256")


def test_a_federated_credential_takes_its_issuers_tokens(simulator: Simulator) -> None:
    """Workload identity: the token in the file was signed by a cluster."""
    simulator.signin.add_federation(**WORKLOAD, key=made("cluster").public_key)
    assert by_assertion(simulator, workload(simulator, made("cluster"))).status == 200


@pytest.mark.parametrize(
    ("row", "signer", "claims"),
    [
        ("federation-issuer-unmatched", "cluster", {"iss": "https://other.contoso.com"}),
        ("federation-unmatched", "cluster", {"sub": "System:serviceaccount:bots:caller"}),
        ("federation-unmatched", "cluster", {"aud": "api://other"}),
        ("assertion-signature", "bot", {}),
        ("assertion-time", "cluster", {"exp": 0}),
        ("assertion-malformed", "cluster", {"iss": ""}),
    ],
)
def test_any_other_token_is_refused(simulator: Simulator, row: str, signer: str, claims: dict[str, Any]) -> None:
    """Letter by letter."""
    simulator.signin.add_federation(**WORKLOAD, key=made("cluster").public_key)
    assert refusal(by_assertion(simulator, workload(simulator, made(signer), **claims))) == row


def test_every_row_occurs_except_those_of_older_days(simulator: Simulator) -> None:
    """The catalogue has one code that the service no longer gives."""
    import inspect
    import re

    from pytest_graphcalls.simulator import discovery, signin

    source = inspect.getsource(signin) + inspect.getsource(discovery)
    named = set(re.findall(r'"([a-z]+-[a-z-]+)"', source))
    assert set(ROWS) - named == {"scope-invalid"}


def test_discovery_leads_to_the_other_addresses(simulator: Simulator) -> None:
    """On the scheme and host that the client used; the issuer is the one that clients trust everywhere."""
    address = f"https://localhost:8443/{simulator.tenant_id}/v2.0/.well-known/openid-configuration"
    facts = simulator.handle(Request("GET", address)).json()
    assert facts["issuer"] == f"https://login.microsoftonline.com/{simulator.tenant_id}/v2.0"
    assert facts["token_endpoint"] == f"https://localhost:8443/{simulator.tenant_id}/oauth2/v2.0/token"
    assert simulator.handle(Request("GET", facts["jwks_uri"])).status == 200


def test_instance_discovery_knows_the_host_that_is_asked_about(simulator: Simulator) -> None:
    """By it msal trusts an authority that it does not know."""
    asked_about = urlencode({"authorization_endpoint": f"https://localhost:8443/{UNKNOWN}/oauth2/v2.0/authorize"})
    facts = simulator.handle(Request("GET", f"{HOST}/common/discovery/instance?{asked_about}")).json()
    assert facts["tenant_discovery_endpoint"].startswith(f"https://localhost:8443/{UNKNOWN}/v2.0/")
    assert facts["metadata"][0]["aliases"] == ["localhost:8443"]


def test_instance_discovery_knows_the_names_of_the_real_sign_in(simulator: Simulator) -> None:
    """A client that names one of them trusts all; the tenant and host that it asked for come back (clients 1.32)."""
    asked_about = urlencode({"api-version": "1.0", "authorization_endpoint": f"{HOST}/common/oauth2/v2.0/authorize"})
    facts = simulator.handle(Request("GET", f"{HOST}/common/discovery/instance?{asked_about}")).json()
    assert facts["tenant_discovery_endpoint"] == f"{HOST}/common/v2.0/.well-known/openid-configuration"
    assert facts["api-version"] == "1.0"
    names = ["login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"]
    assert facts["metadata"][0]["aliases"] == names


@pytest.mark.parametrize(
    "tenant", ["common", "organizations", "graphcalls.onmicrosoft.com", "Bots.Contoso.com", "botframework.com"]
)
def test_a_tenant_has_more_names_than_its_id(tenant: str) -> None:
    """Shared ones, its domains, and the tenant of Bot Framework; on a host of several the application decides."""
    host, one, two = Host(), Simulator(seed=1), Simulator(seed=2)
    host.add(one), host.add(two)
    two.authority.domains.add("bots.contoso.com")
    assert works(host, post(host, form(two), tenant).json()["access_token"])
    document = two.handle(Request("GET", f"{HOST}/{tenant}/v2.0/.well-known/openid-configuration")).json()
    placeholder = tenant in {"common", "organizations"}
    assert (document["issuer"] == f"{HOST}/{{tenantid}}/v2.0") is placeholder
    assert two.handle(Request("GET", document["jwks_uri"])).status == 200


def test_the_older_endpoint_takes_a_resource_and_answers_in_texts(simulator: Simulator) -> None:
    """Hand-written bots send no scope, and read numbers as strings (clients 1.48)."""
    fields = form(simulator, scope=None, resource="https://graph.microsoft.com")
    address = f"{HOST}/{simulator.tenant_id}/oauth2/token"
    answer = simulator.handle(Request("POST", address, body=urlencode(fields).encode()))
    facts = answer.json()
    assert works(simulator, facts["access_token"])
    assert (facts["expires_in"], facts["resource"]) == (str(LIFETIME), "https://graph.microsoft.com")
    assert int(facts["expires_on"]) - int(facts["not_before"]) == LIFETIME
    document = simulator.handle(Request("GET", f"{HOST}/{simulator.tenant_id}/.well-known/openid-configuration"))
    assert document.json()["token_endpoint"] == address
    assert document.json()["issuer"] == f"https://sts.windows.net/{simulator.tenant_id}/"
    without = simulator.handle(Request("POST", address, body=urlencode(form(simulator)).encode()))
    assert refusal(without) == "parameter-missing"


@pytest.mark.parametrize(
    "scope",
    [
        "https://graph.microsoft.com//.default",
        "https://graph.microsoft.com/.default openid offline_access profile",
    ],
)
def test_scopes_are_taken_in_the_forms_that_clients_send(simulator: Simulator, scope: str) -> None:
    """With a doubled slash, and with what MSAL Go adds (clients 1.41)."""
    assert works(simulator, asked(simulator, scope=scope).json()["access_token"])


def test_a_token_for_bot_framework_is_none_for_graph(simulator: Simulator) -> None:
    """The audience of a Bot Framework token is another resource."""
    token = asked(simulator, scope="https://api.botframework.com/.default").json()["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == "https://api.botframework.com"
    headers = Headers({"Authorization": f"Bearer {token}"})
    assert simulator.handle(Request("GET", "/v1.0/communications/calls/none", headers)).status == 401


@pytest.mark.parametrize("ending", ["/?client-request-id=1", "?client-request-id=1", "/"])
def test_the_token_endpoint_takes_a_slash_and_a_query_behind_it(simulator: Simulator, ending: str) -> None:
    """msal-node sends both (clients 1.4, 1.61)."""
    address = f"{HOST}/{simulator.tenant_id}/oauth2/v2.0/token{ending}"
    assert simulator.handle(Request("POST", address, body=urlencode(form(simulator)).encode())).status == 200


def published(simulator: Simulator) -> dict[str, Any]:
    answer = simulator.handle(Request("GET", f"{HOST}/{simulator.tenant_id}/discovery/v2.0/keys")).json()
    return {key["kid"]: jwt.PyJWK(key).key for key in answer["keys"]}


def test_the_published_keys_verify_the_tokens(simulator: Simulator) -> None:
    """A bot's own validator can run against them."""
    token = asked(simulator).json()["access_token"]
    key = published(simulator)[jwt.get_unverified_header(token)["kid"]]
    options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    assert jwt.decode(token, key, ["RS256"], options, audience="https://graph.microsoft.com")["idtyp"] == "app"


def test_keys_rotate(simulator: Simulator) -> None:
    """New tokens have the new key; the old ones hold as long as their key is published."""
    old = asked(simulator).json()["access_token"]
    assert works(simulator, old)
    simulator.authority.keys.rotate()
    new = asked(simulator).json()["access_token"]
    assert jwt.get_unverified_header(new)["kid"] != jwt.get_unverified_header(old)["kid"]
    assert len(published(simulator)) == 2
    assert works(simulator, old)
    assert works(simulator, new)
    simulator.authority.keys.retire()
    assert len(published(simulator)) == 1
    assert not works(simulator, old)
    assert works(simulator, new)


def test_there_is_no_interactive_sign_in(simulator: Simulator) -> None:
    """Observers write down what they see; the interceptors of a test are about calls."""
    seen: list[Exchange] = []
    simulator.observe(seen.append)
    simulator.intercept(lambda request, proceed: pytest.fail("seen"))
    assert asked(simulator).status == 200
    assert seen == []


def test_a_host_goes_by_the_tenant_in_the_address() -> None:
    """Two tenants sign in at one server; for a third there is none."""
    host, one, two = Host(), Simulator(seed=1), Simulator(seed=2)
    host.add(one), host.add(two)
    for simulator in (one, two):
        token = post(host, form(simulator), simulator.tenant_id.upper()).json()["access_token"]
        assert works(host, token)
    assert refusal(post(host, form(one), UNKNOWN)) == "tenant-not-found"
    assert refusal(post(host, form(one), two.tenant_id)) == "app-not-in-tenant"


@pytest.mark.parametrize(
    "path", ["/v1.0/communications/calls/x/oauth2/v2.0/token", "/discovery/instance", "/a/b/discovery/v2.0/keys"]
)
def test_any_other_address_is_none_of_the_sign_ins(simulator: Simulator, path: str) -> None:
    """A call may be called anything."""
    assert simulator.signin.answer(Request("GET", path)) is None


def test_no_posted_body_breaks_the_sign_in(simulator: Simulator) -> None:
    """Bytes, long fields, strange encodings."""
    address = f"{HOST}/{simulator.tenant_id}/oauth2/v2.0/token"
    for body in (
        b"",
        b"\xff" * 100,
        b"grant_type=" + b"a" * 1_000_000,
        b"&" * 100_000,
        b"client_id=%ff&grant_type=%00",
    ):
        assert simulator.handle(Request("POST", address, body=body)).status == 400
