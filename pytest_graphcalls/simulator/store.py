"""Calls, conferences, participants and operations as frozen values, and the one place that replaces one by the next.

A conference is what people are in together; a call is one app's leg in it. Two apps that join one
meeting have a call each and share the conference. Whether a step is allowed is asked of
``lifecycle``; nothing here decides it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from pytest_graphcalls.contract.model import LongRunning
from pytest_graphcalls.lifecycle import (
    CALL,
    OPERATION,
    PARTICIPANT,
    CallEvent,
    CallState,
    OperationEvent,
    OperationState,
    ParticipantEvent,
    ParticipantState,
    next_state,
)
from pytest_graphcalls.simulator.audio import Plan, Recording, Sound, Tone
from pytest_graphcalls.simulator.clock import Clock
from pytest_graphcalls.simulator.online_meeting import OnlineMeeting
from pytest_graphcalls.simulator.responses import Result

E164 = re.compile(r"\+[1-9][0-9]{1,14}")
"""A phone number in the form that the service takes (participant-invite.r10)."""


class Kind(StrEnum):
    """What sort of conference it is."""

    PEER = "peer-to-peer"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, a phone or a bot.

    Attributes:
        sort: the member of an identity set that holds it: ``user``, ``application``, ``phone``, …
        id: the object id, the app id, or a number in E.164 form.
        name: display name, or ``""``.
        tenant_id: home tenant, or ``""``.
    """

    sort: str
    id: str
    name: str = ""
    tenant_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two identities the same one; ids compare without regard to case."""
        return self.sort, self.id.lower()

    @property
    def mri(self) -> str:
        """The name the platform uses in its messages (observed 5c, template of a failed invite)."""
        return f"4:{self.id}" if self.sort == "phone" else f"8:orgid:{self.id}"


class CachedJson:
    """JSON text that is written when it is first read, and once: rosters are long and read often."""

    __slots__ = ("text",)

    def __init__(self) -> None:
        self.text = b""


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant of a conference, active or invited.

    Attributes:
        id: the participant's id.
        identity: the person, phone or bot.
        state: invited or active.
        source: number of the audio stream.
        leg: the id of the call this is the bot's entry of, or ``""`` for people.
        operation: the id of the invite operation that brought it, or ``""``.
        invited_by: id of the call whose app invited it, or ``""``.
        hidden: whether it is off the roster, as the invite asked.
        muted: whether the service has muted it.
        in_lobby: whether it waits in the lobby.
        since: virtual second at which it became active.
        json: its JSON as the roster shows it; every change starts an empty one.
    """

    id: str
    identity: Identity
    state: ParticipantState
    source: int
    leg: str = ""
    operation: str = ""
    invited_by: str = ""
    hidden: bool = False
    muted: bool = False
    in_lobby: bool = False
    since: float = 0.0
    json: CachedJson = field(default_factory=CachedJson, compare=False)


