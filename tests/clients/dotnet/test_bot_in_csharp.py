"""A bot in C#, run as it is. Never run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_graphcalls import GraphCalls
from tests.clients.compiled import done, tool
from tests.clients.programs import Command

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """What `dotnet build` makes of it."""
    dotnet, folder = tool("dotnet"), tmp_path_factory.mktemp("bot") / "bot"
    shutil.copytree(HERE / "bot", folder)
    done([dotnet, "restore"], folder, downloads="the packages of dotnet/bot/bot.csproj")
    done([dotnet, "build", "--no-restore", "-o", folder / "out"], folder)
    return [dotnet, folder / "out" / "bot.dll"]


def test_it_answers(graphcalls: GraphCalls, program: Command) -> None:
    callback = graphcalls.simulator.authority.app.callback_uri
    graphcalls.run(program, port_variable="PORT", environment={"BOT_URL": callback})
    call = graphcalls.answered_call("Adele")
    assert call.state == "established"
    graphcalls.bot.assert_answered_within(15)
