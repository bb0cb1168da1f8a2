"""Kills a process in the middle of its writes, again and again, and looks at what is left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import writing
from tests.unit.test_cassette_writing import PASSPORT, exchange

KILLS = 60
_WRITES = """
import sys
from pathlib import Path
from pytest_graphcalls import cassette
from tests.unit.test_cassette_writing import PASSPORT, exchange
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    cassette.write(path, [exchange()] * 200, PASSPORT, before=cassette.state(path))
"""


def killed(folder: Path, kills: int = KILLS) -> list[str]:
    """What was wrong after one of the kills: a cassette that is not whole, a lock still held, a draft left behind."""
    path, wrong = folder / "one.yaml", []
    cassette.write(path, [exchange()], PASSPORT)
    writing.WAIT = 0.0
    for number in range(kills):
        process = subprocess.Popen([sys.executable, "-c", _WRITES, str(path)], stdout=subprocess.PIPE, env=_environ())
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.Random(number).uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if cassette.opened(path).edited:
            wrong.append(f"kill {number}: the cassette is not as it was written")
        cassette.write(path, [exchange()], PASSPORT, before=cassette.state(path))
        left = sorted(one.name for one in folder.iterdir() if one != path)
        if left:
            wrong.append(f"kill {number}: left behind {', '.join(left)}")
    return wrong


def _environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
