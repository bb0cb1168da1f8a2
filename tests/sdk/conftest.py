"""The SDKs' names under one roof, so that one test body serves v1.0 and beta."""

import asyncio
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_graphcalls.clients.msgraph import graph_service_client

if not (find_spec("msgraph") and find_spec("msgraph_beta")):
    collect_ignore_glob = ["test_*.py"]

MODELS = {
    "Identity": "models.identity",
    "IdentitySet": "models.identity_set",
    "InvitationParticipantInfo": "models.invitation_participant_info",
    "RejectReason": "models.reject_reason",
    "ODataError": "models.o_data_errors.o_data_error",
    "InvitePostRequestBody": "communications.calls.item.participants.invite.invite_post_request_body",
    "RejectPostRequestBody": "communications.calls.item.reject.reject_post_request_body",
    "Call": "models.call",
    "ChatInfo": "models.chat_info",
    "OrganizerMeetingInfo": "models.organizer_meeting_info",
    "ServiceHostedMediaConfig": "models.service_hosted_media_config",
    "Modality": "models.modality",
}


ITS_OWN = "(GetQueryParameters|This class) is deprecated"
"""The generated modules use what their own library has declared deprecated."""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(f"ignore:{ITS_OWN}:DeprecationWarning"))


@pytest.fixture
def sdk(graphcalls_version):
    """The generated classes of the API version."""
    package = {"v1.0": "msgraph", "beta": "msgraph_beta"}[graphcalls_version]
    return SimpleNamespace(
        **{name: getattr(import_module(f"{package}.generated.{path}"), name) for name, path in MODELS.items()}
    )


@pytest.fixture
def graph_client(graphcalls):
    """The SDK's client on this test's simulator: the only line in which these tests differ from the samples."""
    return graph_service_client(graphcalls.simulator, version=graphcalls.version)


@pytest.fixture
def run():
    return asyncio.run


@pytest.fixture
def meeting(graphcalls, graph_client, sdk, run):
    """An established call in a meeting, made with the SDK; what the simulator knows of it."""
    held = graphcalls.simulator.meeting(organizer="Olga")
    organizer = held.organizer
    body = sdk.Call(
        odata_type="#microsoft.graph.call",
        callback_uri="https://bot.contoso.com/api/calls",
        requested_modalities=[sdk.Modality.Audio],
        media_config=sdk.ServiceHostedMediaConfig(odata_type="#microsoft.graph.serviceHostedMediaConfig"),
        chat_info=sdk.ChatInfo(
            odata_type="#microsoft.graph.chatInfo",
            thread_id=held.chat_info["threadId"],
            message_id=held.chat_info["messageId"],
        ),
        meeting_info=sdk.OrganizerMeetingInfo(
            odata_type="#microsoft.graph.organizerMeetingInfo",
            organizer=sdk.IdentitySet(
                odata_type="#microsoft.graph.identitySet",
                user=sdk.Identity(odata_type="#microsoft.graph.identity", id=organizer.id, display_name="Olga"),
            ),
        ),
        tenant_id=held.tenant_id,
    )
    made = run(graph_client.communications.calls.post(body))
    graphcalls.simulator.advance(1)
    call = graphcalls.simulator.call(made.id)
    assert call.state == "established"
    return call


@pytest.fixture(autouse=True)
def no_violation(graphcalls):
    """Whatever the test is about: the SDK and the simulator keep to the contract."""
    yield
    assert graphcalls.exchanges, "the test sent something"
    assert [finding for finding in graphcalls.findings if finding.severity == "violation"] == []
