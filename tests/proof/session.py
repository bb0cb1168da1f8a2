"""Runs the packaged suite, and parts of it again and again, in one session of a warm process.

Starting pytest and collecting the suite takes longer than a few of its tests. Where many runs differ only in what is
wrong meanwhile, and in which tests look at it, one session has all of them: between two runs what it has counted and
gathered is forgotten. A module of such runs ends in ``obey_in_session``; :class:`InSession` is its other end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import zip_longest
from typing import Any
from unittest import mock

import pytest

from pytest_graphcalls import redaction
from pytest_graphcalls.plugin import redacting
from pytest_graphcalls.simulator.keys import Keyring
from tests.proof.process import LEAN, WarmProcess, obey_orders, plain_reports

REPORT = "report.json"
ARGUMENTS = (
    *("--pyargs", "pytest_graphcalls.contracts", "-q", "--graphcalls-version=both", f"--graphcalls-report={REPORT}"),
    *LEAN,
)
"""What every session is started with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run.

    Attributes:
        status: pytest's exit status.
        report: the JSON report.
        screen: what was printed: why tests failed.
    """

    status: int
    report: Mapping[str, Any]
    screen: str

    def rules(self, status: str) -> set[str]:
        """Ids of the rules that the report says this of, in any version."""
        return {rule["id"] for rule in self.report["rules"] if rule["status"] == status}

    def failed_tests_of(self, rule: str) -> list[str]:
        """The rule's own tests that failed."""
        return [
            test["nodeid"] for test in self.report["tests"] if rule in test["rules"] and test["outcome"] == "broken"
        ]


class InSession(WarmProcess):
    """A process that runs the suite, and parts of it, on request."""

    @cached_property
    def whole(self) -> Outcome:
        """The outcome of the whole suite, in both versions, while nothing is wrong."""
        return self.run_tests(None)

    def run_tests(self, tests: Collection[str] | None, **wrong: Any) -> Outcome:
        """Run the tests with these node ids, or all of them; ``wrong`` says what is wrong meanwhile."""
        report, screen = self.folder / REPORT, self.folder / "screen.txt"
        report.unlink(missing_ok=True)
        status = self.order(screen, tests=tests, **wrong)
        return Outcome(status, json.loads(report.read_text()), screen.read_text())


Run = Callable[..., int]
"""Runs the tests of an order, with the plugins it is given besides, and gives pytest's exit status."""
Obey = Callable[[Mapping[str, Any], Run], int]
"""Carries out one order."""


def obey_in_session(obey: Obey, *options: str) -> None:
    """Collect the suite, and obey until there are no more orders; ``options`` are those of the session."""
    answers = os.dup(1)
    os.dup2(2, 1)
    with mock.patch.multiple(Keyring, sign=_once(Keyring.sign), verify=_once(Keyring.verify)):
        pytest.main([*ARGUMENTS, *options], plugins=[_Session(obey, answers)])


def _once(method: Callable[..., Any]) -> Callable[..., Any]:
    """A test has the same tenant and claims in each run, and so the same tokens; to sign and read them takes 8 %."""
    known: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def remembered(keys: Keyring, *facts: Any) -> Any:
        what = (keys.name, keys.published, repr(facts))
        if what not in known:
            known[what] = (method(keys, *facts), facts)  # which live on, so that no other key has their address
        return known[what][0]

    return remembered


class _Session:
    """The plugin of the session, which has its tests run by orders instead of all of them once."""

    def __init__(self, obey: Obey, answers: int) -> None:
        self._obey = obey
        self._answers = answers

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        obey_orders(lambda order: self._obey(order, partial(_run, session, order["tests"])), self._answers)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            print(report.nodeid, report.longreprtext, *report.sections, sep="\n")


def _run(session: pytest.Session, tests: Collection[str] | None, *plugins: object) -> int:
    manager = session.config.pluginmanager
    controller: Any = manager.get_plugin("graphcalls-controller")
    terminal: Any = manager.get_plugin("terminalreporter")
    controller.__init__(session.config)
    terminal.stats.clear()
    session.testsfailed, session.shouldstop = 0, False
    session.stash = pytest.Stash()  # the last run's has the targets, which are closed by now
    items = [item for item in session.items if tests is None or item.nodeid in tests]
    for plugin in plugins:
        manager.register(plugin)
    with _unredacted():
        try:
            for item, after in zip_longest(items, items[1:]):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED if session.testsfailed else pytest.ExitCode.OK
        except pytest.exit.Exception as error:  # what is wrong has made the target unusable
            print(error)
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        controller.pytest_sessionfinish(session)
    for plugin in plugins:
        manager.unregister(plugin)
    return int(session.exitstatus)


@contextmanager
def _unredacted() -> Iterator[None]:
    """Nothing that is reported is redacted meanwhile: that is a quarter of a short run, and no matter of the rules."""
    with (
        plain_reports(),
        mock.patch.object(redaction, "redact_exchange", lambda exchange: exchange),
        mock.patch.object(redacting, "mask_test_report", lambda *_: None),  # noqa: PT008  a mock would keep each call
    ):
        yield
