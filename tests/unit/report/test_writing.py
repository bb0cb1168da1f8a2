"""A report is written whole or not at all, and the user reads which of both."""

from __future__ import annotations

import errno
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls import atomic
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.report import write
from pytest_graphcalls.session import Run


def test_a_folder_that_takes_no_file_gives_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the half-written file cannot be taken away again."""

    def refuse(path: Path, **facts: Any) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(atomic, "hold", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    file = tmp_path / "report.json"
    run = Run(Contract.packaged(), target="simulator", versions=("v1.0",), strict=False, seed=0)
    assert write(run, [file], Counter()) == ([f"the report {file} was not written: Read-only file system."], False)
