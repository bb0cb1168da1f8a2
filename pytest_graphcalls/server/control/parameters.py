"""Members that the control addresses take: how each is read, and the error when it cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.quantities import quantity, shown
from pytest_graphcalls.server.control.names import PREFIX

Read = Callable[[str, Any], Any]
"""Takes a member's name and value and gives the value to use; raises :class:`SettingError` when there is no use."""


class Parameter(NamedTuple):
    """One member: what it means, how it is read, and whether it has to be there."""

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


def names(name: str, value: Any) -> Mapping[str, str]:
    """An object of texts."""
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
        raise SettingError(name, shown(value), "an object whose members are texts")
    return value


def flag(name: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise SettingError(name, shown(value), "true or false")
    return value


def seconds(name: str, value: Any) -> float:
    """Seconds, 0 or more."""
    return float(quantity(name, value, unit="seconds"))


PATIENCE = 60
"""Real seconds that an answer may be waited with: one that is not given keeps the server from ending."""


def patience(name: str, value: Any) -> float:
    """Real seconds to wait."""
    return float(quantity(name, value, unit="real seconds", most=PATIENCE))


def count(name: str, value: Any) -> int:
    """A whole number of 0 or more; in an address it is a text."""
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < _DIGITS else value
    return int(quantity(name, number, whole=True))


_DIGITS = 16


def anything(name: str, value: Any) -> Any:
    """What somebody else reads."""
    del name
    return value


def read(parameters: Mapping[str, Parameter], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The members of a request.

    Args:
        parameters: those there are, by name.
        given: those that came; ``null`` stands for one that did not.
        where: the address, for errors.

    Raises:
        UnknownNameError: one is none of them.
        SettingError: one cannot be used, or is missing.
    """
    for name in given:
        if name not in parameters:
            raise UnknownNameError(f"member of {where}:", name[:80], tuple(parameters), f"GET {PREFIX}")
    facts = {name: parameters[name].read(name, value) for name, value in given.items() if value is not None}
    for name, parameter in parameters.items():
        if parameter.required and name not in facts:
            raise SettingError(name, "(not given)", parameter.says, f"{where} needs it.")
    return facts
