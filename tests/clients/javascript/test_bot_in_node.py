"""A bot in Node, run as it is."""

from __future__ import annotations

from pytest_graphcalls import GraphCalls
from tests.clients.javascript import node


def test_it_answers_and_believes_no_forgery(graphcalls: GraphCalls) -> None:
    callback = graphcalls.simulator.authority.app.callback_uri
    graphcalls.run(node("bot.cjs"), port_variable="PORT", environment={"BOT_URL": callback})
    assert graphcalls.answered_call("Adele").state == "established"
    graphcalls.bot.assert_answered_within(15)
    graphcalls.bot.assert_refuses_forged_notifications()
