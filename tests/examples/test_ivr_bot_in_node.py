"""The IVR in Node: its own tests run against a server whose time stands still until they move it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

NODE = shutil.which("node")


@pytest.fixture
def server() -> Iterator[str]:
    words = ["-c", "from pytest_graphcalls.cli import main; main()", "serve", "--port", "0", "--frozen"]
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        yield re.findall(r"http://\S+", serving.stdout.readline())[0]
        serving.terminate()


@pytest.mark.skipif(NODE is None, reason="needs node, 18 or newer")
def test_the_bot_in_node_passes_its_own_tests(server: str) -> None:
    here = Path(__file__).parent
    run = subprocess.run(
        [NODE or "", "--test", "ivr_bot.test.mjs"],
        cwd=here,
        env={**os.environ, "GRAPHCALLS_URL": server},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
