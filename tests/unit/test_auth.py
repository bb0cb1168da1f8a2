"""Signing in, against the simulated sign-in in the same process."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from pytest_graphcalls.auth import (
    AUTHORITY,
    CERTIFICATE,
    CERTIFICATE_PASSWORD,
    CLIENT,
    SECRET,
    TENANT,
    TOKEN_FILE,
    Certificate,
    Credential,
    SignIn,
)
from pytest_graphcalls.clients.httpx import BearerAuth, SimulatorTransport, http_for_msal
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SettingError, SignInError, UnknownNameError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.signin import EXCHANGE
from pytest_graphcalls.wire import Request, Response
from tests.unit.certificates import made

GLOBAL = Contract.packaged().clouds["global"]
GUID = "11111111-1111-4111-8111-111111111111"
GIVEN = {TENANT: GUID, CLIENT: GUID, SECRET: "s3cr3t-value"}


class Counted:
    """A way to a simulator that counts the requests for tokens."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.forms: list[bytes] = []

    def handle(self, request: Request) -> Response:
        if request.url.endswith("/token"):
            self.forms.append(request.body)
        return self.simulator.handle(request)

    def advance(self, seconds: float) -> None:
        self.simulator.advance(seconds)


@pytest.fixture
def simulator() -> Simulator:
    """One whose time is real, because certificates and assertions are."""
    return Simulator(start=datetime.now(UTC))


@pytest.fixture
def way(simulator: Simulator) -> Counted:
    return Counted(simulator)


@pytest.fixture
def credential(simulator: Simulator) -> Credential:
    return Credential(simulator.tenant_id, simulator.authority.app.app_id, simulator.signin.secret())


SignInMaker = Callable[..., SignIn]


@pytest.fixture
def sign_in(way: Counted, credential: Credential) -> SignInMaker:
    """Makes a sign-in, with parts of the credential changed."""

    def make(authority: str | None = None, **changes: str) -> SignIn:
        http = http_for_msal(transport=SimulatorTransport(way))
        return SignIn(replace(credential, **changes), GLOBAL, authority=authority, http=http)

    return make


def failure(sign_in: SignIn, **how: Any) -> SignInError:
    with pytest.raises(SignInError) as caught:
        sign_in.token(**how)
    return caught.value


# --- variables --------------------------------------------------------------------------------------------------------


def test_the_variables_are_those_of_azure_identity() -> None:
    """Whoever has set them for another tool has set them for this one."""
    from azure.identity._constants import EnvironmentVariables

    names = {value for name, value in vars(EnvironmentVariables).items() if isinstance(value, str)}
    assert {TENANT, CLIENT, SECRET, CERTIFICATE, CERTIFICATE_PASSWORD, TOKEN_FILE, AUTHORITY} <= names


def test_they_are_read_into_a_credential() -> None:
    """Any one of secret, certificate and token file is enough; empty counts as not set."""
    assert Credential.from_environment(GIVEN) == Credential(GUID, GUID, "s3cr3t-value")
    by_file = {**GIVEN, SECRET: "", TOKEN_FILE: "token"}
    assert Credential.from_environment(by_file).setting == TOKEN_FILE
    everything = {**by_file, SECRET: "x", CERTIFICATE: "pem", CERTIFICATE_PASSWORD: "p"}
    assert Credential.from_environment(everything).setting == SECRET
    assert Credential.from_environment({**everything, SECRET: ""}).setting == CERTIFICATE
    assert Credential.from_environment(everything).secrets == ("x", "p")


def test_a_credential_does_not_show_its_secrets() -> None:
    """pytest prints local variables."""
    assert "hunter" not in repr(Credential(GUID, GUID, "hunter1", "c.pem", "hunter2"))
    assert "PRIVATE" not in repr(Certificate("public", "-----BEGIN PRIVATE KEY-----"))


