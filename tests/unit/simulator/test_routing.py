"""Who hears whom: people and bots who are muted, on hold, or in audio routing groups."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.errors import NotAllowedNowError
from pytest_graphcalls.simulator import SimulatedCall, Simulator
from pytest_graphcalls.wire import Response
from tests.unit.simulator.bot import Bot, code, entry, named
from tests.unit.simulator.plays import NO_WAV, Scene, serves


@pytest.fixture(name="simulator")
def _simulator() -> Simulator:
    return Simulator()


@pytest.fixture(name="bot", params=["v1.0", "beta"])
def _bot(simulator: Simulator, request: pytest.FixtureRequest) -> Bot:
    return Bot(simulator, version=request.param)


@pytest.fixture(name="call")
def _call(bot: Bot) -> SimulatedCall:
    """A meeting with Ana, Ben and the bot."""
    return bot.join()


def id_of(call: SimulatedCall, name: str) -> str:
    return next(one.id for one in call.participants if one.identity.name == name)


def act(bot: Bot, call: SimulatedCall, name: str, action: str, **body: Any) -> Response:
    """Do something to the participant of that name."""
    return bot.post(f"/{call.id}/participants/{id_of(call, name)}/{action}", body)


def hearing(simulator: Simulator, *names: str) -> dict[str, tuple[str, ...]]:
    """The names of those whom each person hears, by the person's name."""
    return {name: simulator.person(name).hears for name in names}


def rosters(simulator: Simulator) -> list[dict[str, dict[str, Any]]]:
    """The rosters that were posted, each by names."""
    data = (note.entries[0]["resourceData"] for note in simulator.notifications)
    return [{named(one): one for one in roster} for roster in data if isinstance(roster, list)]


def test_all_participants_hear_each_other(simulator: Simulator, call: SimulatedCall) -> None:
    """People and bots hear each other; a person in no call hears none of them."""
    assert hearing(simulator, "Ana", "Ben", "Cleo") == {"Ana": ("Ben", "Bot"), "Ben": ("Ana", "Bot"), "Cleo": ()}
    assert call.participants


@pytest.mark.parametrize("by", ["themselves", "bot"])
def test_a_muted_participant_is_not_heard(simulator: Simulator, bot: Bot, call: SimulatedCall, by: str) -> None:
    """The participant hears the others as before; only a mute by the service is a server mute (s6.3)."""
    if by == "bot":
        bot.mute(call, "Ana")
    else:
        simulator.person("Ana").mutes()
    assert hearing(simulator, "Ana", "Ben") == {"Ana": ("Ben", "Bot"), "Ben": ("Bot",)}
    ana = rosters(simulator)[-1]["Ana"]
    assert (ana["isMuted"], ana["mediaStreams"][0]["serverMuted"]) == (True, by == "bot")


