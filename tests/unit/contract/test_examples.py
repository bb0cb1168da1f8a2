"""The examples of the reference pages, in our own words: none breaks the contract, but for contradictions with a name.

Members and their order, what is typed and what is left out, are those of the pages; ids, names and texts are ours. Each
example is an exchange, or what is posted to the bot afterwards. What a page prints against its own text, or against the
metadata, is named beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.findings import Finding
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json

CONTRACT = Contract.packaged()
Json = dict[str, Any]
G = "#microsoft.graph."
CALL, OTHER = "2f1a1100-0000-4000-8000-000000000001", "57dab8b1-0000-4000-8000-000000000002"
OPERATION, PARTICIPANT = "17e3b46c-0000-4000-8000-000000000003", "2765eb15-0000-4000-8000-000000000004"
USER, APP, TENANT = (f"{start}-0000-4000-8000-00000000000a" for start in ("112f7296", "2891555a", "aa67bd4c"))
CONTEXT = "d45324c1-0000-4000-8000-000000000005"
BOT = "https://bot.example.org/callback"
PLAIN = CALL.replace("-", "").upper()
"""A call's id as some pages print it: in capitals, without dashes."""


def who(kind: str, id: str, *, typed: bool = True, **more: Any) -> Json:
    """An identity set with one member."""
    one = {**({"@odata.type": f"{G}identity"} if typed else {}), "id": id, **more}
    return {**({"@odata.type": f"{G}identitySet"} if typed else {}), kind: one}


def target(kind: str, id: str, **more: Any) -> Json:
    return {"@odata.type": f"{G}invitationParticipantInfo", "identity": who(kind, id), **more}


SOURCE = {
    "@odata.type": f"{G}participantInfo",
    "identity": who("application", APP, displayName="Bot"),
    "region": None,
    "languageId": None,
}
MEDIA = {"@odata.type": f"{G}serviceHostedMediaConfig"}
PREFETCHED = {**MEDIA, "preFetchMedia": [{"uri": "https://cdn.example.org/beep.wav", "resourceId": "f8971b04"}]}
OWN_MEDIA = {"@odata.type": f"{G}appHostedMediaConfig", "blob": "<Media Session Configuration>"}
CHAT = {"@odata.type": f"{G}chatInfo", "threadId": "19:meeting_Win6@thread.v2", "messageId": "0"}
ORGANIZER = {
    "@odata.type": f"{G}organizerMeetingInfo",
    "organizer": who("user", USER, displayName="Bob", tenantId=TENANT),
    "allowConversationWithoutHost": True,
}
ASKED: Json = {"@odata.type": f"{G}call", "callbackUri": BOT, "requestedModalities": ["audio"], "mediaConfig": MEDIA}
NULLS = dict.fromkeys(
    ("subject", "ringingTimeoutInSeconds", "mediaState", "resultInfo", "answeredBy", "transcription", "toneInfo")
)
SHOWN: Json = {
    "@odata.type": f"{G}call",
    "state": "establishing",
    "direction": "outgoing",
    "callbackUri": BOT,
    "callChainId": CONTEXT,
    "source": SOURCE,
    "targets": [],
    "requestedModalities": ["audio"],
    "mediaConfig": MEDIA,
    "myParticipantId": PARTICIPANT,
    "id": CALL,
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#app/calls/$entity",
    **NULLS,
}
ID_NUMBER = {"@odata.type": f"{G}joinMeetingIdMeetingInfo", "joinMeetingId": "1234567", "passcode": "psw123"}


def operation(kind: str, status: str, **more: Any) -> Json:
    return {"@odata.type": f"{G}{kind}Operation", "id": OPERATION, "status": status, "clientContext": CONTEXT, **more}


