"""Parameters of the control addresses: what each means, how it is read, and the error when it cannot be used."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.validation import quantity, shown

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


def anything(name: str, value: Any) -> Any:
    """A value that its receiver checks."""
    del name
    return value


def known_roles() -> tuple[str, ...]:
    """Every application permission that the contract names, in each of its spellings; sorted."""
    operations = Contract.packaged().operations.values()
    return tuple(sorted(frozenset[str]().union(*(operation.permissions.accepted for operation in operations))))


def roles(name: str, value: Any) -> frozenset[str]:
    """A list of application permissions of the calls API."""
    if not isinstance(value, list):
        raise SettingError(name, shown(value), "a list of names")
    known = known_roles()
    for role in value:
        if role not in known:
            raise UnknownNameError("application permission of the calls API", str(role)[:80], known)
    return frozenset(value)


def keyring(name: str, value: Any) -> str:
    """One of :data:`KEYRINGS`."""
    del name
    if value not in KEYRINGS:
        raise UnknownNameError("sort of keys", value if isinstance(value, str) else shown(value), KEYRINGS)
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
            raise UnknownNameError(f"member of {address}:", name[:80], tuple(parameters), listing)
    values = {name: parameters[name].read(name, value) for name, value in given.items() if value is not None}
    for name, parameter in parameters.items():
        if parameter.required and name not in values:
            raise SettingError(name, "(not given)", parameter.says, f"{address} needs it.")
    return values
