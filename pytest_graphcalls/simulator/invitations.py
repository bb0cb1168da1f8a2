"""Invitations: bring people into a call, out of a different call if asked for, and end the operation.

An invite is a row of steps: those in :attr:`Invitations.checks` may refuse it, the rest carry it out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pytest_graphcalls.lifecycle import CallEvent, ParticipantEvent, ParticipantState as State
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.calls import FIRST_ROSTER, PEER_LEFT, Calls, require_instance
from pytest_graphcalls.simulator.entities import E164, Call, Conference, Identity, Invitee, Kind, Operation, Participant
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.people import UNKNOWN_PERSON
from pytest_graphcalls.simulator.requests import InviteOrder, invite_order, require_object_id
from pytest_graphcalls.simulator.responses import Refusal, Reply, Result, documented, inferred, invalid, reported
from pytest_graphcalls.simulator.world import World

MOST_INVITEES = 5  # participant-invite.r05
LONGEST_CONTEXT = 256  # participant-invite.r14

CANCELLED = Result(487, 8542, "The invitation was cancelled.", inferred("observed 2.44"))
NOT_TAKEN = reported("observed 6.12")
"""That an outgoing call which is not taken ends without having been established."""


@dataclass(frozen=True, slots=True)
class Invite:
    """An invite on its way through the checks: the request, the call, what is asked for."""

    ask: Ask
    call: Call
    order: InviteOrder


class Invitations:
    """Invites people."""

    def __init__(self, world: World, calls: Calls, operations: Operations) -> None:
        self._world = world
        self._calls = calls
        self._operations = operations
        self.most_invitees = MOST_INVITEES
        self.longest_context = LONGEST_CONTEXT

    @property
    def checks(self) -> tuple[Callable[[Invite], None], ...]:
        """The steps that may refuse an invite, in their order."""
        return (
            self.require_invitees,
            self.limit_invitees,
            self.require_identity,
            self.limit_client_context,
            self.require_group_call_for_several,
            self.require_chat_info_for_several,
            self.refuse_second_bot,
            self.require_object_ids,
            self.require_e164,
            self.require_phone_instance,
            self.refuse_repeated_identity,
            self.refuse_taken_participant_id,
            self.require_own_replaced_call,
        )

    def invite(self, ask: Ask) -> Reply:
        """Start an operation that brings people into the call (participant-invite.r01, r02)."""
        call, body = self._calls.asked(ask)
        order = invite_order(body, self._world.people)
        order = self.only_first_when_replacing(order)
        invite = Invite(ask, call, order)
        for check in self.checks:
            check(invite)
        exist = all(self._world.people.exists(one.identity) for one in order.invitees)
        return self._operations.reply(ask, self.start(ask, call, order), None if exist else UNKNOWN_PERSON)

    def only_first_when_replacing(self, order: InviteOrder) -> InviteOrder:
        """With ``replacesCallId`` the first entry counts and the rest is passed over (participant-invite.r07, r12)."""
        if any(one.replaces for one in order.invitees):
            return replace(order, invitees=order.invitees[:1])
        return order

    def require_invitees(self, invite: Invite) -> None:
        """Refuse an empty list."""
        if not invite.order.invitees:
            raise invalid("$.participants", "at least one entry", "none", fact=inferred("observed 2.33"))

    def limit_invitees(self, invite: Invite) -> None:
        """Refuse a sixth invitee (participant-invite.r05)."""
        if len(invite.order.invitees) > self.most_invitees:
            raise invalid("$.participants", f"at most {self.most_invitees} entries", f"{len(invite.order.invitees)}")

    def require_identity(self, invite: Invite) -> None:
        """Refuse an entry without an identity."""
        for index, one in enumerate(invite.order.invitees):
            if not one.identity.id:
                raise invalid(f"$.participants[{index}].identity", "an identity with an id", "none")

    def limit_client_context(self, invite: Invite) -> None:
        """Refuse a ``clientContext`` that is too long (participant-invite.r14)."""
        length = len(invite.order.client_context or "")
        if length > self.longest_context:
            raise invalid("$.clientContext", f"at most {self.longest_context} characters", f"{length}")

    def require_group_call_for_several(self, invite: Invite) -> None:
        """Refuse several invitees in a peer-to-peer call (participant-invite.r04)."""
        if len(invite.order.invitees) > 1 and self._world.store.conference_of(invite.call).kind is Kind.PEER:
            raise Refusal("not-in-group-call", "Several people can be invited into a group call only.")

    def require_chat_info_for_several(self, invite: Invite) -> None:
        """Refuse several invitees in a call without chatInfo (participant-invite.r06)."""
        if len(invite.order.invitees) > 1 and not self._world.store.conference_of(invite.call).chat:
            expected = "one entry, because the call has no chatInfo"
            raise invalid("$.participants", expected, f"{len(invite.order.invitees)}")

    def refuse_second_bot(self, invite: Invite) -> None:
        """Refuse to bring another bot in (participant-invite.r13; the code is that of bot to bot calls)."""
        if any(one.identity.sort == "application" for one in invite.order.invitees):
            raise Refusal("tenant-mismatch", "A bot cannot invite a bot.", fact=inferred("observed 10.21"))

    def require_object_ids(self, invite: Invite) -> None:
        """Refuse a user who is named by anything but an object id."""
        for index, one in enumerate(invite.order.invitees):
            require_object_id(self._world.people, one.identity, f"$.participants[{index}].identity")

    def require_e164(self, invite: Invite) -> None:
        """Refuse a phone number in another form (participant-invite.r10)."""
        for index, one in enumerate(invite.order.invitees):
            if one.identity.sort == "phone" and not E164.fullmatch(one.identity.id):
                place = f"$.participants[{index}].identity.phone.id"
                raise invalid(place, "a phone number in E.164 form", repr(one.identity.id[:40]))

    def require_phone_instance(self, invite: Invite) -> None:
        """Refuse to ring a phone without an application instance that has a number (participant-invite.r10)."""
        if any(one.identity.sort == "phone" for one in invite.order.invitees):
            require_instance(invite.ask)

    def refuse_repeated_identity(self, invite: Invite) -> None:
        """Refuse an invitee who is in the call, is being rung, or is listed twice (participant-invite.r15)."""
        conference = self._world.store.conference_of(invite.call)
        seen: set[tuple[str, str]] = set()
        for index, one in enumerate(invite.order.invitees):
            if one.identity.key in seen or conference.holds(one.identity):
                raise invalid(f"$.participants[{index}].identity", "a person who is not invited yet", "a repetition")
            seen.add(one.identity.key)

    def refuse_taken_participant_id(self, invite: Invite) -> None:
        """Refuse a ``participantId`` that is in use in the call, or is listed twice."""
        taken = set(self._world.store.conference_of(invite.call).people)
        for index, one in enumerate(invite.order.invitees):
            if one.participant and one.participant in taken:
                place = f"$.participants[{index}].participantId"
                raise invalid(place, "an id that is not in use in the call", "one that is")
            taken.add(one.participant)

    def require_own_replaced_call(self, invite: Invite) -> None:
        """Refuse to take an invitee out of this call, or of one that the app cannot see (participant-invite.r11)."""
        replaced_id = invite.order.invitees[0].replaces
        if not replaced_id:
            return
        replaced = self._world.store.call_in(replaced_id)
        if replaced is None or replaced.app_id != invite.ask.grant.app.app_id:
            raise Refusal("call-not-found", f"replacesCallId {replaced_id[:80]!r} names no call of this app.")
        if replaced.id == invite.call.id:
            raise invalid("$.participants[0].replacesCallId", "another call", "the call itself")

    def start(self, ask: Ask, call: Call, order: InviteOrder) -> Operation:
        """Start the operation and ring everybody."""
        invited = {one.participant or self._world.ids.new("participant"): one for one in order.invitees}
        operation = self._operations.start(
            ask,
            call,
            order.client_context,
            members={"participants": [resources.invitee(one) for one in order.invitees]},
            end_members={"participants": resources.invited(order.invitees)},
            pending=frozenset(invited),
        )
        for id, one in invited.items():
            facts = {"operation": operation.id, "hidden": one.hidden, "apart": one.apart}
            self.ring(call, id, one.identity, partial(self.decide, operation.id, id, one), **facts)
        return operation

    def ring(self, call: Call, id: str, who: Identity, decide: Callable[[Result | None], None], **facts: Any) -> None:
        """Ring a person who is not on the roster yet; the outcome goes to ``decide`` if the invitation still stands.

        Args:
            call: the call they are invited into.
            id: their participant id.
            who: whom to ring.
            decide: gets why they do not come, or ``None``.
            facts: further members of the participant.
        """
        store, fate = self._world.store, self._world.people.fate(who)
        store.add_participant(store.conference_of(call), id, who, State.INVITED, invited_by=call.id, **facts)

        def due() -> None:
            conference = store.conferences.get(call.conference)
            one = conference.people.get(id) if conference else None
            known = (facts.get("operation", ""), call.id)
            if one and one.state is State.INVITED and (one.operation, one.invited_by) == known:
                decide(fate.result)

        self._world.clock.after(fate.after, due)

    def decide(self, operation_id: str, id: str, invitee: Invitee, result: Result | None) -> None:
        """Carry out what an invitee has decided: join, or end the invitation."""
        operation = self._world.store.operations[operation_id]
        call = self._world.store.calls[operation.call]
        if result is None:
            kind = self._world.store.conference_of(call).kind
            conference = self.join(call, id)
            self._operations.settle(operation, id, None)
            if conference.kind is not kind:
                self._calls.notify_grown(conference)
            fact = documented("participant-invite.r03")
            self._world.notifier.roster_changed(self._world.store.conference_of(call), fact)
            self.leave_replaced(invitee)
        else:
            self._world.store.step_participant(self._world.store.conference_of(call), id, ParticipantEvent.DECLINE)
            self._operations.settle(operation, id, _failed(invitee.identity, result))

    def join(self, call: Call, id: str) -> Conference:
        """Let an invitee join; a third person makes a group call of a peer-to-peer call."""
        conference = self._world.store.step_participant(
            self._world.store.conference_of(call), id, ParticipantEvent.JOIN
        )
        if conference.kind is Kind.PEER and sum(1 for _ in conference.active) > 2:
            conference = self._calls.grow(conference)
        self._calls.schedule_leaving(conference, id)
        return conference

    def leave_replaced(self, invitee: Invitee) -> None:
        """Take an invitee who has joined out of the call that ``replacesCallId`` names, if they were in it."""
        replaced = self._world.store.call_in(invitee.replaces)
        if replaced is None:
            return
        conference = self._world.store.conference_of(replaced)
        one = conference.find(invitee.identity)
        if one is None:
            return
        if conference.kind is Kind.PEER:
            self.drop_replaced_call(replaced)
        else:
            self.move_out(conference, one)

    def drop_replaced_call(self, replaced: Call) -> None:
        """The peer-to-peer call that was replaced is over (participant-invite.r08)."""
        replaced = self._world.store.step_call(replaced, CallEvent.END, result=REPLACED)
        self.notify_replaced_end(replaced)
        self._calls.forget(replaced)

    def notify_replaced_end(self, replaced: Call) -> None:
        """Notify the bot that the replaced call was terminated and deleted (participant-invite.r09)."""
        self._world.notifier.call_changed(replaced, REPLACED.fact)
        self._world.notifier.call_ended(replaced)

    def move_out(self, conference: Conference, one: Participant) -> None:
        """Take a participant who was moved out of the old meeting, which goes on (participant-invite.r11)."""
        left = self._world.store.step_participant(conference, one.id, ParticipantEvent.LEAVE)
        self._calls.participant_left(left)

    def cancel(self, conference: Conference, one: Participant) -> None:
        """Stop ringing an invitee; the operation has not brought them in and fails (inferred: observed 2.44)."""
        self._world.store.step_participant(conference, one.id, ParticipantEvent.WITHDRAW)
        operation = self._world.store.operations.get(one.operation)
        if operation is not None:
            self._operations.settle(operation, one.id, _failed(one.identity, CANCELLED))
        elif conference.kind is Kind.PEER:
            self._calls.end(self._world.store.calls[one.invited_by], CallEvent.FAIL, CANCELLED)

    def ring_target(self, call: Call, target: Identity) -> None:
        """Ring a target of a create; there is no operation, the states of the call say what comes of it."""
        id = self._world.ids.new("participant")
        if not self._world.store.conference_of(call).holds(target):
            self.ring(call, id, target, partial(self.decide_target, call.id, id))

    def decide_target(self, call_id: str, id: str, result: Result | None) -> None:
        """A target has answered, or has not: that makes or breaks a peer-to-peer call."""
        call = self._world.store.calls[call_id]
        conference = self._world.store.conference_of(call)
        event = ParticipantEvent.JOIN if result is None else ParticipantEvent.DECLINE
        identity = conference.people[id].identity
        conference = self._world.store.step_participant(conference, id, event)
        if result is None:
            self._calls.schedule_leaving(conference, id)
        if conference.kind is Kind.GROUP:
            self._world.notifier.roster_changed(conference, FIRST_ROSTER[False])
        elif result is None:
            self._calls.establish(call_id)
        else:
            fact = NOT_TAKEN if self._world.people.exists(identity) else result.fact
            self._calls.end(call, CallEvent.FAIL, replace(result, fact=fact))


REPLACED = replace(PEER_LEFT, fact=documented("participant-invite.r09"), pair=inferred("observed 6.16"))
"""The invitee was all others."""


def _failed(identity: Identity, result: Result) -> Result:
    """The reason of a failed invite, in the wording that reports show (observed 5c)."""
    text = f"addParticipants failed for participant {identity.mri}. Underlying reason: {result.message}"
    return replace(result, message=text)
