"""Runs the packaged suite again and again, each time on a simulator that deviates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.effort import EFFORT
from tests.proof.deviations import DEVIATIONS
from tests.proof.reach import Covers, Reach, reached
from tests.proof.session import InSession, Outcome, Run, obey_in_session

REACH = "reach.json"
"""File in a runner's folder: by node id, what the test calls and sends."""


class Runner(InSession):
    """A process that runs the suite on request.

    Args:
        folder: an empty folder to run in, so that no project's settings are found.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(__name__, folder)

    @cached_property
    def _reach(self) -> dict[str, list[str]]:
        assert self.whole.status == 0
        found: dict[str, list[str]] = json.loads((self.folder / REACH).read_text())
        return found

    @cached_property
    def _covers(self) -> Covers:
        return Covers(self._reach)

    def run(self, rule: str, version: str, turn: int) -> Outcome:
        """Run some of the tests that the deviation from ``rule`` can reach; all tests under ``make search``."""
        asked = {test["nodeid"]: test["rules"] for test in self.whole.report["tests"] if test["version"] == version}
        if EFFORT:
            return self.run_tests([*asked], rule=rule)
        tests = [test for test in reached(DEVIATIONS[rule].apply, self._reach) if test in asked]
        own = [test for test in tests if rule in asked[test]]
        return self.run_tests(self._covers.some_of(tests, own, turn), rule=rule)


class Deviant:
    """The plugin that makes every simulator of a run deviate from a rule."""

    def __init__(self, rule: str) -> None:
        self._deviation = DEVIATIONS[rule]

    def pytest_graphcalls_simulator(self, simulator: Any) -> None:
        self._deviation.apply(simulator)


def obey(order: Mapping[str, Any], run: Run) -> int:
    """Carry out one order: a run that deviates from a rule, or one that notes what each test reaches."""
    if "rule" in order:
        return run(Deviant(order["rule"]))
    reach = Reach()
    status = run(reach)
    Path(REACH).write_text(json.dumps({test: sorted(names) for test, names in reach.tests.items()}))
    return status


if __name__ == "__main__":
    obey_in_session(obey)
