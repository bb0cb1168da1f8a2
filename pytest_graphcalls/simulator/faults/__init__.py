"""Faults between a bot and the service: answers that fail, notifications that come late, twice or never.

Faults are injected, never there by themselves. Which requests and notifications one strikes depends on nothing but
its parameters and the simulator's seed.
"""

from __future__ import annotations

from pytest_graphcalls.simulator.faults.catalogue import FAULTS, Side, ordered, parameters_of
from pytest_graphcalls.simulator.faults.effects import NOTHING, Faulty
from pytest_graphcalls.simulator.faults.injection import Fault, Faults, Fired

__all__ = [
    "FAULTS",
    "NOTHING",
    "Fault",
    "Faults",
    "Faulty",
    "Fired",
    "Side",
    "ordered",
    "parameters_of",
]
