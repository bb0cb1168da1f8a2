"""For every rule one way to break it, and it alone.

A deviation is applied from outside, to a fresh simulator, by replacing one of its steps. The simulator knows
nothing of it. ``test_rules_are_proven.py`` runs the packaged suite on the simulator that deviates and sees
that the tests of exactly this rule fail. The kinds of step are in ``steps.py``, what takes their place in
``changes.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_graphcalls.lifecycle import OperationState
from pytest_graphcalls.simulator.entities import Kind
from tests.proof import changes
from tests.proof.steps import (
    Apply,
    around,
    body,
    both,
    handled,
    has_no_address,
    has_no_old_address,
    instead,
    leaves_unjudged,
    needs_no_role,
    needs_no_token,
    only_in,
    refused_with,
    set_to,
    skips,
    skips_in,
    status,
    with_body,
    without_header,
    without_location,
)


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


CREATE, INVITE, DELETE, REJECT = "application-post-calls", "participant-invite", "participant-delete", "call-reject"
MUTE, PLAY, CANCEL = "participant-mute", "call-playprompt", "call-cancelmediaprocessing"
FIND, GET, MAKE, DROP = (f"onlinemeeting-{verb}" for verb in ("find", "get", "create", "delete"))
MUTE_BOT, UNMUTE_BOT, TONES = "call-mute", "call-unmute", "call-senddtmftones"
LISTEN, RECORD, STATUS = "call-subscribetotone", "call-record", "call-updaterecordingstatus"
REDIRECT, TRANSFER = "call-redirect", "call-transfer"
SCREEN, GALLERY = "call-changescreensharingrole", "call-addlargegalleryview"
SHARED, SESSION, QUALITY = (
    *("call-list-contentsharingsessions", "contentsharingsession-get"),
    "call-logteleconferencedevicequality",
)
MUTE_ALL, HOLD, RESUME = "participant-muteall", "participant-startholdmusic", "participant-stopholdmusic"
MIX, ROUTE, ROUTES = "participant-configuremixer", "call-post-audioroutinggroups", "call-list-audioroutinggroups"
READ_ROUTE, CHANGE_ROUTE, DROP_ROUTE = (f"audioroutinggroup-{verb}" for verb in ("get", "update", "delete"))
STARTS, STOPS = (tuple(f"call-{verb}{what}" for what in ("recording", "transcription")) for verb in ("start", "stop"))
TRANSCRIBE = (STARTS[1], STOPS[1])
REPORT = "participant-reportsyntheticmedia"
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
    Deviation(f"{CREATE}.request-id-is-given", "There is no request-id.", without_header(CREATE, "request-id")),
    Deviation(
        f"{CREATE}.context-is-given",
        "There is no @odata.context.",
        body(CREATE, changes.without_context),
    ),
    Deviation(
        f"{CREATE}.callback-uri-is-echoed",
        "The answer has another callback.",
        body(CREATE, lambda call: {**call, "callbackUri": "https://bot.example.org/other"}),
    ),
    Deviation(
        f"{CREATE}.targets-are-those-called",
        "The answer has no targets.",
        body(CREATE, lambda call: {**call, "targets": []}),
    ),
    Deviation(f"{CREATE}.role-is-required", "A token without roles starts a call.", skips("creation", "require_role")),
    Deviation(
        f"{CREATE}.callback-uri-is-https",
        "A call with an http callback comes about.",
        leaves_unjudged(f"{CREATE}.callback-uri-is-https"),
    ),
    Deviation(
        f"{CREATE}.callback-uri-takes-notifications",
        "The callback of a call that the bot makes is not used.",
        changes.posts_to_the_registered_address("outgoing"),
    ),
    Deviation(
        f"{CREATE}.state-changes-are-notified",
        "The states of a call that the bot makes are not told.",
        changes.comes_about_untold("outgoing"),
    ),
    Deviation(
        f"{CREATE}.peer-to-peer-has-no-roster",
        "The roster of every call is told.",
        changes.tells_every_roster,
    ),
    Deviation(
        f"{CREATE}.roster-follows-joining",
        "The first roster of a call is not told.",
        changes.tells_rosters(first=False, later=True),
    ),
    Deviation(
        f"{CREATE}.lobby-shows-the-bot-alone",
        "A bot in the lobby sees everybody.",
        instead("participants", "listed", lambda _, conference: conference.roster),
    ),
    Deviation(f"{CREATE}.token-is-required", OPEN, needs_no_token(CREATE)),
    # What a stage needs besides
    Deviation("call-answer.success-is-202-empty", "The answer has status 200.", status("call-answer", 200)),
    Deviation("call-answer.no-body-comes-back", "The answer has a body.", with_body("call-answer")),
    Deviation(
        "call-answer.state-changes-are-notified",
        "The states of a call that the bot answers are not told.",
        changes.comes_about_untold("incoming"),
    ),
    Deviation(
        "call-answer.callback-uri-takes-later-notifications",
        "The callback of an answer is not used.",
        changes.posts_to_the_registered_address("incoming"),
    ),
    Deviation(
        "call-delete.deleted-notification-follows",
        "The end of a call that the bot hangs up is not told.",
        around("notifier", "call_ended", changes.hang_up_is_untold),
    ),
    Deviation("call-delete.success-is-204-empty", "The answer has status 202.", status("call-delete", 202)),
    Deviation(
        "call-delete.call-is-over-afterwards",
        "A call that was hung up is read as before.",
        lambda simulator: simulator.intercept(changes.ReadAfterTheEnd()),
    ),
    Deviation("call-delete.only-own-leg-ends", "A hang-up ends the legs of all bots.", changes.hangs_up_for_all),
    Deviation("call-get.success-is-200-with-call", "The answer has status 202.", status("call-get", 202)),
    Deviation("call-get.context-is-given", "There is no @odata.context.", body("call-get", changes.without_context)),
    Deviation("call-get.id-is-the-one-asked-for", "Another call is shown.", body("call-get", changes.another)),
    Deviation("call-keepalive.no-body-comes-back", "The answer has a body.", with_body("call-keepalive")),
    Deviation(
        "call-keepalive.request-id-is-given", "There is no request-id.", without_header("call-keepalive", "request-id")
    ),
    Deviation("call-keepalive.success-is-200-empty", "The answer has status 204.", status("call-keepalive", 204)),
    Deviation(
        "call-keepalive.ended-call-is-404",
        "A call that has ended is answered 200.",
        handled("call-keepalive", changes.alive_for_ever),
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
        "A participant is answered 405.",
        handled("participant-get", changes.cannot_be_read),
    ),
    Deviation(
        "participant-get.id-is-the-one-asked-for",
        "Another participant is shown.",
        body("participant-get", changes.another),
    ),
    Deviation(
        "participant-get.not-in-peer-to-peer",
        "The participants of a peer-to-peer call can be read.",
        around("participants", "shown", changes.shows_both_sides),
    ),
    Deviation(
        "commsoperation-get.success-is-200-with-operation",
        "An operation is answered 405.",
        handled("commsoperation-get", changes.cannot_be_read),
    ),
    Deviation(
        "commsoperation-get.id-is-the-one-asked-for",
        "Another operation is shown.",
        body("commsoperation-get", changes.another),
    ),
    Deviation(
        "commsoperation-get.shows-what-was-started",
        "An invite is shown as a prompt.",
        body("commsoperation-get", changes.as_prompt),
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
        "The end of an operation that has brought somebody in is not told.",
        changes.operations_end_untold("inviteParticipantsOperation", OperationState.COMPLETED),
    ),
    Deviation(
        f"{INVITE}.failure-is-notified",
        "The end of an operation that failed is not told.",
        changes.operations_end_untold("inviteParticipantsOperation", OperationState.FAILED),
    ),
    Deviation(
        f"{INVITE}.roster-update-follows",
        "The roster is never sent again.",
        changes.tells_rosters(first=True, later=False),
    ),
    Deviation(
        f"{INVITE}.several-only-in-group-calls",
        "Two people are brought into a peer-to-peer call.",
        both(
            skips("invitations", "require_group_call_for_several"),
            around("invitations", "require_chat_info_for_several", changes.chat_info_in_groups_only),
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
        changes.all_replace(Kind.PEER),
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
        body(INVITE, changes.invitees(changes.as_user)),
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
    Deviation(f"{INVITE}.moves-first-only", "The second entry is moved as well.", changes.all_replace(Kind.GROUP)),
    Deviation(
        f"{INVITE}.no-more-than-one-bot",
        "Two bots are brought in.",
        skips("invitations", "refuse_second_bot"),
    ),
    Deviation(
        f"{INVITE}.client-context-is-echoed",
        "clientContext is forgotten.",
        body(INVITE, changes.forgets_the_context),
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
        body(INVITE, changes.invitees(lambda one: {**one, "participantId": None})),
    ),
    Deviation(
        f"{INVITE}.participants-are-those-invited",
        "Of several people the first one is named in the answer.",
        body(INVITE, lambda operation: {**operation, "participants": operation["participants"][:1]}),
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
    Deviation(
        f"{DELETE}.request-has-no-body", "A DELETE without body is refused.", handled(DELETE, changes.asks_for_a_body)
    ),
    Deviation(
        f"{DELETE}.active-and-invited",
        "Who has not joined cannot be removed.",
        instead("invitations", "cancel", changes.refuses_invited),
    ),
    Deviation(
        f"{DELETE}.active-leaves-at-once",
        "Who is removed leaves five seconds later.",
        around("participants", "remove_active", changes.removes_later),
    ),
    Deviation(
        f"{DELETE}.invited-is-cancelled",
        "The invitation that was withdrawn goes on.",
        skips("invitations", "cancel"),
    ),
    Deviation(
        f"{DELETE}.chosen-id-addresses-the-invitation",
        "The chosen id is not known before somebody joins.",
        around("participants", "find", changes.finds_joined_only),
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
        only_in(REJECT, around("incoming", "require_incoming", changes.rejection_ends_answered)),
    ),
    Deviation(
        f"{REJECT}.both-kinds-can-be-rejected",
        "A group invitation cannot be rejected.",
        only_in(REJECT, around("incoming", "require_incoming", changes.refuses_group_invitations)),
    ),
    Deviation(
        f"{REJECT}.group-invitation-carries-chat-info",
        "The notification has no chatInfo.",
        around("notifier", "_incoming", changes.hides_the_chat),
    ),
    Deviation(
        f"{REJECT}.fifteen-seconds-to-decide",
        "The call rings for a minute.",
        set_to("incoming", "seconds", 60.0),
    ),
    Deviation(
        f"{REJECT}.reasons-are-none-busy-forbidden",
        "forbidden is refused.",
        around("incoming", "read_reason", changes.knows_two_reasons),
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
        changes.posts_to_the_registered_address("incoming", rejected=True),
    ),
    Deviation(
        f"{REJECT}.call-is-gone-afterwards",
        "A rejected call can still be read.",
        changes.shows_ended(lambda call: call.rejected_with is not None),
    ),
    Deviation(
        f"{REJECT}.deleted-notification-follows",
        "The end of a rejected call is not told.",
        skips("notifier", "call_rejected"),
    ),
    Deviation(f"{REJECT}.no-role-is-needed", "A token without roles is refused.", changes.needs_a_role),
    Deviation(f"{REJECT}.token-is-required", OPEN, needs_no_token(REJECT)),
    Deviation(f"{REJECT}.app-path-still-works", LOST, has_no_old_address(REJECT)),
    # Redirect
    Deviation(f"{REDIRECT}.success-is-202-empty", "The answer has status 200.", status(REDIRECT, 200)),
    Deviation(
        f"{REDIRECT}.answered-call-goes-on",
        "A redirect ends a call that was answered.",
        only_in(REDIRECT, around("incoming", "require_incoming", changes.rejection_ends_answered)),
    ),
    Deviation(
        f"{REDIRECT}.fifteen-seconds-to-decide",
        "The call rings for ten seconds.",
        only_in(REDIRECT, set_to("incoming", "seconds", 10.0)),
    ),
    Deviation(
        f"{REDIRECT}.at-most-25-targets",
        "25 targets are refused.",
        handled(REDIRECT, changes.refuses_when(lambda body: len(body["targets"]) > 24)),
    ),
    Deviation(
        f"{REDIRECT}.timeout-is-15-to-90-seconds",
        "A timeout of 90 seconds is refused.",
        handled(REDIRECT, changes.refuses_when(lambda body: body.get("timeout") == 90)),
    ),
    Deviation(
        f"{REDIRECT}.callback-uri-is-https",
        "An http callback is used.",
        both(
            leaves_unjudged(f"{REDIRECT}.callback-uri-is-https"),
            only_in(
                REDIRECT,
                instead("incoming", "take_callback", lambda call, given: given.get("callbackUri") or call.callback),
            ),
        ),
    ),
    Deviation(
        f"{REDIRECT}.end-is-notified",
        "The notification of the end has no state.",
        around("notifier", "call_redirected", lambda simulator, _, call: simulator.notifier.call_rejected(call)),
    ),
    Deviation(f"{REDIRECT}.role-is-required", "A token without roles redirects a call.", needs_no_role(REDIRECT)),
    Deviation(f"{REDIRECT}.token-is-required", OPEN, needs_no_token(REDIRECT)),
    Deviation(f"{REDIRECT}.app-path-still-works", LOST, has_no_old_address(REDIRECT)),
    # Transfer
    Deviation(f"{TRANSFER}.success-is-202-empty", "The answer has status 200.", status(TRANSFER, 200)),
    Deviation(
        f"{TRANSFER}.transferred-call-ends",
        "The end is notified, and the call goes on.",
        both(
            around("transfers", "end_transferred", changes.notifies_an_end_that_is_none), skips("transfers", "_leave")
        ),
    ),
    Deviation(
        f"{TRANSFER}.end-is-notified",
        "The end is not notified.",
        around("notifier", "call_transferred", changes.notifies_no_end),
    ),
    Deviation(f"{TRANSFER}.states-are-notified", "The end alone is notified.", skips("transfers", "notify_progress")),
    Deviation(
        f"{TRANSFER}.consultative-with-replaces-call-id",
        "A consultative transfer is refused.",
        handled(TRANSFER, changes.refuses_when(lambda body: "replacesCallId" in body["transferTarget"])),
    ),
    Deviation(
        f"{TRANSFER}.failed-transfer-goes-on",
        "A call whose transfer has failed is over.",
        around("transfers", "notify_failure", changes.ends_after_a_failure),
    ),
    Deviation(f"{TRANSFER}.failure-is-notified", "A failure is not notified.", skips("transfers", "notify_failure")),
    Deviation(
        f"{TRANSFER}.group-call-names-the-transferee",
        "Without transferee the first person is transferred.",
        around("transfers", "transferee", changes.transfers_the_first),
    ),
    Deviation(
        f"{TRANSFER}.phone-needs-application-instance",
        "Any bot may transfer to a phone.",
        skips("transfers", "require_phone_instance"),
    ),
    Deviation(f"{TRANSFER}.role-is-required", "A token without roles transfers a call.", needs_no_role(TRANSFER)),
    Deviation(f"{TRANSFER}.token-is-required", OPEN, needs_no_token(TRANSFER)),
    Deviation(f"{TRANSFER}.app-path-still-works", LOST, has_no_old_address(TRANSFER)),
    # Share a screen
    Deviation(f"{SCREEN}.success-is-202-empty", "The answer has status 200.", status(SCREEN, 200)),
    Deviation(f"{SCREEN}.roster-update-follows", "The roster is not sent.", changes.sends_no_roster(SCREEN)),
    Deviation(
        f"{SCREEN}.group-calls-only",
        "It is carried out in a peer-to-peer call.",
        around("participants", "require_group_call", changes.not_for(SCREEN)),
    ),
    Deviation(
        f"{SCREEN}.app-hosted-media-only",
        "A bot with service-hosted media shares.",
        both(skips("sharing", "require_app_hosted_media"), skips("sharing", "require_screen")),
    ),
    Deviation(
        f"{SCREEN}.roles-are-viewer-and-sharer",
        "A viewer is refused.",
        handled(SCREEN, changes.refuses_when(lambda body: body.get("role") == "viewer")),
    ),
    Deviation(f"{SCREEN}.role-is-required", "A token without roles will do.", needs_no_role(SCREEN)),
    Deviation(f"{SCREEN}.token-is-required", OPEN, needs_no_token(SCREEN)),
    Deviation(f"{SCREEN}.app-path-still-works", LOST, has_no_old_address(SCREEN)),
    # Add the large gallery
    Deviation(f"{GALLERY}.success-is-202-with-operation", "The answer has status 200.", status(GALLERY, 200)),
    Deviation(
        f"{GALLERY}.answers-before-it-is-done",
        "The answer says completed at once.",
        body(GALLERY, lambda operation: {**operation, "status": "completed"}),
    ),
    Deviation(
        f"{GALLERY}.completion-is-notified",
        "The end of the operation is not told.",
        changes.operations_end_untold("addLargeGalleryViewOperation", OperationState.COMPLETED),
    ),
    Deviation(
        f"{GALLERY}.client-context-is-echoed", "clientContext is forgotten.", body(GALLERY, changes.forgets_the_context)
    ),
    Deviation(
        f"{GALLERY}.client-context-at-most-256",
        "257 characters are taken.",
        leaves_unjudged(f"{GALLERY}.client-context-at-most-256"),
    ),
    Deviation(f"{GALLERY}.app-path-still-works", LOST, has_no_old_address(GALLERY)),
    # What is shared, and how good devices are
    Deviation(
        f"{CREATE}.content-sharing-is-notified",
        "What is shared is not told in a call that the bot has made.",
        changes.shares_untold("outgoing"),
    ),
    Deviation(
        "call-answer.content-sharing-is-notified",
        "What is shared is not told in a call that the bot has answered.",
        changes.shares_untold("incoming"),
    ),
    Deviation(
        f"{SHARED}.success-is-200-with-collection",
        "The sessions come as a bare list.",
        body(SHARED, lambda listed: listed["value"]),
    ),
    Deviation(f"{SESSION}.success-is-200-with-session", "The answer has status 201.", status(SESSION, 201)),
    Deviation(f"{SESSION}.id-is-the-one-asked-for", "Another session is shown.", body(SESSION, changes.another)),
    Deviation(f"{QUALITY}.success-is-200-empty", "The answer has status 204.", status(QUALITY, 204)),
    Deviation(
        f"{QUALITY}.quality-is-required", "Nothing is a report.", leaves_unjudged(f"{QUALITY}.quality-is-required")
    ),
    *(Deviation(f"{one}.token-is-required", OPEN, needs_no_token(one)) for one in (GALLERY, SHARED, SESSION, QUALITY)),
    *(
        Deviation(f"{one}.role-is-required", "A token without roles will do.", needs_no_role(one))
        for one in (GALLERY, SHARED, SESSION, QUALITY)
    ),
    # Mute
    Deviation(f"{MUTE}.success-is-200-with-operation", "The answer has status 202.", status(MUTE, 202)),
    Deviation(f"{MUTE}.is-done-with-the-answer", "The answer says running.", body(MUTE, changes.goes_on)),
    Deviation(
        f"{MUTE}.no-end-is-notified",
        "The operation that was answered as completed is notified of.",
        around("operations", "reply", changes.ends_once_more(MUTE)),
    ),
    Deviation(
        f"{MUTE}.muted-participant-is-shown",
        "A participant is never read as muted.",
        body("participant-get", lambda one: {**one, "isMuted": False}),
    ),
    Deviation(f"{MUTE}.roster-update-follows", "The roster is not sent.", changes.sends_no_roster(f"{MUTE}.")),
    Deviation(
        f"{MUTE}.group-calls-only",
        "Somebody is muted in a peer-to-peer call.",
        around("participants", "require_group_call", changes.not_for(MUTE)),
    ),
    Deviation(
        f"{MUTE}.client-context-is-echoed", "clientContext is forgotten.", body(MUTE, changes.forgets_the_context)
    ),
    Deviation(
        f"{MUTE}.client-context-at-most-256",
        "257 characters are taken.",
        leaves_unjudged(f"{MUTE}.client-context-at-most-256"),
    ),
    Deviation(f"{MUTE}.role-is-required", "A token without roles mutes people.", needs_no_role(MUTE)),
    Deviation(f"{MUTE}.token-is-required", OPEN, needs_no_token(MUTE)),
    Deviation(f"{MUTE}.app-path-still-works", LOST, has_no_old_address(MUTE)),
    # Play
    Deviation(f"{PLAY}.success-is-200-with-operation", "The answer has status 202.", status(PLAY, 202)),
    Deviation(
        f"{PLAY}.answers-before-it-is-done",
        "The answer says completed at once.",
        body(PLAY, lambda operation: {**operation, "status": "completed"}),
    ),
    Deviation(
        f"{PLAY}.completion-is-notified",
        "The end of a prompt is not told.",
        changes.operations_end_untold("playPromptOperation", OperationState.COMPLETED),
    ),
    Deviation(
        f"{PLAY}.service-hosted-media-only",
        "A prompt is played with app-hosted media.",
        around("media", "require_service_hosted_media", changes.not_for(PLAY)),
    ),
    Deviation(f"{PLAY}.at-most-20-prompts", "21 prompts are played.", leaves_unjudged(f"{PLAY}.at-most-20-prompts")),
    Deviation(
        f"{PLAY}.prompts-run-in-order",
        "Prompts are played side by side.",
        around("operations", "_first_in_queue", changes.plays_at_once),
    ),
    Deviation(f"{PLAY}.endless-loop-has-no-end", "A loop is played once.", instead("media", "loops", lambda *_: False)),
    Deviation(
        f"{PLAY}.client-context-is-echoed", "clientContext is forgotten.", body(PLAY, changes.forgets_the_context)
    ),
    Deviation(
        f"{PLAY}.client-context-at-most-256",
        "257 characters are taken.",
        leaves_unjudged(f"{PLAY}.client-context-at-most-256"),
    ),
    Deviation(f"{PLAY}.token-is-required", OPEN, needs_no_token(PLAY)),
    Deviation(f"{PLAY}.app-path-still-works", LOST, has_no_old_address(PLAY)),
    # Mute the bot
    Deviation(f"{MUTE_BOT}.success-is-200-with-operation", "The answer has status 202.", status(MUTE_BOT, 202)),
    Deviation(f"{MUTE_BOT}.is-done-with-the-answer", "The answer says running.", body(MUTE_BOT, changes.goes_on)),
    Deviation(
        f"{MUTE_BOT}.no-end-is-notified",
        "The operation that was answered as completed is notified of.",
        around("operations", "reply", changes.ends_once_more(MUTE_BOT)),
    ),
    Deviation(
        f"{MUTE_BOT}.muted-bot-is-shown",
        "The list shows everybody as not muted.",
        body("call-list-participants", changes.all_muted(muted=False)),
    ),
    Deviation(f"{MUTE_BOT}.roster-update-follows", "The roster is not sent.", changes.sends_no_roster(f"{MUTE_BOT}.")),
    Deviation(
        f"{MUTE_BOT}.group-calls-only",
        "It is carried out in a peer-to-peer call.",
        around("participants", "require_group_call", changes.not_for(MUTE_BOT)),
    ),
    Deviation(
        f"{MUTE_BOT}.client-context-is-echoed",
        "clientContext is forgotten.",
        body(MUTE_BOT, changes.forgets_the_context),
    ),
    Deviation(
        f"{MUTE_BOT}.client-context-at-most-256",
        "257 characters are taken.",
        leaves_unjudged(f"{MUTE_BOT}.client-context-at-most-256"),
    ),
    Deviation(f"{MUTE_BOT}.token-is-required", OPEN, needs_no_token(MUTE_BOT)),
    Deviation(f"{MUTE_BOT}.app-path-still-works", LOST, has_no_old_address(MUTE_BOT)),
    # Unmute the bot
    Deviation(f"{UNMUTE_BOT}.success-is-200-with-operation", "The answer has status 202.", status(UNMUTE_BOT, 202)),
    Deviation(f"{UNMUTE_BOT}.is-done-with-the-answer", "The answer says running.", body(UNMUTE_BOT, changes.goes_on)),
    Deviation(
        f"{UNMUTE_BOT}.no-end-is-notified",
        "The operation that was answered as completed is notified of.",
        around("operations", "reply", changes.ends_once_more(UNMUTE_BOT)),
    ),
    Deviation(
        f"{UNMUTE_BOT}.unmuted-bot-is-shown",
        "The list shows everybody as muted.",
        body("call-list-participants", changes.all_muted(muted=True)),
    ),
    Deviation(
        f"{UNMUTE_BOT}.roster-update-follows", "The roster is not sent.", changes.sends_no_roster(f"{UNMUTE_BOT}.")
    ),
    Deviation(
        f"{UNMUTE_BOT}.group-calls-only",
        "It is carried out in a peer-to-peer call.",
        around("participants", "require_group_call", changes.not_for(UNMUTE_BOT)),
    ),
    Deviation(
        f"{UNMUTE_BOT}.client-context-is-echoed",
        "clientContext is forgotten.",
        body(UNMUTE_BOT, changes.forgets_the_context),
    ),
    Deviation(
        f"{UNMUTE_BOT}.client-context-at-most-256",
        "257 characters are taken.",
        leaves_unjudged(f"{UNMUTE_BOT}.client-context-at-most-256"),
    ),
    Deviation(f"{UNMUTE_BOT}.token-is-required", OPEN, needs_no_token(UNMUTE_BOT)),
    Deviation(f"{UNMUTE_BOT}.app-path-still-works", LOST, has_no_old_address(UNMUTE_BOT)),
    # Mute all
    Deviation(f"{MUTE_ALL}.success-is-200-with-operation", "The answer has status 202.", status(MUTE_ALL, 202)),
    Deviation(
        f"{MUTE_ALL}.named-participants-are-muted",
        "The first one alone is muted.",
        around("calls", "change_participants", changes.changes_only_the_first),
    ),
    Deviation(f"{MUTE_ALL}.role-is-required", "A token without roles mutes people.", needs_no_role(MUTE_ALL)),
    Deviation(f"{MUTE_ALL}.token-is-required", OPEN, needs_no_token(MUTE_ALL)),
    Deviation(f"{MUTE_ALL}.app-path-still-works", LOST, has_no_old_address(MUTE_ALL)),
    # Mixer
    Deviation(f"{MIX}.success-is-202-with-operation", "The answer has status 200.", status(MIX, 200)),
    Deviation(f"{MIX}.location-names-the-operation", "There is no Location header.", without_location(MIX)),
    Deviation(
        f"{MIX}.completion-is-notified",
        "The end is not notified.",
        changes.operations_end_untold("commsOperation", OperationState.COMPLETED),
    ),
    Deviation(f"{MIX}.routes-stay-as-they-are", "The groups lose their sources.", changes.mixes_routes),
    # Audio routing groups
    Deviation(f"{ROUTE}.success-is-200-with-group", "The answer has status 201.", status(ROUTE, 201)),
    Deviation(
        f"{ROUTE}.group-is-as-asked",
        "The group in the answer has no receivers.",
        body(ROUTE, lambda group: {**group, "receivers": []}),
    ),
    Deviation(f"{ROUTE}.at-most-one-source", "Two sources are taken.", leaves_unjudged(f"{ROUTE}.at-most-one-source")),
    Deviation(
        f"{ROUTE}.multicast-takes-several-receivers",
        "Two receivers of a multicast group are refused.",
        handled(
            ROUTE,
            changes.refuses_when(lambda asked: asked["routingMode"] == "multicast" and len(asked["receivers"]) > 1),
        ),
    ),
    Deviation(f"{ROUTES}.success-is-200-with-collection", "The answer has status 201.", status(ROUTES, 201)),
    Deviation(
        f"{ROUTES}.made-groups-are-listed", "The list is empty.", body(ROUTES, lambda found: {**found, "value": []})
    ),
    Deviation(f"{READ_ROUTE}.success-is-200-with-group", "The answer has status 201.", status(READ_ROUTE, 201)),
    Deviation(f"{READ_ROUTE}.id-is-the-one-asked-for", "It is a different group.", body(READ_ROUTE, changes.another)),
    Deviation(f"{CHANGE_ROUTE}.success-is-200-with-group", "The answer has status 201.", status(CHANGE_ROUTE, 201)),
    Deviation(
        f"{CHANGE_ROUTE}.group-is-as-asked",
        "A oneToOne group is answered as multicast.",
        body(CHANGE_ROUTE, lambda group: {**group, "routingMode": "multicast"}),
    ),
    Deviation(
        f"{CHANGE_ROUTE}.other-members-stay",
        "The group in the answer has no sources.",
        body(CHANGE_ROUTE, lambda group: {**group, "sources": []}),
    ),
    Deviation(
        f"{CHANGE_ROUTE}.receivers-can-be-changed",
        "Two receivers are refused.",
        handled(CHANGE_ROUTE, changes.refuses_when(lambda asked: len(asked.get("receivers") or ()) > 1)),
    ),
    Deviation(
        f"{CHANGE_ROUTE}.at-most-one-source",
        "Two sources are taken.",
        leaves_unjudged(f"{CHANGE_ROUTE}.at-most-one-source"),
    ),
    Deviation(f"{DROP_ROUTE}.success-is-204-empty", "The answer has status 200.", status(DROP_ROUTE, 200)),
    Deviation(f"{DROP_ROUTE}.group-is-gone", "The group stays.", skips("routing", "take_away")),
    *(
        deviation
        for id in (MIX, ROUTE, ROUTES, READ_ROUTE, CHANGE_ROUTE, DROP_ROUTE)
        for deviation in (
            Deviation(f"{id}.role-is-required", "A token without roles will do.", needs_no_role(id)),
            Deviation(f"{id}.token-is-required", OPEN, needs_no_token(id)),
            Deviation(f"{id}.app-path-still-works", LOST, has_no_old_address(id)),
        )
    ),
    # Hold music
    Deviation(f"{HOLD}.success-is-202-with-operation", "The answer has status 200.", status(HOLD, 200)),
    Deviation(
        f"{HOLD}.answers-before-it-is-done",
        "The answer says failed.",
        body(HOLD, lambda operation: {**operation, "status": "failed"}),
    ),
    Deviation(
        f"{HOLD}.completion-is-notified",
        "The end is not notified.",
        changes.operations_end_untold("startHoldMusicOperation", OperationState.COMPLETED),
    ),
    Deviation(f"{HOLD}.roster-update-follows", "The roster is not sent.", changes.sends_no_roster("s7.2")),
    Deviation(
        f"{HOLD}.one-on-hold-at-a-time", "A second one is put on hold.", skips("routing", "require_none_on_hold")
    ),
    Deviation(f"{HOLD}.body-is-optional", "A body is asked for.", handled(HOLD, changes.asks_for_a_body)),
    Deviation(
        f"{HOLD}.client-context-is-echoed", "clientContext is forgotten.", body(HOLD, changes.forgets_the_context)
    ),
    Deviation(
        f"{HOLD}.client-context-at-most-256",
        "A clientContext of any length is taken.",
        leaves_unjudged(f"{HOLD}.client-context-at-most-256"),
    ),
    Deviation(f"{HOLD}.token-is-required", OPEN, needs_no_token(HOLD)),
    Deviation(f"{RESUME}.success-is-202-with-operation", "The answer has status 200.", status(RESUME, 200)),
    Deviation(
        f"{RESUME}.answers-before-it-is-done",
        "The answer says failed.",
        body(RESUME, lambda operation: {**operation, "status": "failed"}),
    ),
    Deviation(
        f"{RESUME}.completion-is-notified",
        "The end is not notified.",
        changes.operations_end_untold("stopHoldMusicOperation", OperationState.COMPLETED),
    ),
    Deviation(f"{RESUME}.body-is-optional", "A body is asked for.", handled(RESUME, changes.asks_for_a_body)),
    Deviation(
        f"{RESUME}.client-context-is-echoed", "clientContext is forgotten.", body(RESUME, changes.forgets_the_context)
    ),
    Deviation(
        f"{RESUME}.client-context-at-most-256",
        "A clientContext of any length is taken.",
        leaves_unjudged(f"{RESUME}.client-context-at-most-256"),
    ),
    Deviation(f"{RESUME}.token-is-required", OPEN, needs_no_token(RESUME)),
    # Cancel
    Deviation(f"{CANCEL}.success-is-200-with-operation", "The answer has status 202.", status(CANCEL, 202)),
    Deviation(f"{CANCEL}.is-done-with-the-answer", "The answer says running.", body(CANCEL, changes.goes_on)),
    Deviation(
        f"{CANCEL}.no-end-is-notified",
        "The operation that was answered as completed is notified of.",
        around("operations", "reply", changes.ends_once_more(CANCEL)),
    ),
    Deviation(f"{CANCEL}.location-is-given", "There is no Location header.", without_location(CANCEL)),
    Deviation(
        f"{CANCEL}.running-and-queued-are-cancelled",
        "A prompt is always read as running.",
        body("commsoperation-get", changes.prompts_go_on),
    ),
    Deviation(
        f"{CANCEL}.cancelled-operations-fail",
        "The end of a prompt that was cancelled is not told.",
        changes.operations_end_untold("playPromptOperation", OperationState.FAILED),
    ),
    Deviation(
        f"{CANCEL}.subscription-goes-on",
        "No key is told after it.",
        around("operations", "cancel", changes.forgets_the_subscription),
    ),
    Deviation(
        f"{CANCEL}.cancelled-recording-is-empty",
        "A cancelled recording has an address.",
        around("notifier", "operation_ended", changes.leads_to_a_cancelled_recording),
    ),
    Deviation(f"{CANCEL}.token-is-required", OPEN, needs_no_token(CANCEL)),
    Deviation(f"{CANCEL}.app-path-still-works", LOST, has_no_old_address(CANCEL)),
    # Tones
    Deviation(f"{TONES}.success-is-200-with-operation", "The answer has status 202.", status(TONES, 202)),
    Deviation(
        f"{TONES}.answers-before-it-is-done",
        "The answer says completed at once.",
        body(TONES, lambda operation: {**operation, "status": "completed"}),
    ),
    Deviation(
        f"{TONES}.end-is-notified-as-completed",
        "The end of sending is not told.",
        changes.operations_end_untold("sendDtmfTonesOperation", OperationState.COMPLETED),
    ),
    Deviation(f"{TONES}.tones-are-names", "Any word is a tone.", changes.takes_any_tone(TONES)),
    Deviation(
        f"{TONES}.client-context-is-echoed", "clientContext is forgotten.", body(TONES, changes.forgets_the_context)
    ),
    Deviation(
        f"{TONES}.client-context-at-most-256",
        "257 characters are taken.",
        leaves_unjudged(f"{TONES}.client-context-at-most-256"),
    ),
    Deviation(f"{TONES}.token-is-required", OPEN, needs_no_token(TONES)),
    Deviation(f"{TONES}.app-path-still-works", LOST, has_no_old_address(TONES)),
    # Meetings
    Deviation(
        f"{FIND}.success-is-200-with-collection", "The meeting comes without a list.", body(FIND, changes.as_one)
    ),
    Deviation(
        f"{FIND}.join-url-finds-one-meeting",
        "A join address finds all meetings of the user.",
        around("meetings", "listed", changes.lists_all("joinWebUrl")),
    ),
    Deviation(
        f"{FIND}.join-meeting-id-finds-one-meeting",
        "A number finds all meetings of the user.",
        around("meetings", "listed", changes.lists_all("joinMeetingId")),
    ),
    Deviation(f"{FIND}.filter-is-required", "Without a filter all are listed.", changes.lists_without_a_filter),
    Deviation(f"{FIND}.organizer-finds-it", "An attendee finds the meeting.", skips_in(FIND, "require_organizer")),
    Deviation(
        f"{GET}.success-is-200-with-meeting",
        "The meeting comes in a list.",
        body(GET, lambda meeting: {"value": [meeting]}),
    ),
    Deviation(
        f"{GET}.attendee-may-read",
        "Only the organizer reads the meeting.",
        around("meetings", "require_invited", lambda simulator, _, *who: simulator.meetings.require_organizer(*who)),
    ),
    Deviation(f"{MAKE}.success-is-201-with-meeting", "The answer has status 200.", status(MAKE, 200)),
    Deviation(f"{MAKE}.says-how-to-join", "The answer has no join address.", body(MAKE, changes.without("joinWebUrl"))),
    Deviation(
        f"{MAKE}.user-is-organizer", "The answer names no organizer.", body(MAKE, changes.without("participants"))
    ),
    Deviation(
        f"{MAKE}.passcode-is-generated", "There is never a passcode.", instead("meetings", "passcode", lambda: None)
    ),
    Deviation(f"{DROP}.success-is-204-empty", "The answer has status 202.", status(DROP, 202)),
    Deviation(f"{DROP}.meeting-is-gone", "A deleted meeting stays.", skips("store", "drop_meeting")),
    *(Deviation(f"{one}.token-is-required", OPEN, needs_no_token(one)) for one in (FIND, GET, MAKE, DROP)),
    *(
        Deviation(f"{one}.role-is-required", "A token without roles will do.", needs_no_role(one))
        for one in (FIND, GET, MAKE, DROP)
    ),
    *(
        Deviation(f"{one}.policy-is-required", "An app without a policy will do.", skips_in(one, "require_policy"))
        for one in (FIND, GET, MAKE, DROP)
    ),
    # Listen for tones
    Deviation(f"{LISTEN}.success-is-200-with-operation", "The answer has status 202.", status(LISTEN, 202)),
    Deviation(f"{LISTEN}.is-done-with-the-answer", "The answer says running.", body(LISTEN, changes.goes_on)),
    Deviation(
        f"{LISTEN}.no-end-is-notified",
        "The operation that was answered as completed is notified of.",
        around("operations", "reply", changes.ends_once_more(LISTEN)),
    ),
    Deviation(
        f"{LISTEN}.tones-are-notified",
        "Every key has the same number.",
        around("notifier", "tone_pressed", lambda _, tell, call, tone, number: tell(call, tone, min(number, 1))),
    ),
    Deviation(
        f"{LISTEN}.service-hosted-media-only",
        "It is carried out with app-hosted media.",
        around("media", "require_service_hosted_media", changes.not_for(LISTEN)),
    ),
    Deviation(
        f"{LISTEN}.client-context-is-echoed", "clientContext is forgotten.", body(LISTEN, changes.forgets_the_context)
    ),
    Deviation(
        f"{LISTEN}.client-context-at-most-256",
        "257 characters are taken.",
        leaves_unjudged(f"{LISTEN}.client-context-at-most-256"),
    ),
    Deviation(f"{LISTEN}.token-is-required", OPEN, needs_no_token(LISTEN)),
    Deviation(f"{LISTEN}.app-path-still-works", LOST, has_no_old_address(LISTEN)),
    # Record
    Deviation(f"{RECORD}.success-is-200-with-operation", "The answer has status 202.", status(RECORD, 202)),
    Deviation(
        f"{RECORD}.answers-before-it-is-done",
        "The answer says completed at once.",
        body(RECORD, lambda operation: {**operation, "status": "completed"}),
    ),
    Deviation(f"{RECORD}.location-is-given", "There is no Location header.", without_location(RECORD)),
    Deviation(
        f"{RECORD}.end-leads-to-the-recording",
        "The end has no address.",
        instead("media", "members_of", lambda _: {}),
    ),
    Deviation(
        f"{RECORD}.file-opens-with-its-token",
        "The file has another type.",
        around("media", "read_recording", changes.has_another_type),
    ),
    Deviation(f"{RECORD}.file-is-gone-after-the-call", "It is kept.", instead("media", "is_gone", lambda _: False)),
    Deviation(
        f"{RECORD}.longest-time-ends-it",
        "It lasts twice as long.",
        around("media", "plan", changes.records(lambda plan: {"longest": 2 * plan.longest})),
    ),
    Deviation(
        f"{RECORD}.pause-ends-it",
        "A pause is passed over.",
        around("media", "plan", changes.records(lambda plan: {"pause": 100 * plan.pause})),
    ),
    Deviation(
        f"{RECORD}.stop-tone-ends-it",
        "Stop tones are passed over.",
        around("media", "plan", changes.records(lambda _: {"stop": frozenset()})),
    ),
    Deviation(
        f"{RECORD}.silence-counts-after-the-prompt",
        "The silence clock begins with the prompt.",
        instead("media", "lead", lambda *_: 0.0),
    ),
    Deviation(
        f"{RECORD}.waits-for-its-turn",
        "It is recorded while a prompt is played.",
        around("operations", "_first_in_queue", changes.records_at_once),
    ),
    Deviation(f"{RECORD}.barge-in-ends-what-runs", "It waits all the same.", skips("media", "barge_in")),
    Deviation(
        f"{RECORD}.service-hosted-media-only",
        "It is carried out with app-hosted media.",
        around("media", "require_service_hosted_media", changes.not_for(RECORD)),
    ),
    Deviation(
        f"{RECORD}.at-most-one-prompt", "Two prompts are played.", leaves_unjudged(f"{RECORD}.at-most-one-prompt")
    ),
    Deviation(
        f"{RECORD}.recordings-up-to-two-minutes",
        "Two minutes are refused.",
        around("media", "plan", changes.refuses_two_minutes),
    ),
    Deviation(
        f"{RECORD}.times-from-1-to-120",
        "Any time is taken.",
        leaves_unjudged(f"{RECORD}.times-from-1-to-120"),
    ),
    Deviation(
        f"{RECORD}.stop-tones-are-keys",
        "Names of tones are taken.",
        both(
            leaves_unjudged(f"{RECORD}.stop-tones-are-keys"),
            around("media", "plan", changes.passes_over_names),
        ),
    ),
    Deviation(
        f"{RECORD}.client-context-is-echoed", "clientContext is forgotten.", body(RECORD, changes.forgets_the_context)
    ),
    Deviation(
        f"{RECORD}.client-context-at-most-256",
        "257 characters are taken.",
        leaves_unjudged(f"{RECORD}.client-context-at-most-256"),
    ),
    Deviation(f"{RECORD}.token-is-required", OPEN, needs_no_token(RECORD)),
    Deviation(f"{RECORD}.app-path-still-works", LOST, has_no_old_address(RECORD)),
    # Say whether it is recorded
    Deviation(f"{STATUS}.success-is-200-with-operation", "The answer has status 202.", status(STATUS, 202)),
    Deviation(f"{STATUS}.is-done-with-the-answer", "The answer says running.", body(STATUS, changes.goes_on)),
    Deviation(
        f"{STATUS}.no-end-is-notified",
        "The operation that was answered as completed is notified of.",
        around("operations", "reply", changes.ends_once_more(STATUS)),
    ),
    Deviation(f"{STATUS}.location-is-given", "There is no Location header.", without_location(STATUS)),
    Deviation(f"{STATUS}.recording-policy-only", "Any bot may say it.", skips("media", "require_recording_policy")),
    Deviation(
        f"{STATUS}.status-is-named",
        "None is taken for recording.",
        both(
            leaves_unjudged(f"{STATUS}.status-is-named"),
            around("admission", "body", changes.has_a_status(STATUS)),
        ),
    ),
    Deviation(
        f"{STATUS}.client-context-is-echoed", "clientContext is forgotten.", body(STATUS, changes.forgets_the_context)
    ),
    Deviation(
        f"{STATUS}.client-context-at-most-256",
        "257 characters are taken.",
        leaves_unjudged(f"{STATUS}.client-context-at-most-256"),
    ),
    Deviation(f"{STATUS}.token-is-required", OPEN, needs_no_token(STATUS)),
    Deviation(f"{STATUS}.app-path-still-works", LOST, has_no_old_address(STATUS)),
    # Recording and transcription for all
    *(
        deviation
        for one in (*STARTS, *STOPS)
        for deviation in (
            Deviation(f"{one}.success-is-202-with-operation", "The answer has status 200.", status(one, 200)),
            Deviation(
                f"{one}.address-of-the-page-works",
                "The address with the namespace is unknown.",
                has_no_address(one, "microsoft.graph."),
            ),
            Deviation(f"{one}.token-is-required", OPEN, needs_no_token(one)),
        )
    ),
    *(
        Deviation(
            f"{one}.answers-before-it-is-done",
            "The answer says completed at once.",
            body(one, lambda operation: {**operation, "status": "completed"}),
        )
        for one in STARTS
    ),
    *(
        deviation
        for one in STOPS
        for deviation in (
            Deviation(f"{one}.is-done-with-the-answer", "The answer says running.", body(one, changes.goes_on)),
            Deviation(
                f"{one}.no-end-is-notified",
                "The operation that was answered as completed is notified of.",
                around("operations", "reply", changes.ends_once_more(one)),
            ),
        )
    ),
    *(
        Deviation(
            f"{one}.language-is-en-us",
            "The language en-us is refused.",
            handled(one, changes.refuses_when(lambda body: body.get("language") == "en-us")),
        )
        for one in TRANSCRIBE
    ),
    # Report synthetic media
    Deviation(f"{REPORT}.success-is-200-empty", "The answer has a body.", with_body(REPORT)),
    Deviation(
        f"{REPORT}.participant-shows-the-report",
        "The participant is read without the report.",
        body("participant-get", changes.without("syntheticMediaDetection")),
    ),
    Deviation(f"{REPORT}.roster-update-follows", "No roster is sent after it.", changes.sends_no_roster(f"{REPORT}.")),
    Deviation(
        f"{REPORT}.latest-report-is-shown",
        "The first report stays.",
        around("notifier", "roster_changed", changes.keeps_the_first_report),
    ),
    Deviation(
        f"{REPORT}.bot-has-been-admitted",
        "A bot whose call rings may report.",
        skips("participants", "require_admitted"),
    ),
    Deviation(
        f"{REPORT}.six-parameters-are-required",
        "A report without one of them is taken.",
        leaves_unjudged(f"{REPORT}.six-parameters-are-required"),
    ),
    Deviation(
        f"{REPORT}.confidence-from-0-to-1",
        "A confidence of 1 is refused.",
        handled(REPORT, changes.refuses_when(lambda body: body["overallConfidence"] == 1)),
    ),
    Deviation(f"{REPORT}.unknown-is-404", "Unknown participants are answered 400.", refused_with(REPORT, 404, 400)),
    Deviation(f"{REPORT}.role-is-required", "A token without roles will do.", needs_no_role(REPORT)),
    Deviation(f"{REPORT}.token-is-required", OPEN, needs_no_token(REPORT)),
    Deviation(f"{REPORT}.app-path-still-works", LOST, has_no_old_address(REPORT)),
)

DEVIATIONS = {deviation.rule: deviation for deviation in TABLE}
"""By rule."""
