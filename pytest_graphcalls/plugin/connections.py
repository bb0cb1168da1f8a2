"""Makes what fixtures return: the recorder and connection of a test, the targets and the local server of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from uuid import NAMESPACE_URL, uuid5

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import IdleFaultWarning, RecordingError, SettingError, SignInError, UnknownNameError
from pytest_graphcalls.plugin.graphcalls import GraphCalls
from pytest_graphcalls.plugin.markers import Plan, plan_for
from pytest_graphcalls.plugin.options import BOTH_VERSIONS, LIVE, REPLAY, records
from pytest_graphcalls.plugin.outcomes import follow_bot, watch
from pytest_graphcalls.plugin.reporting import take_part
from pytest_graphcalls.plugin.settings import Settings
from pytest_graphcalls.report.failure import raise_failing
from pytest_graphcalls.session import Recorder, recording
from pytest_graphcalls.targets import Case, Connection, LocalServer, Setup, Target, Targets, Wishes
from pytest_graphcalls.targets.facts import mock_facts

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
    with recording(watched.recorder) as recorder:
        yield recorder
    watched.recorder.close(item.nodeid)
    raise_failing(recorder)


def targets_of(session: pytest.Session, settings: Settings) -> Targets:
    """The targets of the run, closed at its end."""
    if _TARGETS not in session.stash:
        live = _live(session.config) if settings.target == LIVE else None
        facts = mock_facts(settings.mock)
        targets = Targets(Wishes(settings.seed, settings.token, facts, partial(_replay, session.config), live))
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


@contextmanager
def facade(item: pytest.Item, connection: Connection, recorder: Recorder, settings: Settings) -> Iterator[GraphCalls]:
    """What the fixture ``graphcalls`` gives a test."""
    graphcalls = GraphCalls(
        connection,
        recorder,
        lambda simulator: server_of(item.session).serving(simulator),
        partial(follow_bot, item),
        settings.seed,
    )
    with closing(graphcalls):
        yield graphcalls


def _case(item: pytest.Item, settings: Settings, target: str, version: str) -> Case | None:
    """The name of the test's recording, if it has one or is about to be recorded."""
    if target != REPLAY and not records(item.config):
        return None
    from pytest_graphcalls.plugin.cassette_files import case_of

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
    _inject(plan, connection)
    if connection.case is not None:
        from pytest_graphcalls.plugin.recording import follow

        follow(item, connection, recorder)
    yield connection
    connection.close()
    for fault in connection.simulator.faults.idle if connection.simulator is not None else ():
        item.warn(IdleFaultWarning(str(fault.order), fault.seen))


def _inject(plan: Plan, connection: Connection) -> None:
    """Inject the faults of the test's markers; on other targets the test was skipped before."""
    for wish in plan.faults:
        assert connection.simulator is not None
        connection.simulator.fault(wish.name, **wish.facts)
