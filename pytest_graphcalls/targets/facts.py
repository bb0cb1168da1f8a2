"""A project's facts about a server at a base URL: its operations, and the calls and people in it.

A server that is not ours cannot be asked for this. What is not said is invented, where any id will do, or the
tests that need it are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.sandbox.tenant import READERS, FactSetting, Meeting, Readers, merged, parsed
from pytest_graphcalls.session import Offer

INI_KEY = "graphcalls_mock"
"""The ini key with the settings, ``name = value`` on each line; the variables begin with its name in capitals."""
_INCOMING = "incoming-call"


def _fact(noun: str, example: str, gives: str = "") -> FactSetting:
    return FactSetting(noun, example, gives, INI_KEY)


SETTINGS: Mapping[str, FactSetting] = {
    "operations": _fact("an operation", "<operation id> …"),
    "incoming_calls": _fact("an incoming call", "<call id> …", _INCOMING),
    "group_calls": _fact("an incoming call of a group", "<call id> …", _INCOMING),
    "incoming_command": _fact("a command that makes an incoming call", "<command>", _INCOMING),
    "calls": _fact("a call in a meeting", "<call id> …"),
    "participants": _fact("a participant in it", "<participant id> …"),
    "meetings": _fact("a meeting", "<join address> …"),
    "users": _fact("a user who takes calls", "<id> …"),
    "bots": _fact("another bot", "<id> …"),
    "phone": _fact("a phone", "+<number>", "phone"),
    "callback": _fact("a callback address", "https://…"),
}
"""The settings by name."""


@dataclass(frozen=True, slots=True)
class MockFacts:
    """The settings of a server at a base URL.

    Attributes:
        operations: ids of the operations that it has; empty where only its answers tell.
        incoming_calls: ids of calls that ring at the bot. All of them are used before one is used again.
        group_calls: likewise, of invitations into a group call.
        incoming_command: a command that makes one and prints its id.
        calls: ids of calls by which the bot is in a meeting.
        participants: ids of others who are in each of them; used where the server cannot list them.
        meetings: meetings that the bot can join.
        users: ids of users who accept calls.
        bots: ids of other applications that can be invited.
        phone: a number in E.164 form, or ``""``.
        callback: address that the server posts notifications to, or ``""``.
    """

    operations: tuple[str, ...] = ()
    incoming_calls: tuple[str, ...] = ()
    group_calls: tuple[str, ...] = ()
    incoming_command: str = ""
    calls: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    users: tuple[str, ...] = ()
    bots: tuple[str, ...] = ()
    phone: str = ""
    callback: str = ""

    @property
    def offer(self) -> Offer:
        """The operations that the server has."""
        return Offer(frozenset(self.operations), whole=False)


@cache
def mock_facts(given: tuple[tuple[str, str, str], ...]) -> MockFacts:
    """Parse the settings.

    Args:
        given: source (shown in messages), name and text of each setting.

    Raises:
        SettingError: a name does not exist, or a text is invalid.
    """
    return MockFacts(**parsed(merged(given, SETTINGS), _READERS))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _operations(text: str) -> tuple[str, ...]:
    return tuple(Contract.packaged().operation(id).id for id in _words(text))


_IDS = (_words, "ids with white space between")
_READERS: Readers = {
    **{name: READERS[name] for name in ("meetings", "phone", "callback")},
    **dict.fromkeys(("incoming_calls", "group_calls", "calls", "participants", "users", "bots"), _IDS),
    "incoming_command": (str, "a command"),
    "operations": (_operations, "ids of operations as 'graphcalls rules' lists them"),
}
