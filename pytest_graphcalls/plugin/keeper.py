"""The program that ends a bot and its children, also when pytest was killed: its input ends with pytest in any case.

It runs by its path, as ``python -I -S keeper.py ENTRY``, and imports the standard library alone, to start quickly.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

END_WITHIN = 2.0
"""Seconds that processes have to end by themselves, and once more until those that were killed have ended."""
LOOK_AGAIN = 0.02
"""Seconds between two looks at what is left."""
PROCESSES = Path("/proc")
"""Where Linux lists them, with the environment that each was started with."""


def alive(group: int, entry: bytes) -> set[int]:
    """The processes that have not ended of a group (0 for none), and of all with an entry in their environment.

    Where there is no ``/proc`` the group is looked at alone, and is one negative number.
    """
    if not (PROCESSES / "self" / "stat").exists():
        with suppress(OSError):  # it has ended; macOS says that nothing may be sent to it
            os.kill(-group, 0)
            return {-group} if group else set()
        return set()
    found = set()
    for folder in PROCESSES.iterdir():
        with suppress(OSError, ValueError):  # no process, one that has just ended, or another user's
            number = int(folder.name)
            state, _, of = (folder / "stat").read_bytes().rpartition(b")")[2].split()[:3]
            marked = entry in (folder / "environ").read_bytes().split(b"\0")
            if state != b"Z" and (marked or int(of) == group != 0):
                found.add(number)
    return found


def end(group: int, entry: bytes) -> None:
    """Ask them to end, and kill what does not; what they start meanwhile, too."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(group)], capture_output=True, check=False)  # noqa: S603, S607 - part of Windows
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        asked: set[int] = set()
        deadline = time.monotonic() + END_WITHIN
        while (left := alive(group, entry)) and time.monotonic() < deadline:
            for one in left - asked:
                with suppress(OSError):  # it has just ended
                    os.kill(one, number)
            asked |= left
            time.sleep(LOOK_AGAIN)


def main() -> None:
    """Wait for the end of the input, whose first line is the number of a process group."""
    group = int(sys.stdin.readline() or 0)
    sys.stdin.read()
    end(group, sys.argv[1].encode())


if __name__ == "__main__":
    main()
