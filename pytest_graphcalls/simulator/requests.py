"""From the JSON of a request to values: what a create or an invite asks for.

The contract has judged the body before; these readers still take nothing for granted, because rules
may be left to later steps and because a body that breaks only an inferred statement gets this far.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.simulator.entities import Identity, Invitee
from pytest_graphcalls.simulator.people import GUID, People
from pytest_graphcalls.simulator.resources import IDENTITY_SORTS, identity_set, shown_again
from pytest_graphcalls.simulator.responses import inferred, invalid

_HTTPS = re.compile(r"https://[^\s/]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Coordinates:
    """The meeting that a create asks to join.

    Attributes:
        key: what makes two coordinates the same meeting.
        chat: ``chatInfo`` as sent, or ``None``.
        info: ``meetingInfo`` as sent.
        organizer: id of the organizer as sent, or ``""``.
        tenant: tenant of the organizer as sent, or ``""``.
        by_chat: whether it is named by chat and organizer, which takes a tenant (application-post-calls.r08).
    """

    key: tuple[str, ...]
    chat: Mapping[str, Any] | None
    info: Mapping[str, Any]
    organizer: str = ""
    tenant: str = ""
    by_chat: bool = False


@dataclass(frozen=True, slots=True)
class CallOrder:
    """The values of a create request.

    Attributes:
        callback: where notifications go.
        targets: whom to call; with a meeting they are shown and not called.
        meeting: the meeting to join, or ``None``.
        asked: members that the call shows again.
        tenants: every tenant id that the body names.
        source: as whom to call, or ``None``.
        passed_over: places in the body that the meeting makes meaningless.
    """

    callback: str
    targets: tuple[Identity, ...]
    meeting: Coordinates | None
    asked: Mapping[str, Any]
    tenants: tuple[str, ...]
    source: Identity | None = None
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InviteOrder:
    """The values of an invite request."""

    invitees: tuple[Invitee, ...]
    client_context: str | None


def call_order(body: Mapping[str, Any], people: People) -> CallOrder:
    """Read the body of a create; raises :class:`Refusal` when it names a meeting by halves."""
    entries = [_object(entry) for entry in _list(body.get("targets"))]
    meeting = _coordinates(body, people)
    tenants = (_text(body.get("tenantId")), meeting.tenant if meeting else "")
    return CallOrder(
        callback=_text(body.get("callbackUri")),
        targets=tuple(_target(entry, people, i) for i, entry in enumerate(entries)),
        meeting=meeting,
        asked=asked_of(body, "requestedModalities", "outgoingCallOptions"),
        tenants=tuple(filter(None, tenants)),
        source=_identity(_object(body.get("source")), people),
        passed_over=tuple(_passed_over(body, meeting)) if meeting else (),
    )


def _passed_over(body: Mapping[str, Any], meeting: Coordinates) -> Iterator[str]:
    if body.get("targets"):
        yield "$.targets"
    if body.get("chatInfo") and not meeting.by_chat:
        yield "$.chatInfo"


def invite_order(body: Mapping[str, Any], people: People) -> InviteOrder:
    """Read the body of an invite."""
    entries = [_object(entry) for entry in _list(body.get("participants"))]
    context = body.get("clientContext")
    return InviteOrder(
        tuple(invitee_of(entry, people) for entry in entries), context if isinstance(context, str) else None
    )


def asked_of(body: Mapping[str, Any], modalities: str, options: str) -> dict[str, Any]:
    """The members of a create or answer body that the call shows again.

    Args:
        body: the body.
        modalities: the member that lists the modalities.
        options: the type of ``callOptions`` where it does not say so itself.
    """
    asked: dict[str, Any] = {}
    if isinstance(body.get("subject"), str):
        asked["subject"] = body["subject"]
    named = [name[0].lower() + name[1:] for name in map(_text, _list(body.get(modalities))) if name]
    if named:
        asked["requestedModalities"] = named
    for member, default in (("mediaConfig", "serviceHostedMediaConfig"), ("callOptions", options)):
        value = _object(body.get(member))
        if value:
            asked[member] = shown_again(type_of(value) or default, value)
    return asked


Tree = Mapping[str, Any]
"""The members that are read: below each a further tree, or the values that are honoured (none: all are)."""
_STEP = re.compile(r"\[\]|[^.\[]+")
_UNREAD = (object(),)
"""The values that are honoured of a member which is not read: none that can be sent."""


def tree_of(reads: Mapping[str, tuple[Any, ...]]) -> Tree:
    """The places of :attr:`.Operation.reads` as a tree, in which :func:`unread` looks each member up once."""
    tree: dict[str, Any] = {}
    for place in sorted(reads, key=len, reverse=True):  # so that what is read as a whole replaces its members
        *way, last = _STEP.findall(place)
        node = tree
        for step in way:
            node = node.setdefault(step, {})
        node[last] = reads[place]
    return tree


def unread(value: Any, tree: Tree | tuple[Any, ...], place: str = "$") -> Iterator[str]:
    """The places in a body that ask for something which the simulator does not act on, as JSON paths.

    Args:
        value: the object that was sent, or a value in it.
        tree: what is acted on, see :func:`tree_of`.
        place: where the value stands.
    """
    if isinstance(tree, tuple):
        if tree and value not in tree and _asks(value):
            yield place
    elif isinstance(value, dict):
        read = sort_of(value) if "*" in tree else None
        for name, member in value.items():
            below = tree.get("*" if name == read else name, _UNREAD)
            if below and not name.endswith("@odata.type"):
                yield from unread(member, below, place + json_step(name))
    elif isinstance(value, list):
        below = tree.get("[]", _UNREAD)
        if below:
            for index, item in enumerate(value):
                yield from unread(item, below, f"{place}[{index}]")
    elif _asks(value):
        yield place


def _asks(value: Any) -> bool:
    """Whether a value asks for something: what is null, false or empty, at every depth, does not."""
    if isinstance(value, Mapping):
        return any(_asks(one) for name, one in value.items() if not name.endswith("@odata.type"))
    if isinstance(value, list):
        return any(map(_asks, value))
    return value is not None and value is not False and value != ""


def json_step(name: str) -> str:
    """The step of a JSON path to a member, in quotes where it needs them."""
    return f".{name}" if name.isascii() and name.isidentifier() else f"[{name!r}]"


def type_of(value: Mapping[str, Any]) -> str:
    """The type that ``@odata.type`` names, without ``#`` and namespace (observed 11.6)."""
    return _text(value.get("@odata.type")).rpartition(".")[2]


