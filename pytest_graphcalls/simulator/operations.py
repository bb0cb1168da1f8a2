"""Long-running operations of every type: how they start, run in turn, end, and are shown.

What differs from type to type is data: the entry ``long_running`` of the operation in the contract that starts one says
which status the answer has, which members of the request come back, what queues up behind what, and how it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.lifecycle import CallState, OperationEvent, OperationState
from pytest_graphcalls.simulator import resources
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.calls import Calls
from pytest_graphcalls.simulator.entities import Call, Operation
from pytest_graphcalls.simulator.responses import Fact, Refusal, Reply, Result, documented
from pytest_graphcalls.simulator.world import World

_NONE: Mapping[str, Any] = MappingProxyType({})
EVENTS = MappingProxyType({"completed": OperationEvent.COMPLETE, "failed": OperationEvent.FAIL})
"""By the status that the contract gives an end: what happens to the operation."""


class Operations:
    """Owns every long-running operation. Each step is a method that can be replaced.

    Args:
        world: the tenant.
        calls: finds the call.
    """

    def __init__(self, world: World, calls: Calls) -> None:
        self._world = world
        self._calls = calls

    def carry_out(self, ask: Ask, call: Call, body: Mapping[str, Any], **facts: Any) -> Reply:
        """Start the operation that a request asks for, and answer with it.

        Args:
            ask: the request.
            call: the call it is about.
            body: what was sent.
            facts: further members of the :class:`.Operation`, such as what to do when its turn has come.
        """
        context = body.get("clientContext")
        context = context if isinstance(context, str) else None
        return self.reply(ask, self.start(ask, call, context, end_members=self._echoed(ask, body), **facts))

    def _echoed(self, ask: Ask, body: Mapping[str, Any]) -> dict[str, Any]:
        spec = ask.match.operation.long_running
        return {name: body[name] for name in (spec.echoes if spec else ()) if name in body}

    def start(
        self,
        ask: Ask,
        call: Call,
        context: str | None,
        *,
        members: Mapping[str, Any] = _NONE,
        end_members: Mapping[str, Any] = _NONE,
        **facts: Any,
    ) -> Operation:
        """Put down a new operation; arguments as for :class:`.Operation` and :meth:`carry_out`."""
        spec = ask.match.operation.long_running
        assert spec is not None
        operation = Operation(
            id=self._world.ids.new("operation"),
            call=call.id,
            spec=spec,
            status=OperationState(spec.answered),
            client_context=context,
            members=members,
            end_members=end_members,
            **facts,
        )
        self._world.store.start_operation(operation)
        if self._first_in_queue(operation).id == operation.id:
            self._run(operation)
        return operation

    def reply(self, ask: Ask, operation: Operation, fact: Fact | None = None) -> Reply:
        """The answer to the request that has started ``operation``, known as well as ``fact`` says, or as usual."""
        location = f"{ask.root}/communications/calls/{operation.call}/operations/{operation.id}"
        context = {"@odata.context": f"{ask.root}/$metadata#microsoft.graph.{operation.spec.type}"}
        status, fact = next(iter(ask.match.operation.responses)), fact or documented(operation.spec.fact)
        return Reply(status, fact, context | resources.operation(operation), (("Location", location),))

    def get(self, ask: Ask) -> Reply:
        """Show an operation of the call in the path; ids of other calls are unknown here."""
        call = self._calls.live(ask)
        operation = self._world.store.operations.get(ask.match.keys["operation-id"])
        if operation is None or operation.call != call.id:
            raise Refusal("operation-not-found")
        body = ask.shown("operations/$entity", resources.operation(operation))
        return Reply(200, documented("commsoperation-get.r01"), body)

    def settle(self, operation: Operation, part: str, failure: Result | None) -> None:
        """Mark a part of an operation as done; after the last part the operation ends.

        It completed if every part did, and failed with the first reason otherwise (inferred: reports show operations
        of one part only).
        """
        pending, result = operation.pending - {part}, operation.result or failure
        operation = self._world.store.put_operation(replace(operation, pending=pending, result=result))
        if not pending:
            self.after(self._world.pace.complete, operation)

    def _run(self, operation: Operation) -> None:
        if operation.begin is not None:
            operation.begin(self._world.store.change_operation(operation, began=self._world.clock.now))

    def after(self, seconds: float, operation: Operation) -> None:
        """End an operation in ``seconds``, as one that was not interrupted, unless it is started again before."""

        def due() -> None:
            now = self._world.store.operations.get(operation.id)
            if now is not None and now.began == operation.began:
                self.finish(operation.id)

        if seconds > 0:
            self._world.clock.after(seconds, due)
        else:
            self.finish(operation.id)

    def restart(self, operation: Operation) -> None:
        """Begin an operation that runs once more from its start."""
        if operation.began is not None:
            cut = (*operation.cut, (operation.began, self._world.clock.now))
            self._run(self._world.store.change_operation(operation, cut=cut))

    def running(self, operation_id: str) -> Operation | None:
        """An operation as it is now, if it still runs and its call is not over."""
        operation = self._world.store.operations.get(operation_id)
        if operation is None or operation.status is not OperationState.RUNNING:
            return None
        return None if self._world.store.calls[operation.call].state is CallState.TERMINATED else operation

    def finish(self, operation_id: str, how: str = "completed", **members: Any) -> None:
        """End an operation, by its result if a part of it has failed; one that is over already stays as it is.

        Args:
            operation_id: which.
            how: name of the end in the contract.
            members: further members of the notification.
        """
        operation = self.running(operation_id)
        if operation is None:
            return
        if operation.result is not None:
            self.fail(operation, operation.result)
        elif how in operation.spec.ends:
            self._next(self._end(operation, how, members))

    def fail(self, operation: Operation, result: Result) -> None:
        """End an operation that did not work out."""
        self._next(self._over(operation, OperationEvent.FAIL, result=result))

    def cancel(self, call: Call, queue: str = "") -> None:
        """Cancel what runs and waits in a call, as far as it can be cancelled; with ``queue`` what is in that one."""
        for operation in self._world.store.operations_of(call):
            spec = operation.spec
            if operation.status is OperationState.RUNNING and "cancelled" in spec.ends and queue in {"", spec.queue}:
                self._end(operation, "cancelled", {})

    def _end(self, operation: Operation, how: str, members: Mapping[str, Any]) -> Operation:
        end = operation.spec.ends[how]
        pair = Fact(end.pair_evidence, end.pair_fact) if end.pair_evidence else None
        result = Result(end.code, end.subcode, end.message, Fact(end.evidence, end.fact), pair)
        members = {**operation.end_members, **end.members, **members}
        return self._over(operation, EVENTS[end.status], result=result, end_members=members, how=how)

    def _over(self, operation: Operation, event: OperationEvent, **facts: Any) -> Operation:
        operation = self._world.store.step_operation(operation, event, ended=self._world.clock.now, **facts)
        if self._world.store.calls[operation.call].state is not CallState.TERMINATED:
            self._world.notifier.operation_ended(operation)
        return operation

    def _next(self, operation: Operation) -> None:
        """Begin what has waited for an operation that is over."""
        following = self._first_in_queue(operation)
        if following.id != operation.id:
            self._run(following)

    def _first_in_queue(self, operation: Operation) -> Operation:
        """The oldest unfinished operation of the same queue; the operation itself where it queues behind none."""
        queue = operation.spec.queue
        if not queue:
            return operation
        started = self._world.store.operations_of(self._world.store.calls[operation.call])
        waiting = (one for one in started if one.spec.queue == queue and one.status is OperationState.RUNNING)
        return next(waiting, operation)
