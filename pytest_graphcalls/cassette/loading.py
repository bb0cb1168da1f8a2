"""Read HAR 1.2 files and vcrpy cassettes, one entry after the other.

The rules of this page:

1. What a file is shows in its content, never in its name.
2. Reading changes nothing, and runs nothing: a YAML tag that would build an object of Python is refused.
3. What cannot be read says so, with file and entry. A cut file is not a short file: vcrpy closes a cassette with
   ``version``, so a cassette without it was cut.
4. A body is read as the client saw it: text as UTF-8, Base64 and compression undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, NoReturn

from pytest_graphcalls import parsing
from pytest_graphcalls.cassette import formats
from pytest_graphcalls.cassette.formats import Incomplete, UnusableError
from pytest_graphcalls.cassette.passport import MEMBER, Passport
from pytest_graphcalls.errors import RecordingError, did_you_mean
from pytest_graphcalls.parsing import DIGITS, UnreadableError
from pytest_graphcalls.streaming import Reader, YamlReader, reader_of
from pytest_graphcalls.validation import shown
from pytest_graphcalls.wire import Exchange

RECORD_AGAIN = "Record it again, or restore it from version control."
LARGEST_CASSETTE = 32 * 2**20
"""Bytes of the largest cassette that is replayed; a cassette of one test has a few kilobytes."""

Converter = Callable[[Any, str], Exchange | Incomplete]


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette that was read.

    Attributes:
        path: where it lies.
        data: all of the file, as plain values.
        passport: what it says about itself; ``None`` when another tool wrote it.
    """

    path: Path
    data: Mapping[str, Any]
    passport: Passport | None

    @property
    def rows(self) -> list[Any]:
        """The interactions of the cassette, as the file has them."""
        return list(self.data["interactions"])

    @property
    def edited(self) -> bool:
        """Whether an interaction was changed since it was recorded."""
        return self.passport is not None and not self.passport.seals(self.rows)

    def exchanges(self) -> Iterator[Exchange]:
        """The exchanges of the cassette, in order; raises :class:`RecordingError` like :func:`read`."""
        for number, row in enumerate(self.rows, 1):
            yield _complete(str(self.path), number, exchange(self.path, number, row))


def read(path: str | Path) -> Iterator[Exchange]:
    """Read every exchange of a recording, in order; ``note`` says ``entry N``, counted from 1.

    Args:
        path: a HAR file, or a vcrpy cassette written by its YAML or JSON serializer.

    Raises:
        RecordingError: the file, or the entry it has come to, cannot be read.
    """
    for number, entry in enumerate(entries(path), 1):
        yield _complete(str(path), number, entry)


def _complete(file: str, number: int, entry: Exchange | Incomplete) -> Exchange:
    if isinstance(entry, Incomplete):
        raise RecordingError(file, number, entry.problem)
    return entry


def entries(path: str | Path) -> Iterator[Exchange | Incomplete]:
    """Read like :func:`read`, but hand over a request without a usable answer instead of stopping there.

    A file of any size is read in the memory of its largest entry.

    Args:
        path: as for :func:`read`.

    Raises:
        RecordingError: the file cannot be read, or an entry is no recorded request at all.
    """
    file = str(path)
    with _recording(Path(path)) as recording:
        for number, row, convert in recording.rows():
            if number == 1 and convert is formats.har_entry and not formats.is_answered(row):
                _refuse_unanswered(Path(path))
            yield _entry(file, number, row, convert)


def _refuse_unanswered(path: Path) -> None:
    """Refuse a HAR file in which no request was answered: it was exported too early."""
    with _recording(path) as recording:
        if any(formats.is_answered(row) for _, row, _ in recording.rows()):
            return
    count = f"{recording.number} request{'s' * (recording.number > 1)}"
    problem = f"has {count} and no response. Export it again, with content, after the answers have come."
    raise RecordingError(str(path), 0, problem)


def exchange(path: Path, number: int, interaction: Any) -> Exchange | Incomplete:
    """One interaction of a vcrpy cassette as an exchange.

    Args:
        path: the file.
        number: its place in it, from 1.
        interaction: as the file has it.

    Raises:
        RecordingError: it is no interaction.
    """
    return _entry(str(path), number, interaction, formats.interaction)


def _entry(file: str, number: int, row: Any, convert: Converter) -> Exchange | Incomplete:
    try:
        return convert(row, f"entry {number}")
    except UnusableError as error:
        raise RecordingError(file, number, error.problem) from None


