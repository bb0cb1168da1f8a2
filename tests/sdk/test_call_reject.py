"""Rejecting calls with the SDKs, in the forms that the reference page shows."""

import pytest

pytestmark = pytest.mark.graphcalls(version="both")

CALLBACK = "https://bot.contoso.com/api/calls/57701"


@pytest.mark.parametrize(("member", "value"), [("Busy", "busy"), ("None_", "none")])
def test_an_incoming_call_is_rejected(graphcalls, graph_client, sdk, run, member, value):
    call = graphcalls.simulator.incoming_call("Adele")
    request_body = sdk.RejectPostRequestBody(reason=getattr(sdk.RejectReason, member), callback_uri=CALLBACK)

    assert run(graph_client.communications.calls.by_call_id(call.id).reject.post(request_body)) is None
    assert (call.state, call.rejected_with) == ("terminated", value)
    assert graphcalls.simulator.notifications[-1].posted_to == CALLBACK


def test_an_invitation_into_a_group_call_is_rejected(graphcalls, graph_client, sdk, run):
    call = graphcalls.simulator.incoming_call("Adele", group=True)
    request_body = sdk.RejectPostRequestBody(reason=sdk.RejectReason.Busy)

    assert run(graph_client.communications.calls.by_call_id(call.id).reject.post(request_body)) is None
    assert call.state == "terminated"


def test_it_works_over_a_server_too(graphcalls, sdk, run):
    from pytest_graphcalls.clients.msgraph import graph_service_client

    call = graphcalls.simulator.incoming_call("Adele")
    client = graph_service_client(graphcalls.server, version=graphcalls.version, token=graphcalls.token)
    run(client.communications.calls.by_call_id(call.id).reject.post(sdk.RejectPostRequestBody()))
    assert call.state == "terminated"
