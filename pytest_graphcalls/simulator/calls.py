"""Calls: find, read, keep alive, hang up; and how they end without a request."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from pytest_graphcalls.errors import NotAllowedNowError
from pytest_graphcalls.lifecycle import CallEvent, CallState, ParticipantEvent, ParticipantState
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.admission import Ask, require_role_for
from pytest_graphcalls.simulator.entities import AUDIO_ALONE, Call, Conference, Kind
from pytest_graphcalls.simulator.requests import type_of
from pytest_graphcalls.simulator.responses import Fact, Refusal, Reply, Result, documented, inferred, reported
from pytest_graphcalls.simulator.world import World

KEEPALIVE_SECONDS = 45 * 60.0
"""How long a call lives without keepAlive, in virtual seconds (call-keepalive.r02)."""

ENDED_BY_BOT = Result(200, 7000, "Call ended by bot.", documented("call-delete.r03"))
PEER_LEFT = Result(200, 5002, "The conversation has ended.", reported("observed 6.16"), diagnosed=0)
_ALONE = "This conversation has ended as only one participant was remaining in the conversation.."
LEFT_ALONE = Result(200, 5010, _ALONE, reported("observed 6.17"), diagnosed=0)
REMOVED = Result(200, 5300, "Removed by another participant.", reported("observed 6.20"), documented("observed 5b"))
THROWN_OUT = Result(200, 5000, "Removed from the conversation.", reported("observed 6.20"), documented("observed 5b"))
TURNED_AWAY = Result(200, 5000, "Removed from the conversation.", inferred("observed 5b"))
"""How the call of a bot ends that a person has turned away in the lobby; which pair it is is not public."""
REMOVED_ITSELF = Result(200, 5000, "Removed from the conversation.", inferred("observed 2b"))
LOBBY_LEFT = Result(200, 5855, "Removed from the lobby.", documented("m3.41"))
LAPSED = Result(408, 8537, "The call was not kept alive.", documented("call-keepalive.r05"))
CALLER_LEFT = Result(487, 0, "The caller cancelled.", inferred("observed 5.49"))
JOIN_FAILED = Result(500, 7117, "Server Internal Error.", reported("observed 6.12, 10.6"))

COMING_ABOUT: Mapping[str, Fact] = {
    "outgoing": documented("application-post-calls.r04"),
    "incoming": documented("call-answer.r06"),
}
"""How well it is known that the states of a new call are notified, by its direction."""
FIRST_ROSTER: Mapping[bool, Fact] = {True: documented("application-post-calls.r06"), False: reported("observed 6.17")}
"""How well the first roster is known: in a meeting that the bot has joined, and in any other group call."""
GROWN = reported("s19.6")
PARTICIPANT_LEFT = reported("observed 5.14")
LOBBY: Mapping[bool, Fact] = {True: documented("application-post-calls.r11"), False: inferred("s20.3")}
"""How well the roster is known once a bot, or else a person, waits in the lobby or was admitted."""

REFUSED_IN: Mapping[CallState, str] = {
    CallState.INCOMING: "not-established",
    CallState.ESTABLISHING: "not-established",
    CallState.REDIRECTING: "call-not-found",
    CallState.ESTABLISHED: "already-established",
    CallState.TRANSFERRING: "not-established",
    CallState.TRANSFER_ACCEPTED: "not-established",
    CallState.TERMINATING: "call-not-found",
    CallState.TERMINATED: "call-not-found",
}
"""The error of a step that the lifecycle does not have, by the state the call is in (observed 2b)."""


REQUESTED = frozenset({"answer", "reject", "redirect", "transfer", "hang up"})
"""The events of calls that a bot brings about by a request."""


class Calls:
    """Steps that every call takes, however it began. Each is a method that can be replaced.

    Args:
        world: the tenant.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.keepalive_seconds = KEEPALIVE_SECONDS
        self.before_end: Callable[[Call], None] = lambda _: None
        """Is handed each call that is about to end."""
        self.after_change: list[Callable[[Conference], None]] = []
        """Each is handed every conference in which a participant has left or changed."""
        self.after_growth: Callable[[Conference], None] = lambda _: None
        """Is handed each peer-to-peer call that has turned into a group call."""
        self.media_given: Callable[[Ask, Call], None] = lambda *_: None
        """Is handed each call for which a request has given the media."""
        self.decided: Callable[[Call], None] = lambda _: None
        """Is handed each incoming call that a bot has answered, and each call that is over."""

    def live(self, ask: Ask) -> Call:
        """The call in the path, if it is the app's and not over (observed 2.13)."""
        id, app = ask.match.keys["call-id"], ask.grant.app.app_id
        call = self._world.store.calls.get(id)
        if call is None or call.app_id != app:
            own = [one.id for one in self._world.store.calls.values() if one.app_id == app]
            close = get_close_matches(id[:80].lower(), own[-20:], n=1, cutoff=0.8)
            meant = f" Did you mean {close[0]!r}?" if close else ""
            raise Refusal("call-not-found", f"App {app} has no call {id[:80]!r}.{meant}")
        if call.state is CallState.TERMINATED:
            raise Refusal("call-not-found", _end_of(call))
        return call

    def joined(self, ask: Ask) -> Call:
        """The call in the path, if the bot is in it: one that rings is answered or rejected first (observed 2.31)."""
        call = self.live(ask)
        if call.state is CallState.INCOMING:
            raise Refusal("not-established", "An incoming call is answered or rejected first.")
        return call

    def established(self, ask: Ask) -> Call:
        """The call in the path, if it is established, as every action inside a call asks for (observed 2.31)."""
        call = self.live(ask)
        if call.state is not CallState.ESTABLISHED:
            hint = " It takes a moment: simulator.advance(1)." if call.state is CallState.ESTABLISHING else ""
            raise Refusal("not-established", f"The call is {call.state}.{hint}")
        return call

    def asked(self, ask: Ask) -> tuple[Call, Mapping[str, Any]]:
        """The established call in the path, and the body of the request."""
        return self.established(ask), self._world.admission.body(ask)

    def step(self, call: Call, event: CallEvent, **facts: Any) -> Call:
        """Let a request's ``event`` happen; what the lifecycle does not have is refused."""
        try:
            return self._world.store.step_call(call, event, **facts)
        except NotAllowedNowError as error:
            allowed = tuple(one for one in error.allowed if one in REQUESTED)
            raise Refusal(REFUSED_IN[call.state], str(replace(error, allowed=allowed))) from None

    def leg(self, app_id: str, conference: Conference, state: CallState, direction: str, **facts: Any) -> Call:
        """A new leg of an app in ``conference``."""
        world = self._world
        app = world.authority.app_of(app_id)
        facts = {"callback": app.callback_uri, "source": world.authority.bot(app), **facts}
        call = Call(
            id=world.ids.new("call"),
            app_id=app_id,
            conference=conference.id,
            state=state,
            direction=direction,
            my_participant=world.ids.new("participant"),
            chain=world.ids.new("chain"),
            alive_until=world.clock.now + self.keepalive_seconds,
            **facts,
        )
        world.store.add_leg(conference, world.store.put_call(call))
        return call

    def enter(self, call: Call) -> None:
        """Put the bot into the roster under its own id (observed 5.13), and watch the deadline of its leg."""
        world = self._world
        bot = call.source if call.direction == "outgoing" else None
        bot = bot or world.authority.bot(world.authority.app_of(call.app_id))
        conference, streams = world.store.conference_of(call), streams_of(call.asked)
        waits = conference.lobby and call.direction == "outgoing"
        world.store.add_participant(conference, call.my_participant, bot, leg=call.id, streams=streams, in_lobby=waits)
        call_id = call.id  # of a call that ends before, nothing more is kept until then
        world.clock.after(self.keepalive_seconds, lambda: self.lapse(call_id))

    def establish(self, call_id: str) -> None:
        """The call is through, unless it has ended in between."""
        if call := self._world.store.call_in(call_id, CallState.ESTABLISHING):
            call = self._world.store.step_call(call, CallEvent.ESTABLISH)
            self._world.notifier.call_changed(call, COMING_ABOUT[call.direction])
            conference = self._world.store.conference_of(call)
            joined = call.direction == "outgoing" and conference.meeting is not None
            waits = not conference.is_inside(call.my_participant)
            self._world.notifier.roster_changed(conference, LOBBY[True] if waits else FIRST_ROSTER[joined])
            if waits:
                self._world.clock.after(self._world.pace.lobby, lambda: self.give_up_waiting(call_id))
            else:
                self._world.clock.after(self._world.pace.audio, lambda: self.open_audio(call_id))

    def give_up_waiting(self, call_id: str) -> None:
        """Remove a bot from the lobby that was not admitted (m3.41)."""
        call = self._world.store.call_in(call_id, CallState.ESTABLISHED)
        if call and not self._world.store.conference_of(call).is_inside(call.my_participant):
            self.end(call, CallEvent.END, LOBBY_LEFT)

    def open_audio(self, call_id: str) -> None:
        """Let the audio be active, and notify the bot of what is known, unless the call has ended (s0.17)."""
        if call := self._world.store.call_in(call_id, CallState.ESTABLISHED):
            self._world.notifier.call_known(call)

    def give_up_joining(self, call_id: str) -> None:
        """A join that got nowhere ends, unless it has ended before (observed 10.6)."""
        if call := self._world.store.call_in(call_id, CallState.ESTABLISHING):
            self.end(call, CallEvent.FAIL, JOIN_FAILED)

    def get(self, ask: Ask) -> Reply:
        """Show a call."""
        call = self.live(ask)
        body = self.shown(ask, call)
        if "participants" in map(str.lower, ask.query("$expand")):
            conference = self._world.store.conference_of(call)
            seen = conference.seen_by(call.my_participant) if conference.kind is Kind.GROUP else ()
            body["participants"] = resources.roster(resources.in_version(one, ask.match.version) for one in seen)
        return Reply(200, documented("call-get.r01"), body)

    def shown(self, ask: Ask, call: Call) -> dict[str, Any]:
        """The call as create and get show it."""
        context = {"@odata.context": f"{ask.root}/$metadata#communications/calls/$entity"}
        return context | resources.call(call, self._world.store.conference_of(call), self._world.tenant_id)

    def keep_alive(self, ask: Ask) -> Reply:
        """Put off the end of an unattended call by another 45 minutes."""
        self.stay_alive(self.joined(ask))
        return Reply(200, documented("call-keepalive.r01"))

    def stay_alive(self, call: Call) -> None:
        """Move the deadline; the first one counts from the start of the call (call-keepalive.r02)."""
        until = self._world.clock.now + self.keepalive_seconds
        self._world.store.change_call(call, alive_until=until)

    def lapse(self, call_id: str) -> None:
        """End the call if its deadline has passed; look again later if it was put off."""
        call = self._world.store.call_in(call_id)
        if call is None:
            return
        left = call.alive_until - self._world.clock.now
        if left > 0:
            self._world.clock.after(left, lambda: self.lapse(call_id))
        else:
            self.end(call, CallEvent.LAPSE, LAPSED)

    def hang_up(self, ask: Ask) -> Reply:
        """End the app's own leg; a group call goes on without it (call-delete.r02).

        ``terminating`` is documented and absent from captures (observed 6.13); the documentation is kept to,
        because a bot that knows the state must cope with it.
        """
        call = self.step(self.live(ask), CallEvent.HANG_UP)
        self._world.notifier.call_changed(call, documented("call-delete.r03"))
        self.end(call, CallEvent.FINISH, ENDED_BY_BOT)
        return Reply(204, documented("call-delete.r01"))

    def end(self, call: Call, event: CallEvent, result: Result) -> None:
        """The call is over: say so, and take the bot off the roster of the others."""
        self.before_end(call)
        call = self._world.store.step_call(call, event, result=result)
        self._world.notifier.call_ended(call)
        self.forget(call)

    def forget(self, call: Call) -> None:
        """Withdraw what the call had asked for, and leave the conference."""
        before = self._world.store.conference_of(call)
        after = self.withdraw_invitations(call, self._world.store.drop_leg(call))
        if call.my_participant in before.people:
            self._world.notifier.roster_changed(after, PARTICIPANT_LEFT)
            self.note_change(after)
        self.decided(self._world.store.calls[call.id])

    def note_change(self, conference: Conference) -> None:
        """Let the other parts look at a conference in which a participant has left or changed."""
        for look in self.after_change:
            look(conference)

    def withdraw_invitations(self, call: Call, conference: Conference) -> Conference:
        """Stop ringing those whom a call that is over had invited."""
        for one in tuple(conference.people.values()):
            if one.state is ParticipantState.INVITED and one.invited_by == call.id:
                conference = self._world.store.step_participant(conference, one.id, ParticipantEvent.WITHDRAW)
        return conference

    def schedule_leaving(self, conference: Conference, id: str) -> None:
        """Let a participant who has just come in leave in time, if that is in their script."""
        stays = self._world.people.scripted(conference.people[id].identity).stays
        if stays is not None:
            self._world.clock.after(stays, lambda: self.leave_if_active(conference.id, id))

    def leave_if_active(self, conference_id: str, id: str) -> None:
        """Let a participant leave who is still there."""
        conference = self._world.store.conferences.get(conference_id)
        one = conference.people.get(id) if conference else None
        if conference is not None and one is not None and one.state is ParticipantState.ACTIVE:
            self.participant_left(self._world.store.step_participant(conference, id, ParticipantEvent.LEAVE))

    def new_meeting(self, keys: Iterable[tuple[str, ...]], **facts: Any) -> Conference:
        """A new meeting that ``keys`` lead to; ``facts`` are members of its conference."""
        conference = Conference(self._world.ids.new("conference"), Kind.GROUP, **facts)
        return self._world.store.put_meeting(conference, keys)

    def new_chat(self) -> dict[str, Any]:
        """The ``chatInfo`` of a meeting that gets a chat of its own."""
        thread = f"19:meeting_{self._world.ids.new('meeting')}@thread.v2"
        return resources.shown_again("chatInfo", {"threadId": thread, "messageId": "0"})

    def grow(self, conference: Conference) -> Conference:
        """Let a peer-to-peer call turn into a group call, with a chat and an address to join it by (s19.6)."""
        info = resources.token_info(self._world.store.calls[conference.legs[0]])
        conference = replace(conference, kind=Kind.GROUP, grown=True, chat=self.new_chat(), meeting=info)
        return self._world.store.put_conference(conference)

    def notify_grown(self, conference: Conference) -> None:
        """Notify every bot of what is known of a call that has grown; the roster follows (s19.6)."""
        for leg in conference.legs:
            self._world.notifier.call_known(self._world.store.calls[leg], GROWN)
        self.after_growth(conference)

    def participant_left(self, conference: Conference, fact: Fact = PARTICIPANT_LEFT) -> None:
        """Notify the others that a participant has left, with this evidence; a call of bots only ends after a while."""
        if conference.kind is Kind.PEER:
            self.end_peer_legs(conference)
            return
        self._world.notifier.roster_changed(conference, fact)
        self.note_change(conference)
        if not conference.has_people:
            legs = frozenset(conference.legs)
            self._world.clock.after(self._world.pace.alone, lambda: self.end_if_alone(conference.id, legs))

    def change_participants(self, conference: Conference, ids: Iterable[str], fact: Fact, **facts: Any) -> Conference:
        """Change members of participants; every bot is notified of the roster, with this evidence, if any differs."""
        changed = [
            one for one in map(conference.people.get, ids) if one and facts != {n: getattr(one, n) for n in facts}
        ]
        for one in changed:
            conference = self._world.store.change_participant(conference, one.id, **facts)
        if changed:
            self.note_change(conference)
            self._world.notifier.roster_changed(conference, fact)
        return conference

    def end_peer_legs(self, conference: Conference) -> None:
        """End a peer-to-peer call whose other side has left (observed 6.16); if it rang, it is cancelled."""
        for leg in conference.legs:
            call = self._world.store.calls[leg]
            self.end(call, CallEvent.END, CALLER_LEFT if call.state is CallState.INCOMING else PEER_LEFT)

    def end_if_alone(self, conference_id: str, legs: Collection[str]) -> None:
        """End the legs of a group call in which only bots are left (reported: observed 2.15, 6.17).

        Args:
            conference_id: the group call.
            legs: those that were left alone; one that has joined since then still waits for people.
        """
        conference = self._world.store.conferences.get(conference_id)
        if conference is not None and not conference.has_people:
            for leg in conference.legs:
                if leg in legs:
                    self.end(self._world.store.calls[leg], CallEvent.END, LEFT_ALONE)