def exchange(
    method: str, path: str, sent: Json | None, status: int, got: Json | None, location: str = "", version: str = "v1.0"
) -> Exchange:
    root = f"https://graph.microsoft.com/{version}"
    headers = {"Authorization": "Bearer x", **({"Content-Type": "application/json"} if sent is not None else {})}
    request = Request(
        method, f"{root}/communications/calls{path}", Headers(headers), encode_json(sent) if sent else b""
    )
    # request-id is in no example and in every capture.
    headers = {"request-id": CONTEXT, **({"Content-Type": "application/json"} if got is not None else {})}
    headers |= {"Location": f"{root}/communications/calls{location}"} if location else {}
    return Exchange(request, Response(status, Headers(headers), encode_json(got) if got is not None else b""))


def created(sent: Json, got: Json, version: str = "v1.0") -> Exchange:
    return exchange("POST", "", {**ASKED, **sent}, 201, {**SHOWN, **got}, f"/{CALL}", version)


def started(action: str, kind: str, status: str, sent: Json, location: str = "", **got: Any) -> Exchange:
    body = operation(kind, status, **got)
    path = location or f"/{CALL}/operations/{body['id']}"
    return exchange("POST", f"/{CALL}/{action}", {"clientContext": CONTEXT, **sent}, 200, body, path)


CLIENT = {"clientContext": CONTEXT}


def transferred(sent: Json) -> Exchange:
    return exchange("POST", f"/{CALL}/transfer", {"transferTarget": target("user", USER), **sent}, 202, None)


def invitee(kind: str, id: str, **more: Any) -> Json:
    nulls = dict.fromkeys(("user", "application", "device", "phone"))
    return {"endpointType": None, "id": None, "replacesCallId": None, "identity": {**nulls, **who(kind, id)}, **more}


def invited(asked: list[Json], shown: list[Json]) -> Exchange:
    got = operation("inviteParticipants", "Running", resultInfo=None, participants=shown)
    return exchange("POST", f"/{CALL}/participants/invite", {"participants": asked, "clientContext": CONTEXT}, 200, got)


ROUTE = {"id": "oneToOne", "routingMode": "oneToOne", "sources": [PARTICIPANT], "receivers": [OTHER, USER]}
"""An audio routing group as three pages print it: with two receivers, against the page of the resource."""
SESSION = {"@odata.type": f"{G}contentSharingSession", "id": "F7D9EF37"}
QUALITY = {
    "@odata.type": f"{G}teleconferenceDeviceQuality",
    "callChainId": PLAIN,
    "participantId": PARTICIPANT,
    "mediaLegId": CONTEXT,
    "deviceName": "Room 7",
    "deviceDescription": "A device",
    "mediaQualityList": [
        {
            "@odata.type": f"{G}teleconferenceDevice{medium}Quality",
            "channelIndex": 1,
            "mediaDuration": "PT20M",
            "averageInboundJitter": "PT0.03S",
        }
        for medium in ("Audio", "Video", "ScreenSharing")
    ],
}
MEETING_ID = "MSpkYzE3Njc0Yy04MWQ5LTRhZGItYmZiMi04ZTQ0"
MEETING = {
    "@odata.type": f"{G}onlineMeeting",
    "id": MEETING_ID,
    "creationDateTime": "2019-07-11T02:17:17.6491364Z",
    "startDateTime": "2019-07-11T02:17:17.6491364Z",
    "endDateTime": "2019-07-11T02:47:17.651138Z",
    "joinWebUrl": "https://teams.example.org/l/meetup-join/19%3ameeting",
    "subject": "T",
    "chatInfo": CHAT,
    "participants": {"attendees": [], "organizer": {"identity": who("user", USER), "upn": "bob@example.org"}},
    "joinMeetingIdSettings": {"isPasscodeRequired": False, "joinMeetingId": "1234567890", "passcode": None},
}


def meeting(method: str, path: str, sent: Json | None, status: int, got: Json | None) -> Exchange:
    """An exchange about the online meetings of a user."""
    example = exchange(method, path, sent, status, got)
    url = f"https://graph.microsoft.com/v1.0/users/{USER}/onlineMeetings{path}"
    return replace(example, request=replace(example.request, url=url))


