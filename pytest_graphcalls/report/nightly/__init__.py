"""What a night comes to, for people and for programs: a page, a summary, a document and SARIF.

Nothing here finds anything: a :class:`~pytest_graphcalls.drift.Verdict` and its history come in, text goes out. All
of it is made from one document, which is redacted once more, and all of it passes the leak scan.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_graphcalls.drift import Entry, FactRow, Night, Verdict
from pytest_graphcalls.report.nightly.document import document, put
from pytest_graphcalls.report.nightly.sarif import sarif
from pytest_graphcalls.report.nightly.summary import summary

__all__ = ["DOCUMENT", "PAGE", "SARIF", "SUMMARY", "document", "write"]

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
) -> list[Path]:
    """Write the reports of a night: all of them, or none.

    Args:
        verdict: what the night comes to.
        nights: what the history keeps, oldest first; tonight, which is the last, is taken from ``verdict``.
        known: by fingerprint, every difference that the history keeps, each with its last sample.
        folder: where to; it is made when it is not there.
        facts: rows of the table of documentation, metadata and service.
        page: what the summary's links begin with: the page's name, or where a job has put it.

    Returns:
        The files.

    Raises:
        RecordingError: something would leak, or the folder takes no file. What was there is as it was.
    """
    from pytest_graphcalls.report.nightly import page as html  # it loads Jinja, which only a page needs

    data = document(verdict, facts)
    texts = {
        DOCUMENT: _json(data),
        PAGE: html.page(
            verdict, data, [*(night for night in nights if night.id != verdict.night.id), verdict.night], known
        ),
        SUMMARY: summary(data, page),
        SARIF: _json(sarif(data)),
    }
    return put(folder, texts, ours=html.digests())


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"
