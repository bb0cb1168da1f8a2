"""Follows the tests that use this plugin: their header, outcome, facts, and the summary of the run."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.plugin.markers import PLAN_KEY, apply
from pytest_graphcalls.plugin.options import LIVE, NAMED, REPLAY, SIMULATOR, is_given, is_worker, records
from pytest_graphcalls.plugin.outcomes import Tests, uses_shared
from pytest_graphcalls.plugin.redacting import MASKED
from pytest_graphcalls.plugin.settings import Settings, misspelt_variables, read_settings, settings_of

if TYPE_CHECKING:
    from pytest_graphcalls.plugin.cassettes import CassetteSummary
    from pytest_graphcalls.session import Run


def start(config: pytest.Config, *, is_suite: bool) -> None:
    """Read the settings of a run that uses this plugin, and take part in it.

    Args:
        config: pytest's.
        is_suite: whether the packaged contract suite is run.

    Raises:
        UsageError: a setting cannot be used.
    """
    if is_given(config):
        read_settings(config)
        for said in () if is_worker(config) else misspelt_variables():
            config.issue_config_time_warning(pytest.PytestConfigWarning(said), stacklevel=2)
    take_part(config, says_so_at_once=is_suite)


def prepare(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the markers of collected tests, and take part in recording and replaying.

    Raises:
        UsageError: a marker cannot be used, or there is nothing to replay.
    """
    take_part(config)
    settings = settings_of(config)
    for item in items:
        if uses_shared(item) and _RECORDER not in item.fixturenames:  # type: ignore[attr-defined]  # a shared one has
            item.fixturenames.insert(0, _RECORDER)  # type: ignore[attr-defined]  # them, so it is a function
    try:
        apply(config, items, settings)
        if settings.target == REPLAY or records(config) or any(item.get_closest_marker("vcr") for item in items):
            from pytest_graphcalls.plugin.recording import join

            join(config, items)
    except pytest.UsageError as error:
        if not is_worker(config):
            raise
        _refuse_as_worker(config, items, error)


_RECORDER = "_graphcalls_recorder"
"""The fixture that a test of a shared simulator has without asking for it, so that its exchanges are its own."""


def _refuse_as_worker(config: pytest.Config, items: list[pytest.Item], error: pytest.UsageError) -> None:
    """Report a usage error as a failed collection: an exception would look like a crashed worker."""
    report = pytest.CollectReport(items[0].nodeid, "failed", "\n".join(error.args), [])
    config.hook.pytest_collectreport(report=report)
    items.clear()


def take_part(config: pytest.Config, *, says_so_at_once: bool = False) -> None:
    """Follow the tests that use this plugin, and report on them.

    Args:
        config: pytest's.
        says_so_at_once: whether the run's header speaks of the plugin although no setting was given.
    """
    if config.pluginmanager.has_plugin(_TESTS):
        return
    config.pluginmanager.register(Tests(), _TESTS)
    config.pluginmanager.register(Header(config, says_so_at_once=says_so_at_once), "graphcalls-header")
    if not is_worker(config):
        config.pluginmanager.register(Controller(config), "graphcalls-controller")


_TESTS = "graphcalls-tests"


