"""A bot in Go, run as it is."""

from __future__ import annotations

import pytest

from pytest_graphcalls import GraphCalls
from tests.clients.go import HERE, compiled
from tests.clients.programs import Command


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """What `go build` makes of it."""
    return compiled(HERE / "bot" / "main.go", "v1.0", tmp_path_factory.mktemp("bot"))


def test_it_answers(graphcalls: GraphCalls, program: Command) -> None:
    callback = graphcalls.simulator.authority.app.callback_uri
    graphcalls.run(program, port_variable="PORT", environment={"BOT_URL": callback})
    call = graphcalls.answered_call("Adele")
    assert call.state == "established"
    graphcalls.bot.assert_answered_within(15)
