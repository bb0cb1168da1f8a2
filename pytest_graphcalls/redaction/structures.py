"""What has structure: JSON, addresses, forms, and any of them inside another."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pytest_graphcalls.redaction.fields import Kind, plain
from pytest_graphcalls.redaction.patterns import IN_FORM, IN_PATH, Codec
from pytest_graphcalls.redaction.text import NESTING, Texts
from pytest_graphcalls.wire import MalformedJsonError, decode_json

_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|/)\S*")
_HALF = re.compile("[\ud800-\udfff]")


class Structures(Texts):
    """Reads structures down to the texts in them; arguments as for :class:`.Redactor`."""

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
        return self.mask(text if clean == value else dump(clean))

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


def dump(value: Any) -> str:
    """A JSON value as short text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half of a surrogate pair can be written as an escape only.
    return text if text.isascii() or _HALF.search(text) is None else json.dumps(value, separators=(",", ":"))
