"""The allow list of sandbox tenants, the settings of a sandbox, and the test data that stages take from it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from pytest_graphcalls.errors import SettingError, StageError, UnknownNameError, did_you_mean
from pytest_graphcalls.wire import token_claims

ALLOW_LIST = "graphcalls_sandbox_tenants"
"""The ini key that lists the tenants a live run may use."""
INI_KEY = "graphcalls_sandbox"
"""The ini key with the settings, ``name = value`` on each line."""
VARIABLE_PREFIX = "GRAPHCALLS_SANDBOX_"
"""Prefix of the environment variables; the setting's name follows in capitals."""

_GRAPH = "#microsoft.graph."
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_E164 = re.compile(r"\+[1-9]\d{1,14}")
_HIDDEN = "(hidden)"


class FactSetting(NamedTuple):
    """A setting of a sandbox, or of a server at a base URL: a kind of test data that is there.

    Attributes:
        noun: one item of it, for a sentence.
        example: the form of its value.
        gives: the contract's name for the need of tests that it meets, or ``""``.
        key: the ini key that it is a line of.
    """

    noun: str
    example: str
    gives: str = ""
    key: str = INI_KEY

    def where(self, name: str) -> str:
        """The places at which the setting can be made."""
        return f"'{name} = {self.example}' in {self.key}, or {self.key.upper()}_{name.upper()}"


SETTINGS: Mapping[str, FactSetting] = {
    "meetings": FactSetting("a meeting", "<join address> …"),
    "users": FactSetting("a user who takes calls", "<object id> …"),
    "bots": FactSetting("another bot", "<application id> …"),
    "phone": FactSetting("a phone", "+<number>", gives="phone"),
    "agreed": FactSetting(
        "a user or phone that agreed to be dialled, played to and recorded", "<object id> +<number> …"
    ),
    "callback": FactSetting("a callback address", "https://…"),
    "listen": FactSetting("an address where the callback comes out", "127.0.0.1:<port>", gives="notifications"),
}
"""The settings by name."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting that the bot can join, by its coordinates or by its number.

    Attributes:
        thread_id: id of its chat, or ``""``.
        message_id: id of the message in it, or ``""``.
        organizer_id: object id of the user who organizes it, or ``""``.
        tenant_id: the organizer's tenant, or ``""``.
        join_id: its number, digits only, or ``""``.
        passcode: belongs to the number, or ``""``.
    """

    thread_id: str = ""
    message_id: str = ""
    organizer_id: str = ""
    tenant_id: str = ""
    join_id: str = ""
    passcode: str = field(default="", repr=False)

    @classmethod
    def parse(cls, address: str) -> Meeting:
        """Read a join address.

        Args:
            address: the long form, ``…/l/meetup-join/<thread>/<message>?context={"Tid":…,"Oid":…}`` (``joinWebUrl`` in
                https://learn.microsoft.com/graph/api/resources/onlinemeeting), or the short one,
                ``…/meet/<number>?p=<passcode>``.

        Raises:
            ValueError: it has neither form.
        """
        parts = urlsplit(address)
        found = _LONG.search(parts.path)
        if found:
            context = json.loads(parse_qs(parts.query)["context"][0])
            thread, message = map(unquote, found.groups())
            return cls(thread, message, str(context["Oid"]), str(context["Tid"]))
        short = _SHORT.search(parts.path)
        if not short:
            raise ValueError(address)
        return cls(join_id=short[1], passcode=parse_qs(parts.query).get("p", [""])[0])

    def members(self) -> dict[str, Any]:
        """The members of a create request that join this meeting (application-post-calls.r08, r09)."""
        if self.join_id:
            by_number = {"joinMeetingId": self.join_id, "passcode": self.passcode or None}
            return {"meetingInfo": {"@odata.type": f"{_GRAPH}joinMeetingIdMeetingInfo", **by_number}}
        user = {"@odata.type": f"{_GRAPH}identity", "id": self.organizer_id, "tenantId": self.tenant_id}
        organizer = {"@odata.type": f"{_GRAPH}identitySet", "user": user}
        chat = {"threadId": self.thread_id, "messageId": self.message_id}
        return {
            "chatInfo": {"@odata.type": f"{_GRAPH}chatInfo", **chat},
            "meetingInfo": {"@odata.type": f"{_GRAPH}organizerMeetingInfo", "organizer": organizer},
        }


