"""The simulator: a Microsoft Graph calls service in memory, as plain requests in and plain answers out."""

from __future__ import annotations

from pytest_graphcalls.simulator.acting import PersonCall
from pytest_graphcalls.simulator.clock import DEFAULT_START, Pace
from pytest_graphcalls.simulator.core import Interceptor, Proceed, Simulator
from pytest_graphcalls.simulator.faults import FAULTS, Fault, Faulty, Fired
from pytest_graphcalls.simulator.hosting import Host, Service
from pytest_graphcalls.simulator.identity import App, Authority
from pytest_graphcalls.simulator.keys import Keyring
from pytest_graphcalls.simulator.person import Person, invitation
from pytest_graphcalls.simulator.scenario import Meeting
from pytest_graphcalls.simulator.simulated_call import SimulatedCall
from pytest_graphcalls.wire import EVIDENCE_HEADER

__all__ = [
    "DEFAULT_START",
    "EVIDENCE_HEADER",
    "FAULTS",
    "App",
    "Authority",
    "Fault",
    "Faulty",
    "Fired",
    "Host",
    "Interceptor",
    "Keyring",
    "Meeting",
    "Pace",
    "Person",
    "PersonCall",
    "Proceed",
    "Service",
    "SimulatedCall",
    "Simulator",
    "invitation",
]
