"""Inviting with the SDKs, in the forms that the reference page shows."""

import pytest

pytestmark = pytest.mark.graphcalls(version="both")

CHOSEN_ID = "7d501bf1-5ee4-4605-ba92-0ae4513c611c"
CONTEXT = "order-4711"


def names(participants):
    return sorted(one.identity.name for one in participants if one.identity.sort == "user")


def body(sdk, *people, **more):
    """An invite of ``people``; the members are those of the page's samples."""
    return sdk.InvitePostRequestBody(
        participants=[
            sdk.InvitationParticipantInfo(
                odata_type="#microsoft.graph.invitationParticipantInfo",
                identity=sdk.IdentitySet(
                    odata_type="#microsoft.graph.identitySet",
                    user=sdk.Identity(
                        odata_type="#microsoft.graph.identity",
                        id=person.id,
                        display_name=person.name,
                        additional_data={"identity_provider": "AAD"},
                    ),
                ),
                **more,
            )
            for person in people
        ],
        client_context=CONTEXT,
    )


def test_one_person_is_invited_and_joins(graphcalls, graph_client, sdk, run, meeting):
    person = graphcalls.simulator.person("Adele")
    request_body = body(sdk, person, participant_id=CHOSEN_ID)
    result = run(graph_client.communications.calls.by_call_id(meeting.id).participants.invite.post(request_body))

    # The SDK's enumeration has the letter case of the metadata, the wire another; it reads both.
    assert (result.status.value.lower(), result.client_context) == ("running", CONTEXT)
    assert [one.id for one in meeting.invited] == [CHOSEN_ID]
    graphcalls.simulator.advance(5)
    assert names(meeting.participants) == ["Adele"]


def test_several_people_are_invited_at_once(graphcalls, graph_client, sdk, run, meeting):
    people = [graphcalls.simulator.person(name) for name in ("Adele", "Bernd", "Chiara")]
    request_body = body(sdk, *people)
    result = run(graph_client.communications.calls.by_call_id(meeting.id).participants.invite.post(request_body))

    assert len(result.participants) == 3
    graphcalls.simulator.advance(5)
    assert names(meeting.participants) == ["Adele", "Bernd", "Chiara"]


def test_a_peer_to_peer_call_is_replaced(graphcalls, graph_client, sdk, run, meeting):
    person = graphcalls.simulator.person("Adele")
    private = graphcalls.simulator.incoming_call(person)
    graphcalls.client.post(
        f"/communications/calls/{private.id}/answer",
        json={
            "callbackUri": "https://bot.contoso.com/api/calls",
            "acceptedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
        },
    ).raise_for_status()
    graphcalls.simulator.advance(1)

    request_body = body(sdk, person, replaces_call_id=private.id)
    run(graph_client.communications.calls.by_call_id(meeting.id).participants.invite.post(request_body))
    graphcalls.simulator.advance(5)
    assert private.state == "terminated"
    assert names(meeting.participants) == ["Adele"]


def test_a_phone_is_invited(graphcalls, graph_client, sdk, run, meeting):
    graphcalls.simulator.person("+14255550123")
    request_body = sdk.InvitePostRequestBody(
        participants=[
            sdk.InvitationParticipantInfo(
                odata_type="#microsoft.graph.invitationParticipantInfo",
                identity=sdk.IdentitySet(
                    odata_type="#microsoft.graph.identitySet",
                    additional_data={"phone": {"@odata.type": "#microsoft.graph.identity", "id": "+14255550123"}},
                ),
            )
        ],
        client_context=CONTEXT,
    )
    run(graph_client.communications.calls.by_call_id(meeting.id).participants.invite.post(request_body))
    graphcalls.simulator.advance(5)
    assert "+14255550123" in [one.identity.id for one in meeting.participants]


def test_a_person_moves_from_one_meeting_to_another(graphcalls, graph_client, sdk, run, meeting):
    person = graphcalls.simulator.person("Adele")
    other = graphcalls.simulator.meeting([person])
    made = graphcalls.client.post(
        "/communications/calls",
        json={
            "@odata.type": "#microsoft.graph.call",
            "callbackUri": "https://bot.contoso.com/api/calls",
            "requestedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
            **other.coordinates,
        },
    )
    graphcalls.simulator.advance(1)
    first = graphcalls.simulator.call(made.json()["id"])
    assert names(first.participants) == ["Adele"]

    request_body = body(sdk, person, replaces_call_id=first.id)
    run(graph_client.communications.calls.by_call_id(meeting.id).participants.invite.post(request_body))
    graphcalls.simulator.advance(5)
    assert (names(first.participants), names(meeting.participants)) == ([], ["Adele"])


def test_an_error_reaches_the_sdk_as_its_own(graphcalls, graph_client, sdk, run, meeting):
    gone = "57dab8b1-894c-409a-b240-bd8beae78896"
    request_body = body(sdk, graphcalls.simulator.person("Adele"))
    with pytest.raises(sdk.ODataError) as caught:
        run(graph_client.communications.calls.by_call_id(gone).participants.invite.post(request_body))
    assert (caught.value.response_status_code, caught.value.error.code) == (404, "8522")
