"""Participants: list, look at, remove."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.simulator import SimulatedCall, Simulator
from tests.unit.simulator.bot import Bot, code, entry, evidence, named, summaries


@pytest.fixture
def call(bot: Bot) -> SimulatedCall:
    """The bot in a meeting with Ana and Ben."""
    return bot.join()


def id_of(call: SimulatedCall, name: str) -> str:
    return next(one.id for one in call.participants if one.identity.name == name)


def test_a_participant_has_one_id_in_both_places(bot: Bot, call: SimulatedCall) -> None:
    """id equals info.participantId, as captured."""
    ana = id_of(call, "Ana")
    body = bot.get(f"/{call.id}/participants/{ana}").json()
    assert (body["id"], body["info"]["participantId"]) == (ana, ana)
    assert body["info"]["identity"]["user"]["identityProvider"] == "AAD"


def test_audio_streams_are_numbered(bot: Bot, call: SimulatedCall) -> None:
    """Each participant's stream has a number of its own."""
    roster = bot.get(f"/{call.id}/participants").json()["value"]
    assert [one["mediaStreams"][0]["sourceId"] for one in roster] == ["1", "2", "3"]


def test_a_peer_to_peer_call_has_no_participants_to_read(bot: Bot, simulator: Simulator) -> None:
    """The list is empty and a single one is not found."""
    call = bot.ring(simulator.person("Ana"))
    listed = bot.get(f"/{call.id}/participants")
    assert (listed.status, listed.json()["value"]) == (200, [])
    assert evidence(listed) == "reported; fact=observed 3.8"
    assert code(bot.get(f"/{call.id}/participants/{id_of(call, 'Ana')}")) == "404 8522"