_LONG = re.compile(r"/l/meetup-join/([^/]+)/([^/]+)$")
_SHORT = re.compile(r"/meet/(\d+)$")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The settings of a sandbox tenant.

    Attributes:
        tenant: its id.
        meetings: meetings that are reserved for the tests.
        users: object ids of users who accept calls automatically.
        bots: ids of other applications that can be invited.
        phone: a number in E.164 form, or ``""``.
        callback: address that the service posts notifications to, or ``""``.
        listen: host and port of this machine at which they arrive; ``None`` where they are not received.
        agreed: ids and numbers of those who agreed to be dialled, played to and recorded.
    """

    tenant: str
    meetings: tuple[Meeting, ...] = ()
    users: tuple[str, ...] = ()
    bots: tuple[str, ...] = ()
    phone: str = ""
    callback: str = ""
    listen: tuple[str, int] | None = None
    agreed: tuple[str, ...] = ()

    @classmethod
    def read(cls, tenant: str, given: Iterable[tuple[str, str, str]]) -> Sandbox:
        """Parse the settings.

        Args:
            tenant: id of the tenant.
            given: source (shown in messages), name and text of each setting. A later one of equal name and source is
                appended to the earlier ones.

        Raises:
            SettingError: a name does not exist, a text is invalid (meetings are not shown), or there is an address to
                listen at without a callback address that leads there.
        """
        texts = merged(given, SETTINGS)
        read = parsed(texts, READERS)
        if "listen" in read and "callback" not in read:
            source, text = texts["listen"]
            step = f"Add {SETTINGS['callback'].where('callback')}."
            raise SettingError(f"{source} listen", text, "a callback address that leads there", step)
        return cls(tenant, **read)

    @property
    def not_asked(self) -> tuple[str, ...]:
        """The users of the sandbox, and its phone, without consent to be dialled, played to and recorded."""
        agreed = {one.lower() for one in self.agreed}
        return tuple(one for one in (*self.users, *filter(None, [self.phone])) if one.lower() not in agreed)

    @property
    def invitees(self) -> tuple[tuple[str, str, str], ...]:
        """The identities that tests may invite: id, an empty name, and the member of an identity set for the id."""
        sorts = {"user": self.users, "application": self.bots, "phone": (self.phone,) if self.phone else ()}
        return tuple((id, "", sort) for sort, ids in sorts.items() for id in ids)

    def share(self, index: int, count: int) -> Sandbox:
        """The share of one process, so that no two of them use the same user or meeting.

        Args:
            index: number of the process, from 0.
            count: number of processes.
        """
        lists = {one.name: getattr(self, one.name)[index::count] for one in fields(self) if one.name in _SHARED}
        return replace(self, **lists)


_SHARED = frozenset({"meetings", "users", "bots"})


def below(callback: str, name: str) -> str:
    """An address below a callback address, with its query."""
    parts = urlsplit(callback)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{name}").geturl()


def merged(given: Iterable[tuple[str, str, str]], known: Mapping[str, FactSetting]) -> dict[str, tuple[str, str]]:
    """Source and text of each setting, by name; a later text of equal name is appended to the earlier one.

    Args:
        given: source, name and text of each setting.
        known: the settings that there are.

    Raises:
        SettingError: a name does not exist.
    """
    texts: dict[str, tuple[str, str]] = {}
    for source, name, text in given:
        if name not in known:
            raise SettingError(source, name, f"one of {', '.join(known)}", did_you_mean(name, known).strip())
        before = texts.get(name, ("", ""))[1]
        texts[name] = source, f"{before} {text}".strip()
    return texts


def parsed(texts: Mapping[str, tuple[str, str]], readers: Readers) -> dict[str, Any]:
    """The values of settings from :func:`merged`; raises :class:`.SettingError` for a text that is invalid."""
    return {name: _read(name, *said, *readers[name]) for name, said in texts.items()}


def _read(name: str, source: str, text: str, read: Callable[[str], Any], expected: str) -> Any:
    try:
        return read(text)
    except UnknownNameError as error:
        hint = did_you_mean(error.name, error.known).strip()
        raise SettingError(f"{source} {name}", error.name, expected, hint) from None
    except (ValueError, KeyError, TypeError):
        shown = _HIDDEN if name == "meetings" else text
        raise SettingError(f"{source} {name}", shown, expected) from None


def _meetings(text: str) -> tuple[Meeting, ...]:
    return tuple(map(Meeting.parse, text.split()))


def _ids(text: str) -> tuple[str, ...]:
    found = tuple(text.replace(",", " ").split())
    return tuple(_matching(_GUID, one) for one in found)


def _people(text: str) -> tuple[str, ...]:
    return tuple(_matching(_E164 if one.startswith("+") else _GUID, one) for one in text.replace(",", " ").split())


def _callback(text: str) -> str:
    return _matching(re.compile(r"https://[^\s/]+(/\S*)?"), text)


def _listen(text: str) -> tuple[str, int]:
    host, port = _matching(_HOST_AND_PORT, text).rsplit(":", 1)
    if not 0 < int(port) < 2**16:
        raise ValueError(text)
    return host.strip("[]"), int(port)


_HOST_AND_PORT = re.compile(r"([^\s:/]+|\[[0-9a-fA-F:]+\]):\d{1,5}")


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


Readers = Mapping[str, tuple[Callable[[str], Any], str]]
READERS: Readers = {
    "meetings": (_meetings, "join addresses of Teams meetings, …/l/meetup-join/… or …/meet/…, white space between"),
    "users": (_ids, "object ids of users, GUIDs with white space between"),
    "bots": (_ids, "application ids, GUIDs with white space between"),
    "phone": (lambda text: _matching(_E164, text), "a number in E.164 form, e.g. +12345678901"),
    "agreed": (_people, "object ids of users and numbers in E.164 form, white space between"),
    "callback": (_callback, "an address that begins with https://"),
    "listen": (_listen, "host and port, e.g. 127.0.0.1:3978"),
}
"""By name: the parser of a setting, and the expected form in words."""


def admit(tenant: str, allowed: Collection[str], *, source: str = "AZURE_TENANT_ID") -> str:
    """The tenant, if the project's own configuration lists it.

    Args:
        tenant: id of the tenant.
        allowed: what the ini key ``graphcalls_sandbox_tenants`` lists.
        source: the setting that names the tenant, for the message.

    Raises:
        SettingError: it is not listed. The message shows the line to add.
    """
    if not _GUID.fullmatch(tenant):
        step = "A domain may change its tenant; the portal shows the id."
        raise SettingError(source, tenant or "(not set)", "the id of a sandbox tenant, a GUID", step)
    if tenant.lower() in {one.lower() for one in allowed}:
        return tenant
    lines = "\n  ".join(("[tool.pytest.ini_options]", f"{ALLOW_LIST} = {json.dumps([*allowed, tenant])}"))
    step = (
        "A live run creates calls and rings people, so it starts in a listed tenant only. If this is a test tenant, "
        f"list it in pyproject.toml (in pytest.ini the key takes one id per line):\n  {lines}"
    )
    raise SettingError(source, tenant, f"a tenant that {ALLOW_LIST} lists", step)


def tenant_of(token: str) -> str:
    """The tenant id in a token, not verified; ``""`` for an unreadable token."""
    found = token_claims(token).get("tid")
    return found if isinstance(found, str) else ""


CALLBACK = "https://bot.example.org/calls"
"""The callback address of invented calls; it does not exist."""
PHONE = "+12345678901"
"""The number of the pages' own example, in E.164 form."""


