"""Makes what fixtures return: the recorder and connection of a test, the targets and the local server of a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import NAMESPACE_URL, uuid5

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import IdleFaultWarning, RecordingError, SettingError, SignInError, UnknownNameError
from pytest_graphcalls.plugin.graphcalls import GraphCalls
from pytest_graphcalls.plugin.markers import plan_for
from pytest_graphcalls.plugin.options import BOTH_VERSIONS, LIVE, REPLAY, SIMULATOR, records
from pytest_graphcalls.plugin.outcomes import LOOPBACK, follow_bot, uses_shared, watch
from pytest_graphcalls.plugin.reporting import take_part
from pytest_graphcalls.plugin.settings import Settings, settings_of
from pytest_graphcalls.report.failure import raise_failing
from pytest_graphcalls.session import Followed, Recorder, current_recorder, recording
from pytest_graphcalls.targets import Case, Connection, LocalServer, Setup, Target, Targets, TargetSources
from pytest_graphcalls.targets.base import mock_facts
from pytest_graphcalls.wire import Exchange, Notification

if TYPE_CHECKING:
    from pytest_graphcalls.simulator import Simulator

_TARGETS = pytest.StashKey[Targets]()
_SERVER = pytest.StashKey[LocalServer]()


@contextmanager
def recorded(item: pytest.Item, settings: Settings, version: str) -> Iterator[Recorder]:
    """The recorder of a test; at the end it fails the test if an exchange broke the contract."""
    take_part(item.config)  # a test may ask for a fixture while it runs
    if version not in BOTH_VERSIONS:
        raise UnknownNameError("API version", version, BOTH_VERSIONS, few=True)
    plan = plan_for(item)
    watched = watch(item, plan)
    watched.version = version
    watched.recorder = Recorder(Contract.packaged(), strict=settings.strict, rules=plan.rules, questions=plan.questions)
    with ExitStack() as stack:
        for one in item.session.stash.get(_SHARED, ()) if uses_shared(item) else ():
            stack.callback(watched.recorder.follow_on(one.followed))
        with recording(watched.recorder) as recorder:
            yield recorder
    watched.recorder.close(item.nodeid)
    raise_failing(recorder)


def targets_of(session: pytest.Session, settings: Settings) -> Targets:
    """The targets of the run, closed at its end."""
    if _TARGETS not in session.stash:
        live = _live(session.config) if settings.target == LIVE else None
        facts = mock_facts(settings.mock)
        targets = Targets(TargetSources(settings.seed, settings.token, facts, partial(_replay, session.config), live))
        session.stash[_TARGETS] = targets
        session.addfinalizer(targets.close)
    return session.stash[_TARGETS]


def _replay(config: pytest.Config) -> Target:
    from pytest_graphcalls.plugin.recording import replay_target

    return replay_target(config)


def _live(config: pytest.Config) -> Callable[[], Target]:
    from pytest_graphcalls.plugin.live import live_target

    return partial(live_target, config)


def server_of(session: pytest.Session) -> LocalServer:
    """The local server of the run, in its own thread."""
    if _SERVER not in session.stash:
        stack = ExitStack()
        session.addfinalizer(stack.close)
        session.stash[_SERVER] = stack.enter_context(LocalServer.running())
    return session.stash[_SERVER]


_NO_PROXY = ("NO_PROXY", "no_proxy")


@contextmanager
def _served(session: pytest.Session, simulator: Simulator) -> Iterator[str]:
    """The URL of the local server, which no proxy that a variable names is asked for meanwhile."""
    before = {name: os.environ[name] for name in _NO_PROXY if name in os.environ}
    if "*" not in before.values():
        os.environ.update(dict.fromkeys(_NO_PROXY, ",".join(filter(None, {**before, "": LOOPBACK}.values()))))
    try:
        with server_of(session).serving(simulator) as url:
            yield url
    finally:
        for name in _NO_PROXY:
            os.environ.pop(name, None)
        os.environ.update(before)


class SharedRecorder:
    """Hands what a simulator of several tests answers to the recorder of the test that runs, else to its own.

    Args:
        strict: whether notices weigh, too.
    """

    def __init__(self, *, strict: bool) -> None:
        self.own = Recorder(Contract.packaged(), strict=strict)

    def __call__(self, exchange: Exchange) -> None:
        """Check an exchange."""
        (current_recorder() or self.own)(exchange)

    def __getattr__(self, name: str) -> Any:
        return getattr(current_recorder() or self.own, name)

    def follow(self, received: Callable[[], Sequence[Notification]], version: str) -> Callable[[], None]:
        """Check each notification once, in the test in which it is seen."""
        self.followed = Followed(received, version, signed=False)
        running = current_recorder()
        if running is not None:
            running.follow_on(self.followed)
        return self.own.follow_on(self.followed)


_SHARED = pytest.StashKey[list[SharedRecorder]]()
_COUNT = count(1)


@contextmanager
def shared(session: pytest.Session, *, version: str = "") -> Iterator[GraphCalls]:
    """A simulator for longer than a test; what is found in it fails the test that runs, or the end of the block."""
    settings = settings_of(session.config)
    if settings.target != SIMULATOR:
        pytest.skip(
            f"needs a simulator, and this run is against {settings.target}; --graphcalls-target=simulator has one."
        )
    recorder: Any = SharedRecorder(strict=settings.strict)
    hook = session.ihook.pytest_graphcalls_simulator
    tenant = str(uuid5(NAMESPACE_URL, f"shared {next(_COUNT)}"))
    setup = Setup(version or settings.version, recorder, tenant, lambda simulator: hook(simulator=simulator))
    session.stash.setdefault(_SHARED, []).append(recorder)
    connection = targets_of(session, settings)[SIMULATOR].connect(setup)
    with facade(session, connection, recorder, settings) as graphcalls:
        yield graphcalls
    connection.close()
    session.stash[_SHARED].remove(recorder)
    raise_failing(recorder.own)


class Shared:
    """The value of the fixture ``graphcalls_shared``, which is called; used in any other way, it says so.

    Args:
        session: the run.
    """

    def __init__(self, session: pytest.Session) -> None:
        self._session = session

    def __call__(self, *, version: str = "") -> AbstractContextManager[GraphCalls]:
        """A simulator for longer than a test; see :func:`shared`."""
        return shared(self._session, version=version)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # what Python and pytest only look for
            raise AttributeError(name)
        raise self._not_called(f".{name}")

    def __enter__(self) -> NoReturn:
        raise self._not_called("with graphcalls_shared")

    def __exit__(self, *_: object) -> None:
        """Do nothing; Python requires the method before it enters the block."""

    def _not_called(self, use: str) -> SettingError:
        step = "In a fixture of your own: with graphcalls_shared() as graphcalls: yield graphcalls."
        return SettingError("graphcalls_shared", use, "it to be called, with parentheses", step)


@contextmanager
def facade(
    node: pytest.Item | pytest.Session, connection: Connection, recorder: Recorder, settings: Settings
) -> Iterator[GraphCalls]:
    """The object behind the fixture ``graphcalls``, for one test or several."""
    graphcalls = GraphCalls(
        connection,
        recorder,
        partial(_served, node.session),
        partial(follow_bot, node),
        settings.seed,
    )
    with closing(graphcalls):
        yield graphcalls


def _case(item: pytest.Item, settings: Settings, target: str, version: str) -> Case | None:
    """The name of the test's recording, if it has one or is about to be recorded."""
    if target != REPLAY and not records(item.config):
        return None
    from pytest_graphcalls.plugin.cassettes import case_of

    return case_of(item, settings, target, version)


