"""Readers that go through JSON or YAML of any size, and build one value at a time.

The rules of this page:

1. A reader stands before a value. Only a value that is taken is built; what is skipped costs no memory.
2. One value is at most :data:`.LARGEST` bytes long, and :data:`.DEEPEST` levels deep.
3. An alias of YAML is refused: 600 bytes of them can stand for more than a memory holds.
4. What cannot be read is an :class:`.UnreadableError` with line and byte.

The standard library's decoder reads the values. ijson 3.6 is twice as quick, but ends the process at a number of 5,000
digits, and does not say in which line an error is.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import IO, Any, NoReturn

from pytest_graphcalls.parsing import DEEP, DEEPEST, DIGITS, LARGEST, UnreadableError, too_many

_PIECE = 1 << 18
_ROOM, _NODE = 3 * LARGEST, 60
"""Bytes of memory, about, of a value of YAML, and of each list, mapping and text in it."""
_TOO_LARGE = f"has a value of more than {LARGEST // 2**20} MB here."


_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def reader_of(file: IO[bytes], yaml: Callable[[IO[bytes]], Reader] | None = None) -> Reader:
    """A reader before the whole of a file that was opened: JSON where it begins like JSON, else YAML.

    Args:
        file: at its beginning, open as long as the reader is used.
        yaml: makes the reader of YAML.

    Raises:
        UnreadableError: from here or any method of the reader: it is neither, or was cut off.
        OSError: the file cannot be read.
    """
    first = file.read(64)
    file.seek(0)
    encoding = next((name for mark, name in _MARKS.items() if first.startswith(mark)), "utf-8")
    if first.decode(encoding, "ignore").lstrip()[:1] in {"{", "["}:
        return JsonReader(file, encoding)
    return (yaml or YamlReader)(file)


_SPACE = re.compile(r"[ \t\r\n]*+")
_ENDS = 16
"""Characters at the end of a piece within which an error may mean only that the next piece is needed."""


class JsonReader:
    """Reads member by member, and holds the text of one of them."""

    def __init__(self, file: IO[bytes], encoding: str = "utf-8") -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._decode = json.JSONDecoder().raw_decode
        self._text, self._at = "", 0
        self._lines = self._bytes = self._read = 0
        self._ended = False

    def kind(self) -> type:
        """The kind of the value here: ``dict``, ``list``, or ``str`` for anything else."""
        return {"{": dict, "[": list}.get(self._next(), str)

    def names(self) -> Iterator[str]:
        """The keys of the mapping that stands here; after each, its value has to be taken or skipped."""
        for _ in self._members("{", "}", "an object"):
            key = self.value()
            if not isinstance(key, str) or self._next() != ":":
                self.fail("is not JSON: a member has to stand here.")
            self._at += 1
            yield key

    def items(self) -> Iterator[int]:
        """The numbers, from 1, of the items of the list that stands here; each has to be taken or skipped."""
        yield from self._members("[", "]", "a list")

    def _members(self, first: str, last: str, sort: str) -> Iterator[int]:
        if self._next() != first:
            self.fail(f"has something else where {sort} has to stand.")
        self._at += 1
        number = 0
        while self._next() != last:
            number += 1
            yield number
            if self._next() == ",":
                self._at += 1
            elif self._next() != last:
                self.fail(f"is not JSON: a comma or the end of {sort} has to stand here.")
        self._at += 1

    def value(self) -> Any:
        """The value that stands here, built."""
        self._next()
        while not (found := self._decoded()):
            self._read_more()
        return found[0]

    def skip(self) -> None:
        """Pass over the value that stands here."""
        self._skip(0)

    def _skip(self, depth: int) -> None:
        kind = self.kind()
        if kind is str:
            self.value()
        elif not self._decoded():
            # Member by member, because what is passed over may be larger than a value that is taken.
            if depth > DEEPEST:
                self.fail(DEEP)
            for _ in self.names() if kind is dict else self.items():
                self._skip(depth + 1)

    def _decoded(self) -> tuple[Any] | None:
        """The value that stands here, and step over it; ``None`` when more has to be read for it."""
        if len(self._text) - self._at > 4 * _PIECE:
            problem = too_many(self._text, self._at)
            if problem:
                self.fail(problem)
        try:
            value, end = self._decode(self._text, self._at)
        except json.JSONDecodeError as error:
            unterminated = error.msg.startswith("Unterminated")
            if not self._ended and (unterminated or error.pos >= len(self._text) - _ENDS):
                return None
            self._at = error.pos
            cut = unterminated or error.pos >= len(self._text.rstrip())
            self.fail("ends in the middle; is it cut off?" if cut else f"is not JSON: {error.msg}.")
        except RecursionError:
            self.fail(DEEP)
        except ValueError:
            self.fail(DIGITS)
        # A number at the end of a piece may go on in the next one, as 1 does in 1e+5.
        if end >= len(self._text) - len("e+") and isinstance(value, int | float) and not self._ended:
            return None
        self._at = end
        return (value,)

    def end(self) -> None:
        """Make sure that nothing follows the value that was taken."""
        if self._peek():
            self.fail("is not JSON: something follows its end.")

    def fail(self, problem: str) -> NoReturn:
        """Raise :class:`UnreadableError` with the place where the reader stands."""
        before = self._text[: self._at]
        line, byte = self._lines + before.count("\n") + 1, self._bytes + _length(before)
        raise UnreadableError(problem, line, byte)

    def _next(self) -> str:
        """The next character that is no space."""
        found = self._peek()
        if not found:
            self.fail("ends in the middle; is it cut off?")
        return found

    def _peek(self) -> str:
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_more():
                return ""

    def _read_more(self) -> bool:
        """Read the next piece, and drop the text before it; gives whether there was one."""
        if self._ended:
            return False
        before, rest = self._text[: self._at], self._text[self._at :]
        self._lines, self._bytes = self._lines + before.count("\n"), self._bytes + _length(before)
        self._text, self._at = rest, 0
        if len(rest) > LARGEST:
            self.fail(_TOO_LARGE)
        piece = self._file.read(min(max(_PIECE, len(rest)), LARGEST // 2))
        self._ended = not piece
        try:
            self._text += self._decoder.decode(piece, final=self._ended)
        except UnicodeDecodeError as error:
            raise UnreadableError("is not text in UTF-8 or UTF-16.", 0, self._read + error.start) from None
        self._read += len(piece)
        return True


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


_WORDS = {"true": True, "false": False, "null": None}


def _plain(event: Any) -> Any:
    return _WORDS.get(event.value, event.value) if event.implicit[0] else event.value


class _Metered:
    """A file for libyaml, which ends when more is read at a time than a value may have."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.since = self.last_line = 0
        self.is_full = self._ends_line = False

    def read(self, size: int = LARGEST, /) -> bytes:
        """The next bytes."""
        self.since += size
        self.is_full |= self.since > LARGEST
        piece = b"" if self.is_full else self._file.read(size)
        if piece:
            # The end of the last line begins no other one.
            self.last_line += piece.count(b"\n") - piece.endswith(b"\n") + self._ends_line
            self._ends_line = piece.endswith(b"\n")
        return piece


