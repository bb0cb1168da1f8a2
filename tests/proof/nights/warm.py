"""Runs the suite for nights in one warm process: loading the contract takes longer than a few tests."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_graphcalls.nightly import SuiteRequest, SuiteRun
from pytest_graphcalls.nightly.suite import OnProgress
from tests.proof.process import LEAN, WarmProcess, obey_orders, plain_reports


class Warm(WarmProcess):
    """A process that runs the suite when a night asks for it.

    Args:
        folder: an empty folder to run in, so that no project's settings are found.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(__name__, folder)
        self.drift = -1
        """Number of the drift in force, or -1."""
        self.modules: tuple[str, ...] = ()
        """Modules that a whole run has; all by default."""
        self.days = 0
        """Days by which the simulators' clocks start later."""
        self.tests = 0
        """How many runs there were so far."""

    def run(self, order: SuiteRequest, progress: OnProgress) -> SuiteRun:
        """See :meth:`.SuiteRunner.run`; a drift is in force in the runs it names."""
        del progress
        screen = order.folder / "screen.txt"
        status = self.order(
            screen,
            arguments=order.arguments(),
            environment=order.prepare({}),
            modules=self.modules,
            drift=self.drift,
            run=int(order.folder.name),
            days=self.days,
        )
        self.tests += 1
        return SuiteRun.of(order, status, screen.read_text())


class Drifting:
    """The plugin that makes every simulator of a run drift, and start at a given time.

    If modules are named, they alone are collected: collecting all of the suite takes longer than a few of its tests.
    """

    def __init__(self, drift: int, run: int, days: int, modules: Sequence[str]) -> None:
        from tests.proof.nights.drifts import TABLE

        row = TABLE[drift] if drift >= 0 else None
        self._apply = row.apply if row and run in row.runs else None
        self._days = days
        self._modules = modules

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
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
    drifting = Drifting(order["drift"], order["run"], order["days"], order["modules"])
    with plain_reports():
        return int(pytest.main([*order["arguments"], *LEAN], plugins=[drifting]))


if __name__ == "__main__":
    obey_orders(obey)
