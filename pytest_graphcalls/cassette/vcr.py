"""Cassettes of vcrpy, from its first form to that of version 9. Bodies are as on the wire, or decompressed."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from typing import Any

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
    request = Request(method_of(sent), url_of(sent, "uri"), _headers(sent), _body(sent))
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
    """The same from vcrpy before 1.0: the address in parts, the answer's headers as lines."""
    sent, got = dict(part(row, "request")), dict(part(row, "response"))
    if "uri" not in sent:
        sent["uri"] = _joined(sent)
    lines = got.get("headers")
    if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
        got["headers"] = [[text.strip() for text in line.split(":", 1)] for line in lines if ":" in line]
    return interaction({"request": sent, "response": got}, note)


def row(exchange: Exchange) -> dict[str, Any]:
    """An exchange as an interaction; what :func:`interaction` reads back as the same exchange."""
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
            "status": {"code": response.status, "message": _reason(response.status)},
        },
    }


def _reason(status: int) -> str:
    return http.client.responses.get(status, "")


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
