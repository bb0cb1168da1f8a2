"""An ASGI application that puts the control addresses in front of a simulator."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pytest_graphcalls.server.asgi import Receive, Scope, Send, SimulatorApp
from pytest_graphcalls.server.control.guard import Reach, refusal
from pytest_graphcalls.server.control.names import PREFIX
from pytest_graphcalls.server.control.service import Control
from pytest_graphcalls.server.control.state import World
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Request, Response

AT_ONCE = 16
"""How many control requests are answered at the same time: one may wait for a bot that asks for another."""


class ControlledApp:
    """The control addresses, and the simulator behind them.

    They are answered in threads of their own: a bot that is told something because of one calls back into the same
    server meanwhile.

    Args:
        app: serves everything else.
        simulator: the tenant that they steer.
        world: what they steer, if it is more than the simulator.
        reach: whom they answer.
    """

    def __init__(
        self, app: SimulatorApp, simulator: Simulator, *, world: World | None = None, reach: Reach = Reach.LOCAL
    ) -> None:
        self.world = world or World.of(simulator, app)
        self._app = app
        self._reach = reach
        self._control = Control(self.world)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="graphcalls-control")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        asked = _Asked(self._control, scope.get("client"), self._reach)
        await SimulatorApp(asked, frozen=True, threads=self._threads)(scope, receive, send)

    def close(self) -> None:
        """End when the last control request is answered."""
        self._threads.shutdown()


class _Asked:
    """One request to a control address, and who asks."""

    def __init__(self, control: Control, client: Sequence[Any] | None, reach: Reach) -> None:
        self._control = control
        self._client = client
        self._reach = reach

    def elapse(self, seconds: float) -> None:
        pass

    def handle(self, request: Request) -> Response:
        return refusal(request, self._client, self._reach) or self._control.handle(request)
