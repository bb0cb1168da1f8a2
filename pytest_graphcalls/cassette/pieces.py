"""What entries of every kind are put together from: small values, each with its complaint."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.quantities import shown
from pytest_graphcalls.wire import Request, encode_json


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A recorded request whose answer is missing or cannot be read, e.g. one that the browser cancelled.

    Attributes:
        request: what was sent.
        note: where it stands, ``entry N``.
        problem: what is wrong, and what to do; sentences.
    """

    request: Request
    note: str
    problem: str


class UnusableError(ValueError):
    """Something in an entry that is not as recorders write it; ``problem`` is a sentence."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


def part(row: Any, key: str) -> Mapping[str, Any]:
    """The object ``key`` of an entry."""
    found = row.get(key) if isinstance(row, Mapping) else None
    if not isinstance(found, Mapping):
        raise UnusableError(f"has no {key!r}; it was cut, or another tool wrote it.")
    return found


def method_of(request: Mapping[str, Any]) -> str:
    """The request's method in upper case."""
    return _filled(request, "method").upper()


def url_of(request: Mapping[str, Any], key: str) -> str:
    """The request's address."""
    return _filled(request, key)


def _filled(request: Mapping[str, Any], key: str) -> str:
    text = request.get(key)
    if not isinstance(text, str) or not text:
        raise UnusableError(f"the request has no {key!r}.")
    return text


_DIGITS = 10
"""So many digits no status has; Python reads no number of some thousand."""


def status_of(value: Any) -> int:
    """A status code, also one that was written as a text."""
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < _DIGITS else value
    if not isinstance(number, int) or isinstance(number, bool) or not 100 <= number <= 999:
        raise UnusableError(f"the response's status is {shown(value)}, not a number from 100 to 999.")
    return number


def word(value: Any) -> str:
    """A header's value as text."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return "" if value is None else str(value)


def body_bytes(value: Any) -> bytes:
    """A body, whatever it was written as."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, list | tuple) and all(isinstance(piece, str | bytes) for piece in value):
        return b"".join(map(body_bytes, value))
    # Some projects keep JSON bodies readable: not as a text, but as the value itself.
    try:
        return encode_json(value)
    except (TypeError, ValueError) as error:
        raise UnusableError(f"a body is neither text nor JSON ({error}).") from None


def unbase64(text: str) -> bytes:
    """A body that was written as Base64."""
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError) as error:
        raise UnusableError(f"a body that should be Base64 is not ({error}).") from None
