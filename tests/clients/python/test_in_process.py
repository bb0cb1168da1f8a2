"""The SDKs without `graphcalls serve`: `graph_service_client` gives one on the test's own simulator."""

from __future__ import annotations

import asyncio
from importlib import import_module
from importlib.util import find_spec

import pytest

from pytest_graphcalls.clients.msgraph import graph_service_client

MISSING = " and ".join(name for name in ("msgraph", "msgraph_beta") if not find_spec(name))
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"needs {MISSING}, which 'make test-sdk-python' installs"),
    pytest.mark.graphcalls(version="both"),
    # The generated modules use what their own library has declared deprecated.
    pytest.mark.filterwarnings("ignore:(GetQueryParameters|This class) is deprecated:DeprecationWarning"),
]


def generated(version, path, name):
    """A generated class."""
    package = {"v1.0": "msgraph", "beta": "msgraph_beta"}[version]
    return getattr(import_module(f"{package}.generated.{path}"), name)


@pytest.mark.parametrize("over", ["memory", "http"])
def test_a_call_is_rejected(graphcalls, over):
    version, call = graphcalls.version, graphcalls.simulator.incoming_call("Adele")
    service = {"memory": graphcalls.simulator, "http": graphcalls.server}[over]
    client = graph_service_client(service, version=version, token=graphcalls.token)
    body = generated(version, "communications.calls.item.reject.reject_post_request_body", "RejectPostRequestBody")
    assert asyncio.run(client.communications.calls.by_call_id(call.id).reject.post(body())) is None
    assert call.state == "terminated"
    assert list(graphcalls.findings) == []


def test_a_member_that_the_sdk_sends_as_it_was_spelled_is_named(graphcalls):
    """The page's sample for Python has `identity_provider` among the additional members, which no page names."""
    version, call = graphcalls.version, graphcalls.simulator.incoming_call("Adele", group=True)
    graphcalls.client.post(f"/communications/calls/{call.id}/answer", json=ANSWER).raise_for_status()
    graphcalls.simulator.advance(1)
    kinds = {
        name: generated(version, f"models.{module}", name)
        for name, module in (
            ("Identity", "identity"),
            ("IdentitySet", "identity_set"),
            ("InvitationParticipantInfo", "invitation_participant_info"),
        )
    }
    user = kinds["Identity"](id=graphcalls.simulator.person("Ben").id, additional_data={"identity_provider": "AAD"})
    person = kinds["InvitationParticipantInfo"](identity=kinds["IdentitySet"](user=user))
    path = "communications.calls.item.participants.invite.invite_post_request_body"
    body = generated(version, path, "InvitePostRequestBody")(participants=[person])
    client = graph_service_client(graphcalls.simulator, version=version)
    asyncio.run(client.communications.calls.by_call_id(call.id).participants.invite.post(body))
    graphcalls.simulator.advance(5)
    assert "Ben" in [one.identity.name for one in call.participants]
    (finding, *_) = graphcalls.findings
    assert (finding.kind, finding.hint) == ("member-undocumented", "Did you mean 'identityProvider'?")


ANSWER = {
    "callbackUri": "https://bot.contoso.com/api/calls",
    "acceptedModalities": ["audio"],
    "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
}