@pytest.mark.parametrize(
    ("changes", "setting", "said"),
    [
        ({TENANT: ""}, TENANT, "(not set): expected the id of the sandbox tenant"),
        ({CLIENT: ""}, CLIENT, "AZURE_TENANT_ID and AZURE_CLIENT_SECRET alone cannot sign in."),
        ({SECRET: ""}, SECRET, f"or {CERTIFICATE}, or {TOKEN_FILE}"),
        ({TENANT: "", "AZURE_TENANTID": GUID}, TENANT, "AZURE_TENANTID is set; is AZURE_TENANT_ID meant?"),
        ({TENANT: "my tenant"}, TENANT, "AZURE_TENANT_ID=my tenant: expected a GUID or a domain"),
        ({CLIENT: "My bot"}, CLIENT, "expected a GUID, the application's (client) id"),
        ({SECRET: "s3cr3t-value\n"}, SECRET, "AZURE_CLIENT_SECRET=(hidden): expected no white space"),
    ],
)
def test_half_set_and_wrong_variables_are_named(changes: dict[str, str], setting: str, said: str) -> None:
    """Before any request, and without showing a secret."""
    with pytest.raises(SettingError) as caught:
        Credential.from_environment({**GIVEN, **changes})
    assert caught.value.name == setting
    assert said in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_nothing_set_at_all_names_the_first_variable() -> None:
    """The next step is readable."""
    with pytest.raises(SettingError, match=r"AZURE_TENANT_ID=\(not set\): .* Nothing is set to sign in with"):
        Credential.from_environment({})


def test_a_tenant_may_be_a_domain() -> None:
    """Entra takes both."""
    assert Credential.from_environment({**GIVEN, TENANT: "contoso.onmicrosoft.com"}).tenant_id.startswith("contoso")


# --- clouds -----------------------------------------------------------------------------------------------------------


def test_a_cloud_gives_the_scope() -> None:
    """Of Graph's own root in that cloud (observed 9.4)."""
    clouds = Contract.packaged().clouds
    assert list(clouds) == ["global", "us-gov-l4", "us-gov-l5", "china"]
    assert clouds["us-gov-l5"].scope == "https://dod-graph.microsoft.us/.default"
    assert {cloud.authority_host for cloud in clouds.values()} == {
        "https://login.microsoftonline.com",
        "https://login.microsoftonline.us",
        "https://login.chinacloudapi.cn",
    }


def test_an_unknown_cloud_has_a_nearest_match() -> None:
    """As every name does."""
    with pytest.raises(UnknownNameError, match="Did you mean 'us-gov-l4'"):
        Contract.packaged().cloud("us-gov-14")


def test_every_cloud_of_an_operation_is_one() -> None:
    """Operations say where they are by the same names."""
    contract = Contract.packaged()
    named = {name for one in contract.operations.values() for names in one.clouds.values() for name in names}
    assert named <= set(contract.clouds)


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_secret_gives_a_token(simulator: Simulator, sign_in: SignInMaker) -> None:
    """Its end is known, too."""
    one = sign_in()
    claims = jwt.decode(one.token(), options={"verify_signature": False})
    assert claims["tid"] == simulator.tenant_id
    assert one.expires_at == pytest.approx(time.time() + 3599, abs=60)


def test_one_token_serves_the_whole_run(way: Counted, sign_in: SignInMaker) -> None:
    """Many ask, one request is sent, also when they ask at once."""
    one = sign_in()
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: one.token(), range(40)))
    assert len(tokens) == len(way.forms) == 1


def test_a_token_is_renewed_before_it_runs_out(way: Counted, simulator: Simulator, sign_in: SignInMaker) -> None:
    """One that has less than five minutes left is not handed out again."""
    simulator.signin.lifetime = 200
    one = sign_in()
    one.token(), one.token()
    assert len(way.forms) == 2


def test_a_new_token_can_be_forced(way: Counted, sign_in: SignInMaker) -> None:
    """For whoever has changed the app's roles in the meantime."""
    one = sign_in()
    one.token(), one.token(force=True)
    assert len(way.forms) == 2


def test_a_certificate_gives_a_token(simulator: Simulator, sign_in: SignInMaker, tmp_path: Path) -> None:
    """The thumbprint is computed; key and certificate may stand in any order; the key may be encrypted."""
    simulator.signin.add_certificate(made().public)
    for number, text in enumerate((made().pem(), made().public + made().private())):
        path = tmp_path / f"{number}.pem"
        path.write_text(text)
        assert sign_in(secret="", certificate_path=str(path)).token()
    path.write_text(made().pem(b"open"))
    assert sign_in(secret="", certificate_path=str(path), certificate_password="open").token()


