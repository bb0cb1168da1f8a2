"""Read one session in which content is shared."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
)
from pytest_graphcalls.stage import Stage, StagedCall, members

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "contentsharingsession-get"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
OPTIONS = {"@odata.type": "#microsoft.graph.outgoingCallOptions", "isContentSharingNotificationEnabled": True}


def shared(stage: Stage) -> tuple[StagedCall, str]:
    """A call in which a person shares a screen, and the id of the session."""
    call = stage.peer_to_peer_call(callOptions=OPTIONS)
    stage.acting(call).shares_screen(call=call.id)
    rule = "call-list-contentsharingsessions.success-is-200-with-collection"
    listed = members(stage.accepted(call.send("call-list-contentsharingsessions"), rule)).get("value")
    if not isinstance(listed, list) or not listed or not isinstance(listed[0].get("id"), str):
        raise stage.cannot_tell("a session in which content is shared", "none is listed", rule)
    return call, listed[0]["id"]


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A session in which a screen is shared is read."""
    call, id = shared(graphcalls_stage)
    return Attempt(OPERATION, call, lambda call: call.send(OPERATION, session_id=id))


@rule("contentsharingsession-get.success-is-200-with-session")
def test_a_session_can_be_read(graphcalls_stage: Stage) -> None:
    """A session that goes on is answered with 200."""
    call, id = shared(graphcalls_stage)
    answer = call.send(OPERATION, session_id=id)
    assert answer.status_code == 200
    assert "value" not in members(answer), "the answer is a list"


@rule("contentsharingsession-get.id-is-the-one-asked-for")
def test_a_session_is_read_under_its_own_id(graphcalls_stage: Stage) -> None:
    """The session in the answer is the one in the path."""
    call, id = shared(graphcalls_stage)
    rule = "contentsharingsession-get.success-is-200-with-session"
    assert members(graphcalls_stage.accepted(call.send(OPERATION, session_id=id), rule)).get("id") == id


@question("contentsharingsession-get.unknown-session")
def test_question_unknown_session(graphcalls_stage: Stage) -> None:
    """Which status and code answer a session that there is not?"""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.send(OPERATION, session_id=graphcalls_stage.new_id())
    graphcalls_stage.record_answer("contentsharingsession-get.unknown-session", answer)