def test_a_ringing_invitee_is_not_on_the_roster(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """A ringing invitee is neither in the list nor found by id."""
    bot.invite(call, entry(simulator.person("Cleo"), participantId="cleo-1"))
    assert bot.roster(call) == ["Ana", "Ben", "Bot"]
    assert code(bot.get(f"/{call.id}/participants/cleo-1")) == "404 8522"


def test_a_removed_participant_is_off_the_roster_at_once(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """204 with an empty body, and the next roster is without them."""
    answer = bot.delete(f"/{call.id}/participants/{id_of(call, 'Ana')}")
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers
    assert evidence(answer) == "documented; fact=participant-delete.r01"
    assert bot.roster(call) == ["Ben", "Bot"]
    assert summaries(simulator.notifications)[-1] == "updated roster Ben, Bot"


@pytest.mark.parametrize("who", ["removed before", "never there"])
def test_an_unknown_participant_cannot_be_removed(bot: Bot, call: SimulatedCall, who: str) -> None:
    """A second removal, or an unknown participant: not found."""
    ana = id_of(call, "Ana")
    bot.delete(f"/{call.id}/participants/{ana}")
    answer = bot.delete(f"/{call.id}/participants/{ana if who == 'removed before' else 'x'}")
    assert code(answer) == "404 8522"
    assert evidence(answer) == "inferred; fact=observed 2.30"


def test_an_invitation_is_cancelled_by_the_chosen_id(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """The ringing invitee never joins, and the operation fails."""
    invite = bot.invite(call, entry(simulator.person("Cleo"), participantId="cleo-1"))
    answer = bot.delete(f"/{call.id}/participants/cleo-1")
    assert answer.status == 204
    assert evidence(answer) == "documented; fact=participant-delete.r05"
    simulator.advance(100)
    assert bot.roster(call) == ["Ana", "Ben", "Bot"]
    assert bot.operation(call, invite)["status"] == "failed"
    assert summaries(simulator.notifications)[-1] == "deleted operation failed 487/8542"


def test_a_cancelled_invitation_does_not_affect_the_others(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """One of two is cancelled; the other joins."""
    cleo, dan = simulator.person("Cleo"), simulator.person("Dan")
    bot.invite(call, entry(cleo, participantId="cleo-1"), entry(dan))
    bot.delete(f"/{call.id}/participants/cleo-1")
    simulator.advance(2)
    assert bot.roster(call) == ["Ana", "Ben", "Bot", "Dan"]


def test_a_cancelled_person_can_be_invited_again(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """The second invitation counts its own time, also under the same id."""
    cleo = entry(simulator.person("Cleo"), participantId="cleo-1")
    bot.invite(call, cleo)
    simulator.advance(1)
    bot.delete(f"/{call.id}/participants/cleo-1")
    second = bot.invite(call, cleo)
    simulator.advance(1)
    assert "Cleo" not in bot.roster(call)
    simulator.advance(1)
    assert "Cleo" in bot.roster(call)
    assert bot.operation(call, second)["status"] == "completed"


def test_an_app_must_be_on_the_allow_list(bot: Bot, simulator: Simulator) -> None:
    """Without the tenant's setting a removal is refused."""
    other = Bot(simulator, simulator.authority.register(may_remove_participants=False), bot.version)
    call = other.join()
    answer = other.delete(f"/{call.id}/participants/{id_of(call, 'Ana')}")
    assert code(answer) == "403 7504"
    assert "AllowRemoveParticipantAppIds" in answer.json()["error"]["message"]
    assert "Ana" in other.roster(call)


def test_the_organizer_cannot_be_removed(bot: Bot, simulator: Simulator) -> None:
    """Reported: a bot may not remove the organizer."""
    call = bot.join(simulator.meeting(["Ana", "Ben"], organizer="Ana"))
    assert code(bot.delete(f"/{call.id}/participants/{id_of(call, 'Ana')}")) == "403 8552"
    assert "Ana" in bot.roster(call)


def test_an_invitation_of_the_organizer_can_be_withdrawn(bot: Bot, simulator: Simulator) -> None:
    """Reports are of an organizer who is in the meeting; one who is only being rung is withdrawn like other people."""
    call = bot.join(simulator.meeting(["Ben"], organizer="Ana"))
    bot.invite(call, entry(simulator.person("Ana"), participantId="ana-1"))
    assert bot.delete(f"/{call.id}/participants/ana-1").status == 204
    simulator.advance(100)
    assert "Ana" not in bot.roster(call)


@pytest.mark.parametrize("group", [False, True])
def test_a_removal_from_an_unanswered_call_is_refused(bot: Bot, simulator: Simulator, *, group: bool) -> None:
    """The bot is not in it yet; the caller goes on ringing."""
    call = simulator.incoming_call("Ana", group=group)
    answer = bot.delete(f"/{call.id}/participants/{id_of(call, 'Ana')}")
    assert code(answer) == "400 8501"
    assert call.state == "incoming"


def test_a_bot_that_removes_itself_is_out(bot: Bot, call: SimulatedCall, simulator: Simulator) -> None:
    """204, and its leg ends."""
    answer = bot.delete(f"/{call.id}/participants/{call.my_participant_id}")
    assert answer.status == 204
    assert evidence(answer).startswith("inferred")
    assert summaries(simulator.notifications)[-1] == "deleted call terminated 200/5000"
    assert code(bot.get(f"/{call.id}")) == "404 8522"


def test_a_removed_bot_is_notified(bot: Bot, simulator: Simulator) -> None:
    """Another app's leg ends with 200/5300; the remover sees the roster change."""
    meeting = simulator.meeting(["Ana"])
    other = Bot(simulator, simulator.authority.register(name="Other bot"), bot.version)
    mine, theirs = bot.join(meeting), other.join(meeting)
    assert bot.delete(f"/{mine.id}/participants/{theirs.my_participant_id}").status == 204
    assert summaries(simulator.notifications)[-2:] == ["deleted call terminated 200/5300", "updated roster Ana, Bot"]
    assert code(other.get(f"/{theirs.id}")) == "404 8522"


def test_removing_the_peer_ends_a_peer_to_peer_call(bot: Bot, simulator: Simulator) -> None:
    """A call for two cannot go on with one."""
    call = bot.ring(simulator.person("Ana"))
    assert bot.delete(f"/{call.id}/participants/{id_of(call, 'Ana')}").status == 204
    assert call.state == "terminated"


def test_cancelling_the_callee_ends_a_peer_to_peer_call(bot: Bot, simulator: Simulator) -> None:
    """A call whose only callee is not rung any longer is over."""
    call = simulator.call(bot.create(targets=[entry(simulator.person("Ana"))]).json()["id"])
    answer = bot.delete(f"/{call.id}/participants/{call.invited[0].id}")
    assert answer.status == 204
    assert evidence(answer) == "inferred; fact=participant-delete.r05"
    assert summaries(simulator.notifications)[-1] == "deleted call terminated 487/8542"


def test_the_bot_is_alone_when_the_last_person_is_removed(bot: Bot, simulator: Simulator) -> None:
    """The roster can still be read; then the call ends."""
    call = bot.join(simulator.meeting(["Ana"]))
    bot.delete(f"/{call.id}/participants/{id_of(call, 'Ana')}")
    assert bot.roster(call) == ["Bot"]
    simulator.advance(simulator.pace.alone)
    assert call.state == "terminated"


def test_a_body_on_delete_is_not_asked_for_nor_read(bot: Bot, call: SimulatedCall) -> None:
    """A DELETE is complete without one, and one that comes is passed over."""
    answer = bot.send("DELETE", f"/communications/calls/{call.id}/participants/{id_of(call, 'Ana')}", {"reason": "x"})
    assert answer.status == 204


def muted_in(roster: list[dict[str, Any]]) -> list[str]:
    """The participants who are muted on the server in a roster; the two members that say so agree."""
    assert all(one["isMuted"] is one["mediaStreams"][0]["serverMuted"] for one in roster)
    return [named(one) for one in roster if one["isMuted"]]


def test_a_muted_participant_is_muted_wherever_it_is_shown(simulator: Simulator, bot: Bot) -> None:
    """Read alone, in the list, and in the roster that follows; everybody else stays as they were."""
    call = bot.join()
    assert muted_in(bot.get(f"/{call.id}/participants").json()["value"]) == []
    bot.mute(call, "Ana")
    ana = next(one.id for one in call.participants if one.identity.name == "Ana")
    assert muted_in(bot.get(f"/{call.id}/participants").json()["value"]) == ["Ana"]
    assert muted_in([bot.get(f"/{call.id}/participants/{ana}").json()]) == ["Ana"]
    assert muted_in(simulator.notifications[-1].entries[0]["resourceData"]) == ["Ana"]


def test_a_mute_is_in_the_differences_of_a_roster(simulator: Simulator, bot: Bot) -> None:
    """Only the named participant is muted; a second mute changes nothing."""
    asked = {"@odata.type": "#microsoft.graph.outgoingCallOptions", "isDeltaRosterEnabled": True}
    answer = bot.create(callOptions=asked, **simulator.meeting(["Ana", "Ben"]).coordinates)
    simulator.advance(5)
    call = simulator.call(answer.json()["id"])
    bot.mute(call, "Ben")
    count = len(simulator.notifications)
    assert muted_in(simulator.notifications[-1].entries[0]["resourceData"]["participants"]) == ["Ben"]
    bot.mute(call, "Ben")
    assert len(simulator.notifications) == count


def test_a_participant_off_the_roster_cannot_be_muted(simulator: Simulator, bot: Bot) -> None:
    """A ringing invitee, and the peer of a call for two, cannot be muted."""
    call = bot.join()
    chosen = "a7ebfb2d-871e-419c-87af-27290b22e8db"
    bot.invite(call, entry(simulator.person("Cleo"), participantId=chosen))
    assert code(bot.post(f"/{call.id}/participants/{chosen}/mute", {})) == "404 8522"
    peer = bot.ring(simulator.person("Dan"))
    assert code(bot.mute(peer, "Dan")) == "400 8548"
