"""The CPU time that the installed plugin adds to a pytest run that does not use it."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.bench.measure import Figure, ratio

NEIGHBOURS = {
    "pytest-httpx": ("pytest_httpx", "pytest_httpx"),
    "respx": ("respx", "respx.plugin"),
    "schemathesis": ("schemathesis", "schemathesis.pytest.plugin"),
}
"""Distribution, module to look for, module to load with ``-p``."""
EMPTY = "empty_plugin"
"""A plugin that does nothing."""
OURS = "pytest-graphcalls"
GOAL = 2.0
"""Percent of the CPU time of an empty run that the plugin may add."""
PAIRS = 25


def _run(folder: Path, plugin: str) -> Callable[[], float]:
    # Bytecode that may not be kept would be compiled anew in every run.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-p", plugin, str(folder)]

    def cpu_seconds() -> float:
        before = _children()
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return _children() - before

    return cpu_seconds


def _children() -> float:
    """CPU seconds of the child processes that have ended: other load of the machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _alternating(one: Callable[[], float], other: Callable[[], float]) -> tuple[list[float], list[float]]:
    """The CPU seconds of :data:`PAIRS` pairs of processes; which of a pair comes first alternates."""
    one()
    other()
    pairs = []
    for number in range(PAIRS):
        first, second = (one, other) if number % 2 else (other, one)
        times = {run: run() for run in (first, second)}
        pairs.append((times[one], times[other]))
    alone, measured = zip(*pairs, strict=True)
    return list(alone), list(measured)


def figures() -> Iterator[Figure]:
    """One trivial test, whole processes, each plugin alone against a plugin that does nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
        # For -p pytest looks through every installed distribution, which it does in ordinary runs anyway.
        (folder / f"{EMPTY}.py").write_text("")
        plugins = {OURS: "pytest_graphcalls.plugin"}
        plugins |= {name: plugin for name, (module, plugin) in NEIGHBOURS.items() if find_spec(module)}
        for name, plugin in plugins.items():
            alone, measured = _alternating(_run(folder, EMPTY), _run(folder, plugin))
            if name == OURS:
                yield Figure(
                    "CPU time of a pytest run with one trivial test", f"{statistics.median(alone) * 1e3:.0f} ms"
                )
            added = (ratio(measured, alone) - 1) * 100
            goal = (f"at most {GOAL:g} %", added <= GOAL) if name == OURS else ("", None)
            yield Figure(f"  added by {name}, installed and unused", f"{added:+.1f} %", *goal)
