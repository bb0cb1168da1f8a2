"""Replacements of steps of the simulator that take more than a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_graphcalls.lifecycle import CallEvent, CallState, OperationState, ParticipantState
from pytest_graphcalls.simulator import Proceed, Simulator
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.audio import Plan
from pytest_graphcalls.simulator.calls import ENDED_BY_BOT, LEFT_ALONE
from pytest_graphcalls.simulator.entities import Call, Conference, Kind, Operation, Participant
from pytest_graphcalls.simulator.responses import Fact, Refusal, Reply, inferred
from pytest_graphcalls.wire import Request, Response
from tests.proof.steps import Apply, around, both, instead, meant, not_judged, only_in


def invitees(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda answer: {**answer, "participants": [change(one) for one in answer["participants"]]}


def as_user(entry: dict[str, Any]) -> dict[str, Any]:
    identity = entry["identity"]
    return {**entry, "identity": {**identity, "user": identity["user"] or identity["phone"], "phone": None}}


def all_replace(kind: Kind) -> Apply:
    """Of several entries with ``replacesCallId`` all count, if the replaced call is of this ``kind``."""

    def step(simulator: Simulator, original: Callable[[Any], Any], order: Any) -> Any:
        left = next((simulator.store.calls.get(one.replaces) for one in order.invitees if one.replaces), None)
        return order if left and simulator.store.conference_of(left).kind is kind else original(order)

    return around("invitations", "only_first_when_replacing", step)


def chat_info_in_groups_only(simulator: Simulator, original: Callable[[Any], None], invite: Any) -> None:
    if simulator.store.conference_of(invite.call).kind is Kind.GROUP:
        original(invite)


def asks_for_a_body(handler: Callable[[Ask], Reply], ask: Ask) -> Reply:
    if not ask.request.body:
        raise Refusal("unreadable-body", "There is no body.")
    return handler(ask)


def refuses_invited(_conference: Conference, _one: Participant) -> None:
    raise Refusal("not-established", "They have not joined.")


def removes_later(
    simulator: Simulator, original: Callable[..., None], conference: Conference, one: Participant
) -> None:
    def act() -> None:
        now = simulator.store.conferences[conference.id]
        if one.id in now.people:
            original(now, one)

    simulator.clock.after(5.0, act)


def finds_joined_only(_: Simulator, original: Callable[..., Participant], ask: Ask, call: Call) -> Participant:
    one = original(ask, call)
    if one.state is ParticipantState.INVITED:
        raise Refusal("participant-not-found")
    return one


def rejection_ends_answered(simulator: Simulator, original: Callable[[Call], None], call: Call) -> None:
    if call.state is CallState.ESTABLISHED:
        simulator.calls.end(call, CallEvent.END, LEFT_ALONE)
    original(call)


def uses_any_callback(id: str) -> Apply:
    """An address that is not https becomes the callback of a call, if the operation ``id`` names it."""
    unjudged = not_judged(f"{id}.callback-uri-is-https")
    take = instead("incoming", "take_callback", lambda call, given: given.get("callbackUri") or call.callback)
    return only_in(id, both(unjudged, take))


def refuses_group_invitations(simulator: Simulator, original: Callable[[Call], None], call: Call) -> None:
    if simulator.store.conference_of(call).kind is Kind.GROUP:
        raise Refusal("invalid-request", "A group call cannot be rejected.")
    original(call)


def refuses_when(which: Callable[[dict[str, Any]], bool]) -> Callable[[Callable[[Ask], Reply], Ask], Reply]:
    """Requests whose body ``which`` is true of are refused."""

    def carry_out(handler: Callable[[Ask], Reply], ask: Ask) -> Reply:
        if which(json.loads(ask.request.body)):
            raise Refusal("invalid-request", "This one is not taken.")
        return handler(ask)

    return carry_out


def keeps_the_first_report(
    simulator: Simulator, original: Callable[[Conference, Fact], None], conference: Conference, fact: Fact
) -> None:
    for one in conference.people.values():
        if len(one.reports) > 1:
            conference = simulator.store.change_participant(conference, one.id, reports=one.reports[:1])
    original(conference, fact)


def hides_the_chat(_: Simulator, original: Callable[..., Any], call: Call, conference: Conference) -> Any:
    return original(call, replace(conference, chat=None, meeting=None))


def knows_two_reasons(_: Simulator, original: Callable[..., str], given: dict[str, Any]) -> str:
    reason = original(given)
    if reason == "forbidden":
        raise Refusal("invalid-request", "reason")
    return reason


def shows_ended(which: Callable[[Call], bool]) -> Apply:
    """Calls that are over can still be read, those of which ``which`` is true."""

    def apply(simulator: Simulator) -> None:
        handler = simulator.handlers["call-get"]

        def get(ask: Ask) -> Reply:
            call = simulator.store.calls.get(ask.match.keys["call-id"])
            if call is not None and which(call):
                return Reply(200, inferred("deviation"), simulator.calls.shown(ask, call))
            return handler(ask)

        simulator.handlers["call-get"] = get

    return apply


def needs_a_role(simulator: Simulator) -> None:
    simulator.admission.required_roles["call-reject"] = frozenset({"Calls.JoinGroupCall.All"})


def hangs_up_for_all(simulator: Simulator) -> None:
    handler = simulator.handlers["call-delete"]

    def hang_up(ask: Ask) -> Reply:
        conference = simulator.store.conference_of(simulator.calls.live(ask))
        reply = handler(ask)
        for leg in simulator.store.conferences[conference.id].legs:
            simulator.calls.end(simulator.store.calls[leg], CallEvent.END, LEFT_ALONE)
        return reply

    simulator.handlers["call-delete"] = hang_up


@dataclass
class ReadAfterTheEnd:
    """A call that has been hung up is read as it was before, for which it is asked in between."""

    calls: dict[str, Response] = field(default_factory=dict)

    def __call__(self, request: Request, proceed: Proceed) -> Response:
        operation = meant(request)
        if operation == "call-get":
            return self.calls.get(request.path) or proceed(request)
        before = proceed(replace(request, method="GET")) if operation == "call-delete" else None
        response = proceed(request)
        if before and response.status < 300:
            self.calls[request.path] = before
        return response


def alive_for_ever(handler: Callable[[Ask], Reply], ask: Ask) -> Reply:
    try:
        return handler(ask)
    except Refusal as refusal:
        if refusal.row != "call-not-found":
            raise
        return Reply(200, inferred("deviation"))


def shows_both_sides(simulator: Simulator, _original: Callable[..., Participant], ask: Ask, call: Call) -> Participant:
    return simulator.participants.active(call, ask.match.keys["participant-id"])


def states_unnotified(direction: str) -> Apply:
    """The states of calls of one direction are not notified while they are set up."""
    coming = (CallState.ESTABLISHING, CallState.ESTABLISHED)

    def step(_: Simulator, original: Callable[[Call, Fact], None], call: Call, fact: Fact) -> None:
        if call.direction != direction or call.state not in coming:
            original(call, fact)

    return around("notifier", "call_changed", step)


def posts_to_the_registered_address(direction: str, *, rejected: bool = False) -> Apply:
    """Notifications of calls of one direction go to the registered address, whatever the request names.

    Args:
        direction: of the calls.
        rejected: whether those that were rejected are meant, or all others.
    """

    def step(simulator: Simulator, original: Callable[[Call], str], call: Call) -> str:
        if call.direction != direction or (call.rejected_with is not None) is not rejected:
            return original(call)
        return simulator.authority.app_of(call.app_id).callback_uri

    return around("notifier", "address", step)


def ends_unnotified(type_: str, status: OperationState) -> Apply:
    """The end of an operation of one type is not notified if it has this status."""

    def step(_: Simulator, original: Callable[[Operation], None], operation: Operation) -> None:
        if (operation.spec.type, operation.status) != (type_, status):
            original(operation)

    return around("notifier", "operation_ended", step)


def sharing_unnotified(direction: str) -> Apply:
    """Sharing is not notified in calls of one direction."""

    def step(_: Simulator, original: Callable[..., None], call: Call, *facts: Any) -> None:
        if call.direction != direction:
            original(call, *facts)

    return around("notifier", "notify_content", step)


AFTER_INVITE = "participant-invite.r03"
"""The source of a roster that is sent because an invitee has joined."""


def posts_rosters(*, first: bool, later: bool) -> Apply:
    """Of the rosters of a call the first one is posted, or the later ones that follow an invite."""

    def apply(simulator: Simulator) -> None:
        established: set[str] = set()
        original = simulator.notifier.send_roster

        def step(call: Call, conference: Conference, fact: Fact) -> None:
            wanted = (later or fact.source != AFTER_INVITE) if call.id in established else first
            established.update([call.id] if call.state is CallState.ESTABLISHED else [])
            if wanted:
                original(call, conference, fact)

        simulator.notifier.send_roster = step  # type: ignore[method-assign]  # a deviation replaces a step

    return apply


def posts_every_roster(simulator: Simulator) -> None:
    """The roster of a peer-to-peer call is posted like that of a group call."""
    notifier = simulator.notifier
    original = notifier.roster_changed

    def step(conference: Conference, fact: Fact) -> None:
        original(replace(conference, kind=Kind.GROUP), fact)

    notifier.roster_changed = step  # type: ignore[method-assign]  # a deviation replaces a step


def hang_up_unnotified(_: Simulator, original: Callable[[Call], None], call: Call) -> None:
    if call.result != ENDED_BY_BOT:
        original(call)


def forgets_the_context(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation whose ``clientContext`` is lost."""
    return {**operation, "clientContext": None}


