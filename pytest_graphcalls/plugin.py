"""pytest's doorway. It decides nothing: each hook hands on to the room that knows.

pytest loads this module in every run of every project that has the package installed, so it imports nothing at
the top but pytest and its small neighbours; ``tests/house/test_light_start.py`` keeps it that way.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_graphcalls import markers, options, watching

if TYPE_CHECKING:
    from pytest_graphcalls.contract import Contract
    from pytest_graphcalls.recording import Shelf
    from pytest_graphcalls.session import Run

pytest_plugins = ["pytest_graphcalls.fixtures", "pytest_graphcalls.discretion"]

SUITE = "pytest_graphcalls.contracts"
"""The packaged contract tests, as ``--pyargs`` names them."""


def _contract() -> Contract:
    from pytest_graphcalls.contract import Contract

    return Contract.packaged()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and ini keys."""
    options.add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that a project may implement."""
    from pytest_graphcalls import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, make the markers known."""
    config.stash[options.SETTINGS_KEY] = options.resolve(config)
    markers.register(config)
    if not _is_worker(config):
        config.pluginmanager.register(Controller(config), "graphcalls-controller")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse to start a live run that may not be."""
    config = session.config
    if config.stash[options.SETTINGS_KEY].target == options.LIVE and not config.option.collectonly:
        from pytest_graphcalls.guarding import begin

        begin(config)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what this run will do, if it was asked to do something of ours."""
    settings = config.stash[options.SETTINGS_KEY]
    if settings.asked or any(SUITE in str(argument) for argument in config.args):
        return _header(settings)
    return None


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str | None:
    """Say it after the collection, if it is only known then."""
    if pytest_report_header(config) or not any(markers.PLAN_KEY in item.stash for item in items):
        return None
    return _header(config.stash[options.SETTINGS_KEY])


def _header(settings: options.Settings) -> str:
    versions = "+".join(settings.versions)
    strict = ", strict" if settings.strict else ""
    place = f" ({settings.live.root or settings.live.cloud})" if settings.target == options.LIVE else ""
    revision = _contract().revision
    target = f"{settings.target}{place}"
    return f"graphcalls: target={target}, versions={versions}, contract={revision}, seed={settings.seed}{strict}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run marked tests once for each API version."""
    markers.parametrize(metafunc, _contract)


@pytest.hookimpl(trylast=True)  # after -k and -m, so that only tests really selected are looked at
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the markers, leave out other API versions, and skip what the target cannot do."""
    settings = config.stash[options.SETTINGS_KEY]
    try:
        markers.apply(config, items, settings, _contract)
        if watching.records_or_replays(config, items):
            from pytest_graphcalls import recording

            recording.join(config)
    except pytest.UsageError as error:
        if not _is_worker(config):
            raise
        _refuse_as_worker(config, items, error)


def _refuse_as_worker(config: pytest.Config, items: list[pytest.Item], error: pytest.UsageError) -> None:
    """Tell the sentence as a failed collection: an exception would look like a crashed worker."""
    report = pytest.CollectReport(items[0].nodeid, "failed", str(error), [])
    config.hook.pytest_collectreport(report=report)
    items.clear()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Judge a contract test where its body ends."""
    plan = pyfuncitem.stash.get(markers.PLAN_KEY, None)
    if plan is None or not plan.is_contract_test:
        return (yield)
    return (yield from watching.call(pyfuncitem, plan))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the facts of a test that is ours to follow on its reports."""
    report = yield
    watched = watching.watch_of(item)
    if watched is not None:
        watching.report_on(watched, item, call, report)
    return report


class Controller:
    """Gathers what the tests of all processes say, and reports it. Registered once, and in no xdist worker.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = config.stash[options.SETTINGS_KEY]
        self._written: list[str] = []

    @cached_property
    def run(self) -> Run:
        """The run, made when its first test has something to say."""
        from pytest_graphcalls.session import Run

        settings = self._settings
        return Run(
            _contract(),
            target=settings.target,
            versions=settings.versions,
            strict=settings.strict,
            seed=settings.seed,
        )

    @cached_property
    def shelf(self) -> Shelf:
        """The cassettes of the run, made when its first one is played or written."""
        from pytest_graphcalls.recording import Shelf

        return Shelf(self._settings)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test says."""
        facts: dict[str, Any] | None = getattr(report, "graphcalls", None)
        if facts is not None:
            from pytest_graphcalls.session import TestRecord

            self.run.add(TestRecord.from_json(facts))
        cassettes: list[dict[str, Any]] | None = getattr(report, "graphcalls_cassettes", None)
        if cassettes is not None:
            self.shelf.add(cassettes)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports; a rule that was broken without failing a test fails the run."""
        if self._config.option.collectonly:
            return
        failed = "run" in self.__dict__ and bool(self.run.broken_elsewhere())
        if self._settings.reports:
            from pytest_graphcalls import report

            self._written, complete = report.write(self.run, self._settings.reports)
            failed = failed or not complete
        failed = failed or ("shelf" in self.__dict__ and self.shelf.failing())
        if failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table of rules, or what a project's own tests exercised; nothing when nothing of ours was used."""
        lines: list[str] = []
        if "run" in self.__dict__:
            from pytest_graphcalls.report.terminal import summary

            lines += (*summary(self.run), *self._written)
        if "shelf" in self.__dict__:
            lines += self.shelf.lines()
        if lines:
            terminalreporter.write_sep("=", "graphcalls")
        for line in lines:
            terminalreporter.write_line(line)
