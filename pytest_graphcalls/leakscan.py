"""Looks for what slipped through: secrets, and people, in a text or a file that is about to be shared.

The rules of this room:

1. It knows nothing of the redactor, so that a mistake made there is not made here again. What the two share is what
   stands in the place of a secret, and a test compares the two.
2. It says where and what sort, never what: a finding can be printed anywhere.
3. It reads a text as it stands and as it is meant: without percent-encoding, without the escapes of JSON and of folded
   YAML, and what lies in Base64 and in gzip.
4. Every row of the table is looked for around words that it cannot be without, within a window. So the time grows
   with the text, whatever the text is.
"""

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
from string import ascii_letters, digits
from urllib.parse import unquote

from pytest_graphcalls.compression import UnreadableBodyError, decompress
from pytest_graphcalls.errors import RecordingError

SHORTEST_KNOWN = 4
"""Characters of the shortest known value that is looked for."""
_DEPTH = 3
"""How many times what was packed is unpacked."""


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
    values = tuple(_finder(form) for value in known if len(value) >= SHORTEST_KNOWN for form in _forms(value))
    if isinstance(source, Path):
        for path in _files(source):
            yield from sorted({Leak(str(path), *at) for at in _in_bytes(_read(path), values, _DEPTH)})
    else:
        found = _in_bytes(source, values, _DEPTH) if isinstance(source, bytes) else _in_text(source, values, _DEPTH)
        yield from sorted({Leak(file, *at) for at in found})


_Found = Iterator[tuple[int, str]]
_Finder = Callable[[str], Iterable[int]]
_Known = tuple[_Finder, ...]


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


# --- the table -------------------------------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(
    r"(?:(?:bearer|basic|digest|pop|negotiate)(?:\s|%20|\+)+)?"
    r"(?:redacted\b.*|bearer|basic|\*{3,}.*|x{4,}|<.*|\$.*|\{.*|\[.*|%[sd(].*|null|none|true|false|\.{3}.*|\u2026.*|-?)",
    re.IGNORECASE | re.DOTALL,
)
"""What stands in the place of a secret, here and in other people's files."""
_SAFE_ADDRESSES = re.compile(
    r"(?i)redacted@.*|.*@(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid|localhost)"
)
_FICTION = re.compile(r"1[2-9][0-9]{2}55501[0-9]{2}")
_PUT_FOR_NAME = re.compile(r"Name(?:\s|\+|%20)*[0-9a-f]{0,8}")  # YAML may fold it at its space


def _is_secret(value: str) -> bool:
    return _PLACEHOLDER.fullmatch(value) is None and len(value) >= 3


def _is_token(value: str) -> bool:
    """Words about tokens are words; a token has a digit in it, or is long."""
    return _is_secret(value) and (len(value) >= 20 or (len(value) >= 6 and any(map(str.isdigit, value))))


def _is_name(value: str) -> bool:
    return _is_secret(value) and _PUT_FOR_NAME.fullmatch(value) is None


def _is_somebodys_address(value: str) -> bool:
    address = value.replace("%40", "@")
    return _SAFE_ADDRESSES.fullmatch(address) is None and "@thread." not in address and "@unq.gbl." not in address


def _is_somebodys_number(value: str) -> bool:
    return _FICTION.fullmatch("".join(filter(str.isdecimal, value))) is None


@dataclass(frozen=True, slots=True)
class _Shape:
    """Something that a leak looks like.

    Attributes:
        kind: the phrase that names it.
        words: in lower case; it is never without one of them.
        pattern: its form; the group ``value`` is what counts.
        counts: whether such a value is one, or a placeholder.
        before: characters in front of the word where it may begin.
        after: characters behind the beginning of the word where it may end.
        inside: the characters that may stand in front of the word, where it begins with the first of them.
    """

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    counts: Callable[[str], bool] = _is_secret
    before: int = 0
    after: int = 300
    inside: str = ""


_QUOTE = r"\\{0,8}[\"']"
_AT_DOMAIN = r"(?:@|%40)(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])"
_GAP = r"(?:\s|\\[nrt]){0,12}"


def _named(kind: str, names: Iterable[str], counts: Callable[[str], bool], value: str = r"[^\s\"'\\&,;}\]]+") -> _Shape:
    """What has a name: in JSON, YAML, a form, a header, a HAR file's pairs, or in Python's way of showing those."""
    spelled = tuple(names)
    words = "|".join(map(re.escape, spelled))
    either = rf"(?:{_QUOTE})?\s{{0,4}}(?::|=(?!=)|%3D){_GAP}(?:-{_GAP})?"
    pair = rf"{_QUOTE}\s{{0,4}},{_GAP}(?:{_QUOTE}value{_QUOTE}\s{{0,4}}:\s{{0,4}})?"
    # The scheme of a header belongs to its value.
    scheme = r"(?:(?:bearer|basic|digest|pop|negotiate)\s+)?"
    pattern = rf"(?i)(?<![a-z])(?:{words})(?:{either}|{pair})(?:b?{_QUOTE})?(?P<value>{scheme}{value})"
    return _Shape(kind, spelled, re.compile(pattern), counts)


