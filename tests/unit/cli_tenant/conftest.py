"""The commands about a tenant, run in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from pytest_graphcalls.auth import VARIABLES
from pytest_graphcalls.cli import command
from pytest_graphcalls.lifecycle import CallState
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control import ControlledApp, ServerState
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.server.tls import certificate_in
from pytest_graphcalls.simulator import Simulator

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def graphcalls(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Run the command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path_factory.mktemp("project"))

    def run(*words: str) -> tuple[int, str, str]:
        code = command.main(list(words))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *[name for name in os.environ if name.startswith("GRAPHCALLS_")]):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(start=datetime.now(UTC))


@pytest.fixture
def url(simulator: Simulator) -> Iterator[str]:
    with serve_in_thread(ControlledApp(ServerState.of(simulator, SimulatorApp(simulator)))) as url:
        yield url


@pytest.fixture
def tenant(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A tenant that is ready, over TLS, in the variables."""
    meeting = simulator.meeting(["Ana"], organizer="Olga")
    coordinates = meeting.coordinates
    thread, message = (coordinates["chatInfo"][name] for name in ("threadId", "messageId"))
    context = f'{{"Tid":"{simulator.tenant_id}","Oid":"{meeting.organizer.id}"}}'
    address = httpx.URL(f"https://teams.microsoft.com/l/meetup-join/{thread}/{message}", params={"context": context})
    with (
        certificate_in(tmp_path) as tls,
        serve_in_thread(SimulatorApp(simulator), certificate=tls.certificate) as url,
    ):
        for name, value in {
            "SSL_CERT_FILE": str(tls.ca),
            "AZURE_AUTHORITY_HOST": url,
            "AZURE_TENANT_ID": simulator.tenant_id,
            "AZURE_CLIENT_ID": simulator.authority.app.app_id,
            "AZURE_CLIENT_SECRET": simulator.signin.secret(),
            "GRAPHCALLS_ROOT": url,
            "GRAPHCALLS_SANDBOX_MEETINGS": str(address),
            "GRAPHCALLS_SANDBOX_USERS": simulator.person("Ben").id,
        }.items():
            monkeypatch.setenv(name, value)
        yield url
        assert {call.state for call in simulator.store.calls.values()} <= {CallState.TERMINATED}
