"""What a sandbox tenant has that tests may use, and which tenant may be used at all."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from pytest_graphcalls.errors import SettingError, StageError, did_you_mean

ALLOW_LIST = "graphcalls_sandbox_tenants"
"""The ini key that lists the tenants a live run may use."""
SETTING = "graphcalls_sandbox"
"""The ini key with the facts, ``name = value`` on each line."""
VARIABLE = "GRAPHCALLS_SANDBOX_"
"""What the variable of a fact begins with; its name follows in capitals."""

_GRAPH = "#microsoft.graph."
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_E164 = re.compile(r"\+[1-9]\d{1,14}")
_HIDDEN = "(hidden)"


class Fact(NamedTuple):
    """One sort of thing that a sandbox may have.

    Attributes:
        noun: one of it, for a sentence.
        example: how it is written.
        gives: the contract's name for what a test may then need of the tenant, or ``""``.
    """

    noun: str
    example: str
    gives: str = ""

    def where(self, name: str) -> str:
        """Where somebody who lacks it puts it."""
        return f"'{name} = {self.example}' in {SETTING}, or {VARIABLE}{name.upper()}"


FACTS: Mapping[str, Fact] = {
    "meetings": Fact("a meeting", "<join address> …"),
    "users": Fact("a user who takes calls", "<object id> …"),
    "bots": Fact("another bot", "<application id> …"),
    "phone": Fact("a phone", "+<number>", gives="phone"),
    "callback": Fact("a callback address", "https://…"),
    "listen": Fact("an address where the callback comes out", "127.0.0.1:<port>", gives="notifications"),
}
"""By name: what a sandbox may have."""


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
            ValueError: neither of them.
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
        """The members of a call to be created that make it join this meeting (application-post-calls.r08, r09)."""
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
    """What tests may use of a tenant.

    Attributes:
        tenant: its id.
        meetings: meetings that nobody else uses while the tests run.
        users: object ids of users who accept calls by themselves.
        bots: ids of other applications that can be invited.
        phone: a number in E.164 form, or ``""``.
        callback: where the service posts notifications to, or ``""``.
        listen: host and port of this machine at which they arrive, or ``None``: nobody hears them.
    """

    tenant: str
    meetings: tuple[Meeting, ...] = ()
    users: tuple[str, ...] = ()
    bots: tuple[str, ...] = ()
    phone: str = ""
    callback: str = ""
    listen: tuple[str, int] | None = None

    @classmethod
    def read(cls, tenant: str, given: Iterable[tuple[str, str, str]]) -> Sandbox:
        """Understand the settings.

        Args:
            tenant: id of the tenant.
            given: for each setting its source (shown in messages), its name and its text. A later one of the same
                name and source adds to the earlier ones.

        Raises:
            SettingError: a name that does not exist, a text that cannot be right (meetings are not shown), or an
                address to listen at without a callback address that leads there.
        """
        texts: dict[str, tuple[str, str]] = {}
        for source, name, text in given:
            if name not in FACTS:
                expected = f"one of {', '.join(FACTS)}"
                raise SettingError(source, name, expected, did_you_mean(name, FACTS).strip())
            before = texts.get(name, ("", ""))[1]
            texts[name] = source, f"{before} {text}".strip()
        read = {name: _read(name, *said) for name, said in texts.items()}
        if "listen" in read and "callback" not in read:
            source, text = texts["listen"]
            step = f"Add {FACTS['callback'].where('callback')}."
            raise SettingError(f"{source} listen", text, "a callback address that leads there", step)
        return cls(tenant, **read)

    @property
    def invitees(self) -> tuple[tuple[str, str, str], ...]:
        """Whom tests may invite: id, name (none), and the member of an identity set that the id belongs in."""
        sorts = {"user": self.users, "application": self.bots, "phone": (self.phone,) if self.phone else ()}
        return tuple((id, "", sort) for sort, ids in sorts.items() for id in ids)

    def share(self, index: int, count: int) -> Sandbox:
        """What one of ``count`` processes may use, so that no two invite the same user or sit in the same meeting.

        Args:
            index: which of them, from 0.
            count: how many there are.
        """
        lists = {one.name: getattr(self, one.name)[index::count] for one in fields(self) if one.name in _SHARED}
        return replace(self, **lists)


_SHARED = frozenset({"meetings", "users", "bots"})


def below(callback: str, name: str) -> str:
    """An address below a callback address; a query stays where it is."""
    parts = urlsplit(callback)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{name}").geturl()


def _read(name: str, source: str, text: str) -> Any:
    read, expected = _READERS[name]
    try:
        return read(text)
    except (ValueError, KeyError, TypeError):
        shown = _HIDDEN if name == "meetings" else text
        raise SettingError(f"{source} {name}", shown, expected) from None


def _meetings(text: str) -> tuple[Meeting, ...]:
    return tuple(map(Meeting.parse, text.split()))


def _ids(text: str) -> tuple[str, ...]:
    found = tuple(text.replace(",", " ").split())
    return tuple(_matching(_GUID, one) for one in found)


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


_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "meetings": (_meetings, "join addresses of Teams meetings, …/l/meetup-join/… or …/meet/…, white space between"),
    "users": (_ids, "object ids of users, GUIDs with white space between"),
    "bots": (_ids, "application ids, GUIDs with white space between"),
    "phone": (lambda text: _matching(_E164, text), "a number in E.164 form, e.g. +12345678901"),
    "callback": (_callback, "an address that begins with https://"),
    "listen": (_listen, "host and port, e.g. 127.0.0.1:3978"),
}
"""By name: how a text is read, and what it should be."""


def admit(tenant: str, allowed: Collection[str], *, source: str = "AZURE_TENANT_ID") -> str:
    """The tenant, if the project's own configuration lists it.

    Args:
        tenant: id of the tenant.
        allowed: what the ini key ``graphcalls_sandbox_tenants`` lists.
        source: where the tenant came from, for the message.

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
        "A live run creates calls and rings people, so it starts in a listed tenant only. If nobody works in this "
        f"one, list it in pyproject.toml (in pytest.ini the same key takes one id a line):\n  {lines}"
    )
    raise SettingError(source, tenant, f"a tenant that {ALLOW_LIST} lists", step)


def tenant_of(token: str) -> str:
    """The tenant that a token says it is for, not verified; ``""`` for a token that cannot be read."""
    payload = token.partition(".")[2].partition(".")[0]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return ""
    found = claims.get("tid") if isinstance(claims, dict) else None
    return found if isinstance(found, str) else ""


CALLBACK = "https://bot.example.org/calls"
"""The callback address of made-up calls; nobody listens there."""
PHONE = "+12345678901"
"""The number of the pages' own example, in E.164 form."""


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
