"""HAR 1.2: what browsers, proxies and network views export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from pytest_graphcalls.cassette.pieces import Incomplete, Unusable, as_bytes, base64_, method, part, status, url, whole, word
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

def _answered(file: str, rows: list[Any]) -> list[Any]:
    if rows and not any(isinstance(row, Mapping) and _has_answer(row) for row in rows):
        problem = (
            f"has {len(rows)} requests and no response to any of them. "
            "Export it again from the network view with content, after the answers have come."
        )
        raise RecordingError(file, 0, problem)
    return rows


def _has_answer(row: Mapping[str, Any]) -> bool:
    response = row.get("response")
    return isinstance(response, Mapping) and bool(response.get("status"))


def _har_entry(row: Any, note: str) -> Exchange | Incomplete:
    raw = part(row, "request")
    headers = Headers([pair for pair in _named(raw.get("headers")) if not pair[0].startswith(":")])
    request = Request(method(raw), url(raw, "url"), headers, _posted(raw.get("postData")))
    if not _has_answer(row):
        return Incomplete(request, note, "has no response: it was blocked or cancelled while it was recorded.")
    answer = row["response"]
    content = answer.get("content") or {}
    if not content.get("text") and whole(content.get("size")) > 0:
        size = content["size"]
        problem = f"the response's body ({size} bytes) was not recorded. Export the HAR file again with content."
        return Incomplete(request, note, problem)
    headers = Headers([pair for pair in _named(answer.get("headers")) if not pair[0].startswith(":")])
    return Exchange(request, Response(status(answer["status"]), headers, _content(content)), note)


def _named(pairs: Any) -> Iterator[tuple[str, str]]:
    for pair in pairs or ():
        if not isinstance(pair, Mapping) or "name" not in pair:
            raise Unusable("a header has no 'name'.")
        yield str(pair["name"]), word(pair.get("value"))


def _posted(data: Any) -> bytes:
    if not isinstance(data, Mapping):
        return b""
    if data.get("text") is None and data.get("params"):
        return urlencode(list(_named(data["params"]))).encode()
    return _content(data)


def _content(content: Mapping[str, Any]) -> bytes:
    text = content.get("text") or ""
    if not isinstance(text, str):
        raise Unusable("the body's 'text' is no text.")
    return base64(text) if content.get("encoding") == "base64" else as_bytes(text)


