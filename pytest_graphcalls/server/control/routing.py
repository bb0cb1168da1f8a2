"""Routes of the control API and their parameters: what a request may give, and which address it was meant for."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from typing import Any, NamedTuple

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SettingError, UnknownNameError, nearest
from pytest_graphcalls.validation import quantity, shown
from pytest_graphcalls.wire import CONTROL_PREFIX

PREFIX = CONTROL_PREFIX
TOKEN_PATH = f"{PREFIX}token"
CODE = "graphcalls"
"""The error code of the control API, so that its refusals are not taken for the service's own."""
Read = Callable[[str, Any], Any]
"""Takes a parameter's name and value and gives the value to use; raises :class:`SettingError` or a relative of it."""

LONGEST_WAIT = 60
"""Real seconds that an answer may be waited for: one that is open keeps the server from ending."""
LONGEST_LIFETIME = 366 * 24 * 3600
"""Seconds that a token may live."""
KEYRINGS = ("notifications", "tokens")
"""The two sets of published keys."""
_DIGITS = 16


class Parameter(NamedTuple):
    """One parameter: what it means, how it is read, and whether it is required."""

    says: str
    read: Read
    required: bool = False


def text(name: str, value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise SettingError(name, shown(value), "a text")
    return value


def texts(name: str, value: Any) -> tuple[str, ...]:
    """A list of texts; one text stands for a list of it."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(one, str) and one for one in given):
        raise SettingError(name, shown(value), "a list of texts")
    return tuple(given)


def mapping(name: str, value: Any) -> Mapping[str, str]:
    """An object of texts."""
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
        raise SettingError(name, shown(value), "an object whose members are texts")
    return value


def flag(name: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise SettingError(name, shown(value), "true or false")
    return value


def number(unit: str, least: float = 0, most: float = math.inf) -> Read:
    """A reader of numbers in a range."""
    return lambda name, value: float(quantity(name, value, unit=unit, least=least, most=most))


seconds = number("seconds")
real_seconds = number("real seconds", most=LONGEST_WAIT)
lifetime = number("virtual seconds", least=-LONGEST_LIFETIME, most=LONGEST_LIFETIME)


def count(name: str, value: Any) -> int:
    """A whole number of 0 or more; in a query it is a text."""
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < _DIGITS else value
    return int(quantity(name, number, whole=True))


def anything(_: str, value: Any) -> Any:
    """A value that its receiver checks."""
    return value


def roles(name: str, value: Any) -> frozenset[str]:
    """A list of application permissions of the calls API."""
    if not isinstance(value, list):
        raise SettingError(name, shown(value), "a list of names")
    known = tuple(sorted(Contract.packaged().roles))
    for role in value:
        if role not in known:
            raise UnknownNameError("application permission of the calls API", str(role)[:80], known, few=True)
    return frozenset(value)


def keyring(_: str, value: Any) -> str:
    """One of :data:`KEYRINGS`."""
    if value not in KEYRINGS:
        raise UnknownNameError("sort of keys", value if isinstance(value, str) else shown(value), KEYRINGS, few=True)
    return str(value)


def of_signature(method: Any, known: Mapping[str, Parameter]) -> Mapping[str, Parameter]:
    """The parameters of a method, from ``known``; those without a default are required."""
    wanted = [one for one in inspect.signature(method).parameters.values() if one.name != "self"]
    return {one.name: known[one.name]._replace(required=one.default is one.empty) for one in wanted}


def read(parameters: Mapping[str, Parameter], given: Mapping[str, Any], address: str, listing: str) -> dict[str, Any]:
    """Read the values of a request.

    Args:
        parameters: those the address takes, by name.
        given: those that came; ``null`` counts as not given.
        address: method and path, for errors.
        listing: the request that lists all parameters, for errors.

    Raises:
        UnknownNameError: the address takes no such parameter.
        SettingError: a value cannot be used, or a required one is missing.
    """
    for name in given:
        if name not in parameters:
            raise UnknownNameError(f"member of {address}:", name[:80], tuple(parameters), listing, few=True)
    values = {name: parameters[name].read(name, value) for name, value in given.items() if value is not None}
    for name, parameter in parameters.items():
        if parameter.required and name not in values:
            raise SettingError(name, "(not given)", parameter.says, f"{address} needs it.")
    return values


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
        for route in routes
        if route.shared(segments) == shared
    }
    close = nearest("/".join(segments[shared:]), near)
    if not close and shared == len(segments):
        close = min(near, key=len)
    return f" Did you mean {near[close].completed(segments)}?" if close else ""
