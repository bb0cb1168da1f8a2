"""Puts a night's files into their folder: all of them, or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from pytest_graphcalls import filing
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan import listed, scan
from pytest_graphcalls.redaction import remembered


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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        filing.put({folder / name: text for name, text in texts.items()})
    except OSError as error:
        why = error.strerror or error
        problem = f"the report cannot be written there: {why}. What was there is as it was; name another folder."
        raise RecordingError(str(folder), 0, problem) from error
    return [folder / name for name in texts]


def _refuse_leaks(path: Path, text: str, ours: Collection[str]) -> None:
    for digest in ours:
        text = text.replace(digest, "")
    found = listed(scan(text, known=remembered()))
    if found:
        problem = (
            f"the leak scan has found what may not be written down ({found}; lines of the file as it would be). "
            "No report was written. Add what is missing in the hook pytest_graphcalls_redact."
        )
        raise RecordingError(str(path), 0, problem)
