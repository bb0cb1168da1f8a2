"""Masks secrets in what pytest shows of tests that use this plugin: failures, captured output, logs, warnings, names.

Tests that do not use this plugin are shown as they are, except for the secrets that this run itself was given.
What a test prints past pytest (``-s``) is not seen here. Redaction is loaded when there is something to show.
"""

from __future__ import annotations

import linecache
import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import Any

import pytest

from pytest_graphcalls.plugin.options import uses_plugin

Mask = Callable[[str], str]
MASKED = "graphcalls_masked"
"""The attribute of a report that says what the leak scan has masked: by kind, how often. xdist sends it along."""
_CUT = re.compile(r"(\.{3}|\u2026)")
"""Where pytest, or a report of this plugin, has left something out."""
_SHORTEST_PIECE = 4
"""Characters of the shortest end of a secret that is looked for there."""
_SHORTEST = 8
"""Characters of the shortest secret that is hidden wherever a failed test shows it, without its name."""
_LONGEST = 20_000
"""Characters of the longest text of a local variable that is looked through."""
_RUNNERS = ("_pytest.", "pluggy")
"""Modules whose frames pytest does not show."""
_MARGIN = re.compile(r"[>E]?\s*")
"""The text that pytest puts in front of a line."""
_NAME = re.compile(r"[A-Za-z_$][\w-]*")
_MASKING = pytest.StashKey["Masking"]()
_NAMING = pytest.StashKey[bool]()


def let_project_add(config: pytest.Config, redactor: Any) -> None:
    """Let the project's own hooks add to what a redactor hides.

    Raises:
        UsageError: what they add cannot be used.
    """
    from pytest_graphcalls.errors import GraphCallsError

    try:
        config.hook.pytest_graphcalls_redact(redactor=redactor)
    except GraphCallsError as error:
        raise pytest.UsageError(f"pytest_graphcalls_redact: {error}") from None


