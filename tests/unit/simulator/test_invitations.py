"""Invitations: one, several, by phone, with replacement, and everything that refuses them."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.simulator import Pace, SimulatedCall, Simulator
from tests.unit.simulator.bot import GRAPH, Bot, app_entry, code, entry, evidence, summaries


@pytest.fixture
def call(bot: Bot) -> SimulatedCall:
    """The bot in a meeting with Ana and Ben."""
    return bot.join()


def test_an_invite_is_answered_before_an_invitee_answers(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """200 with a running operation, its address in Location, the entries echoed with nulls for what was not sent."""
    answer = bot.invite(call, entry(simulator.person("Cleo")), clientContext="ctx-1")
    body = answer.json()
    assert (answer.status, body["status"], body["clientContext"]) == (200, "running", "ctx-1")
    address = f"{GRAPH}/{bot.version}/communications/calls/{call.id}/operations/{body['id']}"
    assert answer.headers["location"] == address
    (echoed,) = body["participants"]
    assert (echoed["id"], echoed["endpointType"], echoed["replacesCallId"], echoed["participantId"]) == (None,) * 4
    assert echoed["identity"]["user"]["id"] == simulator.person("Cleo").id
    assert echoed["identity"]["user"]["tenantId"] == simulator.tenant_id
    assert (echoed["identity"]["phone"], echoed["identity"]["application"]) == (None, None)
    assert "Cleo" not in bot.roster(call)
    assert evidence(answer) == "documented; fact=participant-invite.r01"


def test_an_invitee_who_answers_joins_and_the_operation_completes(
    bot: Bot, call: SimulatedCall, simulator: Simulator
) -> None:
    """The end of the operation is notified first, the roster after it."""
    before = len(simulator.notifications)
    answer = bot.invite(call, entry(simulator.person("Cleo").answers_after(9)), clientContext="ctx-1")
    simulator.advance(8)
    assert bot.operation(call, answer)["status"] == "running"
    simulator.advance(1)
    operation = bot.operation(call, answer)
    assert (operation["status"], operation["clientContext"]) == ("completed", "ctx-1")
    assert "Cleo" in bot.roster(call)
    assert summaries(simulator.notifications[before:]) == [
        "deleted operation completed 200/0",
        "updated roster Ana, Ben, Bot, Cleo",
    ]
    notified = simulator.notifications[before].entries[0]
    assert notified["resourceUrl"] == f"/communications/calls/{call.id}/operations/{answer.json()['id']}"
    assert notified["resource"] == f"/app/calls/{call.id}/operations/{answer.json()['id']}"
    assert set(notified["resourceData"]["participants"][0]) == {"@odata.type", "identity"}


@pytest.mark.parametrize(
    ("script", "after", "pair"),
    [
        ("declines", 2, (603, 0)),
        ("is_busy", 0, (486, 8539)),
        ("is_unreachable", 0, (480, 10076)),
        ("never_answers", 60, (487, 10004)),
    ],
)
def test_an_invitee_who_does_not_answer_fails_the_operation(
    bot: Bot, call: SimulatedCall, simulator: Simulator, script: str, after: int, pair: tuple[int, int]
) -> None:
    """Declined, busy or unanswered: the operation fails with the reason, and no invitee joins."""
    cleo = getattr(simulator.person("Cleo"), script)()
    answer = bot.invite(call, entry(cleo))
    simulator.advance(after)
    operation = bot.operation(call, answer)
    assert operation["status"] == "failed"
    assert (operation["resultInfo"]["code"], operation["resultInfo"]["subcode"]) == pair
    assert f"8:orgid:{cleo.id}" in operation["resultInfo"]["message"]
    assert "Cleo" not in bot.roster(call)
    assert summaries(simulator.notifications)[-1] == f"deleted operation failed {pair[0]}/{pair[1]}"


def test_several_join_one_by_one_and_one_notification_carries_them(
    bot: Bot, call: SimulatedCall, simulator: Simulator
) -> None:
    """The operation ends with the last of them."""
    people = [simulator.person(f"P{i}").answers_after(i) for i in range(1, 6)]
    answer = bot.invite(call, *map(entry, people))
    assert len(answer.json()["participants"]) == 5
    simulator.advance(4)
    assert bot.operation(call, answer)["status"] == "running"
    simulator.advance(1)
    assert bot.operation(call, answer)["status"] == "completed"
    assert bot.roster(call) == ["Ana", "Ben", "Bot", "P1", "P2", "P3", "P4", "P5"]
    operations = [note for note in summaries(simulator.notifications) if "operation" in note]
    assert operations == ["deleted operation completed 200/0"]


def test_one_declining_invitee_of_several_fails_the_operation(
    bot: Bot, call: SimulatedCall, simulator: Simulator
) -> None:
    """The others are in nevertheless."""
    answer = bot.invite(
        call, entry(simulator.person("Cleo").declines()), entry(simulator.person("Dan").answers_after(3))
    )
    simulator.advance(3)
    assert bot.operation(call, answer)["status"] == "failed"
    assert bot.roster(call) == ["Ana", "Ben", "Bot", "Dan"]


def test_an_operation_may_take_longer_than_its_people() -> None:
    """The pace can put time between the last answer and the end of the operation."""
    simulator = Simulator(pace=Pace(complete=4))
    bot = Bot(simulator)
    call = bot.join()
    answer = bot.invite(call, entry(simulator.person("Cleo")))
    simulator.advance(2)
    assert "Cleo" in bot.roster(call)
    assert bot.operation(call, answer)["status"] == "running"
    simulator.advance(4)
    assert bot.operation(call, answer)["status"] == "completed"


def test_a_phone_is_invited_as_a_phone(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """The number comes back in the same place and stands in the roster."""
    answer = bot.invite(call, entry(simulator.person("+12345678901")))
    assert answer.json()["participants"][0]["identity"]["phone"]["id"] == "+12345678901"
    simulator.advance(2)
    assert "+12345678901" in bot.roster(call)


def test_a_hidden_participant_is_not_on_the_roster(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """Hidden people are in the call, and no list or notification names them."""
    bot.invite(call, entry(simulator.person("Cleo"), hidden=True))
    simulator.advance(2)
    assert "Cleo" in [one.identity.name for one in call.participants]
    assert "Cleo" not in bot.roster(call)
    hidden = next(one.id for one in call.participants if one.identity.name == "Cleo")
    assert code(bot.get(f"/{call.id}/participants/{hidden}")) == "404 8522"


def test_a_chosen_participant_id_is_the_participants_id(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """The chosen id comes back in the answer and is the id in the roster."""
    answer = bot.invite(call, entry(simulator.person("Cleo"), participantId="chosen-1"))
    assert answer.json()["participants"][0]["participantId"] == "chosen-1"
    simulator.advance(2)
    assert bot.get(f"/{call.id}/participants/chosen-1").json()["id"] == "chosen-1"


def test_the_answer_repeats_what_the_entry_asked_for(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """Options of an entry come back with it."""
    answer = bot.invite(call, entry(simulator.person("Cleo"), removeFromDefaultAudioRoutingGroup=True))
    assert answer.json()["participants"][0]["removeFromDefaultAudioRoutingGroup"] is True


def test_a_third_person_makes_a_group_call(bot: Bot, simulator: Simulator) -> None:
    """One invitee may be brought into a peer-to-peer call, which then has a roster."""
    call = bot.ring(simulator.person("Ana"))
    assert bot.roster(call) == []
    bot.invite(call, entry(simulator.person("Cleo")))
    simulator.advance(2)
    assert bot.roster(call) == ["Bot", "Ana", "Cleo"]
    assert summaries(simulator.notifications)[-1] == "updated roster Ana, Bot, Cleo"


def test_a_call_that_has_grown_can_be_joined(bot: Bot, simulator: Simulator) -> None:
    """A grown call has a chat, and a token that leads into it (s19.6); several people can be invited then."""
    call = bot.ring(simulator.person("Ana"))
    before = bot.get(f"/{call.id}").json()
    assert (before["chatInfo"], before["meetingInfo"]) == (None, None)
    bot.invite(call, entry(simulator.person("Cleo")))
    simulator.advance(2)
    posted = [note.entries[0]["resourceData"] for note in simulator.notifications][-4:-1]
    shown = bot.get(f"/{call.id}").json()
    assert [one.get("chatInfo") for one in posted] == [None, shown["chatInfo"], shown["chatInfo"]]
    assert posted[-1]["meetingInfo"] == shown["meetingInfo"]
    again = bot.create(meetingInfo=shown["meetingInfo"])
    simulator.advance(1)
    assert simulator.call(again.json()["id"]).participants == call.participants
    assert bot.invite(call, *(entry(simulator.person(name)) for name in ("Dan", "Eve"))).status == 200


# What is refused


def some(simulator: Simulator, count: int) -> list[dict[str, Any]]:
    return [entry(simulator.person(f"P{i}")) for i in range(count)]


@pytest.mark.parametrize(
    ("entries", "facts", "refusal"),
    [
        (0, {}, "400 8523"),
        (6, {}, "400 8523"),
        (1, {"clientContext": "x" * 257}, "400 8523"),
        (1, {"clientContext": 7}, "400 8523"),
        (1, {"participants": None}, "400 8523"),
        (1, {"participants": [None]}, "400 8523"),
        (1, {"participants": [{"participantId": "x"}]}, "400 8523"),
        (1, {"participants": [{"identity": None}]}, "400 8523"),
        (1, {"participants": [{"identity": {"user": {"displayName": "no id"}}}]}, "400 8523"),
        (1, {"participants": [{"identity": {"phone": {"id": "0123 456"}}}]}, "400 8523"),
        (1, {"participants": [app_entry("other")]}, "403 7505"),
        (1, {"participants": [app_entry("other"), app_entry("another")]}, "403 7505"),
    ],
)
def test_a_senseless_invite_is_refused(
    bot: Bot, call: SimulatedCall, simulator: Simulator, entries: int, facts: dict[str, Any], refusal: str
) -> None:
    """No telephone rings."""
    assert code(bot.invite(call, *some(simulator, entries), **facts)) == refusal
    assert (call.invited, call.operations) == ((), ())


def test_five_invitees_and_256_characters_are_taken(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """The limits themselves are allowed."""
    assert bot.invite(call, *some(simulator, 5), clientContext="x" * 256).status == 200


def test_a_refusal_names_the_place_in_the_body(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """Our words say where, what was expected and what was there."""
    answer = bot.invite(call, *some(simulator, 6))
    message = answer.json()["error"]["message"]
    assert message.endswith("[pytest-graphcalls] $.participants: expected at most 5 entries, got 6.")
    assert evidence(answer).startswith("inferred")


def test_several_need_a_group_call(bot: Bot, simulator: Simulator) -> None:
    """A peer-to-peer call takes one."""
    call = bot.ring(simulator.person("Ana"))
    assert code(bot.invite(call, *some(simulator, 2))) == "400 8548"


def test_several_need_chat_info(bot: Bot, simulator: Simulator) -> None:
    """A group call made by targets takes one at a time."""
    call = bot.ring(simulator.person("Ana"), simulator.person("Ben"))
    assert code(bot.invite(call, *some(simulator, 2))) == "400 8523"
    assert bot.invite(call, *some(simulator, 1)).status == 200


def test_a_phone_needs_an_application_instance(bot: Bot, simulator: Simulator) -> None:
    """An app without a number cannot ring a phone."""
    numberless = Bot(simulator, simulator.authority.register(), bot.version)
    call = numberless.join()
    assert code(numberless.invite(call, entry(simulator.person("+12345678901")))) == "403 7507"


def test_an_identity_is_in_a_call_once(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """A user in the call, a ringing one, or one listed twice is not invited again; one who has left may be."""
    cleo, ana = entry(simulator.person("Cleo")), entry(simulator.person("Ana"))
    assert code(bot.invite(call, ana)) == "400 8523"
    assert code(bot.invite(call, cleo, cleo)) == "400 8523"
    assert bot.invite(call, cleo).status == 200
    assert code(bot.invite(call, cleo)) == "400 8523"
    simulator.person("Ana").leaves(call)
    assert bot.invite(call, ana).status == 200


def test_ids_compare_without_regard_to_case(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """An object id in capitals is that of the same person."""
    ana = entry(simulator.person("Ana"))
    ana["identity"]["user"]["id"] = ana["identity"]["user"]["id"].upper()
    assert code(bot.invite(call, ana)) == "400 8523"


def test_a_participant_id_is_taken_once(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """An id of the roster, or the same id twice, cannot be chosen."""
    taken = entry(simulator.person("Cleo"), participantId=call.my_participant_id)
    assert code(bot.invite(call, taken)) == "400 8523"
    twice = [entry(simulator.person(name), participantId="x") for name in ("Cleo", "Dan")]
    assert code(bot.invite(call, *twice)) == "400 8523"


def test_an_invite_into_a_call_that_is_not_established_is_refused(bot: Bot, simulator: Simulator) -> None:
    """A call that is being set up, or rings, takes no invite."""
    early = simulator.call(bot.create(**simulator.meeting().coordinates).json()["id"])
    for call in (early, simulator.incoming_call(group=True)):
        assert code(bot.invite(call, *some(simulator, 1))) == "400 8501"


# Replacing and moving


def test_a_replaced_call_is_dropped_once_the_invitee_is_in(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """The peer-to-peer call lives until the invitee has joined; its end is notified after the operation's."""
    cleo = simulator.person("Cleo")
    old = bot.ring(cleo)
    before = len(simulator.notifications)
    answer = bot.invite(call, entry(cleo, replacesCallId=old.id))
    assert answer.json()["participants"][0]["replacesCallId"] == old.id
    assert old.state == "established"
    simulator.advance(2)
    assert code(bot.get(f"/{old.id}")) == "404 8522"
    assert summaries(simulator.notifications[before:]) == [
        "deleted operation completed 200/0",
        "updated roster Ana, Ben, Bot, Cleo",
        "updated call terminated 200/5002",
        "deleted call terminated 200/5002",
    ]