class Header:
    """Says what the run will do, and starts a live run.

    Args:
        config: pytest's.
        says_so_at_once: whether it speaks before the collection although no setting was given.
    """

    def __init__(self, config: pytest.Config, *, says_so_at_once: bool) -> None:
        self._settings = settings_of(config)
        self._at_once = says_so_at_once or self._settings.asked

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Refuse to start a live run without permission."""
        if self._settings.target == LIVE and not session.config.option.collectonly:
            from pytest_graphcalls.plugin.live import begin

            begin(session.config)

    def pytest_report_header(self) -> str | None:
        """Say it at once where a setting or the packaged suite asks for this plugin."""
        return header(self._settings) if self._at_once else None

    def pytest_report_collectionfinish(self, items: list[pytest.Item]) -> str | None:
        """Say it after the collection where only markers ask for this plugin."""
        if self._at_once or not any(PLAN_KEY in item.stash for item in items):
            return None
        return header(self._settings)


def header(settings: Settings) -> str:
    """The lines about the plugin in the header of a run."""
    versions = "+".join(settings.versions)
    strict = ", strict" if settings.strict else ""
    live = settings.live
    is_live = settings.target == LIVE
    place = f" ({live.root or live.cloud})" if is_live else ""
    most = f", at most {live.budget} calls and {live.requests} requests" if is_live else ""
    revision = Contract.packaged().revision
    target = f"{settings.target}{place}"
    return f"graphcalls: target={target}, versions={versions}, contract={revision}, seed={settings.seed}{strict}{most}"


def unrecorded(config: pytest.Config, settings: Settings) -> list[str]:
    """Say that a run that asks for recordings of the simulator gets none."""
    if settings.target != SIMULATOR or settings.nightly or not records(config):
        return []
    mode = f"--record-mode={config.getoption('--record-mode')}"
    return [
        f"{mode} has recorded no answer of the simulator, because it answers the same without a recording; to record a "
        "service, give --graphcalls-target."
    ]


class Controller:
    """Gathers what the tests of all processes say, and reports it. Registered once, and in no xdist worker.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = settings_of(config)
        self._run: Run | None = None  # made when the first test has something to say
        self._cassettes: CassetteSummary | None = None  # made when the first one is played or written
        self._written: list[str] = []
        self._masked: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test says."""
        facts: dict[str, Any] | None = getattr(report, "graphcalls", None)
        if facts is not None:
            from pytest_graphcalls.session import TestRecord

            self._run = self._run or self._new_run()
            self._run.add(TestRecord.from_json(facts))
        cassettes: list[dict[str, Any]] | None = getattr(report, "graphcalls_cassettes", None)
        if cassettes is not None:
            from pytest_graphcalls.plugin.cassettes import CassetteSummary

            self._cassettes = self._cassettes or CassetteSummary(self._settings)
            self._cassettes.add(cassettes)
        self._masked.update(getattr(report, MASKED, {}))

    def _new_run(self) -> Run:
        from pytest_graphcalls.session import WHOLE, Run
        from pytest_graphcalls.targets.base import mock_facts

        settings = self._settings
        return Run(
            Contract.packaged(),
            target=settings.target,
            versions=settings.versions,
            strict=settings.strict,
            seed=settings.seed,
            offer=WHOLE if settings.target in NAMED else mock_facts(settings.mock).offer,
        )

    @pytest.hookimpl(trylast=True)  # after the JUnit file is there
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports; a rule that was broken without failing a test fails the run."""
        if self._config.option.collectonly:
            return
        if self._run and self._config.getoption("xmlpath", None):
            self._mask_junit(Path(os.path.expandvars(self._config.option.xmlpath)).expanduser())
        failed = self._run is not None and self._run.fails(require_all=self._settings.require_all)
        if self._settings.reports:
            from pytest_graphcalls import report

            self._run = self._run or self._new_run()
            self._written, complete = report.write(self._run, self._settings.reports, self._masked)
            failed = failed or not complete
        failed = failed or (self._cassettes is not None and self._cassettes.failing())
        if failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _mask_junit(self, file: Path) -> None:
        """Mask what did not come from a report, such as an attribute that a test has added."""
        from pytest_graphcalls.atomic import put
        from pytest_graphcalls.sanitize import clean_xml

        with suppress(OSError):
            text = file.read_text(encoding="utf-8")
            safe = clean_xml(text)
            if safe.text != text:
                put({file: safe.text})
                self._masked.update(safe.kinds)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table of rules, or what a project's own tests exercised; no line when this plugin was not used."""
        lines: list[str] = []
        if self._run is not None:
            from pytest_graphcalls.report.terminal import summary

            details = self._config.get_verbosity() > 0
            lines += (*summary(self._run, details=details), *self._written)
            lines += unrecorded(self._config, self._settings)
        if self._cassettes is not None:
            lines += self._cassettes.lines()
        if self._masked:
            from pytest_graphcalls.sanitize import note

            lines.append(note(self._masked.elements()))
        if len(lines) == 1:
            lines = [f"graphcalls: {lines[0]}"]
        elif lines:
            terminalreporter.write_sep("=", "graphcalls")
        for line in lines:
            terminalreporter.write_line(line)
