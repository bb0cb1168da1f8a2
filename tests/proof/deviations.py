"""For every rule one way to break it, and it alone.

A deviation is applied from outside, to a fresh simulator, by replacing one of its steps. The simulator does
not know it. ``test_rules_are_proven.py`` runs the packaged suite on the simulator that deviates and sees
that the tests of exactly this rule fail. The kinds of step are in ``steps.py``, what takes their place in
``changes.py``.

A rule that several operations have under the same slug is broken in each of them in the same way, which stands in
``KINDS``; a new operation gets the proofs of these rules without a row. Other rules, and other ways to break one, have
a row of its own in ``OWN``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pytest_graphcalls.contract import Contract, Rule
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
    lasts,
    needs_no_role,
    needs_no_token,
    not_judged,
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

CONTRACT = Contract.packaged()


class Deviation(NamedTuple):
    """One way to break one rule.

    Attributes:
        says: what the simulator then does.
        apply: makes it do so.
    """

    says: str
    apply: Apply


def _completes_unnotified(operation: str) -> Apply:
    """The end of what ``operation`` starts is not notified when it was completed."""
    started = CONTRACT.operation(operation).long_running
    return changes.ends_unnotified(started.type if started else "", OperationState.COMPLETED)


KINDS: Mapping[str, tuple[str, Callable[[str], Apply]]] = {
    "token-is-required": ("A request without a token is carried out.", needs_no_token),
    "role-is-required": ("A token without roles will do.", needs_no_role),
    "policy-is-required": ("An app without a policy will do.", lambda one: skips_in(one, "require_policy")),
    "app-path-still-works": ("The address below /app is answered as unknown.", has_no_old_address),
    "address-of-the-page-works": (
        "The address with the namespace is unknown.",
        lambda one: has_no_address(one, "microsoft.graph."),
    ),
    "no-body-comes-back": ("The answer has a body.", with_body),
    "request-id-is-given": ("There is no request-id.", lambda one: without_header(one, "request-id")),
    "context-is-given": ("There is no @odata.context.", lambda one: body(one, changes.without_context)),
    "id-is-the-one-asked-for": ("Another id is shown.", lambda one: body(one, changes.another)),
    "location-is-given": ("There is no Location header.", without_location),
    "location-names-the-call": ("There is no Location header.", without_location),
    "location-names-the-operation": ("There is no Location header.", without_location),
    "client-context-is-echoed": ("clientContext is forgotten.", lambda one: body(one, changes.forgets_the_context)),
    "is-done-with-the-answer": ("The answer says running.", lambda one: body(one, changes.goes_on)),
    "answers-before-it-is-done": ("The answer says failed.", lambda one: body(one, changes.has_failed)),
    "no-end-is-notified": (
        "The end of an operation that was answered as completed is notified.",
        lambda one: around("operations", "reply", changes.ends_once_more(one)),
    ),
    "completion-is-notified": ("The end of what was completed is not notified.", _completes_unnotified),
    "end-is-notified-as-completed": ("The end of what was completed is not notified.", _completes_unnotified),
    "roster-update-follows": ("The roster is not sent.", lambda one: changes.sends_no_roster(f"{one}.")),
    "group-calls-only": (
        "It is carried out in a peer-to-peer call.",
        lambda one: around("participants", "require_group_call", changes.not_for(one)),
    ),
    "service-hosted-media-only": (
        "It is carried out with app-hosted media.",
        lambda one: around("media", "require_service_hosted_media", changes.not_for(one)),
    ),
    "body-is-optional": ("A request without a body is refused.", lambda one: handled(one, changes.asks_for_a_body)),
    "language-is-en-us": (
        "The language en-us is refused.",
        lambda one: handled(one, changes.refuses_when(lambda asked: asked.get("language") == "en-us")),
    ),
    "callback-uri-is-https": ("An http callback is used.", changes.uses_any_callback),
    "answered-call-goes-on": (
        "A call that was answered is ended.",
        lambda one: only_in(one, around("incoming", "require_incoming", changes.rejection_ends_answered)),
    ),
}
"""By slug of a rule: what the simulator then does, and what makes it do so in an operation."""

OWN: Mapping[str, Deviation] = {
    "application-post-calls.starts-establishing": Deviation(
        "The new call is called established.",
        body("application-post-calls", lambda call: {**call, "state": "established"}),
    ),
    "application-post-calls.callback-uri-is-echoed": Deviation(
        "The answer has another callback.",
        body("application-post-calls", lambda call: {**call, "callbackUri": "https://bot.example.org/other"}),
    ),
    "application-post-calls.targets-are-those-called": Deviation(
        "The answer has no targets.", body("application-post-calls", lambda call: {**call, "targets": []})
    ),
    "application-post-calls.callback-uri-is-https": Deviation(
        "A call with an http callback is created.", not_judged("application-post-calls.callback-uri-is-https")
    ),
    "application-post-calls.role-is-required": Deviation(
        "A token without roles starts a call.", skips("creation", "require_role")
    ),
    "application-post-calls.callback-uri-takes-notifications": Deviation(
        "The callback of a call that the bot makes is not used.", changes.posts_to_the_registered_address("outgoing")
    ),
    "application-post-calls.state-changes-are-notified": Deviation(
        "The states of a call that the bot makes are not notified.", changes.states_unnotified("outgoing")
    ),
    "application-post-calls.peer-to-peer-has-no-roster": Deviation(
        "The roster of every call is posted.", changes.posts_every_roster
    ),
    "application-post-calls.roster-follows-joining": Deviation(
        "The first roster of a call is not posted.", changes.posts_rosters(first=False, later=True)
    ),
    "application-post-calls.lobby-shows-the-bot-alone": Deviation(
        "A bot in the lobby sees all participants.",
        instead("participants", "listed", lambda _, conference: conference.roster),
    ),
    "call-answer.state-changes-are-notified": Deviation(
        "The states of a call that the bot answers are not notified.", changes.states_unnotified("incoming")
    ),
    "call-answer.callback-uri-takes-later-notifications": Deviation(
        "The callback of an answer is not used.", changes.posts_to_the_registered_address("incoming")
    ),
    "call-delete.deleted-notification-follows": Deviation(
        "The end of a call that the bot hangs up is not notified.",
        around("notifier", "call_ended", changes.hang_up_unnotified),
    ),
    "call-delete.call-is-over-afterwards": Deviation(
        "A call that was hung up is read as before.",
        only_in("call-get", lambda simulator: simulator.intercept(changes.ReadAfterTheEnd())),
    ),
    "call-delete.only-own-leg-ends": Deviation("A hang-up ends the legs of all bots.", changes.hangs_up_for_all),
    "call-keepalive.ended-call-is-404": Deviation(
        "A call that has ended is answered 200.", handled("call-keepalive", changes.alive_for_ever)
    ),
    "call-keepalive.missed-for-45-minutes-ends-the-call": Deviation(
        "A call lives for an hour without keepAlive.", lasts("calls", "keepalive_seconds", 3600.0, until="lapse")
    ),
    "participant-get.not-in-peer-to-peer": Deviation(
        "The participants of a peer-to-peer call can be read.",
        around("participants", "shown", changes.shows_both_sides),
    ),
    "commsoperation-get.shows-what-was-started": Deviation(
        "An invite is shown as a prompt.", body("commsoperation-get", changes.as_prompt)
    ),
    "participant-invite.failure-is-notified": Deviation(
        "The end of an operation that failed is not notified.",
        changes.ends_unnotified("inviteParticipantsOperation", OperationState.FAILED),
    ),
    "participant-invite.roster-update-follows": Deviation(
        "The roster is never sent again.", changes.posts_rosters(first=True, later=False)
    ),
    "participant-invite.several-only-in-group-calls": Deviation(
        "Two people are brought into a peer-to-peer call.",
        both(
            skips("invitations", "require_group_call_for_several"),
            around("invitations", "require_chat_info_for_several", changes.chat_info_in_groups_only),
        ),
    ),
    "participant-invite.at-most-five-invitees": Deviation(
        "Six people are brought in.", skips("invitations", "limit_invitees")
    ),
    "participant-invite.several-need-chat-info": Deviation(
        "Two people are brought into a group call without chatInfo.",
        skips("invitations", "require_chat_info_for_several"),
    ),
    "participant-invite.replaces-uses-first-only": Deviation(
        "The second entry is invited as well.", changes.all_replace(Kind.PEER)
    ),
    "participant-invite.replaced-call-is-dropped": Deviation(
        "The replaced call goes on.", skips("invitations", "drop_replaced_call")
    ),
    "participant-invite.replaced-call-end-is-notified": Deviation(
        "The end of the replaced call is not notified.", skips("invitations", "notify_replaced_end")
    ),
    "participant-invite.phone-invitee-in-e164": Deviation(
        "The number comes back as that of a user.", body("participant-invite", changes.invitees(changes.as_user))
    ),
    "participant-invite.phone-needs-application-instance": Deviation(
        "A bot without instance brings a phone in.", skips("invitations", "require_phone_instance")
    ),
    "participant-invite.moves-between-own-meetings": Deviation(
        "A moved participant is in both meetings.", skips("invitations", "move_out")
    ),
    "participant-invite.moves-first-only": Deviation(
        "The second entry is moved as well.", changes.all_replace(Kind.GROUP)
    ),
    "participant-invite.no-more-than-one-bot": Deviation(
        "Two bots are brought in.", skips("invitations", "refuse_second_bot")
    ),
    "participant-invite.client-context-at-most-256": Deviation(
        "257 characters are taken.", skips("invitations", "limit_client_context")
    ),
    "participant-invite.identity-is-invited-once": Deviation(
        "A user is in the roster twice.", skips("invitations", "refuse_repeated_identity")
    ),
    "participant-invite.participant-id-is-echoed": Deviation(
        "participantId comes back null.",
        body("participant-invite", changes.invitees(lambda one: {**one, "participantId": None})),
    ),
    "participant-invite.participants-are-those-invited": Deviation(
        "Of several people the first one is named in the answer.",
        body("participant-invite", lambda operation: {**operation, "participants": operation["participants"][:1]}),
    ),
    "participant-invite.invitee-has-identity": Deviation(
        "An entry without identity is taken.", skips("invitations", "require_identity")
    ),
    "participant-delete.request-has-no-body": Deviation(
        "A DELETE without body is refused.", handled("participant-delete", changes.asks_for_a_body)
    ),
    "participant-delete.active-and-invited": Deviation(
        "An invitee who has not joined cannot be removed.", instead("invitations", "cancel", changes.refuses_invited)
    ),
    "participant-delete.active-leaves-at-once": Deviation(
        "A removed participant is taken out five seconds later.",
        around("participants", "remove_active", changes.removes_later),
    ),
    "participant-delete.invited-is-cancelled": Deviation(
        "The invitation that was withdrawn goes on.", skips("invitations", "cancel")
    ),
    "participant-delete.chosen-id-addresses-the-invitation": Deviation(
        "The chosen id is not known before the invitee joins.",
        around("participants", "find", changes.finds_joined_only),
    ),
    "participant-delete.app-must-be-allow-listed": Deviation(
        "An app that is not listed removes people.", skips("participants", "require_allow_listing")
    ),
    "call-reject.both-kinds-can-be-rejected": Deviation(
        "A group invitation cannot be rejected.",
        only_in("call-reject", around("incoming", "require_incoming", changes.refuses_group_invitations)),
    ),
    "call-reject.group-invitation-carries-chat-info": Deviation(
        "The notification has no chatInfo.", around("notifier", "_incoming", changes.hides_the_chat)
    ),
    "call-reject.fifteen-seconds-to-decide": Deviation(
        "The call rings for a minute.", lasts("incoming", "seconds", 60.0, until="expire")
    ),
    "call-reject.reasons-are-none-busy-forbidden": Deviation(
        "forbidden is refused.", around("incoming", "read_reason", changes.knows_two_reasons)
    ),
    "call-reject.callback-uri-takes-later-notifications": Deviation(
        "The callback of a rejection is not used.", changes.posts_to_the_registered_address("incoming", rejected=True)
    ),
    "call-reject.call-is-gone-afterwards": Deviation(
        "A rejected call can still be read.", changes.shows_ended(lambda call: call.rejected_with is not None)
    ),
    "call-reject.deleted-notification-follows": Deviation(
        "The end of a rejected call is not notified.", skips("notifier", "call_rejected")
    ),
    "call-reject.no-role-is-needed": Deviation("A token without roles is refused.", changes.needs_a_role),
    "call-redirect.fifteen-seconds-to-decide": Deviation(
        "The call rings for ten seconds.", only_in("call-redirect", set_to("incoming", "seconds", 10.0))
    ),
    "call-redirect.at-most-25-targets": Deviation(
        "25 targets are refused.",
        handled("call-redirect", changes.refuses_when(lambda body: len(body["targets"]) > 24)),
    ),
    "call-redirect.timeout-is-15-to-90-seconds": Deviation(
        "A timeout of 90 seconds is refused.",
        handled("call-redirect", changes.refuses_when(lambda body: body.get("timeout") == 90)),
    ),
    "call-redirect.end-is-notified": Deviation(
        "The notification of the end has no state.",
        around("notifier", "call_redirected", lambda simulator, _, call: simulator.notifier.call_rejected(call)),
    ),
    "call-transfer.transferred-call-ends": Deviation(
        "The end is notified, and the call goes on.",
        both(
            around("transfers", "end_transferred", changes.notifies_an_end_that_is_none), skips("transfers", "_leave")
        ),
    ),
    "call-transfer.end-is-notified": Deviation(
        "The end is not notified.", around("notifier", "call_transferred", changes.notifies_no_end)
    ),
    "call-transfer.states-are-notified": Deviation("The end alone is notified.", skips("transfers", "notify_progress")),
    "call-transfer.consultative-with-replaces-call-id": Deviation(
        "A consultative transfer is refused.",
        handled("call-transfer", changes.refuses_when(lambda body: "replacesCallId" in body["transferTarget"])),
    ),
    "call-transfer.failed-transfer-goes-on": Deviation(
        "A call whose transfer has failed is over.", around("transfers", "notify_failure", changes.ends_after_a_failure)
    ),
    "call-transfer.failure-is-notified": Deviation("A failure is not notified.", skips("transfers", "notify_failure")),
    "call-transfer.group-call-names-the-transferee": Deviation(
        "Without transferee the first person is transferred.",
        around("transfers", "transferee", changes.transfers_the_first),
    ),
    "call-transfer.phone-needs-application-instance": Deviation(
        "Any bot may transfer to a phone.", skips("transfers", "require_phone_instance")
    ),
    "call-changescreensharingrole.app-hosted-media-only": Deviation(
        "A bot with service-hosted media shares.",
        both(skips("sharing", "require_app_hosted_media"), skips("sharing", "require_screen")),
    ),
    "call-changescreensharingrole.roles-are-viewer-and-sharer": Deviation(
        "A viewer is refused.",
        handled("call-changescreensharingrole", changes.refuses_when(lambda body: body.get("role") == "viewer")),
    ),
    "application-post-calls.content-sharing-is-notified": Deviation(
        "Sharing is not notified in a call that the bot has made.", changes.sharing_unnotified("outgoing")
    ),
    "call-answer.content-sharing-is-notified": Deviation(
        "Sharing is not notified in a call that the bot has answered.", changes.sharing_unnotified("incoming")
    ),
    "participant-mute.muted-participant-is-shown": Deviation(
        "A participant is never read as muted.", body("participant-get", lambda one: {**one, "isMuted": False})
    ),
    "call-playprompt.prompts-run-in-order": Deviation(
        "Prompts are played side by side.", around("operations", "_first_in_queue", changes.plays_at_once)
    ),
    "call-playprompt.endless-loop-has-no-end": Deviation(
        "A loop is played once.", instead("media", "loops", lambda *_: False)
    ),
    "call-mute.muted-bot-is-shown": Deviation(
        "The list shows bots as not muted.", body("call-list-participants", changes.bots_muted(muted=False))
    ),
    "call-unmute.unmuted-bot-is-shown": Deviation(
        "The list shows bots as muted.", body("call-list-participants", changes.bots_muted(muted=True))
    ),
    "participant-muteall.named-participants-are-muted": Deviation(
        "The first one alone is muted.", around("calls", "change_participants", changes.changes_only_the_first)
    ),
    "participant-configuremixer.routes-stay-as-they-are": Deviation(
        "The groups lose their sources.", changes.mixes_routes
    ),
    "call-post-audioroutinggroups.group-is-as-asked": Deviation(
        "The group in the answer has no receivers.",
        body("call-post-audioroutinggroups", lambda group: {**group, "receivers": []}),
    ),
    "call-post-audioroutinggroups.multicast-takes-several-receivers": Deviation(
        "Two receivers of a multicast group are refused.",
        handled(
            "call-post-audioroutinggroups",
            changes.refuses_when(lambda asked: asked["routingMode"] == "multicast" and len(asked["receivers"]) > 1),
        ),
    ),
    "call-list-audioroutinggroups.made-groups-are-listed": Deviation(
        "The list is empty.", body("call-list-audioroutinggroups", lambda found: {**found, "value": []})
    ),
    "audioroutinggroup-update.group-is-as-asked": Deviation(
        "A oneToOne group is answered as multicast.",
        body("audioroutinggroup-update", lambda group: {**group, "routingMode": "multicast"}),
    ),
    "audioroutinggroup-update.other-members-stay": Deviation(
        "The group in the answer has no sources.",
        body("audioroutinggroup-update", lambda group: {**group, "sources": []}),
    ),
    "audioroutinggroup-update.receivers-can-be-changed": Deviation(
        "Two receivers are refused.",
        handled("audioroutinggroup-update", changes.refuses_when(lambda asked: len(asked.get("receivers") or ()) > 1)),
    ),
    "audioroutinggroup-delete.group-is-gone": Deviation("The group is kept.", skips("routing", "take_away")),
    "participant-startholdmusic.roster-update-follows": Deviation(
        "The roster is not sent.", changes.sends_no_roster("s7.2")
    ),
    "participant-startholdmusic.one-on-hold-at-a-time": Deviation(
        "A second participant is put on hold.", skips("routing", "require_none_on_hold")
    ),
    "call-cancelmediaprocessing.running-and-queued-are-cancelled": Deviation(
        "A prompt is always read as running.", body("commsoperation-get", changes.prompts_go_on)
    ),
    "call-cancelmediaprocessing.cancelled-operations-fail": Deviation(
        "The end of a prompt that was cancelled is not notified.",
        changes.ends_unnotified("playPromptOperation", OperationState.FAILED),
    ),
    "call-cancelmediaprocessing.subscription-goes-on": Deviation(
        "No key is notified after it.", around("operations", "cancel", changes.forgets_the_subscription)
    ),
    "call-cancelmediaprocessing.cancelled-recording-is-empty": Deviation(
        "A cancelled recording has an address.",
        around("notifier", "operation_ended", changes.leads_to_a_cancelled_recording),
    ),
    "call-senddtmftones.tones-are-names": Deviation(
        "Any word is a tone.", changes.takes_any_tone("call-senddtmftones")
    ),
    "onlinemeeting-find.join-url-finds-one-meeting": Deviation(
        "A join address finds all meetings of the user.", around("meetings", "listed", changes.lists_all("joinWebUrl"))
    ),
    "onlinemeeting-find.join-meeting-id-finds-one-meeting": Deviation(
        "A number finds all meetings of the user.", around("meetings", "listed", changes.lists_all("joinMeetingId"))
    ),
    "onlinemeeting-find.filter-is-required": Deviation(
        "Without a filter all are listed.", changes.lists_without_a_filter
    ),
    "onlinemeeting-find.organizer-finds-it": Deviation(
        "An attendee finds the meeting.", skips_in("onlinemeeting-find", "require_organizer")
    ),
    "onlinemeeting-get.attendee-may-read": Deviation(
        "Only the organizer reads the meeting.",
        around("meetings", "require_invited", lambda simulator, _, *who: simulator.meetings.require_organizer(*who)),
    ),
    "onlinemeeting-create.says-how-to-join": Deviation(
        "The answer has no join address.", body("onlinemeeting-create", changes.without("joinWebUrl"))
    ),
    "onlinemeeting-create.user-is-organizer": Deviation(
        "The answer names no organizer.", body("onlinemeeting-create", changes.without("participants"))
    ),
    "onlinemeeting-create.passcode-is-generated": Deviation(
        "There is never a passcode.", instead("meetings", "passcode", lambda: None)
    ),
    "onlinemeeting-delete.meeting-is-gone": Deviation("A deleted meeting is kept.", skips("store", "drop_meeting")),
    "call-subscribetotone.tones-are-notified": Deviation(
        "Every key has the same number.",
        around("notifier", "tone_pressed", lambda _, notify, call, tone, number: notify(call, tone, min(number, 1))),
    ),
    "call-record.end-leads-to-the-recording": Deviation(
        "The end has no address.", instead("media", "members_of", lambda _: {})
    ),
    "call-record.file-opens-with-its-token": Deviation(
        "The file has another type.", around("media", "read_recording", changes.has_another_type)
    ),
    "call-record.file-is-gone-after-the-call": Deviation(
        "The file is kept.", instead("media", "is_gone", lambda _: False)
    ),
    "call-record.longest-time-ends-it": Deviation(
        "A recording lasts twice as long.",
        around("media", "plan", changes.records(lambda plan: {"longest": 2 * plan.longest})),
    ),
    "call-record.pause-ends-it": Deviation(
        "A pause is passed over.",
        around("media", "plan", changes.records(lambda plan: {"pause": 100 * plan.pause})),
    ),
    "call-record.stop-tone-ends-it": Deviation(
        "Stop tones are passed over.", around("media", "plan", changes.records(lambda _: {"stop": frozenset()}))
    ),
    "call-record.silence-counts-after-the-prompt": Deviation(
        "The silence clock begins with the prompt.", instead("media", "lead", lambda *_: 0.0)
    ),
    "call-record.waits-for-its-turn": Deviation(
        "A recording begins while a prompt is played.", around("operations", "_first_in_queue", changes.records_at_once)
    ),
    "call-record.barge-in-ends-what-runs": Deviation(
        "A recording with bargeInAllowed waits all the same.", skips("media", "barge_in")
    ),
    "call-record.recordings-up-to-two-minutes": Deviation(
        "Two minutes are refused.", around("media", "plan", changes.refuses_two_minutes)
    ),
    "call-record.stop-tones-are-keys": Deviation(
        "Names of tones are taken.",
        both(not_judged("call-record.stop-tones-are-keys"), around("media", "plan", changes.passes_over_names)),
    ),
    "call-updaterecordingstatus.recording-policy-only": Deviation(
        "Any bot may report a recording status.", skips("media", "require_recording_policy")
    ),
    "call-updaterecordingstatus.status-is-named": Deviation(
        "A missing status counts as recording.",
        both(
            not_judged("call-updaterecordingstatus.status-is-named"),
            around("admission", "body", changes.has_a_status("call-updaterecordingstatus")),
        ),
    ),
    "participant-reportsyntheticmedia.participant-shows-the-report": Deviation(
        "The participant is read without the report.",
        body("participant-get", changes.without("syntheticMediaDetection")),
    ),
    "participant-reportsyntheticmedia.roster-update-follows": Deviation(
        "No roster is sent after it.", changes.sends_no_roster("participant-reportsyntheticmedia.")
    ),
    "participant-reportsyntheticmedia.latest-report-is-shown": Deviation(
        "The first report is kept.", around("notifier", "roster_changed", changes.keeps_the_first_report)
    ),
    "participant-reportsyntheticmedia.bot-has-been-admitted": Deviation(
        "A bot whose call rings may report.", skips("participants", "require_admitted")
    ),
    "participant-reportsyntheticmedia.confidence-from-0-to-1": Deviation(
        "A confidence of 1 is refused.",
        handled("participant-reportsyntheticmedia", changes.refuses_when(lambda body: body["overallConfidence"] == 1)),
    ),
    "participant-reportsyntheticmedia.unknown-is-404": Deviation(
        "Unknown participants are answered 400.", refused_with("participant-reportsyntheticmedia", 404, 400)
    ),
}
"""By full id of a rule: the deviations that are those of one operation only."""


def _deviation(rule: Rule) -> Deviation | None:
    """The deviation from a rule: its own, that of its kind, or that from a success or from a limit of the body."""
    operation = CONTRACT.operation(rule.operation)
    if rule.id in OWN:
        return OWN[rule.id]
    if rule.slug in KINDS:
        says, make = KINDS[rule.slug]
        return Deviation(says, make(operation.id))
    if rule.id == operation.success_rule:
        return Deviation(
            "Success has another status.", status(operation.id, 202 if 200 in operation.responses else 200)
        )
    if rule.slug in {limit.rule for limit in operation.request.constraints}:
        return Deviation("A body that breaks it is taken.", not_judged(rule.id))
    return None


DEVIATIONS = {id: deviation for id, rule in CONTRACT.rules.items() if (deviation := _deviation(rule))}
"""By full id of a rule."""
