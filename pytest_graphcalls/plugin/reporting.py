"""Follows the tests that use this plugin: their header, outcome, facts, and the summary of the run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_graphcalls.errors import GraphCallsError
from pytest_graphcalls.plugin.markers import PLAN_KEY, Plan, apply, version_of
from pytest_graphcalls.plugin.options import LIVE, REPLAY, SIMULATOR, is_given, is_worker, records
from pytest_graphcalls.plugin.redacting import MASKED
from pytest_graphcalls.plugin.settings import Settings, read_settings, settings_of

if TYPE_CHECKING:
    from pytest_graphcalls.bot import Bot
    from pytest_graphcalls.contract import Contract
    from pytest_graphcalls.plugin.cassette_summary import Shelf
    from pytest_graphcalls.session import Run, Watch

WATCH_KEY = pytest.StashKey["Watch"]()
BOT_KEY = pytest.StashKey["Bot"]()


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
    take_part(config, says_so_at_once=is_suite)


def prepare(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the markers of collected tests, and take part in recording and replaying.

    Raises:
        UsageError: a marker cannot be used, or there is nothing to replay.
    """
    take_part(config)
    settings = settings_of(config)
    try:
        apply(config, items, settings)
        if settings.target == REPLAY or records(config) or any(item.get_closest_marker("vcr") for item in items):
            from pytest_graphcalls.plugin.recording import join

            join(config)
    except pytest.UsageError as error:
        if not is_worker(config):
            raise
        _refuse_as_worker(config, items, error)


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
        """Refuse to start a live run that may not be."""
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


class Tests:
    """Judges contract tests where their bodies end, and puts the facts of a test on its reports."""

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Judge a contract test where its body ends."""
        plan = pyfuncitem.stash.get(PLAN_KEY, None)
        if plan is None or not plan.is_contract_test:
            return (yield)
        return (yield from call(pyfuncitem, plan))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the facts of a followed test on its reports."""
        report = yield
        watched = watch_of(item)
        if watched is not None:
            report_on(watched, item, call, report)
        return report


def watch(item: pytest.Item, plan: Plan) -> Watch:
    """Begin to follow a test, or go on."""
    from pytest_graphcalls.session import Watch

    take_part(item.config)  # a test may ask for a fixture while it runs

    settings = settings_of(item.config)
    if WATCH_KEY not in item.stash:
        item.stash[WATCH_KEY] = Watch(
            _name(item), version_of(item, settings), plan.target or settings.target, plan.rules, plan.questions
        )
    return item.stash[WATCH_KEY]


def _name(item: pytest.Item) -> str:
    """A test's node id, with its file where pytest omits that: for modules that ``--pyargs`` names one by one."""
    return f"{item.path.name}{item.nodeid}" if item.nodeid.startswith("::") else item.nodeid


_IN_BETWEEN = frozenset({"pytest_graphcalls", "contextlib", "httpx"})
"""Packages between a user's line and an error of ours; the packaged suite is a user like any other."""
_RUNNERS = frozenset({"_pytest", "pluggy"})


def end_at_the_user(config: pytest.Config, error: BaseException) -> None:
    """Cut the traceback of a deliberate error of this package below the user's line: the rest is no news.

    The traceback itself is cut, so that a debugger opens at that line as well. ``--full-trace`` shows all of it.
    """
    if config.getoption("fulltrace", default=None) or not isinstance(error, GraphCallsError):
        return
    last, place = None, error.__traceback__
    while place is not None:
        if _package(place.tb_frame) not in _IN_BETWEEN:
            last = place
        place = place.tb_next
    if last is not None and _package(last.tb_frame) not in _RUNNERS:
        last.tb_next = None


def _package(frame: FrameType) -> str:
    """The package whose code a frame runs."""
    name = str(frame.f_globals.get("__name__", ""))
    return "" if name.startswith("pytest_graphcalls.contracts.") else name.partition(".")[0]


def follow_bot(item: pytest.Item, bot: Bot) -> Bot:
    """Show what ``bot`` received and did when the test fails."""
    item.stash[BOT_KEY] = bot
    return bot


def watch_of(item: pytest.Item) -> Watch | None:
    """The watch of a test that uses a fixture of ours or judges a target; of any other one, ``None``."""
    plan = item.stash.get(PLAN_KEY, None)
    if plan is not None and plan.is_contract_test:
        return watch(item, plan)  # it may have been skipped before its fixtures were made
    return item.stash.get(WATCH_KEY, None)


