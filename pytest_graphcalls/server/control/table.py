"""Every address of the control API: one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_graphcalls.server.control import bot, faulting, simulator, tenant, timing
from pytest_graphcalls.server.control.routing import Route
from pytest_graphcalls.server.control.state import World


def _list(world: World) -> Mapping[str, Any]:
    del world
    return {"addresses": [route.described() for route in ROUTES]}


ROUTES: tuple[Route, ...] = (
    Route("GET", "", "this list", _list),
    *tenant.ROUTES,
    *simulator.ROUTES,
    *timing.ROUTES,
    *bot.ROUTES,
    *faulting.ROUTES,
)
"""All of them; the first that fits is taken."""
