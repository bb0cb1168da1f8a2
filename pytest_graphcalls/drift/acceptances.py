"""The differences that somebody has looked at: a file in the user's repository, reviewed like code.

The rules of this page:

1. One table for each difference, named by its fingerprint and sorted by it, so that two branches seldom collide.
2. Only whole tables are put in and taken out. Whatever people wrote, comments at a table included, stays as it is.
3. Beside and renamed: the file is there as a whole or as it was. A file that is not understood is not touched.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pytest_graphcalls.atomic import put
from pytest_graphcalls.drift.difference import Difference
from pytest_graphcalls.drift.model import Acceptance, Outcome
from pytest_graphcalls.errors import DriftFileError

FILE = "graphcalls-drift.toml"
"""What the file is called unless told otherwise."""
FORMAT = 1

_HEAD = """\
# Differences between the service and its contract that somebody has looked at, each by its fingerprint.
# Written by 'graphcalls drift accept' and 'graphcalls drift prune'; reasons, owners and dates may be edited by hand.
format = 1
"""
_TABLE = re.compile(r"\[([^\[\]]*)\][ \t]*(?:#.*)?")
_FINGERPRINT = re.compile(r"[0-9a-f]{12}")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: .*)?")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_MEMBERS: Mapping[str, type] = {"reason": str, "accepted": date, "owner": str, "expires": date, "about": str}
_NEEDED = ("reason", "accepted")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """The file, as it was read. To change one gives another one; :meth:`write` puts it in the old one's place.

    Attributes:
        path: where it is.
        acceptances: by fingerprint, sorted.
        head: its lines before the first table.
        blocks: by fingerprint, the lines of a table with the comments on top of it.
    """

    path: Path
    acceptances: Mapping[str, Acceptance]
    head: str = _HEAD
    blocks: Mapping[str, str] | None = None

    @classmethod
    def read(cls, path: Path) -> AcceptedFile:
        """Read a file; one that is not there yet is empty.

        Raises:
            DriftFileError: it cannot be read, is another sort of file, or has a table twice.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")  # some editors put a mark in front
        except FileNotFoundError:
            return cls(path, {}, blocks={})
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise DriftFileError(str(path), 0, f"cannot be read: {why}.") from None
        _refuse_merges(path, text)
        data = _parsed(path, text)
        head, blocks = _split(text)
        if list(blocks) != list(data):
            problem = "tables are written in another way than '[fingerprint]' on a line of its own; write them so."
            raise DriftFileError(str(path), 0, problem)
        found = {name: _acceptance(path, _line(text, name), name, data[name]) for name in sorted(data)}
        return cls(path, found, head, blocks)

    def accept(self, acceptance: Acceptance) -> AcceptedFile:
        """The same with one more; one of that fingerprint is replaced, the comments on top of it are kept."""
        name = acceptance.fingerprint
        old = (self.blocks or {}).get(name, "")
        comments = old[: old.index(f"[{name}]")] if old else ""
        blocks = {**(self.blocks or {}), name: f"{comments}{_written(acceptance)}"}
        return replace(self, acceptances={**self.acceptances, name: acceptance}, blocks=blocks)

    def without(self, fingerprints: Iterable[str]) -> AcceptedFile:
        """The same without these, and the comments on top of them."""
        gone = frozenset(fingerprints)
        acceptances = {name: one for name, one in self.acceptances.items() if name not in gone}
        blocks = {name: block for name, block in (self.blocks or {}).items() if name not in gone}
        return replace(self, acceptances=acceptances, blocks=blocks)

    @property
    def text(self) -> str:
        """The file as it is written: tables by fingerprint, an empty line between them."""
        blocks = self.blocks or {}
        parts = [self.head, *(blocks[name] for name in sorted(blocks))]
        return "\n\n".join(filter(None, (part.strip("\n") for part in parts))) + "\n"

    def write(self) -> None:
        """Put it in the place of the file, as a whole or not at all.

        Raises:
            DriftFileError: the disk refuses; the older file is as it was.
        """
        path = self.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            put({path: self.text})
        except OSError as error:
            problem = f"cannot be written: {error.strerror or error}. It is as it was."
            raise DriftFileError(str(path), 0, problem) from None


def _refuse_merges(path: Path, text: str) -> None:
    """A conflict that nobody has solved, and one that somebody has solved by keeping both."""
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if _CONFLICT.fullmatch(line):
            raise DriftFileError(str(path), number, "a conflict of a merge stands here; keep what is right of it.")
        table = _TABLE.fullmatch(line)
        name = table[1].strip() if table else ""
        if name in seen:
            problem = f"[{name}] stands here and in line {seen[name]}; keep one of them."
            raise DriftFileError(str(path), number, problem)
        if name:
            seen[name] = number


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        problem = f"is no TOML: {_AT_LINE.sub('', str(error)).strip()}. Correct it, or restore it from version control."
        raise DriftFileError(str(path), int(found[1]) if found else 0, problem) from None
    written = data.pop("format", None)
    if isinstance(written, int) and written > FORMAT:
        problem = f"has format {written}, and this version knows {FORMAT}; install a newer pytest-graphcalls."
        raise DriftFileError(str(path), 0, problem)
    strangers = [name for name in data if not (_FINGERPRINT.fullmatch(name) and isinstance(data[name], dict))]
    if written != FORMAT or strangers:
        what = f"{strangers[0]!r} is no fingerprint" if strangers else f"there is no line 'format = {FORMAT}'"
        problem = f"is not a file of accepted differences: {what}. Name another one with --file."
        raise DriftFileError(str(path), _line(text, strangers[0]) if strangers else 0, problem)
    return data


