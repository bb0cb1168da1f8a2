"""Get onlineMeeting. What the documentation promises about reading a meeting."""

from __future__ import annotations

import pytest

from pytest_graphcalls.contracts.shared import (
    Attempt,
    test_a_role_is_required as test_a_token_without_roles_reads_nothing,
    test_a_token_is_required as test_a_request_without_a_token_is_refused,
    test_an_application_access_policy_is_required as test_an_app_without_a_policy_reads_nothing,
)
from pytest_graphcalls.stage import Stage, StagedMeeting, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question
OPERATION = "onlinemeeting-get"
pytestmark = pytest.mark.graphcalls(operation=OPERATION)


@pytest.fixture
def attempt(graphcalls_stage: Stage) -> Attempt:
    """A meeting is read."""
    return Attempt(OPERATION, graphcalls_stage.online_meeting(), StagedMeeting.get)


@rule("onlinemeeting-get.success-is-200-with-meeting")
def test_a_meeting_can_be_read(graphcalls_stage: Stage) -> None:
    """A meeting that exists is answered with 200 and itself."""
    meeting = graphcalls_stage.online_meeting()
    answer = meeting.get()
    assert answer.status_code == 200
    assert members(answer).get("id") == meeting.id


@rule("onlinemeeting-get.attendee-may-read")
def test_an_attendee_may_read_it(graphcalls_stage: Stage) -> None:
    """With an attendee in the path the meeting is read, too."""
    attendee = graphcalls_stage.person()
    meeting = graphcalls_stage.online_meeting(attendee)
    assert not refused(meeting.seen_by(attendee.id).get())


@question("onlinemeeting-get.stranger")
def test_how_a_stranger_is_answered(graphcalls_stage: Stage) -> None:
    """A user in the path who was not invited."""
    answer = graphcalls_stage.online_meeting().seen_by(graphcalls_stage.person().id).get()
    graphcalls_stage.record_answer("onlinemeeting-get.stranger", answer)


@question("onlinemeeting-get.foreign-id")
def test_how_a_foreign_id_is_answered(graphcalls_stage: Stage) -> None:
    """An id of another form in place of that of the meeting."""
    answer = graphcalls_stage.organizer().get(graphcalls_stage.new_id())
    graphcalls_stage.record_answer("onlinemeeting-get.foreign-id", answer)


@question("onlinemeeting-get.unknown-id")
def test_how_an_unknown_id_is_answered(graphcalls_stage: Stage) -> None:
    """The id of a meeting that was deleted."""
    meeting = graphcalls_stage.online_meeting()
    graphcalls_stage.accepted(meeting.delete())
    graphcalls_stage.record_answer("onlinemeeting-get.unknown-id", meeting.get())
