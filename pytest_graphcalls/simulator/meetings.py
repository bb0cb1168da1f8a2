"""Meetings as their organizers have them: found by address or number, read, made, deleted."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.calls import Calls
from pytest_graphcalls.simulator.entities import Conference, Identity, OnlineMeeting
from pytest_graphcalls.simulator.people import GUID
from pytest_graphcalls.simulator.responses import Refusal, Reply, documented, reported
from pytest_graphcalls.simulator.world import World

JOIN_ADDRESS = "https://teams.microsoft.com/l/meetup-join/"
"""How the long form of a join address begins (joinurl.r01)."""

_FILTER = re.compile(r"\s*(joinWebUrl|joinMeetingIdSettings/joinMeetingId)\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)

_ID = re.compile(rb"1\*([^*]+)\*0\*\*(.+)")
_SHOWN_AGAIN = ("subject", "lobbyBypassSettings", "allowedPresenters", "isEntryExitAnnounced")


class Meetings:
    """Carries out what is asked about meetings. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: makes the conference of a meeting.
    """

    def __init__(self, world: World, calls: Calls) -> None:
        self._world = world
        self._calls = calls

    def find(self, ask: Ask) -> Reply:
        """Find the meeting that a filter names."""
        user = self.user(ask)
        found = self.listed(self.filtered(ask))
        for one in found:
            self.require_organizer(one, user)
        body = {"@odata.context": _context(ask), "value": list(map(self.shown, found))}
        return Reply(200, documented("onlinemeeting-find-joinweburl.r01"), body)

    def get(self, ask: Ask) -> Reply:
        """Show a meeting to its organizer, or to an attendee."""
        user = self.user(ask)
        found = self.known(self.named(ask))
        self.require_invited(found, user)
        return Reply(200, documented("onlinemeeting-get.r01"), self.one(ask, found))

    def create(self, ask: Ask) -> Reply:
        """Make a meeting that the user of the path organizes."""
        user = self.user(ask)
        body = self._world.admission.body(ask)
        host = self._world.people.completed(Identity("user", user))
        return Reply(201, documented("onlinemeeting-create.r01"), self.one(ask, self.made(host, body)))

    def delete(self, ask: Ask) -> Reply:
        """Take a meeting away; calls in it go on."""
        found = self.known(self.named(ask))
        self.require_organizer(found, self.user(ask))
        self._world.store.drop_meeting(found)
        return Reply(204, documented("onlinemeeting-delete.r01"))

    def user(self, ask: Ask) -> str:
        """The user of the path, if the app may act for them (aap.r01); it is an object id (m2.6)."""
        self.require_policy(ask)
        user = ask.match.keys["user-id"]
        if not GUID.fullmatch(user):
            aside = f"{user[:80]!r} is no object id of a user; other names are not supported here."
            raise Refusal("invalid-request", aside, fact=reported("m2.6"), parameter="userId")
        return user

    def require_policy(self, ask: Ask) -> None:
        """Refuse an app that no application access policy lists."""
        if not ask.grant.app.has_access_policy:
            raise Refusal("meeting-no-policy", app=ask.grant.app.app_id)

    def filtered(self, ask: Ask) -> tuple[str, ...]:
        """The condition of a look-up."""
        text = ask.request.option("$filter")
        found = _FILTER.fullmatch(text)
        if found is None:
            raise Refusal("meeting-filter-missing", f"The filter is {text[:80]!r}.")
        value = found[2].replace("''", "'")
        if "/" in found[1]:
            return ("joinMeetingId", value)
        if "meetup-join" not in value.lower():
            raise Refusal("meeting-address-unusable", f"A join address begins with {JOIN_ADDRESS}.")
        return address_key(value)

    def named(self, ask: Ask) -> tuple[str, ...]:
        """The meeting in the path, whose id can be put together from organizer and thread (m1.1)."""
        id = ask.match.keys["meeting-id"]
        try:
            readable = _ID.fullmatch(base64.b64decode(id, validate=True))
        except ValueError:
            readable = None
        if readable is None:
            raise Refusal("meeting-id-invalid", id=id[:80])
        return ("meeting", id)

    def listed(self, key: tuple[str, ...]) -> list[Conference]:
        """The meetings that a look-up finds: there is one for each address and number."""
        return [self.known(key)]

    def known(self, key: tuple[str, ...]) -> Conference:
        """The meeting that ``key`` leads to."""
        found = self._world.store.meeting_at(key)
        if found is None or found.online is None:
            raise Refusal("meeting-not-found")
        return found

    def require_organizer(self, found: Conference, user: str) -> None:
        """Refuse a user who does not organize the meeting (m2.2)."""
        if found.organizer.lower() != user.lower():
            raise Refusal("meeting-access-denied")

    def require_invited(self, found: Conference, user: str) -> None:
        """Refuse a user who neither organizes the meeting nor is invited to it (onlinemeeting-get.r02)."""
        assert found.online is not None
        if user.lower() not in map(str.lower, found.online.attendees):
            self.require_organizer(found, user)

    def made(
        self, organizer: Identity, body: Mapping[str, Any], guests: Iterable[Identity] = (), **facts: Any
    ) -> Conference:
        """A new meeting.

        Args:
            organizer: who organizes it.
            body: the ``onlineMeeting`` that was asked for.
            guests: who is invited besides; shown as JSON only when it is asked for, as there may be many.
            facts: members of its conference.
        """
        world = self._world
        thread = f"19:meeting_{_base64(world.ids.new('meeting'))}@thread.v2"
        address = join_url(thread, organizer.id, world.tenant_id)
        wanted = (body.get("joinMeetingIdSettings") or {}).get("isPasscodeRequired")
        attendees = (body.get("participants") or {}).get("attendees") or []
        online = OnlineMeeting(
            id=_base64(f"1*{organizer.id}*0**{thread}"),
            join_url=address,
            join_id=world.ids.digits("join", 12),
            passcode=self.passcode() if wanted else None,
            attendees=(*filter(None, map(_user_of, attendees)), *(one.id for one in guests)),
            members={
                **{name: body[name] for name in _SHOWN_AGAIN if name in body},
                **self._times(body),
                **({"participants": {"attendees": attendees}} if attendees else {}),
            },
        )
        chat = resources.shown_again("chatInfo", {"threadId": thread, "messageId": "0", "replyChainMessageId": None})
        info = resources.shown_again("organizerMeetingInfo", {"organizer": resources.identity_set(organizer)})
        found_by = (("chat", thread, "0"), ("joinMeetingId", online.join_id), ("meeting", online.id))
        facts |= {"chat": chat, "meeting": info, "organizer": organizer.id, "online": online}
        return self._calls.new_meeting((*found_by, address_key(address)), **facts)

    def passcode(self) -> str:
        """A passcode, as the service makes it when one is required (onlinemeeting-create.r05)."""
        return self._world.ids.digits("passcode", 6)

    def _times(self, body: Mapping[str, Any]) -> dict[str, str]:
        now = self._world.clock.moment()
        start = _moment(body.get("startDateTime")) or now
        end = _moment(body.get("endDateTime")) or start + timedelta(hours=1)
        return {"creationDateTime": _utc(now), "startDateTime": _utc(start), "endDateTime": _utc(end)}

    def one(self, ask: Ask, found: Conference) -> dict[str, Any]:
        """A single meeting with its context."""
        return {"@odata.context": f"{_context(ask)}/$entity", **self.shown(found)}

    def shown(self, found: Conference) -> dict[str, Any]:
        """The meeting as answers show it."""
        assert found.online is not None
        people, shown = self._world.people, resources.online_meeting(found.online, found.chat or {})
        asked = (shown.get("participants") or {}).get("attendees")
        guests = [{"identity": resources.identity_set(people.identity(id))} for id in found.online.attendees]
        host = _organizing(people.completed(Identity("user", found.organizer)))
        return {**shown, "participants": {"organizer": host, "attendees": asked or guests}}


def join_url(thread: str, organizer: str, tenant: str) -> str:
    """The long form of a join address, with the escapes that it is stored with (joinurl.r01, r02)."""
    context = f'{{"Tid":"{tenant}","Oid":"{organizer}"}}'
    return f"{JOIN_ADDRESS}{_escaped(thread)}/0?context={_escaped(context)}"


def address_key(address: str) -> tuple[str, ...]:
    """The key by which join addresses are compared: decoded (m1.9)."""
    return ("joinWebUrl", unquote(address))


def _escaped(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(text, safe=""))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _organizing(who: Identity) -> dict[str, Any]:
    return {"identity": resources.identity_set(who), "upn": None, "role": "presenter"}


def _user_of(attendee: Any) -> str:
    user = ((attendee.get("identity") or {}).get("user") or {}) if isinstance(attendee, Mapping) else {}
    return str(user.get("id") or "")


def _moment(text: Any) -> datetime | None:
    """A moment in UTC; the contract has judged its form."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
    except (ValueError, OverflowError):  # a month 13, or a moment that is none in UTC any more
        return None


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _context(ask: Ask) -> str:
    return f"{ask.root}/$metadata#users('{quote(ask.match.keys['user-id'])}')/onlineMeetings"
