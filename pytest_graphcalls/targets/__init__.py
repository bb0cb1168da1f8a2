"""Targets of contract tests: the simulator, a recording, a live tenant, or a server at a base URL.

A :class:`Target` lives as long as the run, a :class:`Connection` as long as one test. Tests ask a connection
what it can do (:attr:`Connection.capabilities`), never which target it belongs to. Adding a target is a row in
:data:`.registry.TARGETS` and a class with these two methods.
"""

from __future__ import annotations

from pytest_graphcalls.targets.base import (
    GRAPH,
    LIVE,
    REPLAY,
    Case,
    Connection,
    ReceivedNotifications,
    Setup,
    Target,
    World,
    sparing,
)
from pytest_graphcalls.targets.registry import Targets, TargetSources, capabilities_of
from pytest_graphcalls.targets.simulator import LocalServer, SimulatorTarget
from pytest_graphcalls.targets.url import UrlTarget

__all__ = [
    "GRAPH",
    "LIVE",
    "REPLAY",
    "Case",
    "Connection",
    "LocalServer",
    "ReceivedNotifications",
    "Setup",
    "SimulatorTarget",
    "Target",
    "TargetSources",
    "Targets",
    "UrlTarget",
    "World",
    "capabilities_of",
    "sparing",
]
