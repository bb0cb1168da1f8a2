"""The fixtures. None of them runs unless a test asks; each hands on what the lower floors make.

``graphcalls_settings`` and ``graphcalls_version`` are facts that a project may override; the names with a
leading underscore are costly makers and internal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from pytest_graphcalls.plugin import reporting
from pytest_graphcalls.plugin.markers import PLAN_KEY, Plan, plan_of, version_of
from pytest_graphcalls.plugin.options import LIVE, REPLAY, SETTINGS_KEY, Settings

if TYPE_CHECKING:
    from pytest_graphcalls.bot import Bot
    from pytest_graphcalls.clients.httpx import AsyncClient, Client
    from pytest_graphcalls.findings import Finding
    from pytest_graphcalls.session import Recorder
    from pytest_graphcalls.simulator import Simulator
    from pytest_graphcalls.stage import Stage
    from pytest_graphcalls.targets import Case, Connection, LocalServer, Target, Targets
    from pytest_graphcalls.targets.live import LiveTarget
    from pytest_graphcalls.wire import Exchange, Request


class GraphCalls:
    """Everything of one test under one name: the fixture ``graphcalls``.

    Attributes:
        client: an ``httpx.Client`` on :attr:`root` with a token.
        async_client: the same, asynchronous.
        simulator: the test's simulator; skips the test when the target is another one.
        server: URL of a local server in front of it; skips like :attr:`simulator`.
        bot: the bot under test, once ``graphcalls.bot(app)`` has said where it is; skips like :attr:`simulator`.
        token: the bearer token the clients send.
        root: the address that operations' paths are appended to.
        version: ``v1.0`` or ``beta``.
        exchanges: every exchange so far, in order.
        findings: everything found in them, whether it fails the test or not.
    """

    def __init__(self, request: pytest.FixtureRequest, connection: Connection, recorder: Recorder) -> None:
        self._request = request
        self._recorder = recorder
        self.token = connection.token
        self.root = connection.root
        self.version = connection.version

    @property
    def client(self) -> Client:  # noqa: D102  the class describes it; the same for those below
        client: Client = self._request.getfixturevalue("graphcalls_client")
        return client

    @property
    def async_client(self) -> AsyncClient:  # noqa: D102
        client: AsyncClient = self._request.getfixturevalue("graphcalls_async_client")
        return client

    @property
    def simulator(self) -> Simulator:  # noqa: D102
        simulator: Simulator = self._request.getfixturevalue("graphcalls_simulator")
        return simulator

    @property
    def server(self) -> str:  # noqa: D102
        return str(self._request.getfixturevalue("graphcalls_server"))

    @property
    def bot(self) -> Bot:  # noqa: D102
        bot: Bot = self._request.getfixturevalue("graphcalls_bot")
        return bot

    @property
    def exchanges(self) -> tuple[Exchange, ...]:  # noqa: D102
        return self._recorder.exchanges

    @property
    def findings(self) -> tuple[Finding, ...]:  # noqa: D102
        return self._recorder.findings

    def expect_violation(self, what: str) -> AbstractContextManager[None]:
        """Allow, and ask for, a violation inside the block (see :meth:`.Recorder.expect_violation`)."""
        return self._recorder.expect_violation(what)

    def receive(self, request: Request) -> Mapping[str, Any]:
        """Check a notification that was posted to the bot and return its body (see :meth:`.Recorder.receive`).

        Raises:
            SettingError: ``request`` is no :class:`.wire.Request`.
        """
        from pytest_graphcalls.errors import SettingError
        from pytest_graphcalls.validation import shown
        from pytest_graphcalls.wire import Request

        if not isinstance(request, Request):
            hint = "Make one of what came in: from pytest_graphcalls.wire import Headers, Request."
            raise SettingError(
                "receive(request)", shown(request), 'Request("POST", url, Headers(headers), body) of wire', hint
            )
        return self._recorder.receive(request, self.version)


@pytest.fixture(scope="session")
def graphcalls_settings(request: pytest.FixtureRequest) -> Settings:
    """What this run was asked for: target, versions, strict, seed."""
    return request.config.stash[SETTINGS_KEY]


@pytest.fixture
def graphcalls_version(request: pytest.FixtureRequest, graphcalls_settings: Settings) -> str:
    """The API version this test runs for: v1.0 or beta."""
    return version_of(request.node, graphcalls_settings)


@pytest.fixture
def _graphcalls_plan(request: pytest.FixtureRequest) -> Plan:
    """What the test's markers say."""
    return request.node.stash.get(PLAN_KEY, None) or plan_of(request.node) or Plan()


