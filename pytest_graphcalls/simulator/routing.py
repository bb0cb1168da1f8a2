"""Routing of audio: music on hold, audio routing groups, the mixer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import chain
from typing import Any

from pytest_graphcalls.errors import did_you_mean
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.audio import Music
from pytest_graphcalls.simulator.calls import Calls
from pytest_graphcalls.simulator.entities import Call, Conference, Operation, Participant, Route
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.participants import Participants
from pytest_graphcalls.simulator.prompts import Prompts, sounds_of
from pytest_graphcalls.simulator.responses import Refusal, Reply, documented, inferred, reported
from pytest_graphcalls.simulator.world import World

HELD = reported("s7.2, s7.3")
"""How well it is known that the roster is sent when a participant is put on hold."""
BACK = inferred("s7.3")
"""How well it is known that it is sent when they come back."""


class Routing:
    """Puts participants on hold, and routes audio. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: finds the call, and changes participants.
        participants: finds the participant.
        operations: runs the operations.
        prompts: reads the music.
    """

    def __init__(
        self,
        world: World,
        calls: Calls,
        participants: Participants,
        operations: Operations,
        prompts: Prompts,
    ) -> None:
        self._world = world
        self._calls = calls
        self._participants = participants
        self._operations = operations
        self._prompts = prompts

    def start_hold(self, ask: Ask) -> Reply:
        """Put a participant on hold with music, once that was read (participant-startholdmusic.r01)."""
        call, body = self._calls.asked(ask)
        conference = self._world.store.conference_of(call)
        one = self._participants.active(call, ask.match.keys["participant-id"])
        self.require_none_on_hold(conference)
        begin = partial(self._prompts.play, ask, partial(self._hold, one))
        return self._operations.carry_out(ask, call, body, begin=begin, sounds=sounds_of(body, "customPrompt"))

    def require_none_on_hold(self, conference: Conference) -> None:
        """Refuse to put a second participant on hold (participant-startholdmusic.r03, s7.6)."""
        on_hold = (one.identity.name or one.id for one in conference.active if one.music)
        asides = [f"{name} is on hold until stopHoldMusic." for name in on_hold]
        asides += [f"The music of operation {one.id} is being read." for one in self._starting(conference)]
        if asides:
            raise Refusal("conflicting-actions", asides[0], action="startHoldMusic")

    def _starting(self, conference: Conference) -> list[Operation]:
        """The holds whose music is not read yet; of what plays, they alone wait in no queue."""
        calls, operations_of = self._world.store.calls, self._world.store.operations_of
        started = (one for leg in conference.legs for one in operations_of(calls[leg]) if not one.spec.queue)
        reading = (one for one in started if any(sound.seconds is None for sound in one.sounds))
        return [one for one in reading if self._operations.running(one.id)]

    def _hold(self, one: Participant, operation: Operation, _: float) -> None:
        music = Music(next(iter(operation.sounds), None), operation.id, self._world.clock.now)
        self._change(one, operation, music)

    def stop_hold(self, ask: Ask) -> Reply:
        """Take a participant off hold (participant-stopholdmusic.r01)."""
        call, body = self._calls.asked(ask)
        one = self._participants.active(call, ask.match.keys["participant-id"])
        return self._operations.carry_out(ask, call, body, begin=lambda operation: self._change(one, operation, None))

    def _change(self, one: Participant, operation: Operation, music: Music | None) -> None:
        conference = self._world.store.conference_of(self._world.store.calls[operation.call])
        self._calls.change_participants(conference, [one.id], HELD if music else BACK, music=music)
        self._operations.after(self._world.pace.complete, operation)

    def configure_mixer(self, ask: Ask) -> Reply:
        """Take mixer levels, which change nothing that is heard here (participant-configuremixer.r01)."""
        call, body = self._calls.asked(ask)
        conference = self._world.store.conference_of(call)
        self._participants.require_group_call(ask, conference)
        for level in body.get("participantMixerLevels") or ():
            self._participants.active(call, level.get("participant") or "")
        begin = partial(self._operations.after, self._world.pace.complete)
        return self._operations.carry_out(ask, call, body, begin=begin)

    def create(self, ask: Ask) -> Reply:
        """Make an audio routing group, in place of one with the same id (call-post-audioroutinggroups.r01)."""
        call, body = self._calls.asked(ask)
        self._participants.require_group_call(ask, self._world.store.conference_of(call))
        mode = body["routingMode"]
        route = Route(body.get("id") or mode[:1].upper() + mode[1:])  # s14.1
        return self._answer(ask, self._put(call, route, body))

    def update(self, ask: Ask) -> Reply:
        """Change the members of a group that are sent (audioroutinggroup-update.r02)."""
        call, route = self._found(ask)
        return self._answer(ask, self._put(call, route, self._world.admission.body(ask)))

    def _put(self, call: Call, route: Route, body: Mapping[str, Any]) -> Route:
        """Put a group with the members of ``body`` in the place of ``route``."""
        names = ("sources", "receivers")
        lists = (tuple(getattr(route, name) if body.get(name) is None else body[name]) for name in names)
        route = Route(route.id, body.get("routingMode") or route.mode, *lists)
        for id in chain.from_iterable(body.get(name) or () for name in names):  # who has left since then may stay named
            self._participants.active(call, id)
        self._keep(call, {**call.routes, route.id: route})
        return route

    def _keep(self, call: Call, routes: Mapping[str, Route]) -> None:
        self._calls.note_change(self._world.store.change_routes(call, routes))

    def _answer(self, ask: Ask, route: Route) -> Reply:
        body = ask.shown("audioRoutingGroups/$entity", resources.audio_routing_group(route))
        return Reply(200, documented(f"{ask.match.operation.id}.r01"), body)

    def list(self, ask: Ask) -> Reply:
        """Show the groups of a call."""
        call = self._calls.established(ask)
        value = [resources.audio_routing_group(one) for one in call.routes.values()]
        body = ask.shown("audioRoutingGroups", {"value": value})
        return Reply(200, documented("call-list-audioroutinggroups.r01"), body)

    def get(self, ask: Ask) -> Reply:
        """Show one group."""
        return self._answer(ask, self._found(ask)[1])

    def delete(self, ask: Ask) -> Reply:
        """Take a group away; its sources are heard by everybody again."""
        call, route = self._found(ask)
        self.take_away(call, route)
        return Reply(204, documented("audioroutinggroup-delete.r01"))

    def take_away(self, call: Call, route: Route) -> None:
        """Keep the other groups of a call."""
        self._keep(call, {id: one for id, one in call.routes.items() if id != route.id})

    def _found(self, ask: Ask) -> tuple[Call, Route]:
        call, id = self._calls.established(ask), ask.match.keys["group-id"]
        if id not in call.routes:
            aside = f"No audio routing group of this call has the id {id[:80]!r}.{did_you_mean(id, call.routes)}"
            raise Refusal("routing-group-not-found", aside)
        return call, call.routes[id]
