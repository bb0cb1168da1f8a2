"""A server at a base URL as the target."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_graphcalls.contract import Need
from pytest_graphcalls.errors import SettingError, StageError
from pytest_graphcalls.session import WHOLE, Offer
from pytest_graphcalls.targets.base import INI_KEY, SETTINGS, Clients, MockFacts, ReceivedNotifications, Setup, World

if TYPE_CHECKING:
    from pytest_graphcalls.targets.remote import RemoteWorld

PLACEHOLDER_TOKEN = "pytest-graphcalls"  # noqa: S105  says who asks; a server that checks tokens refuses it
"""The bearer token for a base URL when ``GRAPHCALLS_TOKEN`` is not set: a mock may ask that there be one."""


class UrlTarget:
    """A server at a base URL.

    Args:
        url: its address without API version.
        token: bearer token of the app to act as; by default :data:`PLACEHOLDER_TOKEN`.
        facts: what the project says of it.
    """

    def __init__(self, url: str, *, token: str = "", facts: MockFacts = MockFacts()) -> None:  # noqa: B008  frozen
        self.name = url
        self.facts = facts
        self.incoming_calls = count()
        self._given = token
        self._welcome = False

    @cached_property
    def capabilities(self) -> frozenset[Need]:
        """See :attr:`Target.capabilities`; the server is asked once a run."""
        return steered(self.name)

    @property
    def offer(self) -> Offer:
        """See :attr:`.Connection.offer`."""
        return WHOLE if self.capabilities and not self.facts.operations else self.facts.offer

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
        from pytest_graphcalls.targets.remote import RemoteWorld

        network = self.network
        return RemoteWorld(make_client(network.sync, self.name, "")) if self.capabilities else None

    @cached_property
    def network(self) -> Any:
        """The transports to it; one pair for the run, because the TLS context of a new one takes 25 ms."""
        from pytest_graphcalls.clients.network import Network, trusted

        network = Network(ca_file=trusted(self.name))
        problem = network.unreachable(self.name)
        if problem:
            network.close()
            raise SettingError(
                "--graphcalls-target",
                self.name,
                "a server that answers",
                problem,
            )
        return network

    def connect(self, setup: Setup) -> UrlConnection:
        """See :meth:`.Target.connect`; ``tenant`` and ``prepare`` are for the simulator alone.

        Raises:
            SettingError: no server answers there, or it refuses the token of a run that judges it: every rule would
                seem broken.
        """
        if setup.recorder.judges:
            self._require_welcome(setup.version)
            setup.recorder.judge = replace(setup.recorder.judge, offer=self.offer)
        connection = UrlConnection(self, setup)
        connection.follow()
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


_Hook = Callable[[bool], str | None]
"""Makes an incoming call, of a group or not, and gives its id; ``None`` where a project has no such hook."""
_PATIENCE = 60.0
"""Seconds that a command gets to make a call."""


class _Call(NamedTuple):
    """An incoming call, by its id."""

    id: str


class GivenWorld(ReceivedNotifications):
    """The incoming calls of a server that only requests can be sent to.

    Args:
        facts: what is known of the server.
        hook: asked first.
        version: API version of the test, for the command.
        numbers: counts the calls of the run.
    """

    def __init__(self, facts: MockFacts, hook: _Hook, version: str, numbers: count[int]) -> None:
        super().__init__(list)
        self._facts, self._hook, self._version, self._numbers = facts, hook, version, numbers

    def incoming_call(self, *, group: bool = False, recording_policy: bool = False) -> _Call:
        """See :meth:`.World.incoming_call`.

        Raises:
            StageError: neither hook nor command nor setting gives one, or it is to be one of a recording policy.
        """
        if recording_policy:
            raise StageError("an incoming call of a recording policy", "nothing gives one", "--graphcalls-target")
        facts, name = self._facts, "group_calls" if group else "incoming_calls"
        made = self._hook(group)
        if not made and facts.incoming_command:
            made = _id_from(facts.incoming_command, self._version, group=group)
        ids = getattr(facts, name)
        if not made and not ids:
            raise StageError(SETTINGS[name].noun, f"{INI_KEY} has none", SETTINGS[name].where(name))
        return _Call(made or ids[next(self._numbers) % len(ids)])


def _id_from(command: str, version: str, *, group: bool) -> str:
    """The last word that a command prints, which makes an incoming call.

    Raises:
        StageError: it fails, takes too long, or prints nothing.
    """
    variables = {"GRAPHCALLS_CALL_VERSION": version, "GRAPHCALLS_CALL_GROUP": "1" if group else ""}
    try:
        done = subprocess.run(  # noqa: S603  the project's own command
            shlex.split(command),
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise StageError("an incoming call", str(error), "incoming_command") from None
    words = done.stdout.split()
    if not words:
        raise StageError("an incoming call", f"{command!r} has printed no id", "incoming_command")
    return words[-1]


class UrlConnection(Clients):
    """A test's line to a server.

    Args:
        target: the server.
        setup: the test.
    """

    simulator = None
    sandbox = None
    is_fresh = False

    def __init__(self, target: UrlTarget, setup: Setup) -> None:
        self.case = setup.case
        self._setup = setup
        self._network = target.network
        self._leave: Callable[[], None] = lambda: None
        # What is recorded is asked again by requests alone.
        again = setup.case is not None and not setup.case.compared
        self._steered = None if again else target.world
        self.world: World | None = self._steered
        self.capabilities = frozenset[Need]() if again else target.capabilities
        self.offer = target.offer
        self.given = None if again or self.world is not None else target.facts
        if self.given is not None:
            self.world = GivenWorld(self.given, setup.incoming, setup.version, target.incoming_calls)
        self.token = target.token
        self.version = setup.version
        self.root = f"{target.name}/{setup.version}"

    def _transport(self, *, asynchronous: bool) -> Any:
        from pytest_graphcalls.clients.httpx import CheckedTransport

        inner = self._network.asynchronous if asynchronous else self._network.sync
        return self._setup.through(CheckedTransport(inner, self._setup.observer))

    def follow(self) -> None:
        """Let the recorder check the bot's notifications, where they are shown, until the end of the test."""
        world = self._steered
        if world is not None and Need.CLOCK in self.capabilities:
            world.begin_test()
            self._leave = self._setup.recorder.follow(lambda: world.notifications, self.version)

    def wait(self, seconds: float) -> None:
        """Move the server's clock, if the test may; else let real time pass."""
        if self._steered is not None and Need.CLOCK in self.capabilities:
            self._steered.advance(seconds)
        else:
            time.sleep(seconds)

    def close(self) -> None:
        """The stage hangs up what it made; what else a test does to a server is its own affair."""
        self._leave()


def steered(url: str) -> frozenset[Need]:
    """The capabilities at a base URL: all of them where a simulator with control addresses answers.

    xdist workers share it, and none may move the clock under the calls of the others.
    """
    from pytest_graphcalls.targets.remote import is_steerable

    if not is_steerable(url):
        return frozenset()
    return frozenset(Need) - {Need.CLOCK} if "PYTEST_XDIST_WORKER" in os.environ else frozenset(Need)
