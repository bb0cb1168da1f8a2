"""Calls that are handed on: transfers, redirects, and the people, phones and bots that are rung for them.

The person who is handed on waits in a conference of its own, which has the id of the call that was transferred or
redirected; the targets are invited into it, and the first one who takes the call is connected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_graphcalls.lifecycle import CallEvent, CallState, ParticipantEvent, ParticipantState
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.calls import CALLER_LEFT, PEER_LEFT, Calls, require_instance
from pytest_graphcalls.simulator.entities import E164, Call, Conference, Identity, Invitee, Kind, Participant
from pytest_graphcalls.simulator.identity import App
from pytest_graphcalls.simulator.incoming import Incoming
from pytest_graphcalls.simulator.people import RESULTS, UNKNOWN_PERSON, Answer, Fate
from pytest_graphcalls.simulator.requests import invitee_of, require_entries, require_object_id
from pytest_graphcalls.simulator.responses import (
    Fact,
    Refusal,
    Reply,
    Result,
    documented,
    inferred,
    invalid,
    reported,
    weakest,
)
from pytest_graphcalls.simulator.world import World

REDIRECT_SECONDS: Mapping[bool, float] = {False: 55.0, True: 60.0}
"""How long the targets of a redirect ring unless it says so, by whether there are several (call-redirect.request)."""
TRANSFERRED = Result(200, 7015, "The call was transferred.", documented("s9.2"))
FAILED: Mapping[bool, Result] = {
    False: Result(500, 7000, "The transfer failed.", documented("s9.4")),
    True: Result(500, 7700, "The consultative transfer failed.", documented("s9.4")),
}
"""Why a call is established again, by whether the transfer was consultative."""
REPLACED = replace(PEER_LEFT, fact=inferred("s9.2"))
"""The end of the bot's own call with the target of a consultative transfer."""
PROGRESS = documented("s9.2")
TO_A_BOT = reported("s9.9")
MEETING_MODE = "Cannot do transfer for meeting mode"
REASON = {"terminationReason": "AppTransferred"}