def test_people_lift_their_own_mute_only(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A mute by the service is kept, and the roster is sent with each change."""
    ana, before = simulator.person("Ana"), len(rosters(simulator))
    assert ana.mutes().unmutes().unmutes() is ana
    assert [one["Ana"]["isMuted"] for one in rosters(simulator)[before:]] == [True, False]
    bot.mute(call, "Ana")
    ana.unmutes()
    assert simulator.person("Ben").hears == ("Bot",)


def test_prompts_of_a_muted_bot_are_not_heard(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Prompts are played and not heard until it is unmuted; no member says who has muted it (s6.4)."""
    simulator.person("Ana").mutes_bot(call)
    assert rosters(simulator)[-1]["Bot"]["isMuted"] is True
    assert simulator.person("Ana").hears == ("Ben",)
    bot.play(call)
    simulator.advance(10)
    assert (len(call.prompts), simulator.person("Ana").heard) == (1, ())
    bot.post(f"/{call.id}/unmute", {})
    bot.play(call)
    simulator.advance(10)
    assert len(simulator.person("Ana").heard) == 1


def test_a_bot_that_is_muted_halfway_was_heard(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """The prompt counts as heard by those who have heard a part of it."""
    bot.play(call)
    simulator.advance(1)
    bot.post(f"/{call.id}/mute", {})
    simulator.advance(10)
    assert [one.ended for one in simulator.person("Ana").heard] == ["completed"]


def test_only_in_a_group_call_a_person_mutes_the_bot(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """The person has to be in the group call."""
    with pytest.raises(NotAllowedNowError, match=r"Cleo is not in call .* and cannot take 'mutes_bot'"):
        simulator.person("Cleo").mutes_bot(call)
    peer = bot.ring(simulator.person("Cleo"))
    with pytest.raises(NotAllowedNowError, match="is a place for two and cannot take 'mutes_bot'"):
        simulator.person("Cleo").mutes_bot(peer)


@pytest.mark.parametrize("action", ["mutes", "unmutes", "holds", "resumes"])
def test_a_person_in_no_call_changes_nothing(simulator: Simulator, action: str) -> None:
    """People have to join before they act."""
    with pytest.raises(NotAllowedNowError, match=f"Ana is in no call and cannot take '{action}'"):
        getattr(simulator.person("Ana"), action)()


def test_a_participant_on_hold_hears_music_only(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Music is heard from start to stop; prompts before and after are heard as usual (s7.7, s7.8)."""
    began = simulator.now
    tune = bot.prompts(1, uri="https://bot.example.com/tune.wav", resourceId="tune")["prompts"][0]
    started = act(bot, call, "Ana", "startHoldMusic", customPrompt=tune)
    assert (started.status, started.json()["status"]) == (202, "running")
    assert hearing(simulator, "Ana", "Ben") == {"Ana": (), "Ben": ("Bot",)}
    assert rosters(simulator)[-1]["Ana"]["isOnHold"] is True
    bot.play(call)
    simulator.advance(10)
    (music,) = simulator.person("Ana").heard
    assert (music.uri, music.operation) == (tune["mediaInfo"]["uri"], started.json()["id"])
    assert (music.begins - began, music.ends, music.ended) == (0, None, "")
    simulator.person("Ana").mutes()
    assert act(bot, call, "Ana", "stopHoldMusic").status == 202
    assert "isOnHold" not in rosters(simulator)[-1]["Ana"]
    bot.play(call)
    simulator.advance(10)
    music, prompt = simulator.person("Ana").heard
    assert (music.begins - began, music.ends, music.ended) == (0, began + 10, "stopped")
    assert (prompt.begins - began, prompt.ended) == (10, "completed")
    assert len(simulator.person("Ben").heard) == len(call.prompts) == 2


def test_the_default_tune_has_no_address(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Music that is on when they leave ends there."""
    act(bot, call, "Ana", "startHoldMusic")
    simulator.advance(3)
    simulator.person("Ana").leaves(call)
    (music,) = simulator.person("Ana").heard
    assert music.ends is not None
    assert (music.uri, music.ends - music.begins, music.ended) == ("", 3, "stopped")


def test_one_participant_is_on_hold_at_a_time(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A second start is refused until the first was stopped; a stop without a start changes nothing."""
    assert act(bot, call, "Ben", "stopHoldMusic").status == 202
    act(bot, call, "Ana", "startHoldMusic")
    refused = act(bot, call, "Ben", "startHoldMusic")
    assert code(refused) == "409 8519"
    assert refused.json()["error"]["message"].endswith("] Ana is on hold until stopHoldMusic.")
    assert code(act(bot, call, "Ana", "startHoldMusic")) == "409 8519"
    act(bot, call, "Ana", "stopHoldMusic")
    assert act(bot, call, "Ben", "startHoldMusic").status == 202
    assert hearing(simulator, "Ana", "Ben") == {"Ana": ("Bot",), "Ben": ()}


@pytest.mark.parametrize(
    ("file", "unplayable", "end"),
    [("gave no answer", "failed", (400, 8536)), (NO_WAV, "failed", (400, 8535)), (NO_WAV, "completed", (200, 0))],
)
def test_unplayable_music_puts_no_participant_on_hold(
    file: Response | str, unplayable: str, end: tuple[int, int]
) -> None:
    """The operation ends like a prompt that cannot be played (s1.6, s1.7)."""
    scene = Scene("v1.0")
    serves(scene, file)
    scene.simulator.switches.choose(unplayable=unplayable)
    call = scene.bot.join()
    act(scene.bot, call, "Ana", "startHoldMusic", customPrompt=scene.bot.prompts(1)["prompts"][0])
    scene.simulator.advance(10)
    result = call.operations[-1].result
    assert result is not None
    assert (result.code, result.subcode) == end
    assert scene.person("Ana").hears == ("Ben", "Bot")


def test_music_without_an_address_is_refused(bot: Bot, call: SimulatedCall) -> None:
    """Before a participant is on hold, with the place."""
    answer = act(
        bot,
        call,
        "Ana",
        "startHoldMusic",
        customPrompt={"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": {}},
    )
    assert code(answer) == "400 8523"
    assert "$.customPrompt.mediaInfo.uri: expected" in answer.json()["error"]["message"]


def test_a_person_who_holds_by_the_client_hears_no_participant(
    simulator: Simulator, bot: Bot, call: SimulatedCall
) -> None:
    """The stream of a person who holds is inactive in the roster, until they resume (s7.5)."""
    ana = simulator.person("Ana").holds()
    assert hearing(simulator, "Ana", "Ben") == {"Ana": (), "Ben": ("Bot",)}
    assert rosters(simulator)[-1]["Ana"]["mediaStreams"][0]["direction"] == "inactive"
    assert call.state == "established"
    ana.resumes()
    assert rosters(simulator)[-1]["Ana"]["mediaStreams"][0]["direction"] == "sendReceive"
    peer = bot.ring(simulator.person("Cleo"))
    simulator.person("Cleo").holds()
    assert set(rosters(simulator)[-1]) == {"Cleo", "Bot"}
    assert peer.state == "established"


def test_a_muted_person_is_not_recorded(simulator: Simulator, bot: Bot) -> None:
    """A mute is silence, and ends a recording like silence."""
    call = bot.ring(simulator.person("Ana"))
    bot.record(call, maxSilenceTimeoutInSeconds=2, playBeep=False)
    simulator.advance(3)
    simulator.person("Ana").mutes()
    simulator.advance(30)
    (recording,) = call.recordings
    assert (recording.ends - recording.begins, len(recording.speech)) == (5, 1)


def test_mute_all_mutes_those_who_are_named(simulator: Simulator) -> None:
    """All of them or, if one is unknown, none; without names all but the bot. One roster follows."""
    bot = Bot(simulator, version="beta")
    call = bot.join()
    before = len(rosters(simulator))
    assert code(bot.post(f"/{call.id}/participants/muteAll", {"participants": [id_of(call, "Ana"), "x"]})) == "404 8522"
    assert len(rosters(simulator)) == before
    assert bot.post(f"/{call.id}/participants/muteAll", {"participants": [""]}).json()["status"] == "completed"
    (after,) = rosters(simulator)[before:]
    assert {name for name, one in after.items() if one["isMuted"]} == {"Ana", "Ben"}
    peer = bot.ring(simulator.person("Cleo"))
    assert code(bot.post(f"/{peer.id}/participants/muteAll", {})) == "400 8548"


def groups(call: SimulatedCall, id: str = "") -> str:
    """The path of the audio routing groups of a call, or of one of them."""
    return f"/{call.id}/audioRoutingGroups{'/' if id else ''}{id}"


def make(bot: Bot, call: SimulatedCall, source: str, *receivers: str, **body: Any) -> Response:
    """Make an audio routing group from one participant to others, by their names."""
    ids = {"sources": [id_of(call, source)], "receivers": [id_of(call, one) for one in receivers]}
    return bot.post(groups(call), {"routingMode": "multicast", **ids, **body})


def change(bot: Bot, call: SimulatedCall, id: str, **body: Any) -> Response:
    return bot.send("PATCH", f"/communications/calls{groups(call, id)}", body)


def test_a_source_is_heard_by_its_receivers_alone(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """The source hears the others as before; nothing is notified (s14.6)."""
    simulator.person("Cleo").joins(call)
    before = len(simulator.notifications)
    assert make(bot, call, "Ana", "Ben").json()["id"] == "Multicast"
    heard = {"Ana": ("Ben", "Bot", "Cleo"), "Ben": ("Ana", "Bot", "Cleo"), "Cleo": ("Ben", "Bot")}
    assert hearing(simulator, *heard) == heard
    assert change(bot, call, "Multicast", receivers=[id_of(call, "Cleo")]).json()["sources"] == [id_of(call, "Ana")]
    assert "Ana" not in simulator.person("Ben").hears
    assert "Ana" in simulator.person("Cleo").hears
    assert bot.delete(groups(call, "Multicast")).status == 204
    assert "Ana" in simulator.person("Ben").hears
    assert len(simulator.notifications) == before


def test_prompts_of_a_bot_that_is_a_source_are_heard_by_its_receivers(
    simulator: Simulator, bot: Bot, call: SimulatedCall
) -> None:
    """Receivers hear the prompts as long as the group exists; a second group adds its receivers."""
    make(bot, call, "Bot", "Ana", id="first")
    bot.play(call)
    simulator.advance(10)
    make(bot, call, "Bot", "Ben", id="second")
    bot.play(call)
    simulator.advance(10)
    assert [len(simulator.person(name).heard) for name in ("Ana", "Ben")] == [2, 1]
    assert [one.id for one in call.routes] == ["first", "second"]


def test_groups_go_with_the_call_of_their_bot(simulator: Simulator, bot: Bot) -> None:
    """After it all participants hear each other again; groups of a second bot are kept."""
    meeting = simulator.meeting(["Ana", "Ben"])
    other = Bot(simulator, simulator.authority.register(name="Other Bot"))
    first, second = bot.join(meeting), other.join(meeting)
    make(bot, first, "Ana")
    make(other, second, "Ana", "Ben")
    assert "Ana" in simulator.person("Ben").hears
    other.delete(f"/{second.id}")
    assert "Ana" not in simulator.person("Ben").hears
    bot.delete(f"/{first.id}")
    assert simulator.person("Ben").hears == ("Ana",)


def test_a_group_of_one_id_takes_the_place_of_the_other(bot: Bot, call: SimulatedCall) -> None:
    """By default the id is the mode with a capital letter (s14.1)."""
    make(bot, call, "Ana", routingMode="oneToOne")
    make(bot, call, "Ben", routingMode="oneToOne")
    assert [(one.id, one.sources) for one in call.routes] == [("OneToOne", (id_of(call, "Ben"),))]
    assert [one["id"] for one in bot.get(groups(call)).json()["value"]] == ["OneToOne"]


def test_a_group_names_participants_of_the_call(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """Others are refused, and so is a group in a peer-to-peer call, or one that is not there."""
    body = {"routingMode": "multicast", "sources": [id_of(call, "Ana")], "receivers": ["x"]}
    assert code(bot.post(groups(call), body)) == "404 8522"
    make(bot, call, "Ana", "Ben")
    assert code(change(bot, call, "Multicast", receivers=["x"])) == "404 8522"
    assert [one.receivers for one in call.routes] == [(id_of(call, "Ben"),)]
    for answer in (bot.get(groups(call, "y")), change(bot, call, "y"), bot.delete(groups(call, "y"))):
        assert code(answer) == "404 8522"
        assert answer.json()["error"]["message"].endswith("No audio routing group of this call has the id 'y'.")
    near = bot.get(groups(call, "multicast")).json()["error"]["message"]
    assert near.endswith("has the id 'multicast'. Did you mean 'Multicast'?")
    peer = bot.ring(simulator.person("Dan"))
    assert code(bot.post(groups(peer), {**body, "receivers": []})) == "400 8548"


def test_a_mode_has_no_letter_case(bot: Bot, call: SimulatedCall) -> None:
    """The group is as if it had been spelt as published."""
    made = make(bot, call, "Ana", routingMode="onetoone").json()
    assert (made["id"], made["routingMode"]) == ("OneToOne", "oneToOne")


def test_the_id_of_a_user_is_not_that_of_a_participant(bot: Bot, call: SimulatedCall) -> None:
    """The answer says which it is, for a name as well."""
    right = id_of(call, "Ana")
    for wrong in (bot.simulator.person("Ana").id, "Ana"):
        message = bot.post(f"/{call.id}/participants/{wrong}/startHoldMusic", {}).json()["error"]["message"]
        said = f"No participant in the roster has the id {wrong!r}. Ana is there as the participant {right!r}."
        assert message == f"Participant not found. [pytest-graphcalls] {said}"
    message = bot.post(f"/{call.id}/participants/x/startHoldMusic", {}).json()["error"]["message"]
    assert message.endswith("No participant in the roster has the id 'x'.")


def test_an_invitee_outside_the_default_group_is_reached_by_groups_only(
    simulator: Simulator, bot: Bot, call: SimulatedCall
) -> None:
    """People outside the default group neither hear the others nor are heard (observed 10.11)."""
    bot.invite(call, entry(simulator.person("Cleo"), removeFromDefaultAudioRoutingGroup=True))
    simulator.advance(5)
    assert simulator.person("Cleo").hears == ()
    assert "Cleo" not in simulator.person("Ana").hears
    make(bot, call, "Ana", "Cleo")
    assert simulator.person("Cleo").hears == ("Ana",)
    assert "Ana" not in simulator.person("Ben").hears


def test_mixer_levels_are_for_group_calls_and_those_in_them(simulator: Simulator) -> None:
    """Levels do not change what is heard."""
    bot = Bot(simulator, version="beta")
    call = bot.join()
    before = simulator.person("Ana").hears
    path = f"/{call.id}/participants/configureMixer"
    assert code(bot.post(path, {"participantMixerLevels": [{"participant": "x"}]})) == "404 8522"
    assert bot.post(path, {"participantMixerLevels": [{"participant": id_of(call, "Ana")}]}).status == 202
    assert simulator.person("Ana").hears == before
    peer = bot.ring(simulator.person("Dan"))
    assert code(bot.post(f"/{peer.id}/participants/configureMixer", {})) == "400 8548"


def test_the_list_can_be_missing_as_in_2019(simulator: Simulator, bot: Bot, call: SimulatedCall) -> None:
    """A fault gives the wrapped 404 that was reported (s14.2)."""
    with simulator.fault("wrapped", row="routing-group-not-found", operation="call-list-audioroutinggroups"):
        missing = bot.get(groups(call))
    assert (missing.status, missing.json()["error"]["code"]) == (404, "UnknownError")
    assert bot.get(groups(call)).status == 200


def test_a_hold_ends_with_the_call_of_the_bot_that_has_begun_it(simulator: Simulator, bot: Bot) -> None:
    """No other bot could end it; the music was heard until then."""
    call = bot.join()
    act(bot, call, "Ana", "startHoldMusic")
    simulator.advance(1)
    assert simulator.person("Ana").hears == ()
    bot.delete(f"/{call.id}")
    assert simulator.person("Ana").hears == ("Ben",)
    assert [(one.ended, one.ends) for one in simulator.person("Ana").heard] == [("stopped", simulator.now)]


def test_a_group_is_changed_after_one_of_it_has_left(simulator: Simulator, bot: Bot) -> None:
    """Only those whom the request names have to be in the call."""
    call = bot.join(simulator.meeting(["Ana", "Ben", "Cleo"]))
    made = {"id": "one", "routingMode": "oneToOne"}
    body = {**made, "sources": [id_of(call, "Ana")], "receivers": [id_of(call, "Ben")]}
    assert bot.post(f"/{call.id}/audioRoutingGroups", body).status == 200
    changed = {"sources": [id_of(call, "Cleo")]}
    simulator.person("Ben").leaves(call)
    answer = bot.send("PATCH", f"/communications/calls/{call.id}/audioRoutingGroups/one", changed)
    assert (answer.status, answer.json()["sources"]) == (200, changed["sources"])


def test_a_hold_is_posted_once(simulator: Simulator, bot: Bot) -> None:
    """In a call for two, too, holding twice changes nothing."""
    bot.ring(simulator.person("Ana"))
    simulator.person("Ana").holds().holds()
    assert len(rosters(simulator)) == 1


def test_a_second_hold_is_refused_while_the_music_of_the_first_is_read() -> None:
    """The file is read after the answer, and the bot may ask for both at once."""
    scene = Scene("v1.0")
    files = serves(scene, NO_WAV)
    call, music = scene.bot.join(), scene.bot.prompts(1)["prompts"][0]
    answers = [act(scene.bot, call, name, "startHoldMusic", customPrompt=music) for name in ("Ana", "Ben")]
    assert [answer.status for answer in answers] == [202, 409]
    assert "is being read." in answers[1].json()["error"]["message"]
    assert files.fetched == []
