"""Media that the service hosts: prompts that are played and tones that are sent into a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_graphcalls.simulator.admission import Admission, Ask
from pytest_graphcalls.simulator.calls import Calls, is_app_hosted
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.responses import Refusal, Reply, inferred
from pytest_graphcalls.simulator.store import Call
from pytest_graphcalls.simulator.world import World


class Media:
    """Plays audio and sends tones into calls. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        admission: reads the body.
        calls: finds the call.
        operations: runs the operations.
    """

    def __init__(self, world: World, admission: Admission, calls: Calls, operations: Operations) -> None:
        self._world = world
        self._admission = admission
        self._calls = calls
        self._operations = operations

    def play_prompt(self, ask: Ask) -> Reply:
        """Play prompts, once those before them in the call have ended (call-playprompt.r04)."""
        call = self._calls.established(ask)
        body = self._admission.body(ask)
        self.require_service_hosted_media(call)
        require_entries(body, "prompts")
        lasts = None if self.loops(ask, body) else self._world.pace.prompt * len(body["prompts"])
        return self._operations.carry_out(ask, call, body, lasts)

    def send_tones(self, ask: Ask) -> Reply:
        """Send telephone keys, one after the other (call-senddtmftones.r01)."""
        call = self._calls.established(ask)
        body = self._admission.body(ask)
        require_entries(body, "tones")
        each = self._world.pace.tone + (body.get("delayBetweenTonesMs") or 0) / 1000
        return self._operations.carry_out(ask, call, body, each * len(body["tones"]))

    def cancel(self, ask: Ask) -> Reply:
        """End what is played and what waits for it (call-cancelmediaprocessing.r02)."""
        call = self._calls.established(ask)
        body = self._admission.body(ask)
        self._operations.cancel(call)
        return self._operations.carry_out(ask, call, body)

    def require_service_hosted_media(self, call: Call) -> None:
        """Refuse a call whose bot hosts its media itself (call-playprompt.r02)."""
        if is_app_hosted(call.asked):
            raise Refusal("invalid-media-mode", "The call has appHostedMediaConfig; it takes serviceHostedMediaConfig.")

    def loops(self, ask: Ask, body: Mapping[str, Any]) -> bool:
        """Whether the prompts are played without end: a parameter that only beta has (call-playprompt.r05)."""
        return ask.match.version == "beta" and body.get("loop") is True


def require_entries(body: Mapping[str, Any], name: str) -> None:
    """Refuse an empty list."""
    if not body.get(name):
        aside = f"$.{name}: expected at least one entry, got none."
        raise Refusal("invalid-request", aside, fact=inferred("observed 2.33"), parameter=f"$.{name}")
