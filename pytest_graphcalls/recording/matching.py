"""How vcrpy finds a request in a cassette that holds redacted ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from pytest_graphcalls.recording.safety import Safety
from pytest_graphcalls.wire import Request

Matcher = Callable[[Any, Any], Any]


def safely(safety: Safety, matcher: Matcher) -> Matcher:
    """A matcher of vcrpy that compares two requests after both were redacted: one of them comes from a cassette."""

    @wraps(matcher)  # vcrpy tells matchers apart by their names
    def match(one: Any, other: Any) -> Any:
        return matcher(_safe_request(safety, one), _safe_request(safety, other))

    return match


def _safe_request(safety: Safety, request: Any) -> Any:
    if not safety.ours(request.uri):
        return request
    body = request.body
    plain = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
    safe = safety.request(Request(request.method, request.uri, body=plain))
    return type(request)(safe.method, safe.url, safe.body if plain else body, request.headers)
