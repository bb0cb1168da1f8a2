"""Routes of the control API: matching a path, and the address that was probably meant when none matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from typing import Any

from pytest_graphcalls.errors import nearest
from pytest_graphcalls.server.control.parameters import Parameter
from pytest_graphcalls.wire import CONTROL_PREFIX

PREFIX = CONTROL_PREFIX
TOKEN_PATH = f"{PREFIX}token"
CODE = "graphcalls"
"""The error code of the control API, so that its refusals are not taken for the service's own."""

Handler = Callable[..., Any]
"""Takes the server's state, and by name what path and parameters say; returns what ``views.encode`` shows."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address.

    Attributes:
        method: of the request.
        path: below :data:`PREFIX`; ``{call}`` stands for what a request names.
        summary: what it does.
        handler: carries it out.
        parameters: the members of its body, or with GET and DELETE of its query.
        status: of the answer when all is well.
    """

    method: str
    path: str
    summary: str
    handler: Handler = field(repr=False)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    status: int = 200

    def __str__(self) -> str:
        return f"{self.method} {PREFIX}{self.path}"

    @property
    def segments(self) -> list[str]:
        """The segments of the path."""
        return _segments(self.path)

    def match(self, segments: Sequence[str]) -> Mapping[str, str] | None:
        """The path's variables by name; ``None`` for another path."""
        ours = self.segments
        if len(ours) != len(segments) or self.shared(segments) < len(ours):
            return None
        return {name[1:-1]: given for name, given in zip(ours, segments, strict=True) if _is_variable(name)}

    def shared(self, segments: Sequence[str]) -> int:
        """How many segments from the beginning fit."""
        pairs = zip(self.segments, segments, strict=False)
        return sum(1 for _ in takewhile(lambda pair: _is_variable(pair[0]) or pair[0] == pair[1], pairs))

    def completed(self, segments: list[str]) -> str:
        """The path, with variables filled from ``segments`` as far as those go."""
        ours = self.segments
        given = segments + ours[len(segments) :]
        return PREFIX + "/".join(one if _is_variable(name) else name for name, one in zip(ours, given, strict=False))

    def described(self) -> Mapping[str, Any]:
        """The route as the list of addresses shows it."""
        takes = {name: {"says": one.says, "required": one.required} for name, one in self.parameters.items()}
        return {"method": self.method, "path": f"{PREFIX}{self.path}", "says": self.summary, "takes": takes}


@cache
def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _is_variable(segment: str) -> bool:
    return segment.startswith("{")


def sibling(routes: Sequence[Route], method: str, segments: list[str]) -> str:
    """A sentence that names the route whose last segment was probably misspelled; ``""`` when none is near."""
    beside = {
        route.segments[-1]: route
        for route in routes
        if route.method == method and route.segments[:-1] == segments[:-1] != []
    }
    close = nearest(segments[-1], beside) if segments else ""
    return f" Did you mean {beside[close]}?" if close else ""


def suggestion(routes: Sequence[Route], segments: list[str]) -> str:
    """A sentence that names the nearest of the routes that begin as the path does; ``""`` when none is near."""
    shared = max(route.shared(segments) for route in routes)
    near = {
        "/".join(route.completed(segments).removeprefix(PREFIX).split("/")[shared:]): route
        for route in _sharing(routes, segments, shared)
    }
    close = nearest("/".join(segments[shared:]), near)
    if not close and shared == len(segments):
        close = min(near, key=len)
    return f" Did you mean {near[close].completed(segments)}?" if close else ""


def _sharing(routes: Sequence[Route], segments: list[str], count: int) -> Iterator[Route]:
    return (route for route in routes if route.shared(segments) == count)
