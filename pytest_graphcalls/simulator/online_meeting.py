"""A meeting as its organizer has it, as a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OnlineMeeting:
    """A meeting as its organizer has it, whether or not people are in it.

    Attributes:
        id: its id on the wire.
        join_url: the long form of its join address.
        join_id: its number, digits only.
        passcode: belongs to the number, or ``None``.
        attendees: ids of the users who are invited.
        members: further members, as they are shown.
    """

    id: str
    join_url: str
    join_id: str
    passcode: str | None
    attendees: tuple[str, ...]
    members: Mapping[str, Any]
