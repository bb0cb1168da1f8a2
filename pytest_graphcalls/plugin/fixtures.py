"""Fixtures of the plugin; none is automatic, and each returns an object that the lower floors build.

A project may override ``graphcalls_settings`` and ``graphcalls_version``. Names with a leading underscore are internal.
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
    """The fixture ``graphcalls``: client, simulator, bot and exchanges of one test.

    Attributes:
        token: the bearer token that the clients send.
        root: the address that the paths of operations are appended to.
        version: the API version of this test, ``v1.0`` or ``beta``.
    """

    def __init__(self, request: pytest.FixtureRequest, connection: Connection, recorder: Recorder) -> None:
        self._request = request
        self._recorder = recorder
        self.token = connection.token
        self.root = connection.root
        self.version = connection.version

    @property
    def client(self) -> Client:
        """An ``httpx.Client`` on :attr:`root`, with a token; every exchange is checked against the contract.

        ``graphcalls.client.post(f"/communications/calls/{call.id}/reject", json={"reason": "busy"})``
        """
        client: Client = self._request.getfixturevalue("graphcalls_client")
        return client

    @property
    def async_client(self) -> AsyncClient:
        """An ``httpx.AsyncClient`` on :attr:`root`, with a token; every exchange is checked against the contract."""
        client: AsyncClient = self._request.getfixturevalue("graphcalls_async_client")
        return client

    @property
    def simulator(self) -> Simulator:
        """The simulated tenant of this test: place calls, script people, inject faults, move the clock.

        Skips the test when it runs against another target than the simulator.
        """
        simulator: Simulator = self._request.getfixturevalue("graphcalls_simulator")
        return simulator

    @property
    def server(self) -> str:
        """URL of a local server in front of :attr:`simulator`, without API version: for clients of any library.

        Skips the test when it runs against another target than the simulator.
        """
        return str(self._request.getfixturevalue("graphcalls_server"))

    @property
    def bot(self) -> Bot:
        """The bot under test. ``graphcalls.bot(app)`` says where it is; notifications are posted to it as time passes.

        Skips the test when it runs against another target than the simulator.
        """
        bot: Bot = self._request.getfixturevalue("graphcalls_bot")
        return bot

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every request with its response so far, in order."""
        return self._recorder.exchanges

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every disagreement with the contract found so far, whether it fails the test or not."""
        return self._recorder.findings

    def expect_violation(self, what: str) -> AbstractContextManager[None]:
        """Expect a violation inside the ``with`` block; without one the test fails.

        Args:
            what: a rule's full id or slug (``at-most-five-invitees``), or a kind of finding (``token-missing``).

        Raises:
            UnknownNameError: there is no such rule, slug or kind.
            NoViolationError: the block ended without that violation.
        """
        return self._recorder.expect_violation(what)

    def receive(self, request: Request) -> Mapping[str, Any]:
        """Check a notification that a receiver of your own was sent, and return its decoded body.

        Args:
            request: what arrived: ``Request("POST", url, Headers(headers), body)`` of ``pytest_graphcalls.wire``.

        Raises:
            SettingError: ``request`` is not a :class:`.wire.Request`.
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
    """The settings of this run: target, API versions, strict, seed and others."""
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
    """The recorder of this test; at the end it fails the test if an exchange broke the contract."""
    from pytest_graphcalls.contract import Contract
    from pytest_graphcalls.report.failure import raise_failing
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
    raise_failing(recorder)


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
    """The name of the test's recording, if it has one or is about to be recorded."""
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
    """The connection of this test to its target; a server that does not answer, or a failed sign-in, ends the run."""
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
    """Inject the faults of the test's markers; on other targets the test was skipped before."""
    for wish in plan.faults:
        assert connection.simulator is not None
        connection.simulator.fault(wish.name, **wish.facts)


@pytest.fixture
def graphcalls_simulator(_graphcalls_connection: Connection) -> Simulator:
    """The simulated tenant of this test: place calls, script people, inject faults, move the clock."""
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
    """The bot under test: ``graphcalls_bot(app)`` says where it is; notifications are posted to it as time passes."""
    from pytest_graphcalls.bot import Bot

    bot = reporting.follow_bot(request.node, Bot(graphcalls_simulator, seed=graphcalls_settings.seed))
    yield bot
    bot.close()


@pytest.fixture(scope="session")
def _graphcalls_local_server() -> Iterator[LocalServer]:
    """The server of this run, in its own thread."""
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
    """Sets up the calls and meetings that a contract test needs, on any target, and always cleans them up."""
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
    """All of these under one name, and the exchanges and findings of this test; see :class:`GraphCalls`."""
    return GraphCalls(request, _graphcalls_connection, _graphcalls_recorder)
