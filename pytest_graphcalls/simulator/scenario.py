"""What a test sets up: meetings, incoming calls, people who come and go. And a look at a call from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.errors import NotAllowedNowError, UnknownNameError
from pytest_graphcalls.lifecycle import CallEvent, CallState, ParticipantEvent, ParticipantState
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.calls import FIRST_ROSTER, THROWN_OUT
from pytest_graphcalls.simulator.identity import App
from pytest_graphcalls.simulator.people import Answer
from pytest_graphcalls.simulator.requests import CallOrder, Coordinates
from pytest_graphcalls.simulator.store import Call, Conference, Identity, Kind, Operation, Participant, Result
from pytest_graphcalls.validation import quantity

if TYPE_CHECKING:
    from pytest_graphcalls.simulator.core import Simulator


class Person:
    """Somebody in the simulated tenant; what they do can be scripted and they can act at once.

    Every script method returns the person, so that ``simulator.person("Ana").declines()`` reads on.
    """

    __slots__ = ("_simulator", "identity")

    def __init__(self, simulator: Simulator, identity: Identity) -> None:
        self._simulator = simulator
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
        self._simulator.stage.join(self.identity, _id_of(call))
        return self

    def leaves(self, call: SimulatedCall | str) -> Person:
        """Leave the conference behind ``call`` at once.

        Raises:
            NotAllowedNowError: they are not in it.
        """
        self._simulator.stage.leave(self.identity, _id_of(call))
        return self

    def removes(self, call: SimulatedCall | str) -> Person:
        """Throw the bot of ``call`` out of the group call that both are in.

        Raises:
            NotAllowedNowError: they are not in it, it is peer-to-peer, or the bot is not in it.
        """
        self._simulator.stage.remove_bot(self.identity, _id_of(call))
        return self

    def _will(self, **facts: Any) -> Person:
        self._simulator.stage.script(self.identity, **facts)
        return self


def _seconds(method: str, value: float) -> float:
    return float(quantity(method, value, unit="virtual seconds"))


def _id_of(call: SimulatedCall | str) -> str:
    return call if isinstance(call, str) else call.id


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where to find a meeting; the members of the create body that join it.

    Attributes:
        chat_info: the ``chatInfo`` member.
        meeting_info: the ``meetingInfo`` member, an ``organizerMeetingInfo``.
        tenant_id: the ``tenantId`` member.
        join_meeting_id: the number that joins it without coordinates.
        organizer: who organizes it.
    """

    chat_info: Mapping[str, Any]
    meeting_info: Mapping[str, Any]
    tenant_id: str
    join_meeting_id: str
    organizer: Person

    @property
    def coordinates(self) -> dict[str, Any]:
        """``chatInfo``, ``meetingInfo`` and ``tenantId``, ready for the body of a create."""
        return {
            "chatInfo": dict(self.chat_info),
            "meetingInfo": dict(self.meeting_info),
            "tenantId": self.tenant_id,
        }

    @property
    def by_join_id(self) -> dict[str, Any]:
        """``meetingInfo`` with the number instead (application-post-calls.r09)."""
        info = {"joinMeetingId": self.join_meeting_id, "passcode": None}
        return {"meetingInfo": resources.shown_again("joinMeetingIdMeetingInfo", info)}


class SimulatedCall:
    """A call seen from outside, with nobody's permissions. Looking never moves it.

    It always shows how things stand now; the values it gives out are frozen. After a reset there is nothing to show:
    :class:`UnknownNameError`.
    """

    __slots__ = ("_simulator", "id")

    def __init__(self, simulator: Simulator, id: str) -> None:
        self._simulator = simulator
        self.id = id

    def __repr__(self) -> str:
        call = self._simulator.store.calls.get(self.id)
        return f"SimulatedCall({self.id!r}, state={call.state.value if call else 'not kept'!r})"

    @property
    def _call(self) -> Call:
        return self._simulator.stage.known(self.id)

    @property
    def state(self) -> CallState:
        """The state it is in."""
        return self._call.state

    @property
    def result(self) -> Result | None:
        """Why it ended, if it did and a reason is known."""
        return self._call.result

    @property
    def rejected_with(self) -> str | None:
        """The reason it was rejected with, in lower case, or ``None``."""
        return self._call.rejected_with

    @property
    def callback_uri(self) -> str:
        """Where its notifications go."""
        return self._call.callback

    @property
    def my_participant_id(self) -> str:
        """Id of the bot's own entry in the roster."""
        return self._call.my_participant

    @property
    def kind(self) -> Kind:
        """Peer-to-peer or group."""
        return self._conference.kind

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody in it, bots included, also in a peer-to-peer call and also those off the roster."""
        return tuple(self._conference.active)

    @property
    def invited(self) -> tuple[Participant, ...]:
        """Those who are being rung."""
        everybody = self._conference.people.values()
        return tuple(one for one in everybody if one.state is ParticipantState.INVITED)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The invite operations started in it, oldest first."""
        return self._simulator.store.operations_of(self._call)

    @property
    def _conference(self) -> Conference:
        return self._simulator.store.conference_of(self._call)


