"""Calls: create, look at, keep alive, hang up, and how they end by themselves."""

from __future__ import annotations

import pytest

from pytest_graphcalls.errors import NotAllowedNowError, UnknownNameError
from pytest_graphcalls.simulator import Simulator
from tests.unit.simulator.bot import CALLBACK, GRAPH, Bot, code, entry, evidence, summaries


def test_a_created_call_starts_establishing(bot: Bot, simulator: Simulator) -> None:
    """A created call is outgoing, establishing, and has ids of its own."""
    answer = bot.create(**simulator.meeting().coordinates)
    body = answer.json()
    assert (answer.status, body["state"], body["direction"]) == (201, "establishing", "outgoing")
    assert answer.headers["location"] == f"{GRAPH}/{bot.version}/communications/calls/{body['id']}"
    assert len({body["id"], body["myParticipantId"], body["callChainId"]}) == 3
    assert evidence(answer) == "documented; fact=application-post-calls.r01"


def test_a_meeting_is_joined_after_a_moment(bot: Bot, simulator: Simulator) -> None:
    """Joining takes the pace's time, and the bot then sees the roster with itself in it."""
    call = simulator.call(bot.create(**simulator.meeting(["Ana"]).coordinates).json()["id"])
    assert call.state == "establishing"
    simulator.advance(0.49)
    assert call.state == "establishing"
    simulator.advance(0.01)
    assert call.state == "established"
    assert bot.roster(call) == ["Ana", "Bot"]
    roster = bot.get(f"/{call.id}/participants").json()["value"]
    assert roster[1]["id"] == call.my_participant_id
    assert summaries(simulator.notifications) == [
        "updated call establishing",
        "updated call established",
        "updated roster Ana, Bot",
        *["updated call established"] * 3,
    ]


def test_a_joined_call_shows_the_meeting(bot: Bot, simulator: Simulator) -> None:
    """A group call has chatInfo and meetingInfo and no targets."""
    meeting = simulator.meeting()
    body = bot.get(f"/{bot.join(meeting).id}").json()
    assert body["chatInfo"]["threadId"] == meeting.chat_info["threadId"]
    assert body["meetingInfo"]["organizer"]["user"]["id"] == meeting.organizer.id
    assert body["targets"] == []


def test_a_meeting_can_be_joined_by_its_number(bot: Bot, simulator: Simulator) -> None:
    """joinMeetingId leads to the same meeting as the coordinates, and the answer has its chatInfo."""
    meeting = simulator.meeting(["Ana"])
    answer = bot.create(**meeting.by_join_id)
    assert answer.status == 201
    assert answer.json()["chatInfo"]["threadId"] == meeting.chat_info["threadId"]
    assert [one.identity.name for one in simulator.call(answer.json()["id"]).participants] == ["Ana", "Bot"]


def test_a_meeting_can_be_joined_by_its_token(bot: Bot, simulator: Simulator) -> None:
    """A token leads to a meeting of its own, where every meeting exists."""
    simulator.open_directory = True
    info = {"@odata.type": "#microsoft.graph.tokenMeetingInfo", "token": "abc"}
    answer = bot.create(meetingInfo=info)
    assert answer.status == 201
    assert answer.json()["meetingInfo"]["token"] == "abc"
    assert answer.json()["chatInfo"]["threadId"]


def test_an_unknown_meeting_is_held_from_then_on(bot: Bot, simulator: Simulator) -> None:
    """With an open directory new coordinates make a new meeting, and the same ones lead to the same."""
    simulator.open_directory = True
    chat = {"threadId": "19:meeting_x@thread.v2", "messageId": "0"}
    info = {
        "@odata.type": "#microsoft.graph.organizerMeetingInfo",
        "organizer": {"user": {"id": "organizer-1", "tenantId": simulator.tenant_id}},
    }
    first, second = (bot.create(chatInfo=chat, meetingInfo=info) for _ in range(2))
    assert (first.status, second.status) == (201, 201)
    assert len(simulator.call(second.json()["id"]).participants) == 2


