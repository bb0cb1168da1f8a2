"""What a run has to say, worded for a screen, for people and for programs.

Nothing here finds anything: a :class:`~pytest_graphcalls.session.Run` comes in, text goes out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_graphcalls.report.document import document
from pytest_graphcalls.report.markdown import markdown
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
    problems = {file: _replace(file, _FORMATS[file.suffix](facts)) for file in files}
    lines = [
        f"the report {file} was not written: {problem}" if problem else f"report written to {file}"
        for file, problem in problems.items()
    ]
    return lines, not any(problems.values())


def _replace(file: Path, text: str) -> str:
    """Write beside and rename, so that nobody reads half a report; gives what went wrong, or ``""``."""
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(file)
    except OSError as error:
        with suppress(OSError):  # a file system that takes no file gives none back either
            beside.unlink(missing_ok=True)
        return f"{error.strerror or error}."
    return ""
