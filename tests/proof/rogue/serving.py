"""Runs the packaged suite at a server behind a proxy that does one thing wrong, all of it in one warm process.

The server is what ``graphcalls serve`` serves, control addresses included; it and the proxy are asked without a socket.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

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
from tests.proof.process import SomeTests, WarmProcess, obey_orders, plain_reports
from tests.proof.rogue.faults import FAULTS, Fault
from tests.proof.runner import ARGUMENTS, Outcome

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
        """Nothing is open."""


class Suite(WarmProcess):
    """A process that runs the suite at the server.

    Args:
        folder: an empty folder to run in.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(__name__, folder)

    @cached_property
    def honest(self) -> Outcome:
        """The outcome of the whole suite at a server without a fault, in both versions."""
        return self._run("both")

    def run(self, fault: Fault, version: str) -> Outcome:
        """Run the tests of the fault's module whose verdict matters; all of them under ``make search``."""
        tests = [one for one in self.honest.report["tests"] if one["version"] == version and fault.runs(one["nodeid"])]
        looked_at = [one["nodeid"] for one in tests if EFFORT or fault.justified or fault.matters(one["rules"])]
        return self._run(version, fault.name, looked_at)

    def _run(self, version: str, fault: str = "", tests: Collection[str] | None = None) -> Outcome:
        report, screen = self.folder / "report.json", self.folder / "screen.txt"
        report.unlink(missing_ok=True)
        options = (f"--graphcalls-target={URL}", f"--graphcalls-version={version}", f"--graphcalls-report={report}")
        status = self.order(screen, fault=fault, tests=tests, arguments=[*ARGUMENTS, *options])
        return Outcome(status, json.loads(report.read_text()), screen.read_text())


def obey(order: Mapping[str, Any]) -> int:
    """Carry out one order."""
    InProcess.proxy = Proxy(Serve(), order["fault"])
    network.Network = remote.Network = InProcess  # type: ignore[misc]  # the only network of this process
    with plain_reports() if order["fault"] else nullcontext():
        return int(pytest.main(order["arguments"], plugins=[SomeTests(tests=order["tests"])]))


if __name__ == "__main__":
    obey_orders(obey)
