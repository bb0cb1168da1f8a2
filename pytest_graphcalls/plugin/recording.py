"""The plugin that a run registers when it records or replays."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Kind, Passport
from pytest_graphcalls.errors import RecordingError, SettingError
from pytest_graphcalls.plugin.cassettes import CASSETTE_USE, FACTS, CassetteUse, Facts, Safety, facts_of, folder_of
from pytest_graphcalls.plugin.options import REPLAY, records
from pytest_graphcalls.plugin.settings import settings_of
from pytest_graphcalls.plugin.vcr import Persister, safely
from pytest_graphcalls.session import Recorder
from pytest_graphcalls.targets import GRAPH, Case, Connection
from pytest_graphcalls.targets.replay import ReplayTarget, case_facts
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

_KEPT = frozenset({"authorization", "client-request-id", "content-type", "prefer"})
"""Headers of a request that the service acts on."""
_DROPPED = frozenset({"connection", "content-length", "content-encoding", "keep-alive", "server", "transfer-encoding"})
"""Headers of an answer that are about its way."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording of a running test.

    Attributes:
        safety: says what may be written.
        case: the test.
        connection: what it talks to.
        recorder: what it has seen.
        before: state of the file when the test began.
    """

    safety: Safety
    case: Case
    connection: Connection
    recorder: Recorder
    before: str

    def write(self) -> Facts | None:
        """Write it, if there was an exchange; raises :class:`RecordingError`."""
        seen = self.recorder.exchanges
        if not seen:
            return None
        _require_own_cassette(self.case)
        redactor = self.safety.for_writing()
        exchanges = [redactor.exchange(one) for one in _from_anywhere(seen, self.connection.root)]
        otherwise = Kind.SERVER if self.connection.sandbox is None else Kind.LIVE
        facts = case_facts(self.connection, self.safety.redactor)
        passport = Passport.of(exchanges, otherwise, (self.connection.version,), test=self.case.name, **facts)
        if self.case.compared or self.connection.world is not None:
            passport = replace(passport, notifications=tuple(map(redactor.notification, self.recorder.notifications)))
        if self.case.compared:
            seconds, uncompared = tuple(one.seconds for one in exchanges), tuple(sorted(self.recorder.uncompared))
            passport = replace(passport, seconds=seconds, uncompared=uncompared)
        known, masked = self.safety.known(), self.case.compared
        cassette.write(self.case.path, exchanges, passport, known=known, before=self.before, masked=masked)
        return facts_of(cassette.opened(self.case.path), state="written")


def _require_own_cassette(case: Case) -> None:
    """Do not overwrite a cassette of a different test; an unreadable one belongs to no test."""
    owner = ""
    with suppress(RecordingError):
        passport = cassette.opened(case.path).passport
        owner = passport.test if passport else ""
    if owner not in {"", case.name}:
        problem = f"belongs to {owner}, not to {case.name}. Rename one of them, or remove the file."
        raise RecordingError(str(case.path), 0, problem)


def _from_anywhere(exchanges: Iterable[Exchange], root: str) -> Iterator[Exchange]:
    """The exchanges as if Graph had answered, without what says how they travelled: two recordings then differ only
    where the service does.
    """
    parts = urlsplit(root)
    base = f"{parts.scheme}://{parts.netloc}"
    for one in exchanges:
        request, response = one.request, one.response
        yield Exchange(
            Request(
                request.method,
                request.url.replace(base, GRAPH, 1),
                _moved(request.headers, base, _KEPT.__contains__),
                request.body.replace(base.encode(), GRAPH.encode()),
            ),
            Response(
                response.status,
                _moved(response.headers, base, lambda name: name not in _DROPPED),
                response.body.replace(base.encode(), GRAPH.encode()),
            ),
            seconds=one.seconds,
        )


def _moved(headers: Headers, base: str, kept: Callable[[str], bool]) -> Headers:
    return Headers([(name, text.replace(base, GRAPH)) for name, text in headers.pairs if kept(name.lower())])


PLUGIN = "graphcalls-recordings"


def join(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Take part in this run.

    Raises:
        UsageError: it is to replay and there is nothing, or two tests would be recorded into one cassette.
    """
    _refuse_shared(items)
    if not config.pluginmanager.has_plugin(PLUGIN):
        config.pluginmanager.register(Recordings(config), PLUGIN)
    settings = settings_of(config)
    if settings.target == REPLAY:
        try:
            replay_target(config)
        except SettingError as error:
            raise pytest.UsageError(str(error)) from None


