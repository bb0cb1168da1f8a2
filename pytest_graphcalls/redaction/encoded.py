"""Secrets behind an encoding: escaped names, Base64, hex, two or four bytes a letter, and tokens over several lines."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable
from functools import cache

from pytest_graphcalls.redaction.fields import MASK

_ESCAPED = re.compile(
    r"\\(?<!\\\\)\\*(?:u00|x)(?P<hex>[2-7][0-9A-Fa-f])|%(?:25){0,8}(?P<percent>[2-7][0-9A-Fa-f])|&#(?P<number>[0-9]{2,3});"
)
_KEPT = frozenset("\"'\\&#%?/ \x7f")
"""Characters that separate: without their escapes a text would have another structure."""
_ZERO = re.compile(r"\0|\\(?<!\\\\)\\*(?:x00|u0000|0(?![0-9]))|%00")
_FOLD = r"(?:\\?\r?\n[ \t>|]*|(?:\\{1,16}r)?\\{1,16}n)"
_LINES = re.compile(rf"[\w.~+/=-](?<![\w.~+/=-].)[\w.~+/=-]{{23,}}+(?:{_FOLD}[\w.~+/=-]{{4,}}+)+")
_BREAK = re.compile(rf"=?{_FOLD}")  # quoted-printable has a sign in front
_RUN = re.compile(r"[A-Za-z0-9+/_-](?<![A-Za-z0-9+/_-].)[A-Za-z0-9+/_-]{19,}+={0,2}")
_GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_TEXT = bytes(range(32, 127)) + b"\t\r\n"
DEPTH = 3
"""How many encodings inside one another are undone."""

Mask = Callable[[str, int], str]
"""Masks a text, in which so many encodings may still be undone."""


def hide_encoded(text: str, mask: Mask, depth: int) -> str:
    """``text`` without what :attr:`mask` finds in it once its encodings are undone."""
    if len(text) >= 20:
        if "\n" in text or "\\" in text:
            text = _LINES.sub(lambda found: _unfolded(found[0], mask, depth), text)
        shown = cache(lambda run: MASK if _holds_secret(run, mask, depth) else run)  # a page names a rule many times
        text = _RUN.sub(lambda found: shown(found[0]), text)
    plain = unescaped(text)
    if plain != text and (clean := mask(plain, depth)) != plain:
        return clean
    return text


def unescaped(text: str) -> str:
    """``text`` without the escapes of ordinary letters, which may hide a name, and without zero bytes between them."""
    if "\\" in text or "%" in text or "&#" in text:
        text = _ESCAPED.sub(_letter, text)
    return _ZERO.sub("", text) if "\0" in text or "00" in text else text


def _letter(found: re.Match[str]) -> str:
    code = found["hex"] or found["percent"]
    letter = chr(int(code, 16) if code else int(found["number"]))
    return found[0] if letter in _KEPT or not letter.isascii() else letter


def _unfolded(lines: str, mask: Mask, depth: int) -> str:
    whole = _BREAK.sub("", lines)
    if mask(whole, 0) != whole or _holds_secret(whole, mask, depth):
        return MASK
    return lines


def _holds_secret(run: str, mask: Mask, depth: int) -> bool:
    return any((clean := mask(text, depth)) != text and clean for text in _decoded(run))


def _decoded(run: str) -> list[str]:
    """The text that Base64 or hex in ``run`` stands for, if it is text."""
    if "-" in run:
        run = _GUID.sub("!", run)
    whole = _text(_bytes(run))
    if whole is not None:
        return [whole]
    parts = {part for sign in "/-_+!" if sign in run for part in run.split(sign) if 20 <= len(part) < len(run)}
    return [text for part in parts if (text := _text(_bytes(part))) is not None]


def _bytes(run: str) -> bytes:
    body = run.rstrip("=").removeprefix("0x").encode()
    try:
        if len(body) >= 30 and len(body) % 2 == 0 and not body.strip(b"0123456789abcdefABCDEF"):
            return binascii.unhexlify(body)
        body = body.translate(_URL_SAFE)[: len(body) - (len(body) % 4 == 1)]
        return b64decode(body + b"=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _text(body: bytes) -> str | None:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        body = body[2:]
    if body.count(0) * 3 > len(body):
        body = body.replace(b"\0", b"")
    if len(body) < 6 or len(body[:400].translate(None, _TEXT)) * 20 > len(body[:400]):
        return None
    return body.decode("utf-8", "replace")