_SHAPES = (
    _Shape(
        "JSON web token",
        ("eyj", "eya", "ew0", "ewk", "ewo"),
        re.compile(r"(?P<value>(?:ey[JA]|ew[0ko])[\w-]{8,}+(?:\.|%2E)[\w-]{4,})"),
        after=1500,
    ),
    _Shape(
        "bearer token",
        ("bearer", "basic", "negotiate", "pop "),
        re.compile(
            r"(?i)\b(?:bearer|basic|pop|negotiate)(?:\s|%20|\+){1,4}(?!\w{1,40}=[\"'\\])(?P<value>[\w.~/+=-]{8,})"
        ),
        _is_token,
    ),
    _Shape(
        "private key",
        ("private key-----",),
        re.compile(r"(?P<value>-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)(?!\s*REDACTED)"),
        before=60,
    ),
    _Shape(
        "client secret of Entra ID", ("q~",), re.compile(r"(?P<value>[\w.~-]{3}\dQ~[\w.~-]{31,})", re.ASCII), before=8
    ),
    _Shape(
        "key in a connection string",
        ("key=",),
        re.compile(r"(?i)(?:account|access|shared)key=(?P<value>[\w+/%=-]{16,})"),
        before=20,
    ),
    _Shape("password in an address", ("://",), re.compile(r"://[^/@\s:\"'\\]{0,80}:(?P<value>[^/@\s\"'\\]{1,200})@")),
    _Shape(
        "link that opens a meeting",
        ("meetup-join", "/meet/", "%2fmeet%2f"),
        re.compile(
            r"(?i)teams\.(?:[\w-]{1,40}\.){1,4}[a-z]{2,8}(?:/|%2F)(?:l(?:/|%2F)meetup-join|meet)(?:/|%2F)(?P<value>[^\s\"'<>\\]+)"
        ),
        before=120,
    ),
    _Shape(
        "thread of a meeting",
        ("19:meeting_", "19%3ameeting_"),
        re.compile(r"(?i)19(?::|%3A)meeting_(?P<value>(?![0-9a-f-]{32,36}(?:@|%40))[\w=-]+)(?:@|%40)thread"),
    ),
    _Shape(
        "e-mail address",
        ("@", "%40"),
        re.compile(rf"(?i)(?P<value>[\w.+-]{{1,80}}{_AT_DOMAIN})"),
        _is_somebodys_address,
        before=80,
        after=120,
        inside=f"{ascii_letters}{digits}._+-",
    ),
    _Shape("e-mail address", ("#ext#",), re.compile(rf"(?i)(?P<value>\#EXT\#{_AT_DOMAIN})"), _is_somebodys_address),
    _Shape(
        "telephone number",
        ("+", "%2b", "tel:"),
        re.compile(r"(?i)(?:\+|%2B|tel:)(?P<value>[1-9](?:[ .()-]{0,2}[0-9]){7,14})(?![0-9])", re.ASCII),
        _is_somebodys_number,
        after=60,
    ),
    _Shape(
        "name of a tenant",
        (".onmicrosoft.", ".sharepoint."),
        re.compile(
            r"(?i)(?P<value>(?<![\w.-])(?!tenant-[0-9a-f]{8}\.)[\w-]{1,63})\.(?:onmicrosoft|sharepoint)\.[a-z]{2,3}\b"
        ),
        before=64,
    ),
    _named(
        "secret header",
        ("authorization", "cookie", "x-api-key", "x-functions-key", "ocp-apim-subscription-key", "x-skypetoken"),
        _is_secret,
    ),
    _named(
        "secret by its name",
        (
            "accesstoken",
            "access_token",
            "clientsecret",
            "client_secret",
            "client_assertion",
            "clientassertion",
            "id_token",
            "joinurl",
            "joinweburl",
            "passcode",
            "password",
            "recordingaccesstoken",
            "refresh_token",
            "replacementlink",
            "secrettext",
            "skypetoken",
        ),
        _is_secret,
    ),
    _named("token by its name", ("token", "assertion", "secret"), _is_token),
    _Shape(
        "signature or code in an address",
        ("sig=", "sig%3d", "code=", "code%3d", "tempauth=", "tempauth%3d", "verifier=", "verifier%3d"),
        re.compile(
            r"(?i)(?<![a-z])(?:sig|code|tempauth|verifier)(?:=|%3D)(?P<value>[^&\s\"'#\\<>]{16,})",
        ),
    ),
    _named(
        "name of a person",
        ("displayname", "givenname", "surname"),
        _is_name,
        r"(?:(?<=[\"'])[^\"'\\]+|[^\s\"'\\,&;}\]]+(?: [0-9a-f]{8}\b)?)",
    ),
)


# --- reading ---------------------------------------------------------------------------------------------------------

