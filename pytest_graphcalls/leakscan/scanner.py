"""Looks through texts, files and folders: as they stand, as they are meant, and what is packed in them."""

from __future__ import annotations

import html
import math
import re
from base64 import b64decode, b64encode
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from pytest_graphcalls.compression import UnreadableBodyError, decompress
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan.patterns import SHAPES, Shape

SHORTEST_KNOWN = 4
"""Characters of the shortest known value that is looked for."""
Finder = Callable[[str], Iterable[int]]
Known = tuple[Finder, ...]
"""What finds each of the values."""
DEPTH = 3
"""How many times what was packed is unpacked."""
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
Found = Iterator[tuple[int, str]]
"""Where something stands, and what sort of thing it is."""
BLOB = re.compile(r"[A-Za-z0-9+/]{20,}+(?:\n[ ]+[A-Za-z0-9+/]++(?![\w:.-]))*+={0,2}")
_FOLD = re.compile(r"\\\n[ \t]*\\?")
_FOLDED = re.compile(
    r"^[^\n]*\\\n(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE
)  # from a line's start only: else a long line is read squared
_ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\/|&(?:#|quot|amp|apos|lt|gt)")
_CODED = re.compile(r"\\[ux](?:00)?([0-9A-Fa-f]{2})")
_LAYERS = 3
"""How many times percent-encoding is undone."""
_WORD = re.compile(r"[A-Za-z0-9_~+-]{24,}")
_PLAIN_HEX = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|\b[0-9A-Fa-f]{32,}\b")


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something that should not be there.

    Attributes:
        file: path as given, or ``""`` for a text.
        line: line number from 1. For what lies in Base64, the line where that begins.
        kind: what sort of thing it is, a phrase such as ``bearer token``.
    """

    file: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.file or 'text'}:{self.line}: {self.kind}"


def listed(leaks: Iterable[Leak]) -> str:
    """The first few of them, and how many more there are; ``""`` where there are none."""
    found = [str(leak) if leak.file else f"line {leak.line}: {leak.kind}" for leak in leaks]
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "; ".join(found[:_SHOWN] + more)


_SHOWN = 5


def scan(source: str | bytes | Path, known: Iterable[str] = (), *, file: str = "") -> Iterator[Leak]:
    """Look for leaks, in order of lines.

    Args:
        source: a text, the bytes of a file, or the path of a file or of a folder, which is read whole. Hidden files
            and folders in it are passed over.
        known: values that must not be there, whatever they look like: the secrets of this run, real ids.
        file: what to call a text or bytes in the findings.

    Raises:
        RecordingError: a file cannot be read.
    """
    values = tuple(finder(form) for value in known if len(value) >= SHORTEST_KNOWN for form in forms(value))
    if isinstance(source, Path):
        for path in _files(source):
            yield from sorted({Leak(str(path), *at) for at in in_bytes(_read(path), values, DEPTH)})
    else:
        found = in_bytes(source, values, DEPTH) if isinstance(source, bytes) else in_text(source, values, DEPTH)
        yield from sorted({Leak(file, *at) for at in found})


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for one in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in one.relative_to(path).parts)
        if one.is_file() and not hidden:
            yield one


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"it cannot be read ({error.strerror or error}), so nobody knows what it holds."
        raise RecordingError(str(path), 0, problem) from error


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


def finder(form: str) -> Finder:
    """Finds where ``form`` stands in a text of lower-case letters. YAML folds long texts where a space is."""
    if not re.search(r"\s", form):
        return lambda low: places(low, form)
    folded = re.compile(r"\s+".join(map(re.escape, form.split())))
    return lambda low: (found.start() for found in folded.finditer(low))


def forms(value: str) -> Iterator[str]:
    """How a known value may stand in a text of lower-case letters: as it is, or in Base64 from any offset."""
    yield value.lower()
    raw = value.encode("utf-8", "surrogatepass")
    for before in range(3):
        whole = b64encode(b"\0" * before + raw).decode().rstrip("=")
        inner = whole[-(-before * 8 // 6) : len(whole) - (1 if (len(raw) + before) % 3 else 0)].lower()
        if len(inner) >= 2 * SHORTEST_KNOWN:
            yield from {inner, inner.replace("+", "-").replace("/", "_")}


def places(low: str, word: str) -> Iterator[int]:
    """Where ``word`` stands in ``low``."""
    at = low.find(word)
    while at >= 0:
        yield at
        at = low.find(word, at + len(word))


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


def random_words(text: str, read: list[tuple[int, int]]) -> Iterator[int]:
    """Where words look random, other than in the Base64 that was ``read``: spans in order."""
    begins = [begin for begin, _ in read]
    for found in _WORD.finditer(text):
        before = bisect_right(begins, found.start()) - 1
        if (before < 0 or found.start() >= read[before][1]) and _is_random(found[0]):
            yield found.start()


def _is_random(word: str) -> bool:
    """Whether a word looks made by a machine: letters of both cases and digits, mixed, few of them twice."""
    word = _PLAIN_HEX.sub("", word)
    if len(word) < 24 or "REDACTED" in word:
        return False
    sorts = [0 if letter.islower() else 1 if letter.isupper() else 2 if letter.isdigit() else 3 for letter in word]
    if not {0, 1, 2} <= set(sorts):
        return False
    changes = sum(a != b for a, b in pairwise(sorts))
    return changes >= 0.4 * len(word) and _entropy(word) >= 3.8


def _entropy(word: str) -> float:
    """Bits for each character, by how often the characters of ``word`` occur in it."""
    return -sum(count / len(word) * math.log2(count / len(word)) for count in Counter(word).values())


def unpacked(body: bytes) -> bytes | None:
    """What a body in gzip holds; ``None`` when it is none, or broken."""
    if not body.startswith(b"\x1f\x8b"):
        return None
    try:
        return decompress(body, "gzip")
    except UnreadableBodyError:
        return None


def of_blob(blob: str) -> bytes | None:
    """What a text in Base64 holds, if that is a text, or packed."""
    text = re.sub(r"[\s=]", "", blob)
    body = b64decode(text[: len(text) // 4 * 4] if len(text) % 4 == 1 else text + "=" * (-len(text) % 4))
    if unpacked(body) is not None:
        return body
    sample = body[:400]
    readable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in sample)
    return body if len(body) >= 12 and readable >= 0.95 * len(sample) else None
