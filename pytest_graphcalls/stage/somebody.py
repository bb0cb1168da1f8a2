"""Who can be invited into a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GRAPH = "#microsoft.graph."
"""How the names of Graph's types begin."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person, a phone or a bot that can be invited.

    Attributes:
        id: the id of the user or application, or a number in E.164 form.
        name: display name, or ``""``.
        sort: the member of an identity set that it belongs in.
    """

    id: str
    name: str = ""
    sort: str = "user"

    def identity(self) -> dict[str, Any]:
        """An identity set that names it."""
        who = {"@odata.type": f"{GRAPH}identity", "id": self.id, **({"displayName": self.name} if self.name else {})}
        return {"@odata.type": f"{GRAPH}identitySet", self.sort: who}

    def entry(self, *, chosen_id: str = "", replaces: str = "") -> dict[str, Any]:
        """An ``invitationParticipantInfo`` for it.

        Args:
            chosen_id: the ``participantId`` to ask for.
            replaces: the id of the call to take it out of.
        """
        wishes = {"participantId": chosen_id, "replacesCallId": replaces}
        asked = {name: value for name, value in wishes.items() if value}
        return {"@odata.type": f"{GRAPH}invitationParticipantInfo", "identity": self.identity(), **asked}

    def is_(self, participant: Mapping[str, Any]) -> bool:
        """Whether a roster's ``participant`` is this one; ids compare without regard to case."""
        who = participant.get("info", {}).get("identity", {}).get(self.sort) or {}
        return str(who.get("id", "")).lower() == self.id.lower()
