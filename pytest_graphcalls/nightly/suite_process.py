"""The process that a night's suite runs in: pytest, which ends when the process that started it ends.

Its standard input is a pipe that carries no data. When that closes, because the night was stopped or killed, the run
is interrupted once, ends the calls it has made, and exits. This module is also a plugin of that run: it chooses the
tests, and writes down how far the run is, and why it was stopped.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from _thread import interrupt_main
from pathlib import Path
from typing import Any

import pytest

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


PROGRESS = "GRAPHCALLS_NIGHTLY_PROGRESS"
"""The variable with the path to which the run writes its progress."""
CHOSEN = "GRAPHCALLS_NIGHTLY_TESTS"
"""The variable that names a file with the tests to run, a node id on each line; empty for all."""


def pytest_configure(config: pytest.Config) -> None:
    """Count, but not in each of several processes."""
    file = os.environ.get(PROGRESS, "")
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Counting(Path(file)), "graphcalls-counting")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that are not to be run again."""
    file = os.environ.get(CHOSEN, "")
    if file:
        chosen = set(Path(file).read_text(encoding="utf-8").splitlines())
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
        items[:] = [item for item in items if item.nodeid in chosen]


class Counting:
    """Counts the tests of a run.

    Args:
        file: where to; a line of JSON for each step.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._done = 0

    def _write(self, **facts: Any) -> None:
        with self._file.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(facts) + "\n")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say how many there are."""
        if session.items:
            self._write(total=len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:  # noqa: ARG002  the hook's names
        """Say it for the other processes, which have all found the same."""
        self._write(total=len(ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a finished test."""
        if report.when == "teardown":
            self._done += 1
            self._write(done=self._done)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say why the run was stopped."""
        text = str(excinfo.value).removeprefix("graphcalls: ")
        self._write(stopped=text or excinfo.typename)


if __name__ == "__main__":
    sys.exit(main())
