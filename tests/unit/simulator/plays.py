"""How each sequence of ``contracts/sequences.yaml`` is brought about: by a bot's requests, by people, by time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_graphcalls.simulator import App, Meeting, Person, SimulatedCall, Simulator
from pytest_graphcalls.wire import Headers, Notification, Response
from tests.unit.simulator.bot import Bot, entry

PHONE = "+15551234567"
LONG = 120.0
"""Virtual seconds after which everything has happened that will."""


class Scene:
    """One sequence being played.

    Args:
        version: the API version that the bot speaks.
    """

    def __init__(self, version: str) -> None:
        self.simulator = Simulator()
        self.bot = Bot(self.simulator, version=version)
        self.calls: dict[str, str] = {}
        """By call id: the word that the data has for the call; ``""`` for the one it is about."""
        self.started = 0.0
        self._before = 0

    def about(self, call: SimulatedCall, word: str = "") -> SimulatedCall:
        """Name a call, so that its notifications are looked at."""
        self.calls[call.id] = word
        return call

    def begin(self) -> None:
        """Notifications from here on belong to the sequence."""
        self._before = self.simulator.notifier.count
        self.started = self.simulator.now

    @property
    def posted(self) -> list[Notification]:
        """The notifications of the sequence about calls that have a name."""
        return [note for note in self.simulator.notifications[self._before :] if note.call_id in self.calls]

    def person(self, name: str = "Cleo") -> Person:
        return self.simulator.person(name)

    def meeting(self) -> Meeting:
        return self.simulator.meeting(["Ana", "Ben"])

    def another_bot(self) -> Bot:
        app: App = self.simulator.authority.register(name="Other Bot")
        return Bot(self.simulator, app, self.bot.version)

    def created(self, **facts: Any) -> SimulatedCall:
        """A call that is only just being made."""
        answer = self.bot.create(**facts)
        assert answer.status == 201, answer.body
        return self.about(self.simulator.call(answer.json()["id"]))


Play = Callable[[Scene], None]


def calls_a_person(scene: Scene) -> None:
    scene.begin()
    scene.created(targets=[entry(scene.person("Ana"))])
    scene.simulator.advance(LONG)


def calls_several(scene: Scene) -> None:
    scene.begin()
    people = (scene.person("Ana").answers_after(2), scene.person("Ben").answers_after(3))
    scene.created(targets=[entry(one) for one in people])
    scene.simulator.advance(LONG)


def joins(**options: bool) -> Play:
    def play(scene: Scene) -> None:
        scene.begin()
        meeting = scene.simulator.meeting(["Ana", "Ben"], **options)
        scene.created(**meeting.coordinates)
        scene.simulator.advance(LONG)

    return play


def joins_with_delta_rosters(scene: Scene) -> None:
    scene.begin()
    asked = {"@odata.type": "#microsoft.graph.outgoingCallOptions", "isDeltaRosterEnabled": True}
    call = scene.created(callOptions=asked, **scene.meeting().coordinates)
    scene.simulator.advance(1)
    scene.person("Cleo").joins(call)
    scene.person("Ana").leaves(call)


def called(script: str, name: str = "Ana") -> Play:
    """An outgoing call to a person whose reaction is ``script``."""

    def play(scene: Scene) -> None:
        person = scene.person(name)
        getattr(person, script)()
        scene.begin()
        scene.created(targets=[entry(person)])
        scene.simulator.advance(LONG)

    return play


def rings(scene: Scene, *, group: bool = False) -> SimulatedCall:
    scene.begin()
    return scene.about(scene.simulator.incoming_call("Ana", group=group))


def is_answered(*, group: bool) -> Play:
    def play(scene: Scene) -> None:
        call = rings(scene, group=group)
        assert scene.bot.answer(call).status == 202
        scene.simulator.advance(LONG)

    return play


def is_rejected(scene: Scene) -> None:
    call = rings(scene)
    assert scene.bot.post(f"/{call.id}/reject", {"reason": "busy"}).status == 202
    scene.simulator.advance(LONG)


def is_redirected(scene: Scene) -> None:
    call = rings(scene)
    assert scene.bot.post(f"/{call.id}/redirect", {"targets": [entry(scene.person())]}).status == 202
    scene.simulator.advance(LONG)


def is_redirected_to_a_phone(scene: Scene) -> None:
    call = rings(scene)
    assert scene.bot.post(f"/{call.id}/redirect", {"targets": [entry(scene.person(PHONE))]}).status == 202
    scene.simulator.advance(LONG)


def transfers(script: str = "", name: str = "Cleo", *, consultative: bool = False) -> Play:
    """A call with Ana is transferred to a person who does what ``script`` says."""

    def play(scene: Scene) -> None:
        target, call = scene.person(name), scene.about(scene.bot.ring(scene.person("Ana")))
        replaced = scene.about(scene.bot.ring(target), "replaced") if consultative else None
        if script:
            getattr(target, script)()
        scene.begin()
        body = {"transferTarget": entry(target, **({"replacesCallId": replaced.id} if replaced else {}))}
        assert scene.bot.post(f"/{call.id}/transfer", body).status == 202
        scene.simulator.advance(LONG)

    return play


def transfers_out_of_a_group_call(scene: Scene) -> None:
    call = scene.about(scene.bot.join(scene.meeting()))
    who = {"transferee": {"identity": entry(scene.person("Ana"))["identity"]}}
    scene.begin()
    assert scene.bot.post(f"/{call.id}/transfer", {"transferTarget": entry(scene.person()), **who}).status == 202
    scene.simulator.advance(LONG)


def is_missed(scene: Scene) -> None:
    rings(scene)
    scene.simulator.advance(LONG)


def caller_gives_up(scene: Scene) -> None:
    scene.person("Ana").leaves_after(5)
    rings(scene)
    scene.simulator.advance(LONG)


def invites(script: str = "", name: str = "Cleo") -> Play:
    """A person is invited into a meeting, and reacts by ``script``."""

    def play(scene: Scene) -> None:
        call = scene.about(scene.bot.join())
        person = scene.person(name)
        if script:
            getattr(person, script)()
        scene.begin()
        assert scene.bot.invite(call, entry(person)).status == 200
        scene.simulator.advance(LONG)

    return play


def grows(scene: Scene) -> None:
    call = scene.about(scene.bot.ring(scene.person("Ana")))
    scene.begin()
    assert scene.bot.invite(call, entry(scene.person())).status == 200
    scene.simulator.advance(LONG)


def replaces(scene: Scene) -> None:
    call, old = scene.about(scene.bot.join()), scene.about(scene.bot.ring(scene.person()), "replaced")
    scene.begin()
    assert scene.bot.invite(call, entry(scene.person(), replacesCallId=old.id)).status == 200
    scene.simulator.advance(LONG)


def moves(scene: Scene) -> None:
    left = scene.about(scene.bot.join(scene.simulator.meeting(["Cleo", "Dan"])), "left")
    call = scene.about(scene.bot.join())
    scene.begin()
    moved = entry(scene.person(), replacesCallId=left.id, participantId="moved-1")
    assert scene.bot.invite(call, moved).status == 200
    scene.simulator.advance(LONG)


def removes(scene: Scene) -> None:
    call = scene.about(scene.bot.join())
    ana = next(one.id for one in call.participants if one.identity.name == "Ana")
    scene.begin()
    assert scene.bot.delete(f"/{call.id}/participants/{ana}").status == 204
    scene.simulator.advance(LONG)


def cancels(scene: Scene) -> None:
    call = scene.about(scene.bot.join())
    scene.begin()
    assert scene.bot.invite(call, entry(scene.person().answers_after(30), participantId="chosen-1")).status == 200
    assert scene.bot.delete(f"/{call.id}/participants/chosen-1").status == 204
    scene.simulator.advance(LONG)


def is_removed(scene: Scene) -> None:
    meeting = scene.meeting()
    call = scene.about(scene.bot.join(meeting))
    other = scene.another_bot()
    theirs = scene.about(other.join(meeting), "other")
    scene.begin()
    assert other.delete(f"/{theirs.id}/participants/{call.my_participant_id}").status == 204
    scene.simulator.advance(LONG)


def is_thrown_out(scene: Scene) -> None:
    call = scene.about(scene.bot.join())
    scene.begin()
    scene.person("Ana").removes(call)
    scene.simulator.advance(LONG)


def removes_itself(scene: Scene) -> None:
    call = scene.about(scene.bot.join())
    scene.begin()
    assert scene.bot.delete(f"/{call.id}/participants/{call.my_participant_id}").status == 204
    scene.simulator.advance(LONG)


def hangs_up(scene: Scene) -> None:
    meeting = scene.meeting()
    call = scene.about(scene.bot.join(meeting))
    scene.about(scene.another_bot().join(meeting), "other")
    scene.begin()
    assert scene.bot.delete(f"/{call.id}").status == 204
    scene.simulator.advance(LONG)


def peer_hangs_up(scene: Scene) -> None:
    call = scene.about(scene.bot.ring(scene.person("Ana")))
    scene.begin()
    scene.person("Ana").leaves(call)
    scene.simulator.advance(LONG)


def all_people_leave(scene: Scene) -> None:
    scene.person("Ana").leaves_after(10)
    scene.person("Ben").leaves_after(20)
    call = scene.about(scene.bot.join())
    scene.begin()
    scene.simulator.advance(LONG)
    assert call.state == "terminated"


def person_joins(scene: Scene) -> None:
    call = scene.about(scene.bot.join())
    scene.begin()
    scene.person().joins(call)
    scene.simulator.advance(LONG)


def is_not_kept_alive(scene: Scene) -> None:
    scene.begin()
    scene.created(**scene.meeting().coordinates)
    scene.simulator.advance(3600)


def plays(prompts: int) -> Play:
    def play(scene: Scene) -> None:
        call = scene.about(scene.bot.ring(scene.person("Ana")))
        scene.begin()
        for _ in range(prompts):
            scene.bot.play(call)
        scene.simulator.advance(LONG)

    return play


def hangs_up_on_a_prompt(scene: Scene) -> None:
    call = scene.about(scene.bot.ring(scene.person("Ana")))
    scene.begin()
    scene.bot.play(call)
    scene.simulator.advance(1)
    scene.person("Ana").leaves(call)
    scene.simulator.advance(LONG)


def cancels_prompts(scene: Scene) -> None:
    call = scene.about(scene.bot.ring(scene.person("Ana")))
    scene.begin()
    scene.bot.play(call)
    scene.bot.play(call)
    scene.bot.post(f"/{call.id}/cancelMediaProcessing", {})
    scene.simulator.advance(LONG)


def sends_tones(scene: Scene) -> None:
    call = scene.about(scene.bot.ring(scene.person("Ana")))
    scene.begin()
    scene.bot.post(f"/{call.id}/sendDtmfTones", {"tones": ["tone1", "pound"]})
    scene.simulator.advance(LONG)


def mutes_itself(scene: Scene) -> None:
    call = scene.about(scene.bot.join(scene.meeting()))
    scene.begin()
    scene.bot.post(f"/{call.id}/mute", {})
    scene.simulator.advance(LONG)


def unmutes_itself(scene: Scene) -> None:
    call = scene.about(scene.bot.join(scene.meeting()))
    scene.bot.post(f"/{call.id}/mute", {})
    scene.begin()
    scene.bot.post(f"/{call.id}/unmute", {})
    scene.simulator.advance(LONG)


def mutes(scene: Scene) -> None:
    call = scene.about(scene.bot.join(scene.meeting()))
    scene.begin()
    scene.bot.mute(call, "Ana")
    scene.simulator.advance(LONG)


class FilesOfABot:
    """Files of prompts, in place of a bot that serves them.

    Args:
        answer: what each GET is answered with.
    """

    def __init__(self, answer: Response | str) -> None:
        self.answer = answer
        self.fetched: list[str] = []

    def serves(self, url: str, callback: str) -> bool:
        return url.partition("//")[2].partition("/")[0] == callback.partition("//")[2].partition("/")[0]

    def fetch(self, url: str) -> Response | str:
        self.fetched.append(url)
        return self.answer


def serves(scene: Scene, answer: Response | str) -> FilesOfABot:
    """Let the bot of a scene serve its prompts."""
    if not scene.simulator.outbox.is_open:
        scene.simulator.deliver_to(lambda *_: None)
    files = scene.simulator.prompts.files = FilesOfABot(answer)
    return files


def plays_a_file(answer: Response | str, **switches: str) -> Play:
    def play(scene: Scene) -> None:
        serves(scene, answer)
        scene.simulator.media.switches.choose(**switches)
        plays(1)(scene)

    return play


def cancels_tones(scene: Scene) -> None:
    call = scene.about(scene.bot.ring(scene.person("Ana")))
    scene.begin()
    scene.bot.post(f"/{call.id}/sendDtmfTones", {"tones": ["tone1"] * 9})
    scene.bot.post(f"/{call.id}/cancelMediaProcessing", {})
    scene.simulator.advance(LONG)


def records(*deeds: Callable[[Scene, SimulatedCall], object], played: int = 0, **body: Any) -> Play:
    """A bot records, and what happens meanwhile, each a second after the other."""

    def play(scene: Scene) -> None:
        call = scene.about(scene.bot.ring(scene.person("Ana")))
        scene.begin()
        if played:
            scene.bot.play(call, played)
        scene.bot.record(call, **{"maxRecordDurationInSeconds": 60, **body})
        for deed in deeds:
            scene.simulator.advance(1)
            deed(scene, call)
        scene.simulator.advance(LONG)

    return play


def records_silence(scene: Scene) -> None:
    scene.person("Ana").stays_silent()
    records()(scene)


def records_after_a_bad_prompt(scene: Scene) -> None:
    serves(scene, "gave no answer")
    records(**scene.bot.prompts(1))(scene)


def presses_keys(scene: Scene) -> None:
    call = scene.about(scene.bot.ring(scene.person("Ana")))
    scene.bot.post(f"/{call.id}/subscribeToTone", {})
    scene.begin()
    scene.person("Ana").presses("1#")
    scene.simulator.advance(LONG)


def waits(scene: Scene) -> None:
    call = scene.about(scene.bot.join())
    scene.begin()
    scene.person().waits(call)
    scene.person("Ana").admits(call, "Cleo")
    scene.simulator.advance(LONG)


def waits_in_the_lobby(*, after: float, begins: bool = False, deed: str = "") -> Play:
    """The bot joins a meeting, and after some time a person in it decides on the bot."""

    def play(scene: Scene) -> None:
        scene.begin()
        call = scene.created(**scene.simulator.meeting(["Ana", "Ben"], lobby=True).coordinates)
        scene.simulator.advance(after)
        if begins:
            scene.begin()
        if deed:
            getattr(scene.person("Ana"), deed)(call)
        scene.simulator.advance(LONG)

    return play


OWN_MEDIA = {"@odata.type": "#microsoft.graph.appHostedMediaConfig", "blob": "0"}
SCREEN = ["audio", "videoBasedScreenSharing"]


def content_options(way: str) -> dict[str, Any]:
    """The options of a call whose bot asks for notifications of what is shared."""
    return {"@odata.type": f"#microsoft.graph.{way}CallOptions", "isContentSharingNotificationEnabled": True}


def shares_its_screen(scene: Scene) -> None:
    call = scene.created(mediaConfig=OWN_MEDIA, requestedModalities=SCREEN, **scene.meeting().coordinates)
    scene.simulator.advance(LONG)
    scene.begin()
    assert scene.bot.post(f"/{call.id}/changeScreenSharingRole", {"role": "sharer"}).status == 202
    scene.simulator.advance(LONG)


def shares(deed: str) -> Play:
    """A person shares something in a meeting, and stops."""

    def play(scene: Scene) -> None:
        call = scene.created(callOptions=content_options("outgoing"), **scene.meeting().coordinates)
        scene.simulator.advance(LONG)
        scene.begin()
        getattr(scene.person("Ana"), deed)(call).stops_sharing(call)

    return play


def keeps(what: str, *, stops: bool = False) -> Play:
    """The bot starts, or stops, the recording or the transcription of a meeting."""

    def play(scene: Scene) -> None:
        call = scene.about(scene.bot.join())
        if stops:
            scene.bot.post(f"/{call.id}/start{what}", {})
            scene.simulator.advance(LONG)
        scene.begin()
        scene.bot.post(f"/{call.id}/{'stop' if stops else 'start'}{what}", {})
        scene.simulator.advance(LONG)

    return play


def caller_shares(scene: Scene) -> None:
    call = scene.about(scene.simulator.incoming_call("Ana"))
    assert scene.bot.answer(call, callOptions=content_options("incoming")).status == 202
    scene.simulator.advance(LONG)
    scene.begin()
    scene.person("Ana").shares_screen(call).stops_sharing(call)


def adds_the_gallery(scene: Scene) -> None:
    call = scene.about(scene.bot.join())
    scene.begin()
    assert scene.bot.post(f"/{call.id}/addLargeGalleryView", {}).status == 202
    scene.simulator.advance(LONG)


def adds_a_gallery_in_vain(scene: Scene) -> None:
    call = scene.about(scene.bot.ring(scene.person("Ana")))
    scene.begin()
    assert scene.bot.post(f"/{call.id}/addLargeGalleryView", {}).status == 202
    scene.simulator.advance(1)
    scene.person("Ana").leaves(call)


def reports(scene: Scene) -> None:
    call = scene.about(scene.bot.join())
    scene.begin()
    scene.bot.report(call, "Ana")
    scene.simulator.advance(LONG)


def acts_in_a_meeting(action: Callable[[Scene, SimulatedCall], object], *before: str) -> Play:
    """A bot in a meeting with Ana and Ben, of whom the bot has done ``before`` to Ana."""

    def play(scene: Scene) -> None:
        call = scene.about(scene.bot.join(scene.meeting()))
        for path in before:
            does_to_ana(path)(scene, call)
        scene.simulator.advance(LONG)
        scene.begin()
        action(scene, call)
        scene.simulator.advance(LONG)

    return play


def does_to_ana(path: str) -> Callable[[Scene, SimulatedCall], None]:
    def act(scene: Scene, call: SimulatedCall) -> None:
        ana = next(one for one in call.participants if one.identity.name == "Ana")
        assert scene.bot.post(f"/{call.id}/participants/{ana.id}/{path}", {}).status == 202

    return act


def mutes_all(scene: Scene, call: SimulatedCall) -> None:
    people = [one.id for one in call.participants if not one.leg]
    scene.bot.post(f"/{call.id}/participants/muteAll", {"participants": people})


def sets_levels(scene: Scene, call: SimulatedCall) -> None:
    scene.bot.post(f"/{call.id}/participants/configureMixer", {"participantMixerLevels": []})


def routes_audio(scene: Scene, call: SimulatedCall) -> None:
    groups = f"/{call.id}/audioRoutingGroups"
    ana, ben, _ = (one.id for one in call.participants)
    body = {"id": "x", "routingMode": "oneToOne", "sources": [ana], "receivers": [ben]}
    assert scene.bot.post(groups, body).status == 200
    assert scene.bot.send("PATCH", f"/communications/calls{groups}/x", {"receivers": []}).status == 200
    assert scene.bot.delete(f"{groups}/x").status == 204


def is_held(scene: Scene) -> None:
    scene.about(scene.bot.ring(scene.person("Ana")))
    scene.begin()
    scene.person("Ana").holds()
    scene.simulator.advance(LONG)


NO_WAV = Response(200, Headers(), b"ID3")
PLAYS: dict[str, Play] = {
    "call-answered": calls_a_person,
    "call-declined": called("declines"),
    "call-busy": called("is_busy"),
    "call-unanswered": called("never_answers"),
    "call-unreachable": called("is_unreachable"),
    "phone-call-declined": called("declines", PHONE),
    "phone-call-busy": called("is_busy", PHONE),
    "phone-call-unanswered": called("never_answers", PHONE),
    "phone-call-unreachable": called("is_unreachable", PHONE),
    "group-call": calls_several,
    "meeting-joined": joins(),
    "meeting-joined-with-delta-rosters": joins_with_delta_rosters,
    "meeting-not-let-in": joins(lets_in=False),
    "incoming-answered": is_answered(group=False),
    "incoming-group-answered": is_answered(group=True),
    "incoming-rejected": is_rejected,
    "incoming-redirected": is_redirected,
    "redirected-to-phone": is_redirected_to_a_phone,
    "transfer-accepted": transfers(),
    "transfer-failed": transfers("declines"),
    "transfer-consultative-accepted": transfers(consultative=True),
    "transfer-consultative-failed": transfers("declines", consultative=True),
    "transfer-to-phone-accepted": transfers("", PHONE),
    "transfer-to-phone-failed": transfers("never_answers", PHONE),
    "transfer-from-group-accepted": transfers_out_of_a_group_call,
    "incoming-missed": is_missed,
    "incoming-given-up": caller_gives_up,
    "invite-completed": invites(),
    "peer-to-peer-call-grows": grows,
    "invite-declined": invites("declines"),
    "invite-busy": invites("is_busy"),
    "invite-unanswered": invites("never_answers"),
    "invite-unreachable": invites("is_unreachable"),
    "phone-invite-completed": invites("", PHONE),
    "phone-invite-declined": invites("declines", PHONE),
    "phone-invite-busy": invites("is_busy", PHONE),
    "phone-invite-unanswered": invites("never_answers", PHONE),
    "phone-invite-unreachable": invites("is_unreachable", PHONE),
    "invite-cancelled": cancels,
    "call-replaced": replaces,
    "participant-moved": moves,
    "participant-joins": person_joins,
    "participant-removed": removes,
    "bot-removed": is_removed,
    "bot-removed-by-person": is_thrown_out,
    "bot-removes-itself": removes_itself,
    "hang-up": hangs_up,
    "peer-leaves": peer_hangs_up,
    "last-one-left": all_people_leave,
    "keepalive-missed": is_not_kept_alive,
    "prompt-played": plays(1),
    "prompts-queued": plays(2),
    "prompt-running-at-the-end": hangs_up_on_a_prompt,
    "participant-muted": mutes,
    "prompts-cancelled": cancels_prompts,
    "bot-mutes-itself": mutes_itself,
    "bot-unmutes-itself": unmutes_itself,
    "tones-sent": sends_tones,
    "tones-cancelled": cancels_tones,
    "prompt-not-downloadable": plays_a_file("gave no answer"),
    "prompt-of-wrong-format": plays_a_file(NO_WAV),
    "prompt-unheard": plays_a_file(NO_WAV, unplayable="completed"),
    "recording-ended-by-duration": records(),
    "recording-ended-by-stop-tone": records(lambda scene, _: scene.person("Ana").presses("#"), stopTones=["#"]),
    "recording-ended-by-pause": records(lambda scene, _: scene.person("Ana").speaks(2)),
    "recording-without-a-word": records_silence,
    "recording-with-bad-prompt": records_after_a_bad_prompt,
    "recording-cancelled": records(lambda scene, call: scene.bot.post(f"/{call.id}/cancelMediaProcessing", {})),
    "recording-barges-in": records(played=5, bargeInAllowed=True),
    "recording-running-at-the-end": records(lambda scene, _: scene.person("Ana").hangs_up()),
    "participant-waits": waits,
    "bot-waits-and-is-admitted": waits_in_the_lobby(after=60, deed="admits"),
    "bot-waits-too-long": waits_in_the_lobby(after=3600),
    "bot-is-turned-away": waits_in_the_lobby(after=60, begins=True, deed="turns_away"),
    "call-recording-started": keeps("Recording"),
    "call-recording-stopped": keeps("Recording", stops=True),
    "transcription-started": keeps("Transcription"),
    "transcription-stopped": keeps("Transcription", stops=True),
    "synthetic-media-reported": reports,
    "tones-pressed": presses_keys,
    "screen-sharing-role-changed": shares_its_screen,
    "person-shares-screen": shares("shares_screen"),
    "person-shares-powerpoint": shares("shares_powerpoint"),
    "caller-shares-screen": caller_shares,
    "large-gallery-added": adds_the_gallery,
    "large-gallery-failed": adds_a_gallery_in_vain,
    "person-mutes-themselves": acts_in_a_meeting(lambda scene, _: scene.person("Ana").mutes()),
    "bot-muted-by-person": acts_in_a_meeting(lambda scene, call: scene.person("Ana").mutes_bot(call)),
    "all-muted": acts_in_a_meeting(mutes_all),
    "hold-music-started": acts_in_a_meeting(does_to_ana("startHoldMusic")),
    "hold-music-stopped": acts_in_a_meeting(does_to_ana("stopHoldMusic"), "startHoldMusic"),
    "person-holds": is_held,
    "mixer-configured": acts_in_a_meeting(sets_levels),
    "audio-routing-group-changed": acts_in_a_meeting(routes_audio),
}
"""By id of the sequence."""
