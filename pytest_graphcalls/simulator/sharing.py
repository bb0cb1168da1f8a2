"""Content of a call: shared screens and presentations, the sessions of both, and the large gallery."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from pytest_graphcalls.lifecycle import ParticipantEvent
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.calls import Calls, is_app_hosted
from pytest_graphcalls.simulator.entities import Call, Conference, ContentSession, Identity, Kind, Operation
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.participants import Participants
from pytest_graphcalls.simulator.responses import Fact, Refusal, Reply, documented, inferred, reported
from pytest_graphcalls.simulator.world import World

SCREEN = "videoBasedScreenSharing"
"""The medium of a shared screen."""
ROLE_CHANGED = documented("call-changescreensharingrole.r01")
SCREEN_SHARED = inferred("s15.2")
"""That a roster is sent when a person shares a screen."""
GALLERY, GALLERY_ADDED = "Large gallery", reported("s13.3")
"""The name of the gallery, by meaning; and how well it is known that the roster shows it."""


class Sharing:
    """Lets bots and people share, shows what is shared, and adds galleries. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: finds the call.
        operations: runs the operations.
        participants: knows which calls are group calls.
    """

    def __init__(self, world: World, calls: Calls, operations: Operations, participants: Participants) -> None:
        self._world = world
        self._calls = calls
        self._operations = operations
        self._participants = participants

    def change_role(self, ask: Ask) -> Reply:
        """Let the bot share its screen, or stop (call-changescreensharingrole.r01)."""
        call, body = self._calls.asked(ask)
        conference = self._world.store.conference_of(call)
        self._participants.require_group_call(ask, conference)
        self.require_app_hosted_media(call)
        self.require_screen(call)
        self.change(conference, call.my_participant, "screen" if body["role"] == "sharer" else "", ROLE_CHANGED)
        return Reply(202, ROLE_CHANGED)

    def require_app_hosted_media(self, call: Call) -> None:
        """Refuse a call whose media the service hosts (call-changescreensharingrole.r02)."""
        if not is_app_hosted(call.asked):
            raise Refusal("invalid-media-mode", "The call has serviceHostedMediaConfig; it takes appHostedMediaConfig.")

    def require_screen(self, call: Call) -> None:
        """Refuse a call without the modality of shared screens (s12.5)."""
        modalities = call.asked.get("requestedModalities", ["audio"])
        if SCREEN not in modalities:
            raise Refusal("invalid-media-mode", f"The call has the modalities {modalities}; it takes {SCREEN}.")

    def change(self, conference: Conference, id: str, what: str, fact: Fact) -> None:
        """Let a participant share, or, with ``what`` empty, stop; nothing changes for one who does so already.

        Args:
            conference: where.
            id: the participant.
            what: ``screen``, ``powerpoint`` or ``""``.
            fact: how well it is known that the roster is sent.
        """
        shared = conference.sessions.get(id)
        if what == (shared.what if shared else ""):
            return
        ended = tuple(conference.sessions.values()) if what else (conference.sessions[id],)
        begun = (ContentSession(self._world.ids.new("session"), id, what),) if what else ()
        for session in ended:
            conference = self.end(conference, session)
        for session in begun:
            sessions = {**conference.sessions, id: session}
            conference = self._world.store.put_conference(replace(conference, sessions=sessions))
            conference = self._set_direction(conference, session, "sendOnly")
            self._world.notifier.content_shared(conference, "created", session)
        if any(one.what == "screen" for one in (*ended, *begun)):
            self._world.notifier.roster_changed(conference, fact)

    def end(self, conference: Conference, session: ContentSession) -> Conference:
        """End a session of shared content; the stream of a bot that has shared a screen receives again."""
        sessions = {id: one for id, one in conference.sessions.items() if one is not session}
        conference = self._world.store.put_conference(replace(conference, sessions=sessions))
        one = conference.people.get(session.presenter)
        if one is not None:
            conference = self._set_direction(conference, session, "receiveOnly" if one.leg else "")
        self._world.notifier.content_shared(conference, "deleted", session)
        return conference

    def _set_direction(self, conference: Conference, session: ContentSession, direction: str) -> Conference:
        """Change the direction of the stream of a shared screen; slides have none (s15.2)."""
        if session.what != "screen":
            return conference
        others = {
            medium: way for medium, way in conference.people[session.presenter].streams.items() if medium != SCREEN
        }
        streams = {**others, SCREEN: direction} if direction else others
        return self._world.store.change_participant(conference, session.presenter, streams=streams)

    def end_abandoned(self, conference: Conference) -> None:
        """End what was shared by a participant who has left."""
        for session in conference.sessions.values():
            if session.presenter not in conference.people:
                conference = self.end(conference, session)

    def list(self, ask: Ask) -> Reply:
        """List what is shared; for a call that has not asked for notifications of it, nothing (s15.1)."""
        call = self._calls.live(ask)
        shown = [self._shown(ask, one) for one in self.visible(call)]
        fact = documented("call-list-contentsharingsessions.r01") if shown else reported("s15.1")
        return Reply(200, fact, ask.shown("contentSharingSessions", {"value": shown}))

    def get(self, ask: Ask) -> Reply:
        """Show one of what is shared."""
        call = self._calls.live(ask)
        session = next((one for one in self.visible(call) if one.id == ask.match.keys["session-id"]), None)
        if session is None:
            unseen = (
                "The call has no isContentSharingNotificationEnabled in its callOptions, so it is shown no sessions."
            )
            aside = f"No session that goes on has the id {ask.match.keys['session-id'][:80]!r}."
            raise Refusal("session-not-found", aside if call.follows_content else unseen)
        body = ask.shown("contentSharingSessions/$entity", self._shown(ask, session))
        return Reply(200, documented("contentsharingsession-get.r01"), body)

    def visible(self, call: Call) -> tuple[ContentSession, ...]:
        """The sessions that a bot can look up."""
        conference = self._world.store.conference_of(call)
        sees = call.follows_content and conference.is_inside(call.my_participant)
        return tuple(conference.sessions.values()) if sees else ()

    def _shown(self, ask: Ask, session: ContentSession) -> dict[str, Any]:
        return resources.content_session(session, presenter=ask.match.version == "beta")

    def add_gallery(self, ask: Ask) -> Reply:
        """Add the large gallery as a participant, in a while (call-addlargegalleryview.r01)."""
        call, body = self._calls.asked(ask)

        def begin(operation: Operation) -> None:
            self._world.clock.after(self._world.pace.gallery, partial(self._gallery_comes, operation.id))

        return self._operations.carry_out(ask, call, body, begin=begin)

    def _gallery_comes(self, operation_id: str) -> None:
        operation = self._operations.running(operation_id)
        if operation is None:
            return
        call = self._world.store.calls[operation.call]
        conference = self._world.store.conference_of(call)
        group = conference.kind is Kind.GROUP
        self._operations.finish(operation_id, "completed" if group else "in-peer-to-peer")
        if group:
            self.show_gallery(conference, call)

    def show_gallery(self, conference: Conference, call: Call) -> None:
        """Let the gallery come in; a further one comes in on hold, and the first goes (s13.3)."""
        earlier = [one.id for one in conference.active if one.gallery_of]
        id, who = self._world.ids.new("participant"), Identity("application", self._world.ids.named(GALLERY), GALLERY)
        streams = {"video": "receiveOnly" if earlier else "sendReceive"}
        conference = self._world.store.add_participant(
            conference, id, who, streams=streams, gallery_of=call.id, on_hold=bool(earlier)
        )
        self._world.notifier.roster_changed(conference, GALLERY_ADDED)
        for one in earlier:
            conference = self._world.store.step_participant(conference, one, ParticipantEvent.LEAVE)
            self._world.notifier.roster_changed(conference, GALLERY_ADDED)
