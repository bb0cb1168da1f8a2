"""Addresses about faults: one for each fault of the simulator's table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pytest_graphcalls.server.control import parameters, views
from pytest_graphcalls.server.control.parameters import Parameter
from pytest_graphcalls.server.control.routing import Route
from pytest_graphcalls.server.control.state import World
from pytest_graphcalls.simulator import FAULTS, Fault
from pytest_graphcalls.simulator.faults import parameters_of


def _inject(name: str, world: World, **facts: Any) -> Mapping[str, Any]:
    return views.fault(world.simulator.fault(name, **facts))


def _faults(world: World) -> Mapping[str, Any]:
    return {"faults": [views.fault(one) for one in world.simulator.faults.active]}


def _release(world: World, fault: Fault) -> Mapping[str, Any]:
    del world
    fault.release()
    return views.fault(fault)


def _end(world: World, fault: Fault) -> Mapping[str, Any]:
    del world
    fault.end()
    return views.fault(fault)


def _takes(name: str) -> Mapping[str, Parameter]:
    """The fault reads its own parameters; here they are listed."""
    return {
        fact: Parameter(one.says, parameters.anything, required=one.required)
        for fact, one in parameters_of(name).items()
    }


ROUTES = (
    Route("GET", "faults", "the faults in force, and what each has struck", _faults),
    *(
        Route("POST", f"faults/{name}", f"from now on: {sort.says}", partial(_inject, name), _takes(name), 201)
        for name, sort in FAULTS.items()
    ),
    Route("POST", "faults/{fault}/release", "let go out what a fault keeps; it stays in force", _release),
    Route("DELETE", "faults/{fault}", "end a fault, and let go out what it keeps", _end),
)
"""Everything that goes wrong on purpose."""
