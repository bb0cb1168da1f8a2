"""Media that the service hosts: prompts, keys, and recordings with what ends them and the files that bots read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.audio import KEYS, NAMES, Plan, Recording, Tone
from pytest_graphcalls.simulator.calls import Calls, is_app_hosted
from pytest_graphcalls.simulator.entities import Call, Conference, Operation
from pytest_graphcalls.simulator.hearing import Hearing
from pytest_graphcalls.simulator.identity import bearer
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.prompts import Prompts, sounds_of
from pytest_graphcalls.simulator.requests import require_entries
from pytest_graphcalls.simulator.responses import Refusal, Reply, documented, inferred, invalid
from pytest_graphcalls.simulator.world import World
from pytest_graphcalls.wire import EVIDENCE_HEADER, Headers, Request, Response

GOES_ON: Mapping[str, str] = {"recording": "recorded-already", "transcription": "operation-conflict"}
"""The error of a second start, by what is kept of a call (s17.5)."""
LONGEST = 120
"""Seconds of a recording at most (call-record.r03)."""
USUAL = 5
"""Seconds of each limit that a request does not name."""
_LENGTH = "maxRecordDurationInSeconds"
_ADDRESS = re.compile(r"/recordings/([0-9a-f-]+)$")


class Media:
    """Plays audio, records answers, sends and hears tones. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: finds the call.
        operations: runs the operations.
        prompts: plays prompts.
        hearing: knows when something is said.
    """

    def __init__(self, world: World, calls: Calls, operations: Operations, prompts: Prompts, hearing: Hearing) -> None:
        self._world = world
        self._calls = calls
        self._operations = operations
        self._prompts = prompts
        self._hearing = hearing
        self.switches = world.switches
        """Where sources differ: which behaviour is simulated; see :meth:`.Switches.choose`."""
        hearing.pressed = self.stop_at
        hearing.spoken = self.listen_again

    def play_prompt(self, ask: Ask) -> Reply:
        """Play prompts, once those before them in the call have ended (call-playprompt.r04)."""
        call, body = self._asked(ask)
        require_entries(body, "prompts")
        begin = partial(self._prompts.play, ask, self._end_after)
        facts = {"sounds": sounds_of(body), "loops": self.loops(ask, body)}
        return self._operations.carry_out(ask, call, body, begin=begin, **facts)

    def _end_after(self, operation: Operation, seconds: float) -> None:
        if not operation.loops:
            self._operations.after(seconds, operation)

    def subscribe(self, ask: Ask) -> Reply:
        """Notify the bot of every key from now on (call-subscribetotone.r03)."""
        call, body = self._asked(ask)
        self._world.store.change_call(call, hears_tones=True)
        return self._operations.carry_out(ask, call, body)

    def send_tones(self, ask: Ask) -> Reply:
        """Send telephone keys, one after the other (call-senddtmftones.r01)."""
        call, body = self._calls.asked(ask)
        require_entries(body, "tones")
        self.require_no_tones(ask, call)
        each = self._world.pace.tone + max(body.get("delayBetweenTonesMs") or 0, 0) / 1000

        def begin(operation: Operation) -> None:
            for number, tone in enumerate(body["tones"]):
                self._world.clock.after(number * each, partial(self._sent, operation.id, tone))
            self._operations.after(each * len(body["tones"]), operation)

        return self._operations.carry_out(ask, call, body, begin=begin)

    def _sent(self, operation_id: str, tone: str) -> None:
        operation = self._operations.running(operation_id)
        if operation is not None:
            call = self._world.store.calls[operation.call]
            self._world.store.change_call(call, tones=(*call.tones, Tone(tone, self._world.clock.now)))

    def cancel(self, ask: Ask) -> Reply:
        """End what is played and what waits for it (call-cancelmediaprocessing.r02)."""
        call, body = self._calls.asked(ask)
        self._operations.cancel(call)
        return self._operations.carry_out(ask, call, body)

    def set_recording_status(self, ask: Ask) -> Reply:
        """Note whether the bot records (call-updaterecordingstatus.r01)."""
        call, body = self._calls.asked(ask)
        self.require_recording_policy(call)
        self._world.store.change_call(call, recording_status=body["status"])
        return self._operations.carry_out(ask, call, body)

    def require_recording_policy(self, call: Call) -> None:
        """Refuse a bot that no recording policy has brought into the call (s11.2)."""
        if not call.by_policy:
            raise Refusal("not-a-recording-call", "No recording policy has brought this bot into the call.")

    def log_quality(self, ask: Ask) -> Reply:
        """Keep what a partner reports of the media of a device (call-logteleconferencedevicequality.r01)."""
        self._world.store.device_quality.append(self._world.admission.body(ask).get("quality") or {})
        return Reply(200, documented("call-logteleconferencedevicequality.r01"))

    def keep(self, ask: Ask, name: str, *, on: bool) -> Reply:
        """Start or stop the ``recording`` or the ``transcription`` of the call for all who are in it (s17.1)."""
        call, body = self._calls.asked(ask)
        conference = self._world.store.conference_of(call)
        goes_on = conference.kept.get(name, (False, ""))[0]
        if goes_on and on:
            raise Refusal(GOES_ON[name], f"There is a {name} of this call already.")
        if goes_on is not on:
            kept = {**conference.kept, name: (on, f"{self._world.clock.stamp()}Z")}
            self._world.store.put_conference(replace(conference, kept=kept))
        begin = partial(self._operations.after, self._world.pace.keeping)
        return self._operations.carry_out(ask, call, body, begin=begin)

    def _asked(self, ask: Ask) -> tuple[Call, Mapping[str, Any]]:
        call, body = self._calls.asked(ask)
        self.require_service_hosted_media(ask, call)
        return call, body

    def require_service_hosted_media(self, ask: Ask, call: Call) -> None:  # noqa: ARG002  a step is handed both
        """Refuse a call whose bot hosts its media itself (call-playprompt.r02), or that has no audio (s0.16)."""
        if is_app_hosted(call.asked):
            raise Refusal("invalid-media-mode", "The call has appHostedMediaConfig; it takes serviceHostedMediaConfig.")
        modalities = call.asked.get("requestedModalities", ["audio"])
        if "audio" not in modalities:
            raise Refusal("audio-inactive", f"The call has the modalities {modalities}.")

    def require_no_tones(self, ask: Ask, call: Call) -> None:
        """Refuse tones while others are sent (s5.4)."""
        spec, started = ask.match.operation.long_running, self._world.store.operations_of(call)
        if any(one.spec is spec and self._operations.running(one.id) for one in started):
            raise Refusal("media-precondition", "Tones are being sent already.")

    def loops(self, ask: Ask, body: Mapping[str, Any]) -> bool:
        """Whether the prompts are played without end: a parameter that only beta has (call-playprompt.r05)."""
        return ask.match.version == "beta" and body.get("loop") is True

    def record(self, ask: Ask) -> Reply:
        """Record an answer, once its turn has come (call-record.r01)."""
        call, body = self._asked(ask)
        facts = {"sounds": sounds_of(body), "plan": self.plan(ask, body)}
        self.barge_in(ask, call, body)
        begin = partial(self._prompts.play, ask, self._begin_recording)
        return self._operations.carry_out(ask, call, body, begin=begin, **facts)

    def barge_in(self, ask: Ask, call: Call, body: Mapping[str, Any]) -> None:
        """Cancel what is played, recorded or waiting, if that is asked for (s2.16)."""
        spec = ask.match.operation.long_running
        if spec is not None and body.get("bargeInAllowed") is True:
            self._operations.cancel(call, spec.queue)

    def plan(self, ask: Ask, body: Mapping[str, Any]) -> Plan:
        """The limits of a recording; more than two minutes are two minutes (s2.15)."""
        names = ("initialSilenceTimeoutInSeconds", "maxSilenceTimeoutInSeconds", _LENGTH)
        given = (body.get(name) for name in names)
        silence, pause, longest = (USUAL if one is None else min(one, LONGEST) for one in given)
        if longest < 1:
            raise invalid(f"$.{_LENGTH}", "at least 1", f"{longest}", fact=inferred("observed 2.33"))
        stop = frozenset(KEYS[key.lower()] for key in body.get("stopTones") or ())
        return Plan(silence, pause, longest, body.get("playBeep") is not False, stop, ask.root.rpartition("/")[0])

    def _begin_recording(self, operation: Operation, prompts: float) -> None:
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
            self.end_recording(operation, how)

    def _speech(self, operation: Operation) -> list[tuple[float, float]]:
        return self._hearing.speech_in(self._world.store.calls[operation.call])

    def listen_again(self, conference: Conference) -> None:
        """Look at the recordings in a conference again, because its participants will speak at other times."""
        for call in self._world.store.calls_in(conference):
            for operation in self._recording(call):
                self._await_end(operation.id)

    def stop_at(self, call: Call, tone: str) -> None:
        """End a recording one of whose stop tones was pressed."""
        for operation in self._recording(call):
            if operation.plan and tone in operation.plan.stop:
                self.end_recording(operation, "stop-tone")

    def keep_at_hang_up(self, call: Call) -> None:
        """Keep what was recorded in a call that is about to end, if it is not to be lost (s2.14)."""
        if self.switches.hang_up == "keeps":
            for operation in self._recording(call):
                self.end_recording(operation, "pause")

    def _recording(self, call: Call) -> list[Operation]:
        started = self._world.store.operations_of(call)
        return [one for one in started if one.listens is not None and self._operations.running(one.id)]

    def end_recording(self, operation: Operation, how: str) -> None:
        """End a recording; an end for which the contract has no empty location gets a file."""
        kept = "recordingLocation" not in operation.spec.ends[how].members
        self._operations.finish(operation.id, how, **(self.members_of(self.keep_recording(operation)) if kept else {}))

    def keep_recording(self, operation: Operation) -> Recording:
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
        chosen = self.switches.names
        sets = NAMES.values() if chosen == "both" else (NAMES[chosen],)
        return {
            name: value
            for location, token in sets
            for name, value in ((location, recording.location), (token, recording.token))
        }

    def read_recording(self, request: Request) -> Response | None:
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
