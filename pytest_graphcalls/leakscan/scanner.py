"""Looks through texts, files and folders: as they stand, without their escapes, and what is encoded in them."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan.decoding import COMPRESSED, RUN, decoded, has_escapes, in_bytes, is_guid, packed
from pytest_graphcalls.leakscan.patterns import (
    FORMS,
    NAME,
    NAMED,
    NATIONAL_NUMBER,
    PERSON,
    REST_OF_LINE,
    STEMS,
    Form,
    is_code,
    is_secret,
    is_token,
    rank,
)
from pytest_graphcalls.parsing import LARGEST, content, opened

SHORTEST_KNOWN = 4
"""Characters of the shortest known value that is looked for."""
_DEPTH = 3
"""How many times what was packed is unpacked."""
_SHORT = 600
"""Characters of a text in which little comes twice."""
_SHOWN = 5
_PIECE = 2 * 2**20
_OVERLAP = 2000
"""Bytes of a large file that are looked through at a time, and how many of them again with the next ones."""
_KINDS = ("", "token by its name", "secret by its name", "secret header")
_KNOWN, _RANDOM = "secret of this run", "text that looks random"
_RANDOM_WORD = re.compile(r"[A-Za-z0-9_~+-]{24,}")
_PLAIN_HEX = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|\b[0-9A-Fa-f]{32,}\b")
_RARE = "%=~@+"
"""Signs that few texts have; a word with one of them is looked for only where it is, because that is quickly seen."""
Row = tuple[str, str, Form]
"""A rare sign or ``""``, a word, and what is looked for around it."""


def _rows(*, people: bool) -> tuple[Row, ...]:
    forms = [form for form in (*FORMS, PERSON) if people or not form.person]
    rare = {word: next((sign for sign in _RARE if sign in word), "") for form in forms for word in form.words}
    return tuple((rare[word], word, form) for form in forms for word in form.words)


_ROWS = {people: _rows(people=people) for people in (False, True)}


_LINKS = re.compile("[-=:]")
_SETTER = re.compile(
    r"(?:[\w.]*\.)?(?!get|is|has|read|find|load|fetch|list|check|new|make)(?:set|with)?_?[a-z]+[A-Z_]\w*$"
)
"""A call that hands a secret over, and does not ask for one."""


class Span(NamedTuple):
    """The place of a leak, and its kind."""

    start: int
    end: int
    kind: str


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
    """The first few of several texts, and the number of further ones; ``""`` where there are none."""
    found = [str(leak) if leak.file else f"line {leak.line}: {leak.kind}" for leak in leaks]
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "; ".join(found[:_SHOWN] + more)


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
    values = tuple(known)
    if isinstance(source, Path):
        for path in _files(source):
            yield from sorted(
                {leak for piece, line in _pieces(path) for leak in _leaks(str(path), piece, values, line)}
            )
    else:
        yield from _leaks(file, source, values)


def _leaks(file: str, source: str | bytes, known: tuple[str, ...], first: int = 1) -> list[Leak]:
    text = (in_bytes(source) or "") if isinstance(source, bytes) else source
    spans = list(_spans(text, known, people=True, depth=_DEPTH))
    if isinstance(source, bytes) and source.startswith(COMPRESSED):
        return sorted({Leak(file, first, span.kind) for span in spans})
    starts = [0, *(found.end() for found in re.finditer("\n", text))] if spans else []
    return sorted({Leak(file, first - 1 + bisect_right(starts, span.start), span.kind) for span in spans})


def hide(text: str, known: Iterable[str] = (), *, mask: str, people: bool = True) -> tuple[str, tuple[str, ...]]:
    """Mask the leaks in a text.

    Args:
        text: the text.
        known: values that must not be there, whatever they look like.
        mask: what is put in the place of each.
        people: whether what names people, tenants and apps counts as well, or only what gives access.

    Returns:
        The text, and for each place in it the kind of what stood there.
    """
    kinds: list[str] = []
    pieces: list[str] = []
    at = 0
    for span in sorted(_spans(text, tuple(known), people=people, depth=_DEPTH)):
        if span.end <= at:
            continue
        if span.start >= at:
            kinds.append(span.kind)
            pieces += (text[at : span.start], mask)
        at = span.end
    return ("".join((*pieces, text[at:])), tuple(kinds)) if kinds else (text, ())


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for one in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in one.relative_to(path).parts)
        if one.is_file() and not hidden:
            yield one


def _pieces(path: Path) -> Iterator[tuple[bytes, int]]:
    """The bytes of a file, those of a large one in pieces that overlap, each with the number of its first line.

    A piece ends where a line or a text in quotes does, so that nothing that is packed is cut.
    """
    try:
        with opened(path) as file:
            if file.read(len(COMPRESSED)) == COMPRESSED:
                yield content(path), 1
                return
            file.seek(0)
            rest, line = b"", 1
            while piece := file.read(_PIECE):
                raw = rest + piece
                end = max(0, *(raw.rfind(mark) for mark in (b"\n", b'"', b"'")))
                if len(raw) - end > LARGEST:
                    problem = f"has a text of more than {LARGEST // 2**20} MB; take it out, and scan the rest again."
                    raise RecordingError(str(path), 0, problem)
                start = max(0, end - _OVERLAP)
                if end > _OVERLAP:
                    yield raw[:end], line
                    rest, line = raw[start:], line + raw.count(b"\n", 0, start)
                else:
                    rest = raw
            yield rest, line
    except OSError as error:
        problem = f"cannot be scanned: {error.strerror or error}."
        raise RecordingError(str(path), 0, problem) from error


def _spans(text: str, known: tuple[str, ...], *, people: bool, depth: int) -> Iterator[Span]:
    """The leaks of a text: as it stands, without its escapes, and decoded up to ``depth`` times."""
    distinct = _distinct(text)
    yield from _in_view(text, distinct, known, people=people)
    if has_escapes(distinct):
        for view in decoded(text):
            for span in _in_view(view.text, view.text, known, people=people):
                yield Span(*view.span(span.start, span.end), span.kind)
    runs = [run for found in RUN.finditer(distinct) if not is_guid(run := found[0])]
    long = _lower("\n".join(runs)) if known else ""
    for value in known:
        yield from _packed_value(value, text, long)
    if any((len(run) >= 20 and packed(run)) or (len(run) >= 24 and _random_words(run)) for run in runs):
        for found in RUN.finditer(text):
            yield from _in_run(found, known, people=people, depth=depth)


def _distinct(text: str) -> str:
    """The parts of ``text`` between quotes, each once, without ids: what is not in them is not in the text either."""
    if len(text) < _SHORT:
        return text
    return '"'.join([part for part in set(text.split('"')) if not is_guid(part)])


def _lower(text: str) -> str:
    low = text.lower()
    if len(low) == len(text):
        return low
    # A few letters have a lower case of two.
    return "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in text)


def _in_view(text: str, distinct: str, known: tuple[str, ...], *, people: bool) -> Iterator[Span]:
    """The leaks of a text in one way to read it; only words in ``distinct`` are looked at."""
    low = _lower(text)
    few = low if distinct is text else _lower(distinct)
    for value in known:
        if len(value) >= SHORTEST_KNOWN:
            yield from (Span(*span, _KNOWN) for span in _written(value)(low))
    absent = {sign for sign in _RARE if sign not in few}
    for rare, word, form in _ROWS[people]:
        if rare not in absent and word in few:
            yield from _formed(form, word, text, low)
    for stem in STEMS:
        if stem in few:
            yield from _named(stem, text, low)
    if people and NATIONAL_NUMBER.search(distinct):
        yield from (Span(*found.span(), "telephone number") for found in NATIONAL_NUMBER.finditer(text))


def _places(low: str, word: str) -> Iterator[int]:
    at = low.find(word)
    while at >= 0:
        yield at
        at = low.find(word, at + len(word))


def _formed(form: Form, word: str, text: str, low: str) -> Iterator[Span]:
    resume = 0
    for at in _places(low, word):
        if at < resume or (form.unless and low.startswith(form.unless, at + len(word))):
            continue
        if form.run is not None:
            resume = _end_of_run(form.run, text, at)
        start = max(0, at - form.before)
        if form.inside:
            start += len(text[start:at].rstrip(form.inside))
        begins = (start,) if form.inside else range(start, at + 1)
        found = next(filter(None, (form.pattern.match(text, begin, at + form.after) for begin in begins)), None)
        if found is None or not form.counts(found["value"]):
            continue
        if "name" not in form.pattern.groupindex or rank(found["name"]):
            yield Span(*found.span("value"), form.kind)


def _end_of_run(run: re.Pattern[str], text: str, at: int) -> int:
    """The end of the run of characters that begins at ``at``."""
    found = run.match(text, at)
    return at if found is None else found.end()


def _named(stem: str, text: str, low: str) -> Iterator[Span]:
    """Values under a name that only secrets have, whatever they look like."""
    resume = 0
    for at in _places(low, stem):
        if at < resume:
            continue
        start = max(0, at - 60)
        start += len(text[start:at].rstrip(NAME))
        found = NAMED.match(text, start, at + 4096)
        if found is None:
            continue
        resume = found.end("name")
        if sure := rank(found["name"]):
            yield from _value(found, sure)


def _value(found: re.Match[str], sure: int) -> Iterator[Span]:
    quoted = found["value"] is not None
    if not _is_linked(found):
        return
    if sure == 3 and not quoted and ":" in found["link"]:
        span = (found.start("bare"), REST_OF_LINE.match(found.string, found.end("bare"), found.endpos).end())  # type: ignore[union-attr]  # it always matches
        value = found.string[slice(*span)].strip()
        secret = is_secret(value) and not is_code(value)
    else:
        span = found.span("value" if quoted else "bare")
        value = found.string[slice(*span)]
        secret = is_secret(value) if sure > 1 or quoted else is_token(value)
        secret = secret and (quoted or not (is_code(value) or (value.isdigit() and found["name"][-1:] in {"s", "S"})))
    if secret:
        yield Span(*span, _KINDS[sure])


_WITHHELD = ("(not set)", "(not shown)", "(hidden)")
"""What errors say in place of a secret."""


def _is_linked(found: re.Match[str]) -> bool:
    """Whether what stands behind a name is its value."""
    name, link, text = found["name"], found["link"], found.string
    if found["bare"] is not None and text.startswith(_WITHHELD, found.start("bare")):
        return False
    if "]" in link and found["bare"] is not None:
        return False
    if link.isspace():
        return name.startswith("--") and not (found["bare"] or "").isupper()
    if link[0] == "(":
        return _SETTER.match(name) is not None
    if link.strip()[-1:] == ">" and not _LINKS.search(link):
        return text[found.start() - 1 : found.start()] in {"<", ":"} and text.startswith("</", found.end("bare"))
    if "," in link and "value" not in link.lower() and "content" not in link.lower():
        return _is_pair(found)
    return True


def _is_pair(found: re.Match[str]) -> bool:
    """Whether name and value are the two of a pair, and not one value and the name behind it."""
    before = found.string[max(0, found.start() - 12) : found.start()].rstrip("\"'\\bru")
    if found["value"] is not None and found["value"].replace("_", "").isalpha() and rank(found["value"]):
        return False
    behind = found.string[found.end("value") : found.end("value") + 12] if found["value"] is not None else ""
    return before[-1:] in {"(", "["} and behind.lstrip("\"'\\, \n")[:1] in {")", "]"}


@lru_cache(256)
def _written(value: str) -> Callable[[str], Iterable[tuple[int, int]]]:
    """Finds ``value`` in a text of lower-case letters. YAML folds long texts where a space is."""
    value = value.lower()
    if not re.search(r"\s", value):
        return lambda low: ((at, at + len(value)) for at in _places(low, value))
    folded = re.compile(r"\s+".join(map(re.escape, value.split())))
    return lambda low: (found.span() for found in folded.finditer(low))


def _packed_value(value: str, text: str, long: str) -> Iterator[Span]:
    """A known value in Base64 or hex: the long ones are looked for in long runs of letters only."""
    for form in _packed_forms(value):
        if len(form) < 16 or form in long:
            yield from (Span(at, at + len(form), _KNOWN) for at in _places(_lower(text), form))


@lru_cache(256)
def _packed_forms(value: str) -> tuple[str, ...]:
    """How a known value may stand in Base64, from any offset, and in hex, in lower case."""
    found: set[str] = set()
    if len(value) < SHORTEST_KNOWN:
        return ()
    for raw in (value.encode("utf-8", "surrogatepass"), value.encode("utf-16-le", "surrogatepass")):
        found.add(raw.hex())
        for before in range(3):
            whole = b64encode(b"\0" * before + raw).decode().rstrip("=")
            inner = whole[-(-before * 8 // 6) : len(whole) - (1 if (len(raw) + before) % 3 else 0)].lower()
            found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return tuple(sorted(form for form in found if len(form) >= 2 * SHORTEST_KNOWN))


def _in_run(found: re.Match[str], known: tuple[str, ...], *, people: bool, depth: int) -> Iterator[Span]:
    """The leaks of a long run of letters: a secret encoded in it, or its randomness."""
    run = found[0]
    inner = packed(run) if depth and len(run) >= 20 else ()
    for text in inner:
        for span in _spans(text, known, people=people, depth=depth - 1):
            yield Span(*found.span(), span.kind)
    if not inner and len(run) >= 24 and not found.string.startswith("@thread", found.end()):
        yield from (Span(found.start() + start, found.start() + end, _RANDOM) for start, end in _random_words(run))


@lru_cache(4096)
def _random_words(run: str) -> tuple[tuple[int, int], ...]:
    return tuple(found.span() for found in _RANDOM_WORD.finditer(run) if _is_random(found[0]))


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