def is_https(value: Any) -> bool:
    """Whether ``value`` is an https address."""
    return isinstance(value, str) and _HTTPS.match(value) is not None


def _target(entry: Mapping[str, Any], people: People, index: int) -> Identity:
    who = _identity(entry, people)
    if who is None:
        raise invalid(f"$.targets[{index}].identity", "an identity with an id", "none")
    return who


def invitee_of(entry: Mapping[str, Any], people: People) -> Invitee:
    """The identity in an ``invitationParticipantInfo`` or a ``participantInfo``; maybe :data:`NO_IDENTITY`."""
    extras = {name: entry[name] for name in ("hidden", "removeFromDefaultAudioRoutingGroup") if name in entry}
    if entry.get("endpointType") is not None:
        extras["endpointType"] = entry["endpointType"]
    return Invitee(
        identity=_identity(entry, people) or NO_IDENTITY,
        participant=_text(entry.get("participantId")),
        replaces=_text(entry.get("replacesCallId")),
        hidden=entry.get("hidden") is True,
        apart=entry.get("removeFromDefaultAudioRoutingGroup") is True,
        extras=extras,
    )


def require_entries(body: Mapping[str, Any], name: str) -> None:
    """Refuse an empty list."""
    if not body.get(name):
        raise invalid(f"$.{name}", "at least one entry", "none", fact=inferred("observed 2.33"))


def require_object_id(people: People, who: Identity, place: str) -> None:
    """Refuse a user who is named by a principal name or an address, unless everybody exists.

    Args:
        people: who exists.
        who: the one that is named.
        place: the identity set in the body, as a JSON path.
    """
    if who.sort != "user" or people.open or GUID.fullmatch(who.id):
        return
    known, name = people.named(who.id), repr(who.id[:80])
    hint = f"simulator.person({name}).id is {known.id}." if known else f"simulator.person({name}) makes a user."
    hint = f"{hint} {people.meant(who.id)}"
    raise invalid(f"{place}.user.id", "the object id of a user", name, hint, fact=inferred("observed 2.33"))


NO_IDENTITY = Identity("user", "")
"""Stands for an entry without an identity; ``invitations.require_identity`` refuses it."""


def _identity(entry: Mapping[str, Any], people: People) -> Identity | None:
    """The one that an entry's identity set names: the first kind that has an id."""
    named = _object(entry.get("identity"))
    sort = sort_of(named)
    if sort is None:
        return None
    one = named[sort]
    return people.completed(Identity(sort, one["id"], _text(one.get("displayName")), _text(one.get("tenantId"))))


def sort_of(identities: Mapping[str, Any]) -> str | None:
    """The member of an identity set that is read: of those that can name a person the first that has an id."""
    # No generator, and no look into a kind that is not there: every identity of every request comes by here.
    for sort in IDENTITY_SORTS:
        if sort in identities and _text(_object(identities[sort]).get("id")):
            return sort
    return None


def _coordinates(body: Mapping[str, Any], people: People) -> Coordinates | None:
    info, sent = _object(body.get("meetingInfo")), _object(body.get("chatInfo"))
    chat = shown_again("chatInfo", sent) if sent else None
    for member, type_name in (("token", "tokenMeetingInfo"), ("joinMeetingId", "joinMeetingIdMeetingInfo")):
        if _text(info.get(member)):
            return Coordinates((member, info[member]), chat, shown_again(type_name, info))
    return _by_chat(chat or {}, info, people) if info or chat else None


def _by_chat(chat: Mapping[str, Any], info: Mapping[str, Any], people: People) -> Coordinates:
    organizer = _identity({"identity": info.get("organizer")}, people)
    for place, value in (
        ("$.chatInfo.threadId", _text(chat.get("threadId"))),
        ("$.chatInfo.messageId", _text(chat.get("messageId"))),
        ("$.meetingInfo.organizer", organizer),
    ):
        if not value:
            raise invalid(place, "the coordinates of a meeting", "nothing")
    assert organizer is not None
    tenant = _text(_object(_object(info["organizer"]).get(organizer.sort)).get("tenantId"))
    key = ("chat", chat["threadId"], chat["messageId"])
    shown = shown_again("organizerMeetingInfo", {"organizer": identity_set(organizer)})
    return Coordinates(key, chat, shown, organizer.id, tenant, by_chat=True)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
