"""Delete onlineMeeting. What the documentation promises about taking a meeting away."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

SUCCESS = "onlinemeeting-delete.success-is-204-empty"


@rule("onlinemeeting-delete.success-is-204-empty")
def test_a_deleted_meeting_is_answered_empty(graphcalls_stage: Stage) -> None:
    """A meeting that was deleted is answered with 204 and nothing."""
    answer = graphcalls_stage.online_meeting().delete()
    assert (answer.status_code, answer.content) == (204, b"")


@rule("onlinemeeting-delete.meeting-is-gone")
def test_a_deleted_meeting_cannot_be_read(graphcalls_stage: Stage) -> None:
    """Reading it afterwards is refused."""
    meeting = graphcalls_stage.online_meeting()
    graphcalls_stage.accepted(meeting.delete(), SUCCESS)
    assert graphcalls_stage.until(lambda: refused(meeting.get()))


@rule("onlinemeeting-delete.role-is-required")
def test_a_token_without_roles_deletes_nothing(graphcalls_stage: Stage) -> None:
    """Without the role deleting is refused."""
    assert refused(graphcalls_stage.online_meeting().through(graphcalls_stage.client_with()).delete())


@rule("onlinemeeting-delete.policy-is-required")
def test_an_app_without_a_policy_deletes_nothing(graphcalls_stage: Stage) -> None:
    """Without an application access policy deleting is refused."""
    assert refused(graphcalls_stage.online_meeting().through(graphcalls_stage.other_app(policy=False)).delete())


@rule("onlinemeeting-delete.token-is-required")
def test_a_request_without_a_token_is_refused(graphcalls_stage: Stage) -> None:
    """A request that carries no token is not carried out."""
    meeting = graphcalls_stage.online_meeting()
    with graphcalls_stage.expecting("token-missing"):
        assert refused(meeting.through(graphcalls_stage.client_without_token()).delete())


@question("onlinemeeting-delete.calls-in-it")
def test_what_becomes_of_a_call_in_it(graphcalls_stage: Stage) -> None:
    """A bot that is in a meeting which is deleted."""
    meeting = graphcalls_stage.online_meeting()
    call = graphcalls_stage.staged(**meeting.coordinates)
    answer = graphcalls_stage.accepted(meeting.delete(), SUCCESS)
    lives = "goes on" if members(call.get()).get("state") == "established" else "has ended"
    graphcalls_stage.record_answer("onlinemeeting-delete.calls-in-it", answer, f"the call {lives}")
