"""The handler of each operation: the one place in code that names operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.calls import Calls
from pytest_graphcalls.simulator.creation import Creation
from pytest_graphcalls.simulator.incoming import Incoming
from pytest_graphcalls.simulator.invitations import Invitations
from pytest_graphcalls.simulator.media import Media
from pytest_graphcalls.simulator.meetings import Meetings
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.participants import Participants
from pytest_graphcalls.simulator.responses import Reply
from pytest_graphcalls.simulator.routing import Routing
from pytest_graphcalls.simulator.sharing import Sharing
from pytest_graphcalls.simulator.transfers import Transfers

Handler = Callable[[Ask], Reply]


class Parts(Protocol):
    """The parts of a simulator whose methods carry out operations."""

    calls: Calls
    creation: Creation
    incoming: Incoming
    invitations: Invitations
    media: Media
    meetings: Meetings
    operations: Operations
    participants: Participants
    routing: Routing
    sharing: Sharing
    transfers: Transfers


HANDLERS: Mapping[str, Callable[[Parts, Ask], Reply]] = {
    "application-post-calls": lambda parts, ask: parts.creation.create(ask),
    "audioroutinggroup-delete": lambda parts, ask: parts.routing.delete(ask),
    "audioroutinggroup-get": lambda parts, ask: parts.routing.get(ask),
    "audioroutinggroup-update": lambda parts, ask: parts.routing.update(ask),
    "call-addlargegalleryview": lambda parts, ask: parts.sharing.add_gallery(ask),
    "call-answer": lambda parts, ask: parts.incoming.answer(ask),
    "call-cancelmediaprocessing": lambda parts, ask: parts.media.cancel(ask),
    "call-changescreensharingrole": lambda parts, ask: parts.sharing.change_role(ask),
    "call-delete": lambda parts, ask: parts.calls.hang_up(ask),
    "call-get": lambda parts, ask: parts.calls.get(ask),
    "call-keepalive": lambda parts, ask: parts.calls.keep_alive(ask),
    "call-list-audioroutinggroups": lambda parts, ask: parts.routing.list(ask),
    "call-list-contentsharingsessions": lambda parts, ask: parts.sharing.list(ask),
    "call-list-participants": lambda parts, ask: parts.participants.list(ask),
    "call-logteleconferencedevicequality": lambda parts, ask: parts.media.log_quality(ask),
    "call-mute": lambda parts, ask: parts.participants.mute_bot(ask),
    "call-playprompt": lambda parts, ask: parts.media.play_prompt(ask),
    "call-post-audioroutinggroups": lambda parts, ask: parts.routing.create(ask),
    "call-record": lambda parts, ask: parts.media.record(ask),
    "call-redirect": lambda parts, ask: parts.transfers.redirect(ask),
    "call-reject": lambda parts, ask: parts.incoming.reject(ask),
    "call-senddtmftones": lambda parts, ask: parts.media.send_tones(ask),
    "call-startrecording": lambda parts, ask: parts.media.start_recording(ask),
    "call-starttranscription": lambda parts, ask: parts.media.start_transcription(ask),
    "call-stoprecording": lambda parts, ask: parts.media.stop_recording(ask),
    "call-stoptranscription": lambda parts, ask: parts.media.stop_transcription(ask),
    "call-subscribetotone": lambda parts, ask: parts.media.subscribe(ask),
    "call-transfer": lambda parts, ask: parts.transfers.transfer(ask),
    "call-unmute": lambda parts, ask: parts.participants.unmute_bot(ask),
    "call-updaterecordingstatus": lambda parts, ask: parts.media.set_recording_status(ask),
    "commsoperation-get": lambda parts, ask: parts.operations.get(ask),
    "contentsharingsession-get": lambda parts, ask: parts.sharing.get(ask),
    "onlinemeeting-create": lambda parts, ask: parts.meetings.create(ask),
    "onlinemeeting-delete": lambda parts, ask: parts.meetings.delete(ask),
    "onlinemeeting-find": lambda parts, ask: parts.meetings.find(ask),
    "onlinemeeting-get": lambda parts, ask: parts.meetings.get(ask),
    "participant-configuremixer": lambda parts, ask: parts.routing.configure_mixer(ask),
    "participant-delete": lambda parts, ask: parts.participants.delete(ask),
    "participant-get": lambda parts, ask: parts.participants.get(ask),
    "participant-invite": lambda parts, ask: parts.invitations.invite(ask),
    "participant-mute": lambda parts, ask: parts.participants.mute(ask),
    "participant-muteall": lambda parts, ask: parts.participants.mute_all(ask),
    "participant-reportsyntheticmedia": lambda parts, ask: parts.participants.report_synthetic_media(ask),
    "participant-startholdmusic": lambda parts, ask: parts.routing.start_hold(ask),
    "participant-stopholdmusic": lambda parts, ask: parts.routing.stop_hold(ask),
}
"""By operation id: the method that carries it out. It is looked up with each request, so a replaced one is found."""
