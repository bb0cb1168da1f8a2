"""Participants: list, read, mute, remove."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from pytest_graphcalls.lifecycle import CallEvent, CallState, ParticipantEvent, ParticipantState
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.calls import REMOVED, REMOVED_ITSELF, Calls
from pytest_graphcalls.simulator.entities import Call, Conference, Kind, Participant
from pytest_graphcalls.simulator.invitations import Invitations
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.people import GUID
from pytest_graphcalls.simulator.responses import Fact, Refusal, Reply, documented, inferred, reported, written
from pytest_graphcalls.simulator.world import World


class Participants:
    """Shows, mutes and removes participants. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: what holds for every call.
        operations: answers with an operation.
        invitations: withdraws those that were not answered.
    """

    def __init__(self, world: World, calls: Calls, operations: Operations, invitations: Invitations) -> None:
        self._world = world
        self._calls = calls
        self._operations = operations
        self._invitations = invitations

    def list(self, ask: Ask) -> Reply:
        """Show the roster; that of a peer-to-peer call is empty (observed 3.8)."""
        call = self._calls.live(ask)
        conference = self._world.store.conference_of(call)
        context = f"{ask.root}/$metadata#communications/calls('{call.id}')/participants"
        head = b'{"@odata.context":%b,"value":[' % written(context)
        if conference.kind is Kind.PEER:
            return Reply(200, reported("observed 3.8"), head + b"]}")
        in_version = partial(resources.in_version, version=ask.match.version)
        people = b",".join([resources.participant_json(one) for one in map(in_version, self.listed(call, conference))])
        return Reply(200, documented("call-list-participants.r01"), head + people + b"]}")

    def listed(self, call: Call, conference: Conference) -> Iterable[Participant]:
        """The participants on the roster; a bot in the lobby sees itself alone (application-post-calls.r11)."""
        return conference.seen_by(call.my_participant)

    def get(self, ask: Ask) -> Reply:
        """Show one participant."""
        call = self._calls.live(ask)
        one = resources.in_version(self.shown(ask, call), ask.match.version)
        body = ask.shown("participants/$entity", resources.participant(one))
        return Reply(200, documented("participant-get.r01"), body)

    def shown(self, ask: Ask, call: Call) -> Participant:
        """The participant in the path, if the roster names it; none in a peer-to-peer call (observed 2.16)."""
        if self._world.store.conference_of(call).kind is Kind.PEER:
            raise _not_found("Participants of peer-to-peer calls cannot be read.", reported("observed 2.16"))
        return self.active(call, ask.match.keys["participant-id"])

    def active(self, call: Call, id: str) -> Participant:
        """The participant with that id, if the roster names it; a bot in the lobby sees itself alone."""
        seen = tuple(self._world.store.conference_of(call).seen_by(call.my_participant))
        one = next((one for one in seen if one.id == id), None)
        if one is None:
            named = (other for other in seen if id in (other.identity.id, other.identity.name))
            there = (f" {other.identity.name} is there as the participant {other.id!r}." for other in named)
            raise _not_found(f"No participant in the roster has the id {id[:80]!r}.{next(there, '')}")
        return one

    def mute_all(self, ask: Ask) -> Reply:
        """Mute the participants named, or without names all but the bot (participant-muteall.request)."""
        call, body = self._calls.asked(ask)
        conference = self._world.store.conference_of(call)
        self.require_group_call(ask, conference)
        named = [self.active(call, id).id for id in filter(None, body.get("participants") or ())]
        ids = named or [
            one.id for one in self.listed(call, conference) if not one.gallery_of and one.id != call.my_participant
        ]
        self._calls.change_participants(conference, ids, inferred("participant-mute.r02, s6.10"), muted=True)
        return self._operations.carry_out(ask, call, body)

    def set_muted(self, ask: Ask, *, muted: bool) -> Reply:
        """Mute or unmute the participant in the path, or else the bot, on the server (participant-mute.r04).

        Every bot is notified of a change.
        """
        call, body = self._calls.asked(ask)
        conference = self._world.store.conference_of(call)
        self.require_group_call(ask, conference)
        one = self.active(call, ask.match.keys.get("participant-id", call.my_participant))
        fact = documented(f"{ask.match.operation.id}.r02")
        self._calls.change_participants(conference, [one.id], fact, muted=muted)
        return self._operations.carry_out(ask, call, body)

    def require_group_call(self, ask: Ask, conference: Conference) -> None:
        """Refuse a peer-to-peer call (participant-mute.r03)."""
        if conference.kind is Kind.PEER:
            raise Refusal("not-in-group-call", f"{ask.match.operation.title} is for group calls only.")

    def report_synthetic_media(self, ask: Ask) -> Reply:
        """Keep a report on the participant, and notify every bot (participant-reportsyntheticmedia.r02)."""
        call = self._calls.live(ask)
        self.require_admitted(call)
        body = self._world.admission.body(ask)
        conference = self._world.store.conference_of(call)
        one = self.reported(ask, call)
        report = {name: body[name] for name in ask.match.operation.reads if name in body}
        reports = (*one.reports, {**report, "detectorBot": ask.grant.app.app_id})
        conference = self._world.store.change_participant(conference, one.id, reports=reports)
        self._world.notifier.roster_changed(conference, documented("participant-reportsyntheticmedia.r02"))
        return Reply(200, documented("participant-reportsyntheticmedia.r01"))

    def require_admitted(self, call: Call) -> None:
        """Refuse a bot that is not in the call (participant-reportsyntheticmedia.r04)."""
        inside = self._world.store.conference_of(call).is_inside(call.my_participant)
        if call.state is not CallState.ESTABLISHED or not inside:
            aside = f"The bot was not admitted to the call, which is {call.state} for it."
            raise Refusal("insufficient-permissions", aside, fact=inferred("participant-reportsyntheticmedia.r04"))

    def reported(self, ask: Ask, call: Call) -> Participant:
        """The participant in the path; an id that is none is a malformed request."""
        id = ask.match.keys["participant-id"]
        if id not in self._world.store.conference_of(call).people and not GUID.fullmatch(id):
            aside = f"The participant id {id[:80]!r} is no GUID."
            raise Refusal("invalid-request", aside, fact=inferred("s18.5"), parameter="participant-id")
        return self.shown(ask, call)

    def delete(self, ask: Ask) -> Reply:
        """Remove a participant who is in the call, or cancel an invitation."""
        self.require_allow_listing(ask)
        call = self._calls.joined(ask)
        conference = self._world.store.conference_of(call)
        one = self.find(ask, call)
        self.refuse_organizer(conference, one)
        return Reply(204, self.remove(call, conference, one))

    def require_allow_listing(self, ask: Ask) -> None:
        """Refuse an app that the tenant does not allow to remove participants (participant-delete.r07)."""
        if not ask.grant.app.may_remove_participants:
            aside = f"App {ask.grant.app.app_id} is not in AllowRemoveParticipantAppIds of the tenant."
            raise Refusal("not-allow-listed", aside)

    def find(self, ask: Ask, call: Call) -> Participant:
        """The participant in the path, active or invited (participant-delete.r03, r06); in the lobby the bot alone."""
        conference, id = self._world.store.conference_of(call), ask.match.keys["participant-id"]
        one = conference.people.get(id)
        if one is None or not (conference.is_inside(call.my_participant) or id == call.my_participant):
            raise _not_found("No participant of this call has this id, or they have left.", inferred("observed 2.30"))
        return one

    def refuse_organizer(self, conference: Conference, one: Participant) -> None:
        """Refuse to remove the organizer of a meeting, once there (observed 2.23)."""
        there = one.state is ParticipantState.ACTIVE
        if there and conference.organizer and one.identity.id.lower() == conference.organizer.lower():
            raise Refusal("organizer-stays")

    def remove(self, call: Call, conference: Conference, one: Participant) -> Fact:
        """Remove ``one`` and return the evidence for how it was done."""
        if one.state is ParticipantState.INVITED:
            self._invitations.cancel(conference, one)
            # The page speaks of those whom an invite has brought, not of those whom a create rings.
            return (documented if one.operation else inferred)("participant-delete.r05")
        if one.leg:
            self.remove_bot(call, one)
            return inferred("observed 2b" if one.leg == call.id else "call-delete.termination_codes")
        self.remove_active(conference, one)
        return documented("participant-delete.r01")

    def remove_active(self, conference: Conference, one: Participant) -> None:
        """Remove a participant who is in the call, at once (participant-delete.r04)."""
        conference = self._world.store.step_participant(conference, one.id, ParticipantEvent.REMOVE)
        self._calls.participant_left(conference, reported("observed 6.20"))

    def remove_bot(self, call: Call, one: Participant) -> None:
        """End the leg of a removed bot and notify its app of the reason (observed 6.20)."""
        result = REMOVED_ITSELF if one.leg == call.id else REMOVED
        self._calls.end(self._world.store.calls[one.leg], CallEvent.END, result)


def _not_found(why: str, fact: Fact | None = None) -> Refusal:
    return Refusal("participant-not-found", why, fact=fact)
