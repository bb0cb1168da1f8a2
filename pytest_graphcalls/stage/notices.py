"""What a target says by notifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.stage.somebody import Somebody
from pytest_graphcalls.stage.target import OnTarget


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
        """From an entry of ``commsNotifications``."""
        path = str(entry.get("resourceUrl") or entry.get("resource") or "")
        about = path.partition("/calls/")[2].strip("/")
        return cls(posted_to, str(entry.get("changeType", "")).lower(), about, entry.get("resourceData"))

    def of_call(self) -> Mapping[str, Any]:
        """The data, where it is one object."""
        return self.data if isinstance(self.data, dict) else {}

    def lists(self, person: Somebody) -> bool:
        """Whether it is a roster with ``person`` on it."""
        entries = self.data if isinstance(self.data, list) else []
        return any(isinstance(entry, dict) and person.is_(entry) for entry in entries)


class Notices(OnTarget):
    """The part of a stage that hears what the bot is told; arguments as for :class:`.OnTarget`."""

    @property
    def notifications(self) -> list[Notice]:
        """Everything the bot was told so far, in order (needs ``notifications``)."""
        return [Notice.of(sent.posted_to, entry) for sent in self._world().notifications for entry in sent.entries]

    def told(self, change: str, about: str) -> list[Notice]:
        """The notifications of ``change`` (created, updated, deleted) about the path ``about`` below the calls."""
        return [one for one in self.notifications if one.change == change and one.about == about]
