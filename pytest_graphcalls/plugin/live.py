"""Live runs in pytest: the settings they start from, their messages, and the cleanup of open calls.

Imported for a live run only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pytest_graphcalls.errors import GraphCallsError, SettingError
from pytest_graphcalls.plugin.settings import LiveSettings, settings_of
from pytest_graphcalls.sandbox import End, Ending, Ledger, Sandbox, admit, ledgers
from pytest_graphcalls.sandbox.guard import sigterm_as_ctrl_c
from pytest_graphcalls.sandbox.journal import SUFFIX
from pytest_graphcalls.targets.live import Line, LiveTarget, Place, left_open
from pytest_graphcalls.targets.webhook import listening, prove

PROGRESS_EVERY = 30.0
"""Seconds between two lines about how far a run is."""
_RUN = pytest.StashKey[str]()
_HANDED_ON = "graphcalls_run"
"""Key by which an xdist worker receives the id of its run."""
_INBOX = pytest.StashKey[str]()
_INBOX_HANDED_ON = "graphcalls_inbox"
"""Key by which an xdist worker receives the address of the run's inbox."""


def live_target(config: pytest.Config) -> LiveTarget:
    """The live target of this process.

    Raises:
        SettingError: a setting is missing or wrong, or the tenant is not on the allow list.
    """
    settings = settings_of(config).live
    place, sandbox = checked(settings)
    index, count = _worker(config)
    path = folder(config) / f"{run_id(config)}.{index}{SUFFIX}"
    budget, requests = -(-settings.budget // count), -(-settings.requests // count)
    inbox = config.stash.get(_INBOX, "") or getattr(config, "workerinput", {}).get(_INBOX_HANDED_ON, "")
    share = sandbox.share(index, count)
    return LiveTarget(place, settings.tenants, share, path, budget=budget, requests=requests, inbox=inbox)


def checked(settings: LiveSettings) -> tuple[Place, Sandbox]:
    """The place and facts of the tenant, if it may be used.

    Raises:
        SettingError: a setting is missing or wrong, or the tenant is not on the allow list.
    """
    place = Place.of(os.environ, cloud=settings.cloud, root=settings.root, authority=settings.authority)
    admit(place.tenant, settings.tenants)
    return place, Sandbox.read(place.tenant, settings.facts)


def folder(config: pytest.Config) -> Path:
    """The folder of the ledgers of a run."""
    return settings_of(config).live.ledger or config.rootpath / ".graphcalls" / "ledger"


def run_id(config: pytest.Config) -> str:
    """The id of the run, shared by all of its processes."""
    if _RUN not in config.stash:
        config.stash[_RUN] = getattr(config, "workerinput", {}).get(_HANDED_ON) or str(uuid4())
    return config.stash[_RUN]


def _worker(config: pytest.Config) -> tuple[int, int]:
    """The number of this xdist worker, and how many there are."""
    facts = getattr(config, "workerinput", None)
    return (int(facts["workerid"].removeprefix("gw")), int(facts["workercount"])) if facts else (0, 1)


def begin(config: pytest.Config) -> None:
    """Start a live run, or refuse to.

    Raises:
        UsageError: a setting is missing or wrong, the tenant is not on the allow list, or what is posted to the
            callback does not arrive where it is listened for.
    """
    is_worker = hasattr(config, "workerinput")
    until_the_end = ExitStack()
    config.add_cleanup(until_the_end.close)
    try:
        place, sandbox = checked(settings_of(config).live)
        if sandbox.listen and not is_worker:
            config.stash[_INBOX] = _listen(until_the_end, place, sandbox)
    except SettingError as error:
        raise pytest.UsageError(f"--graphcalls-target=live cannot start. {error}") from None
    until_the_end.enter_context(sigterm_as_ctrl_c())  # a cancelled job gets SIGTERM: hang up before it ends
    if not is_worker:
        config.pluginmanager.register(LiveRun(config, place), "graphcalls-live")


def _listen(until: ExitStack, place: Place, sandbox: Sandbox) -> str:
    """Listen until the run is over; the address of the inbox, to which the callback address has been seen to lead."""
    address = until.enter_context(listening(sandbox))
    with closing(Line(place)) as line:
        prove(sandbox, address, line.network)
    return address


class LiveRun:
    """Follows a live run from the process that gathers its reports.

    Args:
        config: pytest's.
        place: where the tenant is.
    """

    def __init__(self, config: pytest.Config, place: Place) -> None:
        self._config = config
        self._place = place
        self._began = self._reported = time.monotonic()
        self._done = 0
        self._of = 0
        self._lines: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker which run it belongs to, and where it hears what is posted to it."""
        node.workerinput[_HANDED_ON] = run_id(self._config)
        node.workerinput[_INBOX_HANDED_ON] = self._config.stash.get(_INBOX, "")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Learn how many tests there are."""
        self._of = len(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn how many tests there are."""
        self._of = len(session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Now and then say how far the run is."""
        self._done += report.when == "teardown"
        now = time.monotonic()
        if now - self._reported >= PROGRESS_EVERY:
            self._reported = now
            self._write(f"graphcalls: {self._done} of {self._of} tests, {_clock(now - self._began)}, {self._open()}")

    def _open(self) -> str:
        count = sum(len(ledger.open_calls()) for ledger in self._ledgers())
        return f"{count} calls open" if count != 1 else "1 call open"

    def _write(self, line: str) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.write_line(line)

    def _ledgers(self) -> tuple[Ledger, ...]:
        return ledgers(folder(self._config), run_id(self._config))

    @pytest.hookimpl(trylast=True)  # after the fixtures are torn down and the workers have ended
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hang up what the processes of this run could not, because they were interrupted or died."""
        found = self._ledgers()
        if not found:
            return
        endings = list(self._close_ledgers(found))
        left = self._ledgers()
        self._lines = [*_hung_up(endings), *_left(left, folder(self._config))]
        if any(ledger.open_calls() for ledger in left) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _close_ledgers(self, found: tuple[Ledger, ...]) -> Iterator[Ending]:
        with closing(Line(self._place)) as line:
            try:
                for ledger in found:
                    yield from left_open(line, ledger)
                    ledger.close()
            except GraphCallsError as error:
                self._write(f"graphcalls: {error}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was left open, and what to do."""
        for line in self._lines:
            terminalreporter.write_line(line)


def _hung_up(endings: list[Ending]) -> Iterator[str]:
    ended = [ending for ending in endings if ending.end is not End.STILL_OPEN]
    if ended:
        yield f"graphcalls: calls that the run had left open: {len(ended)} hung up."


def _left(found: tuple[Ledger, ...], where: Path) -> Iterator[str]:
    count = sum(len(ledger.open_calls()) for ledger in found)
    if count:
        yield f"graphcalls: calls still open: {count}. End them with: graphcalls sweep --ledger {where}"
    for ledger in found:
        for intent in ledger.unanswered():
            yield (
                f"graphcalls: a request for a call, sent {intent.made:%H:%M:%S} UTC, was never answered; if a call "
                f"came of it, the service ends it by {intent.ends_by:%H:%M} UTC."
            )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02} min"
