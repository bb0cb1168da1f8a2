"""pytest plugin, simulator and contract tests for the Microsoft Graph calls API.

pytest imports this package in every project that has it installed, so nothing is imported until it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_graphcalls._version import __version__
    from pytest_graphcalls.clients.httpx import CheckedTransport, SimulatorTransport
    from pytest_graphcalls.contract import Contract
    from pytest_graphcalls.errors import ContractViolationError, GraphCallsError
    from pytest_graphcalls.findings import Finding
    from pytest_graphcalls.plugin.graphcalls import GraphCalls
    from pytest_graphcalls.session import Recorder
    from pytest_graphcalls.simulator import Pace, Simulator, invitation
    from pytest_graphcalls.wire import Exchange, Notification, Request, Response

__all__ = [
    "CheckedTransport",
    "Contract",
    "ContractViolationError",
    "Exchange",
    "Finding",
    "GraphCalls",
    "GraphCallsError",
    "Notification",
    "Pace",
    "Recorder",
    "Request",
    "Response",
    "Simulator",
    "SimulatorTransport",
    "__version__",
    "invitation",
]

_HOMES = {
    "CheckedTransport": "clients.httpx",
    "Contract": "contract",
    "ContractViolationError": "errors",
    "Exchange": "wire",
    "Finding": "findings",
    "GraphCalls": "plugin.graphcalls",
    "GraphCallsError": "errors",
    "Notification": "wire",
    "Pace": "simulator",
    "Recorder": "session",
    "Request": "wire",
    "Response": "wire",
    "Simulator": "simulator",
    "SimulatorTransport": "clients.httpx",
    "__version__": "_version",
    "invitation": "simulator",
}
"""In which room each public name lives."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
