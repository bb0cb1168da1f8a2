"""A call on the stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.errors import StageError
from pytest_graphcalls.stage.answers import members
from pytest_graphcalls.stage.requests import CallRequests
from pytest_graphcalls.stage.somebody import Somebody

OVER = frozenset({"gone", "terminating", "terminated"})
"""States of a call that is over, in lower case."""


@dataclass(frozen=True, slots=True)
class StagedCall(CallRequests):
    """A call on the stage, with what tests want to know of it.

    Each is asked through a request whose own rule is somebody else's business. The attributes are those of
    :class:`.CallRequests`.
    """

    def roster(self) -> list[dict[str, Any]]:
        """The participants that the target lists now."""
        rule = "call-list-participants.success-is-200-with-collection"
        value = members(self.stage.accepted(self.participants(), rule)).get("value")
        if not isinstance(value, list):
            raise StageError("a roster", "the list of participants has no value", rule)
        return [entry for entry in value if isinstance(entry, dict)]

    def has(self, *people: Somebody) -> bool:
        """Whether every one of ``people`` is on the roster."""
        roster = self.roster()
        return all(any(one.is_(entry) for entry in roster) for one in people)

    def id_of(self, person: Somebody) -> str:
        """The participant id under which the roster lists ``person``."""
        found = [entry for entry in self.roster() if person.is_(entry)]
        if not found or not isinstance(found[0].get("id"), str):
            raise StageError(f"the participant id of {person.name or person.id}", "the roster does not tell it")
        return str(found[0]["id"])

    def state(self) -> str:
        """The call's state, or ``gone`` when it cannot be read any more."""
        answer = self.get()
        if answer.status_code in {404, 410}:
            return "gone"
        return str(members(self.stage.accepted(answer, "call-get.success-is-200-with-call")).get("state", "")).lower()

    def lives(self) -> bool:
        """Whether the call is still there and not over."""
        return self.state() not in OVER

    def status_of(self, operation_id: str) -> str:
        """The status of an operation, in lower case."""
        rule = "commsoperation-get.success-is-200-with-operation"
        status = members(self.stage.accepted(self.operation(operation_id), rule)).get("status")
        if not isinstance(status, str):
            raise StageError("the status of an operation", "the operation read has none", rule)
        return status.lower()
