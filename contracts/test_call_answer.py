"""call: answer."""

from __future__ import annotations

import pytest

from pytest_graphcalls.stage import Stage

rule = pytest.mark.graphcalls_rule


@rule("call-answer.success-is-202-empty")
@pytest.mark.parametrize("group", [False, True], ids=["peer-to-peer", "group"])
def test_taking_a_call_is_answered_with_202_and_nothing(graphcalls_stage: Stage, *, group: bool) -> None:
    """An incoming call that was taken is answered with 202 and no body."""
    answer = graphcalls_stage.incoming_call(group=group).answer()
    assert answer.status_code == 202
    assert answer.content == b""