def test_a_call_to_one_person_is_established_when_they_answer(bot: Bot, simulator: Simulator) -> None:
    """A peer-to-peer call is established when the other side answers, and its notifications hold states only."""
    ana = simulator.person("Ana").answers_after(7)
    call = simulator.call(bot.create(targets=[entry(ana)]).json()["id"])
    simulator.advance(6.9)
    assert call.state == "establishing"
    simulator.advance(0.1)
    assert call.state == "established"
    assert summaries(simulator.notifications) == ["updated call establishing", *["updated call established"] * 2]
    body = bot.get(f"/{call.id}").json()
    assert (body["chatInfo"], body["meetingInfo"]) == (None, None)
    assert body["targets"][0]["identity"]["user"]["id"] == ana.id


def test_a_group_call_rings_its_targets(bot: Bot, simulator: Simulator) -> None:
    """Several targets make a group call without chatInfo; they join one by one."""
    call = bot.ring(simulator.person("Ana"), simulator.person("Ben"), simulator.person("+15551234567"))
    assert sorted(bot.roster(call)) == ["+15551234567", "Ana", "Ben", "Bot"]
    assert bot.get(f"/{call.id}").json()["chatInfo"] is None


@pytest.mark.parametrize(
    ("name", "script", "pair"),
    [
        ("Ana", "declines", (603, 0)),
        ("Ana", "is_busy", (486, 8539)),
        ("Ana", "never_answers", (487, 10004)),
        ("Ana", "is_unreachable", (480, 10076)),
        ("+15551234567", "declines", (603, 560603)),
        ("+15551234567", "is_busy", (486, 560486)),
        ("+15551234567", "never_answers", (480, 560480)),
        ("+15551234567", "is_unreachable", (404, 560404)),
    ],
)
def test_a_call_that_is_not_answered_ends(
    bot: Bot, simulator: Simulator, name: str, script: str, pair: tuple[int, int]
) -> None:
    """Declined, busy, unanswered or out of reach: the call is terminated, and the reason notified."""
    who = getattr(simulator.person(name), script)()
    call = simulator.call(bot.create(targets=[entry(who)]).json()["id"])
    simulator.advance(60)
    assert call.result is not None
    assert (call.result.code, call.result.subcode) == pair
    assert summaries(simulator.notifications)[-1] == f"deleted call terminated {pair[0]}/{pair[1]}"
    assert code(bot.get(f"/{call.id}")) == "404 8522"


def test_ringing_has_an_end(bot: Bot, simulator: Simulator) -> None:
    """A person who would answer after the service has given up never does."""
    call = simulator.call(bot.create(targets=[entry(simulator.person("Ana").answers_after(61))]).json()["id"])
    simulator.advance(100)
    assert call.state == "terminated"


@pytest.mark.parametrize(
    ("broken", "refusal"),
    [
        ({"callbackUri": "http://bot.example.com"}, "400 8523"),
        ({"callbackUri": None}, "400 8523"),
        ({"mediaConfig": None}, "400 8523"),
        ({"targets": [{"identity": {}}]}, "400 8523"),
        ({"targets": "Ana"}, "400 8523"),
        ({"chatInfo": {"threadId": "19:x", "messageId": "0"}}, "400 8523"),
        ({"meetingInfo": {"@odata.type": "#microsoft.graph.organizerMeetingInfo", "organizer": {}}}, "400 8523"),
        ({"tenantId": "11111111-2222-4333-8444-555555555555"}, "403 7505"),
        ({"targets": [{"identity": {"application": {"id": "another-bot"}}}]}, "403 7505"),
    ],
)
def test_a_create_that_makes_no_sense_is_refused(bot: Bot, broken: dict[str, object], refusal: str) -> None:
    """What the body must have, and must not have."""
    assert code(bot.create(**broken)) == refusal


def test_coordinates_need_a_tenant(bot: Bot, simulator: Simulator) -> None:
    """Joining by coordinates without a tenant is a tenant mismatch."""
    coordinates = simulator.meeting().coordinates
    del coordinates["tenantId"]
    del coordinates["meetingInfo"]["organizer"]["user"]["tenantId"]
    assert code(bot.create(**coordinates)) == "403 7505"


def test_the_organizer_must_be_the_right_one(bot: Bot, simulator: Simulator) -> None:
    """Coordinates that name another user as the organizer are refused as reported."""
    coordinates = simulator.meeting().coordinates
    coordinates["meetingInfo"]["organizer"]["user"]["id"] = simulator.person("Other").id
    assert code(bot.create(**coordinates)) == "403 7504"


