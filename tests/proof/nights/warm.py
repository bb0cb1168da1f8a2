"""Runs the suite for nights in one warm process: loading the contract takes longer than a few tests.

``python -m tests.proof.nights.warm`` reads one order per line and answers each with pytest's exit status;
:class:`Warm` is its other end, and a runner of nights.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pytest_graphcalls.nightly import Order, Ran
from pytest_graphcalls.nightly.suite import Tell

ROOT = Path(__file__).parents[3]


class Warm:
    """A process that runs the suite when a night asks for it.

    Args:
        folder: an empty folder to run in, so that no project's settings are found.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "pytest.ini").write_text("[pytest]\n")
        self.drift = -1
        """Number of the drift in force, or -1."""
        self.modules: tuple[str, ...] = ()
        """Modules that a whole run has; all by default."""
        self.days = 0
        """Days by which the simulators' clocks start later."""
        self.tests = 0
        """How many runs there were so far."""

    def __enter__(self) -> Self:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GRAPHCALLS_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=self._folder,
            env={**clean, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, order: Order, tell: Tell) -> Ran:
        """See :meth:`.Runner.run`; a drift is in force in the runs it names."""
        del tell
        screen = order.folder / "screen.txt"
        data = {
            "arguments": order.arguments(),
            "environment": order.prepare({}),
            "modules": self.modules,
            "screen": str(screen),
            "drift": self.drift,
            "run": int(order.folder.name),
            "days": self.days,
        }
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(data), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, f"the runner has died; it printed:\n{screen.read_text()}"
        self.tests += 1
        return Ran.of(order, int(answer), screen.read_text())


class Drifting:
    """The plugin that makes every simulator of a run drift, and start when it is told to."""

    def __init__(self, drift: int, run: int, days: int, modules: Sequence[str]) -> None:
        from tests.proof.nights.drifts import TABLE

        row = TABLE[drift] if drift >= 0 else None
        self._apply = row.apply if row and run in row.runs else None
        self._days = days
        self._modules = modules

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        # Collecting the whole suite takes longer than a few of its tests.
        other = collection_path.name.startswith("test_") and collection_path.stem not in self._modules
        return True if self._modules and other else None

    def pytest_graphcalls_simulator(self, simulator: Any) -> None:
        if self._days:
            start: datetime = simulator.clock.start
            simulator.clock.__init__(start + timedelta(days=self._days, seconds=self._days * 7))
        if self._apply is not None:
            self._apply(simulator)


def obey(order: Mapping[str, Any]) -> int:
    """Carry out one order."""
    import pytest

    os.environ.update(order["environment"])
    with Path(order["screen"]).open("w") as screen:
        for number in (1, 2):
            os.dup2(screen.fileno(), number)
        drifting = Drifting(order["drift"], order["run"], order["days"], order["modules"])
        status = int(pytest.main(order["arguments"], plugins=[drifting]))
        sys.stdout.flush()
        return status


def main() -> None:
    """Obey until there are no more orders."""
    with os.fdopen(os.dup(1), "w") as answers:
        for line in sys.stdin:
            print(obey(json.loads(line)), file=answers, flush=True)


if __name__ == "__main__":
    main()
