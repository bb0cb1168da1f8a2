"""A small recording to change one thing of: a call, a read, an invite, a refused request, the end of the call."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Difference, Kind, Recording
from pytest_graphcalls.drift.compare import compare
from pytest_graphcalls.drift.model import Observation
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response, encode_json

TEST = "contracts/test_participant_invite.py::test_it"
ROOT = "https://graph.microsoft.com/v1.0/communications/calls"
CALL_ID = "57dab8b1-894c-409a-b240-bd8beae78896"
BOT_ID, ALICE, OPERATION = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "123")
ALICE_ID, TENANT = (f"{digit * 8}-bbbb-4bbb-8bbb-{digit * 12}" for digit in "45")
GRAPH = "#microsoft.graph."


def person(id: str, user: str, name: str = "Alice") -> dict[str, Any]:
    """A participant."""
    identity = {"@odata.type": f"{GRAPH}identity", "id": user, "displayName": name, "tenantId": TENANT}
    return {
        "@odata.type": f"{GRAPH}participant",
        "id": id,
        "info": {
            "@odata.type": f"{GRAPH}participantInfo",
            "identity": {"@odata.type": f"{GRAPH}identitySet", "user": identity},
            "region": "amer",
        },
        "isMuted": False,
        "isInLobby": False,
        "mediaStreams": [{"mediaType": "audio", "sourceId": "1", "direction": "sendReceive", "serverMuted": False}],
    }


CALL = {
    "@odata.context": f"{ROOT}/$metadata#communications/calls/$entity",
    "@odata.type": f"{GRAPH}call",
    "id": CALL_ID,
    "state": "establishing",
    "direction": "outgoing",
    "callbackUri": "https://bot.contoso.com/calls",
    "myParticipantId": BOT_ID,
    "tenantId": TENANT,
    "subject": None,
    "requestedModalities": ["audio", "video"],
    "ringingTimeoutInSeconds": 90,
    "chatInfo": {"@odata.type": f"{GRAPH}chatInfo", "threadId": "19:meeting_x@thread.v2", "messageId": "0"},
    "transcription": {"state": "inactive", "lastModifiedDateTime": "2026-01-01T00:00:00Z"},
}
ROSTER = {"value": [person(BOT_ID, TENANT, "Bot"), person(ALICE_ID, ALICE)]}
INVITED = {
    "@odata.type": f"{GRAPH}inviteParticipantsOperation",
    "id": OPERATION,
    "status": "running",
    "clientContext": "f2fa86af",
    "resultInfo": {"@odata.type": f"{GRAPH}resultInfo", "code": 200, "subcode": 0, "message": "fine"},
    "participants": [{"identity": {"user": {"id": ALICE, "displayName": "Alice"}}, "participantId": None}],
}
REFUSED = {
    "error": {
        "code": "8522",
        "message": "Call 57da is not found.",
        "innerError": {"date": "2026-01-01T00:00:00", "request-id": ALICE},
    }
}
HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Date": "Thu, 01 Jan 2026 00:00:00 GMT",
    "request-id": "0001",
    "x-ms-ags-diagnostic": '{"ServerInfo":{}}',
    "OData-Version": "4.0",
}


def exchange(method: str, path: str, status: int, body: Any = None, sent: Any = None, **headers: str) -> Exchange:
    """One exchange below the calls; ``seconds`` among the headers is what it took."""
    seconds = headers.pop("seconds", None)
    given = HEADERS if body is not None else {"Date": HEADERS["Date"]}
    request = Request(method, ROOT + path, Headers(), encode_json(sent) if sent is not None else b"")
    response = Response(status, Headers({**given, **headers}), encode_json(body) if body is not None else b"")
    return Exchange(request, response, seconds=float(seconds) if seconds else None)


def posted(change: str, resource: str, data: Any, at: float, call: str = CALL_ID) -> Notification:
    """One notification with one entry."""
    entry = {"changeType": change, "resourceUrl": f"/communications/calls/{call}{resource}", "resourceData": data}
    body = {
        "@odata.type": f"{GRAPH}commsNotifications",
        "value": [{"@odata.type": f"{GRAPH}commsNotification", **entry}],
    }
    return Notification("https://bot.contoso.com/calls", body, at, call_id=call)


def call(state: str, call: str = CALL_ID) -> dict[str, Any]:
    """The resource data of a call."""
    return {"@odata.type": f"{GRAPH}call", "id": call, "state": state}


def exchanges() -> list[Exchange]:
    """The exchanges of the recording."""
    people = {"participants": [{"identity": {"user": {"id": ALICE}}}]}
    return [
        exchange("POST", "", 201, CALL, {"@odata.type": f"{GRAPH}call"}, Location=f"{ROOT}/{CALL_ID}"),
        exchange("GET", f"/{CALL_ID}", 200, CALL),
        exchange("POST", f"/{CALL_ID}/participants/invite", 200, INVITED, people),
        exchange("GET", f"/{CALL_ID}/participants", 200, ROSTER),
        exchange("DELETE", f"/{CALL_ID}", 204),
        exchange("GET", f"/{CALL_ID}", 404, REFUSED),
    ]


def notifications() -> list[Notification]:
    """The notifications of the recording."""
    done = {"@odata.type": f"{GRAPH}inviteParticipantsOperation", "id": OPERATION, "status": "completed"}
    return [
        posted("updated", "", call("establishing"), 1.0),
        posted("updated", "", call("established"), 2.0),
        posted("updated", "/participants", ROSTER["value"], 3.0),
        posted("deleted", f"/operations/{OPERATION}", done, 4.0),
        posted("deleted", "", call("terminated"), 9.0),
    ]


def recording(
    exchanges: Iterable[Exchange] = (), notifications: Iterable[Notification] = (), *, test: str = TEST
) -> Recording:
    """A recording for v1.0."""
    return Recording(test, "v1.0", tuple(exchanges), tuple(notifications))


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of ``value`` after ``change``, which works in place."""
    mine = copy.deepcopy(value)
    change(mine)
    return mine


def found(before: Recording, after: Recording) -> list[Difference]:
    """The differences between two recordings; fails if something could not be compared."""
    result = list(compare([before], [after], Contract.packaged()))
    assert all(isinstance(one, Observation) for one in result), result
    return [one.difference for one in result if isinstance(one, Observation)]


def kinds(before: Recording, after: Recording) -> set[tuple[Kind, str]]:
    """Kind and place of each difference."""
    return {(one.kind, one.where) for one in found(before, after)}
