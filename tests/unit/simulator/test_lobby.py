"""The lobby of a meeting: people and bots wait, are admitted, turned away, or wait too long."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.errors import NotAllowedNowError
from pytest_graphcalls.simulator import SimulatedCall, Simulator
from tests.unit.simulator.bot import Bot, code, entry, named
from tests.unit.simulator.plays import OWN_MEDIA, SCREEN, content_options


@pytest.fixture(name="simulator")
def _simulator() -> Simulator:
    return Simulator()


@pytest.fixture(name="bot")
def _bot(simulator: Simulator) -> Bot:
    return Bot(simulator)


@pytest.fixture(name="waiting")
def _waiting(simulator: Simulator, bot: Bot) -> SimulatedCall:
    """The call of a bot that waits."""
    return bot.join(simulator.meeting(["Ana"], lobby=True))


def listed(bot: Bot, call: SimulatedCall) -> dict[str, bool]:
    """By name: whether the roster has them in the lobby."""
    return {named(one): one["isInLobby"] for one in bot.get(f"/{call.id}/participants").json()["value"]}


def posted(simulator: Simulator, call: SimulatedCall) -> Any:
    """The roster that the bot was sent last."""
    rosters = [one for one in simulator.notifications if one.call_id == call.id]
    data = [entry["resourceData"] for one in rosters for entry in one.entries]
    return {named(one): one["isInLobby"] for one in next(one for one in reversed(data) if isinstance(one, list))}


def test_a_person_in_the_lobby_is_on_the_roster(simulator: Simulator, bot: Bot) -> None:
    """In the list, under their own id and in what is posted; admitted, they wait no longer."""
    call, cleo = bot.join(), simulator.person("Cleo")
    cleo.waits(call)
    everybody = {"Ana": False, "Ben": False, "Bot": False}
    assert listed(bot, call) == posted(simulator, call) == {**everybody, "Cleo": True}
    (one,) = [one for one in call.participants if one.in_lobby]
    assert bot.get(f"/{call.id}/participants/{one.id}").json()["isInLobby"] is True
    simulator.person("Ana").admits(call, cleo)
    assert listed(bot, call) == posted(simulator, call) == {**everybody, "Cleo": False}


def test_a_person_in_the_lobby_hears_nothing_and_presses_no_keys(simulator: Simulator, bot: Bot) -> None:
    """Prompts before the admission are not heard by them, and their keys reach no bot."""
    call, cleo = bot.join(), simulator.person("Cleo")
    cleo.waits(call)
    bot.play(call)
    simulator.advance(10)
    assert (len(simulator.person("Ana").heard), cleo.heard) == (1, ())
    with pytest.raises(NotAllowedNowError, match="in no call"):
        cleo.presses("1")
    simulator.person("Ana").admits(call, "Cleo")
    bot.play(call)
    simulator.advance(10)
    cleo.presses("1")
    assert (len(cleo.heard), [one.by for one in call.tones]) == (1, ["Cleo"])


def test_a_person_is_turned_away(simulator: Simulator, bot: Bot) -> None:
    """The person may come again."""
    call, cleo = bot.join(), simulator.person("Cleo")
    cleo.waits(call)
    simulator.person("Ana").turns_away(call, "Cleo")
    assert "Cleo" not in listed(bot, call)
    cleo.joins(call)
    assert listed(bot, call)["Cleo"] is False


def test_a_bot_admits_a_person_by_removing_and_inviting(simulator: Simulator, bot: Bot) -> None:
    """The only way by which a bot is reported to have done it (s20.2)."""
    call, cleo = bot.join(), simulator.person("Cleo")
    cleo.waits(call)
    (one,) = [one for one in call.participants if one.in_lobby]
    assert bot.delete(f"/{call.id}/participants/{one.id}").status == 204
    assert bot.invite(call, entry(cleo)).status == 200
    simulator.advance(10)
    assert listed(bot, call)["Cleo"] is False


def test_a_bot_in_the_lobby_sees_itself_alone(simulator: Simulator, bot: Bot, waiting: SimulatedCall) -> None:
    """In the list, in what is posted, and expanded; those in the meeting see that it waits."""
    expanded = bot.get(f"/{waiting.id}?$expand=participants").json()["participants"]
    assert listed(bot, waiting) == posted(simulator, waiting) == {"Bot": True}
    assert [named(one) for one in expanded] == ["Bot"]
    simulator.person("Ana").admits(waiting)
    assert listed(bot, waiting) == posted(simulator, waiting) == {"Ana": False, "Bot": False}
    simulator.advance(1)
    assert "mediaState" in simulator.notifications[-3].entries[0]["resourceData"]


@pytest.mark.parametrize(("deed", "pair"), [("turns_away", (200, 5000)), ("", (200, 5855))])
def test_a_bot_that_is_not_admitted_is_out(
    simulator: Simulator, bot: Bot, waiting: SimulatedCall, deed: str, pair: tuple[int, int]
) -> None:
    """At once when it is turned away, else after the time of the pace."""
    if deed:
        getattr(simulator.person("Ana"), deed)(waiting)
    else:
        simulator.advance(simulator.pace.lobby - 2)
        assert waiting.state == "established"
        simulator.advance(1)
    assert waiting.result is not None
    assert (waiting.result.code, waiting.result.subcode) == pair


def test_an_admitted_bot_stays(simulator: Simulator, waiting: SimulatedCall) -> None:
    """The time of the lobby is over for it."""
    simulator.person("Ana").admits(waiting)
    simulator.advance(simulator.pace.lobby)
    assert waiting.state == "established"


def test_a_bot_in_the_lobby_may_not_report_synthetic_media(simulator: Simulator, waiting: SimulatedCall) -> None:
    """A bot in the lobby may not report (participant-reportsyntheticmedia.r04)."""
    bot = Bot(simulator, version="beta")
    assert bot.report(waiting, "Ana").status == 403
    simulator.person("Ana").admits(waiting)
    assert bot.report(waiting, "Ana").status == 200


def test_the_lobby_can_be_switched_on(simulator: Simulator, bot: Bot) -> None:
    """People and bots who join from then on wait; invited people do not."""
    meeting = simulator.meeting(["Ana"])
    call = bot.join(meeting)
    simulator.person("Ana").keeps_lobby(call)
    simulator.person("Cleo").joins(call)
    other = Bot(simulator, simulator.authority.register(name="Other Bot"))
    assert listed(other, other.join(meeting)) == {"Other Bot": True}
    assert listed(bot, call) == {"Ana": False, "Bot": False, "Cleo": True, "Other Bot": True}


@pytest.mark.parametrize(
    ("who", "deed", "facts", "message"),
    [
        ("Ana", "admits", ("Dan",), "Dan is not in the lobby of call {id} and cannot take 'admits'; from here: waits."),
        (
            "Ana",
            "turns_away",
            (),
            "the bot is not in the lobby of call {id} and cannot take 'turns_away'; from here: waits.",
        ),
        ("Dan", "admits", ("Cleo",), "Dan is not in call {id} and cannot take 'admits'; from here: joins."),
        ("Cleo", "admits", ("Cleo",), "Cleo is not in call {id} and cannot take 'admits'; from here: joins."),
        ("Dan", "keeps_lobby", (), "Dan is not in call {id} and cannot take 'keeps_lobby'; from here: joins."),
        ("Cleo", "waits", (), "the group call {id} is one that Cleo is in and cannot take 'waits'; from here: leaves."),
    ],
)
def test_an_impossible_act_is_refused_with_what_is_possible(
    simulator: Simulator, bot: Bot, who: str, deed: str, facts: tuple[str, ...], message: str
) -> None:
    """Only participants admit people, and only people in the lobby are admitted."""
    call = bot.join()
    simulator.person("Cleo").waits(call)
    with pytest.raises(NotAllowedNowError) as error:
        getattr(simulator.person(who), deed)(call, *facts)
    assert str(error.value) == message.format(id=call.id)


def test_there_is_no_lobby_for_two(simulator: Simulator, bot: Bot) -> None:
    """A peer-to-peer call has none."""
    call = bot.ring(simulator.person("Ana"))
    for deed in ("waits", "keeps_lobby", "admits", "turns_away"):
        with pytest.raises(NotAllowedNowError, match="a place for two"):
            getattr(simulator.person("Ana"), deed)(call)


def test_a_bot_in_the_lobby_reaches_no_other_participant(
    simulator: Simulator, bot: Bot, waiting: SimulatedCall
) -> None:
    """Participants off its roster are unknown to the bot, and their keys are not notified."""
    (ana,) = [one.id for one in waiting.participants if one.identity.name == "Ana"]
    path = f"/{waiting.id}/participants"
    assert code(bot.get(f"{path}/{ana}")) == code(bot.post(f"{path}/{ana}/mute", {})) == "404 8522"
    assert bot.get(f"{path}/{waiting.my_participant_id}").status == 200
    bot.post(f"/{waiting.id}/subscribeToTone", {})
    with pytest.raises(NotAllowedNowError, match="in no call"):
        simulator.person("Ana").presses("1")
    assert waiting.tones == ()


def test_a_bot_in_the_lobby_sees_nothing_that_is_shared(simulator: Simulator, bot: Bot) -> None:
    """Shared content is in no notification and in no list until the bot is admitted."""
    facts = {"mediaConfig": OWN_MEDIA, "requestedModalities": SCREEN, "callOptions": content_options("outgoing")}
    meeting = simulator.meeting(["Ana"], lobby=True)
    call = simulator.call(bot.create(**meeting.coordinates, **facts).json()["id"])
    simulator.advance(1)
    ana = simulator.person("Ana").shares_screen(call)
    paths = [one.entries[0]["resourceUrl"] for one in simulator.notifications]
    assert not [path for path in paths if "contentsharing" in path]
    assert bot.get(f"/{call.id}/contentSharingSessions").json()["value"] == []
    ana.admits(call)
    assert len(bot.get(f"/{call.id}/contentSharingSessions").json()["value"]) == 1


@pytest.mark.parametrize("deed", ["shares_screen", "mutes_bot", "removes"])
def test_a_person_in_the_lobby_does_nothing_in_the_call(simulator: Simulator, bot: Bot, deed: str) -> None:
    """People in the lobby neither share, nor mute or remove the bot."""
    call = bot.join()
    cleo = simulator.person("Cleo").waits(call)
    with pytest.raises(NotAllowedNowError, match="not in call"):
        getattr(cleo, deed)(call)


def test_a_bot_in_the_lobby_removes_itself_alone(simulator: Simulator) -> None:
    """The bot can neither remove the people in the meeting, nor mute them with all."""
    bot = Bot(simulator, version="beta")
    call = bot.join(simulator.meeting(["Ana"], lobby=True))
    path, (ana,) = f"/{call.id}/participants", [one for one in call.participants if not one.leg]
    assert bot.post(f"{path}/muteAll", {}).status == 200
    assert not any(one.is_muted for one in call.participants)
    assert code(bot.delete(f"{path}/{ana.id}")) == "404 8522"
    assert bot.delete(f"{path}/{call.my_participant_id}").status == 204
    assert simulator.person("Ana").call is not None
