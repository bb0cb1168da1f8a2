"""What both kinds of recording are put together from: small values, each with its complaint."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


class Unusable(Exception):  # noqa: N818  never leaves this room
    """Something in a file that is not as recorders write it; ``problem`` is a sentence."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


def base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError) as error:
        raise Unusable(f"a body that should be Base64 is not ({error}).") from None




def part(row: Any, key: str) -> Mapping[str, Any]:
    part = row.get(key) if isinstance(row, Mapping) else None
    if not isinstance(part, Mapping):
        raise Unusable(f"has no {key!r}; it was cut, or another tool wrote it.")
    return part


def method(raw: Mapping[str, Any]) -> str:
    method = raw.get("method")
    if not isinstance(method, str) or not method:
        raise Unusable("the request has no 'method'.")
    return method.upper()


def url(raw: Mapping[str, Any], key: str) -> str:
    url = raw.get(key)
    if not isinstance(url, str) or not url:
        raise Unusable(f"the request has no {key!r}.")
    return url


def whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def status(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 100 <= value <= 999:
        raise Unusable(f"the response's status is {value!r}, not a number from 100 to 999.")
    return value


def word(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return "" if value is None else str(value)


def as_bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, BytesIO):
        return value.getvalue()
    if isinstance(value, list | tuple) and all(isinstance(piece, str | bytes) for piece in value):
        return b"".join(map(as_bytes, value))
    # Some projects keep JSON bodies readable: not as a text, but as the value itself.
    return encode_json(value)