def _end_of(call: Call) -> str:
    """How a call ended, for the message of a refusal."""
    if call.redirected_to:
        return f"It was redirected to {', '.join(call.redirected_to)}."
    if call.rejected_with is not None:
        return f"It was rejected ({call.rejected_with})."
    if call.result is not None:
        return f"It ended with {call.result.code}/{call.result.subcode}. {call.result.message}".rstrip()
    return "It was not answered while it rang."


def require_media_role(ask: Ask, asked: Mapping[str, Any]) -> None:
    """Refuse app-hosted media without the role for it."""
    if is_app_hosted(asked):
        require_role_for(ask, "app-hosted-media")


def is_app_hosted(asked: Mapping[str, Any]) -> bool:
    """Whether what was asked for has the bot host its media itself."""
    return type_of(asked.get("mediaConfig") or {}) == "appHostedMediaConfig"


_AS_A_VIEWER = {
    "audio": "sendReceive",
    "video": "sendReceive",
    "videoBasedScreenSharing": "receiveOnly",
    "data": "sendReceive",
}
"""By medium: the direction of the stream of a bot that hosts its media itself and shares nothing (s12.2, s19.2)."""


def streams_of(asked: Mapping[str, Any]) -> Mapping[str, str]:
    """The streams of a bot, by what was asked for; one with service-hosted media has audio alone (s19.2)."""
    wanted = asked.get("requestedModalities", ())
    return {one: way for one, way in _AS_A_VIEWER.items() if one in wanted} if is_app_hosted(asked) else AUDIO_ALONE


def require_instance(ask: Ask, fact: Fact | None = None) -> None:
    """Refuse an app without an application instance that has a phone number (observed 2.10)."""
    if not ask.grant.app.phone_number:
        aside = f"App {ask.grant.app.app_id} has no instance with a phone number."
        raise Refusal("source-identity-invalid", aside, fact=fact)
