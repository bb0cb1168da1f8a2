"""Creating calls: to people, to phones, into meetings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator.admission import Ask, require_role_for
from pytest_graphcalls.simulator.calls import COMING_ABOUT, Calls, require_instance, require_media_role
from pytest_graphcalls.simulator.entities import Call, Conference, Identity, Kind
from pytest_graphcalls.simulator.people import UNKNOWN_PERSON
from pytest_graphcalls.simulator.requests import CallOrder, call_order, require_object_id
from pytest_graphcalls.simulator.responses import Fact, Refusal, Reply, documented, inferred, invalid, reported
from pytest_graphcalls.simulator.world import World

PLACES: Mapping[str, str] = {
    "chat": "$.chatInfo.threadId",
    "joinMeetingId": "$.meetingInfo.joinMeetingId",
    "token": "$.meetingInfo.token",
}
"""Where a create names its meeting, by the kind of its key."""
CREATED_TARGETS = 5
"""VoIP users in a created group call (application-post-calls.r07)."""


@dataclass(frozen=True, slots=True)
class Create:
    """A create on its way through the checks: the request, and what is asked for."""

    ask: Ask
    order: CallOrder


class Creation:
    """Creates calls. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: what holds for every call.
        ring: rings a target.
    """

    def __init__(self, world: World, calls: Calls, ring: Callable[[Call, Identity], None]) -> None:
        self._world = world
        self._calls = calls
        self._ring = ring

    @property
    def checks(self) -> tuple[Callable[[Create], None], ...]:
        """The steps that may refuse a create, in their order."""
        return (
            self.require_role,
            self.require_media_role,
            self.require_tenant,
            self.require_organizer,
            self.require_destination,
            self.require_known_meeting,
            self.require_passcode,
            self.limit_targets,
            self.refuse_bot_targets,
            self.require_object_ids,
            self.require_own_source,
            self.require_phone_source,
        )

    def create(self, ask: Ask) -> Reply:
        """Create a call."""
        order = call_order(self._world.admission.body(ask), self._world.people)
        create = Create(ask, order)
        for check in self.checks:
            check(create)
        call = self.place(ask, order)
        location = (("Location", f"{ask.root}/communications/calls/{call.id}"),)
        return Reply(201, self.evidence(create), self._calls.shown(ask, call), location, order.passed_over)

    def evidence(self, create: Create) -> Fact:
        """How well it is known that such a create is answered with the call."""
        order, fact = create.order, documented("application-post-calls.r01")
        if order.source and order.source.sort == "guest" and create.ask.match.version != "beta":
            fact = inferred("application-post-calls.r11")
        known = order.meeting is not None or all(map(self._world.people.exists, order.targets))
        return fact if known else UNKNOWN_PERSON

    def require_role(self, create: Create) -> None:
        """Refuse a token without a role for this kind of call."""
        kind = "join" if create.order.meeting else Kind.PEER if len(create.order.targets) == 1 else Kind.GROUP
        require_role_for(create.ask, kind)

    def require_media_role(self, create: Create) -> None:
        """Refuse app-hosted media without the role for it."""
        require_media_role(create.ask, create.order.asked)

    def require_tenant(self, create: Create) -> None:
        """Refuse a meeting of another tenant, or coordinates without a tenant (observed 2.9)."""
        ours = self._world.tenant_id
        other_tenant = next((tenant for tenant in create.order.tenants if tenant.lower() != ours.lower()), None)
        if other_tenant is not None:
            raise Refusal("tenant-mismatch", f"The body says tenant {other_tenant[:80]!r}, the token {ours!r}.")
        if create.order.meeting and create.order.meeting.by_chat and not create.order.tenants:
            raise Refusal("tenant-mismatch", "Joining by coordinates takes tenantId, here or in the organizer.")

    def require_organizer(self, create: Create) -> None:
        """Refuse coordinates that name another organizer of a known meeting (observed 2.8)."""
        known = self._meeting_at(create.order)
        said = create.order.meeting.organizer if create.order.meeting else ""
        if known and known.organizer and said and said.lower() != known.organizer.lower():
            raise Refusal("insufficient-permissions", f"{said[:80]!r} does not organize this meeting.")

    def require_destination(self, create: Create) -> None:
        """Refuse a create that says neither whom to call nor which meeting to join."""
        if not create.order.targets and create.order.meeting is None:
            expected = "whom to call, or a meeting to join"
            raise invalid("$.targets", expected, "neither", fact=inferred("observed 2.33"))

    def require_known_meeting(self, create: Create) -> None:
        """Refuse a meeting that no test has made; what the service answers is not public (m1.7)."""
        at = create.order.meeting
        if at is not None and self._meeting_at(create.order) is None and not self._world.people.open:
            place, got = PLACES[at.key[0]], repr(at.key[1][:80])
            hint = "simulator.meeting() holds one; simulator.open_directory = True lets any be joined."
            raise invalid(place, "a meeting of this simulator", got, hint, fact=inferred("m1.7"))

    def require_passcode(self, create: Create) -> None:
        """Refuse a number with another passcode than its own (m1.7)."""
        at, known = create.order.meeting, self._meeting_at(create.order)
        if at is None or at.key[0] != "joinMeetingId" or self._world.people.open or not (known and known.online):
            return
        given, right = at.info.get("passcode") or None, known.online.passcode
        if given != right:
            expected, got = "that of the meeting" if right else "none", "a different one" if given else "none"
            raise invalid("$.meetingInfo.passcode", expected, got, fact=inferred("m1.7"))

    def limit_targets(self, create: Create) -> None:
        """Refuse more VoIP targets than a created group call takes."""
        voip = sum(one.sort != "phone" for one in create.order.targets)
        if voip > CREATED_TARGETS:
            fact = inferred("application-post-calls.r07")
            raise invalid("$.targets", f"at most {CREATED_TARGETS} users", f"{voip}", fact=fact)

    def refuse_bot_targets(self, create: Create) -> None:
        """Refuse to call a bot (observed 10.21)."""
        if any(one.sort == "application" for one in create.order.targets):
            raise Refusal("tenant-mismatch", "A bot cannot call a bot.", fact=reported("observed 10.21"))

    def require_object_ids(self, create: Create) -> None:
        """Refuse a user who is named by anything but an object id."""
        for index, one in enumerate(create.order.targets):
            require_object_id(self._world.people, one, f"$.targets[{index}].identity")

    def require_own_source(self, create: Create) -> None:
        """Refuse to call as another identity than the app itself, its instance or a guest (observed 2.10)."""
        source, app = create.order.source, create.ask.grant.app
        if source is None or source.sort == "guest":
            return
        own = {"application": app.app_id, "applicationInstance": app.instance_id}.get(source.sort, "")
        if not own or source.id.lower() != own.lower():
            raise _not_the_source(source.sort, own or "an application, its instance or a guest", source.id)

    def require_phone_source(self, create: Create) -> None:
        """Refuse to call a phone other than as the app's instance that has a number (application-post-calls.r10)."""
        if any(one.sort == "phone" for one in create.order.targets):
            require_instance(create.ask)
            source = create.order.source
            if source is None or source.sort != "applicationInstance":
                got = source.sort if source else "no source"
                raise _not_the_source("applicationInstance", create.ask.grant.app.instance_id, got)

    def place(self, ask: Ask, order: CallOrder) -> Call:
        """Create the call, notify the bot, and start ringing or joining."""
        conference = self.conference_for(order)
        facts: dict[str, Any] = {"callback": order.callback, "targets": order.targets, "asked": order.asked}
        if order.source:
            own = self._world.authority.bot(ask.grant.app)
            facts["source"] = replace(order.source, name=order.source.name or own.name)
        call = self._calls.leg(ask.grant.app.app_id, conference, CallState.ESTABLISHING, "outgoing", **facts)
        self._calls.enter(call)
        self._calls.media_given(ask, call)
        self._world.notifier.call_changed(call, COMING_ABOUT[call.direction])
        for target in order.targets if order.meeting is None else ():
            self._ring(call, target)
        pace, clock = self._world.pace, self._world.clock
        if not conference.lets_in:
            clock.after(pace.stuck, lambda: self._calls.give_up_joining(call.id))
        elif conference.kind is not Kind.PEER:
            clock.after(pace.establish, lambda: self._calls.establish(call.id))
        return call

    def conference_for(self, order: CallOrder) -> Conference:
        """The conference that a create leads to; a meeting that is not known yet begins."""
        at = order.meeting
        if at is None:
            kind = Kind.PEER if len(order.targets) == 1 else Kind.GROUP
            return self._world.store.put_conference(Conference(self._world.ids.new("conference"), kind))
        known = self._meeting_at(order)
        if known is not None:
            return known
        return self._calls.new_meeting(
            (at.key,), chat=at.chat or self._calls.new_chat(), meeting=at.info, organizer=at.organizer
        )

    def _meeting_at(self, order: CallOrder) -> Conference | None:
        return self._world.store.meeting_at(order.meeting.key) if order.meeting else None


def _not_the_source(sort: str, expected: str, got: str) -> Refusal:
    place = f"$.source.identity.{sort}.id"
    return Refusal("source-identity-invalid", f"{place}: expected {expected}, got {got[:80]!r}.")
