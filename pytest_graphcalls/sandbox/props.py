"""What a stage is furnished with: made up where any id will do, dealt out of a sandbox's own where it will not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from pytest_graphcalls.errors import StageError
from pytest_graphcalls.sandbox.facts import FACTS, Sandbox

CALLBACK = "https://bot.example.org/calls"
"""The callback address of made-up calls; nobody listens there."""
PHONE = "+12345678901"
"""The number of the pages' own example, in E.164 form."""

from pytest_graphcalls.sandbox.facts import _GRAPH


class Props(Protocol):
    """Furnishes one test. Nothing is given out twice."""

    def user(self) -> str:
        """Object id of somebody who is in no call yet."""

    def bot(self) -> str:
        """Id of another application."""

    def phone(self) -> str:
        """A phone number."""

    def callback(self) -> str:
        """Where notifications are to be posted."""

    def meeting(self) -> dict[str, Any]:
        """The members of a call to be created that make it join a meeting."""


class Invented:
    """Made up: a simulator knows everybody.

    Args:
        ids: new ids.
        called: makes a display name of a name.
    """

    def __init__(self, ids: Iterator[str], called: Callable[[str], str] = str) -> None:
        self._ids = ids
        self._called = called

    def user(self) -> str:
        """See :class:`Props`."""
        return next(self._ids)

    def bot(self) -> str:
        """See :class:`Props`."""
        return next(self._ids)

    def phone(self) -> str:
        """See :class:`Props`."""
        return PHONE

    def callback(self) -> str:
        """See :class:`Props`."""
        return CALLBACK

    def meeting(self) -> dict[str, Any]:
        """See :class:`Props`."""
        chat = {"threadId": f"19:meeting_{next(self._ids)}@thread.v2", "messageId": "0"}
        user = {"@odata.type": f"{_GRAPH}identity", "id": next(self._ids), "displayName": self._called("Olivia")}
        organizer = {"@odata.type": f"{_GRAPH}identitySet", "user": user}
        return {
            "chatInfo": {"@odata.type": f"{_GRAPH}chatInfo", **chat},
            "meetingInfo": {"@odata.type": f"{_GRAPH}organizerMeetingInfo", "organizer": organizer},
        }


class Dealt:
    """Dealt out of what a sandbox has; whoever asks for more than there is is told what to add.

    Args:
        sandbox: what there is.

    Raises:
        StageError: from any method, when there is no more of it.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._given: dict[str, int] = {}

    def user(self) -> str:
        """See :class:`Props`."""
        return str(self._next("users", self._sandbox.users))

    def bot(self) -> str:
        """See :class:`Props`."""
        return str(self._next("bots", self._sandbox.bots))

    def phone(self) -> str:
        """See :class:`Props`."""
        return self._sandbox.phone or _lacking("phone", 0)

    def callback(self) -> str:
        """See :class:`Props`. None is made up: what is said in the tenant would be posted to a stranger."""
        return self._sandbox.callback or _lacking("callback", 0)

    def meeting(self) -> dict[str, Any]:
        """See :class:`Props`."""
        members: dict[str, Any] = self._next("meetings", self._sandbox.meetings).members()
        return members

    def _next(self, name: str, there_are: tuple[Any, ...]) -> Any:
        number = self._given.get(name, 0)
        if number >= len(there_are):
            _lacking(name, len(there_are))
        self._given[name] = number + 1
        return there_are[number]


def _lacking(name: str, there_are: int) -> str:
    fact = FACTS[name]
    wanted = f"{fact.noun} (no. {there_are + 1})" if there_are else fact.noun
    got = f"the sandbox has {there_are} for this process" if there_are else "the sandbox has none"
    raise StageError(wanted, got, fact.where(name))
