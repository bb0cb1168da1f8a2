"""call: keepAlive."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage, refused

rule = pytest.mark.graphcalls_rule

SUCCESS = "call-keepalive.success-is-200-empty"
MINUTE = 60


@rule("call-keepalive.success-is-200-empty")
def test_keeping_a_call_alive_is_answered_with_200(graphcalls_stage: Stage) -> None:
    """A call that lives is answered with 200."""
    assert graphcalls_stage.peer_to_peer_call().keep_alive().status_code == 200


@rule("call-keepalive.no-body-comes-back")
def test_keeping_a_call_alive_is_answered_with_nothing(graphcalls_stage: Stage) -> None:
    """The answer has no body."""
    assert graphcalls_stage.accepted(graphcalls_stage.peer_to_peer_call().keep_alive(), SUCCESS).content == b""


@rule("call-keepalive.request-id-is-given")
def test_the_answer_has_a_request_id(graphcalls_stage: Stage) -> None:
    """A request for support has to name it."""
    answer = graphcalls_stage.accepted(graphcalls_stage.peer_to_peer_call().keep_alive(), SUCCESS)
    assert answer.headers.get("request-id")


@rule("call-keepalive.ended-call-is-404")
def test_a_call_that_has_ended_is_answered_with_404(graphcalls_stage: Stage) -> None:
    """A keepAlive of an ended call is answered 404, by which an app learns of an end that it missed."""
    stage = graphcalls_stage
    call = stage.peer_to_peer_call()
    stage.accepted(call.hang_up(), "call-delete.success-is-204-empty")
    assert stage.until(lambda: call.keep_alive().status_code == 404, within=5)


@rule("call-keepalive.missed-for-45-minutes-ends-the-call")
def test_a_call_lives_for_44_minutes_without_keep_alive(graphcalls_stage: Stage) -> None:
    """Within the 45 minutes nothing happens to it."""
    call = graphcalls_stage.meeting_call(people=1)
    graphcalls_stage.advance(44 * MINUTE)
    assert call.lives()


@rule("call-keepalive.missed-for-45-minutes-ends-the-call")
def test_a_call_ends_after_46_minutes_without_keep_alive(graphcalls_stage: Stage) -> None:
    """After 45 minutes the service ends it, and says so with 408 and 8537."""
    call = graphcalls_stage.meeting_call(people=1)
    graphcalls_stage.advance(46 * MINUTE)
    assert not call.lives()
    results = [notice.of_call().get("resultInfo") or {} for notice in graphcalls_stage.notices_of("deleted", call.id)]
    assert results, "the bot was not notified"
    assert (results[-1].get("code"), results[-1].get("subcode")) == (408, 8537)


@rule("call-keepalive.missed-for-45-minutes-ends-the-call")
def test_keep_alive_starts_the_45_minutes_again(graphcalls_stage: Stage) -> None:
    """The gap is counted from the last successful request."""
    call = graphcalls_stage.meeting_call(people=1)
    graphcalls_stage.advance(30 * MINUTE)
    graphcalls_stage.accepted(call.keep_alive(), SUCCESS)
    graphcalls_stage.advance(20 * MINUTE)
    assert not refused(call.get())