class Staging:
    """Sets things up behind the API's back."""

    def __init__(self, simulator: Simulator) -> None:
        self._sim = simulator

    def person(self, name_or_id: str) -> Person:
        """Somebody in the tenant, by name, object id or phone number."""
        return Person(self._sim, self._sim.people.identity(name_or_id))

    def meeting(
        self, people: Iterable[Person | str] = (), organizer: Person | str | None = None, *, lets_in: bool = True
    ) -> Meeting:
        """Hold a meeting that ``people`` are in already."""
        ids = self._sim.ids
        host = self._person(organizer or "Organizer")
        chat = {"threadId": f"19:meeting_{ids.new('meeting')}@thread.v2", "messageId": "0", "replyChainMessageId": None}
        info = resources.shown_again("organizerMeetingInfo", {"organizer": resources.identity_set(host.identity)})
        join_id = ids.digits("join", 12)
        key = ("chat", str(chat["threadId"]), "0")
        conference = self._new_meeting(
            (key, ("joinMeetingId", join_id)), resources.shown_again("chatInfo", chat), info, host.id
        )
        self._sim.store.put_conference(replace(conference, lets_in=lets_in))
        for one in (people,) if isinstance(people, (str, Person)) else people:
            self._admit(conference.id, self._person(one).identity)
        return Meeting(chat, info, self._sim.tenant_id, join_id, host)

    def incoming_call(
        self,
        caller: Person | str | None = None,
        *,
        group: bool = False,
        app: App | None = None,
        others: Iterable[Person | str] = (),
    ) -> SimulatedCall:
        """Let somebody call an app, or invite it into their group call."""
        who = self._person(caller or "Caller")
        conference = self._called_from(who, (who, *map(self._person, others)), group=group)
        app = app or self._sim.authority.app
        target = self._sim.authority.bot(app)
        call = self._sim.calls.leg(
            app.app_id, conference, CallState.INCOMING, "incoming", source=who.identity, targets=(target,)
        )
        self._sim.incoming.arrive(call)
        return SimulatedCall(self._sim, call.id)

    def _called_from(self, caller: Person, people: Iterable[Person], *, group: bool) -> Conference:
        if group:
            meeting = self.meeting(people, caller)
            return self._sim.store.conferences[self._sim.store.meetings["joinMeetingId", meeting.join_meeting_id]]
        conference = self._sim.store.put_conference(Conference(self._sim.ids.new("conference"), Kind.PEER))
        return self._admit(conference.id, caller.identity)

    def join(self, identity: Identity, call_id: str) -> None:
        """Let somebody join the conference behind a call."""
        with self._sim.lock:
            call = self.known(call_id)
            conference = self._sim.store.conference_of(call)
            if conference.kind is Kind.PEER or call.state is CallState.TERMINATED or conference.holds(identity):
                rest = () if call.state is CallState.TERMINATED else ("leave",)
                what = f"the {conference.kind} call {call_id}"
                raise NotAllowedNowError(what, "join", _standing(call, conference, identity), rest)
            self._sim.notifier.roster_changed(self._admit(conference.id, identity), FIRST_ROSTER[False])

    def leave(self, identity: Identity, call_id: str) -> None:
        """Let somebody leave the conference behind a call."""
        with self._sim.lock:
            conference = self._sim.store.conference_of(self.known(call_id))
            one = conference.find(identity)
            if one is None:
                raise NotAllowedNowError(identity.name or identity.id, "leave", f"not in call {call_id}", ("join",))
            self._sim.calls.someone_left(self._sim.store.step_participant(conference, one.id, ParticipantEvent.LEAVE))

    def remove_bot(self, identity: Identity, call_id: str) -> None:
        """Let somebody throw the bot out of the conference behind a call (observed 6.20)."""
        with self._sim.lock:
            call = self.known(call_id)
            conference = self._sim.store.conference_of(call)
            if conference.kind is Kind.PEER:
                raise NotAllowedNowError(f"call {call_id}", "remove the bot", "a place for two", ("leave",))
            people = {
                identity.name or identity.id: conference.find(identity),
                "the bot": conference.people.get(call.my_participant),
            }
            for who, one in people.items():
                if one is None:
                    raise NotAllowedNowError(who, "remove the bot", f"not in call {call_id}", ("join",))
            self._sim.calls.end(call, CallEvent.END, THROWN_OUT)

    def script(self, identity: Identity, **facts: Any) -> None:
        """Settle what somebody will do; ``facts`` are members of a script."""
        with self._sim.lock:
            self._sim.people.script(identity, **facts)

    def came_in(self, conference_id: str, id: str) -> None:
        """Let somebody who has just come in leave in time, if that is what they will do."""
        one = self._sim.store.conferences[conference_id].people[id]
        stays = self._sim.people.scripted(one.identity).stays
        if stays is not None:
            self._sim.clock.after(stays, lambda: self._had_enough(conference_id, id))

    def _had_enough(self, conference_id: str, id: str) -> None:
        conference = self._sim.store.conferences.get(conference_id)
        one = conference.people.get(id) if conference else None
        if conference is not None and one is not None and one.state is ParticipantState.ACTIVE:
            self._sim.calls.someone_left(self._sim.store.step_participant(conference, id, ParticipantEvent.LEAVE))

    def view(self, call_id: str) -> SimulatedCall:
        """A call, by its id."""
        return SimulatedCall(self._sim, self.known(call_id).id)

    def known_meeting(self, coordinates: Coordinates | None) -> Conference | None:
        """The conference that ``coordinates`` lead to, if there is one."""
        found = self._sim.store.meetings.get(coordinates.key) if coordinates else None
        return self._sim.store.conferences[found] if found else None

    def conference_for(self, order: CallOrder) -> Conference:
        """The conference that a create leads to; a meeting nobody has heard of is held from now on."""
        at = order.meeting
        if at is None:
            kind = Kind.PEER if len(order.targets) == 1 else Kind.GROUP
            return self._sim.store.put_conference(Conference(self._sim.ids.new("conference"), kind))
        known = self.known_meeting(at)
        if known is not None:
            return known
        thread = f"19:meeting_{self._sim.ids.new('meeting')}@thread.v2"
        chat = at.chat or resources.shown_again("chatInfo", {"threadId": thread, "messageId": "0"})
        return self._new_meeting((at.key,), chat, at.info, at.organizer)

    def _new_meeting(
        self, keys: Iterable[tuple[str, ...]], chat: Mapping[str, Any], info: Mapping[str, Any], organizer: str
    ) -> Conference:
        conference = Conference(self._sim.ids.new("conference"), Kind.GROUP, chat, info, organizer)
        return self._sim.store.put_meeting(conference, keys)

    def _admit(self, conference_id: str, identity: Identity) -> Conference:
        id = self._sim.ids.new("participant")
        conference = self._sim.store.add_participant(self._sim.store.conferences[conference_id], id, identity)
        self.came_in(conference_id, id)
        return conference

    def _person(self, one: Person | str) -> Person:
        return one if isinstance(one, Person) else self.person(one)

    def known(self, call_id: str) -> Call:
        """A call, by its id; raises :class:`UnknownNameError` when there is none, or it is kept no longer."""
        try:
            return self._sim.store.calls[call_id]
        except KeyError:
            kept = (
                f" among the latest {self._sim.keeping.calls:,}, which are kept:"
                if self._sim.keeping.calls_gone
                else ""
            )
            raise UnknownNameError(f"call{kept}", call_id, tuple(self._sim.store.calls)[-20:]) from None


def _standing(call: Call, conference: Conference, identity: Identity) -> str:
    if call.state is CallState.TERMINATED:
        return call.state.value
    return "a place for two" if conference.kind is Kind.PEER else f"one that {identity.name or identity.id} is in"
