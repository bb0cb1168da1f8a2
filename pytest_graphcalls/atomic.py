"""Files and folders that are replaced as a whole or not at all, and locks that end with their process.

A text is written beside its file and then renamed over it. The writing process holds a lock of the operating
system, which ends with it however it ends; so neither the age of a file nor the number of a process is relied on.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from glob import escape
from pathlib import Path
from secrets import token_hex

PART = ".graphcalls-part"
"""How the name of a file ends that is being written; it begins with a dot."""


def put(texts: Mapping[Path, str]) -> None:
    """Put each text in the place of its file, when all of them are written.

    Args:
        texts: by file, in UTF-8; the folders are there.

    Raises:
        OSError: the disk refuses. The files are as they were, and nothing is left beside them.
    """
    for folder in {path.parent for path in texts}:
        _remove_abandoned(folder)
    with ExitStack() as writing:
        drafts = {path: _written(path, text, writing) for path, text in texts.items()}
        for path, draft in drafts.items():
            draft.replace(path)


def _written(path: Path, text: str, writing: ExitStack) -> Path:
    """Write a text beside its file; it is held, and removed unless it was renamed, when ``writing`` ends."""
    while True:
        # Two processes may write the same file at once: each writes a file of its own, and the last one is kept.
        draft = path.with_name(f".{path.name}.{token_hex(4)}{PART}")
        held = hold(draft, make=True)
        if held is not None:
            break
    writing.callback(_remove, draft)
    # Windows renames no file that is open.
    file = writing.enter_context(os.fdopen(held, "w", encoding="utf-8", newline="\n"))
    file.write(text)
    file.flush()
    # Without it a power cut may leave an empty file under the new name.
    os.fsync(held)
    if sys.platform == "win32":
        file.close()
    return draft


def _remove(path: Path) -> None:
    with suppress(OSError):  # a folder that takes no file gives none back, either
        path.unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove what killed processes have left half written in a folder."""
    for path in folder.glob(f".*{PART}"):
        held = hold(path)
        if held is not None:
            _remove(path)
            os.close(held)


def hold(path: Path, *, make: bool = False, shared: bool = False) -> int | None:
    """Open a file or a folder and lock it, without waiting.

    Args:
        path: the file or the folder.
        make: whether it is made where there is none.
        shared: whether others may hold it at the same time, each of them shared.

    Returns:
        The open file, which holds the lock until it is closed; ``None`` when a process that lives holds it, or there
        is no such file.

    Raises:
        OSError: the file cannot be made.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        held = os.open(path, flags | (os.O_CREAT if make else 0), 0o666)
    except OSError:
        if make:
            raise
        return None
    if _locked(held, shared=shared) and _is_there(path, held):
        return held
    os.close(held)
    return None


def _locked(file: int, *, shared: bool) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def _is_there(path: Path, file: int) -> bool:
    """Whether the open file is still the one of that name: who held it before may have removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except OSError:
        return False


_OLD, _NEW = ".old-", ".new-"


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of ``folder`` when the block ends; after an exception that is as it was.

    Raises:
        OSError: the disk refuses.
    """
    new = folder.parent / f".{folder.name}{_NEW}{token_hex(4)}"
    new.mkdir(parents=True)
    with ExitStack() as held:
        held.callback(shutil.rmtree, new, ignore_errors=True)
        for one in (new, folder):
            _keep_held(one, held)
        yield new
        _swap(new, folder)


def _keep_held(folder: Path, stack: ExitStack) -> None:
    held = hold(folder)
    if held is not None:
        stack.callback(os.close, held)


def _swap(new: Path, folder: Path) -> None:
    old = folder.parent / f".{folder.name}{_OLD}{token_hex(4)}"
    exists = folder.exists()
    if exists:
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if exists:
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def restored(folder: Path) -> str:
    """Put right what a process has left that was killed while it replaced ``folder``.

    Args:
        folder: where it should be. If it is missing, the older one, which was renamed, is put back. If it is there, the
            older one is removed; so is a new one whose process has ended.

    Returns:
        What was done, a sentence, or ``""``.
    """
    if not folder.parent.is_dir():
        return ""
    old, new = (_abandoned(folder, word) for word in (_OLD, _NEW))
    if old and not folder.exists():
        with suppress(OSError):  # another process may put it back at this moment
            old[-1].rename(folder)
            return f"{folder} was put back: an earlier job was killed while it replaced it."
    useless = [*(old if folder.exists() else ()), *new]
    for one in useless:
        shutil.rmtree(one, ignore_errors=True)
    removed = [one.name for one in useless if not one.exists()]
    return f"{', '.join(removed)} was removed: a job that was killed had left it beside {folder}." if removed else ""


def _abandoned(folder: Path, word: str) -> list[Path]:
    """Folders that killed processes have left beside ``folder``, the latest last."""
    found = filter(_is_abandoned, folder.parent.glob(f".{escape(folder.name)}{word}*"))
    return sorted(found, key=_changed)


def _is_abandoned(folder: Path) -> bool:
    """Whether no process that lives holds the folder; Windows has no locks for one."""
    held = hold(folder)
    if held is not None:
        os.close(held)
    return held is not None or sys.platform == "win32"


def _changed(folder: Path) -> float:
    """The time of the last rename of ``folder``, in seconds since 1970, as far as the disk knows."""
    try:
        return folder.stat().st_ctime
    except OSError:
        return 0.0


def usable(folder: Path) -> str:
    """Why files cannot be put into ``folder``, which is made, or ``""``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe{_NEW}{token_hex(4)}"
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        return f"{error.strerror or error}."
    return ""
