"""List what is shared in a call."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required,
    test_a_token_is_required,
)
from pytest_graphcalls.stage import Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "call-list-contentsharingsessions"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
OPTIONS = {"@odata.type": "#microsoft.graph.outgoingCallOptions", "isContentSharingNotificationEnabled": True}


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """What is shared in a meeting is listed."""
    call = graphcalls_stage.meeting_call(people=0)
    return Attempt(OPERATION, call, lambda call: call.send(OPERATION))


@rule("call-list-contentsharingsessions.success-is-200-with-collection")
def test_sessions_come_as_a_list(graphcalls_stage: Stage) -> None:
    """The answer has status 200 and a list, where nothing is shared, too."""
    answer = graphcalls_stage.meeting_call(people=0).send(OPERATION)
    assert answer.status_code == 200
    assert isinstance(members(answer).get("value"), list), "the answer has no list under value"


def record(stage: Stage, call: StagedCall, question: str, deed: str) -> None:
    """Let a person in a call share, and keep what is listed then."""
    getattr(stage.acting(call), deed)(call=call.id)
    answer = call.send(OPERATION)
    sessions = members(answer).get("value")
    note = "" if refused(answer) else f"{len(sessions) if isinstance(sessions, list) else 'no list of'} sessions"
    stage.record_answer(question, answer, note)


@question("call-list-contentsharingsessions.screen-without-option")
def test_question_screen_without_option(graphcalls_stage: Stage) -> None:
    """Is a shared screen in the list of a call that was made without the option?"""
    call = graphcalls_stage.peer_to_peer_call()
    record(graphcalls_stage, call, "call-list-contentsharingsessions.screen-without-option", "shares_screen")


@question("call-list-contentsharingsessions.screen-with-option")
def test_question_screen_with_option(graphcalls_stage: Stage) -> None:
    """Is it in the list of a call that was made with the option?"""
    call = graphcalls_stage.peer_to_peer_call(callOptions=OPTIONS)
    record(graphcalls_stage, call, "call-list-contentsharingsessions.screen-with-option", "shares_screen")


@question("call-list-contentsharingsessions.slides-with-option")
def test_question_slides_with_option(graphcalls_stage: Stage) -> None:
    """Are slides of PowerPoint Live in the list of such a call?"""
    call = graphcalls_stage.peer_to_peer_call(callOptions=OPTIONS)
    record(graphcalls_stage, call, "call-list-contentsharingsessions.slides-with-option", "shares_powerpoint")