def test_a_token_file_gives_a_token(simulator: Simulator, sign_in: SignInMaker, tmp_path: Path) -> None:
    """Read each time, because whoever issues it replaces it."""
    facts = {"issuer": "https://cluster.contoso.com", "subject": "system:serviceaccount:a:b"}
    simulator.signin.add_federation(**facts, key=made("cluster").public_key)
    path = tmp_path / "token"
    claims = {"iss": facts["issuer"], "sub": facts["subject"], "aud": EXCHANGE, "exp": time.time() + 600}
    path.write_text(jwt.encode(claims, made("cluster").key, algorithm="RS256") + "\n")
    one = sign_in(secret="", token_file=str(path))
    assert one.token()
    path.write_text("")
    with pytest.raises(SettingError, match="It is empty"):
        one.token(force=True)
    path.unlink()
    with pytest.raises(SettingError, match="There is no such file"):
        one.token(force=True)
    path.write_text(jwt.encode({**claims, "sub": "else"}, made("cluster").key, algorithm="RS256"))
    refused = failure(one, force=True)
    assert (refused.name, refused.setting) == ("federation-unmatched", TOKEN_FILE)


# --- certificates that cannot be used ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no such file. Did you mean 'bot.pem'?"),
        (b"\x30\x82\x01\xff", "It is no text; 'openssl pkcs12"),
        (b"hello", "It holds no certificate and no private key."),
        (made().private().encode(), "It holds no certificate."),
        (made().public.encode(), "It holds no private key."),
        ((made().private() + made("other").public).encode(), "a private key that belongs to the certificate"),
        (made().pem(b"closed").encode(), "AZURE_CLIENT_CERTIFICATE_PASSWORD=(hidden): expected the password"),
        (made().pem().replace("PRIVATE KEY-----\nM", "PRIVATE KEY-----\n!").encode(), "that OpenSSL can read"),
    ],
    ids=["missing", "binary", "text", "no-certificate", "no-key", "mismatch", "password", "damaged"],
)
def test_an_unreadable_certificate_is_named(
    sign_in: SignInMaker, way: Counted, tmp_path: Path, content: bytes | None, said: str
) -> None:
    """Which file, what is wrong with it, what to do; nothing is sent."""
    path = tmp_path / "bto.pem"
    (tmp_path / "bot.pem").touch()  # a near name for the case of a missing file
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingError) as caught:
        sign_in(secret="", certificate_path=str(path)).token()
    assert said in str(caught.value)
    assert way.forms == []


def test_a_folder_is_no_certificate(sign_in: SignInMaker, tmp_path: Path) -> None:
    """What the system says is passed on."""
    with pytest.raises(SettingError, match=r"It cannot be read: Is a directory|It cannot be read: Permission denied"):
        sign_in(secret="", certificate_path=str(tmp_path)).token()


def test_a_certificate_of_another_app_names_its_thumbprint(sign_in: SignInMaker, tmp_path: Path) -> None:
    """The portal lists thumbprints."""
    path = tmp_path / "bot.pem"
    path.write_text(made().pem())
    refused = failure(sign_in(secret="", certificate_path=str(path)))
    assert (refused.name, refused.setting) == ("assertion-signature", CERTIFICATE)
    credential = Credential(GUID, GUID, certificate_path=str(path))
    assert f"The thumbprint here is {Certificate.read(credential).thumbprint}." in refused.remedy


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_skewed_clock_is_told_by_how_much(way: Counted, sign_in: SignInMaker, tmp_path: Path, off: timedelta) -> None:
    """An assertion carries this machine's time."""
    way.simulator = Simulator(start=datetime.now(UTC) + off)
    way.simulator.signin.add_certificate(made().public)
    path = tmp_path / "bot.pem"
    path.write_text(made().pem())
    refused = failure(sign_in(secret="", certificate_path=str(path)))
    assert (refused.name, refused.code, refused.setting) == (
        "assertion-time",
        "AADSTS700024",
        "the clock of this machine",
    )
    assert int(refused.remedy.split("differ by ")[1].split()[0]) == pytest.approx(off.total_seconds(), abs=60)


