"""Runs the packaged suite again and again in one warm process, each time on a simulator that deviates."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.effort import EFFORT
from tests.proof.deviations import DEVIATIONS
from tests.proof.process import SomeTests, WarmProcess, obey_orders, plain_reports
from tests.proof.reach import Reach, reached, some_of

REACH = "reach.json"
"""File in a runner's folder: by node id, what the test calls and sends."""

ARGUMENTS = ("--pyargs", "pytest_graphcalls.contracts", "-q", "-p", "no:cacheprovider", "-p", "no:unraisableexception")
"""What every run is started with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run.

    Attributes:
        status: pytest's exit status.
        report: the JSON report.
        screen: what pytest printed.
    """

    status: int
    report: Mapping[str, Any]
    screen: str

    def rules(self, status: str) -> set[str]:
        """Ids of the rules that the report says this of, in any version."""
        return {rule["id"] for rule in self.report["rules"] if rule["status"] == status}

    def failed_tests_of(self, rule: str) -> list[str]:
        """The rule's own tests that failed."""
        return [
            test["nodeid"] for test in self.report["tests"] if rule in test["rules"] and test["outcome"] == "broken"
        ]


class Runner(WarmProcess):
    """A process that runs the suite on request.

    Args:
        folder: an empty folder to run in, so that no project's settings are found.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(__name__, folder)

    @cached_property
    def undeviating(self) -> Outcome:
        """The outcome of the whole suite, in both versions, on a simulator that does not deviate."""
        return self._run("both")

    @cached_property
    def _reach(self) -> dict[str, list[str]]:
        assert self.undeviating.status == 0
        found: dict[str, list[str]] = json.loads((self.folder / REACH).read_text())
        return found

    def run(self, rule: str, version: str, turn: int) -> Outcome:
        """Run some of the tests that the deviation from ``rule`` can reach; all tests under ``make search``."""
        tests = None if EFFORT else self._selected(rule, version, turn)
        return self._run(version, rule=rule, tests=tests)

    def _selected(self, rule: str, version: str, turn: int) -> list[str]:
        asked = {
            test["nodeid"]: test["rules"] for test in self.undeviating.report["tests"] if test["version"] == version
        }
        tests = [test for test in reached(DEVIATIONS[rule].apply, self._reach) if test in asked]
        return some_of(tests, [test for test in tests if rule in asked[test]], self._reach, turn)

    def _run(self, version: str, **facts: Any) -> Outcome:
        report, screen = self.folder / "report.json", self.folder / "screen.txt"
        report.unlink(missing_ok=True)
        arguments = [*ARGUMENTS, f"--graphcalls-version={version}", f"--graphcalls-report={report}"]
        status = self.order(screen, arguments=arguments, **facts)
        return Outcome(status, json.loads(report.read_text()), screen.read_text())


class Deviant(SomeTests):
    """The plugin that makes every simulator of a run deviate.

    Args:
        rule: id of the rule that it breaks.
        tests: node ids of the tests to run; all by default.
    """

    def __init__(self, rule: str, tests: Collection[str] | None) -> None:
        super().__init__(tests=tests)
        self._deviation = DEVIATIONS[rule]

    def pytest_graphcalls_simulator(self, simulator: Any) -> None:
        self._deviation.apply(simulator)


def obey(order: Mapping[str, Any]) -> int:
    """Carry out one order: a run that deviates from a rule, or one that records what each test reaches."""
    arguments: list[str] = order["arguments"]
    if "rule" in order:
        with plain_reports():
            return int(pytest.main(arguments, plugins=[Deviant(order["rule"], order["tests"])]))
    reach = Reach()
    status = int(pytest.main(arguments, plugins=[reach]))
    Path(REACH).write_text(json.dumps({test: sorted(names) for test, names in reach.tests.items()}))
    return status


if __name__ == "__main__":
    obey_orders(obey)
