"""Walks a message and hides what the tables, the patterns and the known values say.

A message has structure: JSON, addresses, forms, any of them inside another, and bodies that may be compressed.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_graphcalls.compression import UnreadableBodyError, decompress
from pytest_graphcalls.redaction.fields import MASK, SCHEMES, Kind, is_secret_name, plain
from pytest_graphcalls.redaction.patterns import IN_FORM, IN_PATH, Codec
from pytest_graphcalls.redaction.secrets import RUN
from pytest_graphcalls.redaction.text import NESTING, Texts
from pytest_graphcalls.wire import (
    Exchange,
    Headers,
    MalformedJsonError,
    Notification,
    Request,
    Response,
    decode_json,
    encode_json,
)

_SIGN_IN = re.compile(r"(?i)/oauth2/(?:v[0-9.]+/)?(?:token|devicecode|authorize|logout)$")
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|/)\S*")
_OPENING = frozenset('{[" \t\r\n')
"""How a JSON text may begin."""
_HALF = re.compile("[\ud800-\udfff]")
_FORM = re.compile(r"[^\s=&?{}\[\]\"]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""How gzip and zstd begin."""


class Redactor(Texts):
    """Hides what may not be written down.

    Args:
        profile: a name in :data:`PROFILES`.
        key: what pseudonyms depend on; the same key gives the same ones in every file and on every machine. With
            the key it can be tried whether a certain name is behind a pseudonym.

    Raises:
        UnknownNameError: there is no such profile.
    """

    def exchange(self, exchange: Exchange) -> Exchange:
        """``exchange`` with both halves redacted; when there is nothing to hide, an equal one."""
        request, response = self.request(exchange.request), self.response(exchange.response)
        return Exchange(request, response, self.mask(exchange.note), exchange.seconds)

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

    def seen(self, one: Exchange | Notification | None) -> Exchange | Notification | None:
        """An exchange or a notification redacted; ``None`` for none."""
        return self.notification(one) if isinstance(one, Notification) else one and self.exchange(one)

    def recordable(self, request: Request) -> bool:
        """Whether the exchange that ``request`` begins may be recorded at all: a sign-in may not, however redacted."""
        return _SIGN_IN.search(request.path) is None

    def headers(self, headers: Headers) -> Headers:
        """``headers`` redacted; names and order stay."""
        return Headers([(name, self._header(name, value)) for name, value in headers.pairs])

    def _message(self, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        clean, masked = self.headers(headers), self._packed(body, headers.get("content-encoding", ""))
        if masked == body:
            return clean, body
        # A client that replays the answer trusts the length, and would undo the compression.
        length = str(len(masked))
        pairs = [(n, length if n.lower() == "content-length" else v) for n, v in clean.pairs]
        return Headers(pairs).without("content-encoding"), masked

    def _header(self, name: str, value: str) -> str:
        if Kind.SECRET not in {self._of_member(name)[2], self._parameters.get(plain(name))}:
            return self._text(value, NESTING)
        scheme = value.partition(" ")[0]
        return f"{scheme} {MASK}" if scheme.lower() in map(str.lower, SCHEMES) else MASK

    def text(self, text: str) -> str:
        """``text`` redacted, read as JSON or as an address first if it is one."""
        return self._text(text, NESTING)

    def url(self, url: str) -> str:
        """An address redacted: password, path, parameters, fragment."""
        return self._url(url, NESTING)

    def json(self, value: Any) -> Any:
        """A JSON value redacted; a new value comes back."""
        return self._json(value, None, "", NESTING)

    def _text(self, text: str, nesting: int) -> str:
        if nesting:
            if text[:1] in _OPENING and text.lstrip()[:1] in {"{", "[", '"'}:
                return self._nested(text, nesting - 1)
            if ("?" in text or "#" in text) and _ADDRESS.fullmatch(text):
                return self._url(text, nesting - 1)
        return self.mask(text)

    def _nested(self, text: str, nesting: int) -> str:
        try:
            value = decode_json(text.encode("utf-8", "surrogatepass"))
        except MalformedJsonError:
            return self.mask(text)
        clean = self._json(value, None, "", nesting)
        return self.mask(text if clean == value else dump(clean))

    def _json(self, value: Any, kind: Kind | None, inside: str, nesting: int) -> Any:
        """``value`` redacted.

        Args:
            value: any JSON value.
            kind: what its name says it is.
            inside: :func:`plain` name of the member whose object it is.
            nesting: how many levels of texts inside texts are still read.
        """
        if isinstance(value, str):
            if kind is not None:
                return self._pseudonyms.of(kind, value) if value else value
            return self._text(value, nesting)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Mapping):
            return self._object(value, kind, inside, nesting)
        if isinstance(value, list | tuple):
            return [self._json(item, kind, inside, nesting) for item in value]
        return value if kind is None else self._pseudonyms.of(kind, str(value))

    def _object(self, value: Mapping[str, Any], kind: Kind | None, inside: str, nesting: int) -> dict[str, Any]:
        kept = kind if kind is Kind.SECRET else None
        within, members = self.profile.within.get(inside), self._of_member
        literal = bool(RUN.forms or self._literals.forms)
        clean = {}
        for key, item in value.items():
            shown, name, own = members(key)
            if literal:
                shown = self.mask(key)
            if item is None or item is True or item is False:
                clean[shown] = item
                continue
            own = kept or own or (within.get(name) if within is not None else None)
            if own is Kind.SECRET and key[-1:] in {"s", "S"} and isinstance(item, int | float):
                own = None  # a number of tokens
            clean[shown] = self._json(item, own, name, nesting)
        if "value" in clean and is_secret_name(str(value.get("name") or value.get("key") or "")):
            clean["value"] = self._json(value["value"], Kind.SECRET, "value", nesting)  # a pair of a HAR file
        return clean

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
        parameter = plain(decode(name))
        kind = self._parameters.get(parameter) if value else None
        if kind is not None and not (parameter == "code" and value.isdigit()):  # that is the code of an error
            decoded = decode(value)
            put = self._pseudonyms.of(kind, decoded)
            return f"{name}={value if put == decoded else encode(put)}"
        return f"{self._inner(name, IN_FORM, nesting)}{sign}{self._inner(value, IN_FORM, nesting)}"

    def _inner(self, text: str, codec: Codec, nesting: int) -> str:
        """Redact what a percent-encoded text says; encoded anew only where that changed something."""
        encode, decode = codec
        decoded = decode(text)
        clean = self._text(decoded, nesting - 1) if nesting else self.mask(decoded)
        return text if clean == decoded else encode(clean)

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

    def _body(self, body: bytes) -> bytes:
        try:
            value = decode_json(body)
        except MalformedJsonError:
            return self._unstructured(body)
        clean = self.json(value)
        if clean != value:
            return dump(clean).encode()
        # Something may also stand in the first of two equal keys, which reading the body drops.
        return body if body == encode_json(value) else self._unstructured(body)

    def _unstructured(self, body: bytes) -> bytes:
        text, encoding = _decoded(body)
        clean = self.mask(self._form(text, NESTING) if _FORM.fullmatch(text) else text)
        return body if clean == text else clean.encode(encoding, "surrogatepass")


def dump(value: Any) -> str:
    """A JSON value as short text."""
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


OF_REPORTS = Redactor("tokens")
"""The redactor of all reports and messages of this process: ids and names stay, what gives access is hidden."""

mask = OF_REPORTS.mask
redact_exchange = OF_REPORTS.exchange
redact_json = OF_REPORTS.json
redact_url = OF_REPORTS.url