class YamlReader:
    """Reads event by event, with libyaml where PyYAML was built with it.

    Args:
        file: at its beginning.
        scalar: makes a value of an event that is a scalar.
        tagged: makes a value of a mapping or a list that has a tag; by default the tag is passed over.
    """

    def __init__(
        self,
        file: IO[bytes],
        scalar: Callable[[Any], Any] = _plain,
        tagged: Callable[[str, Any], Any] = lambda _, value: value,
    ) -> None:
        import yaml

        self._file, self._scalar, self._tagged = file, scalar, tagged
        self._stream = _Metered(file)
        self._line = self._letter = 0
        self._room = _ROOM
        self._seen: Any = None
        self._mapping, self._list, self._alias = yaml.MappingStartEvent, yaml.SequenceStartEvent, yaml.AliasEvent
        self._mapping_end, self._list_end = yaml.MappingEndEvent, yaml.SequenceEndEvent
        self._text = yaml.ScalarEvent
        self._odd = frozenset({type(None), yaml.StreamEndEvent, yaml.DocumentEndEvent, yaml.AliasEvent})
        self._error = yaml.YAMLError
        try:
            self._events = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(self._stream)
        except self._error as error:
            self._unreadable(error)
        # Before the value stand the beginning of the stream and of the document.
        self._take()
        self._take()

    def kind(self) -> type:
        """The kind of the value here: ``dict``, ``list``, or ``str`` for anything else."""
        self._seen = self._take()
        return {self._mapping: dict, self._list: list}.get(type(self._seen), str)

    def names(self) -> Iterator[str]:
        """The keys of the mapping here; after each, its value has to be taken or skipped."""
        if type(self._take()) is not self._mapping:
            self.fail("has something else where a mapping has to stand.")
        while type(key := self._take()) is not self._mapping_end:
            if type(key) is not self._text:
                self.fail("has a key that is no text.")
            yield key.value

    def items(self) -> Iterator[int]:
        """The numbers, from 1, of the items of the list here; each has to be taken or skipped."""
        if type(self._take()) is not self._list:
            self.fail("has something else where a list has to stand.")
        number = 0
        while type(event := self._take()) is not self._list_end:
            self._seen = event
            number += 1
            yield number

    def value(self) -> Any:
        """Take the value here, built."""
        self._room = _ROOM
        return self._build(self._take(), 0)

    def skip(self) -> None:
        """Pass over the value here."""
        # Nearly all of a file is skipped, so this does without a call for each event.
        event, depth, get, stream = self._take(), 0, self._events.get_event, self._stream
        opening, closing, odd = {self._mapping, self._list}, {self._mapping_end, self._list_end}, self._odd
        try:
            while True:
                sort = type(event)
                if sort in opening:
                    depth += 1
                elif sort in closing:
                    depth -= 1
                if depth <= 0 or sort in odd:
                    break
                stream.since = 0
                event = get()
        except self._error as error:
            self._unreadable(error)
        self._stand_at(event)

    def end(self) -> None:
        """Make sure that nothing follows the value that was taken."""
        try:
            follows = [type(self._events.get_event()).__name__ for _ in range(2)]
        except self._error as error:
            self._unreadable(error)
        if follows != ["DocumentEndEvent", "StreamEndEvent"]:
            self.fail("is several documents of YAML; expected one.")

    def fail(self, problem: str) -> NoReturn:
        """Raise :class:`UnreadableError` with the line and column of the reader."""
        # libyaml counts characters.
        self._file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        left, byte = self._letter, 0
        while left > 0 and (piece := self._file.read(_PIECE)):
            text = decoder.decode(piece)[:left]
            left, byte = left - len(text), byte + _length(text)
        raise UnreadableError(problem, self._line + 1, byte)

    def _build(self, event: Any, depth: int) -> Any:
        sort = type(event)
        self._room -= _NODE + (len(event.value) if sort is self._text else 0)
        if self._room < 0:
            self.fail(_TOO_LARGE)
        if sort is self._text:
            return self._made(self._scalar, event)
        if depth > DEEPEST:
            self.fail(DEEP)
        built: Any
        if sort is self._mapping:
            built = {}
            while type(key := self._take()) is not self._mapping_end:
                if type(key) is not self._text:
                    self.fail("has a key that is no text.")
                name = self._made(self._scalar, key)
                built[name] = self._build(self._take(), depth + 1)
        elif sort is self._list:
            built = []
            while type(item := self._take()) is not self._list_end:
                built.append(self._build(item, depth + 1))
        else:
            self.fail("ends where a value has to stand; is it cut off?")
        return self._made(self._tagged, event.tag, built) if event.tag else built

    def _made(self, make: Callable[..., Any], *given: Any) -> Any:
        try:
            return make(*given)
        except UnreadableError as error:
            self.fail(error.problem)

    def _take(self) -> Any:
        if self._seen is not None:
            event, self._seen = self._seen, None
            return event
        self._stream.since = 0
        try:
            event = self._events.get_event()
        except self._error as error:
            self._unreadable(error)
        self._stand_at(event)
        return event

    def _stand_at(self, event: Any) -> None:
        if self._stream.is_full:
            self.fail(_TOO_LARGE)
        if type(event) in self._odd:
            if type(event) is self._alias:
                self._move_to(event.start_mark)
                self.fail(f"uses the alias *{str(event.anchor)[:80]}; write the value out, an alias is not followed.")
            self.fail("ends where a value has to stand; is it cut off?")
        self._move_to(event.start_mark)

    def _move_to(self, mark: Any) -> None:
        self._line, self._letter = mark.line, mark.index

    def _unreadable(self, error: Any) -> NoReturn:
        if self._stream.is_full:
            self.fail(_TOO_LARGE)
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        if mark is None:
            self._letter = int(getattr(error, "position", self._letter))
            self.fail(f"is not text: {getattr(error, 'reason', error)}.")
        self._move_to(mark)
        problem = str(getattr(error, "problem", error))
        if "nesting depth" in problem:
            self.fail(DEEP)
        cut = self._line >= self._stream.last_line
        self.fail(f"is not YAML: {problem}{'; is it cut off?' if cut else '.'}")


Reader = JsonReader | YamlReader
"""A reader at a value of a large document."""
