"""The process that a night's suite runs in: pytest, which ends when the process that started it ends.

Its standard input is a pipe that carries no data. When that closes, because the night was stopped or killed, the run
is interrupted once, ends the calls it has made, and exits.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from _thread import interrupt_main
from pathlib import Path

from pytest_graphcalls.nightly.workspace import ROOM, hold_workspace

PATIENCE = 20.0
"""Seconds that an interrupted run gets to hang up and end."""
_STOPPED = 130
"""As a shell reports a program that was stopped by Ctrl-C."""


def main() -> int:
    """Run pytest with the arguments of this process, and return its exit status."""
    line = os.dup(0)  # pytest puts nothing in the place of it, as it does with standard input
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_follow, args=(line,), daemon=True).start()
    hold_workspace(Path(os.environ.get(ROOM, "")))
    import pytest

    return int(pytest.console_main())


def _follow(line: int) -> None:
    """Interrupt the run when ``line`` is closed."""
    while os.read(line, 1):
        pass
    if os.name == "nt":
        interrupt_main()  # SIGTERM would end it on the spot
    else:
        os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(_STOPPED)


if __name__ == "__main__":
    sys.exit(main())
