"""Actions of people in calls, without a request: join, leave, mute, hold, remove a bot, press keys, speak."""

from __future__ import annotations

from typing import Any

from pytest_graphcalls.errors import NotAllowedNowError, SettingError, UnknownNameError
from pytest_graphcalls.lifecycle import CallEvent, CallState, ParticipantEvent
from pytest_graphcalls.simulator.audio import Prompt
from pytest_graphcalls.simulator.calls import FIRST_ROSTER, THROWN_OUT, Calls
from pytest_graphcalls.simulator.entities import Call, Conference, Identity, Kind
from pytest_graphcalls.simulator.hearing import Hearing
from pytest_graphcalls.simulator.outbox import Retention
from pytest_graphcalls.simulator.people import Answer
from pytest_graphcalls.simulator.responses import Fact, inferred, reported
from pytest_graphcalls.simulator.sharing import SCREEN_SHARED, Sharing
from pytest_graphcalls.simulator.simulated_call import PersonCall, SimulatedCall, call_of
from pytest_graphcalls.simulator.world import World
from pytest_graphcalls.validation import quantity, shown

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
    """

    def __init__(self, world: World, calls: Calls, retention: Retention, hearing: Hearing, sharing: Sharing) -> None:
        self._world = world
        self._calls = calls
        self._retention = retention
        self.hearing = hearing
        self._sharing = sharing
        self.store = world.store

    def join(self, identity: Identity, call_id: str) -> None:
        """Let a person join the conference behind a call."""
        with self._world.lock:
            call = self.known(call_id)
            conference = self.store.conference_of(call)
            if conference.kind is Kind.PEER or call.state is CallState.TERMINATED or conference.holds(identity):
                rest = () if call.state is CallState.TERMINATED else ("leave",)
                what = f"the {conference.kind} call {call_id}"
                raise NotAllowedNowError(what, "join", _described(call, conference, identity), rest)
            self._world.notifier.roster_changed(self._admit(conference.id, identity), FIRST_ROSTER[False])

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
            if one is None:
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
        if conference.find(identity) is None:
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
                if place.kind is Kind.PEER and "holds" in facts:  # s7.5, although such a call has no roster else
                    for leg in place.legs:
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

    def script(self, identity: Identity, **facts: Any) -> None:
        """Set what a person will do; ``facts`` are members of a script."""
        with self._world.lock:
            self._world.people.script(identity, **facts)

    def _admit(self, conference_id: str, identity: Identity) -> Conference:
        id = self._world.ids.new("participant")
        conference = self.store.add_participant(self.store.conferences[conference_id], id, identity)
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
            raise UnknownNameError(f"call{kept}", call_id, tuple(self.store.calls)[-20:]) from None


def _described(call: Call, conference: Conference, identity: Identity) -> str:
    if call.state is CallState.TERMINATED:
        return call.state.value
    return "a place for two" if conference.kind is Kind.PEER else f"one that {identity.name or identity.id} is in"


class Person:
    """A person in the simulated tenant, who can be scripted and can act at once.

    Every script method returns the person, so that ``simulator.person("Ana").declines()`` reads on.
    """

    __slots__ = ("_acting", "identity")

    def __init__(self, acting: Acting, identity: Identity) -> None:
        self._acting = acting
        self.identity = identity

    def __repr__(self) -> str:
        return f"Person({self.name!r}, {self.identity.sort}={self.id!r})"

    @property
    def id(self) -> str:
        """Object id, or the phone number."""
        return self.identity.id

    @property
    def name(self) -> str:
        """Display name; for a phone its number."""
        return self.identity.name or self.identity.id

    def answers_after(self, seconds: float) -> Person:
        """Answer after ``seconds`` of ringing; past the pace's ``ring_limit`` the service gives up first.

        Raises:
            SettingError: ``seconds`` is no number of 0 or more.
        """
        return self._will(answer=Answer.ACCEPTS, after=_seconds("answers_after(seconds)", seconds))

    def declines(self, after: float | None = None) -> Person:
        """Decline; ``after`` gives the seconds of ringing, by default those of the pace.

        Raises:
            SettingError: ``after`` is no number of 0 or more.
        """
        return self._will(answer=Answer.DECLINES, after=None if after is None else _seconds("declines(after)", after))

    def is_busy(self) -> Person:
        """Be busy: the invitation fails at once."""
        return self._will(answer=Answer.BUSY, after=0.0)

    def is_unreachable(self) -> Person:
        """Have no device that rings, or a number that does not exist: the invitation fails at once."""
        return self._will(answer=Answer.UNREACHABLE, after=0.0)

    def never_answers(self) -> Person:
        """Let it ring until the service gives up."""
        return self._will(answer=Answer.SILENT, after=None)

    def has_voicemail(self) -> Person:
        """Have a voicemail, which takes the calls that are transferred or redirected to them and not taken."""
        return self._will(voicemail=True)

    def leaves_after(self, seconds: float) -> Person:
        """Leave a call ``seconds`` after coming in; a caller's time counts from calling.

        It holds for every call they come into from now on, however they come in: say it before they do.

        Raises:
            SettingError: ``seconds`` is no number of 0 or more.
        """
        return self._will(stays=_seconds("leaves_after(seconds)", seconds))

    def joins(self, call: SimulatedCall | str) -> Person:
        """Join the meeting or group call behind ``call`` at once.

        Raises:
            NotAllowedNowError: the call is over, peer-to-peer, or they are in it already.
        """
        self._acting.join(self.identity, _id_of(call))
        return self

    def leaves(self, call: SimulatedCall | str) -> Person:
        """Leave the conference behind ``call`` at once.

        Raises:
            NotAllowedNowError: they are not in it.
        """
        self._acting.leave(self.identity, _id_of(call))
        return self

    def shares_screen(self, call: SimulatedCall | str) -> Person:
        """Share a screen in the call, in place of what another participant shares.

        Raises:
            NotAllowedNowError: they are not in it.
        """
        self._acting.share(self.identity, _id_of(call), "screen")
        return self

    def shares_powerpoint(self, call: SimulatedCall | str) -> Person:
        """Present slides by PowerPoint Live in the call, in place of what is shared; no roster shows them.

        Raises:
            NotAllowedNowError: they are not in it.
        """
        self._acting.share(self.identity, _id_of(call), "powerpoint")
        return self

    def stops_sharing(self, call: SimulatedCall | str) -> Person:
        """Stop sharing in the call.

        Raises:
            NotAllowedNowError: they are not in it, or share nothing there.
        """
        self._acting.share(self.identity, _id_of(call), "")
        return self

    def hangs_up(self, after: float = 0.0) -> Person:
        """Leave every call they are in, in ``after`` virtual seconds.

        Raises:
            NotAllowedNowError: ``after`` is 0 and they are in no call.
            SettingError: ``after`` is no number of 0 or more.
        """
        self._acting.hang_up(self.identity, _seconds("hangs_up(after)", after))
        return self

    def mutes(self) -> Person:
        """Mute their own microphone, in every call they are in.

        Raises:
            NotAllowedNowError: they are in no call.
        """
        self._acting.change(self.identity, "mute", MUTED, self_muted=True)
        return self

    def unmutes(self) -> Person:
        """Unmute their own microphone; a mute by the service stays.

        Raises:
            NotAllowedNowError: they are in no call.
        """
        self._acting.change(self.identity, "unmute", MUTED, self_muted=False)
        return self

    def mutes_bot(self, call: SimulatedCall | str) -> Person:
        """Mute the bot of ``call`` for everybody, in the group call that both are in.

        Raises:
            NotAllowedNowError: they are not in it, it is peer-to-peer, or the bot is not in it.
        """
        self._acting.mute_bot(self.identity, _id_of(call))
        return self

    def holds(self) -> Person:
        """Hold every call they are in, by the button of their client: they neither hear the others nor are heard.

        Raises:
            NotAllowedNowError: they are in no call.
        """
        self._acting.change(self.identity, "hold", HELD, holds=True)
        return self

    def resumes(self) -> Person:
        """Go on with the calls that they hold.

        Raises:
            NotAllowedNowError: they are in no call.
        """
        self._acting.change(self.identity, "resume", HELD, holds=False)
        return self

    def presses(self, keys: str, after: float = 0.0) -> Person:
        """Press keys, one after the other, the first in ``after`` virtual seconds, in the call they are in then.

        Args:
            keys: for example ``12#``; each lasts as long as the pace has it for a tone.
            after: virtual seconds from now.

        Raises:
            NotAllowedNowError: ``after`` is 0 and they are in no call that is established.
            SettingError: one of ``keys`` is on no telephone, or ``after`` is no number of 0 or more.
        """
        self._acting.hearing.press(self.identity, keys, _seconds("presses(after)", after))
        return self

    def speaks(self, seconds: float, after: float = 0.0) -> Person:
        """Speak for ``seconds``, beginning in ``after`` virtual seconds, and be silent otherwise.

        Called again, it adds to what they say. A person without a script speaks all the time.

        Raises:
            SettingError: one of them is no number of 0 or more.
        """
        begins = _seconds("speaks(after)", after)
        self._acting.hearing.speak(self.identity, _seconds("speaks(seconds)", seconds), begins)
        return self

    def stays_silent(self) -> Person:
        """Say nothing from now on."""
        self._acting.hearing.fall_silent(self.identity)
        return self

    @property
    def heard(self) -> tuple[Prompt, ...]:
        """The prompts that were played into calls while they were in them and could hear the bot, and music on hold."""
        return self._acting.hearing.heard(self.identity)

    @property
    def call(self) -> PersonCall | None:
        """The call that they are in, or that rings at them or for them; ``None`` when there is none."""
        return self._acting.call_of(self.identity)

    @property
    def hears(self) -> tuple[str, ...]:
        """The names of those whom they hear now if these speak, people and bots, in any call."""
        return self._acting.hearing.heard_now(self.identity)

    def removes(self, call: SimulatedCall | str) -> Person:
        """Throw the bot of ``call`` out of the group call that both are in.

        Raises:
            NotAllowedNowError: they are not in it, it is peer-to-peer, or the bot is not in it.
        """
        self._acting.remove_bot(self.identity, _id_of(call))
        return self

    def asks_to_join(self, call: SimulatedCall | str) -> Person:
        """Have the bot of a recording call asked whether it takes them: a ``participantJoiningNotification``.

        Raises:
            NotAllowedNowError: it is none that a recording policy keeps, or it is not established.
        """
        self._acting.let_join(self.identity, _id_of(call))
        return self

    def _will(self, **facts: Any) -> Person:
        self._acting.script(self.identity, **facts)
        return self


def _seconds(method: str, value: float) -> float:
    return float(quantity(method, value, unit="virtual seconds"))


def _id_of(call: SimulatedCall | str) -> str:
    return call if isinstance(call, str) else call.id


def invitation(person: Person, *, participant_id: str | None = None, **members: Any) -> dict[str, Any]:
    """An entry of the ``participants`` of an invite, or of the ``targets`` of a create.

    Args:
        person: whom it invites.
        participant_id: the id that the participant is to have, a GUID.
        members: further members of the entry, e.g. ``replacesCallId``.
    """
    if not isinstance(person, Person):
        raise SettingError("invitation(person)", shown(person), "a person", "simulator.person(…) finds or makes one.")
    who = {"@odata.type": "#microsoft.graph.identity", "id": person.id}
    entry = {
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "identity": {"@odata.type": "#microsoft.graph.identitySet", person.identity.sort: who},
        **members,
    }
    return entry if participant_id is None else {**entry, "participantId": participant_id}
