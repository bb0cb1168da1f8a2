"""Who hears whom: music on hold, audio routing groups, the mixer."""

from __future__ import annotations

from functools import partial

from pytest_graphcalls.simulator.admission import Admission, Ask
from pytest_graphcalls.simulator.audio import Music
from pytest_graphcalls.simulator.calls import Calls
from pytest_graphcalls.simulator.entities import Conference, Operation, Participant
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.participants import Participants
from pytest_graphcalls.simulator.prompts import Prompts, sounds_of
from pytest_graphcalls.simulator.responses import Refusal, Reply, inferred, reported
from pytest_graphcalls.simulator.world import World

HELD = reported("s7.2, s7.3")
"""How well it is known that the roster is sent when a participant is put on hold."""
BACK = inferred("s7.3")
"""How well it is known that it is sent when they come back."""


class Routing:
    """Puts participants on hold, and routes audio. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        admission: reads the body.
        calls: finds the call, and changes participants.
        participants: finds the participant.
        operations: runs the operations.
        prompts: reads the music.
    """

    def __init__(
        self,
        world: World,
        admission: Admission,
        calls: Calls,
        participants: Participants,
        operations: Operations,
        prompts: Prompts,
    ) -> None:
        self._world = world
        self._admission = admission
        self._calls = calls
        self._participants = participants
        self._operations = operations
        self._prompts = prompts

    def start_hold(self, ask: Ask) -> Reply:
        """Put a participant on hold with music, once that was read (participant-startholdmusic.r01)."""
        call = self._calls.established(ask)
        body = self._admission.body(ask)
        conference = self._world.store.conference_of(call)
        one = self._participants.active(conference, ask.match.keys["participant-id"])
        self.require_none_on_hold(conference)
        begin = partial(self._prompts.play, ask, partial(self._hold, one))
        return self._operations.carry_out(ask, call, body, begin=begin, sounds=sounds_of(body, "customPrompt"))

    def require_none_on_hold(self, conference: Conference) -> None:
        """Refuse to put a second participant on hold (participant-startholdmusic.r03, s7.6)."""
        if any(one.music for one in conference.active):
            raise Refusal("conflicting-actions", "One participant is on hold.", action="startHoldMusic")

    def _hold(self, one: Participant, operation: Operation, _: float) -> None:
        music = Music(next(iter(operation.sounds), None), operation.id, self._world.clock.now)
        self._change(one, operation, music)

    def stop_hold(self, ask: Ask) -> Reply:
        """Let a participant back to the others (participant-stopholdmusic.r01)."""
        call = self._calls.established(ask)
        body = self._admission.body(ask)
        one = self._participants.active(self._world.store.conference_of(call), ask.match.keys["participant-id"])
        return self._operations.carry_out(ask, call, body, begin=lambda operation: self._change(one, operation, None))

    def _change(self, one: Participant, operation: Operation, music: Music | None) -> None:
        conference = self._world.store.conference_of(self._world.store.calls[operation.call])
        self._calls.change_participants(conference, [one.id], HELD if music else BACK, music=music)
        self._operations.after(self._world.pace.complete, operation)
