"""Puts a folder that was made beside another one in its place; the older one stays until the new one is there."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

_OLD = ".old-"


def beside(folder: Path) -> Path:
    """A new folder on the same disk, with its name; raises :class:`OSError`."""
    made = folder.parent / f".{folder.name}.new-{token_hex(4)}"
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


def mended(folder: Path) -> Path:
    """``folder``; if a process was killed while it was swapped, the older one is put back first."""
    if not folder.exists() and folder.parent.is_dir():
        left = sorted(folder.parent.glob(f".{folder.name}{_OLD}*"))
        if len(left) == 1:
            with suppress(OSError):  # another process may be doing the same
                left[0].rename(folder)
    return folder


def usable(folder: Path) -> str:
    """Why files cannot be put into ``folder``, which is made, or ``""``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside(folder / "probe").rmdir()
    except OSError as error:
        return f"{error.strerror or error}."
    return ""
