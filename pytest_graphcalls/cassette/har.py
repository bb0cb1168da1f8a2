"""HAR 1.2: what browsers and proxies export. Browsers undo the compression of a body, some proxies do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from pytest_graphcalls.cassette.pieces import (
    Incomplete,
    UnusableError,
    body_bytes,
    method_of,
    part,
    status_of,
    unbase64,
    url_of,
    word,
)
from pytest_graphcalls.compression import UnreadableBodyError, decompress
from pytest_graphcalls.quantities import shown
from pytest_graphcalls.wire import Exchange, Headers, Request, Response


def is_answered(row: Any) -> bool:
    """Whether an entry has a response; browsers write status 0 for a request that was blocked or cancelled."""
    response = row.get("response") if isinstance(row, Mapping) else None
    # A tuple, because what stands there may be anything, also a list.
    return isinstance(response, Mapping) and response.get("status") not in (None, 0, -1)


def entry(row: Any, note: str) -> Exchange | Incomplete:
    """An entry as an exchange.

    Args:
        row: the object in ``log.entries``.
        note: where it stands.

    Raises:
        UnusableError: it is no such object.
    """
    raw = part(row, "request")
    request = Request(method_of(raw), url_of(raw, "url"), _headers(raw), _posted(raw.get("postData")))
    if not is_answered(row):
        return Incomplete(request, note, "has no response: it was blocked or cancelled while it was recorded.")
    answer = part(row, "response")
    content = _object(answer.get("content"))
    size = content.get("size")
    if not content.get("text") and isinstance(size, int) and size > 0:
        problem = f"the response's body ({size} bytes) was not recorded. Export the HAR file again, with content."
        return Incomplete(request, note, problem)
    response = Response(status_of(answer["status"]), _headers(answer), _content(content))
    try:
        unpacked = (
            replace(request, body=_unpacked(request, _object(raw.get("postData")))),
            replace(response, body=_unpacked(response, content)),
        )
    except UnreadableBodyError as error:
        return Incomplete(request, note, str(error))
    return Exchange(*unpacked, note)


def _unpacked(message: Request | Response, content: Mapping[str, Any]) -> bytes:
    """The body without compression, where it was exported as it was on the wire: in Base64, although it is JSON."""
    packed = content.get("encoding") == "base64" and "json" in str(content.get("mimeType", "json"))
    return decompress(message.body, message.headers.get("content-encoding", "")) if packed else message.body


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _headers(message: Mapping[str, Any]) -> Headers:
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
