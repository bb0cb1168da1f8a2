"""The requests that are about the meetings of a user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import quote

from pytest_graphcalls.contract import Effect
from pytest_graphcalls.errors import StageError
from pytest_graphcalls.stage.base import GRAPH, Answer, Client
from pytest_graphcalls.stage.call import filled, named


@dataclass(frozen=True, slots=True)
class StagedMeeting:
    """A user on the stage who organizes meetings, and one of these.

    Attributes:
        client: who speaks.
        user: object id of the user in the path: the organizer, unless it is another one.
        facts: the meeting as it was answered when it was made; empty where none was.
    """

    client: Client
    user: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The meeting's id."""
        return str(self.facts.get("id", ""))

    @property
    def by_address(self) -> str:
        """The filter that asks for its join address."""
        return f"JoinWebUrl eq '{self._told(self.facts, 'joinWebUrl')}'"

    @property
    def by_number(self) -> str:
        """The filter that asks for its number."""
        number = self._told(self.facts.get("joinMeetingIdSettings"), "joinMeetingId")
        return f"joinMeetingIdSettings/joinMeetingId eq '{number}'"

    def _told(self, facts: Any, name: str) -> str:
        found = facts.get(name) if isinstance(facts, Mapping) else None
        if not found:
            raise StageError(f"the {name} of a meeting", "the answer that made it has none")
        return str(found)

    @property
    def coordinates(self) -> dict[str, Any]:
        """The members of a create request that join it."""
        user = {"@odata.type": f"{GRAPH}identity", "id": self.user}
        organizer = {"@odata.type": f"{GRAPH}identitySet", "user": user}
        info = {"@odata.type": f"{GRAPH}organizerMeetingInfo", "organizer": organizer}
        return {"chatInfo": self.facts.get("chatInfo"), "meetingInfo": info}

    def through(self, client: Client) -> Self:
        """This meeting, with requests sent by ``client``."""
        return replace(self, client=client)

    def seen_by(self, user: str) -> Self:
        """This meeting, with another user in the path."""
        return replace(self, user=user)

    def create(self, **asked: Any) -> Answer:
        """Make a meeting that the user organizes; ``asked`` are members of it."""
        return self._send(Effect.MAKES_MEETING, asked)

    def find(self, filter: str) -> Answer:
        """Look for a meeting; ``filter`` is an expression, which is encoded here; ``""`` for none."""
        return self._send(Effect.FINDS_MEETING, query=f"?$filter={quote(filter, safe='')}" if filter else "")

    def get(self, id: str = "") -> Answer:
        """Read the meeting, or the one with another id."""
        return self._send(Effect.SHOWS_MEETING, id=id or self.id)

    def delete(self) -> Answer:
        """Take the meeting away."""
        return self._send(Effect.ENDS_MEETING, id=self.id)

    def _send(self, effect: Effect, json: Any = None, *, id: str = "", query: str = "") -> Answer:
        operation = named(effect)
        path = filled(operation.path, {"user_id": self.user, "meeting_id": id})
        return self.client.request(operation.method, f"{path}{query}", json=json)
