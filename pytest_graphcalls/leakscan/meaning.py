"""Lines that mean something else than they say: folded, escaped, percent-encoded."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import unquote

_FOLD = re.compile(r"\\\n[ \t]*\\?")
_FOLDED = re.compile(
    r"^[^\n]*\\\n(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE
)  # from a line's start only: else a long line is read squared
_ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\/|&(?:#|quot|amp|apos|lt|gt)")
_CODED = re.compile(r"\\[ux](?:00)?([0-9A-Fa-f]{2})")
_LAYERS = 3
"""How many times percent-encoding is undone."""


def meant(text: str, starts: list[int]) -> Iterator[tuple[int, str]]:
    """The lines that mean something else than they say, as what they mean."""
    for found in _FOLDED.finditer(text) if "\\\n" in text else ():
        yield bisect_right(starts, found.start()), _decoded(_FOLD.sub("", found[0]))
    done = -1
    for found in _ESCAPES.finditer(text):
        number = bisect_right(starts, found.start())
        if number != done:
            done = number
            end = starts[number] if number < len(starts) else len(text)
            yield number, _decoded(text[starts[number - 1] : end])


def _decoded(text: str) -> str:
    text = _CODED.sub(lambda found: chr(int(found[1], 16)), text.replace("\\/", "/"))
    for _ in range(_LAYERS):
        if "%" not in text:
            break
        text = unquote(text)
    return html.unescape(text)