@contextmanager
def connected(item: pytest.Item, recorder: Recorder, settings: Settings, version: str) -> Iterator[Connection]:
    """The connection of a test to its target; a server that does not answer, or a failed sign-in, ends the run."""
    plan = plan_for(item)
    target = plan.target or settings.target
    hook = item.ihook.pytest_graphcalls_simulator
    setup = Setup(
        version,
        recorder,
        tenant=plan.tenant or str(uuid5(NAMESPACE_URL, item.nodeid)),
        prepare=lambda simulator: hook(simulator=simulator),
        case=_case(item, settings, target, version),
        incoming=lambda group: item.ihook.pytest_graphcalls_incoming_call(target=target, version=version, group=group),
    )
    try:
        connection = targets_of(item.session, settings)[target].connect(setup)
    except RecordingError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    except (SettingError, SignInError) as error:
        # One sentence for the run, instead of the same one for every test. An xdist worker cannot end the run
        # by leaving; it asks for that, and the status is 2 there.
        item.session.shouldstop = f"graphcalls: {error}"
        pytest.exit(item.session.shouldstop, returncode=pytest.ExitCode.USAGE_ERROR)
    for requested in plan.faults:
        assert connection.simulator is not None  # on other targets the test was skipped before
        connection.simulator.fault(requested.name, **requested.facts)
    if connection.case is not None:
        from pytest_graphcalls.plugin.recording import follow

        follow(item, connection, recorder)
    yield connection
    connection.close()
    for fault in connection.simulator.faults.idle if connection.simulator is not None else ():
        item.warn(IdleFaultWarning(str(fault.order), fault.seen))