def _refuse_shared(items: Iterable[pytest.Item]) -> None:
    """Stop a run that would record two tests into one cassette: pytest-recording replaces some letters of a name."""
    owners: dict[tuple[Path, str], pytest.Item] = {}
    for item in items:
        mark = item.get_closest_marker("vcr")
        if mark is None or item.get_closest_marker("default_cassette") is not None:
            continue  # a cassette that is named by hand is shared on purpose
        if not records(item.config) and mark.kwargs.get("record_mode", "none") == "none":
            continue
        from pytest_recording.plugin import get_default_cassette_name

        name = get_default_cassette_name(getattr(item, "cls", None), item.name)
        owner = owners.setdefault((item.path, name), item)
        if owner is not item:
            raise pytest.UsageError(
                f"{owner.nodeid} and {item.name} would be recorded into one cassette, {name}.yaml, and the first one "
                "would be lost. Give one of them a different id: pytest.param(..., id=...)."
            )


def replay_target(config: pytest.Config) -> ReplayTarget:
    """The target that answers from this project's cassettes; raises :class:`.SettingError` when there are none."""
    folder = folder_of(config, settings_of(config), for_reading=True)
    recordings = cast("Recordings | None", config.pluginmanager.get_plugin(PLUGIN))
    return ReplayTarget(folder, (recordings.safety if recordings else Safety(config)).request)


def follow(item: pytest.Item, connection: Connection, recorder: Recorder) -> None:
    """Record a test on a connection, or note which cassette it plays."""
    recordings = cast("Recordings | None", item.config.pluginmanager.get_plugin(PLUGIN))
    if recordings is None:
        return
    use, case, played = item.stash[CASSETTE_USE], connection.case, getattr(connection, "cassette", None)
    if played is not None:
        use.facts.append(facts_of(played, state="played"))
    elif case and not (case.path.exists() and item.config.getoption("--record-mode") == "once"):
        before = cassette.state(case.path)
        use.compared = case.compared
        use.waiting.append(Recording(recordings.safety, case, connection, recorder, before).write)


class Recordings:
    """Registered by runs that record or replay.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.safety = Safety(config)
        self._use: CassetteUse | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin a tape."""
        self._use = item.stash[CASSETTE_USE] = CassetteUse(item)

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
            request.node.stash[CASSETTE_USE].rewriting = True
            marks.insert(0, pytest.mark.vcr(record_mode="new_episodes").mark)

    @pytest.hookimpl(tryfirst=True, optionalhook=True)  # so that a project's own persister may still replace it
    def pytest_recording_configure(self, config: pytest.Config, vcr: Any) -> None:  # noqa: ARG002  the hook's names
        """Put our persister in front of vcrpy's, and let its matchers compare what is redacted."""
        if self._use is not None:
            vcr.register_persister(Persister(self.safety, self._use, vcr.persister))
            for name, matcher in tuple(vcr.matchers.items()):
                vcr.register_matcher(name, safely(self.safety, matcher))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Store the result of each phase; the last report of a test names its cassettes."""
        report = yield
        use = item.stash.get(CASSETTE_USE, None)
        if use is not None:
            use.phase(report)
            if report.when == "teardown" and use.facts:
                vars(report)[FACTS] = use.facts
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # around everything, so that every fixture is done
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Write what the test has recorded, after its last step that can fail."""
        yield
        try:
            item.stash[CASSETTE_USE].commit()
        except RecordingError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        finally:
            self._use = None
