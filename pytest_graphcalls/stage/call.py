"""The requests that are about one call, or about the meetings of a user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import quote

from pytest_graphcalls.contract import Contract, Effect, Operation
from pytest_graphcalls.errors import StageError
from pytest_graphcalls.sandbox.tenant import CALLBACK
from pytest_graphcalls.stage.base import GRAPH, Answer, Client, Invitee, OnTarget, members

CALLS = "/communications/calls"
OLD_CALLS = "/app/calls"
"""The deprecated address of the same calls."""
MEDIA = {"@odata.type": f"{GRAPH}serviceHostedMediaConfig"}
"""Media that the service takes care of."""


def named(operation: str | Effect) -> Operation:
    """The operation of the contract with this id, or this effect."""
    contract = Contract.packaged()
    return contract.operation_that(operation) if isinstance(operation, Effect) else contract.operation(operation)


def filled(path: str, keys: Mapping[str, str]) -> str:
    """A path template with its keys, e.g. ``participant_id``, filled in."""
    for name, value in keys.items():
        path = path.replace(f"{{{name.replace('_', '-')}}}", quote(value, safe="+:@!$&'()*,;="))
    return path


def success_of(effect: Effect) -> str:
    """Full id of the rule that states the success answer of the operation with this ``effect``."""
    return Contract.packaged().operation_that(effect).success_rule


OVER = frozenset({"gone", "terminating", "terminated"})
"""States of a call that is over, in lower case."""


@dataclass(frozen=True, slots=True)
class StagedCall:
    """A call on the stage: its requests, and the facts that tests need, by requests that no test judges.

    Attributes:
        stage: where it was built.
        id: its id.
        client: who speaks in :meth:`request`.
        people: who was brought into it.
        facts: the call as it was answered when it was created; empty for an incoming one.
        root: the address of calls, below the version.
        ids: participant ids by the ids of people, where the roster does not tell them.
    """

    stage: OnTarget
    id: str
    client: Client
    people: tuple[Invitee, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    root: str = CALLS
    ids: Mapping[str, str] = field(default_factory=dict)

    def through(self, client: Client) -> Self:
        """A view of the call whose requests ``client`` sends."""
        return replace(self, client=client)

    def at_old_address(self) -> Self:
        """The call at its deprecated address, with requests below ``/app``."""
        return replace(self, root=OLD_CALLS)

    def request(self, method: str, path: str = "", json: Any = None) -> Answer:
        """Send a request about this call; ``path`` starts with ``/`` or is empty."""
        return self.stage.ask(self.client, method, f"{self.root}/{self.id}{path}", json)

    def send(self, operation: str | Effect, json: Any = None, **keys: str) -> Answer:
        """Send the request for an operation of the contract that is about this call.

        Args:
            operation: its id, or what it does.
            json: the body.
            keys: the other keys of its path, e.g. ``participant_id``.
        """
        found = named(operation)
        return self.request(found.method, filled(found.path.removeprefix(f"{CALLS}/{{call-id}}"), keys), json)

    def get(self) -> Answer:
        """Read the call."""
        return self.send(Effect.SHOWS_CALL)

    def hang_up(self) -> Answer:
        """End the bot's own leg."""
        return self.send(Effect.ENDS_CALL)

    def keep_alive(self) -> Answer:
        """Say that the call is still in use."""
        return self.send(Effect.KEEPS_CALL_ALIVE)

    def answer(self, **body: Any) -> Answer:
        """Take an incoming call; ``body`` are parameters that differ from the usual ones."""
        usual = {"callbackUri": CALLBACK, "mediaConfig": MEDIA, "acceptedModalities": ["audio"]}
        return self.send(Effect.TAKES_CALL, usual | body)

    def reject(self, **body: Any) -> Answer:
        """Reject an incoming call."""
        return self.send(Effect.REJECTS_CALL, body)

    def participants(self) -> Answer:
        """List the participants of the call."""
        return self.send(Effect.SHOWS_ROSTER)

    def participant(self, participant_id: str) -> Answer:
        """Read one participant."""
        return self.send(Effect.SHOWS_PARTICIPANT, participant_id=participant_id)

    def invite(self, *entries: Mapping[str, Any], **body: Any) -> Answer:
        """Invite whom ``entries`` name (see :meth:`Invitee.entry`); ``body`` are further parameters."""
        return self.send(Effect.ADDS_PEOPLE, {"participants": list(entries), **body})

    def remove(self, participant_id: str, json: Any = None) -> Answer:
        """Remove a participant, or withdraw an invitation."""
        return self.send(Effect.REMOVES_PARTICIPANT, json, participant_id=participant_id)

    def operation(self, operation_id: str) -> Answer:
        """Read an operation that was started in this call."""
        return self.send(Effect.SHOWS_OPERATION, operation_id=operation_id)

    def roster(self) -> list[dict[str, Any]]:
        """The participants that the target lists now."""
        rule = success_of(Effect.SHOWS_ROSTER)
        value = members(self.stage.accepted(self.participants(), rule)).get("value")
        if not isinstance(value, list):
            raise StageError("a roster", "the list of participants has no value", rule)
        return [entry for entry in value if isinstance(entry, dict)]

    def has(self, *people: Invitee) -> bool:
        """Whether every one of ``people`` is on the roster."""
        roster = self.roster()
        return all(any(one.is_(entry) for entry in roster) for one in people)

    def id_of(self, person: Invitee) -> str:
        """The participant id under which the roster lists ``person``."""
        if person.id in self.ids:
            return self.ids[person.id]
        found = [entry for entry in self.roster() if person.is_(entry)]
        if not found or not isinstance(found[0].get("id"), str):
            raise StageError(f"the participant id of {person.name or person.id}", "the roster does not tell it")
        return str(found[0]["id"])

    def own_id(self) -> str:
        """The participant id of the bot itself."""
        own = self.facts.get("myParticipantId")
        if not isinstance(own, str):
            raise StageError("the bot's own participant", "the created call has no myParticipantId")
        return own

    def is_muted(self, participant_id: str) -> bool:
        """Whether the roster lists a participant as muted."""
        listed = [one.get("isMuted") is True for one in self.roster() if one.get("id") == participant_id]
        if not listed:
            raise StageError("whether a participant is muted", "the list does not name it")
        return listed[0]

    def state(self) -> str:
        """The call's state, or ``gone`` when it cannot be read any more."""
        answer = self.get()
        if answer.status_code in {404, 410}:
            return "gone"
        return str(members(self.stage.accepted(answer, success_of(Effect.SHOWS_CALL))).get("state", "")).lower()

    def lives(self) -> bool:
        """Whether the call can be read and is not over."""
        return self.state() not in OVER

    def is_as_answered(self, answer: Answer) -> bool:
        """Whether the operation in ``answer`` goes on, or is over and can be read with the same status."""
        operation = members(answer)
        status = str(operation.get("status")).lower()
        return status in {"notstarted", "running", "none"} or status == self.status_of(str(operation.get("id")))

    def status_of(self, operation_id: str) -> str:
        """The status of an operation, in lower case."""
        rule = success_of(Effect.SHOWS_OPERATION)
        status = members(self.stage.accepted(self.operation(operation_id), rule)).get("status")
        if not isinstance(status, str):
            raise StageError("the status of an operation", "the operation read has none", rule)
        return status.lower()


@dataclass(frozen=True, slots=True)
class StagedMeeting:
    """A meeting on the stage, with the user who organizes it.

    Attributes:
        stage: where it is used.
        client: who speaks.
        user: object id of the user in the path: the organizer, unless it is a different one.
        facts: the meeting as it was answered when it was made; empty where none was.
    """

    stage: OnTarget
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
        return f"JoinWebUrl eq '{self._required(self.facts, 'joinWebUrl')}'"

    @property
    def by_number(self) -> str:
        """The filter that asks for its number."""
        number = self._required(self.facts.get("joinMeetingIdSettings"), "joinMeetingId")
        return f"joinMeetingIdSettings/joinMeetingId eq '{number}'"

    def _required(self, facts: Any, name: str) -> str:
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
        """A view of the meeting whose requests ``client`` sends."""
        return replace(self, client=client)

    def seen_by(self, user: str) -> Self:
        """A view of the meeting with another user in the path."""
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
        return self.stage.ask(self.client, operation.method, f"{path}{query}", json)
