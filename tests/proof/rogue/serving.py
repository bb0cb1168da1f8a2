"""Runs the packaged suite at a server behind a proxy that does one thing wrong, all of it in one warm process.

The server is what ``graphcalls serve`` serves, control addresses included; it and the proxy are asked without a socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import pytest_graphcalls.clients.network as network
import pytest_graphcalls.targets.remote as remote
from pytest_graphcalls.clients.httpx import SimulatorTransport
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.control.app import Control
from pytest_graphcalls.server.control.routing import PREFIX
from pytest_graphcalls.server.control.state import ServerState
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.hosting import Service
from pytest_graphcalls.wire import Request, Response
from tests.effort import EFFORT
from tests.proof.rogue.faults import FAULTS, Fault
from tests.proof.session import InSession, Outcome, Run, obey_in_session

URL = "http://127.0.0.1:1"
"""Where the suite believes the server to be; nothing listens there."""


class Serve:
    """What ``graphcalls serve`` answers, without a socket; its time stands still until it is moved."""

    def __init__(self) -> None:
        self._simulator = Simulator()
        self._control = Control(ServerState.of(self._simulator, SimulatorApp(self._simulator, frozen=True)))

    def handle(self, request: Request) -> Response:
        return (self._control if request.path.startswith(PREFIX) else self._simulator).handle(request)

    def elapse(self, seconds: float) -> None:
        """Time stands still."""


@dataclass
class Proxy:
    """Hands requests on to a server, but for one fault.

    Attributes:
        server: answers.
        fault: name of the fault, or ``""`` for an honest proxy.
    """

    server: Service
    fault: str

    def handle(self, request: Request) -> Response:
        return FAULTS[self.fault].strike(request, self.server.handle) if self.fault else self.server.handle(request)

    def elapse(self, seconds: float) -> None:
        """Time stands still."""


class InProcess(network.Network):
    """The network of a run whose only server is in its own process."""

    proxy: Service

    def __init__(self, *, trust_env: bool = False, ca_file: str | None = None) -> None:
        self.sync: httpx.BaseTransport = SimulatorTransport(self.proxy)

    def close(self) -> None:
        """Do nothing: no connection is held."""


class Suite(InSession):
    """A process that runs the suite at the server.

    Args:
        folder: an empty folder to run in.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(__name__, folder)

    def run(self, fault: Fault, version: str) -> Outcome:
        """Run the tests of the fault's module whose verdict matters; all of them under ``make search``."""
        tests = [one for one in self.whole.report["tests"] if one["version"] == version and fault.runs(one["nodeid"])]
        looked_at = [one["nodeid"] for one in tests if EFFORT or fault.justified or fault.matters(one["rules"])]
        return self.run_tests(looked_at, fault=fault.name)


def obey(order: Mapping[str, Any], run: Run) -> int:
    """Carry out one order."""
    InProcess.proxy = Proxy(Serve(), order.get("fault", ""))
    return run()


if __name__ == "__main__":
    InProcess.proxy = Proxy(Serve(), "")
    network.Network = remote.Network = InProcess  # type: ignore[misc]  # the only network of this process
    obey_in_session(obey, f"--graphcalls-target={URL}")
