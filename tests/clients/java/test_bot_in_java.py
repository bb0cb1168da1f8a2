"""A bot in Java, run as it is."""

from __future__ import annotations

import pytest

from pytest_graphcalls import GraphCalls
from tests.clients.java import HERE, compiled
from tests.clients.programs import Command


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """What `javac` makes of it."""
    return compiled(HERE / "bot" / "Bot.java", "v1.0", tmp_path_factory.mktemp("bot"))


def test_it_answers(graphcalls: GraphCalls, program: Command) -> None:
    callback = graphcalls.simulator.authority.app.callback_uri
    graphcalls.run(program, port_variable="PORT", environment={"BOT_URL": callback}, within=120)
    assert graphcalls.answered_call("Adele", seconds=60).state == "established"
    graphcalls.bot.assert_answered_within(15)
