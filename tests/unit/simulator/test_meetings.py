"""Meetings as their organizers have them: look-up, and what is wrong with a request for one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from pytest_graphcalls.simulator import Meeting, Simulator
from pytest_graphcalls.wire import Response
from tests.unit.simulator.bot import CALLBACK, Bot, code


@pytest.fixture
def meeting(simulator: Simulator) -> Meeting:
    return simulator.meeting(["Ana"], organizer="Olga", passcode=True)


def look_up(bot: Bot, user: str, filter: str) -> Response:
    return bot.send("GET", f"/users/{user}/onlineMeetings?$filter={quote(filter, safe='')}")


def test_a_meeting_has_what_an_invitation_has(meeting: Meeting) -> None:
    """The long address with the escapes that it is stored with, a number without blanks, and a passcode."""
    host, _, rest = meeting.join_url.partition("/19%3ameeting_")
    assert host == "https://teams.microsoft.com/l/meetup-join"
    assert (
        f"%40thread.v2/0?context=%7b%22Tid%22%3a%22{meeting.tenant_id}%22%2c%22Oid%22%3a%22{meeting.organizer.id}"
        in rest
    )
    assert meeting.join_meeting_id.isdigit()
    assert meeting.passcode
    assert meeting.by_join_id["meetingInfo"]["passcode"] == meeting.passcode


def test_a_meeting_without_a_passcode_has_none(simulator: Simulator) -> None:
    """Without the option a meeting has no passcode."""
    assert simulator.meeting().passcode is None


def test_a_bot_joins_what_it_has_looked_up(simulator: Simulator, bot: Bot, meeting: Meeting) -> None:
    """By chat and organizer, as bots do that are given an address."""
    (found,) = look_up(bot, meeting.organizer.id, f"joinWebUrl eq '{meeting.join_url}'").json()["value"]
    info = {
        "@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": found["participants"]["organizer"]["identity"],
    }
    created = bot.create(chatInfo=found["chatInfo"], meetingInfo=info, tenantId=simulator.tenant_id)
    simulator.advance(1)
    assert {one.identity.name for one in simulator.call(created.json()["id"]).participants} == {"Ana", "Bot"}


def test_a_meeting_that_a_bot_has_made_can_be_joined_by_its_number(simulator: Simulator, bot: Bot) -> None:
    """The call shows the chat of the meeting."""
    olga = simulator.person("Olga").id
    made = bot.send("POST", f"/users/{olga}/onlineMeetings", {"subject": "Standup"}).json()
    number = made["joinMeetingIdSettings"]["joinMeetingId"]
    info = {"@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo", "joinMeetingId": number, "passcode": None}
    call = bot.create(meetingInfo=info).json()
    assert call["chatInfo"]["threadId"] == made["chatInfo"]["threadId"]


@pytest.mark.parametrize(
    ("filter", "refused"),
    [
        ("", "400 InvalidArgument"),
        ("subject eq 'Standup'", "400 InvalidArgument"),
        ("joinWebUrl eq 'https://teams.microsoft.com/l/meetup-join/19", "400 InvalidArgument"),
        ("joinWebUrl eq 'https://teams.microsoft.com/meet/123?p=x'", "400 BadRequest"),
        ("joinWebUrl eq 'https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0'", "404 NotFound"),
        ("joinMeetingIdSettings/joinMeetingId eq '123 456'", "404 NotFound"),
    ],
)
def test_a_look_up_that_finds_nothing_is_refused(bot: Bot, meeting: Meeting, filter: str, refused: str) -> None:
    """With the errors of the reports."""
    assert code(look_up(bot, meeting.organizer.id, filter)) == refused


def test_the_name_of_the_filter_has_no_letter_case(bot: Bot, meeting: Meeting) -> None:
    """The filter is acted on in any case, so the answer is documented."""
    asked = quote(f"joinMeetingIdSettings/joinMeetingId eq '{meeting.join_meeting_id}'")
    answer = bot.send("GET", f"/users/{meeting.organizer.id}/OnlineMeetings?$Filter={asked}")
    assert answer.status == 200
    assert "unread" not in answer.headers["x-graphcalls-evidence"]


def test_an_address_may_come_decoded_and_not_encoded_twice(bot: Bot, meeting: Meeting) -> None:
    """A quote in it is doubled; the property's letter case does not matter."""
    filter = f"JOINWEBURL eq '{meeting.join_url}'"
    assert look_up(bot, meeting.organizer.id, filter).status == 200
    raw = bot.send("GET", f"/users/{meeting.organizer.id}/onlineMeetings?$filter=JoinWebUrl eq '{meeting.join_url}'")
    assert raw.status == 200
    twice = f"JoinWebUrl eq '{quote(meeting.join_url, safe='')}'"
    assert code(look_up(bot, meeting.organizer.id, twice)) == "404 NotFound"
    assert code(look_up(bot, meeting.organizer.id, "JoinWebUrl eq 'a''b meetup-join'")) == "404 NotFound"


