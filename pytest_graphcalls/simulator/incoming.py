"""Incoming calls: answer, reject, redirect, or let the time run out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_graphcalls.lifecycle import CallEvent, CallState
from pytest_graphcalls.simulator.admission import Ask, require_role_for
from pytest_graphcalls.simulator.calls import COMING_ABOUT, Calls, require_media_role
from pytest_graphcalls.simulator.entities import Call
from pytest_graphcalls.simulator.requests import asked_of, is_https
from pytest_graphcalls.simulator.responses import Refusal, Reply, Result, documented, inferred, reported
from pytest_graphcalls.simulator.world import World

INCOMING_SECONDS = 15.0
"""How long an incoming call can be answered or rejected, in virtual seconds (call-reject.r04)."""

RECORDING_SECONDS = 5.0
"""How long one can be answered that a recording policy has brought about (m3.16, observed 10.1)."""

NOT_ANSWERED = Result(408, 8587, "The incoming call was not answered in time.", inferred("observed 2.43"))
NOT_RECORDED = Result(408, 8544, "Callee could not be reached.", reported("m3.16, observed 5.30"))


class Incoming:
    """Answers and rejects. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: what holds for every call.
    """

    def __init__(self, world: World, calls: Calls) -> None:
        self._world = world
        self._calls = calls
        self.seconds = INCOMING_SECONDS
        self.recording_seconds = RECORDING_SECONDS

    def arrive(self, call: Call, *, in_old_form: bool = False) -> None:
        """Notify the bot of an incoming call, and start its time."""
        notify = self._world.notifier.call_arrived_in_old_form if in_old_form else self._world.notifier.call_arrived
        notify(call)
        seconds = self.recording_seconds if call.by_policy else self.seconds
        self._world.clock.after(seconds, lambda: self.expire(call.id))

    def arrive_again(self, call_id: str) -> None:
        """Notify the bot of a call once more, in the form of Graph: it has answered 204 to the older one (m3.3)."""
        with self._world.lock:
            if call := self._world.store.call_in(call_id, CallState.INCOMING):
                self._world.notifier.call_arrived(call)

    def expire(self, call_id: str) -> None:
        """End a call that was not answered in time (call-reject.r04)."""
        if call := self._world.store.call_in(call_id, CallState.INCOMING):
            self._calls.end(call, CallEvent.EXPIRE, NOT_RECORDED if call.by_policy else NOT_ANSWERED)

    def answer(self, ask: Ask) -> Reply:
        """Take an incoming call."""
        call = self._calls.live(ask)
        body = self._world.admission.body(ask)
        self.require_answer_role(ask, call)
        require_media_role(ask, body)
        asked = {**call.asked, **asked_of(body, "acceptedModalities", "incomingCallOptions")}
        facts = {"callback": self.take_callback(call, body), "asked": asked}
        call = self._calls.step(call, CallEvent.ANSWER, **facts)
        self._calls.enter(call)
        self._calls.media_given(ask, call)
        self._calls.stay_alive(call)
        self._calls.decided(call)
        self._world.notifier.call_changed(call, COMING_ABOUT[call.direction])
        self._world.clock.after(self._world.pace.establish, lambda: self._calls.establish(call.id))
        return Reply(202, documented("call-answer.r01"))

    def require_answer_role(self, ask: Ask, call: Call) -> None:
        """Refuse to join a group call without a role; answering a user who calls takes none.

        The answer page lists join permissions, the calls overview says none is needed for a
        peer-to-peer call (shared.call_resource_rules).
        """
        require_role_for(ask, self._world.store.conference_of(call).kind)

    def take_callback(self, call: Call, body: Mapping[str, Any]) -> str:
        """Send later notifications to the https address in the body, else where they went so far (call-reject.r06)."""
        given = body.get("callbackUri")
        return str(given) if is_https(given) else call.callback

    def reject(self, ask: Ask) -> Reply:
        """Refuse an incoming call."""
        call = self._calls.live(ask)
        body = self._world.admission.body(ask)
        self.require_incoming(call)
        facts = {"callback": self.take_callback(call, body), "rejected_with": self.read_reason(body)}
        self.drop_rejected(call, **facts)
        return Reply(202, documented("call-reject.r01"))

    def require_incoming(self, call: Call) -> None:
        """Refuse to reject or redirect a call that was answered: it goes on (call-reject.r02, call-redirect.r02)."""
        if call.state is not CallState.INCOMING:
            aside = f"The call is {call.state}; only an incoming call can be rejected or redirected."
            raise Refusal("already-established", aside)

    def read_reason(self, body: Mapping[str, Any]) -> str:
        """The reason, whatever its letter case (observed 11.4); ``none`` when there is none."""
        return str(body.get("reason") or "none").lower()

    def drop_rejected(self, call: Call, **facts: Any) -> None:
        """End a rejected call and notify the bot (call-reject.r07)."""
        call = self._calls.step(call, CallEvent.REJECT, **facts)
        self._world.notifier.call_rejected(call)
        self._calls.forget(call)
