"""What the lines of a ledger say: which calls are open, and which requests were never answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LONGEST_UNATTENDED = timedelta(minutes=45)
"""After this long without keepAlive the service ends a call by itself (call-keepalive.r02, observed 10.2)."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that was made and, as far as is known, is not over.

    Attributes:
        call_id: its id.
        url: its address.
        tenant: the tenant it is in.
        made: when the request for it was sent; aware.
    """

    call_id: str
    url: str
    tenant: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request for a call whose answer never came; whether there is a call nobody knows.

    Attributes:
        intent_id: its id in the ledger.
        url: where it was sent.
        tenant: the tenant it was for.
        made: when it was sent; aware.
    """

    intent_id: str
    url: str
    tenant: str
    made: datetime

    @property
    def gone_by(self) -> datetime:
        """When the service has ended the call if there was one, because nobody has kept it alive."""
        return self.made + LONGEST_UNATTENDED


class Accounts:
    """Takes in the lines of a ledger, one after the other.

    Attributes:
        intents: requests whose answer is not known, by their ids.
        calls: calls that are not over, by their ids, in the order they were made.
    """

    def __init__(self) -> None:
        self.intents: dict[str, Unanswered] = {}
        self.calls: dict[str, OpenCall] = {}
        self._told = {"intend": self._intended, "created": self._made, "settled": self._settled, "over": self._ended}

    def take(self, entry: Mapping[str, Any]) -> None:
        """Take in a line; one of another sort is passed over.

        Raises:
            KeyError: it lacks something, or answers a request that was never written down.
        """
        told = self._told.get(entry.get("event", ""))
        if told is not None:
            told(entry)

    def _intended(self, entry: Mapping[str, Any]) -> None:
        made = datetime.fromisoformat(entry["at"])
        self.intents[entry["intent"]] = Unanswered(entry["intent"], entry["url"], entry["tenant"], made)

    def _made(self, entry: Mapping[str, Any]) -> None:
        intent = self.intents.pop(entry["intent"])
        self.calls[entry["call"]] = OpenCall(entry["call"], entry["url"], intent.tenant, intent.made)

    def _settled(self, entry: Mapping[str, Any]) -> None:
        self.intents.pop(entry["intent"], None)

    def _ended(self, entry: Mapping[str, Any]) -> None:
        self.calls.pop(entry["call"], None)
