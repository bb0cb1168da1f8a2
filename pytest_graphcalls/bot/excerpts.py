"""Excerpts of exchanges and notifications, for a ledger whose size is limited.

Values are never cut in half, because redaction recognises whole secrets only. So a body is cut between two members, an
address before its query, and of a header that is too long only the name is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_graphcalls.contract import Contract, Miss
from pytest_graphcalls.wire import MAX_DEPTH, NO_HEADERS, Exchange, Headers, Request, encode_json

WHOLE_BODY = 16 * 1024
"""Bytes up to which a body is kept whole."""
WHOLE_NOTIFICATION = 128 * 1024
"""Bytes up to which the body of a notification is kept; that of a longer one is left out: a roster has no beginning."""
BEGINNING = 4 * 1024
"""Bytes of a longer body that are kept at most."""
LONGEST_HEADER = 4 * 1024
LONGEST_ADDRESS = 2 * 1024
SHORT_ADDRESS = 200
"""Characters that are kept of an address that is too long, or of one in a single line."""

ENTRY, HEADER = 1_200, 220
"""Bytes that Python needs for an entry without its texts, and for a header; measured, rounded up."""
_OF_JSON = 4
"""Bytes that Python needs for each byte of JSON that it has read; rounded up."""
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},]', re.DOTALL)
"""Texts, whole or cut off, and the signs that lists and objects are made of."""
_CLOSERS = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of an exchange that the ledger keeps.

    Attributes:
        exchange: with everything cut that is too long.
        request_length: length of the request's body in bytes, where it was cut.
        response_length: length of the answer's body in bytes, where it was cut.
    """

    exchange: Exchange
    request_length: int | None = None
    response_length: int | None = None

    @property
    def size(self) -> int:
        """Approximate number of bytes of memory that it takes."""
        request, response = self.exchange.request, self.exchange.response
        pairs = (*request.headers.pairs, *response.headers.pairs)
        texts = len(request.url) + len(request.body) + len(response.body)
        return ENTRY + texts + sum(HEADER + len(name) + len(value) for name, value in pairs)


def excerpt(exchange: Exchange) -> Excerpt:
    """Shorten an exchange: to one line where the caller or the address is unknown, else by its long texts."""
    if _is_foreign(exchange):
        return _line(exchange)
    request, response = exchange.request, exchange.response
    asked, request_length = _body(request.body)
    answered, response_length = _body(response.body)
    shorter = Request(request.method, _address(request.url), _headers(request.headers), asked)
    kept = replace(exchange, request=shorter, response=replace(response, body=answered), look=None)
    return Excerpt(kept, request_length, response_length)


def of_notification(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], int]:
    """Shorten the body of a notification; also gives the approximate number of bytes of memory that it takes."""
    text = encode_json(body)
    if len(text) > WHOLE_NOTIFICATION:
        return {"value": [], "length": len(text)}, ENTRY
    return body, ENTRY + _OF_JSON * len(text)


def _is_foreign(exchange: Exchange) -> bool:
    status = exchange.response.status
    return status == 401 or (status >= 400 and isinstance(Contract.packaged().look_of(exchange).match, Miss))


def _line(exchange: Exchange) -> Excerpt:
    """Reduce an exchange to method, address and status."""
    request = Request(exchange.request.method[:20], _address(exchange.request.url, SHORT_ADDRESS))
    response = replace(exchange.response, headers=NO_HEADERS, body=b"")
    return Excerpt(replace(exchange, request=request, response=response, look=None))


def _address(url: str, longest: int = LONGEST_ADDRESS) -> str:
    if len(url) <= longest:
        return url
    path = url.partition("?")[0]
    path = path if len(path) <= SHORT_ADDRESS else path[:SHORT_ADDRESS].rpartition("/")[0]
    return f"{path}/...({len(url):,}-characters)"


def _headers(headers: Headers) -> Headers:
    if all(len(value) <= LONGEST_HEADER for _, value in headers.pairs):
        return headers
    return Headers(
        [
            (name, value if len(value) <= LONGEST_HEADER else f"({len(value):,} characters)")
            for name, value in headers.pairs
        ]
    )


def _body(body: bytes) -> tuple[bytes, int | None]:
    return (body, None) if len(body) <= WHOLE_BODY else (beginning(body[:BEGINNING]), len(body))


def beginning(piece: bytes) -> bytes:
    """The complete members of a cut body: of JSON as JSON, of a form as a form; of any other body none."""
    text = piece.decode("utf-8", "ignore")
    if text.lstrip()[:1] in _CLOSERS:
        return _whole_members(text).encode()
    return text.rpartition("&")[0].encode() if "=" in text else b""


def _whole_members(text: str) -> str:
    """JSON up to the last comma outside of a string, with open objects and lists closed."""
    closers: list[str] = []
    cut, open_there = 0, ""
    for token in _TOKENS.finditer(text):
        sign = token[0]
        if sign in _CLOSERS:
            if len(closers) == MAX_DEPTH:
                break
            closers.append(_CLOSERS[sign])
            cut, open_there = token.end(), "".join(reversed(closers))
        elif closers and sign == closers[-1]:
            closers.pop()
        elif sign == "," and closers:
            cut, open_there = token.start(), "".join(reversed(closers))
    return text[:cut] + open_there
