"""What the authority says instead of a token."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from pytest_graphcalls.auth import (
    AUTHORITY,
    CLIENT,
    SECRET,
    TENANT,
    Credential,
    SignIn,
)
from pytest_graphcalls.clients.httpx import http_for_msal
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.simulator import Simulator
from tests.unit.auth.conftest import GLOBAL, GUID, SignInMaker, failure


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
    """Setting and remedy are those of the contract's row, before any call to Graph."""
    row = Contract.packaged().errors.signin[name]
    refused = failure(sign_in(**changes))
    assert (refused.name, refused.status, refused.error, refused.code) == (name, row.status, row.error, row.code)
    assert (refused.setting, refused.remedy, refused.text) == (setting, row.remedy, row.meaning)
    assert refused.trace.startswith("trace ")


def test_an_expired_secret_is_reported(simulator: Simulator, sign_in: SignInMaker) -> None:
    """The whole sentence, once."""
    simulator.signin.expire_secrets()
    refused = failure(sign_in())
    assert str(refused) == (
        f"no token was given: The client secret has run out. [401, invalid_client, AADSTS7000222] ({refused.trace}) "
        "Look at AZURE_CLIENT_SECRET. Make a new secret in the app registration and put its value there."
    )


@pytest.mark.parametrize("name", sorted(Contract.packaged().errors.signin))
def test_every_row_is_classified(credential: Credential, name: str) -> None:
    """A row is found by its code, or by code and error, whatever else the service says."""
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
def test_an_authority_with_an_unexpected_answer_is_reported(credential: Credential, name: str, answer: Any) -> None:
    """Discovery is where a network's login page or a proxy shows first."""
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
def test_a_token_endpoint_with_an_unexpected_answer_is_reported(credential: Credential, name: str, answer: Any) -> None:
    """An unknown code still has its text, and a page that explains it."""
    refused = failure(answered(credential, answer))
    assert (refused.name, refused.status) == (name, answer.status_code)
    if name == "unknown":
        assert refused.error == "new"
        assert "https://login.microsoftonline.com/error" in refused.remedy
        assert refused.text in {"AADSTS1: New.", "no reason was given."}


def test_an_authority_that_cannot_be_reached_is_reported(credential: Credential) -> None:
    """The error has the words of the network."""

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host")

    http = http_for_msal(transport=httpx.MockTransport(broken))
    refused = failure(SignIn(credential, GLOBAL, http=http))
    assert (refused.name, refused.setting) == ("unreachable", AUTHORITY)
    assert "cannot be reached: no route to host." in refused.text
    # A night's verdict repeats it: an address behind "token:" would be taken for one, and no report be written.
    assert list(scan(str(refused))) == []


def test_msals_own_client_is_used_when_none_is_given(credential: Credential) -> None:
    """The client of msal is used, and reports that no server listens."""
    assert (
        failure(SignIn(credential, GLOBAL, authority="https://127.0.0.1:9", http=http_for_msal())).name == "unreachable"
    )


def test_a_failure_is_not_remembered(simulator: Simulator, sign_in: SignInMaker) -> None:
    """A failed sign-in is tried again, so that a fixed app registration needs no new run."""
    simulator.signin.expire_secrets()
    one = sign_in(secret="Better8Q~")
    assert failure(one).name == "wrong-secret"
    simulator.signin.add_secret(value="Better8Q~")
    assert one.token()


@pytest.mark.parametrize("secret", ["s3cr3t-value", "Sim8Q~0123456789"])
def test_no_message_shows_the_secret(credential: Credential, secret: str) -> None:
    """The secret is masked even where the service repeats it."""
    body = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
    refused = failure(answered(replace(credential, secret=secret), httpx.Response(401, json=body)))
    assert secret not in str(refused) + repr(refused)
