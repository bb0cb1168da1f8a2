"""What tests of the contract's files need."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pytest


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A copy of the packaged contract to damage."""
    copy = tmp_path / "contracts"
    shutil.copytree(
        str(files("pytest_graphcalls.contracts")), copy, ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    return copy
