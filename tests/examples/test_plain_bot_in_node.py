"""A bot in Node with Microsoft's host names built in: it runs as it is, as a process of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_graphcalls import GraphCalls

BOT = Path(__file__).with_name("plain_bot.mjs")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node, 18 or newer")
def test_it_answers_and_hangs_up(graphcalls: GraphCalls) -> None:
    bot = graphcalls.run(["node", str(BOT)], port_variable="PORT")
    call = graphcalls.simulator.incoming_call("Adele")
    graphcalls.simulator.advance(0)
    bot.wait_for(lambda: call.state != "incoming")
    graphcalls.simulator.advance(2)
    bot.wait_for(lambda: call.state == "terminated")
    bot.assert_answered_within(15)
