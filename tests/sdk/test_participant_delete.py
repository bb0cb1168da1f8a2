"""Removing participants with the SDKs, in the forms that the reference page shows."""

import pytest

from tests.sdk.test_participant_invite import CHOSEN_ID, body, names

pytestmark = pytest.mark.graphcalls(version="both")


def test_somebody_who_is_in_the_call_is_removed(graphcalls, graph_client, run, meeting):
    graphcalls.simulator.person("Adele").joins(meeting)
    (adele,) = (one for one in meeting.participants if one.identity.name == "Adele")
    call = graph_client.communications.calls.by_call_id(meeting.id)

    assert run(call.participants.by_participant_id(adele.id).delete()) is None
    assert names(meeting.participants) == []


def test_somebody_who_is_only_invited_is_removed_by_the_chosen_id(graphcalls, graph_client, sdk, run, meeting):
    person = graphcalls.simulator.person("Adele").answers_after(20)
    call = graph_client.communications.calls.by_call_id(meeting.id)
    run(call.participants.invite.post(body(sdk, person, participant_id=CHOSEN_ID)))

    assert run(call.participants.by_participant_id(CHOSEN_ID).delete()) is None
    assert meeting.invited == ()
    graphcalls.simulator.advance(60)
    assert names(meeting.participants) == []
