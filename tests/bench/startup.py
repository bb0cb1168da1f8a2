"""What having the plugin installed costs a pytest run that does not use it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.bench.measure import Figure, Work, in_turns

NEIGHBOURS = {
    "pytest-httpx": ("pytest_httpx", "pytest_httpx"),
    "respx": ("respx", "respx.plugin"),
    "schemathesis": ("schemathesis", "schemathesis.pytest.plugin"),
}
"""Distribution, module to look for, module to load with ``-p``."""
EMPTY = "empty_plugin"
"""A plugin that does nothing."""


def _run(folder: Path, *plugins: str) -> Work:
    # Bytecode that may not be kept would be compiled anew in every run.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = [word for plugin in plugins for word in ("-p", plugin)]
    command = [sys.executable, "-m", "pytest", "-q", *options, str(folder)]

    def work() -> None:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return work


def figures() -> Iterator[Figure]:
    """One trivial test, whole processes in turns, each plugin alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
        # For -p pytest looks through every installed distribution, which it does in ordinary runs anyway.
        (folder / f"{EMPTY}.py").write_text("")
        ours = _run(folder, "pytest_graphcalls.plugin")
        candidates = {"pytest alone": _run(folder, EMPTY), "pytest-graphcalls": ours}
        for neighbour, (module, plugin) in NEIGHBOURS.items():
            if find_spec(module):
                candidates[neighbour] = _run(folder, plugin)
        times = in_turns(candidates, times=1, rounds=15)
    alone = times.pop("pytest alone")
    yield Figure("a pytest run with one trivial test", f"{statistics.median(alone) * 1e3:.0f} ms")
    for plugin, measured in times.items():
        added = statistics.median(b - a for a, b in zip(alone, measured, strict=True)) * 1e3
        goal = ("at most 10 ms", added <= 10) if plugin == "pytest-graphcalls" else ("", None)
        yield Figure(f"  added by {plugin}, installed and unused", f"{added:+.1f} ms", *goal)
