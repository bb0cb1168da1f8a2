"""The simulator as the target: in process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.contract import Need
from pytest_graphcalls.session import WHOLE
from pytest_graphcalls.targets.base import GRAPH, SIMULATOR, Clients, Setup, World

if TYPE_CHECKING:
    from pytest_graphcalls.server.asgi import SimulatorApp
    from pytest_graphcalls.simulator import Host, Simulator


class SimulatorTarget:
    """The simulator: in process, a new one for each test.

    Args:
        seed: where its ids start.
    """

    name = SIMULATOR
    capabilities = frozenset(Need)

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def connect(self, setup: Setup) -> SimulatorConnection:
        """See :meth:`Target.connect`."""
        from pytest_graphcalls.simulator import Simulator

        simulator = Simulator(seed=self.seed, tenant_id=setup.tenant or None)
        simulator.observe(setup.observer)
        simulator.prompts.report = setup.recorder.add
        if setup.prepare is not None:
            setup.prepare(simulator)
        leave = setup.recorder.follow(lambda: simulator.notifications, setup.version)
        return SimulatorConnection(simulator, setup, leave)

    def close(self) -> None:
        """Do nothing: the simulators of a run end with their tests."""


class SimulatorConnection(Clients):
    """A test's own simulator. The recorder watches the simulator, so every way into it is seen once.

    Args:
        simulator: the tenant.
        setup: the test.
        leave: what ends the watching.
    """

    capabilities = SimulatorTarget.capabilities
    sandbox = None
    offer = WHOLE
    given = None
    is_fresh = True

    def __init__(self, simulator: Simulator, setup: Setup, leave: Callable[[], None]) -> None:
        self.case = setup.case
        self._setup = setup
        self._leave = leave
        self.simulator: Simulator = simulator
        self.world: World = simulator
        self.version = setup.version
        self.root = f"{GRAPH}/{setup.version}"

    @cached_property
    def token(self) -> str:
        """A token of the tenant's default app."""
        return self.simulator.authority.token()

    @cached_property
    def _in_process(self) -> Any:
        from pytest_graphcalls.clients.httpx import SimulatorTransport

        return self._setup.through(SimulatorTransport(self.simulator))

    def _transport(self, *, asynchronous: bool) -> Any:
        del asynchronous  # one transport serves both
        return self._in_process

    def wait(self, seconds: float) -> None:
        """Move the simulator's clock."""
        self.simulator.advance(seconds)

    def close(self) -> None:
        """End the simulator with the test, after a last look at what it has posted to the bot."""
        self._leave()


class LocalServer:
    """One server in front of the simulators of a run, in a thread of its own. Their time follows real time.

    Args:
        app: what it serves.
        host: routes each request to its tenant's simulator.
        url: where it listens.
    """

    def __init__(self, app: SimulatorApp, host: Host, url: str) -> None:
        self._app = app
        self._host = host
        self.url = url

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[LocalServer]:
        """Serve on a free port until the block ends."""
        from pytest_graphcalls.server.asgi import SimulatorApp
        from pytest_graphcalls.server.http import serve_in_thread
        from pytest_graphcalls.simulator import Host

        host = Host()
        app = SimulatorApp(host)
        with serve_in_thread(app) as url:
            yield cls(app, host, url)

    @contextmanager
    def serving(self, simulator: Simulator) -> Iterator[str]:
        """Let ``simulator`` answer until the block ends; gives the server's URL, without API version.

        Requests that carry no token belong to no tenant; they go to the simulator that came last, so that the
        test that sent them sees them.
        """
        self._app.follow()  # what has passed since the last test is not this simulator's time
        before, self._host.default = self._host.default, self._host.add(simulator)
        try:
            yield self.url
        finally:
            self._host.default = before
            self._host.remove(simulator)
