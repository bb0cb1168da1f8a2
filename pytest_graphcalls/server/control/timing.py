"""Addresses about the clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.server.control import parameters
from pytest_graphcalls.server.control.parameters import Parameter
from pytest_graphcalls.server.control.routing import Route
from pytest_graphcalls.server.control.state import World

PATIENCE = 0.5
"""Real seconds that are waited for each notification that goes out by itself already. In frozen time none does: who is
at it then was asked to, and a bot that asks as well would wait for itself."""


def _clock(world: World) -> Mapping[str, Any]:
    clock = world.simulator.clock
    return {"now": clock.now, "time": clock.moment().isoformat(), "frozen": world.time.frozen}


def _advance(world: World, seconds: float) -> Mapping[str, Any]:
    try:
        world.simulator.clock.end_of(seconds)
    except SettingError as error:  # which speaks of a parameter in Python
        raise SettingError("seconds", error.value, error.expected, error.next_step) from None
    world.advance(seconds, 0.0 if world.time.frozen else PATIENCE)
    return _clock(world)


def _freeze(world: World) -> Mapping[str, Any]:
    world.time.freeze()
    return _clock(world)


def _thaw(world: World) -> Mapping[str, Any]:
    world.time.thaw()
    return _clock(world)


ROUTES = (
    Route("GET", "clock", "virtual seconds since the start, and whether time stands still", _clock),
    Route(
        "POST",
        "clock/advance",
        "let virtual time pass; the answer comes when the bot was told everything that fell due",
        _advance,
        {"seconds": Parameter("virtual seconds; 0 tells the bot what waits", parameters.seconds, required=True)},
    ),
    Route("POST", "clock/freeze", "let virtual time stand still", _freeze),
    Route("POST", "clock/thaw", "let virtual time follow real time, from now on", _thaw),
)
"""Everything about time."""