def test_a_created_group_call_takes_five_users(bot: Bot, simulator: Simulator) -> None:
    """Five VoIP users can be called at once, six cannot."""
    people = [entry(simulator.person(f"Person {i}")) for i in range(6)]
    assert code(bot.create(targets=people)) == "400 8523"
    assert bot.create(targets=people[:5]).status == 201


def test_a_phone_is_called_with_a_number_only(bot: Bot, simulator: Simulator) -> None:
    """Without an application instance that has a number no phone can be called."""
    phone = entry(simulator.person("+15551234567"))
    numberless = Bot(simulator, simulator.authority.register(), bot.version)
    assert code(numberless.create(targets=[phone])) == "403 7507"
    assert bot.create(targets=[phone]).status == 201


def test_the_same_target_twice_is_rung_once(bot: Bot, simulator: Simulator) -> None:
    """An identity is in a call once."""
    ana = entry(simulator.person("Ana"))
    call = bot._established(bot.create(targets=[ana, ana]))
    assert bot.roster(call) == ["Bot", "Ana"]


def test_get_shows_the_call_and_never_moves_it(bot: Bot, simulator: Simulator) -> None:
    """Looking at a call changes nothing."""
    call = bot.join()
    before = (simulator.store.calls[call.id], len(simulator.notifications))
    body = bot.get(f"/{call.id}").json()
    assert (body["state"], body["callbackUri"]) == ("established", CALLBACK)
    assert (repr(call), call.state, call.participants, call.operations, call.invited) is not None
    assert (simulator.store.calls[call.id], len(simulator.notifications)) == before


def test_hanging_up_ends_the_own_leg_only(bot: Bot, simulator: Simulator) -> None:
    """The group call goes on for the others, who see the bot leave."""
    meeting = simulator.meeting(["Ana"])
    other = Bot(simulator, simulator.authority.register(name="Other bot"), bot.version)
    mine, theirs = bot.join(meeting), other.join(meeting)
    before = len(simulator.notifications)
    assert bot.delete(f"/{mine.id}").status == 204
    assert other.roster(theirs) == ["Ana", "Other bot"]
    assert summaries(simulator.notifications[before:]) == [
        "updated call terminating",
        "deleted call terminated 200/7000",
        "updated roster Ana, Other bot",
    ]
    assert code(bot.get(f"/{mine.id}")) == "404 8522"
    assert code(bot.delete(f"/{mine.id}")) == "404 8522"


def test_hanging_up_while_it_rings_withdraws_the_invitations(bot: Bot, simulator: Simulator) -> None:
    """People who were being rung for a call that is over are not rung any longer."""
    meeting = simulator.meeting(["Ana"])
    other = Bot(simulator, simulator.authority.register(name="Other bot"), bot.version)
    mine, theirs = bot.join(meeting), other.join(meeting)
    bot.invite(mine, entry(simulator.person("Cleo")))
    assert [one.identity.name for one in mine.invited] == ["Cleo"]
    bot.delete(f"/{mine.id}")
    simulator.advance(100)
    assert other.roster(theirs) == ["Ana", "Other bot"]


def test_an_incoming_call_can_be_hung_up(bot: Bot, simulator: Simulator) -> None:
    """DELETE ends a call that was not answered yet, too."""
    call = simulator.incoming_call("Ana")
    assert bot.delete(f"/{call.id}").status == 204
    assert call.state == "terminated"


def test_a_peer_to_peer_call_ends_when_the_peer_hangs_up(bot: Bot, simulator: Simulator) -> None:
    """Captured: deleted, terminated, 200/5002."""
    ana = simulator.person("Ana")
    call = bot.ring(ana)
    ana.leaves(call)
    assert summaries(simulator.notifications)[-1] == "deleted call terminated 200/5002"
    assert code(bot.post(f"/{call.id}/keepAlive")) == "404 8522"


def test_a_bot_does_not_stay_alone(bot: Bot, simulator: Simulator) -> None:
    """After all others have left, the call ends a little later with 200/5010."""
    ana = simulator.person("Ana")
    call = bot.join(simulator.meeting([ana]))
    ana.leaves(call)
    assert bot.roster(call) == ["Bot"]
    simulator.advance(simulator.pace.alone)
    assert summaries(simulator.notifications)[-1] == "deleted call terminated 200/5010"


