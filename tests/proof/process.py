"""A warm process that runs the suite again and again, and both its ends.

Starting Python and loading the contract takes longer than the suite itself. A module of orders therefore ends in
``obey_orders``: it reads one per line (JSON, with the file for what pytest prints as ``screen``) and answers each with
pytest's exit status. :class:`WarmProcess` is its other end.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

from pytest_graphcalls.report import run_document
from pytest_graphcalls.sanitize import Cleaned, CleanedJson
from tests.environment import clean, read_installed_once

ROOT = Path(__file__).parents[2]
PLUGINS = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "pytest_graphcalls.plugin,pytest_recording.plugin",
}
"""Only what the suite needs: looking for others is a seventh of a short run."""

LEAN = ("-s", *(f"-pno:{name}" for name in ("cacheprovider", "faulthandler", "logging", "threadexception")))
LEAN += ("-pno:unraisableexception", "-pno:warnings")
"""Switches off what pytest does around each part of each test, and what rules and nights do not depend on."""


class WarmProcess:
    """A process that obeys the orders of a module.

    Args:
        module: the module's name.
        folder: an empty folder to run in, so that no project's settings are found.
    """

    def __init__(self, module: str, folder: Path) -> None:
        self._module = module
        self.folder = folder
        (folder / "pytest.ini").write_text("[pytest]\n")

    def __enter__(self) -> Self:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            cwd=self.folder,
            env={**clean(), "PYTHONPATH": path, **PLUGINS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def order(self, screen: Path, **facts: Any) -> int:
        """Have one order carried out, and give pytest's exit status; what it prints goes to ``screen``."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps({**facts, "screen": str(screen)}), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, f"the runner has died; it printed:\n{screen.read_text()}"
        return int(answer)


def plain_reports() -> AbstractContextManager[object]:
    """Reports are written unredacted meanwhile: that is a quarter of a short run, and no matter of the rules."""
    unread = {"clean": lambda text: Cleaned((), text), "clean_json": lambda facts: CleanedJson((), facts)}
    return mock.patch.multiple(run_document, _json=json.dumps, **unread)


def obey_orders(obey: Callable[[Mapping[str, Any]], int], answers_to: int | None = None) -> None:
    """Obey until there are no more orders; what is printed meanwhile goes to each order's own file.

    Args:
        obey: carries out one order, and gives the exit status.
        answers_to: file descriptor that the answers go to, by default that of standard output.
    """
    read_installed_once()
    gc.set_threshold(100_000, 50, 100)  # looking for garbage as often as ever is a tenth of a run
    with os.fdopen(os.dup(1) if answers_to is None else answers_to, "w") as answers:
        for line in sys.stdin:
            order = json.loads(line)
            with Path(order["screen"]).open("w") as screen:
                for number in (1, 2):
                    os.dup2(screen.fileno(), number)
                status = obey(order)
                sys.stdout.flush()
            print(status, file=answers, flush=True)
            gc.freeze()  # pytest collects garbage at the end of each run, and what is loaded by now is none
