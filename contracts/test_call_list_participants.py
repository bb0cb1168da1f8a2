"""List participants."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question


@rule("call-list-participants.success-is-200-with-collection")
def test_the_participants_of_a_meeting_are_listed(graphcalls_stage: Stage) -> None:
    """The answer has status 200 and the participants as a list under value."""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.participants()
    assert answer.status_code == 200
    assert isinstance(members(answer).get("value"), list)


@rule("call-list-participants.success-is-200-with-collection")
def test_people_who_have_joined_are_listed(graphcalls_stage: Stage) -> None:
    """Everybody who has joined is an entry of the list."""
    call = graphcalls_stage.meeting_call(people=2)
    answer = call.participants()
    assert answer.status_code == 200
    assert all(any(one.is_(entry) for entry in members(answer)["value"]) for one in call.people)


@question("call-list-participants.filtered")
def test_question_filtered(graphcalls_stage: Stage) -> None:
    """A list of two people and the bot, with a filter that none of them meets."""
    answer = graphcalls_stage.meeting_call(people=2).request("GET", "/participants?$filter=isMuted%20eq%20true")
    people = members(answer).get("value", ())
    note = "" if refused(answer) else f"{len(people)} participants"
    graphcalls_stage.record_answer("call-list-participants.filtered", answer, note)
