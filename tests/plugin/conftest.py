"""Small projects that use the plugin, run through pytest's front door and read from the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

import pytest_graphcalls.clients.httpx
import pytest_graphcalls.contract.check
import pytest_graphcalls.plugin.connections
import pytest_graphcalls.plugin.graphcalls
import pytest_graphcalls.plugin.markers
import pytest_graphcalls.plugin.outcomes
import pytest_graphcalls.plugin.reporting
import pytest_graphcalls.plugin.settings
import pytest_graphcalls.report.failure
import pytest_graphcalls.report.terminal

# An inner run in this process forgets the modules it imported; those that outer code has imported stay, which
# saves a second for each test, and cryptography cannot be imported twice at all.
import pytest_graphcalls.server.asgi
import pytest_graphcalls.server.http
import pytest_graphcalls.session
import pytest_graphcalls.stage
import pytest_graphcalls.targets
import pytest_graphcalls.targets.remote
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.simulator import Pace, Simulator

Run = Callable[..., pytest.RunResult]

_OTHERS = ("randomly", "hypothesispytest", "recording", "xdist.looponfail")
"""Plugins that happen to be installed beside ours and would be imported anew by every inner run."""
QUIET = (
    *(argument for name in _OTHERS for argument in ("-p", f"no:{name}")),
    *("-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
NO_LEAKS = ("-W", "error::ResourceWarning", "-W", "error::pytest.PytestUnraisableExceptionWarning")
"""Fail for what is left open."""


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    """Load what every inner run needs, once: the contract, a key, the modules behind a server and its clients."""
    assert Contract.packaged().revision
    simulator = Simulator()
    assert simulator.authority.token()
    app = pytest_graphcalls.server.asgi.SimulatorApp(simulator)
    with pytest_graphcalls.server.http.serve_in_thread(app) as url:
        recorder = pytest_graphcalls.session.Recorder(Contract.packaged())
        target = pytest_graphcalls.targets.UrlTarget(url)
        connection = target.connect(pytest_graphcalls.targets.Setup("v1.0", recorder))
        assert connection.client().get("/").status_code
        assert asyncio.run(connection.async_client().get("/")).status_code
        target.close()


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest in the project's folder; ``workers`` starts that many xdist workers."""

    def run(*arguments: str, workers: int = 0) -> pytest.RunResult:
        parallel = ("-n", str(workers)) if workers else ()
        return pytester.runpytest_inprocess(*QUIET, *parallel, *arguments)

    return run


@pytest.fixture(params=[0, 1], ids=["alone", "in-a-worker"])
def workers(request: pytest.FixtureRequest) -> int:
    """How many xdist workers a run has. One is a process of its own, as several are, and starts in half the time."""
    count: int = request.param
    return count


@pytest.fixture
def served() -> Iterator[tuple[str, Simulator]]:
    """A server at a base URL, and the simulator behind it, in which every person exists."""
    simulator = Simulator(pace=Pace(establish=0.0, ring=0.05))
    simulator.open_directory = True
    app = pytest_graphcalls.server.asgi.SimulatorApp(simulator)
    with pytest_graphcalls.server.http.serve_in_thread(app) as url:
        yield url, simulator