class Masking:
    """Masks what the tests of one process show. Its hooks are registered when the first test of ours begins.

    Attributes:
        counts: by kind, what the leak scan has masked since the last report.
    """

    def __init__(self, config: pytest.Config) -> None:
        from pytest_graphcalls.redaction import OF_REPORTS, remember_environment

        remember_environment(os.environ)
        let_project_add(config, OF_REPORTS)
        self.counts: Counter[str] = Counter()
        self._secrets: dict[str, None] = {}
        self._texts: dict[str, str] = {}
        self._in_test = False

    def text(self, text: str) -> str:
        """``text`` without secrets: those that it gives away, and those that this test's variables gave away."""
        from pytest_graphcalls import redaction
        from pytest_graphcalls.sanitize import clean

        safe = self._texts.get(text)  # pytest shows what a test has printed with each of its parts
        if safe is None:
            found = clean(text, redactor=redaction.OF_REPORTS)
            self.counts.update(found.kinds)
            safe = self._texts[text] = found.text
        return self._without_known(safe) if self._secrets else safe

    @contextmanager
    def during_a_test(self) -> Iterator[None]:
        """Mask what is logged and compared; afterwards forget the secrets that the test's variables gave away."""
        self._in_test = True
        try:
            with _safe_logs(self.text):
                yield
        finally:
            self._in_test = False
            self._secrets.clear()
            self._texts.clear()

    def learn_from(self, place: TracebackType | None) -> None:
        """Look for secrets in local variables: pytest shows them without their names, and shortened."""
        while place is not None:
            shown = not str(place.tb_frame.f_globals.get("__name__")).startswith(_RUNNERS)
            for name, value in place.tb_frame.f_locals.items() if shown else ():
                text = _text(value) if isinstance(value, str | bytes | dict | list | tuple) else ""
                if text and len(text) < _LONGEST:
                    self._learn(f"{name} = {text}")
            place = place.tb_next

    def _learn(self, text: str) -> str:
        safe = self.text(text)
        if safe != text:
            self._secrets |= dict.fromkeys(_masked_parts(text, safe))
        return safe

    @pytest.hookimpl(tryfirst=True)
    def pytest_assertrepr_compare(
        self, config: pytest.Config, op: str, left: object, right: object
    ) -> list[str] | None:
        """Let the values of a failed comparison be explained without secrets: pytest shortens them to a few letters."""
        if not self._in_test:
            return None
        shown = self._shown(left), self._shown(right)
        if shown == (left, right):
            return None
        self._in_test = False  # what explains them now asks here as well
        try:
            explanations = config.hook.pytest_assertrepr_compare(config=config, op=op, left=shown[0], right=shown[1])
        finally:
            self._in_test = True
        return next(filter(None, explanations), None) or [f"{shown[0]!r} {op} {shown[1]!r}"]

    def _shown(self, value: object) -> object:
        """A value as it may be compared on the screen: the very same one when it holds no secret."""
        text = value if isinstance(value, str) else _text(value)
        safe = self._learn(text)
        if safe == text:
            return value
        return safe if isinstance(value, str) else _Shown(safe)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Mask what a subtest adds to its report, which was masked before: output, message and arguments."""
        context = getattr(report, "context", None)
        if context is not None and self._in_test:
            report.sections = redacted(report.sections, self.text)
            for name in ("msg", "kwargs"):
                object.__setattr__(context, name, redacted(getattr(context, name), self.text))  # it is frozen

    def _without_known(self, text: str) -> str:
        from pytest_graphcalls.redaction import MASK

        for secret in self._secrets:
            if len(secret) >= _SHORTEST and secret in text:
                text = text.replace(secret, MASK)
        shown, *rest = _CUT.split(text)
        for dots, following in zip(rest[::2], rest[1::2], strict=True):
            after = following
            for secret in self._secrets:
                shown, after = _without_end(shown, after, secret)
            shown += dots + after
        return shown


def _without_end(before: str, after: str, secret: str) -> tuple[str, str]:
    """The texts before and after the dots, without the beginning and the end of ``secret`` beside the dots."""
    from pytest_graphcalls.redaction import MASK

    for size in range(len(secret), _SHORTEST_PIECE - 1, -1):
        if after.startswith(secret[-size:]):
            after = MASK + after[size:]
        if before.endswith(secret[:size]):
            before = before[:-size] + MASK
    return before, after


class _Shown:
    """A value that is shown as a given text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _text(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  a broken __repr__ is pytest's to report
        return ""


def _masked_parts(text: str, safe: str) -> Iterator[str]:
    """The parts of ``text`` that are masked in ``safe``."""
    from pytest_graphcalls.redaction import MASK

    first, *rest = safe.split(MASK)
    at = len(first)
    for piece in rest:
        end = text.find(piece, at) if piece else len(text)
        if end < 0:
            return
        secret, at = text[at:end], end + len(piece)
        if len(secret) > _SHORTEST_PIECE:
            yield secret


def masking(config: pytest.Config) -> Masking:
    """The redactor of this run; it has the project's own words before the first test begins."""
    if _MASKING not in config.stash:
        config.stash[_MASKING] = Masking(config)
        config.pluginmanager.register(config.stash[_MASKING], "graphcalls-masking")
    return config.stash[_MASKING]


def join(config: pytest.Config) -> None:
    """Mask what is logged, warned of and named from now on; what reports show is handed in by the plugin's hooks."""
    if not config.pluginmanager.has_plugin(__name__):
        config.pluginmanager.register(sys.modules[__name__], __name__)


def mask_test_report(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Mask secrets in what the report of a test shows."""
    join(item.config)
    if not (report.longrepr or report.sections or report.user_properties):
        return
    if not uses_plugin(item):
        from pytest_graphcalls.redaction import hide_remembered

        _mask_report(report, hide_remembered)
        return
    ours = masking(item.config)
    if call.excinfo is not None:
        ours.learn_from(call.excinfo.tb)
    _mask_report(report, ours.text)
    if ours.counts:
        vars(report)[MASKED] = dict(ours.counts)
        ours.counts.clear()


def _mask_report(report: Any, mask: Mask) -> None:
    for name in ("longrepr", "sections", "user_properties", "wasxfail"):
        shown = getattr(report, name, None)
        if shown:
            setattr(report, name, redacted(shown, mask))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Mask secrets in what a test of ours logs, so that a live log and a log file are safe as well."""
    with masking(item.config).during_a_test() if uses_plugin(item) else nullcontext():
        return (yield)


@contextmanager
def naming(config: pytest.Config) -> Iterator[None]:
    """Names that are made of parameters inside are those of a test that uses this plugin."""
    join(config)
    config.stash[_NAMING] = True
    try:
        yield
    finally:
        config.stash[_NAMING] = False


def pytest_make_parametrize_id(config: pytest.Config, val: object) -> str | None:
    """Name a test of ours by its parameter without secrets."""
    if not isinstance(val, str) or not config.stash.get(_NAMING, False):
        return None
    safe = masking(config).text(val)
    return safe if safe != val else None


def mask_collect_report(collector: pytest.Collector, report: pytest.CollectReport) -> None:
    """Mask secrets in what a failed collection shows."""
    join(collector.config)
    if report.longrepr:
        _mask_report(report, masking(collector.config).text)


def mask_representation(excrepr: Any) -> None:
    """Mask secrets in the traceback of an internal error of pytest."""
    redacted(excrepr, _clean)


def mask_reason(error: BaseException) -> None:
    """Mask secrets in the reason that ``pytest.exit()`` was called with."""
    error.args = tuple(_clean(one) if isinstance(one, str) else one for one in error.args)


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: Any) -> None:
    """Mask secrets in a warning."""
    said = str(warning_message.message)
    if (safe := _clean(said)) != said:
        warning_message.message = safe
    # The terminal shows the line of source as well.
    source = warning_message.line or linecache.getline(warning_message.filename, warning_message.lineno)
    if (safe := _clean(source)) != source:
        warning_message.line = safe


def _clean(text: str) -> str:
    from pytest_graphcalls.sanitize import clean

    return clean(text).text


def redacted(shown: Any, mask: Mask) -> Any:
    """A redacted copy of what pytest shows: texts, and objects that hold texts.

    Args:
        shown: a text, a list or tuple, or one of pytest's representations, which is changed in place.
        mask: redacts a text.
    """
    if isinstance(shown, str):
        return mask(shown)
    if isinstance(shown, list) and shown and all(isinstance(line, str) for line in shown):
        return _lines(shown, mask)
    if isinstance(shown, tuple) and len(shown) == 2 and _is_named(*shown):
        return _named(*shown, mask)
    if isinstance(shown, list | tuple):
        return type(shown)(redacted(item, mask) for item in shown)
    if isinstance(shown, dict):
        return {name: _named(name, value, mask)[1] for name, value in shown.items()}
    if hasattr(shown, "toterminal"):
        for name, value in vars(shown).items():
            setattr(shown, name, redacted(value, mask))
    return shown


def _is_named(name: object, value: object) -> bool:
    """Whether a node is an argument or a property, whose name may say that its value is a secret."""
    return isinstance(name, str) and isinstance(value, str) and _NAME.fullmatch(name) is not None


def _named(name: str, value: Any, mask: Mask) -> tuple[str, Any]:
    if not isinstance(value, str):
        return name, redacted(value, mask)
    quoted = f"{name}={value}"
    safe = mask(quoted)
    return (name, value) if safe == quoted else (name, safe.partition("=")[2])


def _lines(lines: list[str], mask: Mask) -> list[str]:
    """Mask lines together, as a private key goes over several; where it did, each of its lines is masked."""
    from pytest_graphcalls.redaction import MASK

    if any(line.endswith("\n") for line in lines):  # --tb=native: pytest writes them one behind the other
        return [mask("".join(lines))]
    together = mask("\n".join(lines)).split("\n")
    if len(together) == len(lines):
        return together
    kept, shown = set(together), []
    for line in map(mask, lines):
        safe = line in kept or any(one.startswith(line) for one in together)
        shown.append(line if safe else f"{_MARGIN.match(line)[0]}{MASK}")  # type: ignore[index]  # it matches any text
    return shown


@contextmanager
def _safe_logs(mask: Mask) -> Iterator[None]:
    make = logging.getLogRecordFactory()

    def record(*args: Any, **facts: Any) -> logging.LogRecord:
        return _safe_record(make(*args, **facts), mask)

    logging.setLogRecordFactory(record)
    try:
        yield
    finally:
        # A factory that was put in its place meanwhile stays.
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
    if record.stack_info:
        record.stack_info = mask(record.stack_info)
    return record
