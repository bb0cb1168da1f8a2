"""The one place that replaces a call, conference, participant or operation by the next.

Whether a step is allowed is asked of ``lifecycle``; nothing here decides it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from pytest_graphcalls.lifecycle import (
    CALL,
    OPERATION,
    PARTICIPANT,
    CallEvent,
    CallState,
    OperationEvent,
    ParticipantEvent,
    ParticipantState,
    next_state,
)
from pytest_graphcalls.simulator.audio import Recording
from pytest_graphcalls.simulator.clock import Clock
from pytest_graphcalls.simulator.entities import (
    CachedJson,
    Call,
    Conference,
    Identity,
    Kind,
    Operation,
    Participant,
    Route,
    Stay,
)


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
        self.device_quality: list[Mapping[str, Any]] = []
        """The reports of the media of devices, in order."""

    def conference_of(self, call: Call) -> Conference:
        """The conference that ``call`` is a leg of."""
        return self.conferences[call.conference]

    def call_in(self, id: str, state: CallState | None = None) -> Call | None:
        """The call with that id, if it is in this state, or by default if it is not over."""
        call = self.calls.get(id)
        fits = call is not None and (call.state is not CallState.TERMINATED if state is None else call.state is state)
        return call if fits else None

    def put_call(self, call: Call) -> Call:
        """Keep ``call`` in the place of what had its id."""
        self.calls[call.id] = call
        return call

    def change_call(self, call: Call, **facts: Any) -> Call:
        """Change members of ``call``, as it is now; the only way in which a call changes."""
        return self.put_call(replace(self.calls[call.id], **facts))

    def change_routes(self, call: Call, routes: Mapping[str, Route]) -> Conference:
        """Change the audio routing groups of ``call``, and with them who hears the participants of its conference."""
        self.change_call(call, routes=routes)
        conference = self.conference_of(call)
        made = [one for leg in conference.legs for one in self.calls[leg].routes.values()]
        for id, one in conference.people.items():
            to = [route.receivers for route in made if id in route.sources]
            audience = frozenset(chain.from_iterable(to)) if to else None
            if one.audience != audience:
                conference = self.change_participant(conference, id, audience=audience)
        return conference

    def change_participant(self, conference: Conference, id: str, **facts: Any) -> Conference:
        """Change members of a participant; the only way in which one changes, so that its JSON follows."""
        facts = {"since": self._end_stay(conference, id), **facts}
        one = replace(conference.people[id], **facts, json=CachedJson())
        return self.put_conference(replace(conference, people={**conference.people, id: one}))

    def put_conference(self, conference: Conference) -> Conference:
        """Store ``conference`` under its id, in place of its earlier state."""
        self.conferences[conference.id] = conference
        return conference

    def start_operation(self, operation: Operation) -> Operation:
        """Store a new operation."""
        self._started.setdefault(operation.call, []).append(operation.id)
        return self.put_operation(operation)

    def change_operation(self, operation: Operation, **facts: Any) -> Operation:
        """Change members of ``operation``."""
        return self.put_operation(replace(operation, **facts))

    def conferences_of(self, identity: Identity) -> Iterator[Conference]:
        """The conferences that ``identity`` is in, or was in."""
        # Looked up one by one: what is done with one of them may change the next.
        yield from (self.conferences[id] for id in tuple(self._places.get(identity.key, ())))

    def calls_in(self, conference: Conference) -> tuple[Call, ...]:
        """The calls that are or were legs of ``conference``."""
        return tuple(self.calls[id] for id in self._legs.get(conference.id, ()))

    def stays_in(self, conference: Conference) -> Iterator[Stay]:
        """The participants who are or were in ``conference``, bots included, as they were from moment to moment."""
        yield from self._left.get(conference.id, ())
        yield from map(Stay, conference.active)

    def _end_stay(self, conference: Conference, id: str) -> float:
        """Store the state of a present participant until now; gives the moment."""
        one = conference.people.get(id)
        if one is not None and one.state is ParticipantState.ACTIVE:
            self._left.setdefault(conference.id, []).append(Stay(one, self._clock.now))
        return self._clock.now

    def quality_of(self, call: Call) -> tuple[Mapping[str, Any], ...]:
        """The reports of the media of devices under the ``callChainId`` of a call, in order."""
        return tuple(one for one in self.device_quality if str(one.get("callChainId")).lower() == call.chain)

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
            return self._came(self.change_participant(conference, id, state=state), id)
        self._end_stay(conference, id)
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
        if one.state is ParticipantState.ACTIVE and one.is_person:
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
        self.device_quality = [one for one in self.device_quality if one not in self.quality_of(call)]
        for operation in self._started.pop(id, ()):
            del self.operations[operation]
            self.recordings.pop(operation, None)
        self._legs[call.conference].remove(id)
        for left in (call.conference, id):  # also where those are whom it was handed on to
            if not self._legs.get(left) and left in self.conferences:
                self._forget_conference(left)
        return call

    def _forget_conference(self, id: str) -> None:
        self._legs.pop(id, None)
        gone = self.conferences.pop(id)
        for one in (*gone.people.values(), *(stay.one for stay in self._left.pop(id, ()))):
            self._places.get(one.identity.key, {}).pop(id, None)
        self.drop_meeting(gone)

    def drop_leg(self, call: Call) -> Conference:
        """Note that ``call`` is over, and take the bot off the roster, with its gallery and the other side for two."""
        conference = self.change_routes(call, {}) if call.routes else self.conference_of(call)
        for one in tuple(conference.people.values()):
            if one.music and one.music.operation in self._started.get(call.id, ()):  # no one else ends this hold
                conference = self.change_participant(conference, one.id, music=None)
        legs = tuple(leg for leg in conference.legs if leg != call.id)
        # A call for two is over with its bot, unless people wait in it for one who takes a call that was handed on.
        is_over = conference.kind is Kind.PEER and not legs and conference.id not in self.calls
        people = dict(conference.people)
        for id, one in conference.people.items():
            over_too = one.gallery_of == call.id or (is_over and one.state is ParticipantState.ACTIVE)
            if id == call.my_participant or over_too:
                self._end_stay(conference, id)
                del people[id]
        kept = conference.kept if legs else {}  # a bot has started what is kept, and with the last one it ends
        return self.put_conference(replace(conference, people=people, legs=legs, kept=kept))
