"""Read files of unknown origin as a whole, and parse JSON and TOML, within bounds of memory and time.

A file has to be a regular one: a named pipe never ends to be opened, a device never ends to be read. Files that may
be larger than :data:`LARGEST` are read by :mod:`pytest_graphcalls.streaming`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

LARGEST = 10 * 2**20
"""Bytes of the longest value, and of the largest file that is read as a whole; those of this API have kilobytes."""
DEEPEST = 100
"""Levels of the most nested value; the published descriptions have about twenty."""
CONTAINERS = 300_000
"""How many lists and objects one value may have; an exchange has some dozens."""
LONGEST_LINE = 10_000
"""Characters of the longest line of a TOML file."""

DIGITS = "has a number of more than 4,300 digits, which Python does not read."
DEEP = "is nested too deep."
"""The defects of a file, each as the rest of a sentence."""


def weight(value: Any) -> int:
    """How many bytes of memory a plain value takes, about."""
    if isinstance(value, Mapping):
        return 200 + sum(len(name) + weight(inner) for name, inner in value.items() if isinstance(name, str))
    if isinstance(value, list):
        return 80 + sum(map(weight, value))
    return 60 + (len(value) if isinstance(value, str | bytes) else 0)


class UnreadableError(ValueError):
    """A file is not what it should be.

    Attributes:
        problem: what is wrong, the rest of a sentence that begins with the file's name.
        line: where, from 1; 0 when that is not known.
        byte: its offset in the file, from 0; 0 when that is not known.
    """

    def __init__(self, problem: str, line: int = 0, byte: int = 0) -> None:
        self.problem, self.line, self.byte = problem, line, byte
        super().__init__(problem)


_SORTS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def opened(path: Path) -> IO[bytes]:
    """Open a regular file for reading.

    Raises:
        OSError: there is none, or the path leads to something else; ``strerror`` says what.
    """
    _refuse_special(path.stat().st_mode, path)
    # Between the question and the answer it may have been replaced, so the open file is asked as well.
    file: IO[bytes] = open(path, "rb", opener=_open_without_waiting)  # noqa: SIM115  Path.open takes no opener
    try:
        _refuse_special(os.fstat(file.fileno()).st_mode, path)
    except OSError:
        file.close()
        raise
    return file


def _open_without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _refuse_special(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    for is_so, sort in _SORTS:
        if is_so(mode):
            problem = f"it is {sort}, not a file; write what it gives to a file, and name that one"
            raise OSError(errno.EINVAL, problem, str(path))


def content(path: Path, most: int = LARGEST) -> bytes:
    """Read a regular file as a whole.

    Args:
        path: the file.
        most: the most bytes that it may have.

    Raises:
        OSError: it cannot be read, or is larger; ``strerror`` says so.
    """
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        raw = b"" if size > most else file.read(most + 1)
    if size > most or len(raw) > most:
        expected = f"expected at most {most // 2**20} MB"
        raise OSError(errno.EFBIG, f"it has {max(size, len(raw)) / 2**20:,.0f} MB; {expected}", str(path))
    return raw


def too_many(text: str, start: int = 0) -> str:
    """Why a text of JSON or TOML would fill the memory, or ``""``: three bytes of it can make a list of seventy."""
    if text.count("[", start) + text.count("{", start) > CONTAINERS:
        return f"has more than {CONTAINERS:,} lists and objects in one value here."
    return ""


def json_value(text: str) -> Any:
    """Read a text as JSON; raises :class:`UnreadableError`."""
    if problem := too_many(text):
        raise UnreadableError(problem)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg}."
        raise UnreadableError(problem, error.lineno, len(text[: error.pos].encode("utf-8", "replace"))) from None
    except RecursionError:
        raise UnreadableError(DEEP) from None
    except ValueError:
        raise UnreadableError(DIGITS) from None


def toml_document(text: str) -> TOMLDocument:
    """Read a text as TOML that can be edited; raises :class:`UnreadableError`."""
    from tomlkit import parse
    from tomlkit.exceptions import TOMLKitError

    if problem := too_many(text):
        raise UnreadableError(problem)
    for number, line in enumerate(text.splitlines(), 1):
        # A key of a million parts takes a parser minutes.
        if len(line) > LONGEST_LINE:
            problem = f"has a line of {len(line):,} characters; expected at most {LONGEST_LINE:,}."
            raise UnreadableError(problem, number)
    try:
        return parse(text)
    except TOMLKitError as error:
        problem = str(error).partition(" at line ")[0].rstrip(".")
        raise UnreadableError(f"is not valid TOML: {problem}.", getattr(error, "line", 0)) from None
    except RecursionError:
        raise UnreadableError(DEEP) from None
