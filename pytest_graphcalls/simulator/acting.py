"""Actions of people in calls, without a request: join, leave, mute, hold, remove a bot, press keys, speak."""

from __future__ import annotations

from typing import Any

from pytest_graphcalls.errors import NotAllowedNowError, UnknownNameError
from pytest_graphcalls.lifecycle import CallEvent, CallState, ParticipantEvent
from pytest_graphcalls.simulator.calls import FIRST_ROSTER, LOBBY, THROWN_OUT, Calls
from pytest_graphcalls.simulator.entities import Call, Conference, Identity, Kind
from pytest_graphcalls.simulator.hearing import Hearing
from pytest_graphcalls.simulator.lobby import Lobby
from pytest_graphcalls.simulator.outbox import Retention
from pytest_graphcalls.simulator.responses import Fact, inferred, reported
from pytest_graphcalls.simulator.sharing import SCREEN_SHARED, Sharing
from pytest_graphcalls.simulator.simulated_call import PersonCall, call_of
from pytest_graphcalls.simulator.world import World

MUTED = reported("s6.5")
"""How well the roster is known that follows when people mute or unmute themselves."""
BOT_MUTED = inferred("participant-mute.r02, s6.4")
HELD = reported("s7.5")


class Acting:
    """Lets people act in the calls they are in. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: what holds for every call.
        retention: knows how many calls are kept.
        hearing: knows what people press, say and hear.
        sharing: knows what they share.
        lobby: knows who admits whom.
    """

    def __init__(
        self, world: World, calls: Calls, retention: Retention, hearing: Hearing, sharing: Sharing, lobby: Lobby
    ) -> None:
        self._world = world
        self._calls = calls
        self._retention = retention
        self.hearing = hearing
        self.lobby = lobby
        self._sharing = sharing
        self.store = world.store

    def join(self, identity: Identity, call_id: str, *, waits: bool = False) -> None:
        """Let a person join the conference behind a call, or its lobby."""
        with self._world.lock:
            call = self.known(call_id)
            conference = self.store.conference_of(call)
            if conference.kind is Kind.PEER or call.state is CallState.TERMINATED or conference.holds(identity):
                rest = () if call.state is CallState.TERMINATED else ("leave",)
                what = f"the {conference.kind} call {call_id}"
                raise NotAllowedNowError(what, "join", _described(call, conference, identity), rest)
            waits = waits or conference.lobby
            fact = LOBBY[False] if waits else FIRST_ROSTER[False]
            self._world.notifier.roster_changed(self._admit(conference.id, identity, in_lobby=waits), fact)

    def leave(self, identity: Identity, call_id: str) -> None:
        """Let a person leave the conference behind a call."""
        with self._world.lock:
            conference = self.store.conference_of(self.known(call_id))
            one = conference.find(identity)
            if one is None:
                raise self._absent(identity, "leave", f"not in call {call_id}")
            self._calls.participant_left(self.store.step_participant(conference, one.id, ParticipantEvent.LEAVE))

    def share(self, identity: Identity, call_id: str, what: str) -> None:
        """Let a person share a screen or a presentation in the call, or, with ``what`` empty, stop."""
        with self._world.lock:
            conference = self.store.conference_of(self.known(call_id))
            one, name = conference.find(identity), identity.name or identity.id
            if one is None or one.in_lobby:
                raise self._absent(identity, "share", f"not in call {call_id}")
            if not what and one.id not in conference.sessions:
                raise NotAllowedNowError(name, "stop sharing", f"sharing nothing in call {call_id}", ("share",))
            self._sharing.change(conference, one.id, what, SCREEN_SHARED)

    def _absent(self, identity: Identity, event: str, where: str) -> NotAllowedNowError:
        who, meant = identity.name or identity.id, self._world.people.meant(identity.name)
        return NotAllowedNowError(who, event, where, ("join",), meant)

    def hang_up(self, identity: Identity, after: float) -> None:
        """Let a person leave every conference they are in, now or later."""
        with self._world.lock:
            if not after and not any(one.find(identity) for one in self.store.conferences_of(identity)):
                raise self._absent(identity, "hang up", "in no call")
            if after:
                self._world.clock.after(after, lambda: self._leave_all(identity))
            else:
                self._leave_all(identity)

    def _leave_all(self, identity: Identity) -> None:
        for conference in self.store.conferences_of(identity):
            if one := conference.find(identity):
                self._calls.participant_left(self.store.step_participant(conference, one.id, ParticipantEvent.LEAVE))

    def remove_bot(self, identity: Identity, call_id: str) -> None:
        """Let a person remove the bot from the conference behind a call (observed 6.20)."""
        with self._world.lock:
            self._calls.end(self._shared(identity, call_id, "remove the bot"), CallEvent.END, THROWN_OUT)

    def mute_bot(self, identity: Identity, call_id: str) -> None:
        """Let a person mute the bot of a call on the server; the roster does not say who did it (s6.4)."""
        with self._world.lock:
            call = self._shared(identity, call_id, "mute the bot")
            conference = self.store.conference_of(call)
            self._calls.change_participants(conference, [call.my_participant], BOT_MUTED, muted=True)

    def _shared(self, identity: Identity, call_id: str, what: str) -> Call:
        """The group call in which a person does something to its bot."""
        call = self.known(call_id)
        conference = self.store.conference_of(call)
        if conference.kind is Kind.PEER:
            raise NotAllowedNowError(f"call {call_id}", what, "a place for two", ("leave",))
        if not conference.has_admitted(identity):
            raise self._absent(identity, what, f"not in call {call_id}")
        if call.my_participant not in conference.people:
            raise NotAllowedNowError("the bot", what, f"not in call {call_id}", ("join",))
        return call

    def change(self, identity: Identity, what: str, fact: Fact, **facts: bool) -> None:
        """Let a person change how they are in every call they are in; ``facts`` are members of a participant."""
        with self._world.lock:
            there = [(place, one) for place in self.store.conferences_of(identity) if (one := place.find(identity))]
            if not there:
                raise self._absent(identity, what, "in no call")
            for place, one in there:
                after = self._calls.change_participants(place, [one.id], fact, **facts)
                if after is not place and place.kind is Kind.PEER and "holds" in facts:
                    for leg in place.legs:  # s7.5, although such a call has no roster else
                        self._world.notifier.send_roster(self.store.calls[leg], after, fact)

    def let_join(self, identity: Identity, call_id: str) -> None:
        """Ask the bot of a recording call whether it takes one more person (m3.21)."""
        with self._world.lock:
            call = self.known(call_id)
            if not call.by_policy or call.state is not CallState.ESTABLISHED:
                what = f"call {call_id}"
                raise NotAllowedNowError(what, "have its bot asked", "none that a recording policy keeps", ("answer",))
            self._world.notifier.participant_joining(call, identity)

    def call_of(self, identity: Identity) -> PersonCall | None:
        """The call of a person; see :func:`.call_of`."""
        with self._world.lock:
            return call_of(self.store, identity)

    def named(self, name: str) -> Identity:
        """The person of a name."""
        with self._world.lock:
            return self._world.people.identity(name)

    def script(self, identity: Identity, **facts: Any) -> None:
        """Set what a person will do; ``facts`` are members of a script."""
        with self._world.lock:
            self._world.people.script(identity, **facts)

    def _admit(self, conference_id: str, identity: Identity, *, in_lobby: bool = False) -> Conference:
        id = self._world.ids.new("participant")
        conference = self.store.add_participant(self.store.conferences[conference_id], id, identity, in_lobby=in_lobby)
        self._calls.schedule_leaving(conference, id)
        return conference

    def known(self, call_id: str) -> Call:
        """A call, by its id; raises :class:`UnknownNameError` when there is none, or it is kept no longer."""
        try:
            return self.store.calls[call_id]
        except KeyError:
            kept = (
                f" among the latest {self._retention.calls:,}, which are kept:"
                if self._retention.calls_forgotten
                else ""
            )
            raise UnknownNameError(f"call{kept}", call_id, tuple(self.store.calls)[-5:], few=True) from None


def _described(call: Call, conference: Conference, identity: Identity) -> str:
    if call.state is CallState.TERMINATED:
        return call.state.value
    return "a place for two" if conference.kind is Kind.PEER else f"one that {identity.name or identity.id} is in"