def call(item: pytest.Function, plan: Plan) -> Generator[None, object, object]:
    """Around the body of a contract test: judge it where it ends, and tell "could not be staged" from "failed".

    A question's test never fails for what the target answered. No test fails for the network or a fault of the service.
    """
    from pytest_graphcalls.errors import (
        EnvironmentFaultError,
        SettingError,
        SignInError,
        StageError,
        UnrecordedRequestError,
    )

    try:
        result = yield
    except StageError as error:
        _raise_failing(item, plan)  # the set-up itself may have broken the test's own rule
        pytest.skip(str(error))
    except (EnvironmentFaultError, SignInError, SettingError) as error:  # the last one: a ledger on a full disk
        watch(item, plan).fault = True
        pytest.skip(str(error))
    except UnrecordedRequestError as error:
        # It says nothing about the rule, but a suite and its recordings that disagree have to be corrected.
        watch(item, plan).fault = True
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    except AssertionError as error:
        if not plan.rules:
            pytest.skip(f"not answered: {error}")
        _add_findings(item, plan)
        raise
    _raise_failing(item, plan)
    return result


def _raise_failing(item: pytest.Function, plan: Plan) -> None:
    """Fail a contract test for what was found about its own rules."""
    recorder = watch(item, plan).recorder
    if recorder is not None:
        from pytest_graphcalls.report.failure import raise_failing

        raise_failing(recorder)


def _add_findings(item: pytest.Function, plan: Plan) -> None:
    """Show what was found beside the failure, instead of failing a second time at teardown."""
    recorder = watch(item, plan).recorder
    if recorder is None:
        return
    from pytest_graphcalls.report.failure import take_messages

    text = "\n\n".join(take_messages(recorder))
    if text:
        item.add_report_section("call", "graphcalls", text)


