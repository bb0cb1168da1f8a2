"""Several requests in one: ``POST /$batch``, whose entries are answered one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_graphcalls.simulator.responses import Refusal, Reply, Responses, documented
from pytest_graphcalls.wire import (
    Headers,
    MalformedJsonError,
    Request,
    Response,
    decode_json,
    encode_json,
    path_segments,
)

MOST = 20
"""Entries of a batch at most (calls-batch.request)."""
_FAILED = 424
"""Status of an entry that depends on one that has failed (calls-batch.r03)."""


def is_batch(request: Request) -> bool:
    """Whether a request is a batch."""
    return request.method == "POST" and [one.lower() for one in path_segments(request.path)[1:]] == ["$batch"]


def answer_batch(request: Request, handle: Callable[[Request], Response], responses: Responses) -> Response:
    """Answer a batch: each entry by ``handle``, in the order of the entries (calls-batch.r01)."""
    try:
        entries = list(_entries(request))
    except Refusal as refusal:
        return responses.refuse(request, refusal)
    answers: dict[str, dict[str, Any]] = {}
    for entry in entries:
        failed = any(answers[one]["status"] >= 400 for one in _needs(entry))
        answer = _FAILURE if failed else _answer_entry(request, entry, handle)
        answers[str(entry["id"]).lower()] = {"id": entry["id"], **answer}
    body = {"responses": list(answers.values())}
    return responses.reply(request, Reply(200, documented("calls-batch.r01"), body))


def _answer_entry(request: Request, entry: Mapping[str, Any], handle: Callable[[Request], Response]) -> dict[str, Any]:
    root = f"{request.origin}/{path_segments(request.path)[0]}"
    given = {str(name): str(value) for name, value in (entry.get("headers") or {}).items()}
    own = [(name, value) for name, value in request.headers.pairs if name.lower() == "authorization"]
    body = encode_json(entry["body"]) if entry.get("body") is not None else b""
    address = f"{root}/{str(entry['url']).lstrip('/')}"
    headers, method = Headers([*own, *given.items()]), str(entry["method"]).upper()
    answer = handle(Request(method, address, headers, body, served=request.served))
    answer = getattr(answer, "whole", answer)  # a fault may cut an answer short, not an entry of one
    return {"status": answer.status, "headers": dict(answer.headers.pairs), "body": _readable(answer)}


_FAILURE: Mapping[str, Any] = {
    "status": _FAILED,
    "headers": {},
    "body": {"error": {"code": "FailedDependency", "message": "An entry that this one depends on has failed."}},
}


def _entries(request: Request) -> Iterator[Mapping[str, Any]]:
    """The entries of a batch; raises :class:`Refusal` where it is none (calls-batch.r01, r02)."""
    try:
        body = decode_json(request.body)
    except MalformedJsonError as error:
        raise Refusal("unreadable-body", f"The body {error.reason}.") from None
    entries = body.get("requests") if isinstance(body, Mapping) else None
    if not isinstance(entries, list) or not 0 < len(entries) <= MOST:
        raise _refused("$.requests", f"a list of 1 to {MOST} entries")
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        place = f"$.requests[{index}]"
        if not isinstance(entry, Mapping) or not all(entry.get(name) for name in ("id", "method", "url")):
            raise _refused(place, "an object with id, method and url")
        if str(entry["id"]).lower() in seen:
            raise _refused(f"{place}.id", "an id that no earlier entry has")
        if not isinstance(entry.get("headers") or {}, Mapping):
            raise _refused(f"{place}.headers", "an object")
        names = {str(name).lower() for name in entry.get("headers") or {}}
        if entry.get("body") is not None and "content-type" not in names:
            raise _refused(f"{place}.headers", "a Content-Type, because the entry has a body")
        if not set(_needs(entry)) <= seen:
            raise _refused(f"{place}.dependsOn", "ids of earlier entries")
        seen.add(str(entry["id"]).lower())
        yield entry


def _needs(entry: Mapping[str, Any]) -> list[str]:
    needed = entry.get("dependsOn")
    return [str(one).lower() for one in needed] if isinstance(needed, list) else []


def _refused(place: str, expected: str) -> Refusal:
    fact = documented("calls-batch.r01")
    return Refusal("batch-invalid", f"{place}: expected {expected}.", fact=fact)


def _readable(answer: Response) -> Any:
    try:
        return answer.json() if answer.body else None
    except MalformedJsonError:
        return answer.body.decode("latin-1")
