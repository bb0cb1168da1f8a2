"""The control addresses of one simulator, as requests in and answers out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from pytest_graphcalls.errors import (
    BotError,
    GraphCallsError,
    NotAllowedNowError,
    SettingError,
    UnknownNameError,
    nearest,
)
from pytest_graphcalls.redaction import OF_REPORTS
from pytest_graphcalls.server.control.names import PREFIX
from pytest_graphcalls.server.control.parameters import read
from pytest_graphcalls.server.control.replies import answered, refused
from pytest_graphcalls.server.control.routing import Route
from pytest_graphcalls.server.control.state import World
from pytest_graphcalls.server.control.table import ROUTES
from pytest_graphcalls.simulator import Fault
from pytest_graphcalls.simulator.admission import BODY_LIMIT
from pytest_graphcalls.wire import MalformedJsonError, Request, Response


def _fault(world: World, number: str) -> Fault:
    active = {str(fault.number): fault for fault in world.simulator.faults.active}
    if number not in active:
        raise UnknownNameError("fault in force with the number", number, tuple(active), f"GET {PREFIX}faults")
    return active[number]


NAMED: Mapping[str, Callable[[World, str], Any]] = {
    "call": lambda world, call: world.simulator.call(call),
    "person": lambda world, name: world.simulator.person(name),
    "app": lambda world, app: world.simulator.authority.app_of(app),
    "fault": _fault,
}
"""What a word in braces in an address stands for: gives it, or raises :class:`UnknownNameError`."""


def _sibling(method: str, segments: list[str]) -> str:
    """The address beside this one that was probably meant, such as that of a fault whose name has a slip."""
    beside = {
        one.segments[-1]: one for one in ROUTES if one.method == method and one.segments[:-1] == segments[:-1] != []
    }
    close = nearest(segments[-1], beside) if segments else ""
    return f" Did you mean {beside[close]}?" if close else ""


def _nearest(segments: list[str]) -> str:
    """The address that was probably meant, of those that begin as the path does."""
    alike = max(route.shares(segments) for route in ROUTES)
    near = {
        "/".join(route.like(segments).removeprefix(PREFIX).split("/")[alike:]): route
        for route in _alike(segments, alike)
    }
    close = nearest("/".join(segments[alike:]), near)
    if not close and alike == len(segments):
        close = min(near, key=len)
    return f" Did you mean {near[close].like(segments)}?" if close else ""


def _alike(segments: list[str], count: int) -> Iterator[Route]:
    return (route for route in ROUTES if route.shares(segments) == count)


class Control:
    """Answers requests to control addresses; whoever asks is allowed to.

    Args:
        world: what they steer.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def elapse(self, seconds: float) -> None:
        """Nothing here has a time of its own."""

    def handle(self, request: Request) -> Response:
        """Answer a request. The bot may be waited for meanwhile."""
        if len(request.body) > BODY_LIMIT:
            return refused(413, f"The body is too large; expected at most {BODY_LIMIT:,} bytes.")
        segments = [unquote(piece) for piece in request.path.removeprefix(PREFIX).split("/") if piece]
        there = [(route, keys) for route in ROUTES if (keys := route.keys(segments)) is not None]
        found = next(((route, keys) for route, keys in there if route.method == request.method), None)
        if found is not None:
            return self._answered(*found, request)
        if there:
            methods = " and ".join(sorted({route.method for route, _ in there}))
            return refused(405, f"{request.path} takes {methods}.{_sibling(request.method, segments)}")
        return refused(404, f"There is no {request.path[:200]}.{_nearest(segments)} GET {PREFIX} lists what there is.")

    def _answered(self, route: Route, keys: Mapping[str, str], request: Request) -> Response:
        self._world.time.follow()  # the answer is about the present
        try:
            named = {name: NAMED[name](self._world, key) for name, key in keys.items()}
        except UnknownNameError as error:
            return refused(404, str(error))
        try:
            facts = read(route.takes, _given(request), str(route))
            if isinstance(facts.get("app"), str):
                facts["app"] = NAMED["app"](self._world, facts["app"])
            return answered(route.status, route.do(self._world, **named, **facts))
        except MalformedJsonError as error:
            return refused(400, f"The body {error.reason}.")
        except BotError as error:
            lines = [OF_REPORTS.mask(line) for line in error.timeline]
            return refused(409, f"{OF_REPORTS.mask(error.what)}.", passed=False, timeline=lines)
        except NotAllowedNowError as error:
            return refused(409, str(error))
        except GraphCallsError as error:
            return refused(400, str(error))


def _given(request: Request) -> Mapping[str, Any]:
    if request.method in {"GET", "DELETE"} or not request.body:
        return request.query
    given = request.json()
    if not isinstance(given, Mapping):
        raise SettingError("the body", repr(given)[:80], "a JSON object")
    return given
