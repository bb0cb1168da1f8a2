"""Delete call."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage

rule = pytest.mark.graphcalls_rule

SUCCESS = "call-delete.success-is-204-empty"


@rule("call-delete.success-is-204-empty")
def test_hanging_up_is_answered_with_204_and_nothing(graphcalls_stage: Stage) -> None:
    """A hang-up that worked is answered with 204 and no body."""
    answer = graphcalls_stage.peer_to_peer_call().hang_up()
    assert answer.status_code == 204
    assert answer.content == b""


@rule("call-delete.call-is-over-afterwards")
def test_a_call_that_was_hung_up_is_over(graphcalls_stage: Stage) -> None:
    """After a hang-up the call is not read as if nothing had happened."""
    call = graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.accepted(call.hang_up(), SUCCESS)
    assert graphcalls_stage.until(lambda: not call.lives(), within=5)


@rule("call-delete.only-own-leg-ends")
def test_hanging_up_ends_the_own_leg_only(graphcalls_stage: Stage) -> None:
    """Two bots are in one meeting; when one hangs up, the other stays, and so do the people."""
    stage = graphcalls_stage
    meeting = stage.meeting()
    first = stage.meeting_call(people=2, at=meeting)
    second = stage.meeting_call(people=0, at=meeting, by=stage.other_app())
    if not second.has(*first.people):
        raise stage.cannot_tell("two bots in one meeting", "they do not see the same people")
    stage.accepted(first.hang_up(), SUCCESS)
    stage.advance(1)
    assert second.lives(), "the other bot's call has ended as well"
    assert second.has(*first.people), "people have left with the bot"


@rule("call-delete.deleted-notification-follows")
@pytest.mark.parametrize("group", [False, True], ids=["peer-to-peer", "group"])
def test_the_end_is_notified(graphcalls_stage: Stage, *, group: bool) -> None:
    """After a hang-up a deleted notification says that the call is terminated."""
    stage = graphcalls_stage
    call = stage.meeting_call(people=1) if group else stage.peer_to_peer_call()
    stage.accepted(call.hang_up(), SUCCESS)
    notices = stage.wait_for_notices("deleted", call.id)
    assert notices, "the bot was not notified of the end of the call"
    assert {notice.state() for notice in notices} == {"terminated"}
