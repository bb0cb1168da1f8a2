"""CPU seconds of the project's own tests by folder, in one process each; it takes as long as they do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from tests.bench.measure import Figure, at_most

TESTS = Path(__file__).parents[1]
LEFT_OUT = {"bench", "browser", "clients"}
"""The folders that ``make test`` omits."""


def figures() -> Iterator[Figure]:
    """Each folder in a run of its own, its processes included; a busy machine takes more of them for the same work."""
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    chosen = sorted({Path(*folder.parts[:1]) for folder in folders if folder.parts[0] not in LEFT_OUT})
    total = 0.0
    for folder in chosen:
        before = _seconds()
        command = [sys.executable, "-m", "pytest", "-q", str(TESTS / folder)]
        done = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
        spent = _seconds() - before
        total += spent
        yield Figure(f"tests/{folder}", f"{spent:.1f} s", done.stdout.strip().splitlines()[-1][:60])
    yield at_most("all of them", total, 300, unit="s")


def _seconds() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
