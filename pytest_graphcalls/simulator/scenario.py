"""The set-up of a test: meetings and incoming calls; and calls seen from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.acting import Acting
from pytest_graphcalls.simulator.calls import Calls
from pytest_graphcalls.simulator.entities import Conference, Kind
from pytest_graphcalls.simulator.identity import App
from pytest_graphcalls.simulator.incoming import Incoming
from pytest_graphcalls.simulator.meetings import Meetings
from pytest_graphcalls.simulator.person import Person
from pytest_graphcalls.simulator.simulated_call import SimulatedCall
from pytest_graphcalls.simulator.world import World
from pytest_graphcalls.validation import shown
from pytest_graphcalls.wire import decode_json, encode_json


@dataclass(frozen=True, slots=True)
class Meeting:
    """The coordinates of a meeting: the members of a create body that join it.

    Attributes:
        chat_info: the ``chatInfo`` member.
        meeting_info: the ``meetingInfo`` member, an ``organizerMeetingInfo``.
        tenant_id: the ``tenantId`` member.
        join_meeting_id: the number that joins it without coordinates.
        organizer: who organizes it.
        id: its id as an ``onlineMeeting``.
        join_url: the long form of its join address.
        passcode: belongs to the number, or ``None``.
    """

    chat_info: Mapping[str, Any]
    meeting_info: Mapping[str, Any]
    tenant_id: str
    join_meeting_id: str
    organizer: Person
    id: str = ""
    join_url: str = ""
    passcode: str | None = None

    @property
    def coordinates(self) -> dict[str, Any]:
        """``chatInfo``, ``meetingInfo`` and ``tenantId``, ready for the body of a create."""
        return {
            "chatInfo": dict(self.chat_info),
            "meetingInfo": dict(self.meeting_info),
            "tenantId": self.tenant_id,
        }

    @property
    def by_join_id(self) -> dict[str, Any]:
        """``meetingInfo`` with the number instead (application-post-calls.r09)."""
        info = {"joinMeetingId": self.join_meeting_id, "passcode": self.passcode}
        return {"meetingInfo": resources.shown_again("joinMeetingIdMeetingInfo", info)}

    def join_body(self, *, callback_uri: str, **members: Any) -> dict[str, Any]:
        """The body of a create that joins it, with audio that the service hosts.

        Args:
            callback_uri: where the call's notifications go.
            members: further members of the body, or others in place of these.
        """
        return {
            "@odata.type": "#microsoft.graph.call",
            "callbackUri": callback_uri,
            "requestedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
            **self.coordinates,
            **members,
        }


class Scenario:
    """Sets up meetings and incoming calls, and shows calls from outside, without a request.

    Args:
        world: the tenant.
        calls: what holds for every call.
        meetings: makes the meetings.
        incoming: takes the calls that arrive.
        acting: lets people come in, and finds calls.
    """

    def __init__(self, world: World, calls: Calls, meetings: Meetings, incoming: Incoming, acting: Acting) -> None:
        self._world = world
        self._calls = calls
        self._meetings = meetings
        self._incoming = incoming
        self._acting = acting

    def person(self, name_or_id: str) -> Person:
        """A person in the tenant, by name, object id or phone number."""
        return Person(self._acting, self._world.people.identity(name_or_id))

    def meeting(
        self, people: Iterable[Person | str], organizer: Person | str | None, *, passcode: bool = False, **facts: bool
    ) -> Meeting:
        """Hold a meeting that ``people`` are in already; ``facts`` are members of its conference."""
        host = self._person(organizer or "Organizer")
        guests = [self._person(one).identity for one in _several(people)]
        asked = {"joinMeetingIdSettings": {"isPasscodeRequired": passcode}}
        conference = self._meetings.made(host.identity, asked, guests, **facts)
        for one in guests:
            self._acting.enter(conference.id, one)
        online, info = conference.online, conference.meeting
        assert online is not None
        assert info is not None
        chat = {name: value for name, value in (conference.chat or {}).items() if "@" not in name}
        tenant = self._world.tenant_id
        return Meeting(chat, info, tenant, online.join_id, host, online.id, online.join_url, online.passcode)

    def incoming_call(
        self,
        caller: Person | str | None,
        others: Iterable[Person | str],
        app: App | None,
        *,
        group: bool,
        recording_policy: bool,
        in_old_form: bool,
    ) -> SimulatedCall:
        """Let a person call an app, or invite it into a group call; see :meth:`.Simulator.incoming_call`."""
        who = self._person(caller or "Caller")
        conference = self._called_from(who, (who, *map(self._person, _several(others))), group=group)
        app = app or self._world.authority.app
        target = self._world.authority.bot(app)
        if recording_policy:  # m3.10: the target of such a call is an application instance
            target = replace(target, sort="applicationInstance", id=app.instance_id or app.app_id)
        facts = {"source": who.identity, "targets": (target,), "by_policy": recording_policy}
        call = self._calls.leg(app.app_id, conference, CallState.INCOMING, "incoming", **facts)
        self._incoming.arrive(call, in_old_form=in_old_form)
        return SimulatedCall(self._acting, call.id)

    def _called_from(self, caller: Person, people: Iterable[Person], *, group: bool) -> Conference:
        store = self._world.store
        if group:
            return store.conferences[store.meetings["joinMeetingId", self.meeting(people, caller).join_meeting_id]]
        conference = store.put_conference(Conference(self._world.ids.new("conference"), Kind.PEER))
        return self._acting.enter(conference.id, caller.identity)

    def notify(self, call_id: str, data: Any, change: str, below: str) -> None:
        """Post a notification of the test's own; see :meth:`.Simulator.notify`."""
        try:
            data = decode_json(encode_json(data))
        except (TypeError, ValueError):
            raise SettingError("notify(data)", shown(data), "an object or a list that can be written as JSON") from None
        self._world.notifier.note_down(self._acting.known(call_id), change, below, data)

    def view(self, call_id: str) -> SimulatedCall:
        """A call, by its id."""
        return SimulatedCall(self._acting, self._acting.known(call_id).id)

    def _person(self, one: Person | str) -> Person:
        return one if isinstance(one, Person) else self.person(one)


def _several(people: Iterable[Person | str]) -> Iterable[Person | str]:
    """A single name or person is no list."""
    return (people,) if isinstance(people, (str, Person)) else people
