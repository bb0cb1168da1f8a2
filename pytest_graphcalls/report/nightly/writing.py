"""Writes the reports of a night: all of them, or none, and without secrets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_graphcalls import atomic
from pytest_graphcalls.drift import Entry, FactRow, Night, Verdict
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.report.nightly.document import document
from pytest_graphcalls.report.nightly.sarif import sarif
from pytest_graphcalls.report.nightly.summary import summary
from pytest_graphcalls.sanitize import clean

DOCUMENT, PAGE, SUMMARY, SARIF = "verdict.json", "report.html", "summary.md", "verdict.sarif"
"""The files of a night."""


def write(
    verdict: Verdict,
    nights: Sequence[Night],
    known: Mapping[str, Entry],
    folder: Path,
    *,
    facts: Iterable[FactRow] = (),
    page: str = PAGE,
    masked: Counter[str] | None = None,
) -> list[Path]:
    """Write the reports of a night: all of them, or none.

    Args:
        verdict: what the night comes to.
        nights: what the history keeps, oldest first; tonight, which is the last, is taken from ``verdict``.
        known: by fingerprint, every difference that the history keeps, each with its last sample.
        folder: where to; it is made when it is not there.
        facts: rows of the table of documentation, metadata and service.
        page: what the summary's links begin with: the page's name, or where a job has put it.
        masked: counts what the leak scan has masked, by kind; what it counts already is said in the reports.

    Returns:
        The files.

    Raises:
        RecordingError: the folder takes no file. What was there is as it was.
    """
    from pytest_graphcalls.report.nightly.page import constant_parts, page_of  # it loads Jinja, which only a page needs

    data = document(verdict, facts, masked)
    texts = {
        DOCUMENT: _json(data),
        PAGE: page_of(
            verdict, data, [*(night for night in nights if night.id != verdict.night.id), verdict.night], known
        ),
        SUMMARY: summary(data, page),
        SARIF: _json(sarif(data)),
    }
    return put(folder, texts, ours=constant_parts(), masked=masked)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def put(
    folder: Path, texts: Mapping[str, str], *, ours: Collection[str] = (), masked: Counter[str] | None = None
) -> list[Path]:
    """Write each of ``texts`` under its name, beside the older one first, and then in its place.

    What still looks like a secret is masked where it stands: a report with a hole is better than none.

    Args:
        folder: where to; it is made when it is not there.
        texts: by name of the file.
        ours: what is left as it is: the package's own files, and their digests, which look like secrets.
        masked: counts what the leak scan has masked, by kind.

    Raises:
        RecordingError: the folder takes no file; the older files are as they were.
    """
    safe = {folder / name: _clean(text, ours, masked) for name, text in texts.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.put(safe)
    except OSError as error:
        why = error.strerror or error
        problem = f"the report cannot be written there: {why}. What was there is as it was; name another folder."
        raise RecordingError(str(folder), 0, problem) from error
    return [folder / name for name in texts]


def _clean(text: str, ours: Collection[str], masked: Counter[str] | None) -> str:
    for own in ours:
        if own in text:
            return own.join(_clean(piece, ours, masked) for piece in text.split(own))
    safe = clean(text, people=True)
    if masked is not None:
        masked.update(safe.kinds)
    return safe.text
