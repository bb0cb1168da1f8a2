"""Answer requests from a recording, each from the entry with an equal request.

Two requests are equal when method, path, query, body (as JSON where it is JSON) and the presence of a token are. The
host is not compared, so that a recording from one address serves another. Equal requests are answered in the order of
the recording, so that polling sees what it saw then; a further GET gets the last response again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from pytest_graphcalls.errors import UnrecordedRequestError
from pytest_graphcalls.redaction import mask
from pytest_graphcalls.validation import shortened
from pytest_graphcalls.wire import Exchange, MalformedJsonError, Request, Response, decode_json, encode_json

_SHOWN = 3
"""How many differing members of a body a message names."""
_LONGEST = 80
"""Characters of a value that a message shows."""


class Asked(NamedTuple):
    """The parts of a request that are compared."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    token: bool
    body: bytes

    @classmethod
    def of(cls, request: Request) -> Asked:
        """The parts of ``request`` that have to match a recorded one."""
        query = request.url.partition("#")[0].partition("?")[2]
        return cls(
            request.method,
            request.path,
            tuple(sorted(parse_qsl(query, keep_blank_values=True))),
            bool(request.headers.get("authorization")),
            _canonical(request.body),
        )


def _canonical(body: bytes) -> bytes:
    value = _json(body)
    return body if value is None else encode_json(_ordered(value))


def _json(body: bytes) -> Any:
    try:
        return decode_json(body)
    except MalformedJsonError:
        return None


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


class _Entry(NamedTuple):
    number: int
    asked: Asked
    response: Response


class Replay:
    """Answers as the service did while it was recorded. Safe under threads.

    Args:
        exchanges: the recording.
        file: its name, for messages.
        again: the command that records it again, for messages.
        redacted: redacts a request like those in the recording; tried on what is not found as it is.
    """

    def __init__(
        self,
        exchanges: Iterable[Exchange],
        file: str,
        again: str,
        redacted: Callable[[Request], Request] = lambda request: request,
    ) -> None:
        self._file, self._again, self._redacted = file, again, redacted
        self._lock = Lock()
        self._entries = [_Entry(n, Asked.of(one.request), one.response) for n, one in enumerate(exchanges, 1)]
        self._left: dict[Asked, deque[_Entry]] = {}
        for entry in self._entries:
            self._left.setdefault(entry.asked, deque()).append(entry)

    def handle(self, request: Request) -> Response:
        """The recorded answer to ``request``; raises :class:`UnrecordedRequestError` like :meth:`exchange`."""
        return self.exchange(request).response

    def exchange(self, request: Request) -> Exchange:
        """The recorded answer to ``request``, with the request as it is in the recording: itself, or redacted.

        Raises:
            UnrecordedRequestError: there is none, or it was given already.
        """
        found = self._found(Asked.of(request))
        if found is None:
            request = self._redacted(request)
            found = self._found(Asked.of(request))
        if found is None:
            raise self._unrecorded(Asked.of(request))
        return Exchange(request, found)

    def _found(self, asked: Asked) -> Response | None:
        with self._lock:
            left = self._left.get(asked)
            if not left:
                return None
            # Reading changes nothing, so the last answer holds as long as it is asked for.
            return (left[0] if asked.method == "GET" and len(left) == 1 else left.popleft()).response

    def _unrecorded(self, asked: Asked) -> UnrecordedRequestError:
        shown = mask(f"{asked.method} {asked.path}")
        given = [entry for entry in self._entries if entry.asked == asked]
        if not self._entries:
            return UnrecordedRequestError(self._file, shown, "", (), self._again)
        near = given[-1] if given else max(self._entries, key=lambda entry: _similarity(entry.asked, asked))
        differences = tuple(_differences(near.asked, asked)) or (
            f"nothing, but it was answered already ({len(given)} recorded)",
        )
        nearest = mask(f"entry {near.number}, {near.asked.method} {near.asked.path}")
        return UnrecordedRequestError(self._file, shown, nearest, differences, self._again)


def _similarity(one: Asked, other: Asked) -> tuple[float, ...]:
    """How much two requests have in common; greater is more."""
    path = SequenceMatcher(None, one.path.split("/"), other.path.split("/"), autojunk=False).ratio()
    same = (one.query == other.query, one.token == other.token)
    return path, one.method == other.method, *same, -len(list(_unlike(_json(one.body), _json(other.body), "$")))


def _differences(recorded: Asked, sent: Asked) -> Iterator[str]:
    """The differences between two requests, each as a phrase."""
    for name, then, now in (
        ("the method", recorded.method, sent.method),
        ("the path", recorded.path, sent.path),
        ("the query", dict(recorded.query), dict(sent.query)),
        ("the token", _TOKEN[recorded.token], _TOKEN[sent.token]),
    ):
        if then != now:
            yield f"{name} (recorded {_short(then)}, sent {_short(now)})"
    if recorded.body != sent.body:
        yield from _bodies(recorded.body, sent.body)


_TOKEN = {True: "one", False: "none"}


def _bodies(recorded: bytes, sent: bytes) -> Iterator[str]:
    then, now = _json(recorded), _json(sent)
    if then is None or now is None:
        yield f"the body (recorded {_short(recorded)}, sent {_short(sent)})"
        return
    found = list(_unlike(then, now, "$"))
    for where, one, other in found[:_SHOWN]:
        yield f"the body at {where} (recorded {_short(one)}, sent {_short(other)})"
    if len(found) > _SHOWN:
        yield f"{len(found) - _SHOWN} more places of the body"


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


_NOTHING = _Nothing()


def _unlike(one: Any, other: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    """The paths at which two JSON values differ, with both values."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}):
            yield from _unlike(one.get(key, _NOTHING), other.get(key, _NOTHING), f"{where}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from _unlike(first, second, f"{where}[{number}]")
    elif one != other:
        yield where, one, other


def _short(value: Any) -> str:
    return shortened(mask(repr(value)), _LONGEST)
