"""From pytest's view of one test to ours: how its parts went, and what it says in the end."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from pytest_graphcalls.markers import PLAN_KEY, Plan, version_of
from pytest_graphcalls.options import LIVE, REPLAY, SETTINGS_KEY

if TYPE_CHECKING:
    from pytest_graphcalls.bot import Bot
    from pytest_graphcalls.session import Watch

WATCH_KEY = pytest.StashKey["Watch"]()
BOT_KEY = pytest.StashKey["Bot"]()


def records_or_replays(config: pytest.Config, items: Iterable[pytest.Item]) -> bool:
    """Whether a run has to do with cassettes; asked of every run, so it loads nothing."""
    return (
        config.stash[SETTINGS_KEY].target == REPLAY
        or config.getoption("--record-mode", None) not in {None, "none"}
        or any(item.get_closest_marker("vcr") for item in items)
    )


def watch(item: pytest.Item, plan: Plan) -> Watch:
    """Begin to follow a test, or go on."""
    from pytest_graphcalls.session import Watch

    settings = item.config.stash[SETTINGS_KEY]
    if WATCH_KEY not in item.stash:
        item.stash[WATCH_KEY] = Watch(
            item.nodeid, version_of(item, settings), plan.target or settings.target, plan.rules, plan.questions
        )
    return item.stash[WATCH_KEY]


_IN_BETWEEN = frozenset({"pytest_graphcalls", "contextlib", "httpx"})
"""Packages between a user's line and an error of ours; the packaged suite is a user like any other."""
_RUNNERS = frozenset({"_pytest", "pluggy"})


def end_at_the_user(config: pytest.Config, error: BaseException) -> None:
    """Cut the traceback of an error that we raise on purpose below the user's line: our source is no news.

    The traceback itself is cut, so that a debugger opens at that line as well. ``--full-trace`` shows all of it.
    """
    if "pytest_graphcalls.errors" not in sys.modules or config.getoption("fulltrace", default=None):
        return
    from pytest_graphcalls.errors import GraphCallsError

    if not isinstance(error, GraphCallsError):
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
    """Show what ``bot`` was told and did when the test fails."""
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
        pytest.skip(str(error))
    except (EnvironmentFaultError, SignInError, SettingError) as error:  # the last one: a ledger on a full disk
        watch(item, plan).fault = True
        pytest.skip(str(error))
    except UnrecordedRequestError as error:
        # Nothing is known of the rule; but a suite and its recordings that do not fit are somebody's to mend.
        watch(item, plan).fault = True
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    except AssertionError as error:
        if not plan.rules:
            pytest.skip(f"not answered: {error}")
        _add_findings(item, plan)
        raise
    recorder = watch(item, plan).recorder
    if recorder is not None:
        recorder.raise_failing()
    return result


def _add_findings(item: pytest.Function, plan: Plan) -> None:
    """Show what was found beside the failure, instead of failing a second time at teardown."""
    recorder = watch(item, plan).recorder
    text = "\n\n".join(recorder.take_failing()) if recorder is not None else ""
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
        lines = ["(what it was told and asked for stands with the error above)"]
    return mask("\n".join((head, *lines)))


def _add_hints(watched: Watch, report: pytest.TestReport) -> None:
    """Show what was asked last; a violation shows its own exchange already."""
    if watched.recorder is not None:
        from pytest_graphcalls.report.hints import hints

        live = watched.target == LIVE
        lines = list(hints(watched.recorder.exchanges, watched.recorder.contract, live=live))
        if lines:
            report.sections.append(("graphcalls live" if live else "graphcalls: last exchanges", "\n".join(lines)))


def _reason(report: pytest.TestReport, info: pytest.CallInfo[None]) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return info.excinfo.exconly().removeprefix("Failed: ") if info.excinfo else ""