def test_a_bot_waits_for_the_first_to_come(bot: Bot, simulator: Simulator) -> None:
    """Being alone from the start ends nothing, and a person who comes back in time keeps the call."""
    ana = simulator.person("Ana")
    call = bot.join(simulator.meeting())
    simulator.advance(600)
    ana.joins(call).leaves(call).joins(call)
    simulator.advance(600)
    assert call.state == "established"
    assert bot.roster(call) == ["Bot", "Ana"]


def test_keep_alive_is_answered_with_nothing(bot: Bot) -> None:
    """200, text/plain, no body, as captured."""
    answer = bot.post(f"/{bot.join().id}/keepAlive")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["content-length"] == "0"


def test_a_call_lives_as_long_as_it_is_kept_alive(bot: Bot, simulator: Simulator) -> None:
    """Each keepAlive gives another 45 minutes; the first deadline counts from the start of the call."""
    bot.token = simulator.authority.token(lifetime=86_400)
    call = bot.join()
    for _ in range(3):
        simulator.advance(44 * 60)
        assert bot.post(f"/{call.id}/keepAlive").status == 200
    simulator.advance(45 * 60 - 1)
    assert call.state == "established"
    simulator.advance(1)
    assert call.state == "terminated"
    assert summaries(simulator.notifications)[-1] == "deleted call terminated 408/8537"
    assert code(bot.post(f"/{call.id}/keepAlive")) == "404 8522"


def test_the_deadline_counts_from_the_start_of_the_call(bot: Bot, simulator: Simulator) -> None:
    """The 45 minutes do not count from the moment of establishing."""
    ana = simulator.person("Ana").answers_after(50)
    call = simulator.call(bot.create(targets=[entry(ana)]).json()["id"])
    simulator.advance(45 * 60 - 0.001)
    assert call.state == "established"
    simulator.advance(0.001)
    assert call.state == "terminated"


def test_an_incoming_call_cannot_be_kept_alive(bot: Bot, simulator: Simulator) -> None:
    """An incoming call has to be answered or rejected first."""
    assert code(bot.post(f"/{simulator.incoming_call().id}/keepAlive")) == "400 8501"


def test_a_call_of_another_app_is_not_there(bot: Bot, simulator: Simulator) -> None:
    """Apps do not see each other's calls."""
    other = Bot(simulator, simulator.authority.register(), bot.version)
    call = bot.join()
    for answer in (other.get(f"/{call.id}"), other.delete(f"/{call.id}"), other.post(f"/{call.id}/keepAlive")):
        assert code(answer) == "404 8522"
        assert evidence(answer).startswith("reported; fact=observed 2.13")


def test_an_unknown_call_has_no_view() -> None:
    """The staging side says which calls there are."""
    with pytest.raises(UnknownNameError, match="there is no call '57da'"):
        Simulator().call("57da")


def test_a_call_for_two_is_over_for_the_person_too(simulator: Simulator, bot: Bot) -> None:
    """The person is in no call then, and shares nothing; prompts end with it."""
    ana = simulator.person("Ana")
    call = bot.ring(ana)
    ana.shares_screen(call)
    bot.play(call)
    simulator.advance(1)
    bot.delete(f"/{call.id}")
    assert (ana.call, call.participants, call.sharing) == (None, (), ())
    assert [(one.ends, one.ended) for one in ana.heard] == [(simulator.now, "call ended")]
    with pytest.raises(NotAllowedNowError, match="in no call"):
        ana.mutes()


def test_an_unknown_call_is_named_with_the_one_it_resembles(bot: Bot, simulator: Simulator) -> None:
    """Behind the message of the service (observed 2.13); calls of other apps are not."""
    call, other = bot.join(), simulator.authority.register()
    wrong = f"{call.id[:-1]}z"
    said = [one.get(f"/{wrong}").json()["error"]["message"] for one in (bot, Bot(simulator, other))]
    aside = f"[pytest-graphcalls] App {{}} has no call {wrong!r}."
    assert said[0] == f"Call not found. {aside.format(bot.app.app_id)} Did you mean {call.id!r}?"
    assert said[1] == f"Call not found. {aside.format(other.app_id)}"
