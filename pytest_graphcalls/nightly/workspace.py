"""A folder for what a night makes on its way, which goes with it; and the end of those whose night was killed.

A night holds a lock on a file in its folder as long as it lives, and so does its suite, which outlives it for a moment
to hang up. Whose lock is free has nobody left: the system lets go of it however a process ends, and no number of a
process is compared, which another one may have by now.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from pytest_graphcalls.atomic import hold

PREFIX = "graphcalls-nightly-"
MARK = "night.lock"
"""The file in it that is locked; a folder without one is none of ours, or is just being made."""
ROOM = "GRAPHCALLS_NIGHTLY_ROOM"
"""The variable that tells a night's suite where it is."""


@contextmanager
def workroom() -> Iterator[Path]:
    """A folder of its own, until the block ends; raises :class:`OSError` when there can be none."""
    with TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        # It gets its name when it is locked: under that name it would be free for a moment.
        new = folder / f".{MARK}"
        new.touch(mode=0o600)
        # Windows renames no file that is open; what a killed night has left there stays.
        line = None if sys.platform == "win32" else hold(new, shared=True)
        try:
            new.rename(folder / MARK)
            yield folder
        finally:
            if line is not None:
                os.close(line)


def stay_in(folder: Path) -> int | None:
    """Keep ``folder`` from being taken away while this process lives; the open file, or ``None``: it is no workroom."""
    return hold(folder / MARK, shared=True)


def left_over() -> tuple[Path, ...]:
    """Take away the folders of this user's nights that were killed; gives those that went."""
    gone = []
    for folder in sorted(Path(gettempdir()).glob(f"{PREFIX}*")):
        line = hold(folder / MARK) if _is_ours(folder) and sys.platform != "win32" else None
        if line is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(line)
            if not folder.exists():
                gone.append(folder)
    return tuple(gone)


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder, no link to one, and belongs to this user: everybody writes where it lies."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.geteuid())