@pytest.fixture
def _graphcalls_recorder(
    request: pytest.FixtureRequest, graphcalls_settings: Settings, graphcalls_version: str, _graphcalls_plan: Plan
) -> Iterator[Recorder]:
    """The test's memory; fails the test at the end if an exchange broke the contract."""
    from pytest_graphcalls.contract import Contract
    from pytest_graphcalls.session import Recorder, recording

    watched = reporting.watch(request.node, _graphcalls_plan)
    watched.version = graphcalls_version
    watched.recorder = Recorder(
        Contract.packaged(),
        strict=graphcalls_settings.strict,
        rules=_graphcalls_plan.rules,
        questions=_graphcalls_plan.questions,
    )
    with recording(watched.recorder) as recorder:
        yield recorder
    watched.recorder.close(request.node.nodeid)
    recorder.raise_failing()


@pytest.fixture(scope="session")
def _graphcalls_targets(pytestconfig: pytest.Config, graphcalls_settings: Settings) -> Iterator[Targets]:
    """The targets of the run."""
    from pytest_graphcalls.targets import Targets, Wishes

    def replay() -> Target:
        from pytest_graphcalls.plugin import recording

        return recording.replay_target(pytestconfig)

    live = _live(pytestconfig) if graphcalls_settings.target == LIVE else None
    targets = Targets(Wishes(graphcalls_settings.seed, graphcalls_settings.token, replay, live))
    yield targets
    targets.close()


def _live(config: pytest.Config) -> Callable[[], LiveTarget]:
    from pytest_graphcalls.plugin.live import live_target

    return partial(live_target, config)


@pytest.fixture
def _graphcalls_case(
    request: pytest.FixtureRequest, _graphcalls_plan: Plan, graphcalls_settings: Settings, graphcalls_version: str
) -> Case | None:
    """What the test's recording is called, if it has one or is to have one."""
    target = _graphcalls_plan.target or graphcalls_settings.target
    if target != REPLAY and request.config.getoption("--record-mode", None) in {None, "none"}:
        return None
    from pytest_graphcalls.plugin import recording

    return recording.case_of(request.node, graphcalls_settings, target, graphcalls_version)


@pytest.fixture
def _graphcalls_connection(
    request: pytest.FixtureRequest,
    _graphcalls_recorder: Recorder,
    _graphcalls_targets: Targets,
    _graphcalls_plan: Plan,
    _graphcalls_case: Case | None,
    graphcalls_settings: Settings,
    graphcalls_version: str,
) -> Iterator[Connection]:
    """The test's line to its target. A server that does not answer, or a sign-in that fails, ends the run."""
    from pytest_graphcalls.errors import RecordingError, SettingError, SignInError
    from pytest_graphcalls.targets import Setup

    hook = request.node.ihook.pytest_graphcalls_simulator
    setup = Setup(
        graphcalls_version,
        _graphcalls_recorder,
        tenant=_graphcalls_plan.tenant or str(uuid5(NAMESPACE_URL, request.node.nodeid)),
        prepare=lambda simulator: hook(simulator=simulator),
        case=_graphcalls_case,
    )
    try:
        connection = _graphcalls_targets[_graphcalls_plan.target or graphcalls_settings.target].connect(setup)
    except RecordingError as error:
        pytest.fail(str(error), pytrace=False)
    except (SettingError, SignInError) as error:
        # One sentence for the run, instead of the same one for every test. An xdist worker cannot end the run
        # by leaving; it asks for that, and the status is 2 there.
        request.session.shouldstop = f"graphcalls: {error}"
        pytest.exit(request.session.shouldstop, returncode=pytest.ExitCode.USAGE_ERROR)
    _inject(_graphcalls_plan, connection)
    if connection.case is not None:
        from pytest_graphcalls.plugin import recording

        recording.follow(request.node, connection, _graphcalls_recorder)
    yield connection
    connection.close()


