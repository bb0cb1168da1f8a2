"""Recordings: the silence clock, what ends one, and the audio file that its bot reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.audio import KEYS, NAMES, Plan, Recording
from pytest_graphcalls.simulator.entities import Call, Conference, Operation
from pytest_graphcalls.simulator.hearing import Hearing
from pytest_graphcalls.simulator.identity import bearer
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.responses import Refusal, documented, inferred
from pytest_graphcalls.simulator.switches import Switches
from pytest_graphcalls.simulator.world import World
from pytest_graphcalls.wire import EVIDENCE_HEADER, Headers, Request, Response

LONGEST = 120
"""Seconds of a recording at most (call-record.r03)."""
USUAL = 5
"""Seconds of each limit that a request does not name."""
_LENGTH = "maxRecordDurationInSeconds"
_ADDRESS = re.compile(r"/recordings/([0-9a-f-]+)$")


class Recordings:
    """Records what people say. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        operations: runs the operations.
        hearing: knows when something is said.
        switches: what becomes of a recording that a hang-up ends, and the names of its members.
    """

    def __init__(self, world: World, operations: Operations, hearing: Hearing, switches: Switches) -> None:
        self._world = world
        self._operations = operations
        self._hearing = hearing
        self._switches = switches
        hearing.pressed = self.stop_at
        hearing.spoken = self.listen_again

    def plan(self, ask: Ask, body: Mapping[str, Any]) -> Plan:
        """The limits of a recording; more than two minutes are two minutes (s2.15)."""
        names = ("initialSilenceTimeoutInSeconds", "maxSilenceTimeoutInSeconds", _LENGTH)
        given = (body.get(name) for name in names)
        silence, pause, longest = (USUAL if one is None else min(one, LONGEST) for one in given)
        if longest < 1:
            aside = f"$.{_LENGTH}: expected at least 1, got {longest}."
            raise Refusal("invalid-request", aside, fact=inferred("observed 2.33"), parameter=f"$.{_LENGTH}")
        stop = frozenset(KEYS[key.lower()] for key in body.get("stopTones") or ())
        return Plan(silence, pause, longest, body.get("playBeep") is not False, stop, ask.root.rpartition("/")[0])

    def begin(self, operation: Operation, prompts: float) -> None:
        """Listen after the prompts and the beep (s2.17)."""
        assert operation.plan is not None
        beep = self._world.pace.beep if operation.plan.beep else 0.0
        self._world.clock.after(self.lead(prompts, beep), partial(self._listen, operation.id))

    def lead(self, prompts: float, beep: float) -> float:
        """Virtual seconds from the turn of a recording to its silence clock."""
        return prompts + beep

    def _listen(self, operation_id: str) -> None:
        operation = self._operations.running(operation_id)
        if operation is not None:
            self._world.store.change_operation(operation, listens=self._world.clock.now)
            self._await_end(operation_id)

    def _await_end(self, operation_id: str) -> None:
        """End a recording at its moment; what people say meanwhile may put that off."""
        operation = self._operations.running(operation_id)
        if operation is None or operation.listens is None or operation.plan is None:
            return
        moment, how = operation.plan.end(operation.listens, self._speech(operation))
        left = moment - self._world.clock.now
        if left > 1e-9:
            self._world.clock.after(left, partial(self._await_end, operation_id))
        else:
            self.stop(operation, how)

    def _speech(self, operation: Operation) -> list[tuple[float, float]]:
        return self._hearing.speech_in(self._world.store.calls[operation.call])

    def listen_again(self, conference: Conference) -> None:
        """Look at the recordings in a conference again, because its participants will speak at other times."""
        for call in self._world.store.calls_in(conference):
            for operation in self._running(call):
                self._await_end(operation.id)

    def stop_at(self, call: Call, tone: str) -> None:
        """End a recording one of whose stop tones was pressed."""
        for operation in self._running(call):
            if operation.plan and tone in operation.plan.stop:
                self.stop(operation, "stop-tone")

    def hang_up(self, call: Call) -> None:
        """Keep what was recorded in a call that is about to end, if it is not to be lost (s2.14)."""
        if self._switches.hang_up == "keeps":
            for operation in self._running(call):
                self.stop(operation, "pause")

    def _running(self, call: Call) -> list[Operation]:
        started = self._world.store.operations_of(call)
        return [one for one in started if one.listens is not None and self._operations.running(one.id)]

    def stop(self, operation: Operation, how: str) -> None:
        """End a recording; an end for which the contract has no empty location gets a file."""
        kept = "recordingLocation" not in operation.spec.ends[how].members
        self._operations.finish(operation.id, how, **(self.members_of(self.keep(operation)) if kept else {}))

    def keep(self, operation: Operation) -> Recording:
        """Put down what was recorded."""
        assert operation.plan is not None
        assert operation.listens is not None
        call = self._world.store.calls[operation.call]
        location = f"{operation.plan.origin}/recordings/{operation.id}"
        app = self._world.authority.app_of(call.app_id)
        token = self._world.authority.token(app, audience=location, roles=())
        begins, ends = operation.listens, self._world.clock.now
        speech = tuple(
            (max(at, begins), min(to, ends)) for at, to in self._speech(operation) if at < ends and to > begins
        )
        recording = Recording(call.id, location, token, begins, ends, speech)
        return self._world.store.recordings.setdefault(operation.id, recording)

    def members_of(self, recording: Recording) -> dict[str, str]:
        """The members of the notification that lead to a recording."""
        chosen = self._switches.names
        sets = NAMES.values() if chosen == "both" else (NAMES[chosen],)
        return {
            name: value
            for location, token in sets
            for name, value in ((location, recording.location), (token, recording.token))
        }

    def read(self, request: Request) -> Response | None:
        """The audio file, for a GET with its token (call-record.r05); ``None`` for any other address."""
        path = _ADDRESS.search(request.path)
        if path is None:
            return None
        operation_id = path[1]
        recording = self._world.store.recordings.get(operation_id)
        if recording is None or self.is_gone(recording):
            raise Refusal("recording-not-found")
        if request.method != "GET":
            raise Refusal("method-not-allowed", headers=(("Allow", "GET"),))
        if bearer(request) != recording.token:
            raise Refusal("recording-token-wrong")
        fetched = (*recording.fetched, self._world.clock.now)
        self._world.store.recordings[operation_id] = replace(recording, fetched=fetched)
        headers = {"Content-Type": "application/octet-stream", EVIDENCE_HEADER: str(documented("call-record.r05"))}
        return Response(200, Headers(headers), recording.wav())

    def is_gone(self, recording: Recording) -> bool:
        """Whether a recording was dropped, as happens soon after its call (call-record.r04)."""
        ended = self._world.store.calls[recording.call].ended
        return ended is not None and self._world.clock.now > ended + self._world.pace.recording_kept