@dataclass(frozen=True, slots=True)
class Conference:
    """What people are in together.

    Attributes:
        id: ours, never on the wire.
        kind: peer-to-peer or group. A third person makes a group of a peer-to-peer call.
        chat: ``chatInfo`` of a meeting, or ``None``: a group call made by targets has none
            (application-post-calls.r07).
        meeting: ``meetingInfo`` of a meeting, or ``None``.
        organizer: id of the user who organizes the meeting, or ``""``.
        online: the meeting as its organizer has it; ``None`` where only those who join know of it, or it was deleted.
        lets_in: whether a bot that joins it gets in.
        people: everybody in it or invited to it, by participant id.
        legs: ids of the calls in it that are not over.
        sources: how many audio streams were numbered so far.
    """

    id: str
    kind: Kind
    chat: Mapping[str, Any] | None = None
    meeting: Mapping[str, Any] | None = None
    organizer: str = ""
    online: OnlineMeeting | None = None
    lets_in: bool = True
    people: Mapping[str, Participant] = field(default_factory=dict)
    legs: tuple[str, ...] = ()
    sources: int = 0

    @property
    def active(self) -> Iterator[Participant]:
        """Those who are in it now."""
        return (one for one in self.people.values() if one.state is ParticipantState.ACTIVE)

    @property
    def roster(self) -> Iterator[Participant]:
        """Those whom the roster names."""
        return (one for one in self.active if not one.hidden)

    @property
    def has_people(self) -> bool:
        """Whether anybody but bots is in it or still being rung."""
        return any(not one.leg for one in self.people.values())

    def holds(self, identity: Identity) -> bool:
        """Whether ``identity`` is in it or invited to it."""
        return next(self._entries(identity), None) is not None

    def find(self, identity: Identity) -> Participant | None:
        """The active participant who is ``identity``."""
        return next((one for one in self._entries(identity) if one.state is ParticipantState.ACTIVE), None)

    def _entries(self, identity: Identity) -> Iterator[Participant]:
        sort, id = identity.key
        # Not by their keys: a pair for everybody in a long roster is slow.
        return (one for one in self.people.values() if one.identity.id.lower() == id and one.identity.sort == sort)


