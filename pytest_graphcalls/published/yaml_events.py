"""Going through a YAML or JSON file of tens of megabytes without building it.

A reader stands before a value. :meth:`Reader.names` goes through the mapping there, and for each key its value is
taken with :meth:`Reader.value` or passed over with :meth:`Reader.skip`, so only what is wanted is ever built.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, Protocol

import yaml

from pytest_graphcalls.errors import PublishedFileError

DEEPEST = 100
"""Levels of one value; the published descriptions have about twenty."""
_WORDS = {"true": True, "false": False, "null": None}
_SPACE = re.compile(r"[ \t\r\n]*")

_OPENING = frozenset({yaml.MappingStartEvent, yaml.SequenceStartEvent})
_CLOSING = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})
_ENDING = frozenset({type(None), yaml.StreamEndEvent, yaml.DocumentEndEvent})


class Reader(Protocol):
    """What can be asked where a value stands."""

    def names(self) -> Iterator[str]:
        """The keys of the mapping that stands here; after each, its value has to be taken or skipped."""
        ...

    def value(self) -> Any:
        """The value that stands here, built."""
        ...

    def skip(self) -> None:
        """Pass over the value that stands here."""
        ...

    def fail(self, problem: str) -> NoReturn:
        """Raise :class:`PublishedFileError` with the place where the reader stands."""
        ...

    def close(self) -> None:
        """Let go of the file; :meth:`fail` still works."""
        ...


def reader_of(path: Path) -> Reader:
    """A reader before the whole of ``path``.

    Raises:
        PublishedFileError: from here or any method of the reader: neither YAML nor JSON, or cut off.
        OSError: the file cannot be opened or read.
    """
    with path.open("rb") as file:
        first = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return JsonReader(path) if first in {b"{", b"["} else YamlReader(path)


class YamlReader:
    """Reads event by event, with libyaml where PyYAML was built with it.

    Args:
        path: the file, open until :meth:`close`.
    """

    def __init__(self, path: Path) -> None:
        self._file = str(path)
        self._path = path
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._stream = path.open("rb")
        self._line = self._letter = 0
        try:
            self._events = loader(self._stream)
            # Before the value stand the beginning of the stream and of the document.
            self._take()
            self._take()
        except PublishedFileError:
            self._stream.close()
            raise

    def names(self) -> Iterator[str]:
        """See :meth:`Reader.names`."""
        event = self._take()
        if not isinstance(event, yaml.MappingStartEvent):
            self.fail("has something else where a mapping has to stand.")
        while not isinstance(event := self._take(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.fail("has a key that is no text.")
            yield event.value

    def value(self) -> Any:
        """See :meth:`Reader.value`."""
        return self._build(self._take(), 0)

    def skip(self) -> None:
        """See :meth:`Reader.skip`."""
        # Nearly all of a file is skipped, so this does without a call for each event.
        depth, get = 0, self._events.get_event
        try:
            while True:
                event = get()
                sort = type(event)
                if sort in _OPENING:
                    depth += 1
                elif sort in _CLOSING:
                    depth -= 1
                if depth <= 0 or sort in _ENDING:
                    break
        except yaml.YAMLError as error:
            self._unreadable(error)
        self._stand_at(event)

    def fail(self, problem: str) -> NoReturn:
        """See :meth:`Reader.fail`."""
        # libyaml counts letters.
        with self._path.open(encoding="utf-8", errors="replace") as file:
            before = file.read(self._letter)
        raise PublishedFileError(self._file, self._line + 1, len(before.encode()), problem)

    def close(self) -> None:
        """See :meth:`Reader.close`."""
        self._stream.close()

    def _build(self, event: Any, depth: int) -> Any:
        if depth > DEEPEST:
            self.fail(f"is nested deeper than {DEEPEST} levels.")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            return _WORDS.get(event.value, event.value) if plain else event.value
        if isinstance(event, yaml.MappingStartEvent):
            mapping: dict[str, Any] = {}
            while not isinstance(key := self._take(), yaml.MappingEndEvent):
                if not isinstance(key, yaml.ScalarEvent):
                    self.fail("has a key that is no text.")
                mapping[key.value] = self._build(self._take(), depth + 1)
            return mapping
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(item := self._take(), yaml.SequenceEndEvent):
                items.append(self._build(item, depth + 1))
            return items
        # Published descriptions have none, and a few of them can stand for more than a memory holds.
        return self.fail("uses an alias of YAML (*name), which is not followed.")

    def _take(self) -> Any:
        try:
            event = self._events.get_event()
        except yaml.YAMLError as error:
            self._unreadable(error)
        self._stand_at(event)
        return event

    def _stand_at(self, event: Any) -> None:
        if type(event) in _ENDING:
            self.fail("ends where a value has to stand; is it cut off?")
        self._line, self._letter = event.start_mark.line, event.start_mark.index

    def _unreadable(self, error: yaml.YAMLError) -> NoReturn:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        if mark is None:
            self._letter = int(getattr(error, "position", self._letter))
            self.fail(f"is not text: {getattr(error, 'reason', error)}.")
        self._line, self._letter = mark.line, mark.index
        self.fail(f"is not YAML: {getattr(error, 'problem', error)}.")


class JsonReader:
    """Reads member by member; the text is held, each value only while it is looked at.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = str(path)
        try:
            self._text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise PublishedFileError(self._file, 0, error.start, "is not UTF-8.") from None
        self._decode = json.JSONDecoder().raw_decode
        self._at = 0

    def names(self) -> Iterator[str]:
        """See :meth:`Reader.names`."""
        if self._next() != "{":
            self.fail("has something else where an object has to stand.")
        self._at += 1
        while self._next() != "}":
            key = self.value()
            if not isinstance(key, str) or self._next() != ":":
                self.fail("is not JSON: a member has to stand here.")
            self._at += 1
            yield key
            if self._next() == ",":
                self._at += 1
            elif self._next() != "}":
                self.fail("is not JSON: a comma or the end of the object has to stand here.")
        self._at += 1

    def value(self) -> Any:
        """See :meth:`Reader.value`."""
        self._next()
        try:
            value, self._at = self._decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._at = error.pos
            ended = not self._text[error.pos :].strip() or error.msg.startswith("Unterminated")
            self.fail("ends in the middle; is it cut off?" if ended else f"is not JSON: {error.msg}.")
        except RecursionError:
            self.fail("is nested too deeply.")
        return value

    def skip(self) -> None:
        """See :meth:`Reader.skip`."""
        self.value()

    def fail(self, problem: str) -> NoReturn:
        """See :meth:`Reader.fail`."""
        before = self._text[: self._at]
        raise PublishedFileError(self._file, before.count("\n") + 1, len(before.encode()), problem)

    def close(self) -> None:
        """See :meth:`Reader.close`."""

    def _next(self) -> str:
        """The next letter that is no space."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        if self._at >= len(self._text):
            self.fail("ends in the middle; is it cut off?")
        return self._text[self._at]