# --- what the authority says instead of a token -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "name", "setting"),
    [
        ({"secret": "no"}, "wrong-secret", SECRET),
        ({"client_id": GUID}, "app-not-in-tenant", CLIENT),
        ({"tenant_id": GUID}, "tenant-not-found-at-discovery", TENANT),
        ({"tenant_id": "oops"}, "tenant-malformed", TENANT),
    ],
)
def test_a_refusal_names_setting_and_remedy(
    sign_in: SignInMaker, changes: dict[str, str], name: str, setting: str
) -> None:
    """By the contract's row, before any call to Graph."""
    row = Contract.packaged().errors.signin[name]
    refused = failure(sign_in(**changes))
    assert (refused.name, refused.status, refused.error, refused.code) == (name, row.status, row.error, row.code)
    assert (refused.setting, refused.remedy, refused.text) == (setting, row.remedy, row.meaning)
    assert refused.trace.startswith("trace ")


def test_an_expired_secret_is_told(simulator: Simulator, sign_in: SignInMaker) -> None:
    """The whole sentence, once."""
    simulator.signin.expire_secrets()
    refused = failure(sign_in())
    assert str(refused) == (
        f"no token: The client secret has run out. [401, invalid_client, AADSTS7000222] ({refused.trace}) "
        "Look at AZURE_CLIENT_SECRET. Make a new secret in the app registration and put its value there."
    )


@pytest.mark.parametrize("name", sorted(Contract.packaged().errors.signin))
def test_every_row_is_classified(credential: Credential, name: str) -> None:
    """Whatever the service says first: the code, or the code and the error, decide."""
    row = Contract.packaged().errors.signin[name]
    number = int(row.code.removeprefix("AADSTS"))
    for body in (
        {"error": row.error, "error_description": f"{row.code}: words\r\nTrace ID: 1", "error_codes": [1]},
        {"error": row.error, "error_description": "words alone", "error_codes": [number]},
    ):
        refused = failure(answered(credential, httpx.Response(row.status, json=body)))
        assert (refused.name, refused.code, refused.status) == (name, row.code, row.status)


def answered(credential: Credential, *answers: httpx.Response, discovery: httpx.Response | None = None) -> SignIn:
    """A sign-in whose requests for a token are answered so; discovery works unless another answer is given."""
    base = f"{GLOBAL.authority_host}/{credential.tenant_id}/oauth2/v2.0"
    found = httpx.Response(200, json={"authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token"})
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        return left.pop(0) if request.url.path.endswith("/token") else discovery or found

    return SignIn(credential, GLOBAL, http=http_for_msal(transport=httpx.MockTransport(answer)))


HTML = httpx.Response(200, html="<html><title>Welcome to the hotel</title></html>")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("not-an-authority", HTML),
        ("not-an-authority", httpx.Response(404, html="<html>{not here}</html>")),
        ("not-an-authority", httpx.Response(200, json={})),
        ("not-an-authority", httpx.Response(200, json=[])),
        ("not-an-authority", httpx.Response(302, headers={"location": "https://hotel.example/login"})),
        ("service-fault", httpx.Response(503, html="<html>")),
        ("throttled", httpx.Response(429, headers={"retry-after": "1"})),
    ],
)
def test_an_authority_that_answers_something_else_is_told(credential: Credential, name: str, answer: Any) -> None:
    """At discovery, where a network's login page or a proxy is met first."""
    refused = failure(answered(credential, discovery=answer))
    assert (refused.name, refused.status) == (name, answer.status_code)
    assert GLOBAL.authority_host in refused.text


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("not-an-authority", HTML),
        ("not-an-authority", httpx.Response(200, json=[])),
        ("service-fault", httpx.Response(500, json={"error": "x"})),
        ("throttled", httpx.Response(429, json={"error": "too_many"})),
        ("unknown", httpx.Response(400, json={"error": "new", "error_description": "AADSTS1: New.\r\nTrace ID: 1"})),
        ("unknown", httpx.Response(400, json={"error": "new"})),
        ("unknown", httpx.Response(403, json={"error": "new", "error_codes": {"a": 1}, "error_description": None})),
    ],
)
def test_a_token_endpoint_that_answers_something_else_is_told(credential: Credential, name: str, answer: Any) -> None:
    """An unknown code still has its text, and a page that explains it."""
    refused = failure(answered(credential, answer))
    assert (refused.name, refused.status) == (name, answer.status_code)
    if name == "unknown":
        assert refused.error == "new"
        assert "https://login.microsoftonline.com/error" in refused.remedy
        assert refused.text in {"AADSTS1: New.", "no reason was given."}