def _inject(plan: Plan, connection: Connection) -> None:
    """Put the faults in force that the test's markers ask for; other targets have skipped the test by now."""
    for wish in plan.faults:
        assert connection.simulator is not None
        connection.simulator.fault(wish.name, **wish.facts)


@pytest.fixture
def graphcalls_simulator(_graphcalls_connection: Connection) -> Simulator:
    """A simulated tenant of this test's own: place calls, script people, move the clock."""
    if _graphcalls_connection.simulator is None:
        pytest.skip(
            f"needs a simulator, and this test runs against {_graphcalls_connection.root}; "
            '--graphcalls-target=simulator or @pytest.mark.graphcalls(target="simulator") gives it one.'
        )
    return _graphcalls_connection.simulator


@pytest.fixture
def graphcalls_token(_graphcalls_connection: Connection) -> str:
    """A bearer token of the default app."""
    return _graphcalls_connection.token


@pytest.fixture
def graphcalls_client(_graphcalls_connection: Connection) -> Client:
    """An httpx.Client on the API version's root, with a token; every exchange is checked."""
    return _graphcalls_connection.client()


@pytest.fixture
def graphcalls_async_client(_graphcalls_connection: Connection) -> AsyncClient:
    """An httpx.AsyncClient on the API version's root, with a token; every exchange is checked."""
    return _graphcalls_connection.async_client()


@pytest.fixture
def graphcalls_bot(
    request: pytest.FixtureRequest, graphcalls_simulator: Simulator, graphcalls_settings: Settings
) -> Iterator[Bot]:
    """The bot under test: say where it is, ``graphcalls_bot(app)``, and it is told what happens when time passes."""
    from pytest_graphcalls.bot import Bot

    bot = reporting.follow_bot(request.node, Bot(graphcalls_simulator, seed=graphcalls_settings.seed))
    yield bot
    bot.close()


@pytest.fixture(scope="session")
def _graphcalls_local_server() -> Iterator[LocalServer]:
    """One server for the run, in a thread of its own."""
    from pytest_graphcalls.targets import LocalServer

    with LocalServer.running() as server:
        yield server


@pytest.fixture
def graphcalls_server(graphcalls_simulator: Simulator, _graphcalls_local_server: LocalServer) -> Iterator[str]:
    """URL of a local server in front of this test's simulator, without API version; every exchange is checked."""
    with _graphcalls_local_server.serving(graphcalls_simulator) as url:
        yield url


@pytest.fixture
def graphcalls_stage(_graphcalls_connection: Connection, _graphcalls_recorder: Recorder) -> Iterator[Stage]:
    """What a contract test needs before it starts, built on any target; taken down again whatever happens."""
    from pytest_graphcalls.stage import Stage

    stage = Stage(_graphcalls_connection, _graphcalls_recorder)
    try:
        yield stage
    finally:
        stage.close()


@pytest.fixture
def graphcalls(
    request: pytest.FixtureRequest, _graphcalls_connection: Connection, _graphcalls_recorder: Recorder
) -> GraphCalls:
    """Everything of this test under one name: client, simulator, server, exchanges, findings, expect_violation."""
    return GraphCalls(request, _graphcalls_connection, _graphcalls_recorder)
