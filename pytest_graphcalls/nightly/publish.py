"""Puts what a night has made into its folder: reports, recordings, and the tests as JUnit has them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_graphcalls.atomic import PART, put, replacing, usable
from pytest_graphcalls.drift import Verdict
from pytest_graphcalls.drift.fact_table import FactRow
from pytest_graphcalls.drift.history import History
from pytest_graphcalls.errors import RecordingError, SettingError
from pytest_graphcalls.nightly.recordings import cassettes
from pytest_graphcalls.nightly.suite import SuiteRequest
from pytest_graphcalls.sanitize import clean_xml

CASSETTES, JUNIT, DOCUMENT = "cassettes", "junit.xml", "verdict.json"
NIGHTS = 200
"""How many nights the page shows."""


def claim(out: Path) -> None:
    """Check that reports can be written there, before the suite runs.

    Raises:
        SettingError: they cannot, or other recordings are there.
    """
    problem = usable(out)
    if problem:
        raise SettingError("--out", str(out), "a folder that can be written", f"{problem} Name a different folder.")
    if (out / CASSETTES).exists() and not (out / DOCUMENT).is_file():
        step = f"The {CASSETTES} in it are not those of a night; name another folder."
        raise SettingError("--out", str(out), "a folder for the reports of nights", step)


def junit_of(request: SuiteRequest, masked: Counter[str]) -> str:
    """The tests as JUnit has them, without secrets, or ``""``.

    Args:
        request: of the run that has written them.
        masked: counts what the leak scan has masked, by kind.
    """
    try:
        text = request.junit.read_text(encoding="utf-8")
    except OSError:
        return ""
    safe = clean_xml(text, people=True)
    masked.update(safe.kinds)
    return safe.text


def publish(
    verdict: Verdict,
    history: History,
    out: Path,
    recordings: Path | None,
    junit: str,
    facts: Iterable[FactRow] = (),
    masked: Counter[str] | None = None,
) -> Sequence[Path]:
    """Put everything into ``out``.

    Args:
        verdict: what the night comes to; it is in the history already.
        history: what the page shows beside it.
        out: the folder.
        recordings: tonight's, or ``None``: then those of an earlier night stay.
        junit: the tests as JUnit has them, or ``""``.
        facts: where documentation, metadata and service disagree.
        masked: counts what the leak scan has masked, by kind; what it counts already is said in the reports.

    Returns:
        What was written.

    Raises:
        RecordingError: the disk refuses; what was there is as it was.
        DriftFileError: the history cannot be read.
    """
    from pytest_graphcalls.report import nightly as report

    written: list[Path] = []
    try:
        if recordings is not None and recordings.is_dir():
            written.append(_recorded(recordings, out / CASSETTES))
        if junit:
            put({out / JUNIT: junit})
            written.append(out / JUNIT)
    except OSError as error:
        problem = f"cannot be written: {error.strerror or error}. What was there is as it was."
        raise RecordingError(str(out), 0, problem) from None
    shown = report.write(verdict, history.nights(NIGHTS), history.known(), out, facts=facts, masked=masked)
    return [*shown, *written]


def _recorded(recordings: Path, folder: Path) -> Path:
    """Copy the recordings, without those that the leak scan has refused."""
    with replacing(folder) as new:
        shutil.copytree(recordings, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*.lock", f".*{PART}"))
        for one in cassettes(recordings, that_have="refused:"):
            if one.passport is not None and one.passport.refused:
                (new / one.path.relative_to(recordings)).unlink()
    return folder
