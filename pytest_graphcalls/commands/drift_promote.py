"""``graphcalls drift promote``: tonight's recordings become what later nights are compared with."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from pytest_graphcalls.commands.leaks import secrets_of
from pytest_graphcalls.commands.text import show
from pytest_graphcalls.drift.remembered import remembered
from pytest_graphcalls.errors import DriftFileError
from pytest_graphcalls.nightly.promoting import promote as put
from pytest_graphcalls.nightly.publishing import CASSETTES, DOCUMENT
from pytest_graphcalls.nightly.settings import BASELINE, OUT, path_of
from pytest_graphcalls.report.words import counted


def promote(args: Namespace) -> int:
    """Make them the baseline.

    Args:
        args: ``out``, ``baseline``.

    Returns:
        0.

    Raises:
        SettingError: there are no recordings of a night, or they do not fit the baseline.
        RecordingError: one cannot be read, something would leak, or the disk refuses. The older baseline is as it was.
    """
    out = path_of(args.out, "GRAPHCALLS_OUT", OUT, os.environ)
    baseline = path_of(args.baseline, "GRAPHCALLS_BASELINE", BASELINE, os.environ)
    done = put(out / CASSETTES, baseline, secrets_of(os.environ))
    show(done.mended)
    show([f"{baseline} holds {counted(done.new, 'recording')} of tonight; the leak scan found nothing in them."])
    if done.kept:
        show([f"{counted(done.kept, 'older one')} stayed, because tonight has none of those tests."])
    if done.gone:
        show([f"{counted(done.gone, 'older one')} went, because the suite has no such test any more."])
    headline = _headline(out / DOCUMENT)
    if headline:
        # Whoever promotes a night with drift by mistake would never hear of it again.
        show([f"That night came to: {headline} What was recorded in it is what later nights expect from now on."])
    show([f"Commit {baseline}, or keep it where the next night finds it."])
    return 0


def _headline(verdict: Path) -> str:
    """What the night came to, or ``""`` after one without drift; recordings may have been taken along alone."""
    try:
        return remembered(verdict).headline
    except DriftFileError:
        return ""
