"""Who and what exists: people, phones, meetings, numbers and passcodes that a test has made, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.contract import VERSIONS
from pytest_graphcalls.simulator import Person, Simulator
from pytest_graphcalls.wire import Response
from tests.unit.simulator.bot import Bot, entry, evidence

UNKNOWN = "00000000-0000-4000-8000-00000000000f"
PHONE = "+15551234567"
INSTANCE = "applicationInstance"
LONG = 120.0


def target(sort: str, id: str, **more: Any) -> dict[str, Any]:
    """An entry that names one identity."""
    return {
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "identity": {"@odata.type": "#microsoft.graph.identitySet", sort: {"id": id, **more}},
    }


def source(sort: str, id: str, **more: Any) -> dict[str, Any]:
    """A member ``source`` that names one identity."""
    return {
        "@odata.type": "#microsoft.graph.participantInfo",
        "identity": {"@odata.type": "#microsoft.graph.identitySet", sort: {"id": id, **more}},
    }


@pytest.fixture
def bot() -> Bot:
    return Bot(Simulator())


@pytest.fixture
def open_bot() -> Bot:
    simulator = Simulator()
    simulator.open_directory = True
    return Bot(simulator)


def refusal(answer: Response) -> str:
    """The message of a refusal, which is inferred."""
    assert answer.status == 400
    assert evidence(answer).startswith("inferred")
    return str(answer.json()["error"]["message"])


def number(value: str, passcode: str | None = None) -> dict[str, Any]:
    """The members that join a meeting by its number."""
    info = {"joinMeetingId": value, "passcode": passcode}
    return {"meetingInfo": {"@odata.type": "#microsoft.graph.joinMeetingIdMeetingInfo", **info}}


def test_a_call_needs_targets_or_a_meeting(bot: Bot) -> None:
    """A create that names neither is refused, and the message says what is missing."""
    assert "$.targets: expected whom to call, or a meeting to join, got neither" in refusal(bot.create())
    assert "$.targets: expected whom to call" in refusal(bot.create(targets=[]))


@pytest.mark.parametrize(
    ("members", "place"),
    [
        (number("123456789012"), "$.meetingInfo.joinMeetingId"),
        (number("https://teams.microsoft.com/meet/1"), "$.meetingInfo.joinMeetingId"),
        (
            {"meetingInfo": {"@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": "eyJ"}},
            "$.meetingInfo.token",
        ),
    ],
)
def test_an_unknown_meeting_is_refused(bot: Bot, members: dict[str, Any], place: str) -> None:
    """A number or a token that leads to no meeting; the message names the way to make one."""
    message = refusal(bot.create(**members))
    assert f"{place}: expected a meeting of this simulator, got" in message
    assert "simulator.meeting()" in message
    assert "open_directory" in message


@pytest.mark.parametrize("has_one", [True, False])
def test_a_number_takes_its_own_passcode(bot: Bot, *, has_one: bool) -> None:
    """A wrong, a missing and an unnecessary passcode are refused; an open directory takes any."""
    meeting = bot.simulator.meeting(passcode=has_one)
    assert bot.create(**meeting.by_join_id).status == 201
    for passcode in ("nope", "" if has_one else "0"):
        answer = bot.create(**number(meeting.join_meeting_id, passcode))
        assert "$.meetingInfo.passcode: expected " in refusal(answer)
    bot.simulator.open_directory = True
    assert bot.create(**number(meeting.join_meeting_id, "nope")).status == 201


def test_coordinates_that_lead_to_no_meeting_are_refused(bot: Bot) -> None:
    """An unknown thread; the right thread with another message is none either."""
    there = bot.simulator.meeting().coordinates
    for chat in ({"threadId": "19:meeting_x@thread.v2"}, {"messageId": "7"}):
        message = refusal(bot.create(**{**there, "chatInfo": {**there["chatInfo"], **chat}}))
        assert "$.chatInfo.threadId: expected a meeting of this simulator" in message
    assert bot.create(**there).status == 201


@pytest.mark.parametrize("id", ["ana@contoso.com", "sip:ana@contoso.com", "Ana"])
def test_a_user_is_named_by_an_object_id(bot: Bot, id: str) -> None:
    """A principal name, an address or a display name is refused, as a target and as an invitee."""
    person = bot.simulator.person(id)
    answers = {"targets": bot.create(targets=[target("user", id)])}
    call = bot.join()
    answers["participants"] = bot.post(f"/{call.id}/participants/invite", {"participants": [target("user", id)]})
    for name, answer in answers.items():
        message = refusal(answer)
        assert f"$.{name}[0].identity.user.id: expected the object id of a user, got {id!r}" in message
        assert f"simulator.person({id!r}).id is {person.id}" in message


@pytest.mark.parametrize(
    ("sort", "id", "pair"),
    [("user", UNKNOWN, (480, 10076)), ("phone", PHONE, (404, 560404)), ("guest", UNKNOWN, (480, 10076))],
)
def test_a_call_to_an_unknown_id_is_not_answered(bot: Bot, sort: str, id: str, pair: tuple[int, int]) -> None:
    """The call is created, ends without having been established, and all of it is inferred."""
    answer = bot.create(targets=[target(sort, id)])
    assert answer.status == 201
    assert evidence(answer).startswith("inferred")
    bot.simulator.advance(LONG)
    call = bot.simulator.call(answer.json()["id"])
    assert call.result is not None
    assert (call.result.code, call.result.subcode) == pair
    assert f"No person of this simulator has the id {id!r}" in call.result.message
    assert call.result.evidence.startswith("inferred")


def test_a_name_in_the_place_of_an_id_gets_the_nearest(bot: Bot) -> None:
    """A misspelt name gets the nearest known one."""
    bot.simulator.person("Adele")
    said = bot.create(targets=[target("user", "Adelle")]).json()["error"]["message"]
    assert said.endswith("got 'Adelle'. simulator.person('Adelle') makes a user. Did you mean 'Adele'?")


def test_an_unknown_invitee_does_not_join(bot: Bot) -> None:
    """The operation fails, and the answer to the invite is inferred."""
    call = bot.join()
    answer = bot.post(f"/{call.id}/participants/invite", {"participants": [target("user", UNKNOWN)]})
    assert answer.status == 200
    assert evidence(answer).startswith("inferred")
    bot.simulator.advance(LONG)
    (operation,) = call.operations
    assert operation.status == "failed"
    assert operation.result is not None
    assert "No person of this simulator has the id" in operation.result.message


@pytest.mark.parametrize("make", ["person", "meeting", "organizer", "caller", "others"])
def test_people_that_a_test_names_exist(bot: Bot, make: str) -> None:
    """By any of the methods that take people."""
    simulator, ana = bot.simulator, UNKNOWN
    made = {
        "person": lambda: simulator.person(ana),
        "meeting": lambda: simulator.meeting([ana]),
        "organizer": lambda: simulator.meeting(organizer=ana),
        "caller": lambda: simulator.incoming_call(ana),
        "others": lambda: simulator.incoming_call("Ben", group=True, others=[ana]),
    }
    made[make]()
    answer = bot.create(targets=[target("user", ana)])
    assert evidence(answer).startswith("documented")
    simulator.advance(LONG)
    assert simulator.call(answer.json()["id"]).state == "established"


def test_a_reset_forgets_the_people(bot: Bot) -> None:
    """A reset forgets all that a test has made; the open directory is a setting, and is kept."""
    ana: Person = bot.simulator.person("Ana")
    bot.simulator.open_directory = True
    bot.simulator.reset()
    assert bot.simulator.open_directory
    bot.simulator.open_directory = False
    answer = bot.create(targets=[entry(ana)])
    assert evidence(answer).startswith("inferred")


def test_an_open_directory_takes_any_user_and_meeting(open_bot: Bot) -> None:
    """Unknown people, numbers and coordinates are taken as if a test had made them."""
    bot = open_bot
    coordinates = Simulator(seed=3).meeting().coordinates | {"tenantId": bot.simulator.tenant_id}
    info = coordinates["meetingInfo"]
    info["organizer"]["user"]["tenantId"] = bot.simulator.tenant_id
    for members in (
        {"targets": [target("user", UNKNOWN)]},
        {"targets": [target("user", "ana@contoso.com")]},
        number("123"),
        coordinates,
    ):
        answer = bot.create(**members)
        assert evidence(answer).startswith("documented"), members
        bot.simulator.advance(LONG)
        assert bot.simulator.call(answer.json()["id"]).state == "established"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_guest_is_shown_as_the_guest(version: str) -> None:
    """A bot that joins as a guest has that name in the answer, in the call and in the roster; documented for beta."""
    bot = Bot(Simulator(), version=version)
    answer = bot.create(
        **bot.simulator.meeting(["Ana"]).coordinates, source=source("guest", UNKNOWN, displayName="Notetaker")
    )
    level = evidence(answer)
    assert level == (
        "documented; fact=application-post-calls.r01"
        if version == "beta"
        else "inferred; fact=application-post-calls.r11"
    )
    bot.simulator.advance(2)
    call = answer.json()["id"]
    roster = bot.get(f"/{call}/participants").json()["value"]
    shown = [answer.json()["source"], bot.get(f"/{call}").json()["source"], *(one["info"] for one in roster)]
    guests = [one["identity"]["guest"] for one in shown if "guest" in one["identity"]]
    assert [(one["id"], one["displayName"]) for one in guests] == [(UNKNOWN, "Notetaker")] * 3
    assert not [one for one in shown if "application" in one["identity"]]


@pytest.mark.parametrize("sort", ["user", "phone", "application", INSTANCE])
def test_an_app_calls_as_itself_or_as_a_guest(bot: Bot, sort: str) -> None:
    """A source that is a person, a phone, another app or another app's instance is refused."""
    answer = bot.create(targets=[entry(bot.simulator.person("Ana"))], source=source(sort, UNKNOWN))
    assert (answer.status, answer.json()["error"]["code"]) == (403, "7507")
    assert f"$.source.identity.{sort}.id" in answer.json()["error"]["message"]


def test_a_source_that_is_the_app_keeps_its_name(bot: Bot) -> None:
    """The id is the app's, whatever its letter case; the display name is the one that was sent."""
    sent = source("application", bot.app.app_id.upper(), displayName="Calling Bot")
    answer = bot.create(targets=[entry(bot.simulator.person("Ana"))], source=sent)
    assert answer.json()["source"]["identity"]["application"]["displayName"] == "Calling Bot"
    assert evidence(answer).startswith("documented")


def test_a_phone_is_called_by_the_instance_of_the_app(bot: Bot) -> None:
    """Without it as source the call is refused; with it the phone rings."""
    phone = bot.simulator.person(PHONE)
    refused = bot.create(targets=[entry(phone)], source=None)
    assert (refused.status, refused.json()["error"]["code"]) == (403, "7507")
    assert (
        f"$.source.identity.applicationInstance.id: expected {bot.app.instance_id}"
        in refused.json()["error"]["message"]
    )
    answer = bot.create(targets=[entry(phone)])
    assert evidence(answer).startswith("documented")
    bot.simulator.advance(LONG)
    assert bot.simulator.call(answer.json()["id"]).state == "established"
