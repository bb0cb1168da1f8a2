"""The words that each command takes; what it does is in the module of its name, one folder up."""

from __future__ import annotations

from pytest_graphcalls.commands.words import contract, drift, nights, recordings, service, tenant
from pytest_graphcalls.commands.words.kind import Commands, add

__all__ = ["COMMANDS", "Commands", "add"]

COMMANDS: Commands = {
    **service.SERVICE_COMMANDS,
    **tenant.TENANT_COMMANDS,
    **recordings.RECORDINGS_COMMANDS,
    **nights.NIGHTS_COMMANDS,
    **drift.DRIFT_COMMANDS,
    **contract.CONTRACT_COMMANDS,
}
"""Every command, in the order of the help."""