def opened(path: Path) -> Cassette:
    """Read a vcrpy cassette as a whole, with its passport.

    Args:
        path: a YAML or JSON file.

    Raises:
        RecordingError: it cannot be read, was cut, is larger than :data:`LARGEST_CASSETTE`, or is no cassette of vcrpy.
    """
    with _recording(path, LARGEST_CASSETTE) as recording:
        rows, room = [], LARGEST_CASSETTE * 2
        for _, row, _ in recording.rows():
            rows.append(row)
            room -= parsing.weight(row)
            if room < 0:
                recording.fail("has more values than a memory should hold. Record each test in its own.")
        if recording.sort != "interactions":
            recording.fail(f"is no cassette of vcrpy: it has no 'interactions'. {RECORD_AGAIN}")
    passport = recording.members.get(MEMBER)
    data = {**recording.members, "interactions": rows}
    try:
        return Cassette(path, data, Passport.from_json(passport) if isinstance(passport, Mapping) else None)
    except ValueError as error:
        raise RecordingError(str(path), 0, f"{error} {RECORD_AGAIN}") from None


@dataclass(slots=True)
class _Recording:
    """A recording that is read once, from its beginning to its end.

    Attributes:
        file: its path as given.
        reader: before the whole of it.
        number: of the entry that it has come to, from 1.
        sort: the key of its entries: ``interactions``, ``log``, or ``list`` for a cassette before vcrpy 1.0.
        members: what else a cassette has, where it is read as a whole.
        is_whole: whether it is.
    """

    file: str
    reader: Reader
    number: int = 0
    sort: str = ""
    members: dict[str, Any] = field(default_factory=dict)
    is_whole: bool = False

    def rows(self) -> Iterator[tuple[int, Any, Converter]]:
        """The number of each entry, the entry, and what makes an exchange of it."""
        kind = self.reader.kind()
        if kind is list:
            self.sort = "list"
            for row in self._items():
                if self.number == 1 and not (isinstance(row, Mapping) and "request" in row):
                    break
                yield self.number, row, formats.old_interaction
            else:
                if self.number:
                    return
            self.number = 0
            self.fail("holds a list of something else; expected a HAR file or a vcrpy cassette.")
        if kind is str:
            value = self.reader.value()
            self.fail(f"holds {'nothing' if value is None else 'a single value'}{_EXPECTED}")
        yield from self._members()
        self.reader.end()

    def _members(self) -> Iterator[tuple[int, Any, Converter]]:
        names: list[str] = []
        is_closed = False
        for name in self.reader.names():
            names += [name] if len(names) < _NAMED else []
            is_closed |= name == "version"
            if name == "interactions":
                self.sort = name
                yield from ((self.number, row, formats.interaction) for row in self._list(name))
            elif name == "log" and self.reader.kind() is dict:
                yield from self._log()
            elif self.sort == "log":
                self.reader.skip()
            else:
                # Built even where it is not needed, so that a tag that would run code is refused.
                value = self.reader.value()
                self.members |= {name: value} if self.is_whole else {}
        if not self.sort:
            shown_names = ", ".join(map(shown, names))
            self.fail(f"has the keys {shown_names}{_EXPECTED}" if names else f"holds an empty object{_EXPECTED}")
        if self.sort == "interactions" and not is_closed:
            self.fail(f"ends without 'version', which vcrpy writes last: it was cut. {RECORD_AGAIN}")

    def _log(self) -> Iterator[tuple[int, Any, Converter]]:
        for name in self.reader.names():
            if name == "entries":
                self.sort = "log"
                yield from ((self.number, row, formats.har_entry) for row in self._list("log.entries"))
            else:
                self.reader.skip()

    def _list(self, key: str) -> Iterator[Any]:
        if self.reader.kind() is list:
            yield from self._items()
        elif self.reader.value() is not None:
            self.fail(f"{key!r} is no list.")

    def _items(self) -> Iterator[Any]:
        for number in self.reader.items():
            self.number = number
            yield self.reader.value()

    def fail(self, problem: str) -> NoReturn:
        raise RecordingError(self.file, self.number, problem)


_NAMED = 4
_EXPECTED = "; a HAR file has 'log' with 'entries', a vcrpy cassette has 'interactions'."


@contextmanager
def _recording(path: Path, most: int = 0) -> Iterator[_Recording]:
    """Open a recording; whatever is wrong with it becomes a :class:`RecordingError`."""
    file, recording = str(path), None
    try:
        with parsing.opened(path) as stream:
            _look_at(file, stream, most)
            recording = _Recording(file, reader_of(stream, partial(YamlReader, scalar=_scalar, tagged=_tagged)))
            recording.is_whole = bool(most)
            yield recording
    except UnreadableError as error:
        raise RecordingError(file, recording.number if recording else 0, _sentence(error, recording)) from None
    except RecursionError:
        raise RecordingError(file, recording.number if recording else 0, parsing.DEEP) from None
    except FileNotFoundError:
        raise RecordingError(file, 0, f"there is no such file.{_neighbour(path)}") from None
    except IsADirectoryError:
        raise RecordingError(file, 0, f"is a folder, not a recording.{_inside(path)}") from None
    except OSError as error:
        raise RecordingError(file, 0, f"cannot be opened: {error.strerror or error}.") from None


def _sentence(error: UnreadableError, recording: _Recording | None) -> str:
    problem, _, cut = error.problem.partition("; is it cut off")
    if cut and (problem.startswith("ends") or (recording and recording.sort)):
        return f"ends in the middle: it was cut. {RECORD_AGAIN}"
    return f"{problem.rstrip('.')} (line {error.line})." if error.line else problem


