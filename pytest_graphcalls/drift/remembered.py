"""What the last verdict, as it was written, says of its differences: enough to accept one of them, or to prune."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_graphcalls.drift.difference import Difference
from pytest_graphcalls.drift.verdict import Outcome
from pytest_graphcalls.errors import DriftFileError
from pytest_graphcalls.parsing import UnreadableError, content, json_value

FILE = "graphcalls-nightly/verdict.json"
"""Where the last verdict lies unless told otherwise."""
_RUN_FIRST = "Run 'graphcalls nightly' first, or name the verdict with --verdict."


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last verdict.

    Attributes:
        differences: by fingerprint; those that are accepted or flaky included.
        complete: whether everything that decides was looked at.
        headline: what the night came to, in a few words, or ``""``: it had no drift, or it is no verdict of a night.
    """

    differences: Mapping[str, Difference]
    complete: bool
    headline: str = ""


def remembered(path: Path) -> Remembered:
    """Read a verdict, whatever else is in it.

    Args:
        path: the JSON file.

    Raises:
        DriftFileError: there is none, or it is something else.
    """
    try:
        data = json_value(content(path).decode("utf-8"))
    except FileNotFoundError:
        raise DriftFileError(str(path), 0, f"there is no such file. {_RUN_FIRST}") from None
    except OSError as error:
        raise DriftFileError(str(path), 0, f"cannot be read: {error.strerror}. {_RUN_FIRST}") from None
    except UnreadableError as error:
        raise DriftFileError(str(path), error.line, f"{error.problem} {_RUN_FIRST}") from None
    except UnicodeDecodeError:
        raise DriftFileError(str(path), 0, f"is not UTF-8. {_RUN_FIRST}") from None
    try:
        return _read(data)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise DriftFileError(str(path), 0, f"is not a verdict of this version. {_RUN_FIRST}") from None


def _read(data: Any) -> Remembered:
    # The fingerprint as it was written: texts in a verdict are masked, which may have changed one of them.
    found = {one["fingerprint"]: Difference.from_json(one) for one in data["differences"]}
    open_ = any(one.get("decides", True) for one in data["unchecked"])
    outcome = Outcome(data["outcome"])
    unchecked = outcome is Outcome.COULD_NOT_CHECK or open_
    headline = "" if outcome is Outcome.NO_DRIFT else data.get("headline", "")
    # What metadata or pages alone have shown says nothing of what else was accepted.
    return Remembered(found, "night" in data and not unchecked, headline)
