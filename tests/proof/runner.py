"""Runs the packaged suite again and again in one warm process, each time on a simulator that deviates.

Starting Python and loading the contract takes longer than the suite itself. ``python -m tests.proof.runner``
therefore reads one order per line (JSON: the rule to deviate from or ``""``, pytest's arguments, a file for what
pytest prints) and answers each with pytest's exit status. :class:`Runner` is its other end.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
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


class Runner:
    """A process that runs the suite when it is told to.

    Args:
        folder: an empty folder to run in, so that no project's settings are found.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "pytest.ini").write_text("[pytest]\n")

    def __enter__(self) -> Self:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # Pytest's own switches, and those of a run around this one, are not meant for the runs in here.
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

    def run(self, rule: str, *versions: str) -> Outcome:
        """Run the suite on a simulator that deviates from ``rule`` (``""``: on one that does not)."""
        report, screen = self._folder / "report.json", self._folder / "screen.txt"
        report.unlink(missing_ok=True)
        chosen = versions[0] if len(versions) == 1 else "both"
        arguments = [*ARGUMENTS, f"--graphcalls-version={chosen}", f"--graphcalls-report={report}"]
        order = {"rule": rule, "arguments": arguments, "screen": str(screen)}
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, f"the runner has died; it printed:\n{screen.read_text()}"
        return Outcome(int(answer), json.loads(report.read_text()), screen.read_text())


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

    with Path(order["screen"]).open("w") as screen:
        for number in (1, 2):
            os.dup2(screen.fileno(), number)
        arguments: Sequence[str] = order["arguments"]
        status = int(pytest.main(list(arguments), plugins=[Deviant(order["rule"])]))
        sys.stdout.flush()
        return status


def main() -> None:
    """Obey until there are no more orders."""
    with os.fdopen(os.dup(1), "w") as answers:
        for line in sys.stdin:
            print(obey(json.loads(line)), file=answers, flush=True)
            gc.freeze()  # pytest collects garbage at the end of each run, and what is loaded by now is none


if __name__ == "__main__":
    main()