INVITE_SAYS = ["participant-invite.c01", "participant-invite.location-names-the-operation"]
"""The status is printed with a capital, and no example has the Location of the text (participant-invite.c02)."""
STREAM = {
    "@odata.type": f"{G}mediaStream",
    "mediaType": "audio",
    "sourceId": "1",
    "direction": "sendReceive",
    "serverMuted": False,
    "label": None,
}
MEMBER = {
    "@odata.type": f"{G}participant",
    "info": {
        "@odata.type": f"{G}participantInfo",
        "identity": {**who("application", APP, displayName=None), "user": None, "device": None, "phone": None},
        "id": None,
    },
    "mediaStreams": [STREAM],
    "isMuted": False,
    "isInLobby": False,
    "id": PARTICIPANT,
    "metadata": None,
}
PROMPT = {
    "@odata.type": f"{G}mediaPrompt",
    "mediaInfo": {"@odata.type": f"{G}mediaInfo", "uri": "https://cdn.example.org/beep.wav", "resourceId": "1D6DE2D4"},
}
JOHN = target("user", USER)
EXCHANGES: dict[str, tuple[Exchange, list[str]]] = {
    "create 1: one user": (
        created(
            {
                "targets": [JOHN],
                "callOptions": {"@odata.type": f"{G}outgoingCallOptions", "isContentSharingNotificationEnabled": True},
            },
            {
                "targets": [{**JOHN, "endpointType": None, "replacesCallId": None}],
                "mediaConfig": PREFETCHED,
                "chatInfo": None,
            },
        ),
        [],
    ),
    "create 2: media of its own": (
        created(
            {"source": SOURCE, "targets": [JOHN], "mediaConfig": OWN_MEDIA},
            {"targets": [JOHN], "mediaConfig": OWN_MEDIA},
        ),
        [],
    ),
    "create 3: a group": (
        created(
            {"direction": "outgoing", "subject": "Two users", "targets": [JOHN, target("user", OTHER)]},
            {
                "targets": [JOHN, target("user", OTHER)],
                "callRoutes": [],
                "activeModalities": [],
                "routingPolicies": [],
                "tenantId": TENANT,
            },
        ),
        [],
    ),
    "create 5: a meeting": (
        created(
            {"mediaConfig": PREFETCHED, "chatInfo": CHAT, "meetingInfo": ORGANIZER, "tenantId": TENANT},
            {"chatInfo": {**CHAT, "replyChainMessageId": None}, "meetingInfo": ORGANIZER},
        ),
        [],
    ),
    "create 7: a meeting by its number": (
        created(
            {"meetingInfo": ID_NUMBER, "tenantId": TENANT},
            {"chatInfo": CHAT, "meetingInfo": ID_NUMBER, "terminationReason": None, "meetingCapability": None},
        ),
        [],
    ),
    "create 8: a meeting without passcode": (
        created({"meetingInfo": {**ID_NUMBER, "passcode": None}}, {"meetingInfo": {**ID_NUMBER, "passcode": None}}),
        [],
    ),
    "create 9: a phone": (
        created(
            {
                "source": {
                    **SOURCE,
                    "identity": who("applicationInstance", APP),
                    "countryCode": None,
                    "endpointType": None,
                },
                "targets": [target("phone", "+12345678901")],
                "tenantId": TENANT,
            },
            {
                "targets": [
                    target(
                        "phone", "+12345678901", endpointType=None, region=None, replacesCallId=None, languageId=None
                    )
                ]
            },
        ),
        [],
    ),
    "create 10 of beta: as a guest": (
        created(
            {
                "source": {"@odata.type": f"{G}participantInfo", "identity": who("guest", OTHER, displayName="Guest")},
                "chatInfo": CHAT,
                "meetingInfo": ORGANIZER,
                "tenantId": TENANT,
            },
            {"chatInfo": CHAT, "meetingInfo": ORGANIZER},
            "beta",
        ),
        [],
    ),
    "get 1: a peer-to-peer call": (
        exchange("GET", "/{id}", None, 200, {**SHOWN, "state": "established", "targets": [JOHN]}),
        [],
    ),
    "get 2: a group call": (
        exchange(
            "GET",
            f"/{CALL}",
            None,
            200,
            {
                **SHOWN,
                "state": "established",
                "chatInfo": CHAT,
                "meetingInfo": ORGANIZER,
                "transcription": {
                    "@odata.type": f"{G}callTranscriptionInfo",
                    "state": "inactive",
                    "lastModifiedDateTime": "2020-05-28T00:10:54.104318Z",
                },
            },
        ),
        [],
    ),
    "delete": (exchange("DELETE", f"/{OTHER}", None, 204, None), []),
    "keepAlive": (exchange("POST", f"/{CALL}/keepAlive", None, 200, None), []),
    "answer: a placeholder as callback": (
        exchange(
            "POST",
            "/{id}/answer",
            {
                "callbackUri": "callbackUri-value",
                "mediaConfig": OWN_MEDIA,
                "acceptedModalities": ["audio"],
                "callOptions": {"@odata.type": f"{G}incomingCallOptions", "isContentSharingNotificationEnabled": True},
                "participantCapacity": 200,
            },
            202,
            None,
        ),
        ["format-wrong"],  # call-answer.c02: a bot that sends the placeholder should hear of it
    ),
    "answer 1": (
        exchange(
            "POST",
            f"/{PLAIN}/answer",
            {"callbackUri": BOT, "acceptedModalities": ["audio"], "mediaConfig": PREFETCHED},
            202,
            None,
        ),
        [],
    ),
    "redirect 1": (
        exchange("POST", f"/{CALL}/redirect", {"targets": [{"identity": {"user": {"id": "8c1d"}}}]}, 202, None),
        [],
    ),
    "transfer 1": (transferred({}), []),
    "transfer 2": (transferred({"transferTarget": target("user", USER, replacesCallId=OTHER)}), []),
    "transfer 3": (
        transferred({"transferTarget": target("phone", "+14250000000", languageId="en", region="us"), **CLIENT}),
        ["call-transfer.c03"],
    ),
    "reject 1": (exchange("POST", f"/{CALL}/reject", {"reason": "busy"}, 202, None), []),
    "reject 2": (exchange("POST", f"/{CALL}/reject", {"reason": "none"}, 202, None), []),
    "invite 1: one user": (
        invited([target("user", USER, replacesCallId=OTHER)], [invitee("user", USER, replacesCallId=OTHER)]),
        INVITE_SAYS,
    ),
    "invite 2: two users": (
        invited(
            [target("user", USER, replacesCallId=OTHER), target("user", OTHER, replacesCallId=OTHER)],
            [invitee("user", USER), invitee("user", OTHER)],
        ),
        INVITE_SAYS,
    ),
    "invite 4: a phone": (
        invited([target("phone", "+12345678901")], [invitee("phone", "+12345678901")]),
        INVITE_SAYS,
    ),
    "invite 5: a move": (
        invited(
            [target("user", USER, replacesCallId=OTHER, participantId=PARTICIPANT)],
            [invitee("user", USER, replacesCallId=OTHER, participantId=PARTICIPANT)],
        ),
        INVITE_SAYS,
    ),
    "participants": (
        exchange(
            "GET",
            f"/{CALL}/participants",
            None,
            200,
            {"value": [{**MEMBER, "info": {**MEMBER["info"], "id": OTHER}}, MEMBER]},
        ),
        [],
    ),
    "participant": (exchange("GET", f"/{CALL}/participants/{PARTICIPANT}", None, 200, MEMBER), []),
    "delete participant": (exchange("DELETE", "/{id}/participants/{id}", None, 204, None), []),
    "mute a participant": (started(f"participants/{PARTICIPANT}/mute", "muteParticipant", "completed", {}), []),
    "mute": (started("mute", "muteParticipant", "completed", {}), []),
    "unmute": (started("unmute", "unmuteParticipant", "completed", {}), []),
    "configureMixer: 200 in the example": (
        exchange(
            "POST",
            f"/{CALL}/participants/configureMixer",
            {
                "participantMixerLevels": [
                    {
                        "participant": PARTICIPANT,
                        "exclusive": True,
                        "ducking": {"rampActive": 50, "rampInactive": 50, "lowerLevel": 10, "upperLevel": 50},
                        "sourceLevels": [{"participant": OTHER, "level": 50, "duckOthers": True}],
                    }
                ],
                "clientContext": CONTEXT,
            },
            200,
            {"@odata.type": f"{G}commsOperation", "id": OPERATION, "status": "running", "clientContext": USER},
            f"/{CALL}/operations/{OPERATION}",
            "beta",
        ),
        ["participant-configuremixer.success-is-202-with-operation"],
    ),
    "create audioRoutingGroup": (exchange("POST", f"/{CALL}/audioRoutingGroups", ROUTE, 200, ROUTE), []),
    "list audioRoutingGroups": (exchange("GET", f"/{CALL}/audioRoutingGroups", None, 200, {"value": [ROUTE]}), []),
    "audioRoutingGroup": (exchange("GET", f"/{CALL}/audioRoutingGroups/oneToOne", None, 200, ROUTE), []),
    "update audioRoutingGroup": (exchange("PATCH", f"/{CALL}/audioRoutingGroups/oneToOne", ROUTE, 200, ROUTE), []),
    "delete audioRoutingGroup": (exchange("DELETE", f"/{CALL}/audioRoutingGroups/oneToOne", None, 204, None), []),
    "muteAll": (
        exchange(
            "POST",
            f"/{CALL}/participants/muteAll",
            {"participants": [""], "clientContext": CONTEXT},
            200,
            {"@odata.type": f"{G}commsOperation", "id": OPERATION, "status": "completed", "clientContext": CONTEXT},
            f"/{CALL}/operations/{OPERATION}",
            "beta",
        ),
        [],
    ),
    **{
        f"{verb}HoldMusic": (
            exchange(
                "POST",
                f"/{CALL}/participants/{PARTICIPANT}/{verb}HoldMusic",
                {"clientContext": CONTEXT, **more},
                202,
                operation(f"{verb}HoldMusic", "running"),
                f"/{CALL}/operations/{OPERATION}",
            ),
            [],
        )
        for verb, more in (("start", {"customPrompt": PROMPT}), ("stop", {}))
    },
    "playPrompt": (started("playPrompt", "playPrompt", "running", {"prompts": [PROMPT]}), []),
    "recordResponse: tones by their signs": (
        started(
            "recordResponse",
            "record",
            "running",
            {
                "bargeInAllowed": True,
                "prompts": [PROMPT],
                "maxRecordDurationInSeconds": 10,
                "initialSilenceTimeoutInSeconds": 5,
                "maxSilenceTimeoutInSeconds": 2,
                "playBeep": True,
                "stopTones": ["#", "1", "*"],
            },
            resultInfo=None,
            recordingLocation=None,
        ),
        [],
    ),
    "cancelMediaProcessing": (
        started(
            "cancelMediaProcessing",
            "cancelMediaProcessing",
            "completed",
            {"clientContext": "clientContext-value"},
            f"/{CALL}/operations/{OTHER}",
        ),
        ["call-cancelmediaprocessing.c02", "call-cancelmediaprocessing.c03"],
    ),
    "sendDtmfTones": (
        started(
            "microsoft.graph.sendDtmfTones",
            "sendDtmfTones",
            "running",
            {"tones": ["tone1", "star", "pound"], "delayBetweenTonesMs": 1000},
            f"/{OTHER}/operations/{OPERATION}",
        ),
        ["call-senddtmftones.c05"],
    ),
    "subscribeToTone": (
        started("subscribeToTone", "subscribeToTone", "completed", {"clientContext": OTHER}),
        ["call-subscribetotone.client-context-is-echoed"],
    ),
    "updateRecordingStatus": (
        started(
            "updateRecordingStatus", "updateRecordingStatus", "completed", {"status": "recording"}, resultInfo=None
        ),
        [],
    ),
    "changeScreenSharingRole": (
        exchange("POST", f"/{CALL}/changeScreenSharingRole", {"role": "viewer"}, 202, None),
        [],
    ),
    "addLargeGalleryView": (
        exchange(
            "POST",
            f"/{CALL}/addLargeGalleryView",
            {"clientContext": CONTEXT},
            202,
            operation("addLargeGalleryView", "running"),
            f"/{CALL}/operations/{OPERATION}",
        ),
        [],
    ),
    "list contentSharingSessions": (
        exchange("GET", f"/{CALL}/contentSharingSessions", None, 200, {"value": [SESSION]}),
        [],
    ),
    "get contentSharingSession": (
        exchange("GET", f"/{CALL}/contentSharingSessions/{SESSION['id']}", None, 200, SESSION),
        [],
    ),
    "logTeleconferenceDeviceQuality": (
        exchange("POST", "/logTeleconferenceDeviceQuality", {"quality": QUALITY}, 200, None),
        [],
    ),
    "reportSyntheticMedia 1": (
        exchange(
            "POST",
            f"/{CALL}/participants/{PARTICIPANT}/reportSyntheticMedia",
            {
                "id": OTHER,
                "detectionDateTime": "2026-06-15T10:30:00Z",
                "contentMetadata": {"modality": "audio", "mimeType": "audio/wav", "isRealTime": True},
                "detections": [{"modality": "audio", "confidence": 0.93, "modelTasks": ["voiceCloning"]}],
                "isMalicious": True,
                "overallConfidence": 0.93,
                "severity": "high",
            },
            200,
            None,
            "",
            "beta",
        ),
        [],
    ),
    **{
        f"{verb}{what}": (
            exchange(
                "POST",
                f"/{CALL}/microsoft.graph.{verb.capitalize()}{what}",
                {"language": "en-us"} if what == "Transcription" else None,
                202,
                {name: value for name, value in operation(f"{verb}{what}", status).items() if name != "id"},
                f"/{CALL}/operations/{OPERATION}",
                "beta",
            ),
            ["call-startrecording.c02"],
        )
        for verb, status in (("start", "running"), ("stop", "completed"))
        for what in ("Recording", "Transcription")
    },
    "create a meeting": (
        meeting(
            "POST",
            "",
            {
                "startDateTime": "2019-07-12T14:30:34.2444915-07:00",
                "endDateTime": "2019-07-12T15:00:34-07:00",
                "subject": "T",
            },
            201,
            MEETING,
        ),
        [],
    ),
    "read a meeting": (meeting("GET", f"/{MEETING_ID}", None, 200, MEETING), []),
    "find a meeting": (
        meeting(
            "GET", "?$filter=joinMeetingIdSettings/joinMeetingId%20eq%20'1234567890'", None, 200, {"value": [MEETING]}
        ),
        [],
    ),
    "delete a meeting": (meeting("DELETE", f"/{MEETING_ID}", None, 204, None), []),
    "an operation": (
        exchange(
            "GET",
            f"/{CALL}/operations/{OPERATION}",
            None,
            200,
            operation("addLargeGalleryView", "completed", resultInfo=None),
        ),
        [],
    ),
}