_MAGIC = {
    b"\x1f\x8b": "a gzip archive. Unpack it first (gunzip)",
    b"PK\x03\x04": "a zip archive. Unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd archive. Unpack it first (unzstd)",
    b"\x0a\x0d\x0d\x0a": "a packet capture. Export the HTTP exchanges as HAR",
    b"\xd4\xc3\xb2\xa1": "a packet capture. Export the HTTP exchanges as HAR",
}
"""First bytes of files that people mistake for a recording, with what to do."""


def _look_at(file: str, stream: IO[bytes], most: int) -> None:
    """Refuse what cannot be a recording by its size or its first bytes."""
    first = stream.read(4096)
    size = stream.seek(0, 2)
    stream.seek(0)
    if size == len(first) and not first.strip():
        raise RecordingError(file, 0, f"is empty. {RECORD_AGAIN}")
    for magic, what in _MAGIC.items():
        if first.startswith(magic):
            raise RecordingError(file, 0, f"is {what}.")
    if most and size > most:
        problem = f"has {size / 2**20:,.0f} MB; a cassette may have {most // 2**20} MB. Record each test in its own."
        raise RecordingError(file, 0, problem)


def _neighbour(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" There is no folder {str(folder)!r} either."
    return did_you_mean(path.name, [entry.name for entry in folder.iterdir()])


def _inside(folder: Path) -> str:
    # As deep as cassettes lie, and not all: below / there are too many files to wait for.
    found = (path for pattern in ("*", "*/*", "*/*/*") for path in sorted(islice(folder.glob(pattern), 1000)))
    near = next((path for path in found if path.suffix in {".har", ".json", ".yaml", ".yml"}), None)
    name = near.relative_to(folder).as_posix() if near else ""
    return f" Name the files in it, such as {name!r}." if name else " It holds no recording either."


_YAML = "tag:yaml.org,2002:"
_TEXTS = frozenset({f"{_YAML}{name}" for name in ("str", "python/str", "python/unicode")})
_NUMBERS = frozenset({f"{_YAML}int", f"{_YAML}float"})
_LONGEST_NUMBER = 4300
"""Digits of the longest number that Python reads and writes."""


@cache
def _safe() -> Any:
    """PyYAML's safe loader, as far as it makes values of scalars."""
    import yaml

    class Safe(yaml.resolver.Resolver, yaml.constructor.SafeConstructor):
        """A YAML scalar resolver: gives the tag of a scalar and its value."""

        node = yaml.ScalarNode
        errors = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError)

        def __init__(self) -> None:
            yaml.resolver.Resolver.__init__(self)
            yaml.constructor.SafeConstructor.__init__(self)

    return Safe()


def _scalar(event: Any) -> Any:
    """The value of a scalar, as PyYAML's safe loader has it."""
    tag, text = event.tag, event.value
    if tag in {None, "!"}:
        if not event.implicit[0]:
            return text
        tag = _safe().resolve(_safe().node, text, event.implicit)
    return text if tag in _TEXTS else _constructed(tag, text)


def _constructed(tag: str, text: str) -> Any:
    safe = _safe()
    construct = safe.yaml_constructors.get(tag)
    if tag == f"{_YAML}merge":
        raise UnreadableError("merges one mapping into another (<<), which is not followed; an alias is not, either.")
    if construct is None:
        _refuse_tag(tag)
    if tag in _NUMBERS and len(text) > _LONGEST_NUMBER:
        raise UnreadableError(DIGITS)
    try:
        value = construct(safe, safe.node(tag, text))
    except safe.errors:
        raise UnreadableError(f"has {shown(text)} where {tag.removeprefix(_YAML)!r} has to stand.") from None
    if isinstance(value, int) and value.bit_length() > 3 * _LONGEST_NUMBER:
        raise UnreadableError(DIGITS)
    return value


def _refuse_tag(tag: str) -> NoReturn:
    raise UnreadableError(f"has the tag {tag[:80]}, which only running code could build; it was not read.")


_TAGS: Mapping[str, Callable[[Any], Any]] = {
    "map": dict,
    "seq": list,
    "python/tuple": list,
    "python/object/new:_io.BytesIO": lambda value: (value["state"] or (b"",))[0],
    "python/object/apply:builtins.iter": lambda value: (value["args"] or ((),))[0],
    # vcrpy before 1.0
    "python/object:vcr.request.Request": dict,
    "python/object/apply:builtins.frozenset": list,
    "python/object/apply:__builtin__.frozenset": list,
}
"""The few tags that cassettes hold, each with what makes the plain value behind it."""


def _tagged(tag: str, value: Any) -> Any:
    make = _TAGS.get(tag.removeprefix(_YAML))
    if make is None:
        _refuse_tag(tag)
    try:
        return make(value)
    except (LookupError, TypeError, ValueError):
        raise UnreadableError(f"has something else than {tag.removeprefix(_YAML)} has to hold.") from None
