"""A file of JSON lines, each forced to the disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_KEEP_OUT = "# What pytest-graphcalls has made in a live tenant. Not for version control.\n*\n"


class LineFile:
    """A file that lines are appended to. The last one may have been cut short; what comes then begins a new line.

    Args:
        path: the file; it is made with the first line, in a folder that version control passes over.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._whole = True

    def read(self) -> Iterator[dict[str, Any]]:
        """Every line that is an object; nothing when there is no file."""
        text = self.path.read_text(encoding="utf-8", errors="replace") if self.path.exists() else ""
        self._whole = text.endswith("\n") or not text
        yield from map(_entry, text.splitlines())

    def append(self, line: str) -> None:
        """Write ``line``, which ends itself, to the disk; raises :class:`OSError`."""
        self._make_folder()
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            text = line if self._whole else f"\n{line}"
            self._whole = os.write(handle, text.encode()) == len(text)
            os.fsync(handle)
        finally:
            os.close(handle)

    def _make_folder(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)  # another worker may be quicker
            (folder / ".gitignore").write_text(_KEEP_OUT, encoding="utf-8")


def _entry(line: str) -> dict[str, Any]:
    """One line; nothing if it was cut short."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
