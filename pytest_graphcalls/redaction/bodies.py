"""Bodies of messages, packed or not, in whatever encoding."""

from __future__ import annotations

import codecs
import re

from pytest_graphcalls.compression import UnreadableBodyError, decompress
from pytest_graphcalls.redaction.structures import Structures, dump
from pytest_graphcalls.redaction.fields import MASK
from pytest_graphcalls.redaction.text import NESTING
from pytest_graphcalls.wire import MalformedJsonError, decode_json

_FORM = re.compile(r"[^\s=&?{}\[\]\"]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""How gzip and zstd begin."""


class Bodies(Structures):
    """Redacts bodies; arguments as for :class:`.Redactor`."""

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
        # Something may also stand in the first of two equal keys, which reading the body drops.
        return self._unstructured(body) if clean == value else dump(clean).encode()

    def _unstructured(self, body: bytes) -> bytes:
        text, encoding = _decoded(body)
        clean = self.mask(self._form(text, NESTING) if _FORM.fullmatch(text) else text)
        return body if clean == text else clean.encode(encoding, "surrogatepass")


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
