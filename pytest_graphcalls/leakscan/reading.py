"""Reads a text as it stands, as it is meant, and what is packed in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from pytest_graphcalls.leakscan.known import Known, places
from pytest_graphcalls.leakscan.meaning import meant
from pytest_graphcalls.leakscan.randomness import random_words
from pytest_graphcalls.leakscan.patterns import SHAPES, Shape
from pytest_graphcalls.leakscan.unpacking import BLOB, of_blob, unpacked

DEPTH = 3
"""How many times what was packed is unpacked."""
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
Found = Iterator[tuple[int, str]]
"""Where something stands, and what sort of thing it is."""


def in_bytes(body: bytes, known: Known, depth: int) -> Found:
    """Lines and kinds of what leaks from a body, of what is packed in it ``depth`` times as well."""
    packed = unpacked(body)
    if packed is not None:
        yield from ((1, kind) for _, kind in in_bytes(packed, known, depth - 1)) if depth else ()
        return
    encoding = next((name for mark, name in _MARKS if body.startswith(mark)), "utf-8")
    yield from in_text(body.decode(encoding, "replace" if encoding == "utf-16" else "surrogateescape"), known, depth)


def in_text(text: str, known: Known, depth: int) -> Found:
    """The same of a text."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def line(position: int) -> int:
        return bisect_right(starts, position)

    blobs = [(found, inner) for found in BLOB.finditer(text) if (inner := of_blob(found[0]))] if depth else []
    for found, inner in blobs:
        yield from ((line(found.start()), kind) for _, kind in in_bytes(inner, known, depth - 1))
    yield from ((line(at), kind) for at, kind in _in_view(text, known))
    yield from ((line(at), "text that looks random") for at in random_words(text, [found.span() for found, _ in blobs]))
    for number, said in meant(text, starts):
        yield from ((number, kind) for _, kind in _in_view(said, known))


def _in_view(text: str, known: Known) -> Found:
    """Positions and kinds in one way to read a text."""
    low = text.lower()
    if len(low) != len(text):  # a few letters have a lower case of two
        low = "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in text)
    for found_in in known:
        yield from ((at, "secret of this run") for at in found_in(low))
    for shape in SHAPES:
        yield from ((at, shape.kind) for at in _shaped(shape, text, low))


def _shaped(shape: Shape, text: str, low: str) -> Iterator[int]:
    look = shape.pattern.search if shape.before and not shape.inside else shape.pattern.match
    for word in shape.words:
        for at in places(low, word):
            start = max(0, at - shape.before)
            if shape.inside:
                start += len(text[start:at].rstrip(shape.inside))
            found = look(text, start, at + shape.after)
            if found is not None and shape.counts(found["value"]):
                yield found.start()
