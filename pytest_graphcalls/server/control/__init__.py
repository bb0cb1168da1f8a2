"""The control API of ``graphcalls serve``: addresses beside the service's own, for suites in any language.

One table, :data:`.ROUTES`, has every address; ``GET /_graphcalls/`` lists it. They issue tokens and change the tenant,
so ``app.py`` decides who is answered.
"""

from __future__ import annotations

from pytest_graphcalls.server.control.app import Control, ControlledApp, Reach
from pytest_graphcalls.server.control.routes import ROUTES
from pytest_graphcalls.server.control.routing import CODE, PREFIX, TOKEN_PATH
from pytest_graphcalls.server.control.state import ServerState, real_time

__all__ = [
    "CODE",
    "PREFIX",
    "ROUTES",
    "TOKEN_PATH",
    "Control",
    "ControlledApp",
    "Reach",
    "ServerState",
    "real_time",
]