def _split(text: str) -> tuple[str, dict[str, str]]:
    """The lines before the first table, and those of each table with the comments that touch it."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if _TABLE.fullmatch(line)]
    tops = []
    for start in starts:
        top = start
        while top and lines[top - 1].startswith("#"):
            top -= 1
        tops.append(top)
    ends = [*tops[1:], len(lines)] if tops else []
    blocks = {
        lines[start][1:].partition("]")[0].strip(): "\n".join(lines[top:end])
        for start, top, end in zip(starts, tops, ends, strict=True)
    }
    return "\n".join(lines[: tops[0]] if tops else lines), blocks


def _line(text: str, name: str) -> int:
    wanted = re.compile(rf"\[?\s*{re.escape(name)}\b")
    return next((number for number, line in enumerate(text.splitlines(), 1) if wanted.match(line)), 0)


def _acceptance(path: Path, line: int, name: str, data: Mapping[str, Any]) -> Acceptance:
    for member in _NEEDED:
        if member not in data:
            raise DriftFileError(str(path), line, f"[{name}] has no {member!r}; say it, or take the table out.")
    for member, value in data.items():
        if member not in _MEMBERS:
            expected = ", ".join(_MEMBERS)
            raise DriftFileError(str(path), line, f"[{name}] has {member!r}; expected {expected} only.")
        if not isinstance(value, _MEMBERS[member]) or isinstance(value, datetime):
            wanted = "a text in quotes" if _MEMBERS[member] is str else "a date such as 2027-01-31, without quotes"
            raise DriftFileError(str(path), line, f"[{name}] has {member} = {value!r}; expected {wanted}.")
    return Acceptance(name, **data)


def _written(acceptance: Acceptance) -> str:
    facts: Iterator[tuple[str, str]] = (
        (name, _quoted(value) if isinstance(value, str) else value.isoformat())
        for name in ("about", "reason", "owner", "accepted", "expires")
        if (value := getattr(acceptance, name))
    )
    return "\n".join((f"[{acceptance.fingerprint}]", *(f"{name} = {value}" for name, value in facts)))


def _quoted(text: str) -> str:
    """A text as TOML has it, on one line."""
    letters = (
        _ESCAPES.get(letter) or (f"\\u{ord(letter):04x}" if ord(letter) < _SPACE or ord(letter) == _DELETE else letter)
        for letter in text
    )
    return f'"{"".join(letters)}"'


_SPACE, _DELETE = 0x20, 0x7F


VERDICT_FILE = "graphcalls-nightly/verdict.json"
"""Where the last verdict lies unless told otherwise."""
_RUN_FIRST = "Run 'graphcalls nightly' first, or name the verdict with --verdict."


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last verdict.

    Attributes:
        differences: by fingerprint; those that are accepted or flaky included.
        complete: whether everything that decides was looked at.
        headline: what the night came to, in a few words, or ``""``: it had no drift, or it is no verdict of a night.
    """

    differences: Mapping[str, Difference]
    complete: bool
    headline: str = ""


def remembered(path: Path) -> Remembered:
    """Read a verdict, whatever else is in it.

    Args:
        path: the JSON file.

    Raises:
        DriftFileError: there is none, or it is something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DriftFileError(str(path), 0, f"there is no such file. {_RUN_FIRST}") from None
    except OSError as error:
        raise DriftFileError(str(path), 0, f"cannot be read: {error.strerror}. {_RUN_FIRST}") from None
    except (ValueError, RecursionError):
        raise DriftFileError(str(path), 0, f"is no JSON. {_RUN_FIRST}") from None
    try:
        return _read(data)
    except (KeyError, TypeError, ValueError):
        raise DriftFileError(str(path), 0, f"is not a verdict of this version. {_RUN_FIRST}") from None


def _read(data: Any) -> Remembered:
    # The fingerprint as it was written: texts in a verdict are masked, which may have changed one of them.
    found = {one["fingerprint"]: Difference.from_json(one) for one in data["differences"]}
    open_ = any(one.get("decides", True) for one in data["unchecked"])
    outcome = Outcome(data["outcome"])
    unchecked = outcome is Outcome.COULD_NOT_CHECK or open_
    headline = "" if outcome is Outcome.NO_DRIFT else data.get("headline", "")
    # What metadata or pages alone have shown says nothing of what else was accepted.
    return Remembered(found, "night" in data and not unchecked, headline)
