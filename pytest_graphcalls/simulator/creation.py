"""Creating a call: to one person, to several, or into a meeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.simulator.answers import Refusal, Reply, documented, inferred, reported
from pytest_graphcalls.simulator.bodies import CallOrder, call_order, type_of
from pytest_graphcalls.simulator.calls import COMING_ABOUT
from pytest_graphcalls.simulator.gate import Ask, require_any
from pytest_graphcalls.simulator.store import Call, Kind

if TYPE_CHECKING:
    from pytest_graphcalls.simulator.core import Simulator

CREATED_TARGETS = 5
"""VoIP users in a created group call (application-post-calls.r07)."""

_PEER_ROLES = ("Calls.Initiate.All",)  # application-post-calls, Examples 1, 2 and 9
_GROUP_ROLES = ("Calls.InitiateGroupCall.All",)  # Examples 3 and 4
_JOIN_ROLES = ("Calls.JoinGroupCall.All", "Calls.JoinGroupCallAsGuest.All", "Calls.JoinGroupCalls.Chat")  # Example 5
MEDIA_ROLES = frozenset({"Calls.AccessMedia.All", "Calls.AccessMedia.Chat"})
"""To host media in the app (application-post-calls.r03, call-answer.r04)."""


@dataclass(frozen=True, slots=True)
class Create:
    """A create on its way through the checks: the request, and what is asked for."""

    ask: Ask
    order: CallOrder


class Creation:
    """Creates calls. Each step is a method of its own, looked up when it is taken."""

    def __init__(self, simulator: Simulator) -> None:
        self._sim = simulator

    def create(self, ask: Ask) -> Reply:
        """Create a call."""
        order = call_order(self._sim.gate.body(ask), self._sim.people)
        create = Create(ask, order)
        for step in CHECKS:
            getattr(self, step)(create)
        call = self.place(ask, order)
        location = (("Location", f"{ask.root}/communications/calls/{call.id}"),)
        return Reply(201, documented("application-post-calls.r01"), self._sim.calls.shown(ask, call), location)

    def require_role(self, create: Create) -> None:
        """Refuse a token without a role for this kind of call."""
        names = _JOIN_ROLES if create.order.meeting else _PEER_ROLES if len(create.order.targets) == 1 else _GROUP_ROLES
        spellings = create.ask.match.operation.permissions.spellings
        require_any(create.ask.grant, frozenset(names).union(*(spellings.get(name, ()) for name in names)))

    def require_media_role(self, create: Create) -> None:
        """Refuse app-hosted media without the role for it."""
        require_media_role(create.ask, create.order.asked)

    def require_tenant(self, create: Create) -> None:
        """Refuse a meeting of another tenant, or coordinates without a tenant (observed 2.9)."""
        ours = self._sim.tenant_id
        stranger = next((tenant for tenant in create.order.tenants if tenant.lower() != ours.lower()), None)
        if stranger is not None:
            raise Refusal("tenant-mismatch", f"The body says tenant {stranger[:80]!r}, the token {ours!r}.")
        if create.order.meeting and create.order.meeting.by_chat and not create.order.tenants:
            raise Refusal("tenant-mismatch", "Joining by coordinates takes tenantId, here or in the organizer.")

    def require_organizer(self, create: Create) -> None:
        """Refuse coordinates that name somebody else as the organizer of a known meeting (observed 2.8)."""
        known = self._sim.stage.known_meeting(create.order.meeting)
        said = create.order.meeting.organizer if create.order.meeting else ""
        if known and known.organizer and said and said.lower() != known.organizer.lower():
            raise Refusal("insufficient-permissions", f"{said[:80]!r} does not organize this meeting.")

    def limit_targets(self, create: Create) -> None:
        """Refuse more VoIP targets than a created group call takes."""
        voip = sum(one.sort != "phone" for one in create.order.targets)
        if voip > CREATED_TARGETS:
            aside = f"$.targets: expected at most {CREATED_TARGETS} users, got {voip}."
            raise Refusal("invalid-request", aside, fact=inferred("application-post-calls.r07"), parameter="$.targets")

    def refuse_bot_targets(self, create: Create) -> None:
        """Refuse to call a bot (observed 10.21)."""
        if any(one.sort == "application" for one in create.order.targets):
            raise Refusal("tenant-mismatch", "A bot cannot call a bot.", fact=reported("observed 10.21"))

    def require_phone_source(self, create: Create) -> None:
        """Refuse to call a phone without an application instance that has a number (application-post-calls.r10)."""
        if any(one.sort == "phone" for one in create.order.targets):
            require_instance(create.ask)

    def place(self, ask: Ask, order: CallOrder) -> Call:
        """Put the call down, tell of it, and let it take its course."""
        sim = self._sim
        conference = sim.stage.conference_for(order)
        facts = {"callback": order.callback, "targets": order.targets, "asked": order.asked}
        call = sim.calls.leg(ask.grant.app.app_id, conference, CallState.ESTABLISHING, "outgoing", **facts)
        sim.calls.enter(call)
        sim.notifier.call_changed(call, COMING_ABOUT[call.direction])
        for target in order.targets:
            sim.invitations.ring_target(call, target)
        if not conference.lets_in:
            sim.clock.after(sim.pace.stuck, lambda: sim.calls.give_up_joining(call.id))
        elif conference.kind is not Kind.PEER:
            sim.clock.after(sim.pace.establish, lambda: sim.calls.establish(call.id))
        return call


CHECKS = (
    "require_role",
    "require_media_role",
    "require_tenant",
    "require_organizer",
    "limit_targets",
    "refuse_bot_targets",
    "require_phone_source",
)
"""The steps of :class:`Creation` that may refuse a create, in their order; each takes a :class:`Create`."""


def require_media_role(ask: Ask, asked: Mapping[str, Any]) -> None:
    """Refuse app-hosted media without the role for it."""
    if type_of(asked.get("mediaConfig") or {}) == "appHostedMediaConfig":
        require_any(ask.grant, MEDIA_ROLES)


def require_instance(ask: Ask) -> None:
    """Refuse an app without an application instance that has a phone number (observed 2.10)."""
    if not ask.grant.app.phone_number:
        raise Refusal("source-identity-invalid", f"App {ask.grant.app.app_id} has no instance with a phone number.")
