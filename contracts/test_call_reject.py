"""call: reject. What the documentation promises about refusing an incoming call."""

from __future__ import annotations

from functools import partial

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_nothing as test_a_rejection_is_answered_with_202_and_nothing,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Notice, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-reject"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-reject.success-is-202-empty"
LATE = "https://late.example.org/calls"
"""A callback address other than the registered one."""
UNSAFE = "http://late.example.org/calls"


def rejected(stage: Stage, **body: str) -> StagedCall:
    """An incoming call that was rejected."""
    call = stage.incoming_call()
    stage.accepted(call.reject(**(body or {"reason": "busy"})), SUCCESS)
    return call


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A call that rings is rejected."""
    call = graphcalls_stage.incoming_call()
    return Attempt(OPERATION, call, partial(StagedCall.reject, reason="busy"), lambda: call.state() == "incoming")


@rule("call-reject.answered-call-goes-on")
def test_a_call_that_was_answered_goes_on(graphcalls_stage: Stage) -> None:
    """Rejecting a call that the bot has taken does not end it."""
    call = graphcalls_stage.answered_call()
    call.reject(reason="busy")
    ended = graphcalls_stage.until(lambda: not call.lives(), within=2)
    assert not ended, "the rejection has ended the call"


@rule("call-reject.both-kinds-can-be-rejected")
def test_calls_from_people_and_group_invitations_can_be_rejected(graphcalls_stage: Stage) -> None:
    """A person who calls the bot and an invitation into a group call can both be rejected."""
    graphcalls_stage.accepted(graphcalls_stage.incoming_call().reject(reason="none"), SUCCESS)
    answer = graphcalls_stage.incoming_call(group=True).reject(reason="none")
    assert not refused(answer)


@rule("call-reject.group-invitation-carries-chat-info")
def test_a_group_invitation_carries_chat_info(graphcalls_stage: Stage) -> None:
    """The notification of an incoming group call has chatInfo and meetingInfo."""
    call = graphcalls_stage.incoming_call(group=True)
    facts = beginning_of(graphcalls_stage, call).of_call()
    assert facts.get("state") == "incoming"
    assert facts.get("chatInfo"), "no chatInfo"
    assert facts.get("meetingInfo"), "no meetingInfo"


@rule("call-reject.fifteen-seconds-to-decide")
def test_after_14_seconds_the_call_can_still_be_rejected(graphcalls_stage: Stage) -> None:
    """Up to 15 seconds after the notification the call is there, and can be rejected."""
    call = graphcalls_stage.incoming_call()
    graphcalls_stage.advance(14)
    assert call.state() == "incoming", "the call was withdrawn before the 15 seconds were over"
    graphcalls_stage.accepted(call.reject(reason="busy"), SUCCESS)


@rule("call-reject.fifteen-seconds-to-decide")
def test_after_16_seconds_the_call_is_over(graphcalls_stage: Stage) -> None:
    """After 15 seconds the incoming call has timed out."""
    call = graphcalls_stage.incoming_call()
    graphcalls_stage.advance(16)
    assert call.state() in {"gone", "terminated"}


@rule("call-reject.reasons-are-none-busy-forbidden")
def test_each_of_the_three_reasons_is_taken(graphcalls_stage: Stage) -> None:
    """none, busy and forbidden are each accepted."""
    reasons = ("none", "busy", "forbidden")
    answers = {reason: graphcalls_stage.incoming_call().reject(reason=reason) for reason in reasons}
    taken = [reason for reason, answer in answers.items() if not refused(answer)]
    if not taken:
        graphcalls_stage.accepted(answers["busy"], SUCCESS)
    assert taken == list(reasons)


@rule("call-reject.callback-uri-is-https")
def test_an_http_callback_is_not_used(graphcalls_stage: Stage) -> None:
    """After a rejection with a callbackUri that is not https nothing is posted to that address."""
    call = graphcalls_stage.incoming_call()
    with graphcalls_stage.expecting("callback-uri-is-https"):
        call.reject(reason="busy", callbackUri=UNSAFE)
    graphcalls_stage.advance(20)
    assert UNSAFE not in {notice.posted_to for notice in graphcalls_stage.notifications}


@rule("call-reject.callback-uri-takes-later-notifications")
def test_a_callback_address_takes_what_comes_later(graphcalls_stage: Stage) -> None:
    """The end of the call is posted to the callbackUri of the rejection."""
    call = rejected(graphcalls_stage, reason="busy", callbackUri=LATE)
    assert end_of(graphcalls_stage, call) == LATE


@rule("call-reject.callback-uri-takes-later-notifications")
def test_without_callback_address_the_registered_one_is_used(graphcalls_stage: Stage) -> None:
    """The end of the call is posted where its beginning was, if the rejection does not say otherwise."""
    call = rejected(graphcalls_stage, reason="busy")
    assert end_of(graphcalls_stage, call) == beginning_of(graphcalls_stage, call).posted_to


def beginning_of(stage: Stage, call: StagedCall) -> Notice:
    """The notification by which ``call`` came in."""
    notices = stage.notices_of("created", call.id)
    if not notices:
        raise stage.cannot_tell("the notification of an incoming call", "none came")
    return notices[0]


def end_of(stage: Stage, call: StagedCall) -> str:
    """The address to which the end of ``call`` was posted."""
    notices = stage.wait_for_notices("deleted", call.id)
    if not notices:
        raise stage.cannot_tell(
            "the notification of the call's end", "none came", "call-reject.deleted-notification-follows"
        )
    return notices[0].posted_to


@rule("call-reject.call-is-gone-afterwards")
def test_a_rejected_call_is_gone(graphcalls_stage: Stage) -> None:
    """A rejected call cannot be read any more."""
    call = rejected(graphcalls_stage)
    assert graphcalls_stage.until(lambda: refused(call.get()), within=5)


@rule("call-reject.deleted-notification-follows")
def test_the_end_of_a_rejected_call_is_notified(graphcalls_stage: Stage) -> None:
    """A deleted notification informs the bot that a rejected call is over."""
    call = rejected(graphcalls_stage)
    assert graphcalls_stage.wait_for_notices("deleted", call.id), "the bot was not notified"


@rule("call-reject.no-role-is-needed")
def test_no_role_is_needed(graphcalls_stage: Stage) -> None:
    """An app whose token has no roles can reject a call that comes in for it."""
    answer = graphcalls_stage.incoming_call().through(graphcalls_stage.client_with()).reject(reason="busy")
    if refused(answer):
        graphcalls_stage.accepted(graphcalls_stage.incoming_call().reject(reason="busy"), SUCCESS)
    assert not refused(answer)


@question("call-reject.rejected-late")
def test_question_rejected_late(graphcalls_stage: Stage) -> None:
    """What is answered to a rejection that comes after the 15 seconds?"""
    call = graphcalls_stage.incoming_call()
    graphcalls_stage.advance(16)
    graphcalls_stage.record_answer("call-reject.rejected-late", call.reject(reason="busy"))


@question("call-reject.rejected-after-answer")
def test_question_rejected_after_answer(graphcalls_stage: Stage) -> None:
    """Which status and code refuse the rejection of a call that the bot has answered?"""
    call = graphcalls_stage.answered_call()
    graphcalls_stage.record_answer("call-reject.rejected-after-answer", call.reject(reason="busy"))


@question("call-reject.rejected-twice")
def test_question_rejected_twice(graphcalls_stage: Stage) -> None:
    """What is answered to a second rejection of the same call?"""
    call = rejected(graphcalls_stage)
    graphcalls_stage.record_answer("call-reject.rejected-twice", call.reject(reason="busy"))


@question("call-reject.unknown-reason")
def test_question_unknown_reason(graphcalls_stage: Stage) -> None:
    """What is answered to a reason that is none of the three?"""
    call = graphcalls_stage.incoming_call()
    with graphcalls_stage.expecting("reasons-are-none-busy-forbidden"):
        answer = call.reject(reason="tired")
    graphcalls_stage.record_answer("call-reject.unknown-reason", answer)


@question("call-reject.http-callback-status")
def test_question_http_callback(graphcalls_stage: Stage) -> None:
    """What is answered to a callbackUri that is not https?"""
    call = graphcalls_stage.incoming_call()
    with graphcalls_stage.expecting("callback-uri-is-https"):
        answer = call.reject(reason="busy", callbackUri=UNSAFE)
    graphcalls_stage.record_answer("call-reject.http-callback-status", answer)


@question("call-reject.without-body")
def test_question_without_body(graphcalls_stage: Stage) -> None:
    """Can a call be rejected with an empty body?"""
    call = graphcalls_stage.incoming_call()
    graphcalls_stage.record_answer("call-reject.without-body", call.request("POST", "/reject"))
