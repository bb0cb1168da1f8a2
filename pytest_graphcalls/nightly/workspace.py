"""The temporary folder of a night, and the removal of those that killed nights have left behind.

A night holds a lock on a file in its folder, and so does its suite, which lives a moment longer to end its calls. A
folder whose lock is free is abandoned: the operating system releases a lock however its process ends. Process ids are
not compared, because they are reused.
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
"""The file in it that is locked; a folder without one is not a workspace, or is just being made."""
ROOM = "GRAPHCALLS_NIGHTLY_ROOM"
"""The variable that names the folder to the suite of a night."""


@contextmanager
def temporary_workspace() -> Iterator[Path]:
    """Make a folder that is removed when the block ends; raises :class:`OSError` when it cannot be made.

    What a suite that is ending still writes into it may stay behind.
    """
    with TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # It gets its name when it is locked: under that name it would be free for a moment.
        new = folder / f".{MARK}"
        new.touch(mode=0o600)
        line = _held(new, shared=True)
        try:
            new.rename(folder / MARK)
            yield folder
        finally:
            if line is not None:
                os.close(line)


def hold_workspace(folder: Path) -> int | None:
    """Keep ``folder`` while this process lives; the open file, or ``None`` when it is no workspace."""
    return _held(folder / MARK, shared=True)


def remove_abandoned() -> tuple[Path, ...]:
    """Remove the folders of this user's killed nights, and return them."""
    removed = []
    for folder in sorted(Path(gettempdir()).glob(f"{PREFIX}*")):
        line = _held(folder / MARK, shared=False) if _is_ours(folder) else None
        if line is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(line)
            if not folder.exists():
                removed.append(folder)
    return tuple(removed)


def _is_ours(folder: Path) -> bool:
    """Whether a path is a folder of this user and no link: every user may write to the folder for temporary files."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.geteuid())


def _held(file: Path, *, shared: bool) -> int | None:
    # Windows renames no file that is open; what a killed night has left behind stays there.
    return None if sys.platform == "win32" else hold(file, shared=shared)
