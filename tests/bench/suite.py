"""The packaged contract suite on the simulator, both versions, beside as many empty tests."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Figure, at_most, in_turns, ratio

SUITE = ["--pyargs", "pytest_graphcalls.contracts"]
QUIET = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly"]


def figures() -> Iterator[Figure]:
    """Whole processes in turns: the suite and empty tests, in one process and in two."""
    with tempfile.TemporaryDirectory() as name:
        count = _run(*SUITE, folder=name)
        lines = "import pytest\n@pytest.mark.parametrize('n', range({}))\ndef test_nothing(n):\n    pass\n"
        (Path(name) / "test_empty.py").write_text(lines.format(count))
        candidates = {
            "suite": lambda: _run(*SUITE, folder=name),
            "replay": lambda: _run(*SUITE, "--graphcalls-target=replay", folder=name),
            "suite -n 2": lambda: _run(*SUITE, "-n", "2", folder=name),
            "empty": lambda: _run("test_empty.py", folder=name),
        }
        times = in_turns(candidates, times=1, rounds=5, clock=time.perf_counter)
    yield at_most(f"{count} contract tests, two processes", statistics.median(times["suite -n 2"]), 5, unit="s")
    yield at_most(f"{count} contract tests, one process", statistics.median(times["suite"]), 5, unit="s")
    yield at_most("  replaying it, over the simulator", ratio(times["replay"], times["suite"]), 1.5, unit="x")
    yield Figure(f"{count} empty tests, one process", f"{statistics.median(times['empty']):.2f} s")
    yield Figure("  the suite over the empty tests", f"{ratio(times['suite'], times['empty']):.1f} x")


def _run(*arguments: str, folder: str) -> int:
    """Run pytest; return how many tests passed."""
    command = [sys.executable, "-m", "pytest", *QUIET, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    return int(passed[1])
