"""The entries of recordings as exchanges: vcrpy's, from its first form to that of version 9, and those of HAR 1.2.

Bodies are as on the wire, or decompressed: browsers undo the compression of a body before they export it, some
proxies do not.
"""

from __future__ import annotations

import base64
import binascii
import http.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from pytest_graphcalls.compression import UnreadableBodyError, decompress
from pytest_graphcalls.validation import shown
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json


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


def _filled(request: Mapping[str, Any], key: str) -> str:
    """A text of a request that may not be missing."""
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


FORMAT = 1
"""The version that a cassette of vcrpy ends with."""

_DEFAULT_PORTS = {"https": 443, "http": 80}


def interaction(row: Any, note: str) -> Exchange | Incomplete:
    """An interaction as an exchange.

    Args:
        row: the object in ``interactions``.
        note: where it stands.

    Raises:
        UnusableError: it is no such object.
    """
    sent, got = part(row, "request"), part(row, "response")
    request = Request(_filled(sent, "method").upper(), _filled(sent, "uri"), _headers(sent), _body(sent))
    response = Response(_status(got), _headers(got), _body(got))
    try:
        return Exchange(
            Request(request.method, request.url, request.headers, _plain(request)),
            Response(response.status, response.headers, _plain(response)),
            note,
        )
    except UnreadableBodyError as error:
        return Incomplete(request, note, str(error))


def old_interaction(row: Any, note: str) -> Exchange | Incomplete:
    """An interaction of vcrpy before 1.0 as an exchange: its address is in parts, the response's headers are lines."""
    sent, got = dict(part(row, "request")), dict(part(row, "response"))
    if "uri" not in sent:
        sent["uri"] = _joined(sent)
    lines = got.get("headers")
    if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
        got["headers"] = [[text.strip() for text in line.split(":", 1)] for line in lines if ":" in line]
    return interaction({"request": sent, "response": got}, note)


def row(exchange: Exchange) -> dict[str, Any]:
    """An exchange as an interaction; what :func:`interaction` reads back as an equal exchange."""
    request, response = exchange.request, exchange.response
    return {
        "request": {
            "body": _written(request.body),
            "headers": _grouped(request.headers),
            "method": request.method,
            "uri": request.url,
        },
        "response": {
            "body": {"string": _written(response.body)},
            "headers": _grouped(response.headers),
            "status": {"code": response.status, "message": http.client.responses.get(response.status, "")},
        },
    }


def _written(body: bytes) -> str | bytes:
    """A body as text where it is text, because people review cassettes."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    # A line break of other systems, and what YAML cannot write, would not come back as they were.
    return text if text.isprintable() or all(c in "\n\t" or c.isprintable() for c in text) else body


def _grouped(headers: Headers) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers.pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _joined(sent: Mapping[str, Any]) -> str:
    missing = next((key for key in ("protocol", "host", "path") if not isinstance(sent.get(key), str)), None)
    if missing:
        raise UnusableError(f"the request has neither 'uri' nor {missing!r}.")
    scheme, port = sent["protocol"], sent.get("port")
    shown = "" if port in (None, _DEFAULT_PORTS.get(scheme)) else f":{port}"
    return f"{scheme}://{sent['host']}{shown}{sent['path']}"


def _plain(message: Request | Response) -> bytes:
    return decompress(message.body, message.headers.get("content-encoding", ""))


def _status(response: Mapping[str, Any]) -> int:
    # Up to vcrpy 6 the answers to httpx were written flat: status_code and content.
    status = response.get("status", response.get("status_code"))
    return status_of(status.get("code") if isinstance(status, Mapping) else status)


def _body(message: Mapping[str, Any]) -> bytes:
    value = message.get("body", message.get("content"))
    if isinstance(value, Mapping) and "base64_string" in value:
        return unbase64(word(value["base64_string"]))
    return body_bytes(value["string"] if isinstance(value, Mapping) and "string" in value else value)


def _headers(message: Mapping[str, Any]) -> Headers:
    """Names with a value or with values; one old form is a list of pairs, and that in a list of its own."""
    raw = message.get("headers") or {}
    if isinstance(raw, list):
        pairs = raw[0] if len(raw) == 1 and raw[0] and isinstance(raw[0][0], list | tuple) else raw
    elif isinstance(raw, Mapping):
        pairs = list(raw.items())
    else:
        raise UnusableError(f"its headers are {shown(raw)}, not names with values.")
    return Headers([(word(name), word(value)) for name, values in map(_pair, pairs) for value in _each(values)])


def _pair(pair: Any) -> tuple[Any, Any]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise UnusableError(f"the header {shown(pair)} should be a name and a value.")
    return pair[0], pair[1]


def _each(values: Any) -> Iterator[Any]:
    yield from values if isinstance(values, list | tuple) else (values,)


def is_answered(row: Any) -> bool:
    """Whether an entry has a response; browsers write status 0 for a request that was blocked or cancelled."""
    response = row.get("response") if isinstance(row, Mapping) else None
    # A tuple, because what stands there may be anything, also a list.
    return isinstance(response, Mapping) and response.get("status") not in (None, 0, -1)


def har_entry(row: Any, note: str) -> Exchange | Incomplete:
    """An entry as an exchange.

    Args:
        row: the object in ``log.entries``.
        note: where it stands.

    Raises:
        UnusableError: it is no such object.
    """
    raw = part(row, "request")
    request = Request(
        _filled(raw, "method").upper(), _filled(raw, "url"), _har_headers(raw), _posted(raw.get("postData"))
    )
    if not is_answered(row):
        return Incomplete(request, note, "has no response: it was blocked or cancelled while it was recorded.")
    answer = part(row, "response")
    content = _object(answer.get("content"))
    size = content.get("size")
    if not content.get("text") and isinstance(size, int) and size > 0:
        problem = f"the response's body ({size} bytes) was not recorded. Export the HAR file again, with content."
        return Incomplete(request, note, problem)
    response = Response(status_of(answer["status"]), _har_headers(answer), _content(content))
    try:
        unpacked = (
            replace(request, body=_unpacked(request, _object(raw.get("postData")))),
            replace(response, body=_unpacked(response, content)),
        )
    except UnreadableBodyError as error:
        return Incomplete(request, note, str(error))
    return Exchange(*unpacked, note)


def _unpacked(message: Request | Response, content: Mapping[str, Any]) -> bytes:
    """The body without compression, where it was exported as it was on the wire: in Base64."""
    if content.get("encoding") != "base64":
        return message.body
    try:
        return _plain(message)
    except UnreadableBodyError:
        if "json" in str(content.get("mimeType") or "json"):
            raise
        return message.body  # an image, for example, that was unpacked before it was exported


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _har_headers(message: Mapping[str, Any]) -> Headers:
    # Names of HTTP/2 that stand for the request line start with a colon.
    return Headers([pair for pair in _named(message.get("headers")) if not pair[0].startswith(":")])


def _named(pairs: Any) -> Iterator[tuple[str, str]]:
    for pair in pairs if isinstance(pairs, list) else ():
        if not isinstance(pair, Mapping) or "name" not in pair:
            raise UnusableError(f"{shown(pair)} should have a 'name' and a 'value'.")
        yield word(pair["name"]), word(pair.get("value"))


def _posted(data: Any) -> bytes:
    content = _object(data)
    if content.get("text") is None and content.get("params"):
        return urlencode(list(_named(content["params"]))).encode()
    return _content(content)


def _content(content: Mapping[str, Any]) -> bytes:
    text = content.get("text")
    return unbase64(word(text)) if content.get("encoding") == "base64" else body_bytes(text)
