"""The simulators of a run behind one local server, for bots and clients in any language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_graphcalls.server.asgi import SimulatorApp
    from pytest_graphcalls.simulator import Host, Simulator


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
