"""For every rule one way to break it, and it alone.

A deviation is applied from outside, to a fresh simulator, by replacing one of its steps. The simulator knows
nothing of it. ``test_rules_are_proven.py`` runs the packaged suite on the simulator that deviates and sees
that the tests of exactly this rule fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.lifecycle import CallEvent, CallState, ParticipantState
from pytest_graphcalls.simulator import Proceed, Simulator
from pytest_graphcalls.simulator.answers import Refusal, Reply, inferred
from pytest_graphcalls.simulator.calls import LEFT_ALONE
from pytest_graphcalls.simulator.gate import Ask
from pytest_graphcalls.simulator.identity import Grant, bearer
from pytest_graphcalls.simulator.store import Call, Conference, Kind, Participant
from pytest_graphcalls.wire import Request, Response, encode_json

Apply = Callable[[Simulator], None]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One way to break one rule.

    Attributes:
        rule: the rule's full id.
        says: what the simulator then does.
        apply: makes it do so.
    """

    rule: str
    says: str
    apply: Apply


# --- the kinds of step there are --------------------------------------------------------------------------------------


def answers(operation: str, change: Callable[[Response], Response]) -> Apply:
    """What succeeded is answered otherwise."""

    def around_it(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        return change(response) if meant(request) == operation and response.status < 300 else response

    return lambda simulator: simulator.intercept(around_it)


def status(operation: str, code: int) -> Apply:
    """Success has another status."""
    return answers(operation, lambda response: replace(response, status=code))


def body(operation: str, change: Callable[[dict[str, Any]], Any]) -> Apply:
    """Success has another body."""
    return answers(operation, lambda response: replace(response, body=encode_json(change(response.json()))))


def without_location(operation: str) -> Apply:
    """Success has no Location header."""
    return answers(operation, lambda response: replace(response, headers=response.headers.without("Location")))


def skips(part: str, step: str) -> Apply:
    """A step of ``part`` does nothing."""
    return instead(part, step, lambda *_args, **_facts: None)


def instead(part: str, step: str, other: Callable[..., Any]) -> Apply:
    """A step of ``part`` is another one, which is handed what the step is handed."""
    return lambda simulator: setattr(getattr(simulator, part), step, other)


def around(part: str, step: str, other: Callable[..., Any]) -> Apply:
    """A step of ``part`` is done by ``other``, which is handed the simulator, the step, and what that is handed."""

    def apply(simulator: Simulator) -> None:
        owner = getattr(simulator, part)
        original = getattr(owner, step)
        setattr(owner, step, lambda *args, **facts: other(simulator, original, *args, **facts))

    return apply


def set_to(part: str, name: str, value: Any) -> Apply:
    """A figure of ``part`` is another one."""
    return lambda simulator: setattr(getattr(simulator, part), name, value)


def needs_no_role(operation: str) -> Apply:
    """Any token will do."""

    def apply(simulator: Simulator) -> None:
        del simulator.gate.required_roles[operation]

    return apply


def needs_no_token(operation: str) -> Apply:
    """Who comes without a token is taken for the default app."""

    def identify(simulator: Simulator, original: Callable[[Request], Grant], request: Request) -> Grant:
        app = simulator.authority.app
        return Grant(app, app.roles) if meant(request) == operation and not bearer(request) else original(request)

    return both(around("gate", "identify", identify), leaves_unjudged(f"{operation}.token-is-required"))


def meant(request: Request) -> str:
    """Id of the operation that a request means."""
    match = Contract.packaged().match(request.method, request.path)
    return match.operation.id if isinstance(match, Match) else ""


def has_no_old_address(operation: str) -> Apply:
    """The address below ``/app`` leads nowhere."""

    def route(_: Simulator, original: Callable[[str, str], Match], method: str, path: str) -> Match:
        match = original(method, path)
        if match.operation.id == operation and match.alias:
            raise Refusal("segment-unknown", segment="app")
        return match

    return around("gate", "route", route)


def both(*parts: Apply) -> Apply:
    """All of these; a rule that is kept in two places is broken in both."""

    def apply(simulator: Simulator) -> None:
        for part in parts:
            part(simulator)

    return apply


def leaves_unjudged(rule: str) -> Apply:
    """The gate lets pass what breaks ``rule``."""
    return lambda simulator: simulator.gate.unjudged.add(rule)


# --- steps that need more than one line -------------------------------------------------------------------------------


def invitees(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda answer: {**answer, "participants": [change(one) for one in answer["participants"]]}


def as_user(entry: dict[str, Any]) -> dict[str, Any]:
    identity = entry["identity"]
    return {**entry, "identity": {**identity, "user": identity["user"] or identity["phone"], "phone": None}}


def all_replace(kind: Kind) -> Apply:
    """Of several entries with ``replacesCallId`` all count, if the call to be left is of this ``kind``."""

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


def handled(operation: str, other: Callable[[Callable[[Ask], Reply], Ask], Reply]) -> Apply:
    """The operation is carried out by ``other``, which is handed the handler and the request."""

    def apply(simulator: Simulator) -> None:
        handler = simulator.handlers[operation]
        simulator.handlers[operation] = lambda ask: other(handler, ask)

    return apply


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


def finds_joined_only(
    _: Simulator, original: Callable[..., Participant], ask: Ask, conference: Conference
) -> Participant:
    one = original(ask, conference)
    if one.state is ParticipantState.INVITED:
        raise Refusal("participant-not-found")
    return one


def rejection_ends_answered(simulator: Simulator, original: Callable[[Call], None], call: Call) -> None:
    if call.state is CallState.ESTABLISHED:
        simulator.calls.end(call, CallEvent.END, LEFT_ALONE)
    original(call)


def refuses_group_invitations(simulator: Simulator, original: Callable[[Call], None], call: Call) -> None:
    if simulator.store.conference_of(call).kind is Kind.GROUP:
        raise Refusal("invalid-request", "A group call cannot be rejected.")
    original(call)


def hides_the_chat(_: Simulator, original: Callable[..., Any], call: Call, conference: Conference) -> Any:
    return original(call, replace(conference, chat=None, meeting=None))


def knows_two_reasons(_: Simulator, original: Callable[..., str], given: dict[str, Any]) -> str:
    reason = original(given)
    if reason == "forbidden":
        raise Refusal("invalid-request", "reason")
    return reason


def shows_rejected(simulator: Simulator) -> None:
    handler = simulator.handlers["call-get"]

    def get(ask: Ask) -> Reply:
        call = simulator.store.calls.get(ask.match.keys["call-id"])
        if call is not None and call.rejected_with is not None:
            return Reply(200, inferred("deviation"), simulator.calls.shown(ask, call))
        return handler(ask)

    simulator.handlers["call-get"] = get


def needs_a_role(simulator: Simulator) -> None:
    simulator.gate.required_roles["call-reject"] = frozenset({"Calls.JoinGroupCall.All"})


def hangs_up_for_all(simulator: Simulator) -> None:
    handler = simulator.handlers["call-delete"]

    def hang_up(ask: Ask) -> Reply:
        conference = simulator.store.conference_of(simulator.calls.live(ask))
        reply = handler(ask)
        for leg in simulator.store.conferences[conference.id].legs:
            simulator.calls.end(simulator.store.calls[leg], CallEvent.END, LEFT_ALONE)
        return reply

    simulator.handlers["call-delete"] = hang_up


def alive_for_ever(handler: Callable[[Ask], Reply], ask: Ask) -> Reply:
    try:
        return handler(ask)
    except Refusal as refusal:
        if refusal.row != "call-not-found":
            raise
        return Reply(200, inferred("deviation"))


def shows_both_sides(
    _: Simulator, original: Callable[..., Participant], ask: Ask, conference: Conference
) -> Participant:
    return original(ask, replace(conference, kind=Kind.GROUP))


def cannot_be_read(_handler: Callable[[Ask], Reply], _ask: Ask) -> Reply:
    raise Refusal("method-not-allowed")


CREATE, INVITE, DELETE, REJECT = "application-post-calls", "participant-invite", "participant-delete", "call-reject"
LOST = "The address below /app is answered as unknown."
OPEN = "A request without a token is carried out."

TABLE: tuple[Deviation, ...] = (
    # Create
    Deviation(f"{CREATE}.success-is-201-with-call", "The answer has status 200.", status(CREATE, 200)),
    Deviation(f"{CREATE}.location-names-the-call", "There is no Location header.", without_location(CREATE)),
    Deviation(
        f"{CREATE}.starts-establishing",
        "The new call is called established.",
        body(CREATE, lambda call: {**call, "state": "established"}),
    ),
    Deviation(f"{CREATE}.role-is-required", "A token without roles starts a call.", skips("creation", "require_role")),
    Deviation(
        f"{CREATE}.callback-uri-is-https",
        "A call with an http callback comes about.",
        leaves_unjudged(f"{CREATE}.callback-uri-is-https"),
    ),
    Deviation(f"{CREATE}.token-is-required", OPEN, needs_no_token(CREATE)),
    # What a stage needs besides
    Deviation("call-answer.success-is-202-empty", "The answer has status 200.", status("call-answer", 200)),
    Deviation("call-delete.success-is-204-empty", "The answer has status 202.", status("call-delete", 202)),
    Deviation("call-delete.only-own-leg-ends", "A hang-up ends the legs of all bots.", hangs_up_for_all),
    Deviation("call-get.success-is-200-with-call", "The answer has status 202.", status("call-get", 202)),
    Deviation("call-keepalive.success-is-200-empty", "The answer has status 204.", status("call-keepalive", 204)),
    Deviation(
        "call-keepalive.ended-call-is-404",
        "A call that has ended is answered 200.",
        handled("call-keepalive", alive_for_ever),
    ),
    Deviation(
        "call-keepalive.missed-for-45-minutes-ends-the-call",
        "A call lives for an hour without keepAlive.",
        set_to("calls", "keepalive_seconds", 3600.0),
    ),
    Deviation(
        "call-list-participants.success-is-200-with-collection",
        "The participants come as a bare list.",
        body("call-list-participants", lambda roster: roster["value"]),
    ),
    Deviation(
        "participant-get.success-is-200-with-participant",
        "The participant comes in a list.",
        body("participant-get", lambda one: {"value": [one]}),
    ),
    Deviation(
        "participant-get.not-in-peer-to-peer",
        "The participants of a peer-to-peer call can be read.",
        around("participants", "shown", shows_both_sides),
    ),
    Deviation(
        "commsoperation-get.success-is-200-with-operation",
        "An operation is answered 405.",
        handled("commsoperation-get", cannot_be_read),
    ),
    # Invite
    Deviation(f"{INVITE}.success-is-200-with-operation", "The answer has status 202.", status(INVITE, 202)),
    Deviation(f"{INVITE}.location-names-the-operation", "There is no Location header.", without_location(INVITE)),
    Deviation(
        f"{INVITE}.answers-before-it-is-done",
        "The answer says completed at once.",
        body(INVITE, lambda operation: {**operation, "status": "completed"}),
    ),
    Deviation(
        f"{INVITE}.completion-is-notified",
        "The end of the operation is not told.",
        skips("invitations", "notify_completion"),
    ),
    Deviation(
        f"{INVITE}.roster-update-follows",
        "The roster is never sent again.",
        both(skips("notifier", "roster_changed"), skips("notifier", "roster_told")),
    ),
    Deviation(
        f"{INVITE}.several-only-in-group-calls",
        "Two people are brought into a peer-to-peer call.",
        both(
            skips("invitations", "require_group_call_for_several"),
            around("invitations", "require_chat_info_for_several", chat_info_in_groups_only),
        ),
    ),
    Deviation(f"{INVITE}.at-most-five-invitees", "Six people are brought in.", skips("invitations", "limit_invitees")),
    Deviation(
        f"{INVITE}.several-need-chat-info",
        "Two people are brought into a group call without chatInfo.",
        skips("invitations", "require_chat_info_for_several"),
    ),
    Deviation(
        f"{INVITE}.replaces-uses-first-only",
        "The second entry is invited as well.",
        all_replace(Kind.PEER),
    ),
    Deviation(
        f"{INVITE}.replaced-call-is-dropped",
        "The replaced call goes on.",
        skips("invitations", "drop_replaced_call"),
    ),
    Deviation(
        f"{INVITE}.replaced-call-end-is-notified",
        "The replaced call ends without a word.",
        skips("invitations", "notify_replaced_end"),
    ),
    Deviation(
        f"{INVITE}.phone-invitee-in-e164",
        "The number comes back as that of a user.",
        body(INVITE, invitees(as_user)),
    ),
    Deviation(
        f"{INVITE}.phone-needs-application-instance",
        "A bot without instance brings a phone in.",
        skips("invitations", "require_phone_instance"),
    ),
    Deviation(
        f"{INVITE}.moves-between-own-meetings",
        "Who was moved is in both meetings.",
        skips("invitations", "move_out"),
    ),
    Deviation(f"{INVITE}.moves-first-only", "The second entry is moved as well.", all_replace(Kind.GROUP)),
    Deviation(
        f"{INVITE}.no-more-than-one-bot",
        "Two bots are brought in.",
        skips("invitations", "refuse_second_bot"),
    ),
    Deviation(
        f"{INVITE}.client-context-is-echoed",
        "clientContext is forgotten.",
        instead("invitations", "echo_client_context", lambda _: None),
    ),
    Deviation(
        f"{INVITE}.client-context-at-most-256",
        "257 characters are taken.",
        skips("invitations", "limit_client_context"),
    ),
    Deviation(
        f"{INVITE}.identity-is-invited-once",
        "Somebody is in the roster twice.",
        skips("invitations", "refuse_repeated_identity"),
    ),
    Deviation(
        f"{INVITE}.participant-id-is-echoed",
        "participantId comes back null.",
        body(INVITE, invitees(lambda one: {**one, "participantId": None})),
    ),
    Deviation(
        f"{INVITE}.invitee-has-identity",
        "An entry without identity is taken.",
        skips("invitations", "require_identity"),
    ),
    Deviation(f"{INVITE}.role-is-required", "A token without the role brings somebody in.", needs_no_role(INVITE)),
    Deviation(f"{INVITE}.token-is-required", OPEN, needs_no_token(INVITE)),
    Deviation(f"{INVITE}.app-path-still-works", LOST, has_no_old_address(INVITE)),
    # Remove
    Deviation(f"{DELETE}.success-is-204-empty", "The answer has status 202.", status(DELETE, 202)),
    Deviation(f"{DELETE}.request-has-no-body", "A DELETE without body is refused.", handled(DELETE, asks_for_a_body)),
    Deviation(
        f"{DELETE}.active-and-invited",
        "Who has not joined cannot be removed.",
        instead("participants", "cancel_invited", refuses_invited),
    ),
    Deviation(
        f"{DELETE}.active-leaves-at-once",
        "Who is removed leaves five seconds later.",
        around("participants", "remove_active", removes_later),
    ),
    Deviation(
        f"{DELETE}.invited-is-cancelled",
        "The invitation that was withdrawn goes on.",
        skips("participants", "cancel_invited"),
    ),
    Deviation(
        f"{DELETE}.chosen-id-addresses-the-invitation",
        "The chosen id is not known before somebody joins.",
        around("participants", "find", finds_joined_only),
    ),
    Deviation(
        f"{DELETE}.app-must-be-allow-listed",
        "An app that is not listed removes people.",
        skips("participants", "require_allow_listing"),
    ),
    Deviation(f"{DELETE}.role-is-required", "A token without roles removes people.", needs_no_role(DELETE)),
    Deviation(f"{DELETE}.token-is-required", OPEN, needs_no_token(DELETE)),
    Deviation(f"{DELETE}.app-path-still-works", LOST, has_no_old_address(DELETE)),
    # Reject
    Deviation(f"{REJECT}.success-is-202-empty", "The answer has status 200.", status(REJECT, 200)),
    Deviation(
        f"{REJECT}.answered-call-goes-on",
        "A rejection ends a call that was answered.",
        around("incoming", "require_incoming", rejection_ends_answered),
    ),
    Deviation(
        f"{REJECT}.both-kinds-can-be-rejected",
        "A group invitation cannot be rejected.",
        around("incoming", "require_incoming", refuses_group_invitations),
    ),
    Deviation(
        f"{REJECT}.group-invitation-carries-chat-info",
        "The notification has no chatInfo.",
        around("notifier", "_incoming", hides_the_chat),
    ),
    Deviation(
        f"{REJECT}.fifteen-seconds-to-decide",
        "The call rings for a minute.",
        set_to("incoming", "seconds", 60.0),
    ),
    Deviation(
        f"{REJECT}.reasons-are-none-busy-forbidden",
        "forbidden is refused.",
        around("incoming", "read_reason", knows_two_reasons),
    ),
    Deviation(
        f"{REJECT}.callback-uri-is-https",
        "An http callback is used.",
        both(
            leaves_unjudged(f"{REJECT}.callback-uri-is-https"),
            instead("incoming", "take_callback", lambda call, given: given.get("callbackUri") or call.callback),
        ),
    ),
    Deviation(
        f"{REJECT}.callback-uri-takes-later-notifications",
        "The callback of a rejection is not used.",
        instead("incoming", "take_callback", lambda call, _given: call.callback),
    ),
    Deviation(f"{REJECT}.call-is-gone-afterwards", "A rejected call can still be read.", shows_rejected),
    Deviation(
        f"{REJECT}.deleted-notification-follows",
        "The end of a rejected call is not told.",
        skips("incoming", "notify_rejected"),
    ),
    Deviation(f"{REJECT}.no-role-is-needed", "A token without roles is refused.", needs_a_role),
    Deviation(f"{REJECT}.token-is-required", OPEN, needs_no_token(REJECT)),
    Deviation(f"{REJECT}.app-path-still-works", LOST, has_no_old_address(REJECT)),
)

DEVIATIONS = {deviation.rule: deviation for deviation in TABLE}
"""By rule."""
