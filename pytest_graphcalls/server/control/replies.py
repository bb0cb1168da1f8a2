"""Answers of the control addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_graphcalls.server.control.names import CODE
from pytest_graphcalls.wire import Headers, Response, encode_json


def answered(status: int, body: Mapping[str, Any]) -> Response:
    """An answer with a body."""
    headers = Headers({"Content-Type": "application/json", "Cache-Control": "no-store"})
    return Response(status, headers, encode_json(body))


def refused(status: int, message: str, **more: Any) -> Response:
    """A refusal, in the form of the service's own errors; ``more`` are members beside ``error``."""
    return answered(status, {"error": {"code": CODE, "message": message}, **more})
