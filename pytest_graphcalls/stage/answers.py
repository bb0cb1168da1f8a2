"""What any HTTP client can do, and how its answers are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pytest_graphcalls.contract import parse_error
from pytest_graphcalls.wire import Headers, MalformedJsonError, Response, decode_json


class Answer(Protocol):
    """An HTTP answer, as every Python client has it."""

    @property
    def status_code(self) -> int: ...  # noqa: D102  what the class says
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def content(self) -> bytes: ...  # noqa: D102


class Client(Protocol):
    """An HTTP client that speaks for one app, or for nobody."""

    def request(  # noqa: D102  what the class says
        self, method: str, url: str, *, json: Any = None, content: bytes | None = None
    ) -> Answer: ...


def refused(answer: Answer) -> bool:
    """Whether the request was not carried out; which status says so is no rule's business here."""
    return answer.status_code >= 400


def members(answer: Answer) -> dict[str, Any]:
    """The JSON object in the answer's body; empty when there is none, because that is another rule's business."""
    try:
        body = decode_json(answer.content)
    except MalformedJsonError:
        return {}
    return body if isinstance(body, dict) else {}


def shown(answer: Answer) -> str:
    """An answer in a few words, for a message: its status, and the error's code and text."""
    error = parse_error(Response(answer.status_code, Headers(answer.headers), answer.content))
    return f"{answer.status_code} {error.code}: {error.message.rstrip('.')}" if error else f"{answer.status_code}"
