"""What a run has to say, worded for a screen, for people and for programs.

Nothing here finds anything: a :class:`~pytest_graphcalls.session.Run` comes in, text goes out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_graphcalls.atomic import put
from pytest_graphcalls.report.markdown import markdown
from pytest_graphcalls.report.run_document import document
from pytest_graphcalls.session import Run

__all__ = ["write"]


def _json(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


_FORMATS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {".json": _json, ".md": markdown}


def write(run: Run, files: Iterable[Path]) -> tuple[list[str], bool]:
    """Write the report to each of ``files``, in the form that its suffix names.

    Returns:
        What to tell the user, a line for each file, and whether all of them were written.
    """
    facts = document(run, datetime.now(UTC))
    problems = {file: _put(file, _FORMATS[file.suffix](facts)) for file in files}
    lines = [
        f"the report {file} was not written: {problem}" if problem else f"report written to {file}"
        for file, problem in problems.items()
    ]
    return lines, not any(problems.values())


def _put(file: Path, text: str) -> str:
    """Write the file; gives what went wrong, or ``""``."""
    try:
        put({file: text})
    except OSError as error:
        return f"{error.strerror or error}."
    return ""
