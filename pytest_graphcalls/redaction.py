"""What may not be written down, and how it is masked.

The rules of this room:

1. A secret is what one of the tables below names: a header, a query or form parameter, a JSON member, or a form of
   text that gives itself away wherever it stands. A new kind of secret is a new row, never a new branch.
2. The shape stays: a masked member is still there, a null stays null, a list keeps its length, and a bearer token's
   scheme stays readable. So a masked exchange can still be judged by the contract.
3. When in doubt a text is masked. Losing a harmless word is cheap, a leaked token is not.
4. Nothing here raises: what cannot be read as JSON or as a form is masked as text (there, a member of the tables
   loses a text or a number; what an object in its place holds is judged by itself).
5. Masking twice changes nothing more, and what holds no secret comes back byte for byte.

Tokens, secrets and links that open a meeting are masked here; ids, names and telephone numbers are not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from pytest_graphcalls.wire import (
    Exchange,
    Headers,
    MalformedJsonError,
    Request,
    Response,
    decode_json,
)

MASK = "REDACTED"
"""What stands in a secret's place: safe in a header, an address, a form and a JSON text."""

HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "ocp-apim-subscription-key",
        "proxy-authorization",
        "set-cookie",
        "x-api-key",
        "x-skypetoken",
    }
)
"""Headers, in lower case, whose value is a secret."""

MEMBERS = frozenset(
    {
        "accesstoken",
        "assertion",
        "clientassertion",
        "clientsecret",
        "idtoken",
        "joinurl",  # opens the meeting to anybody
        "joinweburl",  # same
        "passcode",  # joinMeetingIdMeetingInfo
        "password",
        "privatekey",
        "recordingaccesstoken",  # recordOperation
        "refreshtoken",
        "replacementlink",  # participant; moves the call of whoever has it (observed 5.18)
        "secrettext",  # a new password of an application
        "skypetoken",
        "token",  # tokenMeetingInfo: a JWT that lives for a day (observed 5.18)
    }
)
"""JSON members whose value is a secret: lower case, without ``_`` and ``-`` (see :func:`_plain`)."""

PARAMETERS = MEMBERS | {
    "code",  # of an authorization; as a JSON member it is the code of an error
    "codeverifier",
    "devicecode",
    "p",  # the passcode in the short address of a Teams meeting
    "sig",  # of a shared access signature
    "tempauth",  # of a SharePoint download
}
"""Query and form parameters whose value is a secret, written like :data:`MEMBERS`."""

SCHEMES = ("Bearer", "Basic", "Digest", "PoP", "Negotiate")
"""Schemes of an Authorization header; the scheme itself is kept."""

_NESTING = 3
"""How many levels of texts inside texts (JSON, addresses) are read as such; what lies deeper is masked as text."""

_FORM = re.compile(r"[^\s=&?{}\[\]\"]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|/)\S*")
_HARMLESS = re.compile(r"[^.%:=+\s]*")  # every telltale has one of these; most names and ids have none
_HALF = re.compile("[\ud800-\udfff]")

_Codec = tuple[Callable[[str], str], Callable[[str], str]]
_IN_PATH: _Codec = (partial(quote, safe="/:@!$&'()*+,;=~"), unquote)
_IN_FORM: _Codec = (quote_plus, unquote_plus)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _any_of(names: Collection[str]) -> str:
    # As lenient as _plain: any letter case, with or without "_" and "-".
    return "|".join("[_-]?".join(name) for name in sorted(names, key=len, reverse=True))


_SCHEME = "|".join(SCHEMES)