def report_on(watched: Watch, item: pytest.Item, info: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Take in how a part of the test went; put its facts on the last report, in a form that travels."""
    from pytest_graphcalls.errors import ContractViolationError

    violated = False
    if info.excinfo is not None and info.excinfo.errisinstance(ContractViolationError):
        violated = True
        shown = info.excinfo.getrepr(style="value")  # the message is all; our source is no news
        if shown.reprcrash is not None:
            shown.reprcrash.message = str(info.excinfo.value)
        report.longrepr = shown
    elif report.skipped and isinstance(report.longrepr, tuple) and report.longrepr[0] == __file__:
        path, line, _ = item.reportinfo()
        report.longrepr = (str(path), (line or 0) + 1, report.longrepr[2])
    if report.failed and (watched.target == LIVE or not violated):
        _add_hints(watched, report)
    if report.failed and BOT_KEY in item.stash:
        report.sections.append(("graphcalls bot", _timeline(item.stash[BOT_KEY], info)))
    watched.phase(report.when or "", report.outcome, _reason(report, info), violated=violated)
    if report.when == "teardown":
        record = watched.record()
        # xdist sends every attribute of a report along, as long as it is made of plain values.
        vars(report)["graphcalls"] = record.to_json()
        report.user_properties += record.properties()


def _timeline(bot: Bot, info: pytest.CallInfo[None]) -> str:
    """What is shown of a bot; an error that shows all of it already is not repeated."""
    from pytest_graphcalls.errors import BotError
    from pytest_graphcalls.redaction import mask

    head, *lines = bot.timeline().splitlines()
    error = info.excinfo.value if info.excinfo is not None else None
    if isinstance(error, BotError) and lines and list(error.timeline) == lines:
        lines = ["(its notifications and requests are shown with the error above)"]
    return mask("\n".join((head, *lines)))


def _add_hints(watched: Watch, report: pytest.TestReport) -> None:
    """Show what was asked last; a violation shows its own exchange already."""
    if watched.recorder is not None:
        from pytest_graphcalls.report.failure import hints

        live = watched.target == LIVE
        lines = list(hints(watched.recorder.exchanges, watched.recorder.contract, live=live))
        if lines:
            report.sections.append(("graphcalls live" if live else "graphcalls: last exchanges", "\n".join(lines)))


def _reason(report: pytest.TestReport, info: pytest.CallInfo[None]) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return info.excinfo.exconly().removeprefix("Failed: ") if info.excinfo else ""


def contract() -> Contract:
    """The packaged contract."""
    from pytest_graphcalls.contract import Contract

    return Contract.packaged()


def header(settings: Settings) -> str:
    """What a run says of itself when it begins."""
    versions = "+".join(settings.versions)
    strict = ", strict" if settings.strict else ""
    place = f" ({settings.live.root or settings.live.cloud})" if settings.target == LIVE else ""
    revision = contract().revision
    target = f"{settings.target}{place}"
    return f"graphcalls: target={target}, versions={versions}, contract={revision}, seed={settings.seed}{strict}"


def unrecorded(config: pytest.Config, settings: Settings) -> list[str]:
    """Say that a run that asks for recordings of the simulator gets none."""
    if settings.target != SIMULATOR or settings.nightly or not records(config):
        return []
    mode = f"--record-mode={config.getoption('--record-mode')}"
    return [f"{mode} has recorded no answer of the simulator; to record a service, give --graphcalls-target."]


class _Gathered:
    """Results of the tests of a run: each is made, and is in ``vars``, once a test has one.

    Apart from the controller, because pytest before 8.3.3 reads every attribute of a plugin in search of fixtures.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def run(self) -> Run:
        """The run, made when its first test has something to say."""
        from pytest_graphcalls.session import Run

        settings = self._settings
        return Run(
            contract(),
            target=settings.target,
            versions=settings.versions,
            strict=settings.strict,
            seed=settings.seed,
        )

    @cached_property
    def shelf(self) -> Shelf:
        """The cassettes of the run, made when its first one is played or written."""
        from pytest_graphcalls.plugin.cassette_summary import Shelf

        return Shelf(self._settings)


class Controller:
    """Gathers what the tests of all processes say, and reports it. Registered once, and in no xdist worker.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = settings_of(config)
        self._gathered = _Gathered(self._settings)
        self._written: list[str] = []
        self._masked: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test says."""
        facts: dict[str, Any] | None = getattr(report, "graphcalls", None)
        if facts is not None:
            from pytest_graphcalls.session import TestRecord

            self._gathered.run.add(TestRecord.from_json(facts))
        cassettes: list[dict[str, Any]] | None = getattr(report, "graphcalls_cassettes", None)
        if cassettes is not None:
            self._gathered.shelf.add(cassettes)
        self._masked.update(getattr(report, MASKED, {}))

    @pytest.hookimpl(trylast=True)  # after the JUnit file is there
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports; a rule that was broken without failing a test fails the run."""
        if self._config.option.collectonly:
            return
        if "run" in vars(self._gathered) and self._config.getoption("xmlpath", None):
            self._mask_junit(Path(os.path.expandvars(self._config.option.xmlpath)).expanduser())
        failed = "run" in vars(self._gathered) and self._gathered.run.fails(require_all=self._settings.require_all)
        if self._settings.reports:
            from pytest_graphcalls import report

            self._written, complete = report.write(self._gathered.run, self._settings.reports, self._masked)
            failed = failed or not complete
        failed = failed or ("shelf" in vars(self._gathered) and self._gathered.shelf.failing())
        if failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _mask_junit(self, file: Path) -> None:
        """Mask what did not come from a report, such as an attribute that a test has added."""
        from pytest_graphcalls.atomic import put
        from pytest_graphcalls.report.junit import cleaned

        with suppress(OSError):
            text = file.read_text(encoding="utf-8")
            safe = cleaned(text)
            if safe.text != text:
                put({file: safe.text})
                self._masked.update(safe.kinds)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table of rules, or what a project's own tests exercised; no line when this plugin was not used."""
        lines: list[str] = []
        if "run" in vars(self._gathered):
            from pytest_graphcalls.report.terminal import summary

            lines += (*summary(self._gathered.run), *self._written)
            lines += unrecorded(self._config, self._settings)
        if "shelf" in vars(self._gathered):
            lines += self._gathered.shelf.lines()
        if self._masked:
            from pytest_graphcalls.sanitize import note

            lines.append(note(self._masked.elements()))
        if lines:
            terminalreporter.write_sep("=", "graphcalls")
        for line in lines:
            terminalreporter.write_line(line)
