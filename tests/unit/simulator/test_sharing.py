"""What is shown in a call: screens, slides, their sessions, galleries; and reports of devices."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.errors import NotAllowedNowError
from pytest_graphcalls.simulator import SimulatedCall, Simulator
from pytest_graphcalls.wire import Response
from tests.unit.simulator.bot import Bot, code, entry, evidence, named
from tests.unit.simulator.plays import OWN_MEDIA, SCREEN, content_options

SCREENS = "videoBasedScreenSharing"


@pytest.fixture
def host(bot: Bot) -> SimulatedCall:
    """The call of a bot that hosts its media and follows what is shared, in a meeting with Ana and Ben."""
    meeting = bot.simulator.meeting(["Ana", "Ben"])
    facts = {"mediaConfig": OWN_MEDIA, "requestedModalities": SCREEN, "callOptions": content_options("outgoing")}
    call = bot.simulator.call(bot.create(**meeting.coordinates, **facts).json()["id"])
    bot.simulator.advance(1)
    return call


def be(bot: Bot, call: SimulatedCall, role: str) -> Response:
    return bot.post(f"/{call.id}/changeScreenSharingRole", {"role": role})


def streams(bot: Bot, call: SimulatedCall) -> dict[str, dict[str, str]]:
    """By name: the direction of each stream in the roster."""
    return {
        named(one): {stream["mediaType"]: stream["direction"] for stream in one["mediaStreams"]}
        for one in bot.get(f"/{call.id}/participants").json()["value"]
    }


def sessions(bot: Bot, call: SimulatedCall) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bot.get(f"/{call.id}/contentSharingSessions").json()["value"]
    return found


def content(simulator: Simulator) -> list[tuple[str, str, Any]]:
    """The notifications about what is shared: change, address below the call, data."""
    entries = [one for note in simulator.notifications for one in note.entries]
    found = [(one, one["resourceUrl"].partition("/contentsharingsessions")) for one in entries]
    return [(one["changeType"], below, one["resourceData"]) for one, (_, at, below) in found if at]


def test_the_stream_of_a_bot_turns_with_its_role(bot: Bot, host: SimulatedCall) -> None:
    """A viewer receives (s12.2), a sharer sends, and later participants see the stream like that."""
    viewer = {"audio": "sendReceive", SCREENS: "receiveOnly"}
    assert streams(bot, host)[bot.app.name] == viewer
    assert be(bot, host, "sharer").status == 202
    assert streams(bot, host)[bot.app.name] == {**viewer, SCREENS: "sendOnly"}
    assert [one.what for one in host.sharing] == ["screen"]
    assert be(bot, host, "viewer").status == 202
    assert streams(bot, host)[bot.app.name] == viewer
    assert host.sharing == ()


def test_a_role_has_no_letter_case(bot: Bot, host: SimulatedCall) -> None:
    """A role in another case is accepted like any enumeration value; the contract gives a notice."""
    assert be(bot, host, "Sharer").status == 202
    assert [one.what for one in host.sharing] == ["screen"]


def test_a_session_is_not_there_for_a_bot_that_does_not_follow_what_is_shared(bot: Bot) -> None:
    """The answer says what such a bot has to ask for."""
    call = bot.join()
    bot.simulator.person("Ana").shares_screen(call)
    (shared,) = call.sharing
    message = bot.get(f"/{call.id}/contentSharingSessions/{shared.id}").json()["error"]["message"]
    assert message == (
        "Session not found. [pytest-graphcalls] The call has no isContentSharingNotificationEnabled in its "
        "callOptions, so it is shown no sessions."
    )


def test_an_unknown_session_is_named(bot: Bot, host: SimulatedCall) -> None:
    """A session ends with what was shared."""
    message = bot.get(f"/{host.id}/contentSharingSessions/x").json()["error"]["message"]
    assert message == "Session not found. [pytest-graphcalls] No session that goes on has the id 'x'."


def test_a_role_that_the_bot_has_changes_nothing(bot: Bot, host: SimulatedCall) -> None:
    """A second change to the same role is no error (s12.3), and posts nothing."""
    be(bot, host, "sharer")
    before = bot.simulator.notifier.count
    assert be(bot, host, "sharer").status == 202
    assert bot.simulator.notifier.count == before


def test_one_screen_is_shown_at_a_time(bot: Bot, host: SimulatedCall) -> None:
    """A bot that begins to share takes the place of a person, and the other way round; one roster shows both."""
    ana = bot.simulator.person("Ana").shares_screen(host)
    before = bot.simulator.notifier.count
    be(bot, host, "sharer")
    assert SCREENS not in streams(bot, host)["Ana"]
    assert [kind for kind, *_ in content(bot.simulator)] == ["created", "deleted", "created"]
    assert bot.simulator.notifier.count == before + 3
    ana.shares_screen(host)
    assert streams(bot, host)[bot.app.name][SCREENS] == "receiveOnly"
    assert [one.presenter for one in host.sharing] == [
        one.id for one in host.participants if one.identity == ana.identity
    ]


@pytest.mark.parametrize(
    ("media", "modalities", "wanted"),
    [
        (None, SCREEN, "400 8500"),
        (OWN_MEDIA, ["audio"], "400 8500"),
    ],
    ids=["the service hosts the media", "there is no screen"],
)
def test_a_screen_takes_media_of_the_bot_itself(
    bot: Bot, media: dict[str, str] | None, modalities: list[str], wanted: str
) -> None:
    """Sharing also takes the modality of shared screens; the refusal says what the call has."""
    facts = {"requestedModalities": modalities, **({"mediaConfig": media} if media else {})}
    call = bot.simulator.call(bot.create(**bot.simulator.meeting().coordinates, **facts).json()["id"])
    bot.simulator.advance(1)
    answer = be(bot, call, "sharer")
    assert code(answer) == wanted
    assert ("serviceHostedMediaConfig" if media is None else "['audio']") in answer.json()["error"]["message"]


def test_slides_are_a_session_and_no_stream(bot: Bot, host: SimulatedCall) -> None:
    """PowerPoint Live turns no stream (s15.2)."""
    before = streams(bot, host)
    bot.simulator.person("Ana").shares_powerpoint(host)
    assert streams(bot, host) == before
    assert [one.what for one in host.sharing] == ["powerpoint"]
    (session,) = sessions(bot, host)
    assert session["id"] == host.sharing[0].id


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_beta_names_the_presenter(simulator: Simulator, version: str) -> None:
    """The list and the session alone have it, with what is shown under v1.0, too."""
    bot = Bot(simulator, version=version)
    made = bot.create(targets=[entry(simulator.person("Ana"))], callOptions=content_options("outgoing"))
    call = simulator.call(made.json()["id"])
    simulator.advance(5)
    simulator.person("Ana").shares_screen(call)
    (listed,) = sessions(bot, call)
    assert ("presenterParticipantId" in listed) is (version == "beta")
    alone = bot.get(f"/{call.id}/contentSharingSessions/{listed['id']}").json()
    assert {name: value for name, value in alone.items() if name != "@odata.context"} == listed


def test_a_call_without_the_option_is_shown_no_session(bot: Bot) -> None:
    """Two reports say so (s15.1); the answer shows it, and nothing is posted."""
    call = bot.join()
    bot.simulator.person("Ana").shares_screen(call)
    answer = bot.get(f"/{call.id}/contentSharingSessions")
    assert (answer.json()["value"], evidence(answer)) == ([], "reported; fact=s15.1")
    assert content(bot.simulator) == []
    refused = bot.get(f"/{call.id}/contentSharingSessions/{call.sharing[0].id}")
    assert code(refused) == "404 8522"


def test_sharing_ends_when_the_presenter_hangs_up(bot: Bot, host: SimulatedCall) -> None:
    """A person and a bot alike; the notification of the end has the id of the beginning."""
    ana = bot.simulator.person("Ana").shares_screen(host)
    ana.leaves(host)
    assert host.sharing == ()
    other = Bot(bot.simulator, bot.simulator.authority.register(name="Other", roles=bot.app.roles))
    facts = {"mediaConfig": OWN_MEDIA, "requestedModalities": SCREEN}
    meeting = {"chatInfo": bot.get(f"/{host.id}").json()["chatInfo"], "tenantId": bot.simulator.tenant_id}
    meeting["meetingInfo"] = bot.get(f"/{host.id}").json()["meetingInfo"]
    theirs = bot.simulator.call(other.create(**meeting, **facts).json()["id"])
    bot.simulator.advance(1)
    be(other, theirs, "sharer")
    assert [one.what for one in host.sharing] == ["screen"]
    other.delete(f"/{theirs.id}")
    assert host.sharing == ()
    changes = content(bot.simulator)
    assert [change for change, *_ in changes] == ["created", "deleted"] * 2
    assert [changes[0][2], changes[2][2]] == [changes[1][2], changes[3][2]]


def test_an_answered_call_is_posted_addresses_without_data(bot: Bot) -> None:
    """Its notifications are those of the page of answer (application-post-calls.c06)."""
    call = bot.simulator.incoming_call("Ana")
    bot.answer(call, callOptions=content_options("incoming"))
    bot.simulator.advance(1)
    bot.simulator.person("Ana").shares_screen(call)
    assert content(bot.simulator) == [("created", f"/{call.sharing[0].id}", None)]


def test_a_person_outside_the_call_cannot_share(simulator: Simulator, bot: Bot) -> None:
    """The error says what else would do."""
    call, cleo, ana = bot.join(), simulator.person("Cleo"), simulator.person("Ana")
    with pytest.raises(NotAllowedNowError, match="not in call"):
        cleo.shares_screen(call)
    with pytest.raises(NotAllowedNowError, match="sharing nothing in call"):
        ana.stops_sharing(call)


def test_a_gallery_is_no_person(bot: Bot) -> None:
    """A gallery neither speaks nor keeps a meeting alive, and is removed with the bot that has added it."""
    call = bot.join(bot.simulator.meeting(["Ana"]))
    other = Bot(bot.simulator, bot.simulator.authority.register(name="Other", roles=bot.app.roles))
    theirs = other.join(bot.simulator.meeting(["Ben"]))
    for one, its in ((bot, call), (other, theirs)):
        assert one.post(f"/{its.id}/addLargeGalleryView", {}).status == 202
    bot.simulator.advance(1)
    assert streams(bot, call)["Large gallery"] == {"video": "sendReceive"}
    bot.simulator.person("Ana").leaves(call)
    bot.simulator.advance(bot.simulator.pace.alone)
    assert call.state == "terminated"
    other.delete(f"/{theirs.id}")
    assert [one.identity.name for one in theirs.participants] == ["Ben"]


def test_a_second_gallery_comes_in_on_hold_and_the_first_goes(bot: Bot) -> None:
    """One capture shows this (s13.3); meanwhile both are there."""
    call = bot.join()
    for _ in range(2):
        bot.post(f"/{call.id}/addLargeGalleryView", {})
        bot.simulator.advance(1)
    (gallery,) = [one for one in bot.get(f"/{call.id}/participants").json()["value"] if named(one) == "Large gallery"]
    assert gallery["isOnHold"] is True
    assert [(one["label"], one["direction"]) for one in gallery["mediaStreams"]] == [("main-video", "receiveOnly")]
    rosters = [note.entries[0]["resourceData"] for note in bot.simulator.notifications if note.entries]
    counts = [sum(named(one) == "Large gallery" for one in data) for data in rosters if isinstance(data, list)]
    assert counts[-3:] == [1, 2, 1]


def test_a_gallery_whose_call_ends_before_never_comes(bot: Bot) -> None:
    """After the end of the call no gallery is posted."""
    call = bot.join()
    bot.post(f"/{call.id}/addLargeGalleryView", {})
    bot.delete(f"/{call.id}")
    before = bot.simulator.notifier.count
    bot.simulator.advance(10)
    assert bot.simulator.notifier.count == before


def test_reports_of_devices_are_kept_by_call(bot: Bot) -> None:
    """By the callChainId in them, whatever its letter case."""
    call, other = bot.join(), bot.join()
    chain = bot.get(f"/{call.id}").json()["callChainId"]
    ids = {"callChainId": chain.upper(), "participantId": call.my_participant_id, "mediaLegId": call.id}
    quality = {**ids, "deviceName": "Room 7", "deviceDescription": "A device", "mediaQualityList": []}
    assert bot.post("/logTeleconferenceDeviceQuality", {"quality": quality}).status == 200
    assert [one["deviceName"] for one in call.device_quality] == ["Room 7"]
    assert other.device_quality == ()
    assert code(bot.post("/logTeleconferenceDeviceQuality", {})) == "400 8523"
    bot.simulator.keep_latest(calls=0, notifications=0)
    bot.delete(f"/{call.id}")
    assert bot.simulator.store.device_quality == []


def test_a_gallery_is_not_muted_heard_or_transferred(simulator: Simulator) -> None:
    """A gallery is not heard, not muted with all, not one of the others in a call, and cannot be transferred."""
    bot = Bot(simulator, version="beta")
    call, ana = bot.join(), simulator.person("Ana")
    bot.post(f"/{call.id}/addLargeGalleryView", {})
    simulator.advance(5)
    assert ana.hears == ("Ben", "Bot")
    assert ana.call is not None
    assert ana.call.others == ("Ben", "Bot")
    bot.post(f"/{call.id}/participants/muteAll", {})
    assert [one.identity.name for one in call.participants if one.is_muted] == ["Ana", "Ben"]
    (gallery,) = [one.id for one in call.participants if one.gallery_of]
    transferee = {"identity": entry(ana)["identity"], "participantId": gallery}
    body = {"transferTarget": entry(simulator.person("Cleo")), "transferee": transferee}
    assert code(bot.post(f"/{call.id}/transfer", body)) == "400 8523"
