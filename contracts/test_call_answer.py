"""call: answer."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage

rule = pytest.mark.graphcalls_rule


@rule("call-answer.success-is-202-empty")
@pytest.mark.parametrize("group", [False, True], ids=["peer-to-peer", "group"])
def test_taking_a_call_is_answered_with_202(graphcalls_stage: Stage, *, group: bool) -> None:
    """An incoming call that was taken is answered with 202."""
    assert graphcalls_stage.incoming_call(group=group).answer().status_code == 202


@rule("call-answer.no-body-comes-back")
def test_taking_a_call_is_answered_with_nothing(graphcalls_stage: Stage) -> None:
    """The answer has no body."""
    answer = graphcalls_stage.accepted(graphcalls_stage.incoming_call().answer(), "call-answer.success-is-202-empty")
    assert answer.content == b""


@rule("call-answer.callback-uri-takes-later-notifications")
def test_a_callback_address_takes_what_comes_later(graphcalls_stage: Stage) -> None:
    """Notifications about the call after it was answered arrive at the callbackUri of the answer."""
    stage = graphcalls_stage
    own = stage.new_callback()
    call = stage.incoming_call()
    stage.accepted(call.answer(callbackUri=own), "call-answer.success-is-202-empty")
    notices = stage.wait_for_notices("updated", call.id)
    if not notices:
        rule = "call-answer.state-changes-are-notified"
        raise stage.cannot_tell("a notification about the answered call", "none came", rule)
    assert {notice.posted_to for notice in notices} == {own}


@rule("call-answer.state-changes-are-notified")
def test_the_states_of_an_answered_call_are_notified(graphcalls_stage: Stage) -> None:
    """Updated notifications say that the answered call is establishing and established, in any order."""
    stage = graphcalls_stage
    call = stage.incoming_call()
    stage.accepted(call.answer(), "call-answer.success-is-202-empty")
    both = {"establishing", "established"}
    notices = stage.wait_for_notices("updated", call.id, lambda notices: both <= {notice.state() for notice in notices})
    assert both - {notice.state() for notice in notices} == set()


@rule("call-answer.content-sharing-is-notified")
def test_shared_content_is_notified(graphcalls_stage: Stage) -> None:
    """A bot that has asked for it is notified when a screen is shared, and when sharing ends."""
    stage = graphcalls_stage
    options = {"@odata.type": "#microsoft.graph.incomingCallOptions", "isContentSharingNotificationEnabled": True}
    call = stage.incoming_call()
    stage.accepted(call.answer(callOptions=options), "call-answer.success-is-202-empty")
    stage.reached(lambda: call.state() == "established", "an answered call that is established")
    person, root = stage.acting(call), f"{call.id}/contentsharingsessions/"

    def notified(change: str) -> list[str]:
        return [one.about for one in stage.notifications if one.change == change and one.about.startswith(root)]

    person.shares_screen(call=call.id)
    stage.until(lambda: bool(notified("created")), within=5)
    person.stops_sharing(call=call.id)
    stage.until(lambda: bool(notified("deleted")), within=5)
    assert notified("created"), "that a screen is shared was not notified"
    assert notified("deleted") == notified("created")
