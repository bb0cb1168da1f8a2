"""Puts texts in the place of files, as wholes or not at all: written beside, then renamed over the older ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PART = ".part"
"""How the name of a file ends that is being written; it begins with a dot."""


def put(texts: Mapping[Path, str]) -> None:
    """Put each text in the place of its file, when all of them are written.

    Args:
        texts: by file, in UTF-8; the folders are there.

    Raises:
        OSError: the disk refuses. The files are as they were, and nothing is left beside them.
    """
    # Two processes may write the same file at once: each writes its own, and the last one stays.
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}{PART}") for path in texts}
    try:
        for path, text in texts.items():
            _write(drafts[path], text)
        for path, draft in drafts.items():
            draft.replace(path)
    finally:
        for draft in drafts.values():
            with suppress(OSError):  # a folder that takes no file gives none back, either
                draft.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        # Without it a power cut may leave an empty file under the new name.
        os.fsync(file.fileno())