def test_an_authority_that_cannot_be_reached_is_told(credential: Credential) -> None:
    """With what the network said."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host")

    http = http_for_msal(transport=httpx.MockTransport(broken))
    refused = failure(SignIn(credential, GLOBAL, http=http))
    assert (refused.name, refused.setting) == ("unreachable", AUTHORITY)
    assert "cannot be reached: no route to host." in refused.text


def test_msals_own_client_is_used_when_none_is_given(credential: Credential) -> None:
    """Nothing listens there, and it says so."""
    assert failure(SignIn(credential, GLOBAL, authority="https://127.0.0.1:9")).name == "unreachable"


def test_a_failure_is_not_remembered(simulator: Simulator, sign_in: SignInMaker) -> None:
    """A 401 is asked for again; whoever mends the app need not start anew."""
    simulator.signin.expire_secrets()
    one = sign_in(secret="Better8Q~")
    assert failure(one).name == "wrong-secret"
    simulator.signin.add_secret(value="Better8Q~")
    assert one.token()


@pytest.mark.parametrize("secret", ["s3cr3t-value", "Sim8Q~0123456789"])
def test_no_message_shows_the_secret(credential: Credential, secret: str) -> None:
    """Not even where the service repeats it."""
    body = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
    refused = failure(answered(replace(credential, secret=secret), httpx.Response(401, json=body)))
    assert secret not in str(refused) + repr(refused)


# --- the authority's address ------------------------------------------------------------------------------------------


def test_an_authority_can_be_given(credential: Credential) -> None:
    """With the tenant or without, with the scheme or without, as AZURE_AUTHORITY_HOST has it."""
    for authority in ("https://localhost:8443", "https://localhost:8443/", "localhost:8443"):
        one = SignIn(credential, GLOBAL, authority=authority)
        assert one.authority == f"https://localhost:8443/{credential.tenant_id}"
    assert SignIn(credential, GLOBAL, authority="https://h/other").authority == "https://h/other"
    assert SignIn(credential, GLOBAL).authority == f"{GLOBAL.authority_host}/{credential.tenant_id}"


@pytest.mark.parametrize("authority", ["http://localhost:8443", "ftp://x", "https://"])
def test_an_authority_without_tls_is_refused(credential: Credential, authority: str) -> None:
    """A secret is not sent in the clear."""
    with pytest.raises(SettingError, match="graphcalls serve --tls FOLDER"):
        SignIn(credential, GLOBAL, authority=authority)


# --- on requests ------------------------------------------------------------------------------------------------------


def challenge(claims: str) -> str:
    encoded = base64.b64encode(claims.encode()).decode()
    return f'Bearer realm="", authorization_uri="https://x", error="insufficient_claims", claims="{encoded}"'


class Challenging:
    """Refuses the first tokens with a challenge."""

    def __init__(self, simulator: Simulator, header: str, times: int = 1) -> None:
        self.simulator, self.header, self.times = simulator, header, times
        self.tokens: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.tokens.append(request.headers["authorization"])
        if len(self.tokens) <= self.times:
            return httpx.Response(401, headers={"www-authenticate": self.header})
        return httpx.Response(200)


CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'


def test_a_claims_challenge_is_met_once(simulator: Simulator, way: Counted, sign_in: SignInMaker) -> None:
    """The second token was asked for with the claims."""
    server = Challenging(simulator, challenge(CLAIMS))
    with httpx.Client(transport=httpx.MockTransport(server), auth=BearerAuth(sign_in())) as client:
        assert client.get("https://graph.microsoft.com/v1.0/x").status_code == 200
    assert len(way.forms) == 2
    sent = httpx.QueryParams(way.forms[1].decode())["claims"]
    assert json.loads(sent)["access_token"]["nbf"] == {"essential": True, "value": "1"}


async def _get(server: Challenging, auth: httpx.Auth) -> int:
    async with httpx.AsyncClient(transport=httpx.MockTransport(server), auth=auth) as client:
        return (await client.get("https://graph.microsoft.com/v1.0/x")).status_code


def test_an_async_client_meets_it_as_well(simulator: Simulator, way: Counted, sign_in: SignInMaker) -> None:
    """One generator serves both."""
    import asyncio

    assert asyncio.run(_get(Challenging(simulator, challenge(CLAIMS)), BearerAuth(sign_in()))) == 200
    assert len(way.forms) == 2


@pytest.mark.parametrize(
    ("header", "times", "requests"),
    [
        (challenge(CLAIMS), 2, 2),
        ("Bearer", 1, 1),
        ('Bearer claims="not base64!"', 1, 1),
        (f'Bearer claims="{base64.b64encode(b"[]").decode()}"', 1, 1),
        (challenge("\xff").replace("Bearer", "Basic"), 1, 1),
    ],
)
def test_anything_else_stays_a_401(
    simulator: Simulator, sign_in: SignInMaker, header: str, times: int, requests: int
) -> None:
    """A second challenge, none, or one that cannot be read."""
    server = Challenging(simulator, header, times)
    with httpx.Client(transport=httpx.MockTransport(server), auth=BearerAuth(sign_in())) as client:
        assert client.get("https://graph.microsoft.com/v1.0/x").status_code == 401
    assert len(server.tokens) == requests


def test_a_padless_url_safe_challenge_is_read(simulator: Simulator, way: Counted, sign_in: SignInMaker) -> None:
    """Services differ in the alphabet."""
    claims = '{"access_token":{"x":{"value":"???>>>"}}}'
    header = challenge(claims).replace("+", "-").replace("/", "_").replace('=="', '"').replace("https:__", "https://")
    server = Challenging(simulator, header)
    with httpx.Client(transport=httpx.MockTransport(server), auth=BearerAuth(sign_in())) as client:
        assert client.get("https://graph.microsoft.com/v1.0/x").status_code == 200


# --- what pytest shows ------------------------------------------------------------------------------------------------

LEAKY = """
    import httpx
    from pytest_graphcalls.auth import Credential, SignIn
    from pytest_graphcalls.clients.httpx import BearerAuth, SimulatorTransport, http_for_msal
    from pytest_graphcalls.contract import Contract
    from pytest_graphcalls.simulator import Simulator

    def test_it():
        simulator = Simulator()
        credential = Credential(simulator.tenant_id, simulator.authority.app.app_id, "hunter2-" * 4)
        http = http_for_msal(transport=SimulatorTransport(simulator))
        sign_in = SignIn(credential, Contract.packaged().clouds["global"], http=http)
        with httpx.Client(transport=SimulatorTransport(simulator), auth=BearerAuth(sign_in)) as client:
            client.get("https://graph.microsoft.com/v1.0/communications/calls/x")
"""


def test_a_failing_sign_in_shows_no_secret(pytester: pytest.Pytester) -> None:
    """Not with every local variable of every frame, and every line of every log."""
    pytester.makepyfile(LEAKY)
    words = ("-vv", "--tb=long", "--showlocals", "--log-level=DEBUG", "-p", "no:cacheprovider", "--junitxml=x.xml")
    result = pytester.runpytest_subprocess(*words)
    result.stdout.fnmatch_lines(["*SignInError: no token: The client secret is not one of this application's.*"])
    shown = result.stdout.str() + result.stderr.str() + (pytester.path / "x.xml").read_text()
    assert shown.count("hunter2-") == shown.count('"hunter2-" * 4') > 0
