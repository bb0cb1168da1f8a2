"""Cassettes of vcrpy, from its first form to that of version 9."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_graphcalls.cassette.compression import UnreadableBodyError, decompress
from pytest_graphcalls.cassette.pieces import Incomplete, Unusable, as_bytes, base64_, method, part, status, url, word
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

def _interaction(row: Any, note: str) -> Exchange | Incomplete:
    raw, answer = part(row, "request"), part(row, "response")
    sent, got = Headers(list(_listed(raw.get("headers")))), Headers(list(_listed(answer.get("headers"))))
    request = Request(method(raw), url(raw, "uri"), sent, as_bytes(_body(raw.get("body"))))
    try:
        request = Request(request.method, request.url, sent, decompress(request.body, sent.get("content-encoding", "")))
        # Up to vcrpy 6, httpx's answers were written flat: status_code and content.
        body = as_bytes(_body(answer.get("body", answer.get("content"))))
        response = Response(_vcr_status(answer), got, decompress(body, got.get("content-encoding", "")))
    except UnreadableBodyError as error:
        return Incomplete(request, note, str(error))
    return Exchange(request, response, note)


def _vcr_status(answer: Mapping[str, Any]) -> int:
    status = answer.get("status", answer.get("status_code"))
    return status(status.get("code") if isinstance(status, Mapping) else status)


def _body(value: Any) -> Any:
    """The body out of the boxes that recorders put it in."""
    if not isinstance(value, Mapping):
        return value
    for key in ("string", "base64_string"):
        if key in value:
            raw = value[key]
            return base64(word(raw)) if key == "base64_string" else raw
    return value


def _listed(headers: Any) -> Iterator[tuple[str, str]]:
    """Headers as vcrpy writes them: name to value or to values; one old form is a list of pairs."""
    if isinstance(headers, list):
        headers = dict(_pairs(headers))
    if not isinstance(headers or {}, Mapping):
        raise Unusable(f"its headers are {type(headers).__name__}, not names with values.")
    for name, values in (headers or {}).items():
        for value in values if isinstance(values, list | tuple) else (values,):
            yield str(name), word(value)


def _pairs(headers: list[Any]) -> Iterator[tuple[str, Any]]:
    flat = headers[0] if len(headers) == 1 and isinstance(headers[0], list) else headers
    for pair in flat:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise Unusable(f"the header {pair!r} has no name and value.")
        yield str(pair[0]), pair[1]


_DEFAULT_PORTS = {"https": 443, "http": 80}


def _old_interaction(row: Any, note: str) -> Exchange | Incomplete:
    """An entry as vcrpy before 1.0 wrote it: the address in parts, the answer's headers as lines."""
    raw, answer = dict(part(row, "request")), dict(part(row, "response"))
    if "uri" not in raw:
        missing = [key for key in ("protocol", "host", "path") if key not in raw]
        if missing:
            raise Unusable(f"the request has no {missing[0]!r}.")
        port = raw.get("port")
        shown = "" if port in {None, _DEFAULT_PORTS.get(raw["protocol"])} else f":{port}"
        raw["uri"] = f"{raw['protocol']}://{raw['host']}{shown}{raw['path']}"
    lines = answer.get("headers") or ()
    if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
        split = (line.partition(":") for line in lines)
        answer["headers"] = {name.strip(): value.strip() for name, _, value in split}
    return _interaction({"request": raw, "response": answer}, note)


