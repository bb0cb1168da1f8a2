"""Walks a message and hides what the tables, the telltales and the known values say."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pytest_graphcalls.compression import UnreadableBodyError, decompress
from pytest_graphcalls.errors import UnknownNameError
from pytest_graphcalls.redaction.known import RUN, Literals
from pytest_graphcalls.redaction.pseudonyms import Pseudonyms
from pytest_graphcalls.redaction.tables import (
    HEADERS,
    MASK,
    MEMBERS,
    PARAMETERS,
    PEOPLE,
    PEOPLE_IN_PARAMETERS,
    SCHEMES,
    WITHIN,
    Kind,
    plain,
)
from pytest_graphcalls.redaction.telltales import IN_FORM, IN_PATH, IN_TEXT, SECRETS, Codec, Telltale
from pytest_graphcalls.wire import (
    Exchange,
    Headers,
    MalformedJsonError,
    Notification,
    Request,
    Response,
    decode_json,
)

_NESTING = 3
"""How many levels of texts inside texts (JSON, addresses) are read as such; what lies deeper is masked as text."""
_LONGEST_KEPT = 200
"""Characters of the longest text whose outcome is kept: type names, states and ids come again and again."""

_FORM = re.compile(r"[^\s=&?{}\[\]\"]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|/)\S*")
_HALF = re.compile("[\ud800-\udfff]")
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""How gzip and zstd begin."""
_SIGN_IN = re.compile(r"(?i)/oauth2/(?:v[0-9.]+/)?(?:token|devicecode|authorize|logout)$")


@dataclass(frozen=True, slots=True)
class Profile:
    """How much is hidden.

    Attributes:
        name: what it is called.
        members: kind of a JSON member by its :func:`~.tables.plain` name.
        parameters: the same for parameters of addresses and forms.
        within: kind of a member by the member whose object it is in.
        telltales: gives the forms of text; asked when a redactor is made, because most runs need one profile only.
        harmless: a text that this matches whole holds none of the telltales.
    """

    name: str
    members: Mapping[str, Kind]
    parameters: Mapping[str, Kind]
    within: Mapping[str, Mapping[str, Kind]]
    telltales: Callable[[], tuple[Telltale, ...]]
    harmless: re.Pattern[str]


def _everything() -> tuple[Telltale, ...]:
    from pytest_graphcalls.redaction.telling import TELLING

    return (*SECRETS, *TELLING)


_TOKENS = Profile(
    "tokens",
    MappingProxyType(dict.fromkeys(MEMBERS, Kind.SECRET)),
    MappingProxyType(dict.fromkeys(PARAMETERS, Kind.SECRET)),
    MappingProxyType({}),
    lambda: SECRETS,
    re.compile(r"[^.%:=+\s]*"),  # every telltale has one of these; most names and ids have none
)
_CASSETTE = Profile(
    "cassette",
    MappingProxyType({**PEOPLE, **_TOKENS.members}),
    MappingProxyType({**PEOPLE_IN_PARAMETERS, **_TOKENS.parameters}),
    WITHIN,
    _everything,
    re.compile(r"[^.%:=+\s@-]{0,31}|#microsoft\.graph\.[A-Za-z]+"),
)
PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in (_TOKENS, _CASSETTE)})
"""``tokens``: what gives access, for reports and messages. ``cassette``: people, tenants and apps as well, for files
that are committed."""


