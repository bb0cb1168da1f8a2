"""How a run is brought to its end, and what is looked at then."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from pytest_graphcalls.cli import command
from pytest_graphcalls.wire import Request
from tests.live.conftest import Tenant
from tests.live.projects import TWO_CALLS_THEN

Start = Callable[..., "subprocess.Popen[str]"]
WAITS = f"{TWO_CALLS_THEN}\n    time.sleep(60)\n"
NOTES_SIGNALS = """
import pathlib, signal
set_handler = signal.signal

def noting(number, handler):
    def noted(*facts):
        handler(*facts)
        pathlib.Path("deferred").touch()
    return set_handler(number, noted if callable(handler) else handler)

signal.signal = noting
"""
"""A ``conftest.py`` that writes the file ``deferred`` once a signal was handled without ending anything."""
SOON = 60.0
"""Seconds within which a process does what it was started for, on a busy machine, too."""


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + SOON
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def is_create(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/communications/calls")


def sweep(tenant: Tenant, folder: Path) -> int:
    return command.main(["sweep", "--ledger", str(folder), "--root", tenant.url])
