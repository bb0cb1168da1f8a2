"""Record the cassettes that are shipped: ``make record``, or ``python -m tests.recording [FOLDER]``.

The contract suite runs over real HTTP against the simulator, as it would against the service; what it sees is
redacted, scanned and written like any recording. A cassette that differs from the shipped one in ids, pseudonyms and
times alone is left as it is, so that a change in the cassettes is a change in the simulator or the suite.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Pace, Simulator
from tests.environment import clean
from tests.recording import unrecorded

ROOT = Path(__file__).parents[2]
KEY = "shipped with pytest-graphcalls"
"""No secret: there are no people behind these pseudonyms."""


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


def replace_changed(folder: Path, recorded: Path) -> list[Path]:
    """Bring ``folder`` in step with the cassettes in ``recorded``; gives those written or removed, relative to it.

    Files that say the same under other ids, pseudonyms and times are kept; those of removed tests are removed.
    """
    old, new = ({path.relative_to(top) for path in top.rglob("*.yaml")} for top in (folder, recorded))
    changed = sorted(one for one in new if one not in old or _sense(folder / one) != _sense(recorded / one))
    for one in changed:
        (folder / one).parent.mkdir(parents=True, exist_ok=True)
        (folder / one).write_bytes((recorded / one).read_bytes())
    for one in old - new:
        (folder / one).unlink()
    return [*changed, *sorted(old - new)]


IDS = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<![0-9a-f])(?:[0-9a-f]{8}){1,4}(?![0-9a-f])")
"""Ids and pseudonyms; which of them are the same is part of what a recording says."""
TIMES = re.compile(
    r"(?m)^  (?:digest|recorded): .*$|\b\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT|\d{4}-\d\d-\d\dT[\d:.]{8,}Z?"
)
"""Times, and the seal of the passport; whether two requests fall into one second is chance."""


def _sense(path: Path) -> str:
    """The text of a cassette without times, and with each id replaced by the number of its first appearance."""
    numbers: dict[str, str] = {}
    text = TIMES.sub("<time>", path.read_text(encoding="utf-8"))
    return IDS.sub(lambda found: numbers.setdefault(found[0], f"<{len(numbers)}>"), text)


def main() -> int:
    """Record the shipped cassettes anew, or all of them into the folder that the first argument names."""
    if len(sys.argv) > 1:
        return record(Path(sys.argv[1]), *sys.argv[2:])
    with tempfile.TemporaryDirectory() as folder:
        failed = record(Path(folder))
        if not failed:
            changed = replace_changed(ROOT / "cassettes", Path(folder))
            print(*changed, f"{len(changed)} cassettes changed", sep="\n")
        return failed


if __name__ == "__main__":
    sys.exit(main())
