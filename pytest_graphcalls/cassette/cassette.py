"""Recordings: read HAR 1.2 files and vcrpy cassettes, write cassettes, answer from them.

The rules of this room:

1. What a file is shows in what it holds, never in its name.
2. Reading changes nothing, and runs nothing: a YAML tag that would build an object of Python is refused.
3. What cannot be read says so, with file and entry. A cut file is not a short file: vcrpy closes a cassette with
   ``version``, so a cassette without it was cut.
4. A body is read as the client saw it: text as UTF-8, Base64 and compression undone.
5. What is written replaces the older file as a whole or not at all, and has passed the leak scan (``writing.py``).
6. A cassette of ours says what it is worth: its passport (``passport.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_graphcalls.cassette import formats
from pytest_graphcalls.cassette.formats import Incomplete, UnusableError
from pytest_graphcalls.cassette.loading import RECORD_AGAIN, load
from pytest_graphcalls.cassette.passport import MEMBER, Passport
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.wire import Exchange

_Converter = Callable[[Any, str], Exchange | Incomplete]


def read(path: str | Path) -> Iterator[Exchange]:
    """Read every exchange of a recording, in order; ``note`` says ``entry N``, counted from 1.

    Args:
        path: a HAR file, or a vcrpy cassette written by its YAML or JSON serializer.

    Raises:
        RecordingError: the file, or the entry it has come to, cannot be read.
    """
    for number, entry in enumerate(entries(path), 1):
        if isinstance(entry, Incomplete):
            raise RecordingError(str(path), number, entry.problem)
        yield entry


def entries(path: str | Path) -> Iterator[Exchange | Incomplete]:
    """Read like :func:`read`, but hand over a request without a usable answer instead of stopping there.

    Args:
        path: as for :func:`read`.

    Raises:
        RecordingError: the file cannot be read, or an entry is no recorded request at all.
    """
    file = str(path)
    rows, converted = _recognised(file, load(Path(path)))
    for number, one in enumerate(rows, 1):
        yield _entry(file, number, one, converted)


def _entry(file: str, number: int, row: Any, converted: _Converter) -> Exchange | Incomplete:
    try:
        return converted(row, f"entry {number}")
    except UnusableError as error:
        raise RecordingError(file, number, error.problem) from None


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette that was read.

    Attributes:
        path: where it lies.
        data: all of the file, as plain values.
        passport: what it says about itself; ``None`` when somebody else wrote it.
    """

    path: Path
    data: Mapping[str, Any]
    passport: Passport | None

    @property
    def rows(self) -> list[Any]:
        """Its interactions, as the file has them."""
        return list(self.data["interactions"] or ())

    @property
    def edited(self) -> bool:
        """Whether somebody has changed an interaction since it was recorded."""
        return self.passport is not None and not self.passport.seals(self.rows)

    def exchanges(self) -> Iterator[Exchange]:
        """Its exchanges, in order; raises :class:`RecordingError` like :func:`read`."""
        for number, one in enumerate(self.rows, 1):
            entry = exchange(self.path, number, one)
            if isinstance(entry, Incomplete):
                raise RecordingError(str(self.path), number, entry.problem)
            yield entry


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


def opened(path: Path) -> Cassette:
    """Read a vcrpy cassette, with its passport.

    Args:
        path: a YAML or JSON file.

    Raises:
        RecordingError: it cannot be read, was cut, or is no cassette of vcrpy.
    """
    data = load(path)
    if not isinstance(data, Mapping) or "interactions" not in data:
        raise RecordingError(str(path), 0, f"is no cassette of vcrpy: it has no 'interactions'. {RECORD_AGAIN}")
    _vcr(str(path), data)
    passport = data.get(MEMBER)
    try:
        return Cassette(path, data, Passport.from_json(passport) if isinstance(passport, Mapping) else None)
    except ValueError as error:
        raise RecordingError(str(path), 0, f"{error} {RECORD_AGAIN}") from None


_Rows = tuple[list[Any], _Converter]


def _recognised(file: str, data: Any) -> _Rows:
    """The entries of a recording, and what makes an exchange of one of them."""
    if isinstance(data, list) and data and isinstance(data[0], Mapping) and "request" in data[0]:
        return data, formats.old_interaction
    known = data if isinstance(data, Mapping) else {}
    if "interactions" in known:
        return _vcr(file, known)
    log = known.get("log")
    if isinstance(log, Mapping) and "entries" in log:
        return _har(file, log)
    what = f"has the keys {', '.join(map(repr, list(known)[:4]))}" if known else f"holds {_sort(data)}"
    problem = f"{what}; a HAR file has 'log' with 'entries', a vcrpy cassette has 'interactions'."
    raise RecordingError(file, 0, problem)


def _sort(data: Any) -> str:
    names = {dict: "an empty object", list: "a list of something else", str: "a text", type(None): "nothing"}
    return names.get(type(data), "a single value")


def _vcr(file: str, data: Mapping[str, Any]) -> _Rows:
    rows = _list(file, data["interactions"], "interactions")
    if "version" not in data:
        problem = f"ends without 'version', which vcrpy writes last: it was cut. {RECORD_AGAIN}"
        raise RecordingError(file, len(rows), problem)
    return rows, formats.interaction


def _har(file: str, log: Mapping[str, Any]) -> _Rows:
    rows = _list(file, log["entries"], "log.entries")
    if rows and not any(map(formats.is_answered, rows)):
        problem = (
            f"has {len(rows)} request{'s' * (len(rows) > 1)} and no response. "
            "Export it again, with content, after the answers have come."
        )
        raise RecordingError(file, 0, problem)
    return rows, formats.entry


def _list(file: str, value: Any, key: str) -> list[Any]:
    if value is None or isinstance(value, list):
        return value or []
    raise RecordingError(file, 0, f"{key!r} is no list.")