_FOLD = re.compile(r"\\\n[ \t]*\\?")
_ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\/|&(?:#|quot|amp|apos|lt|gt)")
_CODED = re.compile(r"\\[ux](?:00)?([0-9A-Fa-f]{2})")
_BLOB = re.compile(r"[A-Za-z0-9+/]{20,}+(?:\n[ ]+[A-Za-z0-9+/]++(?![\w:.-]))*+={0,2}")
_WORD = re.compile(r"[A-Za-z0-9_~+-]{24,}")
_PLAIN_HEX = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|\b[0-9A-Fa-f]{32,}\b")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def _finder(form: str) -> _Finder:
    """Finds where ``form`` stands in a text of lower-case letters. YAML folds long texts where a space is."""
    if not re.search(r"\s", form):
        return lambda low: _places(low, form)
    folded = re.compile(r"\s+".join(map(re.escape, form.split())))
    return lambda low: (found.start() for found in folded.finditer(low))


def _forms(value: str) -> Iterator[str]:
    """How a known value may stand in a text of lower-case letters: as it is, or in Base64 from any offset."""
    yield value.lower()
    raw = value.encode("utf-8", "surrogatepass")
    for before in range(3):
        whole = b64encode(b"\0" * before + raw).decode().rstrip("=")
        inner = whole[-(-before * 8 // 6) : len(whole) - (1 if (len(raw) + before) % 3 else 0)].lower()
        if len(inner) >= 2 * SHORTEST_KNOWN:
            yield from {inner, inner.replace("+", "-").replace("/", "_")}


def _in_bytes(body: bytes, known: _Known, depth: int) -> _Found:
    packed = _unpacked(body)
    if packed is not None:
        yield from ((1, kind) for _, kind in _in_bytes(packed, known, depth - 1)) if depth else ()
        return
    encoding = next((name for mark, name in _MARKS if body.startswith(mark)), "utf-8")
    yield from _in_text(body.decode(encoding, "replace" if encoding == "utf-16" else "surrogateescape"), known, depth)


def _unpacked(body: bytes) -> bytes | None:
    if not body.startswith(b"\x1f\x8b"):
        return None
    try:
        return decompress(body, "gzip")
    except UnreadableBodyError:
        return None


def _in_text(text: str, known: _Known, depth: int) -> _Found:
    starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def line(position: int) -> int:
        return bisect_right(starts, position)

    blobs = [(found, inner) for found in _BLOB.finditer(text) if (inner := _of_blob(found[0]))] if depth else []
    for found, inner in blobs:
        yield from ((line(found.start()), kind) for _, kind in _in_bytes(inner, known, depth - 1))
    yield from ((line(at), kind) for at, kind in _in_view(text, known))
    yield from ((line(at), "text that looks random") for at in _random(text, [found.span() for found, _ in blobs]))
    for number, meant in _meant(text, starts):
        yield from ((number, kind) for _, kind in _in_view(meant, known))


def _random(text: str, read: list[tuple[int, int]]) -> Iterator[int]:
    """Where words look random, other than in the Base64 that was ``read``: spans in order."""
    begins = [begin for begin, _ in read]
    for found in _WORD.finditer(text):
        before = bisect_right(begins, found.start()) - 1
        if (before < 0 or found.start() >= read[before][1]) and _is_random(found[0]):
            yield found.start()


def _meant(text: str, starts: list[int]) -> Iterator[tuple[int, str]]:
    """The lines that mean something else than they say, as what they mean."""
    for found in re.finditer(r"[^\n]*\\\n(?:[^\n]*\\\n)*[^\n]*", text) if "\\\n" in text else ():
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
    for _ in range(_DEPTH):
        if "%" not in text:
            break
        text = unquote(text)
    return html.unescape(text)


def _of_blob(blob: str) -> bytes | None:
    """What a text in Base64 holds, if that is a text, or packed."""
    text = re.sub(r"[\s=]", "", blob)
    body = b64decode(text[: len(text) // 4 * 4] if len(text) % 4 == 1 else text + "=" * (-len(text) % 4))
    if _unpacked(body) is not None:
        return body
    sample = body[:400]
    readable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in sample)
    return body if len(body) >= 12 and readable >= 0.95 * len(sample) else None


# --- looking ---------------------------------------------------------------------------------------------------------


def _in_view(text: str, known: _Known) -> _Found:
    """Positions and kinds in one way to read a text."""
    low = text.lower()
    if len(low) != len(text):  # a few letters have a lower case of two
        low = "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in text)
    for places in known:
        yield from ((at, "secret of this run") for at in places(low))
    for shape in _SHAPES:
        yield from ((at, shape.kind) for at in _shaped(shape, text, low))


def _places(low: str, word: str) -> Iterator[int]:
    at = low.find(word)
    while at >= 0:
        yield at
        at = low.find(word, at + len(word))


def _shaped(shape: _Shape, text: str, low: str) -> Iterator[int]:
    look = shape.pattern.search if shape.before and not shape.inside else shape.pattern.match
    for word in shape.words:
        for at in _places(low, word):
            start = max(0, at - shape.before)
            if shape.inside:
                start += len(text[start:at].rstrip(shape.inside))
            found = look(text, start, at + shape.after)
            if found is not None and shape.counts(found["value"]):
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
