"""Get call."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question


@rule("call-get.success-is-200-with-call")
def test_a_call_that_was_created_can_be_read(graphcalls_stage: Stage) -> None:
    """A call that exists is answered with 200 and the call."""
    stage = graphcalls_stage
    created = stage.accepted(
        stage.create(targets=[stage.person().entry()]), "application-post-calls.success-is-201-with-call"
    )
    call_id = members(created).get("id")
    if not isinstance(call_id, str):
        raise stage.cannot_tell("a call", "the answer to its creation has no id")
    call = StagedCall(stage, call_id, stage.client)
    answer = call.get()
    assert answer.status_code == 200
    stage.outlast_ringing(call)


@rule("call-get.success-is-200-with-call")
def test_a_meeting_that_was_joined_can_be_read(graphcalls_stage: Stage) -> None:
    """The bot's leg of a meeting is answered with 200 and the call."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.get()
    assert answer.status_code == 200


@rule("call-get.context-is-given")
def test_the_answer_has_a_context(graphcalls_stage: Stage) -> None:
    """An annotation says what the body is."""
    call = graphcalls_stage.meeting_call(people=0)
    assert "@odata.context" in members(graphcalls_stage.accepted(call.get(), "call-get.success-is-200-with-call"))


@rule("call-get.id-is-the-one-asked-for")
def test_a_call_is_read_under_its_own_id(graphcalls_stage: Stage) -> None:
    """The call in the answer is the one that was asked for."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = graphcalls_stage.accepted(call.get(), "call-get.success-is-200-with-call")
    assert members(answer).get("id") == call.id


@question("call-get.selected-members")
def test_question_selected_members(graphcalls_stage: Stage) -> None:
    """A call that is read with $select."""
    answer = graphcalls_stage.meeting_call(people=0).request("GET", "?$select=id,state")
    shown = ", ".join(sorted(name for name in members(answer) if "@" not in name)[:4])
    graphcalls_stage.record_answer("call-get.selected-members", answer, "" if refused(answer) else f"shows {shown}")


@question("call-get.expanded-participants")
def test_question_expanded_participants(graphcalls_stage: Stage) -> None:
    """A call that is read with $expand=participants."""
    answer = graphcalls_stage.meeting_call(people=0).request("GET", "?$expand=participants")
    people = members(answer).get("participants")
    note = f"{len(people)} participants" if isinstance(people, list) else "no participants"
    graphcalls_stage.record_answer("call-get.expanded-participants", answer, "" if refused(answer) else note)