def ends_once_more(id: str) -> Callable[..., Reply]:
    """The end of an operation that was answered as completed is notified, if ``id`` has started it."""

    def step(
        simulator: Simulator, original: Callable[..., Reply], ask: Ask, operation: Operation, *fact: Fact | None
    ) -> Reply:
        if ask.match.operation.id == id:
            simulator.notifier.operation_ended(operation)
        return original(ask, operation, *fact)

    return step


def another(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource with another id."""
    return {**resource, "id": "00000000-0000-4000-8000-000000000007"}


def without_context(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource without the annotation that says what it is."""
    return {name: value for name, value in resource.items() if name != "@odata.context"}


def as_prompt(operation: dict[str, Any]) -> dict[str, Any]:
    """An invite as it is read, shown as the operation of a prompt."""
    invited = operation["@odata.type"].endswith("inviteParticipantsOperation")
    return {**operation, "@odata.type": "#microsoft.graph.playPromptOperation"} if invited else operation


def goes_on(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation that is not done with the answer."""
    return {**operation, "status": "running"}


def has_failed(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation that is over before it has begun."""
    return {**operation, "status": "failed"}


def prompts_go_on(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation as it is read, which goes on for ever if it plays a prompt."""
    return goes_on(operation) if operation["@odata.type"].endswith("playPromptOperation") else operation


def bots_muted(*, muted: bool) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A list of participants with bots that all are muted, or all are not."""

    def seen(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "isMuted": muted} if one["info"]["identity"].get("application") else one

    return lambda roster: {**roster, "value": list(map(seen, roster["value"]))}


def not_for(id: str) -> Callable[..., None]:
    """A check that is left out for one operation; it is handed the request first."""

    def step(_: Simulator, original: Callable[..., None], ask: Ask, *args: Any) -> None:
        if ask.match.operation.id != id:
            original(ask, *args)

    return step


def sends_no_roster(source: str) -> Apply:
    """No roster follows when a participant was changed, where the evidence for it begins so."""

    def step(_: Simulator, original: Callable[..., None], conference: Conference, fact: Fact) -> None:
        if not fact.source.startswith(source):
            original(conference, fact)

    return around("notifier", "roster_changed", step)


def mixes_routes(simulator: Simulator) -> None:
    """Mixer levels take the sources of every audio routing group away."""
    original = simulator.routing.configure_mixer

    def step(ask: Ask) -> Reply:
        call = simulator.calls.live(ask)
        simulator.store.change_routes(call, {id: replace(one, sources=()) for id, one in call.routes.items()})
        return original(ask)

    simulator.routing.configure_mixer = step  # type: ignore[method-assign]  # a deviation replaces a step


def changes_only_the_first(
    _: Simulator, original: Callable[..., Conference], conference: Conference, ids: list[str], fact: Fact, **facts: Any
) -> Conference:
    """Of several participants who are muted at once the first one is."""
    return original(conference, ids[:1], fact, **facts)


def takes_any_tone(id: str) -> Apply:
    """The body of one operation is not judged where it names a tone that is none."""

    def step(_: Simulator, original: Callable[[Ask], None], ask: Ask) -> None:
        if ask.match.operation.id != id or b"hash" not in ask.request.body:
            original(ask)

    return around("admission", "judge", step)


def forgets_the_subscription(simulator: Simulator, original: Callable[..., None], call: Call, queue: str = "") -> None:
    """After a cancel, other than to barge in, its bot is notified of no key."""
    original(call if queue else simulator.store.change_call(call, hears_tones=False), queue)


def leads_to_a_cancelled_recording(_: Simulator, original: Callable[[Operation], None], operation: Operation) -> None:
    """The end of a recording that was cancelled has an address and a token."""
    kept = {"recordingLocation": "https://graph.microsoft.com/recordings/0", "recordingAccessToken": "t"}
    cancelled = operation.plan is not None and operation.how == "cancelled"
    original(replace(operation, end_members={**operation.end_members, **kept}) if cancelled else operation)


def has_another_type(_: Simulator, original: Callable[[Request], Response | None], request: Request) -> Any:
    """The file of a recording is answered as audio."""
    response = original(request)
    return response and replace(response, headers=response.headers.with_("Content-Type", "audio/wav"))


def records(change: Callable[[Plan], dict[str, Any]]) -> Callable[..., Plan]:
    """A recording has other limits."""

    def step(_: Simulator, original: Callable[..., Plan], ask: Ask, body: dict[str, Any]) -> Plan:
        plan = original(ask, body)
        return replace(plan, **change(plan))

    return step


def refuses_two_minutes(_: Simulator, original: Callable[..., Plan], ask: Ask, body: dict[str, Any]) -> Plan:
    """The longest recording that is allowed is refused."""
    plan = original(ask, body)
    if body.get("maxRecordDurationInSeconds") == 120:
        raise Refusal("invalid-request", "too long")
    return plan


def passes_over_names(_: Simulator, original: Callable[..., Plan], ask: Ask, body: dict[str, Any]) -> Plan:
    """Stop tones that are no keys are left out."""
    return original(ask, {**body, "stopTones": [key for key in body.get("stopTones") or () if len(key) == 1]})


def plays_at_once(_: Simulator, original: Callable[[Operation], Operation], operation: Operation) -> Operation:
    """A prompt waits for nothing."""
    return original(operation) if operation.plan else operation


def records_at_once(_: Simulator, original: Callable[[Operation], Operation], operation: Operation) -> Operation:
    """A recording waits for nothing that is played."""
    return operation if operation.plan else original(operation)


def has_a_status(id: str) -> Callable[..., dict[str, Any]]:
    """A body of one operation without a status says that it records."""

    def step(_: Simulator, original: Callable[[Ask], dict[str, Any]], ask: Ask) -> dict[str, Any]:
        given = original(ask)
        return {"status": "recording", **given} if ask.match.operation.id == id else given

    return step


def notifies_an_end_that_is_none(simulator: Simulator, original: Callable[..., None], call: Call) -> None:
    """The end of a transferred call is notified, and the bot stays in it, unless it was consultative."""
    if call.replaces:
        original(call)
        return
    ended = replace(call, state=CallState.TERMINATED)
    simulator.notifier.call_transferred(ended, "deleted", {}, inferred("deviation"))
    simulator.store.put_call(replace(call, state=CallState.ESTABLISHED))


def notifies_no_end(_: Simulator, original: Callable[..., None], call: Call, change: str, *facts: Any) -> None:
    """Of a transfer, failures alone are notified."""
    if change != "deleted":
        original(call, change, *facts)


def ends_after_a_failure(simulator: Simulator, original: Callable[..., None], call: Call, result: Any) -> None:
    """A call whose transfer has failed is over without a notification."""
    original(call, result)
    simulator.store.step_call(call, CallEvent.END)


def transfers_the_first(
    simulator: Simulator, original: Callable[..., Participant], call: Call, body: dict[str, Any]
) -> Participant:
    """In a group call the first person is the transferee."""
    one = next(one for one in simulator.store.conference_of(call).active if not one.leg)
    return original(call, body) if "transferee" in body else one


def without(member: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: {name: value for name, value in body.items() if name != member}


def lists_all(filter: str) -> Callable[..., list[Conference]]:
    """A ``filter`` of this kind finds all meetings, whatever it names."""

    def step(simulator: Simulator, original: Callable[..., list[Conference]], key: tuple[str, ...]) -> list[Conference]:
        found = original(key)
        every = [one for one in simulator.store.conferences.values() if one.online is not None]
        return every if key[0] == filter else found

    return step


def lists_without_a_filter(simulator: Simulator) -> None:
    handler = simulator.handlers["onlinemeeting-find"]

    def find(ask: Ask) -> Reply:
        try:
            return handler(ask)
        except Refusal as refusal:
            if refusal.row != "meeting-filter-missing":
                raise
            return Reply(200, inferred("deviation"), {"value": []})

    simulator.handlers["onlinemeeting-find"] = find
