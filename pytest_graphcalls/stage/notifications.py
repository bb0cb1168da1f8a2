"""The notifications of a target, for contract tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.contract import Need
from pytest_graphcalls.stage.base import Answer, Invitee, Waiting, members
from pytest_graphcalls.stage.call import CallRequests
from pytest_graphcalls.targets import ReceivedNotifications

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

    def wait_for_end(self, call: CallRequests, answer: Answer, within: float | None = None) -> list[Notice]:
        """Wait for the notification that the operation in ``answer`` is over; see :meth:`wait_for_notices`."""
        return self.wait_for_notices("deleted", f"{call.id}/operations/{members(answer).get('id')}", within=within)
