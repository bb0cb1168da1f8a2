"""What ``graphcalls serve`` answers beside the service's own addresses, so that suites in any language can drive it.

One table of addresses (:data:`.ROUTES`); ``GET /_graphcalls/`` lists it. They mint tokens and steer the world, so
``guard.py`` decides who may ask.
"""

from __future__ import annotations

from pytest_graphcalls.server.control.app import ControlledApp
from pytest_graphcalls.server.control.guard import Reach
from pytest_graphcalls.server.control.names import CODE, PREFIX, TOKEN_PATH
from pytest_graphcalls.server.control.service import Control
from pytest_graphcalls.server.control.state import World
from pytest_graphcalls.server.control.table import ROUTES
from pytest_graphcalls.server.control.tenant import known_roles
from pytest_graphcalls.server.control.ticking import ticking

__all__ = [
    "CODE",
    "PREFIX",
    "ROUTES",
    "TOKEN_PATH",
    "Control",
    "ControlledApp",
    "Reach",
    "World",
    "known_roles",
    "ticking",
]
