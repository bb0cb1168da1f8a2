"""msal and azure-identity, unmodified, at the simulated sign-in: in process, and over TLS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import msal
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    EnvironmentCredential,
    WorkloadIdentityCredential,
)

from pytest_graphcalls.auth import Credential, SignIn
from pytest_graphcalls.clients.httpx import BearerAuth, SimulatorTransport, http_for_msal, tls_context
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SignInError
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.signin import EXCHANGE
from tests.unit.certificates import made

SCOPE = "https://graph.microsoft.com/.default"
CALL = "/v1.0/communications/calls/none"
FEDERATION = {"issuer": "https://cluster.contoso.com", "subject": "system:serviceaccount:bots:caller"}


@pytest.fixture
def simulator() -> Simulator:
    simulator = Simulator(start=datetime.now(UTC))
    simulator.signin.add_certificate(made().public)
    simulator.signin.add_federation(**FEDERATION, key=made("cluster").public_key)
    return simulator


@pytest.fixture
def app_id(simulator: Simulator) -> str:
    return simulator.authority.app.app_id


class Line:
    """A server that speaks TLS: its address, and the file to trust."""

    def __init__(self, url: str, ca: Path) -> None:
        self.url, self.ca = url, ca

    def status(self, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{self.url}{CALL}", headers=headers, verify=tls_context(str(self.ca))).status_code


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture
def line(simulator: Simulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """A served simulator with the variables set that 'graphcalls serve --tls' prints."""
    with (
        certificate_in(folder) as tls,
        serve_in_thread(SimulatorApp(simulator), certificate=tls.certificate) as url,
    ):
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(tls.ca))
        yield Line(url, tls.ca)


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "bot.pem"
    path.write_text(made().pem())
    return path


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    claims = {"iss": FEDERATION["issuer"], "sub": FEDERATION["subject"], "aud": EXCHANGE, "exp": time.time() + 600}
    path = tmp_path / "token"
    path.write_text(jwt.encode(claims, made("cluster").key, algorithm="RS256"))
    return path


def test_msal_in_process_by_the_real_name(simulator: Simulator, app_id: str) -> None:
    """No socket, no certificate; nothing but the transport is ours."""
    client = msal.ConfidentialClientApplication(
        app_id,
        simulator.signin.secret(),
        authority=f"https://login.microsoftonline.com/{simulator.tenant_id}",
        http_client=httpx.Client(transport=SimulatorTransport(simulator)),
    )
    answer = client.acquire_token_for_client([SCOPE])
    assert answer["token_source"] == "identity_provider"
    assert client.acquire_token_for_client([SCOPE])["token_source"] == "cache"


@pytest.mark.parametrize(
    "credential",
    [
        pytest.param({"private_key": made().private(), "public_certificate": made().public}, id="PS256, x5t#S256"),
        pytest.param("thumbprint", id="RS256, x5t"),
    ],
)
def test_msal_over_tls_by_certificate(simulator: Simulator, app_id: str, line: Line, credential: Any) -> None:
    """msal signs in with both forms of assertion that it writes."""
    if credential == "thumbprint":
        from cryptography.hazmat.primitives import hashes

        digest = made().certificate.fingerprint(hashes.SHA1()).hex()
        credential = {"private_key": made().private(), "thumbprint": digest}
    client = msal.ConfidentialClientApplication(
        app_id, credential, authority=f"{line.url}/{simulator.tenant_id}", instance_discovery=False
    )
    assert line.status(client.acquire_token_for_client([SCOPE])["access_token"]) == 404


def test_msal_asks_an_authority_that_it_does_not_know(simulator: Simulator, app_id: str, line: Line) -> None:
    """Instance discovery at our own address."""
    client = msal.ConfidentialClientApplication(
        app_id,
        simulator.signin.secret(),
        authority=f"{line.url}/{simulator.tenant_id}",
        instance_discovery=f"{line.url}/common/discovery/instance",
    )
    assert "access_token" in client.acquire_token_for_client([SCOPE])


def test_msal_shows_the_error(simulator: Simulator, app_id: str, line: Line) -> None:
    """msal passes the error on in its members."""
    client = msal.ConfidentialClientApplication(
        app_id, "wrong", authority=f"{line.url}/{simulator.tenant_id}", instance_discovery=False
    )
    answer = client.acquire_token_for_client([SCOPE])
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000215])


def test_azure_identity_by_secret(simulator: Simulator, app_id: str, line: Line) -> None:
    """The token of azure-identity opens the calls API."""
    credential = ClientSecretCredential(
        simulator.tenant_id, app_id, simulator.signin.secret(), authority=line.url, disable_instance_discovery=True
    )
    with credential:
        assert line.status(credential.get_token(SCOPE).token) == 404


def test_azure_identity_by_certificate(simulator: Simulator, app_id: str, line: Line, pem: Path) -> None:
    """azure-identity takes the certificate file that our sign-in takes."""
    credential = CertificateCredential(
        simulator.tenant_id, app_id, str(pem), authority=line.url, disable_instance_discovery=True
    )
    with credential:
        assert line.status(credential.get_token(SCOPE).token) == 404


def test_azure_identity_by_workload_identity(simulator: Simulator, app_id: str, line: Line, token_file: Path) -> None:
    """azure-identity takes the token file that our sign-in takes."""
    credential = WorkloadIdentityCredential(
        tenant_id=simulator.tenant_id,
        client_id=app_id,
        token_file_path=str(token_file),
        authority=line.url,
        disable_instance_discovery=True,
    )
    assert line.status(credential.get_token(SCOPE).token) == 404


def test_azure_identity_by_the_variables_that_are_printed(
    simulator: Simulator, app_id: str, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AZURE_AUTHORITY_HOST and the others; what ours reads, it reads."""
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", line.url)
    monkeypatch.setenv("AZURE_TENANT_ID", simulator.tenant_id)
    monkeypatch.setenv("AZURE_CLIENT_ID", app_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", simulator.signin.secret())
    credential = EnvironmentCredential(disable_instance_discovery=True)
    with credential:
        assert line.status(credential.get_token(SCOPE).token) == 404


@pytest.mark.parametrize(
    ("tenant", "client", "secret", "code"),
    [
        (None, None, "wrong", "AADSTS7000215"),
        (None, "11111111-1111-4111-8111-111111111111", None, "AADSTS700016"),
    ],
)
def test_azure_identity_shows_the_error(
    simulator: Simulator, app_id: str, line: Line, tenant: str | None, client: str | None, secret: str | None, code: str
) -> None:
    """The code is in its message."""
    credential = ClientSecretCredential(
        tenant or simulator.tenant_id,
        client or app_id,
        secret or simulator.signin.secret(),
        authority=line.url,
        disable_instance_discovery=True,
    )
    with credential, pytest.raises(ClientAuthenticationError, match=code):
        credential.get_token(SCOPE)


def test_our_sign_in_over_tls_by_each_credential(
    simulator: Simulator, app_id: str, line: Line, pem: Path, token_file: Path
) -> None:
    """Token and call over real sockets; nothing knows that it talks to a simulator."""
    ways = ({"secret": simulator.signin.secret()}, {"certificate_path": str(pem)}, {"token_file": str(token_file)})
    cloud = Contract.packaged().clouds["global"]
    for way in ways:
        credential = Credential(simulator.tenant_id, app_id, **way)
        http = http_for_msal(verify=str(line.ca))
        sign_in = SignIn(credential, cloud, authority=line.url, http=http)
        with httpx.Client(
            base_url=line.url, verify=tls_context(str(line.ca)), auth=BearerAuth(sign_in), timeout=60
        ) as client:
            assert client.get(CALL).status_code == 404
        http.close()


def test_our_sign_in_does_not_talk_to_an_untrusted_server(simulator: Simulator, app_id: str, line: Line) -> None:
    """The secret is not sent."""
    credential = Credential(simulator.tenant_id, app_id, simulator.signin.secret())
    sign_in = SignIn(credential, Contract.packaged().clouds["global"], authority=line.url, http=http_for_msal())
    with pytest.raises(SignInError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        sign_in.token()
    assert caught.value.name == "unreachable"
