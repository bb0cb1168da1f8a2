"""call: redirect. What the documentation promises about handing an incoming call on."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
    test_it_is_answered_with_202_and_nothing as test_a_redirect_is_answered_with_202_and_nothing,
    test_the_old_address_still_works,
)
from pytest_graphcalls.stage import Answer, Stage, StagedCall, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-redirect"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "call-redirect.success-is-202-empty"
LATE = "https://late.example.org/calls"
"""A callback address other than the registered one."""
UNSAFE = "http://late.example.org/calls"


def redirect(stage: Stage, call: StagedCall, *, targets: int = 1, **body: Any) -> Answer:
    """The answer to a redirect of ``call`` to so many people."""
    people = [stage.person(f"Target {number}").entry() for number in range(targets)]
    return call.send(OPERATION, {"targets": people, **body})


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A call that rings is redirected to one person."""
    call = graphcalls_stage.incoming_call()
    return Attempt(OPERATION, call, partial(redirect, graphcalls_stage), lambda: call.state() == "incoming")


@rule("call-redirect.answered-call-goes-on")
def test_a_call_that_was_answered_goes_on(graphcalls_stage: Stage) -> None:
    """Redirecting a call that the bot has taken does not end it."""
    call = graphcalls_stage.answered_call()
    redirect(graphcalls_stage, call)
    assert not graphcalls_stage.until(lambda: not call.lives(), within=2), "the redirect has ended the call"


@rule("call-redirect.fifteen-seconds-to-decide")
def test_after_14_seconds_the_call_can_still_be_redirected(graphcalls_stage: Stage) -> None:
    """Up to 15 seconds after the notification the call is there, and can be redirected."""
    call = graphcalls_stage.incoming_call()
    graphcalls_stage.advance(14)
    assert call.state() == "incoming", "the call was withdrawn before the 15 seconds were over"
    graphcalls_stage.accepted(redirect(graphcalls_stage, call), SUCCESS)


@rule("call-redirect.at-most-25-targets")
def test_25_targets_are_taken(graphcalls_stage: Stage) -> None:
    """A call can be redirected to 25 people at once."""
    answer = redirect(graphcalls_stage, graphcalls_stage.incoming_call(), targets=25)
    if refused(answer):
        graphcalls_stage.accepted(redirect(graphcalls_stage, graphcalls_stage.incoming_call()), SUCCESS)
    assert not refused(answer)


@rule("call-redirect.timeout-is-15-to-90-seconds")
@pytest.mark.parametrize("seconds", [15, 90])
def test_both_ends_of_the_range_are_taken(graphcalls_stage: Stage, seconds: int) -> None:
    """Timeouts of 15 and of 90 seconds are accepted."""
    answer = redirect(graphcalls_stage, graphcalls_stage.incoming_call(), timeout=seconds)
    if refused(answer):
        graphcalls_stage.accepted(redirect(graphcalls_stage, graphcalls_stage.incoming_call()), SUCCESS)
    assert not refused(answer)


@rule("call-redirect.callback-uri-is-https")
def test_an_http_callback_is_not_used(graphcalls_stage: Stage) -> None:
    """After a redirect with a callbackUri that is not https nothing is posted to that address."""
    call = graphcalls_stage.incoming_call()
    with graphcalls_stage.expecting("callback-uri-is-https"):
        redirect(graphcalls_stage, call, callbackUri=UNSAFE)
    graphcalls_stage.advance(20)
    assert UNSAFE not in {notice.posted_to for notice in graphcalls_stage.notifications}


@rule("call-redirect.end-is-notified")
def test_the_end_is_notified_at_the_callback(graphcalls_stage: Stage) -> None:
    """The end of a redirected call, with its state, is posted to the callbackUri of the redirect."""
    call = graphcalls_stage.incoming_call()
    graphcalls_stage.accepted(redirect(graphcalls_stage, call, callbackUri=LATE), SUCCESS)
    notices = graphcalls_stage.wait_for_notices("deleted", call.id)
    assert [(one.posted_to, one.of_call().get("state")) for one in notices] == [(LATE, "terminated")]


@question("call-redirect.when-the-end-comes")
def test_question_when_the_end_comes(graphcalls_stage: Stage) -> None:
    """What is answered to a read of the call right after its redirect?"""
    call = graphcalls_stage.incoming_call()
    graphcalls_stage.accepted(redirect(graphcalls_stage, call), SUCCESS)
    graphcalls_stage.record_answer("call-redirect.when-the-end-comes", call.get())


@question("call-redirect.no-target-takes-it")
def test_question_no_target_takes_it(graphcalls_stage: Stage) -> None:
    """What is the bot notified of when every target has declined?"""
    stage = graphcalls_stage
    call = stage.incoming_call()
    answer = stage.accepted(call.send(OPERATION, {"targets": [stage.decliner().entry()]}), SUCCESS)
    stage.advance(60)
    notified = [f"{one.change} {one.state()}".strip() for one in stage.notifications if one.about == call.id]
    stage.record_answer("call-redirect.no-target-takes-it", answer, ", ".join(notified[1:]) or "nothing")


@question("call-redirect.bot-as-target")
def test_question_bot_as_target(graphcalls_stage: Stage) -> None:
    """What is answered when a target is a bot?"""
    call, target = graphcalls_stage.incoming_call(), graphcalls_stage.bot().entry()
    graphcalls_stage.record_answer("call-redirect.bot-as-target", call.send(OPERATION, {"targets": [target]}))


@question("call-redirect.redirected-late")
def test_question_redirected_late(graphcalls_stage: Stage) -> None:
    """What is answered to a redirect that comes after the 15 seconds?"""
    call = graphcalls_stage.incoming_call()
    graphcalls_stage.advance(16)
    graphcalls_stage.record_answer("call-redirect.redirected-late", redirect(graphcalls_stage, call))


@question("call-redirect.redirected-after-answer")
def test_question_redirected_after_answer(graphcalls_stage: Stage) -> None:
    """Which status and code refuse the redirect of a call that the bot has answered?"""
    call = graphcalls_stage.answered_call()
    graphcalls_stage.record_answer("call-redirect.redirected-after-answer", redirect(graphcalls_stage, call))