def names(findings: tuple[Finding, ...]) -> list[str]:
    """What is said of each: the contradiction by which it is tolerated, else its rule, else its kind."""
    return [one.tolerated or one.rule or one.kind.value for one in findings if not _is_extra(one)]


def _is_extra(finding: Finding) -> bool:
    """Whether an example has more than the model knows, or less than captures have; both are notices."""
    return finding.severity == "notice" and not finding.tolerated


@pytest.mark.parametrize("name", EXCHANGES)
def test_an_example_of_a_page_keeps_the_contract(name: str) -> None:
    """Request and answer of an example are checked; contradictions are reported by name."""
    example, expected = EXCHANGES[name]
    assert sorted(names(CONTRACT.check(example))) == sorted(expected)


def posted(change: str, path: str, data: Any, **more: Any) -> Json:
    entry = {
        "@odata.type": f"{G}commsNotification",
        "changeType": change,
        "resourceUrl": f"/communications/calls{path}",
    }
    return {"@odata.type": f"{G}commsNotifications", "value": [{**entry, "resourceData": data, **more}]}


def call_data(state: str, **more: Any) -> Json:
    return {"@odata.type": f"{G}call", "state": state, **more}


INCOMING: Json = {
    "@odata.id": f"/communications/calls/{PLAIN}",
    "@odata.etag": 'W/"5445"',
    "direction": "incoming",
    "source": {
        "identity": who("user", USER, typed=False, displayName="John"),
        "region": "westus",
        "languageId": "en-US",
    },
    "targets": [{"identity": who("application", APP, typed=False, displayName="Bot")}],
    "requestedModalities": ["audio"],
}
MUTED = {
    "@odata.type": f"{G}participant",
    "id": PARTICIPANT,
    "info": {"identity": who("user", USER, typed=False), "region": "westus", "languageId": "en-US"},
    "mediaStreams": [{"mediaType": "audio", "label": "main-audio", "sourceId": "1", "direction": "sendReceive"}],
    "isMuted": True,
    "isInLobby": False,
}
ROSTER = {name: value for name, value in MEMBER.items() if name != "metadata"}
ENDED = f"/{CALL}/operations/{OPERATION}"
OLD = {"resource": f"/app/calls{ENDED}"}
NOTIFICATIONS: dict[str, tuple[Json, list[str]]] = {
    "create 1: establishing": (
        posted("updated", f"/{CALL}", call_data("establishing", id=CALL), callbackUri=BOT),
        [],
    ),
    "create 5: established": (
        posted("updated", f"/{CALL}", call_data("established", id=CALL, chatInfo=CHAT, meetingInfo=ORGANIZER)),
        [],
    ),
    "create 5: roster": (posted("updated", f"/{CALL}/participants", [ROSTER], callbackUri=BOT), []),
    "create 1: content sharing": (
        posted(
            "created", f"/{CALL}/contentsharingsessions", [{"@odata.type": f"{G}contentSharingSession", "id": "F7D9"}]
        ),
        [],
    ),
    "answer: incoming": (posted("created", f"/{PLAIN}", call_data("incoming", **INCOMING)), []),
    "answer: established": (posted("updated", f"/{PLAIN}", call_data("established")), []),
    "reject: deleted": (
        posted("deleted", f"/{CALL}", {"@odata.type": f"{G}call", "@odata.id": f"/communications/calls/{CALL}"}),
        [],
    ),
    "delete: terminating": (posted("updated", f"/{CALL}", call_data("terminating")), []),
    "delete: terminated": (
        posted(
            "deleted",
            f"/{CALL}",
            call_data(
                "terminated",
                resultInfo={
                    "@odata.type": f"{G}resultInfo",
                    "code": "200",
                    "subcode": "5001",
                    "message": "The conversation has ended.",
                },
            ),
        ),
        ["call-delete.c01", "call-delete.c01"],
    ),
    "redirect 1: incoming": (
        posted(
            "created",
            f"/{CALL}",
            call_data(
                "incoming",
                direction="incoming",
                callbackUri=BOT,
                source=SOURCE,
                targets=[SOURCE],
                myParticipantId=PARTICIPANT,
                id=CALL,
            ),
        ),
        ["call-redirect.c04"],
    ),
    "transfer 1: transferring": (posted("updated", f"/{CALL}", call_data("transferring")), []),
    "transfer 1: accepted": (posted("updated", f"/{CALL}", call_data("transferAccepted")), []),
    "transfer 1: ended": (
        posted(
            "deleted",
            f"/{CALL}",
            call_data("terminated", resultInfo={"@odata.type": f"{G}resultInfo", "code": 0, "subcode": 7015}),
        ),
        [],
    ),
    "transfer 1: failed": (
        posted(
            "updated",
            f"/{CALL}",
            call_data("established", resultInfo={"@odata.type": f"{G}resultInfo", "code": 500, "subCode": 7000}),
        ),
        ["shared.result_info", "shared.result_info"],
    ),
    "transfer 2: ended": (
        posted("deleted", f"/{CALL}", call_data("terminated", terminationReason="AppTransferred")),
        [],
    ),
    "redirect 3: ended": (
        posted(
            "deleted", f"/{CALL}", call_data("terminated", answeredBy={**SOURCE, "identity": who("encrypted", "x")})
        ),
        [],
    ),
    "invite 1: completed": (
        posted(
            "deleted", ENDED, operation("inviteParticipants", "completed", participants=[target("user", USER)]), **OLD
        ),
        [],
    ),
    "invite 1: roster": (
        posted("updated", f"/{CALL}/participants", [{**ROSTER, "id": None}]),
        ["participant-invite.c10"],
    ),
    "invite 2: completed": (
        posted("deleted", f"/{CALL}/operations/participants", operation("inviteParticipants", "completed", id=None)),
        ["participant-invite.c06"],
    ),
    "invite 2: roster": (
        posted("updated", f"/{CALL}/operations/participants", [{**ROSTER, "id": None}]),
        ["participant-invite.c06", "participant-invite.c10"],
    ),
    "mute: roster": (posted("updated", f"/{CALL}/participants", [MUTED]), ["call-mute.c03"]),
    "unmute: roster": (posted("updated", f"/{CALL}/participants", [{**MUTED, "isMuted": False}]), ["call-mute.c03"]),
    "playPrompt: completed": (
        posted(
            "deleted",
            ENDED,
            {
                name: value
                for name, value in operation(
                    "playPrompt",
                    "completed",
                    resultInfo={
                        "@odata.type": f"{G}resultInfo",
                        "code": 200,
                        "subcode": 0,
                        "message": "Action completed successfully.",
                    },
                ).items()
                if name != "id"
            },
        ),
        [],
    ),
    "recordResponse: completed": (
        posted(
            "deleted",
            ENDED,
            operation(
                "record",
                "completed",
                resultInfo={"@odata.type": f"{G}resultInfo", "code": 200, "subcode": 8515, "message": "Done."},
                recordingLocation="https://file.example.org/1",
                recordingAccessToken="<access-token>",
            ),
        ),
        [],
    ),
    "cancelMediaProcessing: cancelled": (
        posted(
            "deleted",
            ENDED,
            operation(
                "record",
                "failed",
                resultInfo={"@odata.type": f"{G}resultInfo", "code": 400, "subcode": 8508, "message": "Cancelled."},
                recordingLocation="",
                recordingAccessToken="",
                completionReason="operationCanceled",
            ),
        ),
        [],
    ),
    "sendDtmfTones: completed": (
        posted("deleted", ENDED, operation("sendDtmfTones", "completed", completionReason="completedSuccessfully")),
        [],
    ),
    "configureMixer: completed": (
        posted(
            "deleted",
            ENDED,
            {"@odata.type": f"{G}commsOperation", "status": "completed", "clientContext": CONTEXT},
            **{"@odata.type": f"{G}commsOperation"},
        ),
        ["operation-as-envelope"],
    ),
}


@pytest.mark.parametrize("name", NOTIFICATIONS)
def test_a_notification_of_a_page_keeps_the_contract(name: str) -> None:
    """Contradictions are reported by name."""
    body, expected = NOTIFICATIONS[name]
    assert sorted(names(CONTRACT.check_notification(body))) == sorted(expected)


def test_a_rule_that_an_example_breaks_names_the_contradiction() -> None:
    """An example that breaks a rule has a contradiction of that rule, because the page's text counts."""
    broken = {name for _, expected in (*EXCHANGES.values(), *NOTIFICATIONS.values()) for name in expected}
    assert [name for name in sorted(broken & set(CONTRACT.rules)) if not CONTRACT.rule(name).contradictions] == []


def test_every_covered_operation_has_an_example() -> None:
    """One that comes to the contract brings its examples along."""
    shown = [CONTRACT.look(example.request).match for example, _ in EXCHANGES.values()]
    assert {match.operation.id for match in shown if isinstance(match, Match)} == set(CONTRACT.operation_ids)
