"""Requests, responses and notifications in transit, as plain frozen values.

Clients, recordings and servers convert to these at their edges, so that the contract, the simulator and the reports
handle one form only. A value here holds bytes as they were on the wire; decoding them as JSON is a separate step,
whose error says what is wrong.
"""

from __future__ import annotations

import base64
import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar, overload
from urllib.parse import parse_qsl, unquote

_T = TypeVar("_T")

MAX_DEPTH = 64
"""Deepest nesting of arrays and objects that is read. Graph bodies of this surface stay below 12; the
limit keeps a hostile body from exhausting the interpreter's stack."""


EVIDENCE_HEADER = "x-graphcalls-evidence"
"""Header of every simulated answer and notification: how well it is known, from which fact, and what was not read."""
UNREAD = "; unread="
"""In the value of that header: before the places in the request that the simulator has not read."""
CONTROL_PREFIX = "/_graphcalls/"
"""The beginning of a server's control addresses; Graph has none like it."""


class MalformedJsonError(ValueError):
    """A body is not JSON; ``reason`` is a short phrase that completes "the body …"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _depth(body: bytes) -> int:
    depth = deepest = 0
    in_string = escaped = False
    for byte in body:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        elif byte in b"]}":
            depth -= 1
    return deepest


def _no_constant(name: str) -> Any:
    raise MalformedJsonError(f"holds {name}, which JSON does not know")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def decode_json(body: bytes) -> Any:
    """Read ``body`` as UTF-8 JSON text.

    Raises:
        MalformedJsonError: not UTF-8, not JSON, ``NaN`` or ``Infinity``, or nested deeper than :data:`MAX_DEPTH`.
    """
    # The count is a cheap upper bound, so that an ordinary body is not scanned byte by byte.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise MalformedJsonError(f"is nested deeper than {MAX_DEPTH} levels")
    try:
        return _DECODER.decode(body.removeprefix(codecs.BOM_UTF8).decode())
    except UnicodeDecodeError as error:
        raise MalformedJsonError(f"is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"is not JSON ({error.msg} at character {error.pos})") from None
    except ValueError as error:
        if isinstance(error, MalformedJsonError):
            raise
        # Python refuses integers of more than 4,300 digits.
        raise MalformedJsonError("holds a number that is too long to read") from None


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # made once: json.dumps makes one each time


def encode_json(value: Any) -> bytes:
    """Write ``value`` as compact UTF-8 JSON text; half a surrogate pair, which UTF-8 does not have, is escaped."""
    try:
        return _COMPACT.encode(value).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


class Headers(Mapping[str, str]):
    """HTTP headers: order and spelling are kept, names compare without regard to case.

    Args:
        pairs: names and values in wire order, or a mapping. A name may occur more than once.
    """

    __slots__ = ("_first", "pairs")

    def __init__(self, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self.pairs: tuple[tuple[str, str], ...] = tuple(pairs.items() if isinstance(pairs, Mapping) else pairs)
        self._first: dict[str, str] | None = None

    def _index(self) -> dict[str, str]:
        if self._first is None:
            first: dict[str, str] = {}
            for name, value in self.pairs:
                first.setdefault(name.lower(), value)
            self._first = first
        return self._first

    def __getitem__(self, name: str) -> str:
        return self._index()[name.lower()]

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, default: str | _T, /) -> str | _T: ...
    def get(self, name: str, default: object = None, /) -> object:
        """The first value of ``name``, or ``default``."""
        # Mapping.get would raise and catch for every header that is not there.
        return self._index().get(name.lower(), default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._index())

    def __len__(self) -> int:
        return len(self._index())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __repr__(self) -> str:
        return f"Headers({list(self.pairs)!r})"

    def with_(self, name: str, value: str) -> Headers:
        """Return these headers with ``name`` set to ``value``, replacing what was there."""
        return Headers([*self.without(name).pairs, (name, value)])

    def without(self, name: str) -> Headers:
        """Return these headers with every ``name`` left out."""
        low = name.lower()
        return Headers([pair for pair in self.pairs if pair[0].lower() != low])


NO_HEADERS = Headers()
HeadersLike = Mapping[str, str] | Iterable[tuple[str, str]]
"""Headers as they are given: those of this module, a mapping, or pairs."""


class _WithHeaders:
    """A message that takes its headers in any form, and has them as :class:`Headers`."""

    __slots__ = ()
    headers: Headers

    def __post_init__(self) -> None:
        if not isinstance(self.headers, Headers):
            object.__setattr__(self, "headers", Headers(self.headers))


@dataclass(frozen=True, slots=True)
class Request(_WithHeaders):
    """An HTTP request.

    Attributes:
        method: upper case, e.g. ``POST``.
        url: absolute or starting with ``/``, percent-encoded as sent.
        headers: as sent; given as a mapping or pairs, too.
        body: as sent; empty when there is none.
        served: whether it came to a server of ours, whose address ``url`` then begins with.
    """

    method: str
    url: str
    headers: Headers = NO_HEADERS
    body: bytes = b""
    served: bool = field(default=False, compare=False)

    if TYPE_CHECKING:

        def __init__(
            self,
            method: str,
            url: str,
            headers: HeadersLike = NO_HEADERS,
            body: bytes = b"",
            *,
            served: bool = False,
        ) -> None: ...

    @property
    def path(self) -> str:
        """The path as sent (still percent-encoded), without query."""
        # By hand, because urlsplit costs as much as matching the route does.
        head = self.url.partition("?")[0].partition("#")[0]
        _, scheme, rest = head.partition("://")
        return "/" + rest.partition("/")[2] if scheme else head

    @property
    def origin(self) -> str:
        """Scheme and host as sent; ``""`` for an address that has none."""
        scheme, found, rest = self.url.partition("#")[0].partition("?")[0].partition("://")
        return f"{scheme}://{rest.partition('/')[0]}" if found else ""

    @property
    def query(self) -> dict[str, str]:
        """The query parameters, decoded; the last of equal names counts."""
        text = self.url.partition("#")[0].partition("?")[2]
        return dict(parse_qsl(text, keep_blank_values=True)) if text else {}

    def option(self, name: str) -> str:
        """The OData query option ``name`` (``$filter``), in any letter case; ``""`` where it is not given."""
        return next((value for key, value in self.query.items() if key.lower() == name), "")

    def json(self) -> Any:
        """The body as JSON; raises :class:`MalformedJsonError`."""
        return decode_json(self.body)


@dataclass(frozen=True, slots=True)
class Response(_WithHeaders):
    """An HTTP response; ``headers`` may be given as a mapping or pairs, and ``body`` is already decompressed."""

    status: int
    headers: Headers = NO_HEADERS
    body: bytes = b""

    if TYPE_CHECKING:

        def __init__(self, status: int, headers: HeadersLike = NO_HEADERS, body: bytes = b"") -> None: ...

    def retry_after(self, now: datetime | None = None) -> float | None:
        """The seconds that ``Retry-After`` asks for, in either of its forms (RFC 9110, 10.2.3); ``None`` without it.

        Args:
            now: the present, aware, which a date counts from where the answer has no ``Date`` of its own.
        """
        text = self.headers.get("retry-after", "").strip()
        if text.isdecimal():
            return float(text)
        until, sent = _moment(text), _moment(self.headers.get("date", "")) or now
        return None if until is None or sent is None else max(0.0, (until - sent).total_seconds())

    def json(self) -> Any:
        """The body as JSON; raises :class:`MalformedJsonError`."""
        return decode_json(self.body)


def _moment(text: str) -> datetime | None:
    """The moment that a header names; one without a zone is in UTC."""
    with suppress(ValueError):
        found = parsedate_to_datetime(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def readable(message: Request | Response) -> Any:
    """The decoded body; ``None`` where there is none, a :class:`MalformedJsonError` where it is no JSON."""
    try:
        return message.json() if message.body else None
    except MalformedJsonError as error:
        return error


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that ``body`` is; an empty one where it is no JSON, or another value."""
    with suppress(MalformedJsonError):
        found = decode_json(body)
        return found if isinstance(found, dict) else {}
    return {}


