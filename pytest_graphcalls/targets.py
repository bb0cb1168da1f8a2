"""What tests talk to: the simulator, a recording, a live tenant, or a server at a base URL.

A :class:`Target` lives as long as the run, a :class:`Connection` as long as one test. Tests ask a connection
what it can do (:attr:`Connection.capabilities`), never which target it belongs to. Adding a target is a row in
:data:`TARGETS` and a class with these two methods.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_graphcalls.contract import Need
from pytest_graphcalls.errors import SettingError

if TYPE_CHECKING:
    from pytest_graphcalls.clients.asgi import SimulatorApp
    from pytest_graphcalls.clients.httpx import AsyncClient, Client
    from pytest_graphcalls.clients.remote import RemoteWorld
    from pytest_graphcalls.replaying import Case
    from pytest_graphcalls.sandbox import Sandbox
    from pytest_graphcalls.session import Recorder
    from pytest_graphcalls.simulator import Host, Simulator
    from pytest_graphcalls.wire import Exchange, Notification

SIMULATOR = "simulator"
LIVE = "live"
REPLAY = "replay"
GRAPH = "https://graph.microsoft.com"
"""The address that the simulator answers for, in process."""
PLACEHOLDER_TOKEN = "pytest-graphcalls"  # noqa: S105  says who asks; a server that checks tokens refuses it
"""The bearer token for a base URL when ``GRAPHCALLS_TOKEN`` is not set: a mock may ask that there be one."""

Prepare = Callable[["Simulator"], None]
"""What is done with each new simulator before its test sees it."""


class World(Protocol):
    """What stages more than requests can: a :class:`.Simulator`, or a server that lets itself be steered like one."""

    @property
    def notifications(self) -> list[Notification]:
        """Everything that the bot is to be told, in order."""

    @property
    def authority(self) -> Any:
        """Registers apps (``register``) and mints tokens (``token``)."""

    def incoming_call(self, *, group: bool = False) -> Any:
        """Place a call to the default app; it has an ``id``."""


class Connection(Protocol):
    """One test's line to its target, for one API version."""

    @property
    def version(self) -> str:
        """``v1.0`` or ``beta``."""

    @property
    def root(self) -> str:
        """The address that operations' paths are appended to, e.g. ``https://graph.microsoft.com/v1.0``."""

    @property
    def token(self) -> str:
        """The bearer token of the default app."""

    @property
    def capabilities(self) -> frozenset[Need]:
        """What it can do beyond answering requests."""

    @property
    def simulator(self) -> Simulator | None:
        """The simulated tenant, or ``None`` when the target is none."""

    @property
    def world(self) -> World | None:
        """What a stage steers beyond requests: the simulator, or the one behind a URL; ``None`` when nobody can."""

    @property
    def is_fresh(self) -> bool:
        """Whether nothing outlives the test there."""

    @property
    def sandbox(self) -> Sandbox | None:
        """What a stage may use, where not any id will do; ``None`` where it will."""

    @property
    def case(self) -> Case | None:
        """The test, when it is recorded or replayed and has to ask the same each time; else ``None``."""

    def client(self, token: str | None = None) -> Client:
        """A new client on :attr:`root`.

        Args:
            token: the bearer token it sends; by default :attr:`token`, and ``""`` for none.
        """

    def async_client(self, token: str | None = None) -> AsyncClient:
        """A new asynchronous client; making and leaving it takes no event loop. Arguments as for :meth:`client`."""

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` of the target's time pass."""

    def close(self) -> None:
        """End the test: nothing that it made goes on."""


class Target(Protocol):
    """What a run talks to."""

    @property
    def name(self) -> str:
        """``simulator``, or the base URL."""

    @property
    def capabilities(self) -> frozenset[Need]:
        """What it can do beyond answering requests."""

    def connect(
        self,
        version: str,
        recorder: Recorder,
        *,
        tenant: str = "",
        prepare: Prepare | None = None,
        case: Case | None = None,
    ) -> Connection:
        """Begin a test.

        Args:
            version: ``v1.0`` or ``beta``.
            recorder: is handed every exchange of the test, once.
            tenant: id of the simulated tenant; by default the simulator's own.
            prepare: what to do with a new simulator first.
            case: the test, when it is recorded or replayed.

        Raises:
            SettingError: nothing answers there.
        """

    def close(self) -> None:
        """Leave the target at the end of the run."""


def _observer(recorder: Recorder, case: Case | None) -> Callable[[Exchange], None]:
    """Who is shown the exchanges of a test: in one that is compared, a fault of the environment is kept, not judged."""
    if case is None or not case.compared:
        return recorder
    from pytest_graphcalls.sandbox.guard import fault_of

    def seen(exchange: Exchange) -> None:
        fault = fault_of(exchange.request, exchange.response)
        (recorder if fault is None else recorder.keep)(exchange)

    return seen


def _through(transport: Any, case: Case | None) -> Any:
    """The transport of a test: in one that is compared, it tells a fault of the environment from an answer."""
    if case is None or not case.compared:
        return transport
    from pytest_graphcalls.clients.httpx import FaultTransport

    return FaultTransport(transport)


class SimulatorTarget:
    """The simulator: in process, a new one for each test.

    Args:
        seed: where its ids start.
    """

    name = SIMULATOR
    capabilities = frozenset(Need)

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def connect(
        self,
        version: str,
        recorder: Recorder,
        *,
        tenant: str = "",
        prepare: Prepare | None = None,
        case: Case | None = None,
    ) -> SimulatorConnection:
        """See :meth:`Target.connect`."""
        from pytest_graphcalls.simulator import Simulator

        simulator = Simulator(seed=self.seed, tenant_id=tenant or None)
        simulator.observe(_observer(recorder, case))
        if prepare is not None:
            prepare(simulator)
        leave = recorder.follow(lambda: simulator.notifications, version)
        return SimulatorConnection(simulator, version, leave, case)

    def close(self) -> None:
        """Nothing is held."""


class SimulatorConnection:
    """A test's own simulator. The recorder watches the simulator, so every way into it is seen once.

    Args:
        simulator: the tenant.
        version: ``v1.0`` or ``beta``.
        leave: what ends the watching.
        case: the test, when it is recorded.
    """

    capabilities = SimulatorTarget.capabilities
    sandbox = None
    is_fresh = True

    def __init__(
        self,
        simulator: Simulator,
        version: str,
        leave: Callable[[], None] = lambda: None,
        case: Case | None = None,
    ) -> None:
        self.case = case
        self._leave = leave
        self.simulator: Simulator = simulator
        self.world: World = simulator
        self.version = version
        self.root = f"{GRAPH}/{version}"

    @cached_property
    def token(self) -> str:
        """A token of the tenant's default app."""
        return self.simulator.authority.token()

    @cached_property
    def _transport(self) -> Any:
        from pytest_graphcalls.clients.httpx import SimulatorTransport

        return _through(SimulatorTransport(self.simulator), self.case)

    def client(self, token: str | None = None) -> Client:
        """See :meth:`Connection.client`."""
        from pytest_graphcalls.clients.httpx import make_client

        return make_client(self._transport, self.root, self.token if token is None else token)

    def async_client(self, token: str | None = None) -> AsyncClient:
        """See :meth:`Connection.async_client`."""
        from pytest_graphcalls.clients.httpx import make_async_client

        return make_async_client(self._transport, self.root, self.token if token is None else token)

    def wait(self, seconds: float) -> None:
        """Move the simulator's clock."""
        self.simulator.advance(seconds)

    def close(self) -> None:
        """The simulator goes with the test, after a last look at what it has told the bot."""
        self._leave()


class UrlTarget:
    """A server at a base URL.

    Args:
        url: its address without API version.
        token: bearer token of the app to act as; by default :data:`PLACEHOLDER_TOKEN`.
    """

    def __init__(self, url: str, *, token: str = "") -> None:
        self.name = url
        self._given = token
        self._welcome = False

    @cached_property
    def capabilities(self) -> frozenset[Need]:
        """See :attr:`Target.capabilities`; the server is asked once a run."""
        return capabilities_of(self.name)

    @property
    def token(self) -> str:
        """The bearer token that was given; else one that the server mints for each test, where it does."""
        if not self._given and self.world is not None:
            return str(self.world.authority.token())
        return self._given or PLACEHOLDER_TOKEN

    @cached_property
    def world(self) -> RemoteWorld | None:
        """The world behind it, if it is a ``graphcalls serve`` of this machine that lets itself be steered."""
        from pytest_graphcalls.clients.httpx import make_client
        from pytest_graphcalls.clients.remote import RemoteWorld

        network = self.network
        return RemoteWorld(make_client(network.sync, self.name, "")) if self.capabilities else None

    @cached_property
    def network(self) -> Any:
        """The transports to it; one pair for the run, because the TLS context of a new one takes 25 ms."""
        from pytest_graphcalls.clients.httpx import Network

        network = Network()
        problem = network.unreachable(self.name)
        if problem:
            network.close()
            raise SettingError(
                "--graphcalls-target", self.name, "a server that answers", f"{problem} Start it, or mend the address."
            )
        return network

    def connect(
        self,
        version: str,
        recorder: Recorder,
        *,
        tenant: str = "",
        prepare: Prepare | None = None,
        case: Case | None = None,
    ) -> UrlConnection:
        """See :meth:`Target.connect`; ``tenant`` and ``prepare`` are for the simulator alone.

        Raises:
            SettingError: nothing answers there, or whoever does will not have the token of a run that judges it:
                every rule would seem broken.
        """
        del tenant, prepare
        if recorder.judges:
            self._require_welcome(version)
        connection = UrlConnection(self, version, recorder, case)
        if connection.world is not None and Need.CLOCK in connection.capabilities:  # nobody else is told things there
            connection.follow(connection.world)
        return connection

    def _require_welcome(self, version: str) -> None:
        if self._welcome:
            return
        refusal = self.network.refuses(f"{self.name}/{version}", self.token)
        if refusal:
            given = "(not shown)" if self._given else "(not set)"
            step = f"It says: {refusal} 'graphcalls token --url {self.name}' makes one for 'graphcalls serve'."
            raise SettingError("GRAPHCALLS_TOKEN", given, f"a bearer token that {self.name} takes", step)
        self._welcome = True

    def close(self) -> None:
        """Close the connections, if there were any."""
        if "network" in self.__dict__:
            self.network.close()


class UrlConnection:
    """A test's line to a server.

    Args:
        target: the server.
        version: ``v1.0`` or ``beta``.
        recorder: is handed every exchange.
        case: the test, when it is recorded.
    """

    simulator = None
    sandbox = None
    is_fresh = False

    def __init__(self, target: UrlTarget, version: str, recorder: Recorder, case: Case | None = None) -> None:
        self.case = case
        self._network = target.network
        self._recorder = recorder
        self._leave: Callable[[], None] = lambda: None
        # What is recorded is asked again by requests alone.
        self.world = target.world if case is None else None
        self.capabilities = target.capabilities if case is None else frozenset[Need]()
        self._seen = _observer(recorder, case)
        self.token = target.token
        self.version = version
        self.root = f"{target.name}/{version}"

    def client(self, token: str | None = None) -> Client:
        """See :meth:`Connection.client`."""
        from pytest_graphcalls.clients.httpx import CheckedTransport, make_client

        transport = _through(CheckedTransport(self._network.sync, self._seen), self.case)
        return make_client(transport, self.root, self.token if token is None else token)

    def async_client(self, token: str | None = None) -> AsyncClient:
        """See :meth:`Connection.async_client`."""
        from pytest_graphcalls.clients.httpx import CheckedTransport, make_async_client

        transport = _through(CheckedTransport(self._network.asynchronous, self._seen), self.case)
        return make_async_client(transport, self.root, self.token if token is None else token)

    def follow(self, world: World) -> None:
        """Let the recorder look at what the bot is told from now on, until the test is over."""
        known = len(world.notifications)
        self._leave = self._recorder.follow(lambda: world.notifications[known:], self.version)

    def wait(self, seconds: float) -> None:
        """Move the server's clock, if the test may; else let real time pass."""
        if self.world is not None and Need.CLOCK in self.capabilities:
            self.world.advance(seconds)
        else:
            time.sleep(seconds)

    def close(self) -> None:
        """The stage hangs up what it made; what else a test does to a server is its own affair."""
        self._leave()


class Wishes(NamedTuple):
    """What the targets of a run are made from.

    Attributes:
        seed: where the simulator's ids start.
        token: bearer token for base URLs, or ``""``.
        replay: makes the replay target; raises :class:`SettingError` when there is nothing to replay.
        live: makes the live target; raises :class:`SettingError` when the tenant may not be used.
    """

    seed: int = 0
    token: str = ""
    replay: Callable[[], Target] | None = None
    live: Callable[[], Target] | None = None


def _live(_name: str, wishes: Wishes) -> Target:
    if wishes.live is None:
        raise SettingError("target", LIVE, "a run that was set up for it", "Give --graphcalls-target=live.")
    return wishes.live()


def _replay(_name: str, wishes: Wishes) -> Target:
    if wishes.replay is None:
        raise SettingError("target", REPLAY, "a run that was set up for it", "Give --graphcalls-target=replay.")
    return wishes.replay()


TARGETS: Mapping[str, Callable[[str, Wishes], Target]] = {
    SIMULATOR: lambda _name, wishes: SimulatorTarget(seed=wishes.seed),
    LIVE: _live,
    REPLAY: _replay,
    "url": lambda url, wishes: UrlTarget(url, token=wishes.token),
}
"""How each sort of target is made from the name given and what the run wishes."""

_CAPABILITIES: Mapping[str, frozenset[Need]] = {SIMULATOR: SimulatorTarget.capabilities, REPLAY: frozenset()}


def capabilities_of(name: str, facts: Collection[str] = ()) -> frozenset[Need]:
    """What the target ``name`` can do beyond answering requests. A server on this machine is asked.

    Args:
        name: of the target.
        facts: names of what the sandbox of a live run has; those that are needs are met.
    """
    if name == LIVE:
        return frozenset(need for need in Need if need.value in facts)
    return _CAPABILITIES[name] if name in _CAPABILITIES else _steered(name)


def _steered(url: str) -> frozenset[Need]:
    """What can be done at a base URL: everything, where a simulator lets itself be steered.

    xdist workers share it, and none may move the clock under the calls of the others.
    """
    from pytest_graphcalls.clients.remote import is_steerable

    if not is_steerable(url):
        return frozenset()
    return frozenset(Need) - {Need.CLOCK} if "PYTEST_XDIST_WORKER" in os.environ else frozenset(Need)


class Targets:
    """The targets of a run, each made when first needed.

    Args:
        wishes: what they are made from.
    """

    def __init__(self, wishes: Wishes = Wishes()) -> None:  # noqa: B008  a frozen value
        self._wishes = wishes
        self._open: dict[str, Target] = {}

    def __getitem__(self, name: str) -> Target:
        """The target ``name``: a row of :data:`TARGETS`, or a base URL."""
        if name not in self._open:
            sort = name if name in TARGETS else "url"
            self._open[name] = TARGETS[sort](name, self._wishes)
        return self._open[name]

    def close(self) -> None:
        """Leave all of them."""
        for target in self._open.values():
            target.close()


class LocalServer:
    """One server in front of the simulators of a run, in a thread of its own. Their time follows real time.

    Args:
        app: what it serves.
        host: routes each request to its tenant's simulator.
        url: where it listens.
    """

    def __init__(self, app: SimulatorApp, host: Host, url: str) -> None:
        self._app = app
        self._host = host
        self.url = url

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[LocalServer]:
        """Serve on a free port until the block ends."""
        from pytest_graphcalls.clients.asgi import SimulatorApp
        from pytest_graphcalls.clients.server import serve_in_thread
        from pytest_graphcalls.simulator import Host

        host = Host()
        app = SimulatorApp(host)
        with serve_in_thread(app) as url:
            yield cls(app, host, url)

    @contextmanager
    def serving(self, simulator: Simulator) -> Iterator[str]:
        """Let ``simulator`` answer until the block ends; gives the server's URL, without API version.

        Requests that carry no token belong to no tenant; they go to the simulator that came last, so that the
        test that sent them sees them.
        """
        self._app.follow()  # what has passed since the last test is not this simulator's time
        before, self._host.default = self._host.default, self._host.add(simulator)
        try:
            yield self.url
        finally:
            self._host.default = before
            self._host.remove(simulator)
