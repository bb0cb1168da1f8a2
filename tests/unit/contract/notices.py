"""Notifications as the pages and captures have them, to be changed by the tests."""

from __future__ import annotations

from typing import Any

TYPE = "#microsoft.graph."
CALL = "/communications/calls/57da"


def posted(change: str, below: str, data: Any, **facts: Any) -> dict[str, Any]:
    """An envelope with one entry about the call, or something ``below`` it; ``facts`` change the entry."""
    entry = {
        "@odata.type": f"{TYPE}commsNotification",
        "changeType": change,
        "resource": f"/app/calls/57da{below}",
        "resourceUrl": f"{CALL}{below}",
        "resourceData": data,
    }
    return {"@odata.type": f"{TYPE}commsNotifications", "value": [{**entry, **facts}]}


def call(state: str | None, **facts: Any) -> dict[str, Any]:
    """A call in a state."""
    return {"@odata.type": f"{TYPE}call", "id": "57da", "state": state, **facts}


def operation(status: str, **facts: Any) -> dict[str, Any]:
    """An ended invite."""
    return {"@odata.type": f"{TYPE}inviteParticipantsOperation", "id": "0fe0", "status": status, **facts}


def participant(**facts: Any) -> dict[str, Any]:
    """A participant in a roster."""
    info = {"@odata.type": f"{TYPE}participantInfo", "identity": {"user": {"id": "550f"}}}
    return {
        "@odata.type": f"{TYPE}participant",
        "id": "7d50",
        "info": info,
        "isMuted": False,
        "isInLobby": False,
        **facts,
    }
