"""Read one session in which content is shared."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage, StagedCall, members, refused

rule = pytest.mark.graphcalls_rule
question = pytest.mark.graphcalls_question

ACTION = "contentsharingsession-get"
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


@rule("contentsharingsession-get.success-is-200-with-session")
def test_a_session_can_be_read(graphcalls_stage: Stage) -> None:
    """A session that goes on is answered with 200."""
    call, id = shared(graphcalls_stage)
    answer = call.send(ACTION, session_id=id)
    assert answer.status_code == 200
    assert "value" not in members(answer), "the answer is a list"


@rule("contentsharingsession-get.id-is-the-one-asked-for")
def test_a_session_is_read_under_its_own_id(graphcalls_stage: Stage) -> None:
    """The session in the answer is the one in the path."""
    call, id = shared(graphcalls_stage)
    rule = "contentsharingsession-get.success-is-200-with-session"
    assert members(graphcalls_stage.accepted(call.send(ACTION, session_id=id), rule)).get("id") == id


@rule("contentsharingsession-get.role-is-required")
def test_a_role_is_required(graphcalls_stage: Stage) -> None:
    """An app without permissions reads nothing."""
    call, id = shared(graphcalls_stage)
    assert refused(call.through(graphcalls_stage.client_with()).send(ACTION, session_id=id))


@rule("contentsharingsession-get.token-is-required")
def test_a_token_is_required(graphcalls_stage: Stage) -> None:
    """A request without an Authorization header is not carried out."""
    call, id = shared(graphcalls_stage)
    with graphcalls_stage.expecting("token-is-required"):
        answer = call.through(graphcalls_stage.client_without_token()).send(ACTION, session_id=id)
    assert refused(answer)


@question("contentsharingsession-get.unknown-session")
def test_question_unknown_session(graphcalls_stage: Stage) -> None:
    """Which status and code answer a session that there is not?"""
    call = graphcalls_stage.meeting_call(people=0)
    answer = call.send(ACTION, session_id=graphcalls_stage.new_id())
    graphcalls_stage.record_answer("contentsharingsession-get.unknown-session", answer)