class StageData:
    """Supplies the test data of one test, from settings or invented; users, bots and meetings are given out once.

    Args:
        ids: new ids: what no setting names is invented, as a simulator whose directory is open accepts any id. ``None``
            for a tenant, in which nothing is: an invented callback address would send notifications to a foreign host.
        called: makes a display name from a first name.
        facts: the settings: a :class:`Sandbox`, or what is said of a server at a base URL.
        known: the settings that there are.

    Raises:
        StageError: by any method, when there is no unused item; names the setting to extend.
    """

    def __init__(
        self,
        ids: Iterator[str] | None = None,
        called: Callable[[str], str] = str,
        facts: Any = None,
        known: Mapping[str, FactSetting] = SETTINGS,
    ) -> None:
        self._ids, self._called, self._facts, self._known = ids, called, facts, known
        self._given: dict[str, int] = {}

    def user(self) -> str:
        """Object id of a user who is in no call yet."""
        return str(self._take("users", next))

    def bot(self) -> str:
        """Id of an application to invite."""
        return str(self._take("bots", next))

    def phone(self) -> str:
        """A phone number."""
        return str(getattr(self._facts, "phone", "") or self._otherwise("phone", lambda _: PHONE))

    def callback(self) -> str:
        """The address that notifications are posted to."""
        return str(getattr(self._facts, "callback", "") or self._otherwise("callback", lambda _: CALLBACK))

    def meeting(self) -> dict[str, Any]:
        """The members of a create request that join a meeting."""
        found: Meeting | dict[str, Any] = self._take("meetings", self._invented_meeting)
        return found.members() if isinstance(found, Meeting) else found

    def _invented_meeting(self, ids: Iterator[str]) -> dict[str, Any]:
        chat = {"threadId": f"19:meeting_{next(ids)}@thread.v2", "messageId": "0"}
        user = {"@odata.type": f"{_GRAPH}identity", "id": next(ids), "displayName": self._called("Olivia")}
        organizer = {"@odata.type": f"{_GRAPH}identitySet", "user": user}
        return {
            "chatInfo": {"@odata.type": f"{_GRAPH}chatInfo", **chat},
            "meetingInfo": {"@odata.type": f"{_GRAPH}organizerMeetingInfo", "organizer": organizer},
        }

    def call(self) -> str:
        """Id of a call by which the bot is in a meeting."""
        return str(self._take("calls"))

    def participant(self) -> str:
        """Id of a participant in each of these calls."""
        return str(self._take("participants"))

    def _take(self, name: str, invent: Callable[[Iterator[str]], Any] | None = None) -> Any:
        available = getattr(self._facts, name, ())
        number = self._given.get(name, 0)
        if number >= len(available):
            return self._otherwise(name, invent, number)
        self._given[name] = number + 1
        return available[number]

    def _otherwise(self, name: str, invent: Callable[[Iterator[str]], Any] | None, available: int = 0) -> Any:
        """The values made up when no setting gives them."""
        if self._ids is not None and invent is not None and not available:
            return invent(self._ids)
        fact = self._known[name]
        owner = "the sandbox" if fact.key == INI_KEY else fact.key
        wanted = f"{fact.noun} (no. {available + 1})" if available else fact.noun
        got = f"{owner} has {available} for this process" if available else f"{owner} has none"
        raise StageError(wanted, got, fact.where(name))
