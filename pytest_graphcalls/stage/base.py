"""The base of the stage: requests that any HTTP client can send, their answers, and the bot's notifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_graphcalls.contract import Contract, Match, Need, parse_error
from pytest_graphcalls.errors import StageError
from pytest_graphcalls.targets import Connection, ReceivedNotifications, World
from pytest_graphcalls.wire import Headers, Response, json_object


class Answer(Protocol):
    """An HTTP answer, as every Python client has it."""

    @property
    def status_code(self) -> int: ...  # noqa: D102  what the class says
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def content(self) -> bytes: ...  # noqa: D102


class Client(Protocol):
    """An HTTP client that sends the token of one app, or none."""

    def request(  # noqa: D102  what the class says
        self, method: str, url: str, *, json: Any = None, content: bytes | None = None
    ) -> Answer: ...


def refused(answer: Answer) -> bool:
    """Whether a request was refused, by any status of 400 or above; the exact status is judged by rules of its own."""
    return answer.status_code >= 400


def members(answer: Answer) -> dict[str, Any]:
    """The JSON object in the body of an answer; empty where there is none, which other rules judge."""
    return json_object(answer.content)


def shown(answer: Answer) -> str:
    """An answer in a few words, for a message: its status, and the error's code and text."""
    error = parse_error(Response(answer.status_code, Headers(answer.headers), answer.content))
    return f"{answer.status_code} {error.code}: {error.message.rstrip('.')}" if error else f"{answer.status_code}"


class OnTarget:
    """The part of a stage that sends requests to its target.

    Args:
        connection: the target, for one API version.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._simulated = Need.CLOCK in connection.capabilities

    def ask(self, client: Client, method: str, url: str, json: Any = None) -> Answer:
        """Send a request.

        Args:
            client: sends it.
            method: of the request.
            url: below the address of the target.
            json: the body.

        Raises:
            StageError: the target does not have the operation that is asked for, so nothing is judged by the answer.
        """
        match = Contract.packaged().match(method, f"/{self._connection.version}{url.partition('?')[0]}")
        operation = match.operation.id if isinstance(match, Match) else ""
        offer = self._connection.offer
        if operation and not offer.includes(operation):
            raise StageError(operation, "it is none of the operations that the target is said to have")
        answer = client.request(method, url, json=json)
        response = Response(answer.status_code, Headers(answer.headers), answer.content)
        if operation and not offer.has(operation, response):
            got = f"the target does not have it: {method} was answered {response.status} without an error of Graph"
            raise StageError(operation, got)
        return answer

    def accepted(self, answer: Answer, rule: str = "") -> Answer:
        """``answer``, if it is a success.

        Raises:
            StageError: it is not; the test that asked is not checked, and ``rule`` is to be looked at.
        """
        if not 200 <= answer.status_code < 300:
            raise StageError("what this test needs", f"the target answered {shown(answer)}", rule)
        return answer

    def cannot_tell(self, wanted: str, got: str, see: str = "") -> StageError:
        """The error that a test raises when its rule cannot be judged by what it found."""
        return StageError(wanted, got, see)

    def _world(self) -> World:
        world = self._connection.world
        if world is None:
            raise StageError("something beyond plain requests", "this target has no such means", "--graphcalls-target")
        return world


_MOVING: set[str] = set()
"""Servers on which something has come about while a test waited for it."""
_STILL: set[str] = set()
"""Servers on which nothing did so far. A mock without memory is not waited for in full by every test."""


class Waiting(OnTarget):
    """The part of a stage that waits; arguments as for :class:`.OnTarget`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        # A clock that is ours costs nothing to wait for; real seconds do.
        self._step, self._patience = (1.0, 60.0) if self._simulated else (0.05, 5.0)
        self._longest_step = self._step
        self._notified_within = 5.0
        if connection.sandbox is not None:
            # There a phone rings for a minute (observed 10.4), and each poll counts as a request.
            self._patience, self._longest_step = 75.0, 2.0
            self._notified_within = 15.0

    def until(self, condition: Callable[[], bool], within: float | None = None) -> bool:
        """Ask ``condition`` again and again until it is true.

        Args:
            condition: the question; it may raise :class:`StageError`.
            within: seconds of the target's time; by default as long as anything here should take.

        Returns:
            Whether it became true.
        """
        return condition() or self._until_later(condition, self._patience if within is None else within)

    def _until_later(self, condition: Callable[[], bool], left: float) -> bool:
        """Ask ``condition``, which was false, for ``left`` more seconds; see :meth:`until`."""
        step = self._step
        while left > 0:
            self._connection.wait(min(step, left))
            if condition():
                return True
            left -= step
            step = min(step * 1.5, self._longest_step)
        return False

    def advance(self, seconds: float) -> None:
        """Let time pass (needs ``clock``)."""
        self._connection.wait(seconds)

    def reached(self, condition: Callable[[], bool], wanted: str, rule: str = "", *, after: float = 0.0) -> None:
        """Wait for ``condition``; raises :class:`StageError` if it never comes.

        Args:
            condition: as for :meth:`until`.
            wanted: what it stands for, for the message.
            rule: the rule to look at if it never comes.
            after: seconds that it takes on a simulator, which are let pass there before the first look.
        """
        if after and self._simulated:
            self._connection.wait(after)
        if condition():
            return
        still = self._connection.root in _STILL and self._connection.sandbox is None
        patience = self._patience / 10 if still else self._patience
        if self._until_later(condition, patience):
            _MOVING.add(self._connection.root)
            return
        if not self._simulated and self._connection.root not in _MOVING:
            _STILL.add(self._connection.root)
        raise StageError(wanted, f"it did not come about within {patience:g} seconds", rule)


