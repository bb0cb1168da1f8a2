"""How things are written as JSON: as captured where captures exist, as documented otherwise.

One function per type of the service; each takes frozen values and builds a new dict.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pytest_graphcalls.simulator.entities import (
    CachedJson,
    Call,
    Conference,
    ContentSession,
    Identity,
    Invitee,
    Kind,
    OnlineMeeting,
    Operation,
    Participant,
    Route,
)
from pytest_graphcalls.wire import encode_json

_TYPE = "#microsoft.graph."
IDENTITY_SORTS = ("user", "phone", "application", "applicationInstance", "guest", "encrypted", "onPremises", "device")
"""Members of an identity set that can name a person, a phone or a bot."""

_CALL_OPTIONS = (
    "hideBotAfterEscalation",
    "isContentSharingNotificationEnabled",
    "isDeltaRosterEnabled",
    "isInteractiveRosterEnabled",
)
_SHOWN_AGAIN: Mapping[str, tuple[str, ...]] = {
    "chatInfo": ("threadId", "messageId", "replyChainMessageId"),
    "organizerMeetingInfo": ("organizer",),
    "tokenMeetingInfo": ("token",),
    "joinMeetingIdMeetingInfo": ("joinMeetingId", "passcode"),
    "serviceHostedMediaConfig": ("preFetchMedia",),
    "appHostedMediaConfig": ("blob",),
    "outgoingCallOptions": _CALL_OPTIONS,
    "incomingCallOptions": _CALL_OPTIONS,
}
"""Members of what a client sends that a call shows again, by type; unknown members are not repeated."""


def shown_again(type_name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """``value`` as a call shows it again: with its type, and with known members only."""
    known = {name: value[name] for name in _SHOWN_AGAIN.get(type_name, ()) if name in value}
    return {"@odata.type": f"{_TYPE}{type_name}", **known}


def identity(who: Identity) -> dict[str, Any]:
    """An ``identity``, with the tenant and provider that the service adds (participant-invite.c14)."""
    body: dict[str, Any] = {"@odata.type": f"{_TYPE}identity", "id": who.id}
    if who.name:
        body["displayName"] = who.name
    if who.tenant_id:
        body["tenantId"] = who.tenant_id
    if who.sort == "user":
        body["identityProvider"] = "AAD"
    return body


def identity_set(who: Identity, *, nulls: bool = False) -> dict[str, Any]:
    """An identity set that holds ``who``.

    Args:
        who: whom.
        nulls: whether the other kinds stand there as null, as in answers to invite and create
            (observed 3.2, participant-invite Example 4).
    """
    body: dict[str, Any] = {"@odata.type": f"{_TYPE}communicationsIdentitySet"}
    if nulls:
        body.update(dict.fromkeys(IDENTITY_SORTS))
    body[who.sort] = identity(who)
    return body


def in_version(one: Participant, version: str) -> Participant:
    """A participant without what a version does not show: v1.0 has no ``syntheticMediaDetection``."""
    return replace(one, reports=(), json=CachedJson()) if one.reports and version == "v1.0" else one


def participant_json(one: Participant) -> bytes:
    """A ``participant`` as JSON text, which is kept with it."""
    cached = one.json
    cached.text = cached.text or encode_json(participant(one))
    return cached.text


def participant(one: Participant) -> dict[str, Any]:
    """A ``participant``: its ``id`` equals ``info.participantId`` (observed 5.11)."""
    return {
        "@odata.type": "#microsoft.graph.participant",
        "info": {
            "@odata.type": "#microsoft.graph.participantInfo",
            "identity": identity_set(one.identity),
            "endpointType": "default",
            "languageId": "en-us",
            "participantId": one.id,
        },
        "mediaStreams": [_stream(one, medium, direction) for medium, direction in one.streams.items()],
        "isMuted": one.is_muted,
        "isInLobby": one.in_lobby,
        **({"isOnHold": True} if one.music or one.on_hold else {}),  # s7.4: captured as true, and otherwise absent
        "id": one.id,
        **({"syntheticMediaDetection": _detection(one.reports[-1])} if one.reports else {}),
    }


def _detection(report: Mapping[str, Any]) -> dict[str, Any]:
    """A ``syntheticMediaDetectionInfo`` (s18.2); whom it calls trusted is not public."""
    return {
        "@odata.type": f"{_TYPE}syntheticMediaDetectionInfo",
        "detectionId": report.get("id"),
        "detectorBot": report["detectorBot"],
        "isParticipantTrusted": False,
        "syntheticConfidence": report.get("overallConfidence"),
    }


_STREAMS = {
    "audio": ("main-audio", 0),
    "video": ("main-video", 2),
    "videoBasedScreenSharing": ("applicationsharing-video", 12),
    "data": ("data", 13),
}
"""By medium: its label, and where its number stands among those of a participant (s19.2)."""


def _stream(one: Participant, medium: str, direction: str) -> dict[str, Any]:
    label, place = _STREAMS[medium]
    return {
        "@odata.type": "#microsoft.graph.mediaStream",
        "mediaType": medium,
        "label": label,
        "sourceId": str(1000 * one.source + place if place else one.source),
        "direction": "inactive" if one.holds and medium == "audio" else direction,  # s7.5
        "serverMuted": one.muted and medium == "audio",
    }


def content_session(session: ContentSession, *, presenter: bool = False) -> dict[str, Any]:
    """A ``contentSharingSession``; ``presenter`` shows who shares it, a member of beta."""
    who = {"presenterParticipantId": session.presenter} if presenter else {}
    return {"@odata.type": f"{_TYPE}contentSharingSession", "id": session.id, **who}


def roster(people: Iterable[Participant]) -> list[dict[str, Any]]:
    """The whole roster, as a list of ``participant`` (observed 5.14)."""
    return [participant(one) for one in people]


def audio_routing_group(one: Route) -> dict[str, Any]:
    """An ``audioRoutingGroup``."""
    return {
        "@odata.type": f"{_TYPE}audioRoutingGroup",
        "id": one.id,
        "routingMode": one.mode,
        "sources": list(one.sources),
        "receivers": list(one.receivers),
    }


def roster_delta(came: Iterable[Participant], left: Iterable[Participant], number: int) -> dict[str, Any]:
    """Changes of a roster, as ``deltaParticipants`` (observed 5.15).

    How a participant who has left is marked is in no capture: ``removedState`` is the member that the type has for it.

    Args:
        came: who is in it since the last one.
        left: participants who have left since the last one.
        number: grows with each.
    """
    removed = {"removedState": {"@odata.type": f"{_TYPE}removedState", "reason": None}}
    marked = [{**one, **removed} for one in roster(left)]
    return {
        "@odata.type": f"{_TYPE}deltaParticipants",
        "participants": [*roster(came), *marked],
        "sequenceNumber": number,
    }


def source_info(who: Identity) -> dict[str, Any]:
    """A ``participantInfo`` for the source of a call (observed 5.8)."""
    return {
        "@odata.type": "#microsoft.graph.participantInfo",
        "identity": identity_set(who),
        "endpointType": "default",
        "region": "amer",
        "languageId": "en-US",
    }


def target_info(who: Identity) -> dict[str, Any]:
    """An ``invitationParticipantInfo`` for a target of a call."""
    return {"@odata.type": "#microsoft.graph.invitationParticipantInfo", "identity": identity_set(who, nulls=True)}


def old_incoming(leg: Call, conference: Conference) -> dict[str, Any]:
    """An incoming call in the older form, for registrations of before June 2020 (m3.1, m3.2)."""
    caller = [_old_participant(one.id, one.identity, calls=True) for one in conference.active]
    callee = [_old_participant(leg.my_participant, one, calls=False) for one in leg.targets]
    return {
        "id": leg.id,
        "participants": [*caller, *callee],
        "isMultiparty": conference.kind is not Kind.PEER,
        "presentedModalityTypes": ["audio"],
        "callState": leg.state.value,
        "tenantId": next((one.identity.tenant_id for one in conference.active), ""),
    }


def _old_participant(id: str, who: Identity, *, calls: bool) -> dict[str, Any]:
    sort = "29" if who.sort == "user" else "28"
    return {
        "identity": f"{sort}:{who.id}",
        "participantId": id,
        "endpointId": id if calls else "00000000-0000-0000-0000-000000000000",
        "languageId": "en-US",
        "tenantId": who.tenant_id,
        "region": "amer",
        "originator": calls,
        "isHidden": False,
        "endPointType": "default",
        "removeFromDefaultAudioRoutingGroup": False,
    }


def bot_data(leg: Call, recorded: str) -> dict[str, Any]:
    """The data of a recording policy about the recorded person, with ``recorded`` as its participant (m3.11)."""
    who = leg.source.id if leg.source else ""
    user = {"participationMethod": "Caller", "policyHolderId": f"8:orgid:{who}", "participantId": recorded}
    return {
        "botData": {
            "callId": leg.id,
            "mediaHostedRegion": "ASEA",
            "user": user,
            "inviteReasons": ["ComplianceRecording"],
            "policyIdentifier": "TeamsComplianceRecordingPolicy=Tenant:Recording",
            "otherRecorders": [],
            "pairedRecorders": [],
        }
    }


def call(leg: Call, conference: Conference, tenant_id: str) -> dict[str, Any]:
    """A ``call`` as create and get show it.

    A meeting has ``chatInfo`` and ``meetingInfo``, and no targets (call-get.r02); a call that was made by its targets
    has null and these (application-post-calls, Examples 1 and 3).
    """
    return {
        "@odata.type": "#microsoft.graph.call",
        "id": leg.id,
        "state": leg.state.value,
        "direction": leg.direction,
        "callbackUri": leg.callback,
        "callChainId": leg.chain,
        "myParticipantId": leg.my_participant,
        "tenantId": tenant_id,
        "subject": leg.asked.get("subject"),
        "source": source_info(leg.source) if leg.source else None,
        "targets": [target_info(one) for one in leg.targets]
        if leg.direction == "outgoing" or not conference.chat
        else [],
        "requestedModalities": leg.asked.get("requestedModalities", ["audio"]),
        "mediaConfig": leg.asked.get("mediaConfig"),
        "callOptions": leg.asked.get("callOptions"),
        "chatInfo": conference.chat,
        "meetingInfo": conference.meeting,
        "mediaState": {"@odata.type": "#microsoft.graph.callMediaState", "audio": "active"}
        if leg.state.value == "established"
        else None,
        "resultInfo": leg.result.wire() if leg.result else None,
        "incomingContext": None,
        "transcription": _transcription(conference),
        "toneInfo": None,
    }


def _transcription(conference: Conference) -> dict[str, Any] | None:
    """A ``callTranscriptionInfo``, once there was a transcription (call-get, Example 2)."""
    if "transcription" not in conference.kept:
        return None
    active, since = conference.kept["transcription"]
    state = "active" if active else "inactive"
    return {"@odata.type": f"{_TYPE}callTranscriptionInfo", "state": state, "lastModifiedDateTime": since}


def online_meeting(one: OnlineMeeting, chat: Mapping[str, Any]) -> dict[str, Any]:
    """An ``onlineMeeting`` (m1.3); what is never there for these meetings is null."""
    return {
        "@odata.type": f"{_TYPE}onlineMeeting",
        "id": one.id,
        "subject": None,
        "joinWebUrl": one.join_url,
        "chatInfo": chat,
        "joinMeetingIdSettings": {
            "isPasscodeRequired": one.passcode is not None,
            "joinMeetingId": one.join_id,
            "passcode": one.passcode,
        },
        "audioConferencing": None,
        "externalId": None,
        "videoTeleconferenceId": None,
        "allowedPresenters": "everyone",
        **one.members,
    }


def token_info(leg: Call) -> dict[str, Any]:
    """The ``meetingInfo`` with which a call joins its meeting again (s19.6)."""
    return shown_again("tokenMeetingInfo", {"token": meeting_token(leg)})


def meeting_token(leg: Call) -> str:
    """The token with which a call joins its meeting again: three parts like a JWT, the last one names the call."""
    return f"eyJhbGciOiJSUzI1NiJ9.{b64encode(leg.chain.encode()).decode()}.{leg.id}"


def invitee(one: Invitee) -> dict[str, Any]:
    """An entry of the answer to an invite: the ids come back, what was not sent is null."""
    return {
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        **one.extras,
        "endpointType": one.extras.get("endpointType"),
        "id": None,
        "replacesCallId": one.replaces or None,
        "participantId": one.participant or None,
        "identity": identity_set(one.identity, nulls=True),
    }


def operation(work: Operation) -> dict[str, Any]:
    """A ``commsOperation`` of any type, as the answer to its request and a later look show it."""
    return {
        "@odata.type": f"{_TYPE}{work.spec.type}",
        "id": work.id,
        "status": work.status.value,
        "clientContext": work.client_context,
        "resultInfo": work.result.wire() if work.result else None,
        **work.members,
    }


def ended_operation(work: Operation) -> dict[str, Any]:
    """A ``commsOperation`` in the notification of its end: no nulls, and members of its own."""
    return {name: value for name, value in operation(work).items() if value is not None} | dict(work.end_members)


def invited(people: Iterable[Invitee]) -> list[dict[str, Any]]:
    """The invitees in the notification of the end: an identity each (participant-invite, notifications)."""
    return [{"@odata.type": f"{_TYPE}invitationParticipantInfo", "identity": identity_set(p.identity)} for p in people]
