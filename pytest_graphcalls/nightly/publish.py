"""Puts what a night has made into its folder: reports, recordings, and the tests as JUnit has them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from pytest_graphcalls.atomic import PART, beside, put, swap, usable
from pytest_graphcalls.drift import Unchecked, Verdict
from pytest_graphcalls.drift.fact_table import FactRow
from pytest_graphcalls.drift.history import History
from pytest_graphcalls.errors import RecordingError, SettingError
from pytest_graphcalls.leakscan import scan
from pytest_graphcalls.nightly.suite import Order
from pytest_graphcalls.redaction import mask, remembered

CASSETTES, JUNIT, DOCUMENT = "cassettes", "junit.xml", "verdict.json"
NIGHTS = 200
"""How many nights the page shows."""


def claim(out: Path) -> None:
    """Find out whether reports can be put there, before anything is run.

    Raises:
        SettingError: they cannot, or somebody else's recordings are there.
    """
    problem = usable(out)
    if problem:
        raise SettingError("--out", str(out), "a folder that can be written", f"{problem} Name another one.")
    if (out / CASSETTES).exists() and not (out / DOCUMENT).is_file():
        step = f"The {CASSETTES} in it are not those of a night; name another folder."
        raise SettingError("--out", str(out), "a folder for the reports of nights", step)


def junit_of(order: Order) -> tuple[str, Unchecked | None]:
    """The tests as JUnit has them, and why they are left out, if they are.

    What a failed test has printed is left out where it would leak: the report shows it redacted.
    """
    try:
        text = mask(order.junit.read_text(encoding="utf-8"))
    except OSError:
        return "", None
    if not _leaks(text):
        return text, None
    short = _without_prints(text)
    leaks = _leaks(short)
    if not leaks:
        return short, None
    reason = f"the leak scan has found {', '.join(leaks)} in it, so it was not written"
    return "", Unchecked(JUNIT, reason, decides=False)


def _leaks(text: str) -> list[str]:
    return sorted({leak.kind for leak in scan(text, known=remembered())})


def _without_prints(text: str) -> str:
    root = ET.fromstring(text)  # noqa: S314  pytest wrote it a moment ago
    for case in root.iter("testcase"):
        for one in list(case):
            if one.tag in {"system-out", "system-err"}:
                case.remove(one)
            elif one.tag in {"failure", "error", "skipped"}:
                one.text = None
                one.set("message", one.get("message", "").strip().partition("\n")[0])
    return f'<?xml version="1.0" encoding="utf-8"?>{ET.tostring(root, encoding="unicode")}'


def publish(
    verdict: Verdict,
    history: History,
    out: Path,
    recordings: Path | None,
    junit: str,
    facts: Iterable[FactRow] = (),
) -> Sequence[Path]:
    """Put everything into ``out``.

    Args:
        verdict: what the night comes to; it is in the history already.
        history: what the page shows beside it.
        out: the folder.
        recordings: tonight's, or ``None``: then those of an earlier night stay.
        junit: the tests as JUnit has them, or ``""``.
        facts: where documentation, metadata and service disagree.

    Returns:
        What was written.

    Raises:
        RecordingError: something would leak, or the disk refuses; what was there is as it was.
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
    return [*report.write(verdict, history.nights(NIGHTS), history.known(), out, facts=facts), *written]


def _recorded(recordings: Path, folder: Path) -> Path:
    new = beside(folder)
    try:
        shutil.copytree(recordings, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*.lock", f".*{PART}"))
        swap(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder
