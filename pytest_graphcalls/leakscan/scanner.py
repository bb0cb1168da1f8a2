"""Looks through texts, files and folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan.known import SHORTEST_KNOWN, finder, forms
from pytest_graphcalls.leakscan.reading import DEPTH, in_bytes, in_text


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
