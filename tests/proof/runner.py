"""Runs the packaged suite again and again in one warm process, each time on a simulator that deviates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.proof.process import WarmProcess, obey_orders

ARGUMENTS = (
    "--pyargs",
    "pytest_graphcalls.contracts",
    "-q",
    *(word for name in ("randomly", "cacheprovider", "hypothesispytest", "xdist") for word in ("-p", f"no:{name}")),
)
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
    """A process that runs the suite when it is told to.

    Args:
        folder: an empty folder to run in, so that no project's settings are found.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(__name__, folder)

    def run(self, rule: str, *versions: str) -> Outcome:
        """Run the suite on a simulator that deviates from ``rule`` (``""``: on one that does not)."""
        report, screen = self.folder / "report.json", self.folder / "screen.txt"
        report.unlink(missing_ok=True)
        chosen = versions[0] if len(versions) == 1 else "both"
        arguments = [*ARGUMENTS, f"--graphcalls-version={chosen}", f"--graphcalls-report={report}"]
        status = self.order(screen, rule=rule, arguments=arguments)
        return Outcome(status, json.loads(report.read_text()), screen.read_text())


class Deviant:
    """The plugin that makes every simulator of a run deviate; empty for a run that does not."""

    def __init__(self, rule: str) -> None:
        from tests.proof.deviations import DEVIATIONS

        self._deviation = DEVIATIONS[rule] if rule else None

    def pytest_graphcalls_simulator(self, simulator: Any) -> None:
        if self._deviation is not None:
            self._deviation.apply(simulator)


def obey(order: Mapping[str, Any]) -> int:
    """Carry out one order."""
    import pytest

    arguments: list[str] = order["arguments"]
    return int(pytest.main(arguments, plugins=[Deviant(order["rule"])]))


if __name__ == "__main__":
    obey_orders(obey)
