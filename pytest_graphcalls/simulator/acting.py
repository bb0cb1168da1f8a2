"""Actions of people in calls, without a request: join, leave, mute, hold, share, decide who enters from the lobby."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_graphcalls.errors import NotAllowedNowError, UnknownNameError
from pytest_graphcalls.lifecycle import CallEvent, CallState, ParticipantEvent, ParticipantState
from pytest_graphcalls.simulator.calls import FIRST_ROSTER, LOBBY, THROWN_OUT, TURNED_AWAY, Calls
from pytest_graphcalls.simulator.entities import Call, Conference, Identity, Kind, Participant
from pytest_graphcalls.simulator.hearing import Hearing
from pytest_graphcalls.simulator.outbox import Retention
from pytest_graphcalls.simulator.responses import Fact, inferred, reported
from pytest_graphcalls.simulator.sharing import SCREEN_SHARED, Sharing
from pytest_graphcalls.simulator.world import World

MUTED = reported("s6.5")
"""How well the roster is known that follows when people mute or unmute themselves."""
BOT_MUTED = inferred("participant-mute.r02, s6.4")
HELD = reported("s7.5")


@dataclass(frozen=True, slots=True)
class PersonCall:
    """The call of a person, seen from their side.

    Attributes:
        state: ``established``, or ``ringing``: at them, or at those they wait for.
        others: names of the others, bots among them.
        since: virtual second from which on it is so.
        calls: ids of the bots' own calls in it.
        handed_on_from: id of the call that was transferred or redirected, and has led to it; or ``""``.
    """

    state: str
    others: tuple[str, ...]
    since: float
    calls: tuple[str, ...] = ()
    handed_on_from: str = ""


class Acting:
    """Lets people act in the calls they are in. Each step is a method that can be replaced.

    The methods of :class:`.Person` call those here, and hold the lock meanwhile.

    No request admits or refuses those who wait in a lobby: three actions of the beta metadata have no page, and bots
    could not admit people (s20.1, s20.2).

    Args:
        world: the tenant.
        calls: what holds for every call.
        retention: knows how many calls are kept.
        hearing: knows what people press, say and hear.
        sharing: knows what they share.
    """

    def __init__(self, world: World, calls: Calls, retention: Retention, hearing: Hearing, sharing: Sharing) -> None:
        self._world = world
        self._calls = calls
        self._retention = retention
        self.hearing = hearing
        self._sharing = sharing
        self.store = world.store
        self.lock = world.lock
        self.people = world.people

    def join(self, identity: Identity, call_id: str, *, waits: bool = False) -> None:
        """Let a person join the conference behind a call, or its lobby."""
        call = self.known(call_id)
        conference = self.store.conference_of(call)
        if conference.kind is Kind.PEER or call.state is CallState.TERMINATED or conference.holds(identity):
            rest = () if call.state is CallState.TERMINATED else ("leaves",)
            what, method = f"the {conference.kind} call {call_id}", "waits" if waits else "joins"
            raise NotAllowedNowError(what, method, _described(call, conference, identity), rest)
        waits = waits or conference.lobby
        fact = LOBBY[False] if waits else FIRST_ROSTER[False]
        self._world.notifier.roster_changed(self.enter(conference.id, identity, in_lobby=waits), fact)

    def leave(self, identity: Identity, call_id: str) -> None:
        """Let a person leave the conference behind a call."""
        conference = self.store.conference_of(self.known(call_id))
        one = conference.find(identity)
        if one is None:
            raise self._absent(identity, "leaves", f"not in call {call_id}")
        self._leave(conference, one)

    def share(self, identity: Identity, call_id: str, what: str) -> None:
        """Let a person share a ``screen`` or a ``powerpoint`` in the call, or, with ``what`` empty, stop."""
        conference = self.store.conference_of(self.known(call_id))
        one, method = conference.find(identity), f"shares_{what}" if what else "stops_sharing"
        if one is None or one.in_lobby:
            raise self._absent(identity, method, f"not in call {call_id}")
        if not what and one.id not in conference.sessions:
            where, rest = f"sharing nothing in call {call_id}", ("shares_screen", "shares_powerpoint")
            raise NotAllowedNowError(identity.called, method, where, rest)
        self._sharing.change(conference, one.id, what, SCREEN_SHARED)

    def _absent(self, identity: Identity, method: str, where: str) -> NotAllowedNowError:
        meant = self.people.meant(identity.name)
        return NotAllowedNowError(identity.called, method, where, ("joins",), meant)

    def hang_up(self, identity: Identity, after: float) -> None:
        """Let a person leave every conference they are in, now or later."""
        if not after and not any(one.find(identity) for one in self.store.conferences_of(identity)):
            raise self._absent(identity, "hangs_up", "in no call")
        if after:
            self._world.clock.after(after, lambda: self._leave_all(identity))
        else:
            self._leave_all(identity)

    def _leave_all(self, identity: Identity) -> None:
        for conference in self.store.conferences_of(identity):
            if one := conference.find(identity):
                self._leave(conference, one)

    def _leave(
        self, conference: Conference, one: Participant, event: ParticipantEvent = ParticipantEvent.LEAVE
    ) -> None:
        self._calls.participant_left(self.store.step_participant(conference, one.id, event))

    def remove_bot(self, identity: Identity, call_id: str) -> None:
        """Let a person remove the bot from the conference behind a call (observed 6.20)."""
        self._calls.end(self._with_bot(identity, call_id, "removes"), CallEvent.END, THROWN_OUT)

    def mute_bot(self, identity: Identity, call_id: str) -> None:
        """Let a person mute the bot of a call on the server; the roster does not say who did it (s6.4)."""
        call = self._with_bot(identity, call_id, "mutes_bot")
        conference = self.store.conference_of(call)
        self._calls.change_participants(conference, [call.my_participant], BOT_MUTED, muted=True)

    def _with_bot(self, identity: Identity, call_id: str, method: str) -> Call:
        """The group call in which a person does something to its bot."""
        call = self.known(call_id)
        conference = self._hosted(identity, call, method)
        if call.my_participant not in conference.people:
            raise NotAllowedNowError("the bot", method, f"not in call {call_id}", ("leaves",))
        return call

    def _hosted(self, identity: Identity, call: Call, method: str) -> Conference:
        """The group call or meeting behind a call, in which a person does something."""
        conference = self.store.conference_of(call)
        if conference.kind is Kind.PEER:
            raise NotAllowedNowError(f"call {call.id}", method, "a place for two", ("leaves",))
        if not conference.has_admitted(identity):
            raise self._absent(identity, method, f"not in call {call.id}")
        return conference

    def keep_lobby(self, identity: Identity, call_id: str) -> None:
        """Let those who join the meeting behind a call from now on wait in its lobby."""
        conference = self._hosted(identity, self.known(call_id), "keeps_lobby")
        self.store.put_conference(replace(conference, lobby=True))

    def admit(self, identity: Identity, call_id: str, guest: Identity | None) -> None:
        """Admit a person, or with ``None`` the bot of the call, and notify every bot."""
        conference, one = self._waiting(identity, call_id, guest, "admits")
        conference = self.store.change_participant(conference, one.id, in_lobby=False)
        self._world.notifier.roster_changed(conference, LOBBY[bool(one.leg)])
        if one.leg:
            self._world.clock.after(self._world.pace.audio, lambda: self._calls.open_audio(one.leg))

    def turn_away(self, identity: Identity, call_id: str, guest: Identity | None) -> None:
        """Refuse a person, or with ``None`` the bot of the call, whose call ends."""
        conference, one = self._waiting(identity, call_id, guest, "turns_away")
        if one.leg:
            self._calls.end(self.store.calls[one.leg], CallEvent.END, TURNED_AWAY)
        else:
            self._leave(conference, one, ParticipantEvent.REMOVE)

    def _waiting(
        self, identity: Identity, call_id: str, guest: Identity | None, method: str
    ) -> tuple[Conference, Participant]:
        """The meeting behind a call, and the one in its lobby on whom a person decides."""
        call = self.known(call_id)
        conference = self._hosted(identity, call, method)
        one = conference.people.get(call.my_participant) if guest is None else conference.find(guest)
        if one is None or not one.in_lobby:
            name = "the bot" if guest is None else guest.called
            raise NotAllowedNowError(name, method, f"not in the lobby of call {call_id}", ("waits",))
        return conference, one

    def change(self, identity: Identity, /, method: str, fact: Fact, **facts: bool) -> None:
        """Let a person change how they are in every call they are in; ``facts`` are members of a participant."""
        there = [(place, one) for place in self.store.conferences_of(identity) if (one := place.find(identity))]
        if not there:
            raise self._absent(identity, method, "in no call")
        for place, one in there:
            after = self._calls.change_participants(place, [one.id], fact, **facts)
            if after is not place and place.kind is Kind.PEER and "holds" in facts:
                for leg in place.legs:  # s7.5, although such a call has no roster else
                    self._world.notifier.send_roster(self.store.calls[leg], after, fact)

    def let_join(self, identity: Identity, call_id: str) -> None:
        """Ask the bot of a recording call whether it takes one more person (m3.21)."""
        call = self.known(call_id)
        if not call.by_policy or call.state is not CallState.ESTABLISHED:
            state = f"{call.state}" if call.by_policy else "none that a recording policy keeps"
            rest = "simulator.advance" if call.by_policy else "simulator.incoming_call(recording_policy=True)"
            raise NotAllowedNowError(f"call {call_id}", "asks_to_join", state, (rest,))
        self._world.notifier.participant_joining(call, identity)

    def call_of(self, identity: Identity) -> PersonCall | None:
        """The call of a person; one that is established rather than one that rings, and the latest of several."""
        with self._world.lock:
            seen = (self._seen_by(identity, conference) for conference in self.store.conferences.values())
            return max(filter(None, seen), key=lambda one: (one.state == "established", one.since), default=None)

    def _seen_by(self, identity: Identity, conference: Conference) -> PersonCall | None:
        me = next((one for one in conference.people.values() if one.identity.key == identity.key), None)
        if me is None:
            return None
        others = [one for one in conference.people.values() if one is not me and not one.gallery_of]
        there = [one for one in others if one.state is ParticipantState.ACTIVE]
        legs = [self.store.calls[leg] for leg in conference.legs]
        rung = [call.targets[0].name for call in legs if call.my_participant not in conference.people]
        is_in, group = me.state is ParticipantState.ACTIVE, conference.kind is Kind.GROUP
        talks = is_in and bool(there or group)
        waits = is_in and not talks
        names = (*(one.identity.called for one in (others if waits else there)), *(rung if waits else ()))
        if not talks and not names:
            return None
        since = max(one.since for one in (me, *(there if talks and not group else ())))
        origin = conference.id if conference.id in self.store.calls else ""
        return PersonCall("established" if talks else "ringing", names, since, conference.legs, origin)

    def named(self, name: str) -> Identity:
        """The person of a name."""
        with self._world.lock:
            return self.people.identity(name)

    def enter(self, conference_id: str, identity: Identity, *, in_lobby: bool = False) -> Conference:
        """Let a person come into a conference, or its lobby, without a word to its bots."""
        id = self._world.ids.new("participant")
        conference = self.store.add_participant(self.store.conferences[conference_id], id, identity, in_lobby=in_lobby)
        self._calls.schedule_leaving(conference, id)
        return conference

    def known(self, call_id: str) -> Call:
        """A call, by its id; raises :class:`UnknownNameError` when there is none, or it is kept no longer."""
        try:
            return self.store.calls[call_id]
        except KeyError:
            forgets = self._retention.calls_forgotten
            kept = f" among the latest {self._retention.calls:,}, which are kept:" if forgets else ""
            raise UnknownNameError(f"call{kept}", call_id, tuple(self.store.calls)[-5:], few=True) from None


def _described(call: Call, conference: Conference, identity: Identity) -> str:
    if call.state is CallState.TERMINATED:
        return call.state.value
    return "a place for two" if conference.kind is Kind.PEER else f"one that {identity.called} is in"