@dataclass(frozen=True, slots=True)
class _Telltale:
    """A form of text that gives itself away.

    Attributes:
        hints: words in lower case, one of which occurs in every such text; asked first, for speed.
        pattern: the text; its group ``head`` is kept. Every pattern takes linear time (see the tests).
        instead: what is put in its place.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    instead: str = rf"\g<head>{MASK}"


_TELLTALES = (
    # A JWT or JWE: its first part is Base64 for a text that starts with "{", whatever white space follows.
    _Telltale(
        (".", "%2e"),
        re.compile(
            r"(?<![\w-])(?=[\w-]*+(?:\.|%2E))(?P<head>[\w-]*?)"
            r"(?:ey[JA]|ew[0ko])[\w-]{6,}(?:(?:\.|%2E)[\w-]*)+",
            re.ASCII,
        ),
    ),
    # A whole Authorization or Cookie header in a text. Words about such a header have no scheme and no "=" there.
    _Telltale(
        ("authorization",),
        re.compile(rf"(?i)(?P<head>\bauthorization[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']?(?:{_SCHEME})\s{{1,4}})[^\s\"',]+"),
    ),
    _Telltale(
        ("cookie",),
        re.compile(r"(?i)(?P<head>\bcookie[\"']?\s{0,4}:\s{0,4}[\"']?)[\w.-]+=[^\r\n\"']*"),
    ),
    # A bearer token that is no JWT: long, or with a digit in it, so that "Bearer token" and "Bearer realm=" stay.
    _Telltale(
        tuple(map(str.lower, SCHEMES)),
        re.compile(
            rf"(?i)(?P<head>\b(?:{_SCHEME})(?:\s|%20|\+){{1,4}})"
            r"(?:[\w.~/+-]{20,}+|(?=[a-z.~/+_-]{0,19}\d)[\w.~/+-]{8,}+)(?!=[\"'])=*",
            re.ASCII,
        ),
    ),
    # The password in an address.
    _Telltale(("@",), re.compile(r"(?P<head>://)[^/@\s:\"']*:[^/@\s\"']+(?=@)")),
    # An address that opens a meeting.
    _Telltale(
        ("teams",),
        re.compile(r"(?i)(?P<head>https?://[\w.-]{0,80}teams[\w.-]{0,80}/)(?:l/meetup-join|meet)/[^\s\"'<>\\]+"),
    ),
    # A parameter of an address, also of one that is itself percent-encoded, once or more, inside another.
    _Telltale(
        ("=", "3d"),
        re.compile(
            rf"(?i)(?P<head>(?:[?&#]|%(?:25)*(?:3F|26|23))(?:{_any_of(PARAMETERS)})(?:=|%(?:25)*3D))"
            r"(?:(?!%(?:25)*(?:26|23))[^&#\s\"'<>\\])+"
        ),
    ),
    # A member of a JSON text that is cut, malformed, or a text inside a text (each level puts backslashes in front).
    _Telltale(
        ("assertion", "key", "link", "pass", "secret", "text", "token", "url"),
        re.compile(
            rf"(?is)(?P<head>(?P<quote>\\{{0,8}}[\"'])(?:{_any_of(MEMBERS)})(?P=quote)\s{{0,8}}:\s{{0,8}})"
            r"(?:(?P=quote)(?!(?P=quote))(?:.*?(?<!\\)(?P=quote)|.*\Z)|-?\d[\w.+-]*)"
        ),
        rf"\g<head>\g<quote>{MASK}\g<quote>",
    ),
)


def mask(text: str) -> str:
    """Mask the secrets in any text: a message, a line of a log, a command line, a cut body.

    Args:
        text: what is about to be shown or written.
    """
    if _HARMLESS.fullmatch(text):
        return text
    low = text.lower()
    for telltale in _TELLTALES:
        if any(hint in low for hint in telltale.hints):
            text = telltale.pattern.sub(telltale.instead, text)
    return text


def redact_exchange(exchange: Exchange) -> Exchange:
    """Mask the secrets in both halves of ``exchange``; without any, an equal exchange comes back."""
    return Exchange(redact_request(exchange.request), redact_response(exchange.response), mask(exchange.note))


def redact_request(request: Request) -> Request:
    """Mask the secrets in address, headers and body of ``request``."""
    headers, body = _message(request.headers, request.body)
    return Request(request.method, redact_url(request.url), headers, body)


def redact_response(response: Response) -> Response:
    """Mask the secrets in headers and body of ``response``."""
    return Response(response.status, *_message(response.headers, response.body))


def redact_url(url: str) -> str:
    """Mask the secrets in an address: password, path, parameters, fragment."""
    return _url(url, _NESTING)


def redact_headers(headers: Headers) -> Headers:
    """Mask the secrets in ``headers``; names and order stay."""
    return Headers([(name, _header(name, value)) for name, value in headers.pairs])


def redact_json(value: Any) -> Any:
    """Mask the secrets in a JSON value, e.g. the body of a notification; a new value comes back."""
    return _json(value, secret=False, nesting=_NESTING)


def _message(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    clean, masked = redact_headers(headers), _body(body)
    if masked == body:
        return clean, body
    # A client that replays the answer trusts the length.
    length = str(len(masked))
    return Headers([(n, length if n.lower() == "content-length" else v) for n, v in clean.pairs]), masked


def _header(name: str, value: str) -> str:
    if name.lower() not in HEADERS:
        return _text(value, _NESTING)
    scheme = value.partition(" ")[0]
    return f"{scheme} {MASK}" if scheme.lower() in map(str.lower, SCHEMES) else MASK


def _body(body: bytes) -> bytes:
    try:
        value = decode_json(body)
    except MalformedJsonError:
        return _unstructured(body)
    clean = redact_json(value)
    # A secret may also stand in the first of two equal keys, which reading the body drops; hence both.
    return _unstructured(body if clean == value else _dump(clean).encode())


def _dump(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half of a surrogate pair can be written as an escape only.
    return text if text.isascii() or _HALF.search(text) is None else json.dumps(value, separators=(",", ":"))


def _unstructured(body: bytes) -> bytes:
    try:
        text, encoding = body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        # Latin-1 keeps every byte as it is.
        text, encoding = body.decode("latin-1"), "latin-1"
    return mask(_form(text, _NESTING) if _FORM.fullmatch(text) else text).encode(encoding)


def _url(url: str, nesting: int) -> str:
    before, hash_, fragment = url.partition("#")
    path, question, query = before.partition("?")
    clean = f"{_decoded(path, _IN_PATH, nesting)}{question}{_form(query, nesting)}{hash_}{_form(fragment, nesting)}"
    return mask(clean)


def _form(text: str, nesting: int) -> str:
    return "&".join(_pair(pair, nesting) for pair in text.split("&"))


def _pair(pair: str, nesting: int) -> str:
    name, sign, value = pair.partition("=")
    if value and _plain(unquote_plus(name)) in PARAMETERS:
        return f"{name}={MASK}"
    return f"{_decoded(name, _IN_FORM, nesting)}{sign}{_decoded(value, _IN_FORM, nesting)}"


def _decoded(text: str, codec: _Codec, nesting: int) -> str:
    """Mask what a percent-encoded text says; encoded anew only where that changed something."""
    encode, decode = codec
    plain = decode(text)
    clean = _text(plain, nesting - 1) if nesting else mask(plain)
    return text if clean == plain else encode(clean)


def _json(value: Any, *, secret: bool, nesting: int) -> Any:
    if isinstance(value, Mapping):
        return {
            mask(key): _json(item, secret=secret or _plain(key) in MEMBERS, nesting=nesting)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_json(item, secret=secret, nesting=nesting) for item in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    if secret:
        return MASK
    return _text(value, nesting) if isinstance(value, str) else value


def _text(text: str, nesting: int) -> str:
    if nesting and text.lstrip()[:1] in {"{", "[", '"'}:
        return _nested(text, nesting - 1)
    if nesting and ("?" in text or "#" in text) and _ADDRESS.fullmatch(text):
        return _url(text, nesting - 1)
    return mask(text)


def _nested(text: str, nesting: int) -> str:
    try:
        value = decode_json(text.encode("utf-8", "surrogatepass"))
    except MalformedJsonError:
        return mask(text)
    clean = _json(value, secret=False, nesting=nesting)
    return mask(text if clean == value else _dump(clean))
