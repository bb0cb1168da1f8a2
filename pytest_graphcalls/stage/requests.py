"""The requests that are about one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from pytest_graphcalls.sandbox.props import CALLBACK
from pytest_graphcalls.stage.answers import Answer, Client
from pytest_graphcalls.stage.somebody import GRAPH, Somebody

if TYPE_CHECKING:
    from pytest_graphcalls.stage.target import OnTarget


CALLS = "/communications/calls"
OLD_CALLS = "/app/calls"
"""The deprecated address of the same calls."""
MEDIA = {"@odata.type": f"{GRAPH}serviceHostedMediaConfig"}
"""Media that the service takes care of."""


@dataclass(frozen=True, slots=True)
class CallRequests:
    """A call on the stage, as what can be asked about it.

    Attributes:
        stage: where it was built.
        id: its id.
        client: who speaks in :meth:`request`.
        people: who was brought into it.
        facts: the call as it was answered when it was created; empty for an incoming one.
        root: the address of calls, below the version.
    """

    stage: OnTarget
    id: str
    client: Client
    people: tuple[Somebody, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    root: str = CALLS

    def through(self, client: Client) -> Self:
        """The same call, with ``client`` speaking."""
        return replace(self, client=client)

    def at_old_address(self) -> Self:
        """The same call, below ``/app``."""
        return replace(self, root=OLD_CALLS)

    def request(self, method: str, path: str = "", json: Any = None) -> Answer:
        """Send a request about this call; ``path`` starts with ``/`` or is empty."""
        return self.client.request(method, f"{self.root}/{self.id}{path}", json=json)

    def get(self) -> Answer:
        """Read the call."""
        return self.request("GET")

    def hang_up(self) -> Answer:
        """End the bot's own leg."""
        return self.request("DELETE")

    def keep_alive(self) -> Answer:
        """Say that the call is still in use."""
        return self.request("POST", "/keepAlive")

    def answer(self, **body: Any) -> Answer:
        """Take an incoming call; ``body`` are parameters that differ from the usual ones."""
        usual = {"callbackUri": CALLBACK, "mediaConfig": MEDIA, "acceptedModalities": ["audio"]}
        return self.request("POST", "/answer", usual | body)

    def reject(self, **body: Any) -> Answer:
        """Reject an incoming call."""
        return self.request("POST", "/reject", body)

    def participants(self) -> Answer:
        """List who is in it."""
        return self.request("GET", "/participants")

    def participant(self, participant_id: str) -> Answer:
        """Read one participant."""
        return self.request("GET", f"/participants/{participant_id}")

    def invite(self, *entries: Mapping[str, Any], **body: Any) -> Answer:
        """Invite whom ``entries`` name (see :meth:`Somebody.entry`); ``body`` are further parameters."""
        return self.request("POST", "/participants/invite", {"participants": list(entries), **body})

    def remove(self, participant_id: str, json: Any = None) -> Answer:
        """Remove a participant, or withdraw an invitation."""
        return self.request("DELETE", f"/participants/{participant_id}", json)

    def operation(self, operation_id: str) -> Answer:
        """Read an operation that was started in this call."""
        return self.request("GET", f"/operations/{operation_id}")