class Transfers:
    """Transfers and redirects calls. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: what holds for every call.
        incoming: takes the calls that arrive at bots.
    """

    def __init__(self, world: World, calls: Calls, incoming: Incoming) -> None:
        self._world = world
        self._store = world.store
        self._switches = world.switches
        self._calls = calls
        self._incoming = incoming

    def transfer(self, ask: Ask) -> Reply:
        """Hand an established call on; what becomes of it is posted (call-transfer.r01)."""
        call, body = self._calls.asked(ask)
        target = invitee_of(body["transferTarget"], self._world.people)
        self.require_transferable(call)
        who = self.transferee(call, body)
        fact = self.require_reachable(ask, who, {"$.transferTarget": target}, documented("call-transfer.r01"))
        self.require_own_replaced_call(call, target)
        call = self._store.step_call(call, CallEvent.TRANSFER, replaces=target.replaces)
        self.notify_progress(call)
        transferor = self._world.authority.bot(ask.grant.app)
        self.ring(call, who, (target,), self._world.pace.ring_limit, transferor)
        return Reply(202, fact)

    def redirect(self, ask: Ask) -> Reply:
        """Hand an incoming call on (call-redirect.r01)."""
        call = self._calls.live(ask)
        body = self._world.admission.body(ask)
        self._incoming.require_incoming(call)
        require_entries(body, "targets")
        targets = {f"$.targets[{i}]": invitee_of(one, self._world.people) for i, one in enumerate(body["targets"])}
        who = next((one for one in self._store.conference_of(call).active if one.is_person), None)
        if who is None:
            raise Refusal("call-not-found", "Everybody has left the call.", fact=inferred("call-redirect.r02"))
        fact = self.require_reachable(ask, who, targets, documented("call-redirect.r01"))
        names = tuple(one.identity.called for one in targets.values())
        callback = self._incoming.take_callback(call, body)
        call = self._calls.step(call, CallEvent.REDIRECT, callback=callback, redirected_to=names)
        at_once = self.ends_at_once(targets.values())
        if at_once:
            self.end_redirected(call)
        self.ring(call, who, targets.values(), body.get("timeout") or REDIRECT_SECONDS[len(targets) > 1])
        if at_once:
            self._leave(call, who.identity)
        return Reply(202, fact)

    def require_transferable(self, call: Call) -> None:
        """Refuse a peer-to-peer call that a person was ever invited into (s9.8), or, if chosen, any group call."""
        group = self._store.conference_of(call)
        began_as_peer = group.grown or group.kind is Kind.PEER
        invited = any(one.spec.type == "inviteParticipantsOperation" for one in self._store.operations_of(call))
        if (began_as_peer and invited) or (group.kind is Kind.GROUP and self._switches.group_transfer == "refused"):
            aside = "A person was invited into this call." if invited else "It is a group call."
            raise Refusal("invalid-request", aside, message=MEETING_MODE, fact=reported("s9.7, s9.8"))

    def transferee(self, call: Call, body: Mapping[str, Any]) -> Participant:
        """The one who is handed on: the other side, or whom the request names in a group call (call-transfer.r04)."""
        conference = self._store.conference_of(call)
        if conference.kind is Kind.PEER:
            return next(one for one in conference.active if not one.leg)
        named = invitee_of(body.get("transferee") or {}, self._world.people)
        one = conference.people.get(named.participant) or conference.find(named.identity)
        if one is None or not one.is_person or one.state is not ParticipantState.ACTIVE:
            got = repr((named.participant or named.identity.id)[:80]) if body.get("transferee") else "nothing"
            there = ", ".join(one.identity.called for one in conference.active if one.is_person)
            expected = f"the identity or participantId of one of {there}"
            raise invalid("$.transferee", expected, got, fact=inferred("call-transfer.r04"))
        return one

    def require_reachable(self, ask: Ask, waiting: Participant, targets: Mapping[str, Invitee], fact: Fact) -> Fact:
        """Refuse targets that cannot be rung, by their places; gives how well it is known that these are."""
        seen = {waiting.identity.key}
        for place, target in targets.items():
            who, at = target.identity, f"{place}.identity"
            if who.key in seen:
                expected, fact = "a person who is not in the call, nor named before", inferred("participant-invite.r15")
                raise invalid(at, expected, "a repetition", fact=fact)
            seen.add(who.key)
            if not who.id or (who.sort == "phone" and not E164.fullmatch(who.id)):
                expected = "an object id, or a phone number in E.164 form"
                raise invalid(at, expected, repr(who.id[:40]), fact=inferred("observed 2.33"))
            require_object_id(self._world.people, who, at)
            if who.sort == "phone":
                self.require_phone_instance(ask)
            if who.sort.startswith("application"):
                fact = weakest(fact, TO_A_BOT)
                self.require_resource_account(ask, who)
            elif not self._world.people.exists(who):
                fact = UNKNOWN_PERSON
        return fact

    def require_phone_instance(self, ask: Ask) -> None:
        """Refuse to ring a phone for an app without an application instance (call-transfer.r02)."""
        require_instance(ask, inferred("s9.10, observed 2.10"))

    def require_resource_account(self, ask: Ask, who: Identity) -> None:
        """Refuse to hand a call on to a bot, unless that is chosen and it is that of another app (s9.9)."""
        bot = self._bot(who)
        if self._switches.resource_accounts == "refused" or bot is None or bot.app_id == ask.grant.app.app_id:
            hint = (
                'simulator.switches.choose(resource_accounts="reached") lets that of another app of this tenant ring.'
            )
            raise Refusal("tenant-mismatch", f"The target is a bot. {hint}", fact=TO_A_BOT)

    def _bot(self, who: Identity) -> App | None:
        """The app that an identity names by its own id, or by that of its application instance."""
        ids = ((app, {app.app_id.lower(), app.instance_id.lower()}) for app in self._world.authority.apps)
        return next((app for app, known in ids if who.sort.startswith("application") and who.id.lower() in known), None)

    def require_own_replaced_call(self, call: Call, target: Invitee) -> None:
        """Refuse a consultative transfer that names no other call of the app (s9.12)."""
        replaced = self._store.call_in(target.replaces)
        other = replaced is not None and replaced.app_id == call.app_id and replaced.id != call.id
        if target.replaces and not other:
            aside = f"$.transferTarget.replacesCallId: expected another call of this app, got {target.replaces[:80]!r}."
            raise Refusal("replaced-call-not-found", aside)

    def ring(
        self,
        call: Call,
        who: Participant,
        targets: Iterable[Invitee],
        seconds: float,
        transferor: Identity | None = None,
    ) -> None:
        """Let all targets ring; ``who`` is handed on, and waits."""
        conference = self._store.put_conference(Conference(call.id, Kind.PEER))
        self._store.add_participant(conference, self._world.ids.new("participant"), who.identity)
        for target in targets:
            self.ring_one(call, who.identity, target, seconds, transferor)

    def ring_one(self, call: Call, who: Identity, target: Invitee, seconds: float, transferor: Identity | None) -> None:
        """Let one target ring: a bot by an incoming call of its own, a person or a phone as scripted."""
        conference, bot = self._store.conferences[call.id], self._bot(target.identity)
        if bot is not None:
            facts = {"source": who, "targets": (self._world.authority.bot(bot),), "transferor": transferor}
            self._incoming.arrive(self._calls.leg(bot.app_id, conference, CallState.INCOMING, "incoming", **facts))
            return
        id = self._world.ids.new("participant")
        self._store.add_participant(conference, id, target.identity, ParticipantState.INVITED, invited_by=call.id)
        fate = self.fate(target, seconds)
        self._world.clock.after(fate.after, partial(self.decide, call.id, id, fate.result))

    def fate(self, target: Invitee, seconds: float) -> Fate:
        """The result of ringing a target; voicemail that is asked for answers at once, or not at all (s9.11)."""
        if target.extras.get("endpointType") == "voicemail":
            outcome = Answer.DECLINES if self._switches.voicemail == "takes" else Answer.UNREACHABLE
            return Fate(0.0, RESULTS[outcome, False])
        return self._world.people.fate(target.identity, seconds)

    def decide(self, call_id: str, id: str, result: Result | None) -> None:
        """A target takes the call or does not; then their voicemail may (s9.5, s10.7), or others are waited for."""
        conference = self._store.conferences.get(call_id)
        one = conference.people.get(id) if conference else None
        if conference is None or one is None or one.state is not ParticipantState.INVITED:
            return
        who = one.identity
        reached = result is not None and result.subcode != RESULTS[Answer.UNREACHABLE, False].subcode
        if reached and self._world.people.scripted(who).voicemail:
            result, who = None, replace(who, sort="voicemail", name=f"Voicemail of {who.called}")
            conference = self._store.change_participant(conference, id, identity=who)
        origin = self._store.calls.get(call_id)
        if origin is None:  # it was over and is kept no longer
            return
        if result is None and self._waits(origin, conference):
            conference = self._store.step_participant(conference, id, ParticipantEvent.JOIN)
            self._calls.schedule_leaving(conference, id)
            self.taken(origin, who)
        else:
            self._store.step_participant(conference, id, ParticipantEvent.DECLINE)
            self.given_up(origin)

    def _waits(self, origin: Call, conference: Conference) -> bool:
        """Whether the person who is handed on is still there, and in a transferred call with the bot as well."""
        old = self._store.conference_of(origin)
        return any(origin.state is not CallState.TRANSFERRING or old.find(one.identity) for one in conference.active)

    def decided(self, call: Call) -> None:
        """A bot has answered an incoming call, or a call is over: that may end the ringing."""
        if call.state is CallState.TERMINATED and call.id in self._store.conferences:
            self._stop_ringing(call)
        origin = self._store.calls.get(call.conference)
        if origin is not None and call.state is CallState.ESTABLISHING:
            self.taken(origin, self._world.authority.bot(self._world.authority.app_of(call.app_id)))
        elif origin is not None:
            self.given_up(origin)

    def give_up_abandoned(self, conference: Conference) -> None:
        """Stop the ringing for a person who has left the group call from which they were to be handed on."""
        for origin in map(self._store.calls.__getitem__, conference.legs):
            if origin.state is CallState.TRANSFERRING and not self._waits(origin, self._store.conferences[origin.id]):
                self._stop_ringing(origin)
                self.given_up(self._store.calls[origin.id])

    def taken(self, origin: Call, by: Identity) -> None:
        """The first target takes a call: that is all that becomes of it for the bot."""
        waiting = next(one for one in self._store.conferences[origin.id].active if not one.leg)
        if origin.state is CallState.TRANSFERRING:
            origin = self._store.step_call(origin, CallEvent.TRANSFER_ACCEPTED)
            self.notify_progress(origin)
            self.end_transferred(origin)
            self._leave(origin, waiting.identity)
            self.end_replaced(origin, by)
        elif origin.state is CallState.REDIRECTING:
            self.end_redirected(origin, by)
            self._leave(origin, waiting.identity)
        self._stop_ringing(origin)

    def given_up(self, origin: Call) -> None:
        """Let a transferred call go on, or end a redirected one, when the last target has refused (s9.4)."""
        conference = self._store.conferences[origin.id]
        if self._rings(conference):
            return
        if origin.state is CallState.TRANSFERRING:
            self.go_on(origin)
        elif origin.state is CallState.REDIRECTING:
            self.end_redirected(origin)
        left = tuple(conference.active)
        if len(left) == 1:
            self._store.step_participant(conference, left[0].id, ParticipantEvent.LEAVE)

    def _rings(self, conference: Conference) -> bool:
        invited = any(one.state is ParticipantState.INVITED for one in conference.people.values())
        return invited or any(self._store.calls[leg].state is CallState.INCOMING for leg in conference.legs)

    def _stop_ringing(self, origin: Call) -> None:
        """Stop the ringing for a call that was taken, or is over."""
        conference = self._calls.withdraw_invitations(origin, self._store.conferences[origin.id])
        for leg in conference.legs:
            if self._store.calls[leg].state is CallState.INCOMING:
                self._calls.end(self._store.calls[leg], CallEvent.END, CALLER_LEFT)

    def _leave(self, origin: Call, who: Identity) -> None:
        """Let the person who was handed on leave the call with the bot."""
        conference = self._store.conference_of(origin)
        one = conference.find(who)
        if one is not None and not (origin.redirected_to and conference.kind is Kind.GROUP):
            self._calls.participant_left(self._store.step_participant(conference, one.id, ParticipantEvent.LEAVE))

    def notify_progress(self, call: Call) -> None:
        """Notify the bot that its transfer goes on, unless it is to see the end alone (s9.3)."""
        if self._switches.transfer_states == "posted":
            self._world.notifier.call_changed(call, PROGRESS)

    def go_on(self, call: Call) -> None:
        """No target has taken a transferred call, so it is established again (call-transfer.r05)."""
        call = self._store.step_call(call, CallEvent.TRANSFER_FAILED)
        self.notify_failure(call, FAILED[bool(call.replaces)])

    def notify_failure(self, call: Call, result: Result) -> None:
        """Notify the bot of a failed transfer (s9.4)."""
        info = result.wire()
        info[self._switches.transfer_failure] = info.pop("subcode")
        self._world.notifier.call_transferred(call, "updated", {"resultInfo": info}, result.fact)

    def end_transferred(self, call: Call) -> None:
        """The bot's part of a transferred call is over (s9.2)."""
        chosen = self._switches.transfer_end
        result = replace(TRANSFERRED, code=0 if chosen == "code-0" else 200)
        self._calls.before_end(call)
        call = self._store.step_call(call, CallEvent.FINISH, result=result)
        by_reason = chosen == "reason" or (chosen == "documented" and call.replaces)
        members = REASON if by_reason else {"resultInfo": result.wire()}
        self._world.notifier.call_transferred(call, "deleted", members, result.fact)
        self._calls.forget(call)

    def end_replaced(self, origin: Call, by: Identity) -> None:
        """The bot's own call with the target of a consultative transfer is over, too (inferred: s9.2)."""
        replaced = self._store.call_in(origin.replaces)
        if replaced is not None:
            conference = self._store.conference_of(replaced)
            if one := conference.find(by):
                conference = self._store.step_participant(conference, one.id, ParticipantEvent.LEAVE)
            if conference.kind is Kind.PEER:
                self._calls.end(replaced, CallEvent.END, REPLACED)
            else:
                self._calls.participant_left(conference)

    def ends_at_once(self, targets: Iterable[Invitee]) -> bool:
        """Whether the bot is notified of the end of a redirected call before a target has taken it (s10.3)."""
        phones = any(one.identity.sort == "phone" for one in targets)
        return self._switches.redirect_end == "at-once" or (self._switches.redirect_end == "by-target" and not phones)

    def end_redirected(self, call: Call, by: Identity | None = None) -> None:
        """The bot's part of a redirected call is over; for a phone it is shown who has answered (s10.2)."""
        call = self._store.step_call(call, CallEvent.FINISH)
        if by is not None and by.sort == "phone":
            who = Identity("encrypted", self._world.ids.named(f"encrypted:{by.id}"))
            self._world.notifier.call_redirected(call, {"answeredBy": resources.source_info(who)})
        else:
            self._world.notifier.call_redirected(call)
        self._calls.forget(call)