def token_claims(token: str) -> dict[str, Any]:
    """The claims of a token, not verified; empty where there are none that can be read."""
    part = token.partition(".")[2].partition(".")[0]
    with suppress(ValueError):
        return json_object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return {}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with its response.

    Attributes:
        request: what was sent.
        response: what came back.
        note: where it was read from (a file and entry number), or empty.
        seconds: real seconds from the request to the complete response; ``None`` where they were not measured.
        look: what the contract has found about the request already (a :class:`.Look`), so that it is routed and
            checked once; ``None`` where it was not looked at.
        played: whether a library plays the response from a recording: it is that of an earlier request, whose ids and
            contexts may be others.
    """

    request: Request
    response: Response
    note: str = ""
    seconds: float | None = field(default=None, compare=False)
    look: object = field(default=None, compare=False, repr=False)
    played: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Notification(_WithHeaders):
    """A notification of the service to the bot, before it is signed and sent.

    Attributes:
        posted_to: the callback address it is meant for.
        body: the whole envelope, a ``commsNotifications`` object with one or more entries in ``value``.
        at: virtual seconds since the simulator's start.
        headers: its headers, without the bearer token.
        call_id: the call it is about, or ``""`` when that is unknown.
        app_id: the app it is meant for, or ``""`` when that is unknown.
    """

    posted_to: str
    body: Mapping[str, Any]
    at: float = 0.0
    headers: Headers = field(default=NO_HEADERS)
    call_id: str = ""
    app_id: str = ""

    @property
    def entries(self) -> tuple[Mapping[str, Any], ...]:
        """The notifications inside the envelope; in a damaged one those that are objects."""
        value = self.body.get("value")
        return tuple(entry for entry in value if isinstance(entry, dict)) if isinstance(value, list) else ()


def path_segments(path: str) -> list[str]:
    """Split a percent-encoded path into decoded segments; empty ones are dropped.

    OData also allows a key in parentheses: ``calls('7')`` gives the segments ``calls`` and ``7``.
    """
    raws = [raw for raw in path.split("/") if raw]
    if "%" not in path and "('" not in path:
        return raws
    segments: list[str] = []
    for raw in raws:
        text = unquote(raw) if "%" in raw else raw
        if text.endswith("')") and "('" in text:
            name, _, key = text[:-2].partition("('")
            segments += [name, key.replace("''", "'")] if name else [text]
        else:
            segments.append(text)
    return segments