GRAPH = "#microsoft.graph."
"""How the names of Graph's types begin."""


@dataclass(frozen=True, slots=True)
class Invitee:
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
        """An identity set that names the invitee."""
        who = {"@odata.type": f"{GRAPH}identity", "id": self.id, **({"displayName": self.name} if self.name else {})}
        return {"@odata.type": f"{GRAPH}identitySet", self.sort: who}

    def entry(self, *, chosen_id: str = "", replaces: str = "") -> dict[str, Any]:
        """An ``invitationParticipantInfo`` that names the invitee.

        Args:
            chosen_id: the ``participantId`` to ask for.
            replaces: the id of the call to take it out of.
        """
        members = {"participantId": chosen_id, "replacesCallId": replaces}
        asked = {name: value for name, value in members.items() if value}
        return {"@odata.type": f"{GRAPH}invitationParticipantInfo", "identity": self.identity(), **asked}

    def is_(self, participant: Mapping[str, Any]) -> bool:
        """Whether a ``participant`` of a roster is the invitee; ids compare without regard to case."""
        who = participant.get("info", {}).get("identity", {}).get(self.sort) or {}
        return str(who.get("id", "")).lower() == self.id.lower()


_SILENT_FOR, _SILENT_BY, _LOOK_EVERY = 2.0, 15.0, 0.25
"""Seconds without a notification that count as silence, the longest wait for it, and the seconds between polls."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry of a notification.

    Attributes:
        posted_to: the address it was meant for.
        change: ``created``, ``updated`` or ``deleted``.
        about: what changed, as a path below the calls: ``57da…``, ``57da…/participants``.
        data: the ``resourceData``: an object, or a list for a roster.
    """

    posted_to: str
    change: str
    about: str
    data: Any

    @classmethod
    def of(cls, posted_to: str, entry: Mapping[str, Any]) -> Notice:
        """The notice that an entry of ``commsNotifications`` holds."""
        path = str(entry.get("resourceUrl") or entry.get("resource") or "")
        about = path.partition("/calls/")[2].strip("/")
        return cls(posted_to, str(entry.get("changeType", "")).lower(), about, entry.get("resourceData"))

    def of_call(self) -> Mapping[str, Any]:
        """The data of the notice where it is one object, else an empty one."""
        return self.data if isinstance(self.data, dict) else {}

    def state(self) -> str:
        """The state of the call or the status of the operation in the data, in lower case; or ``""``."""
        data = self.of_call()
        return str(data.get("state") or data.get("status") or "").lower()

    def lists(self, person: Invitee) -> bool:
        """Whether the notification is a roster with ``person`` on it."""
        entries = self.data if isinstance(self.data, list) else []
        return any(isinstance(entry, dict) and person.is_(entry) for entry in entries)


class Notices(Waiting):
    """The part of a stage that reads the bot's notifications; arguments as for :class:`.OnTarget`."""

    @property
    def notifications(self) -> list[Notice]:
        """The notifications that the bot has received so far, in order (needs ``notifications``)."""
        return [Notice.of(sent.posted_to, entry) for sent in self._world().notifications for entry in sent.entries]

    def notices_of(self, change: str, about: str) -> list[Notice]:
        """The notifications of ``change`` (created, updated, deleted) about the path ``about`` below the calls."""
        return [one for one in self.notifications if one.change == change and one.about == about]

    def wait_for_last_notice(self) -> None:
        """Wait until no more notifications arrive, where a nightly run receives them in real time.

        Otherwise chance would decide whether the last notification or the end of the test comes first.
        """
        real = self._connection.sandbox is not None and Need.NOTIFICATIONS in self._connection.capabilities
        case = self._connection.case
        if real and case is not None and case.compared:
            self._wait_for_silence()

    def _wait_for_silence(self) -> None:
        quiet, known = 0.0, -1
        for _ in range(round(_SILENT_BY / _LOOK_EVERY)):
            count = len(self.notifications)
            quiet, known = (quiet + _LOOK_EVERY, known) if count == known else (0.0, count)
            if quiet >= _SILENT_FOR:
                return
            self._connection.wait(_LOOK_EVERY)

    def wait_for_notices(
        self, change: str, about: str, until: Callable[[list[Notice]], object] = bool, within: float | None = None
    ) -> list[Notice]:
        """Wait for notifications, and return them like :meth:`notices_of`.

        Args:
            change: created, updated or deleted.
            about: a path below the calls.
            until: whether those so far are what is waited for; by default any is.
            within: seconds of the target's time; by default as long as a notification may take.

        Raises:
            EnvironmentFaultError: they did not arrive, and the callback receives no other posts at present, either.
        """
        arrived = self.until(
            lambda: bool(until(self.notices_of(change, about))),
            self._notified_within if within is None else within,
        )
        world = self._world()
        if not arrived and isinstance(world, ReceivedNotifications):
            world.prove()
        return self.notices_of(change, about)
