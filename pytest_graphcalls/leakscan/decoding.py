"""Texts inside a text: what it says without its escapes, and what Base64, hex and gzip in it hold."""

from __future__ import annotations

import html
import re
from base64 import b64decode
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

from pytest_graphcalls.compression import UnreadableBodyError, decompress

_SIGNS = ("%", "&", "\\u", "\\x", "\\/", "\0", "\\\n", "\\\r\n")
"""The characters that escapes begin with."""
_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|(?<!\\)\\++(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|/|\r?\n[ \t]*\\?)"
    r"|&(?:#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|quot;?|amp;?|apos;|lt;?|gt;?)|\0+"
)
_LAYERS = 4
"""How many times escapes are undone."""
COMPRESSED = b"\x1f\x8b"
"""How a body in gzip begins."""
_PACKED = 3
"""How many times a body is decompressed."""
_BEFORE, _AFTER = 200, 600
"""Characters around an escape that are read with it."""
_WORD_BEFORE = re.compile(r"[^\s\"',;]*\Z")
_WORD_BEHIND = re.compile(r"[^\s\"',;]*")
RUN = re.compile(
    r"[A-Za-z0-9+/_~-]{16,}+(?:(?:\\?\r?\n[ \t]*|(?:\\{1,8}r)?\\{1,8}n)[A-Za-z0-9+/_-]{4,}+(?![\w:.-]))*={0,2}"
)
"""What may be Base64 or hex, over several lines as well, or a random word."""
_FOLD = re.compile(r"\\?\r?\n[ \t]*|(?:\\{1,8}r)?\\{1,8}n")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){15,}")
_GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_PLAIN = bytes(range(32, 127)) + b"\t\r\n"
"""The bytes of ordinary text."""
_STANDARD = str.maketrans("-_", "+/")
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_MARKS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Decoded:
    """A text without its escapes, that knows where its characters stood.

    Attributes:
        text: what is said.
    """

    def __init__(self, text: str, offset: int) -> None:
        self.text = text
        self._offset = offset
        self._layers: list[tuple[list[int], list[int], list[int]]] = []
        for _ in range(_LAYERS):
            if not self._undo():
                break

    def _undo(self) -> bool:
        pieces: list[str] = []
        begins, ends, sources = [0], [0], [0]
        at = size = 0
        for found in _ESCAPE.finditer(self.text):
            plain = _unescaped(found[0])
            pieces += (self.text[at : found.start()], plain)
            size += found.start() - at
            begins.append(size)
            size += len(plain)
            ends.append(size)
            at = found.end()
            sources.append(at)
        if not pieces:
            return False
        self.text = "".join((*pieces, self.text[at:]))
        self._layers.append((begins, ends, sources))
        return True

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the original text of ``start`` to ``end`` in the decoded one."""
        for layer in reversed(self._layers):
            start, end = _before(layer, start), _after(layer, end)
        return start + self._offset, end + self._offset


def _unescaped(escape: str) -> str:
    if escape[0] == "%":
        return unquote(escape).replace("\0", "")
    if escape[0] == "&":
        return html.unescape(escape)
    body = escape.lstrip("\\")
    if body[:1] in {"u", "x"}:
        return chr(int(body[1:], 16)) if body.strip("ux0") else ""
    return "/" if body == "/" else ""


def _before(layer: tuple[list[int], list[int], list[int]], at: int) -> int:
    begins, ends, sources = layer
    row = bisect_right(begins, at) - 1
    if at < ends[row]:  # inside of what an escape says: in front of the escape
        return sources[row - 1] + begins[row] - ends[row - 1]
    return sources[row] + at - ends[row]


def _after(layer: tuple[list[int], list[int], list[int]], at: int) -> int:
    begins, ends, sources = layer
    row = bisect_right(begins, at - 1) - 1
    return sources[row] + max(0, at - ends[row])


def has_escapes(text: str) -> bool:
    """Whether ``text`` may say something else than it shows."""
    return any(sign in text for sign in _SIGNS)


def decoded(text: str) -> Iterator[Decoded]:
    """The parts of ``text`` that say something else than they show, with what stands around them."""
    begin = end = -1
    for found in _ESCAPE.finditer(text):
        if end < 0 or found.start() - _BEFORE > end:
            if end >= 0:
                yield _part(text, begin, end)
            begin = max(0, found.start() - _BEFORE)
        end = found.end() + _AFTER
    if end >= 0:
        yield _part(text, begin, end)


def _part(text: str, begin: int, end: int) -> Decoded:
    """A part, moved outwards to where words end: half a number looks like a whole one."""
    begin = max(0, begin - len(_WORD_BEFORE.search(text[max(0, begin - _BEFORE) : begin])[0]))  # type: ignore[index]  # it always matches
    end = _WORD_BEHIND.match(text, end, end + _AFTER).end() if end < len(text) else len(text)  # type: ignore[union-attr]  # same
    return Decoded(text[begin:end], begin)


def in_bytes(body: bytes) -> str | None:
    """A body as text; ``None`` where it is compressed and cannot be read."""
    for _ in range(_PACKED):
        if body.startswith(COMPRESSED):
            try:
                body = decompress(body, "gzip")
            except UnreadableBodyError:
                return None
    encoding = next((name for mark, name in _MARKS if body.startswith(mark)), "")
    if encoding:
        return body.decode(encoding, "replace").removeprefix("\ufeff")
    if body.count(0) > len(body) // 5:  # two or four bytes a letter; those of the languages at hand are zeros
        body = body.replace(b"\0", b"")
    return body.decode("utf-8", "surrogateescape")


def is_guid(run: str) -> bool:
    """Whether a run is a GUID and nothing more."""
    return len(run) == 36 and run[8] == "-" == run[23] and _GUID.fullmatch(run) is not None


def packed(run: str) -> tuple[str, ...]:
    """The text, also compressed text, that Base64 and hex in ``run`` hold."""
    if "\n" in run or "\\" in run:
        run = _FOLD.sub("", run)
    return _packed(_GUID.sub("~", run) if "-" in run else run)


@lru_cache(4096)
def _packed(run: str) -> tuple[str, ...]:
    if _HEX.fullmatch(run):
        inner = _readable(bytes.fromhex(run))
        return () if inner is None else (inner,)
    whole = None if "~" in run else _readable(_of_base64(run))
    if whole is not None:
        return (whole,)
    parts = {part for sign in "/-_+~" if sign in run for part in run.split(sign) if 20 <= len(part) < len(run)}
    found = (_readable(_of_base64(part)) for part in sorted(parts) if "~" not in part)
    return tuple(inner for inner in found if inner is not None)


def _of_base64(text: str) -> bytes:
    text = text.rstrip("=").translate(_STANDARD)
    text = text[:-1] if len(text) % 4 == 1 else text
    return b64decode(text + "=" * (-len(text) % 4))


def _readable(body: bytes) -> str | None:
    if body.startswith((COMPRESSED, *_BOMS)):
        return in_bytes(body)
    if len(body) < 12 or body.count(0) > len(body) // 5:
        body = body.replace(b"\0", b"")
    start = body[:400]
    if len(start) < 6 or (start.isascii() and 20 * len(start.translate(None, _PLAIN)) > len(start)):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
