"""The handler of each operation: the one place in code that names operations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

HANDLERS: Mapping[str, str] = MappingProxyType(
    {
        "application-post-calls": "creation.create",
        "audioroutinggroup-delete": "routing.delete",
        "audioroutinggroup-get": "routing.get",
        "audioroutinggroup-update": "routing.update",
        "call-addlargegalleryview": "sharing.add_gallery",
        "call-answer": "incoming.answer",
        "call-cancelmediaprocessing": "media.cancel",
        "call-changescreensharingrole": "sharing.change_role",
        "call-delete": "calls.hang_up",
        "call-get": "calls.get",
        "call-keepalive": "calls.keep_alive",
        "call-list-audioroutinggroups": "routing.list",
        "call-list-contentsharingsessions": "sharing.list",
        "call-list-participants": "participants.list",
        "call-logteleconferencedevicequality": "media.log_quality",
        "call-mute": "participants.mute_bot",
        "call-playprompt": "media.play_prompt",
        "call-post-audioroutinggroups": "routing.create",
        "call-record": "media.record",
        "call-redirect": "incoming.redirect",
        "call-reject": "incoming.reject",
        "call-senddtmftones": "media.send_tones",
        "call-startrecording": "media.start_recording",
        "call-starttranscription": "media.start_transcription",
        "call-stoprecording": "media.stop_recording",
        "call-stoptranscription": "media.stop_transcription",
        "call-subscribetotone": "media.subscribe",
        "call-unmute": "participants.unmute_bot",
        "call-updaterecordingstatus": "media.set_recording_status",
        "commsoperation-get": "operations.get",
        "contentsharingsession-get": "sharing.get",
        "onlinemeeting-create": "meetings.create",
        "onlinemeeting-delete": "meetings.delete",
        "onlinemeeting-find": "meetings.find",
        "onlinemeeting-get": "meetings.get",
        "participant-configuremixer": "routing.configure_mixer",
        "participant-delete": "participants.delete",
        "participant-get": "participants.get",
        "participant-invite": "invitations.invite",
        "participant-mute": "participants.mute",
        "participant-muteall": "participants.mute_all",
        "participant-startholdmusic": "routing.start_hold",
        "participant-stopholdmusic": "routing.stop_hold",
        "participant-reportsyntheticmedia": "participants.report_synthetic_media",
    }
)
"""By operation id: the part of the simulator, and its method. It is looked up with each request, so that a replaced
method is found."""
