"""The SDK as its own documentation sets it up: a credential of azure-identity, an https address, nothing of ours."""

from importlib import import_module

import httpx
import pytest

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.server.tls import certificate_in

pytestmark = pytest.mark.graphcalls(version="both")


@pytest.fixture
def line(graphcalls, tmp_path, monkeypatch):
    with (
        certificate_in(tmp_path) as tls,
        serve_in_thread(SimulatorApp(graphcalls.simulator), certificate=tls.certificate) as url,
    ):
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(tls.ca))
        yield url


def client_at(url, credential, graphcalls_version):
    from msgraph_core import GraphClientFactory
    from msgraph_core.authentication import AzureIdentityAuthenticationProvider

    package = {"v1.0": "msgraph", "beta": "msgraph_beta"}[graphcalls_version]
    module = import_module(package)
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["127.0.0.1"]
    )
    # No connection is kept: it would outlive the event loop of this test.
    plain = httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0))
    http = GraphClientFactory.create_with_default_middleware(client=plain)
    adapter = import_module(f"{package}.graph_request_adapter").GraphRequestAdapter(provider, client=http)
    adapter.base_url = f"{url}/{graphcalls_version}"
    return module.GraphServiceClient(request_adapter=adapter)


def credential_of(graphcalls, url, secret=None):
    from azure.identity import ClientSecretCredential

    simulator = graphcalls.simulator
    return ClientSecretCredential(
        simulator.tenant_id,
        simulator.authority.app.app_id,
        secret or simulator.signin.secret(),
        authority=url,
        disable_instance_discovery=True,
    )


def test_it_signs_in_and_rejects_a_call(graphcalls, graphcalls_version, line, sdk, run):
    call = graphcalls.simulator.incoming_call("Adele")

    with credential_of(graphcalls, line) as credential:
        client = client_at(line, credential, graphcalls_version)
        run(client.communications.calls.by_call_id(call.id).reject.post(sdk.RejectPostRequestBody()))
    assert call.state == "terminated"


def test_it_is_told_of_a_wrong_secret_before_any_call(graphcalls, graphcalls_version, line, sdk, run):
    from azure.core.exceptions import ClientAuthenticationError

    call = graphcalls.simulator.incoming_call("Adele")
    with credential_of(graphcalls, line, "wrong") as credential:
        client = client_at(line, credential, graphcalls_version)
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            run(client.communications.calls.by_call_id(call.id).reject.post(sdk.RejectPostRequestBody()))
    assert call.state == "incoming"
    graphcalls.client.get(f"/communications/calls/{call.id}")  # the only exchange of this test
