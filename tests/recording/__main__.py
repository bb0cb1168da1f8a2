"""Record the cassettes that are shipped: ``make record``, or ``python -m tests.recording [FOLDER]``.

The contract suite runs over real HTTP against the simulator, as it would against the service; what it sees is
redacted, scanned and written like any recording. Ids, pseudonyms and times are the same each time, so
that a change in the cassettes is a change in the simulator or the suite.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Pace, Simulator
from tests.environment import clean
from tests.recording import unrecorded

ROOT = Path(__file__).parents[2]
KEY = "shipped with pytest-graphcalls"
"""No secret: there is nobody behind these pseudonyms."""


CLOSED = "nobody_has"
"""In the names of the tests that ask for people and meetings which do not exist; to all others every one does."""
BETWEEN_REQUESTS = 0.25
"""Seconds of the simulator's time from one request to the next."""


def record(folder: Path, *more: str) -> int:
    """Record into ``folder``; gives pytest's exit status. ``more`` are arguments for pytest."""
    simulator = Simulator(pace=Pace(establish=0.0, ring=0.5))
    simulator.observe(lambda _: simulator.advance(BETWEEN_REQUESTS))
    token = simulator.authority.token(lifetime=24 * 3600.0)
    with serve_in_thread(SimulatorApp(simulator, frozen=True)) as url:
        return max(_record(simulator, url, token, folder, which, *more) for which in (f"not {CLOSED}", CLOSED))


def _record(simulator: Simulator, url: str, token: str, folder: Path, which: str, *more: str) -> int:
    simulator.open_directory = which != CLOSED
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--pyargs", "pytest_graphcalls.contracts", "-q"),
            *("-k", which, "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider"),
            *(f"--deselect={test}" for test in unrecorded()),
            *(f"--graphcalls-target={url}", f"--graphcalls-cassettes={folder.resolve()}", "--record-mode=rewrite"),
            *more,
        ],
        cwd=ROOT / "contracts",  # in ROOT pytest loads tests/conftest.py, which clears the environment
        env={**clean(), "GRAPHCALLS_TOKEN": token, "GRAPHCALLS_REDACTION_KEY": KEY},
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(record(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "cassettes"), *sys.argv[2:]))
