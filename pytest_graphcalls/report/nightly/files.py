"""Puts a night's files into their folder: all of them, or none."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.redaction import remembered

_SHOWN = 5


def put(folder: Path, texts: Mapping[str, str], *, ours: Collection[str] = ()) -> list[Path]:
    """Write each of ``texts`` under its name, beside the older one first, and then in its place.

    Args:
        folder: where to; it is made when it is not there.
        texts: by name of the file.
        ours: what looks like a secret and is none: digests of the package's own files.

    Raises:
        RecordingError: something would leak, or the folder takes no file; the older files are as they were.
    """
    for name, text in texts.items():
        _refuse_leaks(folder / name, text, ours)
    with _whole(folder, texts):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            _beside(folder / name).write_text(text, encoding="utf-8", newline="\n")
        for name in texts:
            _beside(folder / name).replace(folder / name)
    return [folder / name for name in texts]


def _beside(path: Path) -> Path:
    # Two nights may share a folder: each writes its own, and the last one stays.
    return path.with_name(f".{path.name}.{os.getpid()}.new")


@contextmanager
def _whole(folder: Path, names: Iterable[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        with suppress(OSError):  # a folder that takes no file gives none back either
            for name in names:
                _beside(folder / name).unlink(missing_ok=True)
        why = error.strerror or str(error)
        problem = f"the report cannot be written there: {why}. What was there is as it was; name another folder."
        raise RecordingError(str(folder), 0, problem) from error


def _refuse_leaks(path: Path, text: str, ours: Collection[str]) -> None:
    for digest in ours:
        text = text.replace(digest, "")
    found = sorted({(leak.line, leak.kind) for leak in scan(text, known=remembered())})
    if not found:
        return
    listed = "; ".join(f"line {line}: {kind}" for line, kind in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    problem = (
        f"the leak scan has found what may not be written down ({listed}{more}; lines of the file as it would be). "
        "No report was written. Add what is missing in the hook pytest_graphcalls_redact."
    )
    raise RecordingError(str(path), 0, problem)
