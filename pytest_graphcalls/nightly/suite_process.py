"""The process that a night's suite runs in: pytest, which does not outlive whoever has started it.

Its standard input says nothing and never ends, as long as somebody wants the run. When it ends, because the night was
stopped or killed, the run is told once, hangs up what it has made, and is over.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from _thread import interrupt_main
from pathlib import Path

from pytest_graphcalls.nightly.workspace import ROOM, stay_in

PATIENCE = 20.0
"""Seconds that an interrupted run gets to hang up and end."""
_STOPPED = 130
"""As a shell reports a program that was stopped by Ctrl-C."""


def main() -> int:
    """Run pytest with the words of this process, and give its exit status."""
    line = os.dup(0)  # pytest puts nothing in the place of it, as it does with standard input
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_follow, args=(line,), daemon=True).start()
    stay_in(Path(os.environ.get(ROOM, "")))
    import pytest

    return int(pytest.console_main())


def _follow(line: int) -> None:
    """Stop the run when ``line`` has come to its end."""
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
