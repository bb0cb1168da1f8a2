"""Media that the service hosts: the requests that play, record, send and hear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_graphcalls.simulator.admission import Admission, Ask
from pytest_graphcalls.simulator.audio import Tone
from pytest_graphcalls.simulator.calls import Calls, is_app_hosted
from pytest_graphcalls.simulator.entities import Call, Operation
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.prompts import Prompts, sounds_of
from pytest_graphcalls.simulator.recordings import Recordings
from pytest_graphcalls.simulator.responses import Refusal, Reply, documented, inferred
from pytest_graphcalls.simulator.switches import Switches
from pytest_graphcalls.simulator.world import World

GOES_ON: Mapping[str, str] = {"recording": "recorded-already", "transcription": "operation-conflict"}
"""The error of a second start, by what is kept of a call (s17.5)."""


class Media:
    """Plays audio, records answers, sends and hears tones. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        admission: reads the body.
        calls: finds the call.
        operations: runs the operations.
        prompts: plays prompts.
        recordings: records.
        switches: which of several behaviours is simulated.
    """

    def __init__(
        self,
        world: World,
        admission: Admission,
        calls: Calls,
        operations: Operations,
        prompts: Prompts,
        recordings: Recordings,
        switches: Switches,
    ) -> None:
        self._world = world
        self._admission = admission
        self._calls = calls
        self._operations = operations
        self._prompts = prompts
        self._recordings = recordings
        self.switches = switches
        """Where sources differ: which behaviour is simulated; see :meth:`.Switches.choose`."""

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

    def record(self, ask: Ask) -> Reply:
        """Record an answer, once its turn has come (call-record.r01)."""
        call, body = self._asked(ask)
        facts = {"sounds": sounds_of(body), "plan": self._recordings.plan(ask, body)}
        self.barge_in(ask, call, body)
        begin = partial(self._prompts.play, ask, self._recordings.begin)
        return self._operations.carry_out(ask, call, body, begin=begin, **facts)

    def barge_in(self, ask: Ask, call: Call, body: Mapping[str, Any]) -> None:
        """Cancel what is played, recorded or waiting, if that is asked for (s2.16)."""
        spec = ask.match.operation.long_running
        if spec is not None and body.get("bargeInAllowed") is True:
            self._operations.cancel(call, spec.queue)

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
        self._world.store.device_quality.append(self._admission.body(ask).get("quality") or {})
        return Reply(200, documented("call-logteleconferencedevicequality.r01"))

    def start_recording(self, ask: Ask) -> Reply:
        """Record the call for all who are in it (call-startrecording.r01)."""
        return self._keep(ask, "recording", on=True)

    def stop_recording(self, ask: Ask) -> Reply:
        """Record the call no longer (call-stoprecording.r01)."""
        return self._keep(ask, "recording", on=False)

    def start_transcription(self, ask: Ask) -> Reply:
        """Transcribe the call for all who are in it (call-starttranscription.r01)."""
        return self._keep(ask, "transcription", on=True)

    def stop_transcription(self, ask: Ask) -> Reply:
        """Transcribe the call no longer (call-stoptranscription.r01)."""
        return self._keep(ask, "transcription", on=False)

    def _keep(self, ask: Ask, name: str, *, on: bool) -> Reply:
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


def require_entries(body: Mapping[str, Any], name: str) -> None:
    """Refuse an empty list."""
    if not body.get(name):
        aside = f"$.{name}: expected at least one entry, got none."
        raise Refusal("invalid-request", aside, fact=inferred("observed 2.33"), parameter=f"$.{name}")
