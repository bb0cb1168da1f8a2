"""Long-running operations: look at one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.responses import Refusal, Reply, documented

if TYPE_CHECKING:
    from pytest_graphcalls.simulator.core import Simulator


class Operations:
    """Shows operations."""

    def __init__(self, simulator: Simulator) -> None:
        self._sim = simulator

    def get(self, ask: Ask) -> Reply:
        """Show an operation of the call in the path; ids of other calls are unknown here."""
        call = self._sim.calls.live(ask)
        operation = self._sim.store.operations.get(ask.match.keys["operation-id"])
        if operation is None or operation.call != call.id:
            raise Refusal("operation-not-found")
        context = f"{ask.root}/$metadata#communications/calls('{call.id}')/operations/$entity"
        body = {"@odata.context": context, **resources.operation(operation)}
        return Reply(200, documented("commsoperation-get.r01"), body)
