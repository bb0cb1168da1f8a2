"""Undamaged exchanges, one builder for each operation that the checks are tried on."""

from __future__ import annotations

from typing import Any

from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json

ROOT = "https://graph.microsoft.com"
CALL = "57dab8b1-894c-409a-b240-bd8beae78896"
PERSON = "a7ebfb2d-871e-419c-87af-27290b22e8db"
OPERATION = "0fe0623f-d628-42ed-b4bd-8ac290072cc5"
TOKEN = ("Authorization", "Bearer a.b.c")
JSON = ("Content-Type", "application/json")


def user(id: str = PERSON) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "identity": {
            "@odata.type": "#microsoft.graph.identitySet",
            "user": {"@odata.type": "#microsoft.graph.identity", "id": id, "identityProvider": "AAD"},
        },
    }


def request(
    method: str,
    path: str,
    body: Any = None,
    *,
    version: str = "v1.0",
    headers: tuple[tuple[str, str], ...] = (TOKEN, JSON),
) -> Request:
    content = b"" if body is None else body if isinstance(body, bytes) else encode_json(body)
    kept = tuple(pair for pair in headers if content or pair != JSON)
    return Request(method, f"{ROOT}/{version}{path}", Headers(kept), content)


def answer(status: int, body: Any = None, *headers: tuple[str, str]) -> Response:
    content = b"" if body is None else body if isinstance(body, bytes) else encode_json(body)
    kind = (("Content-Type", "application/json; odata.metadata=minimal"),) if content else ()
    return Response(status, Headers((*kind, *headers)), content)


def operation(**members: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.inviteParticipantsOperation",
        "id": OPERATION,
        "status": "running",
        "clientContext": "d45324c1-fcb5-430a-902c-f20af696537c",
        "resultInfo": None,
        "participants": [user()],
        **members,
    }


LOCATION = ("Location", f"{ROOT}/v1.0/communications/calls/{CALL}/operations/{OPERATION}")


def invite(body: Any = None, response: Response | None = None, *, version: str = "v1.0", **more: Any) -> Exchange:
    sent = {"participants": [user()], "clientContext": "d45324c1-fcb5-430a-902c-f20af696537c"} if body is None else body
    path = f"/communications/calls/{CALL}/participants/invite"
    repeated = (
        {**sent, "participants": list(map(repeat, sent.get("participants", ())))} if isinstance(sent, dict) else {}
    )
    return Exchange(
        request("POST", path, sent, version=version, **more), response or answer(200, operation(**repeated), LOCATION)
    )


def repeat(entry: dict[str, Any]) -> dict[str, Any]:
    """An invitee as the answer shows them: the ids of the request, and what else it should have."""
    given = {kind: one for kind, one in (entry.get("identity") or {}).items() if isinstance(one, dict)}
    identity = {kind: {"@odata.type": "#microsoft.graph.identity", "id": one.get("id")} for kind, one in given.items()}
    return {
        "@odata.type": "#microsoft.graph.invitationParticipantInfo",
        "identity": {"@odata.type": "#microsoft.graph.identitySet", **identity},
    }


def delete(response: Response | None = None, **more: Any) -> Exchange:
    path = f"/communications/calls/{CALL}/participants/{PERSON}"
    return Exchange(request("DELETE", path, **more), response or answer(204))


def reject(body: Any = None, response: Response | None = None, *, version: str = "v1.0") -> Exchange:
    sent = {"reason": "busy"} if body is None else body
    return Exchange(
        request("POST", f"/communications/calls/{CALL}/reject", sent, version=version), response or answer(202)
    )


def participant(**members: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.participant",
        "id": PERSON,
        "info": {
            "@odata.type": "#microsoft.graph.participantInfo",
            "identity": user()["identity"],
            "endpointType": "default",
        },
        "mediaStreams": [{"mediaType": "audio", "sourceId": "1", "direction": "sendReceive", "serverMuted": False}],
        "isMuted": False,
        "isInLobby": False,
        **members,
    }


def roster(*people: dict[str, Any]) -> Exchange:
    body = {"value": list(people or (participant(),))}
    return Exchange(request("GET", f"/communications/calls/{CALL}/participants"), answer(200, body))