@dataclass(frozen=True, slots=True)
class Call:
    """One app's leg.

    Attributes:
        app_id: the app it belongs to; others cannot see it.
        conference: id of the conference it is a leg of.
        direction: ``incoming`` or ``outgoing``.
        my_participant: id of the bot's own entry in the roster.
        chain: ``callChainId``.
        callback: where its notifications go; at first the address registered for the app.
        alive_until: virtual second at which the service ends it unless it is kept alive.
        asked: the members of the create or answer body that the call shows again.
        result, ended: why it ended, and the virtual second at which it was over.
        rejected_with, redirected_to: the reason, or each target's name or id, once it was rejected or redirected.
        hears_tones: whether its bot has subscribed to tones.
        tones: keys that were pressed, and tones that its bot has sent, in order.
        by_policy: whether a recording policy has brought the bot in.
        recording_status: as its bot has set it last, or ``""``.
    """

    id: str
    app_id: str
    conference: str
    state: CallState
    direction: str
    my_participant: str
    chain: str
    callback: str
    alive_until: float = 0.0
    source: Identity | None = None
    targets: tuple[Identity, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    result: Result | None = None
    rejected_with: str | None = None
    redirected_to: tuple[str, ...] = ()
    ended: float | None = None
    hears_tones: bool = False
    tones: tuple[Tone, ...] = ()
    by_policy: bool = False
    recording_status: str = ""


@dataclass(frozen=True, slots=True)
class Invitee:
    """One entry of an invite.

    Attributes:
        identity: whom to invite.
        participant: the id chosen by the client, or ``""``.
        replaces: ``replacesCallId``, or ``""``.
        hidden: whether to keep the participant off the roster.
        extras: further members of the entry, shown again in the answer.
    """

    identity: Identity
    participant: str = ""
    replaces: str = ""
    hidden: bool = False
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation.

    Attributes:
        call: id of the call it was started in.
        spec: its type, and how operations of that type run and end.
        members: what an answer shows of it beyond the members that every operation has.
        end_members: further members of the notification of its end.
        pending: ids of what it waits for, such as participants who have not answered yet.
        begin: what to do when its turn has come; ``None`` for one that waits for other things than time.
        sounds: the audio that it plays, in order.
        plan: what it records, and until when.
        loops: whether it plays them over and over.
        began: virtual second at which its turn came.
        listens: virtual second from which it records.
        ended: virtual second at which it was over.
        how: name of its end in the contract, or ``""``.
        result: how it ended; while it runs, the first failure of a part of it.
    """

    id: str
    call: str
    spec: LongRunning
    status: OperationState
    client_context: str | None
    members: Mapping[str, Any]
    end_members: Mapping[str, Any]
    pending: frozenset[str] = frozenset()
    begin: Callable[[Operation], None] | None = None
    sounds: tuple[Sound, ...] = ()
    plan: Plan | None = None
    loops: bool = False
    began: float | None = None
    listens: float | None = None
    ended: float | None = None
    how: str = ""
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """Someone in a conference, from one virtual second to another; ``None`` while it lasts."""

    identity: Identity
    since: float
    until: float | None = None


class Store:
    """Every call, conference and operation of one tenant, by id.

    Args:
        clock: for the moments at which something begins and ends.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.calls: dict[str, Call] = {}
        self.conferences: dict[str, Conference] = {}
        self.operations: dict[str, Operation] = {}
        self._started: dict[str, list[str]] = {}
        self.meetings: dict[tuple[str, ...], str] = {}
        self.over: deque[str] = deque()
        """Ids of the calls that are over, in the order in which they ended."""
        self._keys: dict[str, tuple[tuple[str, ...], ...]] = {}
        self._legs: dict[str, list[str]] = {}
        self._left: dict[str, list[Stay]] = {}
        self._places: dict[tuple[str, str], dict[str, None]] = {}
        self.recordings: dict[str, Recording] = {}
        """By id of the operation."""

    def conference_of(self, call: Call) -> Conference:
        """The conference that ``call`` is a leg of."""
        return self.conferences[call.conference]

    def put_call(self, call: Call) -> Call:
        """Keep ``call`` in the place of what had its id."""
        self.calls[call.id] = call
        return call

    def change_call(self, call: Call, **facts: Any) -> Call:
        """Change members of ``call``, as it is now; the only way in which a call changes."""
        return self.put_call(replace(self.calls[call.id], **facts))

    def change_participant(self, conference: Conference, id: str, **facts: Any) -> Conference:
        """Change members of a participant; the only way in which one changes, so that its JSON follows."""
        one = replace(conference.people[id], **facts, json=CachedJson())
        return self.put_conference(replace(conference, people={**conference.people, id: one}))

    def put_conference(self, conference: Conference) -> Conference:
        """Keep ``conference`` in the place of what had its id."""
        self.conferences[conference.id] = conference
        return conference

    def start_operation(self, operation: Operation) -> Operation:
        """Keep an operation that is new."""
        self._started.setdefault(operation.call, []).append(operation.id)
        return self.put_operation(operation)

    def change_operation(self, operation: Operation, **facts: Any) -> Operation:
        """Change members of ``operation``."""
        return self.put_operation(replace(operation, **facts))

    def conferences_of(self, identity: Identity) -> tuple[Conference, ...]:
        """The conferences that ``identity`` is in, or was in."""
        return tuple(self.conferences[id] for id in self._places.get(identity.key, ()))

    def calls_in(self, conference: Conference) -> tuple[Call, ...]:
        """The calls that are or were legs of ``conference``."""
        return tuple(self.calls[id] for id in self._legs.get(conference.id, ()))

    def stays_in(self, conference: Conference) -> Iterator[Stay]:
        """The people who are or were in ``conference``, each with the time."""
        yield from self._left.get(conference.id, ())
        yield from (Stay(one.identity, one.since) for one in conference.active if not one.leg)

    def operations_of(self, call: Call) -> tuple[Operation, ...]:
        """The operations started in ``call``, oldest first."""
        return tuple(self.operations[id] for id in self._started.get(call.id, ()))

    def put_operation(self, operation: Operation) -> Operation:
        """Keep ``operation`` in the place of what had its id."""
        self.operations[operation.id] = operation
        return operation

    def step_call(self, call: Call, event: CallEvent, **facts: Any) -> Call:
        """Let ``event`` happen to ``call``; raises ``NotAllowedNowError`` and changes nothing if it cannot."""
        state = next_state(CALL, f"call {call.id}", call.state, event)
        if state is CallState.TERMINATED:
            self.over.append(call.id)
            facts["ended"] = self._clock.now
        return self.change_call(call, state=state, **facts)

    def step_operation(self, operation: Operation, event: OperationEvent, **facts: Any) -> Operation:
        """Let ``event`` happen to ``operation``; raises ``NotAllowedNowError`` if it cannot."""
        state = next_state(OPERATION, f"operation {operation.id}", operation.status, event)
        return self.put_operation(replace(operation, status=state, **facts))

    def step_participant(self, conference: Conference, id: str, event: ParticipantEvent) -> Conference:
        """Let ``event`` happen to a participant; one that has left is taken off the conference."""
        state = next_state(PARTICIPANT, f"participant {id}", conference.people[id].state, event)
        if state is not ParticipantState.LEFT:
            return self._came(self.change_participant(conference, id, state=state, since=self._clock.now), id)
        one = conference.people[id]
        if one.state is ParticipantState.ACTIVE and not one.leg:
            self._left.setdefault(conference.id, []).append(Stay(one.identity, one.since, self._clock.now))
        people = {other: one for other, one in conference.people.items() if other != id}
        return self.put_conference(replace(conference, people=people))

    def add_participant(
        self,
        conference: Conference,
        id: str,
        identity: Identity,
        state: ParticipantState = ParticipantState.ACTIVE,
        **facts: Any,
    ) -> Conference:
        """Add a participant; the audio streams are numbered in the order of arrival."""
        source = conference.sources + 1
        one = Participant(id, identity, state, source, since=self._clock.now, **facts)
        return self._came(replace(conference, people={**conference.people, id: one}, sources=source), id)

    def _came(self, conference: Conference, id: str) -> Conference:
        one = conference.people[id]
        if one.state is ParticipantState.ACTIVE and not one.leg:
            self._places.setdefault(one.identity.key, {})[conference.id] = None
        return self.put_conference(conference)

    def add_leg(self, conference: Conference, call: Call) -> Conference:
        """Note that ``call`` is a leg of ``conference``."""
        self._legs.setdefault(conference.id, []).append(call.id)
        return self.put_conference(replace(conference, legs=(*conference.legs, call.id)))

    def put_meeting(self, conference: Conference, keys: Iterable[tuple[str, ...]]) -> Conference:
        """Keep a conference that ``keys`` lead to."""
        self._keys[conference.id] = tuple(keys)
        self.meetings |= dict.fromkeys(self._keys[conference.id], conference.id)
        return self.put_conference(conference)

    def drop_meeting(self, conference: Conference) -> None:
        """Let nothing lead to a meeting any more; calls in it keep their conference."""
        for key in self._keys.pop(conference.id, ()):
            self.meetings.pop(key, None)

    def meeting_at(self, key: tuple[str, ...]) -> Conference | None:
        """The meeting that ``key`` leads to; a token is one of a call in it, which it names."""
        call = self.calls.get(key[1].rpartition(".")[2]) if key[0] == "token" else None
        found = call.conference if call else self.meetings.get(key)
        return self.conferences[found] if found else None

    def forget_call(self, id: str) -> Call:
        """Keep a call that is over no longer, nor what no other one leads to."""
        call = self.calls.pop(id)
        for operation in self._started.pop(id, ()):
            del self.operations[operation]
            self.recordings.pop(operation, None)
        self._legs[call.conference].remove(id)
        if not self._legs[call.conference]:
            del self._legs[call.conference]
            gone = self.conferences.pop(call.conference)
            for one in (*gone.people.values(), *self._left.pop(gone.id, ())):
                self._places.get(one.identity.key, {}).pop(gone.id, None)
            self.drop_meeting(gone)
        return call

    def drop_leg(self, call: Call) -> Conference:
        """Note that ``call`` is over, and take the bot's entry off the roster."""
        conference = self.conference_of(call)
        people = {id: one for id, one in conference.people.items() if id != call.my_participant}
        legs = tuple(leg for leg in conference.legs if leg != call.id)
        return self.put_conference(replace(conference, people=people, legs=legs))
