"""The kinds of step by which a simulator can be made to deviate: each replaces a piece of it, from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.simulator import Proceed, Simulator
from pytest_graphcalls.simulator.admission import Ask
from pytest_graphcalls.simulator.identity import Grant, bearer
from pytest_graphcalls.simulator.responses import Refusal, Reply
from pytest_graphcalls.wire import Request, Response, encode_json

Apply = Callable[[Simulator], None]
"""Makes a simulator deviate."""
_OPERATIONS: dict[Apply, str] = {}
_PARTS: dict[Apply, tuple[Apply, ...]] = {}
_ENDS: dict[Apply, str] = {}


def operation_of(apply: Apply) -> str:
    """Id of the only operation whose requests a deviation changes; ``""`` if it may change others."""
    return _OPERATIONS.get(apply, "")


def parts_of(apply: Apply) -> tuple[Apply, ...]:
    """The deviations that a deviation consists of; none for a single one."""
    return _PARTS.get(apply, ())


def end_of(apply: Apply) -> str:
    """The step, as ``part.step``, that a deviation only puts off; ``""`` if it may change others."""
    return _ENDS.get(apply, "")


def only_in(operation: str, apply: Apply) -> Apply:
    """Note that ``apply`` changes nothing but requests of ``operation``."""
    _OPERATIONS[apply] = operation
    return apply


def answers(operation: str, change: Callable[[Response], Response]) -> Apply:
    """What succeeded is answered otherwise."""

    def around_it(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        return change(response) if meant(request) == operation and response.status < 300 else response

    return only_in(operation, lambda simulator: simulator.intercept(around_it))


def refused_with(operation: str, wanted: int, code: int) -> Apply:
    """Refusals with the status ``wanted`` have another status."""

    def around_it(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        return replace(response, status=code) if meant(request) == operation and response.status == wanted else response

    return only_in(operation, lambda simulator: simulator.intercept(around_it))


def status(operation: str, code: int) -> Apply:
    """Success has another status."""
    return answers(operation, lambda response: replace(response, status=code))


def body(operation: str, change: Callable[[dict[str, Any]], Any]) -> Apply:
    """Success has another body."""
    return answers(operation, lambda response: replace(response, body=encode_json(change(response.json()))))


def without_header(operation: str, name: str) -> Apply:
    """Success has no header of this name."""
    return answers(operation, lambda response: replace(response, headers=response.headers.without(name)))


def without_location(operation: str) -> Apply:
    """Success has no Location header."""
    return without_header(operation, "Location")


def with_body(operation: str) -> Apply:
    """Success, which has no body, has one."""
    return answers(operation, lambda response: replace(response, body=b'{"state": "established"}'))


def skips(part: str, step: str) -> Apply:
    """A step of ``part`` does nothing."""
    return instead(part, step, lambda *_args, **_facts: None)


def skips_in(operation: str, step: str) -> Apply:
    """A step of the meetings does nothing in requests of one operation."""

    def carry_out(simulator: Simulator, handler: Callable[[Ask], Reply], ask: Ask) -> Reply:
        original = getattr(simulator.meetings, step)
        setattr(simulator.meetings, step, lambda *_: None)
        try:
            return handler(ask)
        finally:
            setattr(simulator.meetings, step, original)

    def apply(simulator: Simulator) -> None:
        simulator.handlers[operation] = partial(carry_out, simulator, simulator.handlers[operation])

    return only_in(operation, apply)


def instead(part: str, step: str, other: Callable[..., Any]) -> Apply:
    """A step of ``part`` is replaced by ``other``, which is handed what the step is handed."""
    return lambda simulator: setattr(getattr(simulator, part), step, other)


def around(part: str, step: str, other: Callable[..., Any]) -> Apply:
    """A step of ``part`` is done by ``other``, which is handed the simulator, the step, and what that is handed."""

    def apply(simulator: Simulator) -> None:
        owner = getattr(simulator, part)
        original = getattr(owner, step)
        setattr(owner, step, lambda *args, **facts: other(simulator, original, *args, **facts))

    return apply


def set_to(part: str, name: str, value: Any) -> Apply:
    """A number of ``part`` is changed."""
    return lambda simulator: setattr(getattr(simulator, part), name, value)


def lasts(part: str, name: str, seconds: float, until: str) -> Apply:
    """A duration of ``part`` is longer, so that its step ``until`` comes later; where none comes, nothing changes."""

    def apply(simulator: Simulator) -> None:
        assert getattr(getattr(simulator, part), name) < seconds, f"{part}.{name} is no longer than before"
        setattr(getattr(simulator, part), name, seconds)

    _ENDS[apply] = f"{part}.{until}"
    return apply


def needs_no_role(operation: str) -> Apply:
    """A token without the role is accepted."""

    def apply(simulator: Simulator) -> None:
        del simulator.admission.required_roles[operation]

    return only_in(operation, apply)


def needs_no_token(operation: str) -> Apply:
    """A request without a token counts as one of the default app."""

    def identify(simulator: Simulator, original: Callable[[Request], Grant], request: Request) -> Grant:
        app = simulator.authority.app
        return Grant(app, app.roles) if meant(request) == operation and not bearer(request) else original(request)

    unjudged = not_judged(f"{operation}.token-is-required")
    return only_in(operation, both(around("admission", "identify", identify), unjudged))


def meant(request: Request) -> str:
    """Id of the operation that a request means."""
    match = Contract.packaged().match(request.method, request.path)
    return match.operation.id if isinstance(match, Match) else ""


def has_no_old_address(operation: str) -> Apply:
    """The address below ``/app`` leads nowhere."""
    return has_no_address(operation, "/app/")


def has_no_address(operation: str, part: str) -> Apply:
    """An address of the operation that has this part leads nowhere."""

    def route(_: Simulator, original: Callable[[Request], Match], request: Request) -> Match:
        match = original(request)
        if match.operation.id == operation and part in request.path:
            raise Refusal("segment-unknown", segment=part)
        return match

    return only_in(operation, around("admission", "route", route))


def both(*parts: Apply) -> Apply:
    """Several deviations together; a rule that is kept in two places is broken in both."""

    def apply(simulator: Simulator) -> None:
        for part in parts:
            part(simulator)

    _PARTS[apply] = parts
    return apply


def not_judged(rule: str) -> Apply:
    """Requests that break ``rule`` are not refused."""
    return only_in(rule.partition(".")[0], lambda simulator: simulator.admission.unjudged.add(rule))


def handled(operation: str, other: Callable[[Callable[[Ask], Reply], Ask], Reply]) -> Apply:
    """The operation is carried out by ``other``, which is handed the handler and the request."""

    def apply(simulator: Simulator) -> None:
        handler = simulator.handlers[operation]
        simulator.handlers[operation] = lambda ask: other(handler, ask)

    return only_in(operation, apply)
