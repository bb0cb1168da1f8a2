"""Puts texts in the place of files, as wholes or not at all: written beside, then renamed over the older ones."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from glob import escape
from pathlib import Path
from secrets import token_hex

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


_OLD, _NEW = ".old-", ".new-"
_ABANDONED = 3600.0
"""Seconds after which nobody works on a folder any more: making one takes seconds."""


def beside(folder: Path) -> Path:
    """A new folder on the same disk, with its name; raises :class:`OSError`."""
    made = folder.parent / f".{folder.name}{_NEW}{token_hex(4)}"
    made.mkdir(parents=True)
    return made


def swap(new: Path, folder: Path) -> None:
    """Let ``new`` take the place of ``folder``, if there is one; when :class:`OSError` is raised, that is as it was."""
    old = folder.parent / f".{folder.name}{_OLD}{token_hex(4)}"
    there = folder.exists()
    if there:
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if there:
            old.rename(folder)
        raise
    with suppress(OSError):  # what is left over of the old one harms nobody
        shutil.rmtree(old, ignore_errors=True)


def mended(folder: Path, now: Callable[[], float] = time.time) -> str:
    """Put right what a process has left that was killed while it swapped ``folder``.

    Args:
        folder: where it should be. If it is gone, the older one, which had gone aside, is put back. If it is there,
            the older one is not needed any more and goes; so does a new one that nobody has worked on for an hour.
        now: the clock, in seconds since 1970.

    Returns:
        What was done, a sentence, or ``""``.
    """
    if not folder.parent.is_dir():
        return ""
    old, new = (sorted(folder.parent.glob(f".{escape(folder.name)}{word}*"), key=_changed) for word in (_OLD, _NEW))
    if old and not folder.exists():
        with suppress(OSError):  # another process may be doing the same
            old[-1].rename(folder)
            return f"{folder} was put back: an earlier job was killed while it replaced it."
    # What is being made at this moment, or was put aside by a process that is about to put it back, stays.
    useless = [*(old if folder.exists() else ()), *(one for one in new if now() - _changed(one) > _ABANDONED)]
    for one in useless:
        shutil.rmtree(one, ignore_errors=True)
    gone = [one.name for one in useless if not one.exists()]
    return f"{', '.join(gone)} went: an earlier job was killed and had left it beside {folder}." if gone else ""


def _changed(folder: Path) -> float:
    """When ``folder`` got its name, in seconds since 1970, as far as the disk knows."""
    try:
        return folder.stat().st_ctime
    except OSError:
        return 0.0


def usable(folder: Path) -> str:
    """Why files cannot be put into ``folder``, which is made, or ``""``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside(folder / "probe").rmdir()
    except OSError as error:
        return f"{error.strerror or error}."
    return ""
