"""What pytest shows of our tests passes redaction first: failures with their local variables, captured output, logs.

Tests that use nothing of ours are shown as they are, except for the secrets that this run itself was given. What a
test prints past pytest (``-s``) goes where it wants.
"""

from __future__ import annotations

import linecache
import logging
import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_graphcalls.plugin.markers import PLAN_KEY

Mask = Callable[[str], str]
_ASKED = pytest.StashKey[bool]()


def _ours(item: pytest.Item) -> bool:
    """Whether a test has to do with the calls API: it uses a fixture of ours, judges a target, or is recorded."""
    if PLAN_KEY in item.stash or item.get_closest_marker("vcr") is not None:
        return True
    return any("graphcalls" in name for name in getattr(item, "fixturenames", ()))


def _mask_for(item: pytest.Item) -> Mask | None:
    if _ours(item):
        return _mask(item.config)
    if "pytest_graphcalls.redaction" in sys.modules:
        from pytest_graphcalls.redaction import hide_remembered

        return hide_remembered
    return None


def _mask(config: pytest.Config) -> Mask:
    """What reports are redacted with; the project's own words are in it before the first of its tests begins."""
    from pytest_graphcalls.redaction import OF_REPORTS, remember_environment

    remember_environment(os.environ)
    if not config.stash.get(_ASKED, False):
        config.stash[_ASKED] = True
        config.hook.pytest_graphcalls_redact(redactor=OF_REPORTS)
    return OF_REPORTS.mask


@pytest.hookimpl(wrapper=True, tryfirst=True)  # the outermost, so that nobody adds to the report afterwards
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Redact what a report shows."""
    report = yield
    if report.longrepr or report.sections or report.user_properties:
        mask = _mask_for(item)
        if mask is not None:
            report.longrepr = redacted(report.longrepr, mask)
            report.sections = redacted(report.sections, mask)
            report.user_properties = redacted(report.user_properties, mask)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Redact what is logged during a test of ours, so that a live log and a log file are safe as well."""
    if not _ours(item):
        return (yield)
    with _safe_logs(_mask(item.config)):
        return (yield)


@pytest.hookimpl(tryfirst=True)  # before the terminal shows it
def pytest_internalerror(excrepr: Any) -> None:
    """Redact the traceback of pytest's own failures, in a run that has used something of ours."""
    if "pytest_graphcalls.redaction" in sys.modules:
        from pytest_graphcalls.redaction import mask

        redacted(excrepr, mask)


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: Any) -> None:
    """Redact a warning, in a run that has used something of ours."""
    if "pytest_graphcalls.redaction" in sys.modules:
        from pytest_graphcalls.redaction import mask

        said = str(warning_message.message)
        if mask(said) != said:
            warning_message.message = mask(said)
        # The terminal shows the line of source as well.
        source = warning_message.line or linecache.getline(warning_message.filename, warning_message.lineno)
        if mask(source) != source:
            warning_message.line = mask(source)


def redacted(shown: Any, mask: Mask) -> Any:
    """What pytest shows, redacted: texts, and whatever holds texts and can be shown on a terminal.

    Args:
        shown: a text, a list or tuple, or one of pytest's representations, which is changed in place.
        mask: redacts a text.
    """
    if isinstance(shown, str):
        return mask(shown)
    if isinstance(shown, list) and shown and all(isinstance(line, str) for line in shown):
        return _lines(shown, mask)
    if isinstance(shown, list | tuple):
        return type(shown)(redacted(item, mask) for item in shown)
    if hasattr(shown, "toterminal"):
        for name, value in vars(shown).items():
            setattr(shown, name, redacted(value, mask))
    return shown


def _lines(lines: list[str], mask: Mask) -> list[str]:
    """A private key goes over several lines, so they are read together; but no line may be lost."""
    together = mask("\n".join(lines)).split("\n")
    return together if len(together) == len(lines) else [mask(line) for line in lines]


@contextmanager
def _safe_logs(mask: Mask) -> Iterator[None]:
    make = logging.getLogRecordFactory()

    def record(*args: Any, **facts: Any) -> logging.LogRecord:
        return _safe_record(make(*args, **facts), mask)

    logging.setLogRecordFactory(record)
    try:
        yield
    finally:
        # Whoever has put another one in its place meanwhile keeps it.
        if logging.getLogRecordFactory() is record:
            logging.setLogRecordFactory(make)


def _safe_record(record: logging.LogRecord, mask: Mask) -> logging.LogRecord:
    try:
        said = record.getMessage()
    except (TypeError, ValueError, KeyError):
        return record  # its arguments do not fit; logging will say so
    safe = mask(said)
    if safe != said:
        record.msg, record.args = safe, ()
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
    return record