class Redactor:
    """Hides what may not be written down.

    Args:
        profile: a name in :data:`PROFILES`.
        key: what pseudonyms depend on; the same key gives the same ones in every file and on every machine. Whoever
            has it can try whether a name they think of is behind a pseudonym.

    Raises:
        UnknownNameError: there is no such profile.
    """

    def __init__(self, profile: str = "tokens", key: str | bytes = b"") -> None:
        if profile not in PROFILES:
            raise UnknownNameError("redaction profile", profile, tuple(PROFILES))
        self.profile = PROFILES[profile]
        self._pseudonyms = Pseudonyms(key.encode() if isinstance(key, str) else key)
        self._headers: Mapping[str, Kind] = dict.fromkeys(HEADERS, Kind.SECRET)
        self._members, self._parameters = self.profile.members, self.profile.parameters
        self._patterns: tuple[re.Pattern[str], ...] = ()
        self._literals = Literals()
        self._replacements = tuple((row, self._replacement(row)) for row in self.profile.telltales())
        self._kept: Callable[[str], str] = lru_cache(2048)(self._told)

    # --- what a project adds ---------------------------------------------------------------------------------------

    def add(
        self,
        *,
        headers: Iterable[str] = (),
        members: Iterable[str] = (),
        parameters: Iterable[str] = (),
        values: Iterable[str] = (),
        patterns: Iterable[str] = (),
    ) -> None:
        """Hide more than the profile says. There is no way to hide less.

        Args:
            headers: names of headers whose value is a secret.
            members: names of JSON members, at any depth.
            parameters: names of parameters of addresses and forms.
            values: texts that are secret wherever they stand; under eight characters they are passed over.
            patterns: regular expressions; what matches is hidden, and each must match what it hides only.

        Raises:
            re.error: a pattern is no regular expression.
        """
        secret = Kind.SECRET
        self._headers = {**self._headers, **dict.fromkeys(map(str.lower, headers), secret)}
        self._members = {**self._members, **dict.fromkeys(map(plain, members), secret)}
        self._parameters = {**self._parameters, **dict.fromkeys(map(plain, parameters), secret)}
        self._patterns += tuple(map(re.compile, patterns))
        self._literals.add(values)
        self._kept = lru_cache(2048)(self._told)

    # --- messages --------------------------------------------------------------------------------------------------

    def exchange(self, exchange: Exchange) -> Exchange:
        """``exchange`` with both halves redacted; when there is nothing to hide, an equal one."""
        return Exchange(self.request(exchange.request), self.response(exchange.response), self.mask(exchange.note))

    def request(self, request: Request) -> Request:
        """``request`` with address, headers and body redacted."""
        headers, body = self._message(request.headers, request.body)
        return Request(request.method, self.url(request.url), headers, body)

    def response(self, response: Response) -> Response:
        """``response`` with headers and body redacted."""
        return Response(response.status, *self._message(response.headers, response.body))

    def notification(self, notification: Notification) -> Notification:
        """``notification`` with address, headers and body redacted."""
        posted_to, body = self.url(notification.posted_to), self.json(notification.body)
        return Notification(posted_to, body, notification.at, self.headers(notification.headers))

    def recordable(self, request: Request) -> bool:
        """Whether the exchange that ``request`` begins may be recorded at all: a sign-in may not, however redacted."""
        return _SIGN_IN.search(request.path) is None

    # --- parts -----------------------------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """``text`` redacted, read as JSON or as an address first if it is one."""
        return self._text(text, _NESTING)

    def mask(self, text: str) -> str:
        """``text`` redacted as it stands, whatever structure it has: a message, a line of a log, a cut body."""
        if RUN.forms or self._literals.forms:
            text = self._literals.hide(RUN.hide(text))
        return self._kept(text) if len(text) <= _LONGEST_KEPT else self._told(text)

    def url(self, url: str) -> str:
        """An address redacted: password, path, parameters, fragment."""
        return self._url(url, _NESTING)

    def headers(self, headers: Headers) -> Headers:
        """``headers`` redacted; names and order stay."""
        return Headers([(name, self._header(name, value)) for name, value in headers.pairs])

    def json(self, value: Any) -> Any:
        """A JSON value redacted; a new value comes back."""
        return self._json(value, None, "", _NESTING)

    # --- text ------------------------------------------------------------------------------------------------------

    def _told(self, text: str) -> str:
        """``text`` without what gives itself away."""
        if not self._patterns and self.profile.harmless.fullmatch(text):
            return text
        low = text.lower()
        for row, replacement in self._replacements:
            if _hinted(row.hints, low):
                text = row.pattern.sub(replacement, text)
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        return text

    def _replacement(self, row: Telltale) -> str | Callable[[re.Match[str]], str]:
        if row.kind is Kind.SECRET:
            return row.instead
        encode, decode = row.codec
        headed, tailed = ("head" in row.pattern.groupindex), ("tail" in row.pattern.groupindex)

        def replace(found: re.Match[str]) -> str:
            kind, value = row.kind or self._parameters[plain(found["name"])], found["value"]
            if not self._is_put(kind, value, decode):
                told = decode(value)
                put = self._pseudonyms.of(kind, told)
                value = put if row.codec is IN_TEXT and told == value else encode(put)
            return (found["head"] if headed else "") + value + (found["tail"] if tailed else "")

        return replace

    def _is_put(self, kind: Kind, text: str, decode: Callable[[str], str]) -> bool:
        """Whether ``text`` is what we have put there, maybe encoded more than once since."""
        for _ in range(_NESTING):
            if self._pseudonyms.of(kind, text) == text:
                return True
            deeper = decode(text)
            if deeper == text:
                break
            text = deeper
        return False

    def _text(self, text: str, nesting: int) -> str:
        if nesting and text.lstrip()[:1] in {"{", "[", '"'}:
            return self._nested(text, nesting - 1)
        if nesting and ("?" in text or "#" in text) and _ADDRESS.fullmatch(text):
            return self._url(text, nesting - 1)
        return self.mask(text)

    def _nested(self, text: str, nesting: int) -> str:
        try:
            value = decode_json(text.encode("utf-8", "surrogatepass"))
        except MalformedJsonError:
            return self.mask(text)
        clean = self._json(value, None, "", nesting)
        return self.mask(text if clean == value else _dump(clean))

    # --- JSON ------------------------------------------------------------------------------------------------------

    def _json(self, value: Any, kind: Kind | None, inside: str, nesting: int) -> Any:
        """``value`` redacted.

        Args:
            value: any JSON value.
            kind: what its name says it is.
            inside: :func:`plain` name of the member whose object it is.
            nesting: how many levels of texts inside texts are still read.
        """
        if isinstance(value, Mapping):
            kept = kind if kind is Kind.SECRET else None
            within = self.profile.within.get(inside, {})
            return {
                self.mask(key): self._json(item, kept or self._kind(key, within), plain(key), nesting)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._json(item, kind, inside, nesting) for item in value]
        if value is None or isinstance(value, bool) or value == "":
            return value
        if kind is not None:
            return self._pseudonyms.of(kind, str(value))
        return self._text(value, nesting) if isinstance(value, str) else value

    def _kind(self, key: str, within: Mapping[str, Kind]) -> Kind | None:
        name = plain(key)
        return self._members.get(name) or within.get(name) or self._headers.get(key.lower())

    # --- the rest of a message -------------------------------------------------------------------------------------

    def _message(self, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        clean, masked = self.headers(headers), self._packed(body, headers.get("content-encoding", ""))
        if masked == body:
            return clean, body
        # A client that replays the answer trusts the length, and would undo the compression.
        length = str(len(masked))
        pairs = [(n, length if n.lower() == "content-length" else v) for n, v in clean.pairs]
        return Headers(pairs).without("content-encoding"), masked

    def _packed(self, body: bytes, encoding: str) -> bytes:
        """A body redacted, decompressed if need be; one that cannot be read is not written at all."""
        guessed = "zstd" if body.startswith(_COMPRESSED[1]) else "gzip" if body.startswith(_COMPRESSED[0]) else ""
        if not (body and (encoding or guessed)):
            return self._body(body)
        try:
            unpacked = decompress(body, encoding or guessed)
        except UnreadableBodyError:
            return self._body(body) if _is_text(body) else MASK.encode()
        clean = self._body(unpacked)
        return body if clean == unpacked else clean

    def _header(self, name: str, value: str) -> str:
        if name.lower() not in self._headers:
            return self._text(value, _NESTING)
        scheme = value.partition(" ")[0]
        return f"{scheme} {MASK}" if scheme.lower() in map(str.lower, SCHEMES) else MASK

    def _body(self, body: bytes) -> bytes:
        try:
            value = decode_json(body)
        except MalformedJsonError:
            return self._unstructured(body)
        clean = self.json(value)
        # Something may also stand in the first of two equal keys, which reading the body drops.
        return self._unstructured(body) if clean == value else _dump(clean).encode()

    def _unstructured(self, body: bytes) -> bytes:
        text, encoding = _decoded(body)
        clean = self.mask(self._form(text, _NESTING) if _FORM.fullmatch(text) else text)
        return body if clean == text else clean.encode(encoding, "surrogatepass")

    def _url(self, url: str, nesting: int) -> str:
        before, hash_, fragment = url.partition("#")
        path, question, query = before.partition("?")
        path = self._inner(path, IN_PATH, nesting)
        return self.mask(f"{path}{question}{self._form(query, nesting)}{hash_}{self._form(fragment, nesting)}")

    def _form(self, text: str, nesting: int) -> str:
        return "&".join(self._pair(pair, nesting) for pair in text.split("&")) if text else text

    def _pair(self, pair: str, nesting: int) -> str:
        name, sign, value = pair.partition("=")
        encode, decode = IN_FORM
        kind = self._parameters.get(plain(decode(name))) if value else None
        if kind is not None:
            told = decode(value)
            put = self._pseudonyms.of(kind, told)
            return f"{name}={value if put == told else encode(put)}"
        return f"{self._inner(name, IN_FORM, nesting)}{sign}{self._inner(value, IN_FORM, nesting)}"

    def _inner(self, text: str, codec: Codec, nesting: int) -> str:
        """Redact what a percent-encoded text says; encoded anew only where that changed something."""
        encode, decode = codec
        told = decode(text)
        clean = self._text(told, nesting - 1) if nesting else self.mask(told)
        return text if clean == told else encode(clean)


def _hinted(hints: tuple[str, ...], low: str) -> bool:
    # A loop, because this is asked some forty times for every text.
    for hint in hints:
        if hint in low:
            return True
    return not hints


def _dump(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half of a surrogate pair can be written as an escape only.
    return text if text.isascii() or _HALF.search(text) is None else json.dumps(value, separators=(",", ":"))


def _decoded(body: bytes) -> tuple[str, str]:
    """A body as text, and its encoding. Latin-1 keeps every byte as it is."""
    marked = next((encoding for bom, encoding in _BOMS if body.startswith(bom)), "utf-8")
    for encoding in (marked, "utf-8"):
        try:
            return body.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return body.decode("latin-1"), "latin-1"


def _is_text(body: bytes) -> bool:
    return _decoded(body)[1] != "latin-1" and b"\0" not in body
