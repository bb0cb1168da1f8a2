"""What a run says as a whole: what it is at its beginning, and at its end what all of its tests together say.

pytest's doorway loads this module in every run, so it imports other rooms only where it needs them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_graphcalls.options import LIVE, SETTINGS_KEY, Settings

if TYPE_CHECKING:
    from pytest_graphcalls.contract import Contract
    from pytest_graphcalls.recording import Shelf
    from pytest_graphcalls.session import Run


def contract() -> Contract:
    """The packaged contract, read when somebody asks."""
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


class _Told:
    """What the tests have told: each sort is made, and lies in ``vars``, once a test has something to say.

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
        from pytest_graphcalls.recording import Shelf

        return Shelf(self._settings)


class Controller:
    """Gathers what the tests of all processes say, and reports it. Registered once, and in no xdist worker.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = config.stash[SETTINGS_KEY]
        self._told = _Told(self._settings)
        self._written: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test says."""
        facts: dict[str, Any] | None = getattr(report, "graphcalls", None)
        if facts is not None:
            from pytest_graphcalls.session import TestRecord

            self._told.run.add(TestRecord.from_json(facts))
        cassettes: list[dict[str, Any]] | None = getattr(report, "graphcalls_cassettes", None)
        if cassettes is not None:
            self._told.shelf.add(cassettes)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports; a rule that was broken without failing a test fails the run."""
        if self._config.option.collectonly:
            return
        failed = "run" in vars(self._told) and bool(self._told.run.broken_elsewhere())
        if self._settings.reports:
            from pytest_graphcalls import report

            self._written, complete = report.write(self._told.run, self._settings.reports)
            failed = failed or not complete
        failed = failed or ("shelf" in vars(self._told) and self._told.shelf.failing())
        if failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table of rules, or what a project's own tests exercised; nothing when nothing of ours was used."""
        lines: list[str] = []
        if "run" in vars(self._told):
            from pytest_graphcalls.report.terminal import summary

            lines += (*summary(self._told.run), *self._written)
        if "shelf" in vars(self._told):
            lines += self._told.shelf.lines()
        if lines:
            terminalreporter.write_sep("=", "graphcalls")
        for line in lines:
            terminalreporter.write_line(line)