def test_users_and_ids_that_are_none_are_refused(simulator: Simulator, bot: Bot, meeting: Meeting) -> None:
    """A name instead of an object id, the id of a thread, and the id of a meeting that does not exist."""
    olga, sam = meeting.organizer.id, simulator.person("Sam").id
    other = Simulator(seed=7).meeting(organizer="Olga")
    for path, refused in {
        f"olga@contoso.example/onlineMeetings/{meeting.id}": "400 8523",
        f"{olga}/onlineMeetings/{quote(str(meeting.chat_info['threadId']))}": "400 InvalidArgument",
        f"{olga}/onlineMeetings/{other.id}": "404 NotFound",
        f"{sam}/onlineMeetings/{meeting.id}": "403 Forbidden",
    }.items():
        assert code(bot.send("GET", f"/users/{path}")) == refused
    assert code(bot.send("DELETE", f"/users/{sam}/onlineMeetings/{meeting.id}")) == "403 Forbidden"


@pytest.mark.parametrize(
    "body",
    [
        {"startDateTime": "2026-13-45T25:00:00Z"},
        {"startDateTime": "0001-01-01T00:00:00+14:00", "endDateTime": "9999-12-31T23:00:00Z"},
        {"participants": {"attendees": [{"identity": {"user": None}}]}, "joinMeetingIdSettings": None},
        {"participants": None, "subject": None},
    ],
)
def test_unusual_members_create_a_meeting_all_the_same(simulator: Simulator, bot: Bot, body: dict[str, Any]) -> None:
    """No body of a client is answered 5xx, and the answer fits the contract."""
    assert bot.send("POST", f"/users/{simulator.person('Olga').id}/onlineMeetings", body).status == 201


def test_wrong_members_are_refused(simulator: Simulator, bot: Bot) -> None:
    user = f"/users/{simulator.person('Olga').id}/onlineMeetings"
    assert code(bot.send("POST", user, {"subject": 7})) == "400 8523"
    assert code(bot.send("POST", user, raw=b"[", **{"Content-Type": "application/json"})) == "400 BadRequest"


def test_a_deleted_meeting_is_joined_no_more(simulator: Simulator, bot: Bot, meeting: Meeting) -> None:
    """A call that was in it goes on; neither look-up nor number lead to it any more."""
    call = bot.join(meeting)
    assert bot.send("DELETE", f"/users/{meeting.organizer.id}/onlineMeetings/{meeting.id}").status == 204
    assert simulator.call(call.id).state == "established"
    assert code(look_up(bot, meeting.organizer.id, f"joinWebUrl eq '{meeting.join_url}'")) == "404 NotFound"
    assert code(bot.create(callbackUri=CALLBACK, **meeting.by_join_id)) == "400 8523"


def test_other_parts_of_graph_below_a_user_are_pointed_to_meetings(bot: Bot) -> None:
    """What is there for users, and what is nearest to it."""
    answer = bot.send("GET", "/users/57da/onlineMeeting")
    assert code(answer) == "400 BadRequest"
    assert f"did you mean /{bot.version}/users/{{user-id}}/onlineMeetings?" in answer.json()["error"]["message"]
