"""The plugin that a run registers when it records or replays."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.errors import RecordingError, SettingError
from pytest_graphcalls.options import REPLAY, SETTINGS_KEY
from pytest_graphcalls.recording.cases import folder_of
from pytest_graphcalls.recording.matching import safely
from pytest_graphcalls.recording.persister import Persister
from pytest_graphcalls.recording.safety import Safety
from pytest_graphcalls.recording.suite import Recording
from pytest_graphcalls.recording.tape import FACTS, TAPE, Tape, facts_of
from pytest_graphcalls.replaying import ReplayTarget

if TYPE_CHECKING:
    from pytest_graphcalls.session import Recorder
    from pytest_graphcalls.targets import Connection

PLUGIN = "graphcalls-recordings"


def join(config: pytest.Config) -> None:
    """Take part in this run; raises :class:`pytest.UsageError` when it is to replay and there is nothing."""
    if not config.pluginmanager.has_plugin(PLUGIN):
        config.pluginmanager.register(Recordings(config), PLUGIN)
    settings = config.stash[SETTINGS_KEY]
    if settings.target == REPLAY:
        try:
            replay_target(config)
        except SettingError as error:
            raise pytest.UsageError(str(error)) from None


def replay_target(config: pytest.Config) -> ReplayTarget:
    """The target that answers from this project's cassettes; raises :class:`.SettingError` when there are none."""
    folder = folder_of(config, config.stash[SETTINGS_KEY], to_read=True)
    recordings = cast("Recordings | None", config.pluginmanager.get_plugin(PLUGIN))
    return ReplayTarget(folder, (recordings.safety if recordings else Safety(config)).request)


def follow(item: pytest.Item, connection: Connection, recorder: Recorder) -> None:
    """Record a test on a connection, or note which cassette it plays."""
    recordings = cast("Recordings | None", item.config.pluginmanager.get_plugin(PLUGIN))
    if recordings is not None:
        recordings.follow(item.stash[TAPE], connection, recorder)


class Recordings:
    """Registered by runs that record or replay.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.safety = Safety(config)
        self._tape: Tape | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin a tape."""
        self._tape = item.stash[TAPE] = Tape(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Take the mode ``rewrite`` out of pytest-recording's hands: it deletes the cassette before the test runs."""
        result = yield
        if fixturedef.argname == "vcr_markers" and isinstance(result, list) and result:
            self._without_rewrite(request, result)
        return result

    def _without_rewrite(self, request: pytest.FixtureRequest, marks: list[pytest.Mark]) -> None:
        config: Mapping[str, Any] = request.getfixturevalue("vcr_config")
        said = (*(mark.kwargs for mark in marks), config, {"record_mode": request.config.getoption("--record-mode")})
        if next(one["record_mode"] for one in said if "record_mode" in one) == "rewrite":
            request.node.stash[TAPE].rewriting = True
            marks.insert(0, pytest.mark.vcr(record_mode="new_episodes").mark)

    @pytest.hookimpl(tryfirst=True, optionalhook=True)  # so that a project's own persister may still replace it
    def pytest_recording_configure(self, config: pytest.Config, vcr: Any) -> None:  # noqa: ARG002  the hook's names
        """Put our persister in front of vcrpy's, and let its matchers compare what is redacted."""
        if self._tape is not None:
            vcr.register_persister(Persister(self.safety, self._tape, vcr.persister))
            for name, matcher in tuple(vcr.matchers.items()):
                vcr.register_matcher(name, safely(self.safety, matcher))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how the test goes; its last report tells of its cassettes."""
        report = yield
        tape = item.stash.get(TAPE, None)
        if tape is not None:
            tape.phase(report)
            if report.when == "teardown" and tape.facts:
                vars(report)[FACTS] = tape.facts
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # around everything, so that every fixture is done
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Write what the test has recorded, now that nothing of it can fail any more."""
        yield
        try:
            item.stash[TAPE].commit()
        except RecordingError as error:
            pytest.fail(str(error), pytrace=False)
        finally:
            self._tape = None

    def follow(self, tape: Tape, connection: Connection, recorder: Recorder) -> None:
        """Record a test on a connection, or note which cassette it plays."""
        played = getattr(connection, "cassette", None)
        case = connection.case
        if played is not None:
            tape.facts.append(facts_of(played, state="played"))
        elif case and not (case.path.exists() and self._config.getoption("--record-mode") == "once"):
            before = cassette.state(case.path)
            tape.compared = case.compared
            tape.waiting.append(Recording(self.safety, case, connection, recorder, before).write)
