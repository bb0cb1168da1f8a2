"""Judges tests that use this plugin where their bodies end, and puts their facts, and hints, on their reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_graphcalls.errors import (
    BotError,
    ContractViolationError,
    EnvironmentFaultError,
    GraphCallsError,
    SettingError,
    SignInError,
    StageError,
    UnrecordedRequestError,
)
from pytest_graphcalls.plugin.markers import PLAN_KEY, Plan, version_of
from pytest_graphcalls.plugin.options import LIVE, uses_plugin
from pytest_graphcalls.plugin.settings import settings_of

if TYPE_CHECKING:
    from pytest_graphcalls.bot import Bot
    from pytest_graphcalls.session import Watch

LOOPBACK = "127.0.0.1"
"""Where the local server listens."""
WATCH_KEY = pytest.StashKey["Watch"]()
BOT_KEY = pytest.StashKey["Bot"]()


class Tests:
    """Judges tests where their bodies end, and puts their facts on their reports."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Tell a contract test whose fixtures could not be staged from one that failed."""
        return (yield from staged(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Tell a contract test that could not be staged from one that failed."""
        return (yield from staged(pyfuncitem))

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Let a test of ours reach this machine under ``--block-network``: the server of its simulator is there."""
        result = yield
        cached = fixturedef.cached_result
        if fixturedef.argname != "allowed_hosts" or cached is None or not uses_plugin(request.node):
            return result
        hosts = [*(result if isinstance(result, list) else ()), re.escape(LOOPBACK)]
        fixturedef.cached_result = (hosts, cached[1], None)
        return hosts

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Fail a phase of a followed test for what was found in it, and put the facts of the test on its reports."""
        watched = watch_of(item)
        if watched is None:
            return (yield)
        error = judge(watched, call)
        report = yield
        if error is not None and (call.excinfo is None or call.excinfo.value is not error):
            report.sections.append((f"Captured graphcalls {call.when}", str(error)))
        report_on(watched, item, call, report, violated=error is not None)
        if call.when == "teardown":  # a test that is run again begins anew
            del item.stash[WATCH_KEY]
            with suppress(KeyError):
                del item.stash[BOT_KEY]
        return report


def judge(watched: Watch, info: pytest.CallInfo[None]) -> BaseException | None:
    """Fail the phase that ends for the violations up to its end; gives the error about them, if there are any.

    What only a fixture's set-up has caused fails the body. A failure of the test's own stays what it is, with the
    violations beside it; what comes later is raised at teardown, by the fixture of the recorder.
    """
    recorder, raised = watched.recorder, info.excinfo
    if recorder is None or info.when == "teardown" or (info.when == "setup" and raised is None):
        return raised.value if raised is not None and raised.errisinstance(ContractViolationError) else None
    from pytest_graphcalls.report.failure import raise_failing

    try:
        raise_failing(recorder)
    except Exception as error:  # noqa: BLE001  a fault of ours fails this test with its traceback, not the whole run
        if raised is None or raised.errisinstance(pytest.skip.Exception):
            info.excinfo = pytest.ExceptionInfo.from_exception(error)
        return error
    return None


def watch(item: pytest.Item, plan: Plan) -> Watch:
    """Begin to follow a test, or go on."""
    from pytest_graphcalls.session import Watch

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


def follow_bot(node: pytest.Item | pytest.Session, bot: Bot) -> Bot:
    """Show what ``bot`` received and did when the test fails, or one that shares it."""
    node.stash[BOT_KEY] = bot
    return bot


def uses_shared(item: pytest.Item) -> bool:
    """Whether a test uses a simulator that it shares with others."""
    return "graphcalls_shared" in getattr(item, "fixturenames", ())


def watch_of(item: pytest.Item) -> Watch | None:
    """The watch of a test that uses a fixture of ours or judges a target; of any other one, ``None``."""
    plan = item.stash.get(PLAN_KEY, None)
    if plan is not None and plan.is_contract_test:
        return watch(item, plan)  # it may have been skipped before its fixtures were made
    return item.stash.get(WATCH_KEY, None)


def staged(item: pytest.Item) -> Generator[None, object, object]:
    """Around set-up and body of a contract test: tell "could not be staged" from "failed".

    A question's test never fails for what the target answered. No test fails for the network or a fault of the service.
    """
    plan = item.stash.get(PLAN_KEY, None)
    if plan is None or not plan.is_contract_test:
        return (yield)
    try:
        result = yield
    except StageError as error:
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
        raise
    return result


def report_on(
    watched: Watch, item: pytest.Item, info: pytest.CallInfo[None], report: pytest.TestReport, *, violated: bool
) -> None:
    """Take in how a part of the test went; put its facts on the last report, in a form that travels."""
    is_violation = info.excinfo is not None and info.excinfo.errisinstance(ContractViolationError)
    if info.excinfo is not None and is_violation:
        shown = info.excinfo.getrepr(style="value")  # the message is all; our source is no news
        if shown.reprcrash is not None:
            shown.reprcrash.message = str(info.excinfo.value)
        report.longrepr = shown
    elif report.skipped and isinstance(report.longrepr, tuple) and report.longrepr[0] == __file__:
        path, line, _ = item.reportinfo()
        report.longrepr = (str(path), (line or 0) + 1, report.longrepr[2])
    if report.failed and (watched.target == LIVE or not is_violation):
        live = watched.target == LIVE
        _show(report, "graphcalls live" if live else "graphcalls: last exchanges", lambda: _hints(watched, live=live))
    bot = item.stash.get(BOT_KEY, None) or (item.session.stash.get(BOT_KEY, None) if uses_shared(item) else None)
    if report.failed and bot is not None:
        _show(report, "graphcalls bot", lambda: _timeline(bot, info))
    watched.phase(report.when or "", report.outcome, _reason(report, info), violated=violated)
    if report.when == "teardown":
        record = watched.record()
        # xdist sends every attribute of a report along, as long as it is made of plain values.
        vars(report)["graphcalls"] = record.to_json()
        report.user_properties += record.properties()


def _show(report: pytest.TestReport, title: str, text: Callable[[], str]) -> None:
    """Add a section to a report, if there is something in it."""
    try:
        said = text()
    except Exception as error:  # noqa: BLE001  a fault in a hint must not hide the failure that it is about
        said = f"(not shown: a fault of pytest-graphcalls, {type(error).__name__}: {error})"
    if said:
        report.sections.append((title, said))


def _timeline(bot: Bot, info: pytest.CallInfo[None]) -> str:
    """The timeline of a bot for a report; an error that shows it already is not repeated."""
    from pytest_graphcalls.redaction import mask

    head, *lines = bot.timeline().splitlines()
    error = info.excinfo.value if info.excinfo is not None else None
    if isinstance(error, BotError) and lines and list(error.timeline) == lines:
        lines = ["(its notifications and requests are shown with the error above)"]
    return mask("\n".join((head, *lines)))


def _hints(watched: Watch, *, live: bool) -> str:
    """The last exchanges for a report; a violation shows its own already."""
    from pytest_graphcalls.report.failure import hints

    recorder = watched.recorder
    return "" if recorder is None else "\n".join(hints(recorder.exchanges, recorder.contract, live=live))


def _reason(report: pytest.TestReport, info: pytest.CallInfo[None]) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return info.excinfo.exconly().removeprefix("Failed: ") if info.excinfo else ""
