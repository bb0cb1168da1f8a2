"""Delete onlineMeeting. What the documentation promises about taking a meeting away."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required as test_a_token_without_roles_deletes_nothing,
    test_a_token_is_required as test_a_request_without_a_token_is_refused,
    test_an_application_access_policy_is_required as test_an_app_without_a_policy_deletes_nothing,
    test_it_is_answered_with_204_and_nothing as test_a_deleted_meeting_is_answered_empty,
)
from pytest_graphcalls.stage import Stage, StagedMeeting, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "onlinemeeting-delete"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)
SUCCESS = "onlinemeeting-delete.success-is-204-empty"


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A meeting is taken away."""
    return Attempt(OPERATION, graphcalls_stage.online_meeting(), StagedMeeting.delete)


@rule("onlinemeeting-delete.meeting-is-gone")
def test_a_deleted_meeting_cannot_be_read(graphcalls_stage: Stage) -> None:
    """Reading it afterwards is refused."""
    meeting = graphcalls_stage.online_meeting()
    graphcalls_stage.accepted(meeting.delete(), SUCCESS)
    assert graphcalls_stage.until(lambda: refused(meeting.get()))


@question("onlinemeeting-delete.calls-in-it")
def test_what_becomes_of_a_call_in_it(graphcalls_stage: Stage) -> None:
    """A bot that is in a meeting which is deleted."""
    meeting = graphcalls_stage.online_meeting()
    call = graphcalls_stage.staged(**meeting.coordinates)
    answer = graphcalls_stage.accepted(meeting.delete(), SUCCESS)
    lives = "goes on" if members(call.get()).get("state") == "established" else "has ended"
    graphcalls_stage.record_answer("onlinemeeting-delete.calls-in-it", answer, f"the call {lives}")