def test_a_replacing_invite_uses_the_first_entry_only(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """The others are passed over without an error, whatever they hold."""
    cleo, dan = simulator.person("Cleo"), simulator.person("Dan")
    old = bot.ring(cleo)
    answer = bot.invite(call, entry(cleo, replacesCallId=old.id), entry(dan), *some(simulator, 6), app_entry("other"))
    assert answer.status == 200
    assert len(answer.json()["participants"]) == 1
    simulator.advance(5)
    assert bot.roster(call) == ["Ana", "Ben", "Bot", "Cleo"]


def test_a_replaced_call_stays_when_the_invitee_declines(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """The invitee keeps the other call."""
    cleo = simulator.person("Cleo")
    old = bot.ring(cleo)
    bot.invite(call, entry(cleo.declines(), replacesCallId=old.id))
    simulator.advance(5)
    assert old.state == "established"


def test_a_call_that_the_invitee_is_not_in_stays(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """replacesCallId ends no call of another person."""
    old = bot.ring(simulator.person("Cleo"))
    bot.invite(call, entry(simulator.person("Dan"), replacesCallId=old.id))
    simulator.advance(2)
    assert bot.roster(call) == ["Ana", "Ben", "Bot", "Dan"]
    assert old.state == "established"


def test_a_call_that_the_invitee_is_only_rung_into_stays(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """A user who is being rung into a peer-to-peer call is not in it; those who talk there are left alone."""
    dan = simulator.person("Dan").answers_after(10)
    old = bot.ring(simulator.person("Cleo"))
    bot.invite(old, entry(dan))
    bot.invite(call, entry(dan.answers_after(1), replacesCallId=old.id))
    simulator.advance(5)
    assert bot.roster(call) == ["Ana", "Ben", "Bot", "Dan"]
    assert old.state == "established"


def test_a_user_is_moved_between_two_meetings(bot: Bot, simulator: Simulator) -> None:
    """A moved user is in the other meeting, under the chosen id, and the first meeting goes on."""
    source, target = bot.join(simulator.meeting(["Ana", "Ben"])), bot.join(simulator.meeting(["Zoe"]))
    bot.invite(target, entry(simulator.person("Ana"), replacesCallId=source.id, participantId="moved-1"))
    simulator.advance(2)
    assert bot.roster(source) == ["Ben", "Bot"]
    assert bot.roster(target) == ["Zoe", "Bot", "Ana"]
    assert bot.get(f"/{target.id}/participants/moved-1").status == 200
    assert source.state == "established"


def test_a_move_out_of_a_meeting_of_another_app_is_refused(bot: Bot, simulator: Simulator) -> None:
    """An app moves people between its own calls only."""
    other = Bot(simulator, simulator.authority.register(), bot.version)
    source, target = other.join(simulator.meeting(["Ana"])), bot.join(simulator.meeting(["Zoe"]))
    ana = simulator.person("Ana")
    assert code(bot.invite(target, entry(ana, replacesCallId=source.id))) == "404 8522"
    assert code(bot.invite(target, entry(ana, replacesCallId="no-such-call"))) == "404 8522"
    assert code(bot.invite(target, entry(ana, replacesCallId=target.id))) == "400 8523"


def test_a_replaced_call_that_ended_by_itself_changes_nothing(
    bot: Bot, call: SimulatedCall, simulator: Simulator
) -> None:
    """The invitee joins all the same."""
    cleo = simulator.person("Cleo")
    old = bot.ring(cleo)
    bot.invite(call, entry(cleo, replacesCallId=old.id))
    bot.delete(f"/{old.id}")
    simulator.advance(2)
    assert "Cleo" in bot.roster(call)


# Operations


def test_an_operation_belongs_to_its_call(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """Under another call, or another id, it is not there."""
    answer = bot.invite(call, *some(simulator, 1))
    other = bot.join(simulator.meeting())
    assert code(bot.get(f"/{other.id}/operations/{answer.json()['id']}")) == "404 8522"
    assert code(bot.get(f"/{call.id}/operations/nothing")) == "404 8522"
    assert [operation.id for operation in call.operations] == [answer.json()["id"]]
