"""@microsoft/microsoft-graph-client with @azure/identity, and Microsoft's validators of notifications in JavaScript."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.programs import Command

OLDEST = 20
"""The first version of node that all of the packages take."""
HERE = Path(__file__).parent
PACKAGES = HERE.parents[2] / "build" / "clients" / "javascript" / "node_modules"
"""Where `make test-sdk-js` puts what `package.json` names."""


def node(program: str) -> Command:
    """The command for a program beside this file; skips the test where something is missing."""
    found = shutil.which("node") and subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    if not found or int(found[1:].partition(".")[0]) < OLDEST:
        pytest.skip(f"needs node, {OLDEST} or newer; found {found.strip() if found else 'none'}")
    if not PACKAGES.is_dir():
        missing = "" if shutil.which("npm") else ", which needs npm"
        pytest.skip(f"needs the packages of package.json: run 'make test-sdk-js'{missing}")
    return ["env", f"NODE_PATH={PACKAGES}", "node", HERE / program]
