"""The tenant as the target of a run, and a test's line to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pytest_graphcalls.auth import AUTHORITY, TENANT, Credential, SignIn
from pytest_graphcalls.contract import Cloud, Contract, Need
from pytest_graphcalls.errors import GraphCallsError, SettingError
from pytest_graphcalls.sandbox import Budget, Ending, Guard, Ledger, Sandbox, admit, hang_up, tenant_of
from pytest_graphcalls.sandbox.tenant import SETTINGS, below
from pytest_graphcalls.session import WHOLE
from pytest_graphcalls.targets import LIVE, ReceivedNotifications, Setup, World, capabilities_of, sparing
from pytest_graphcalls.targets.base import Clients
from pytest_graphcalls.targets.webhook import NotificationFeed, Post, listening, prove, prove_again

if TYPE_CHECKING:
    from pytest_graphcalls.clients.network import Network

__all__ = ["Line", "LiveConnection", "LiveTarget", "Place", "left_open", "listening", "prove"]


@dataclass(frozen=True, slots=True)
class Place:
    """The address of a tenant, and the credentials to sign in there.

    Attributes:
        credential: who signs in.
        cloud: the national cloud; tokens are asked for its Graph, whatever stands at ``root``.
        root: scheme and host of Graph, or of what stands in for it.
        authority: scheme and host of the sign-in.
    """

    credential: Credential
    cloud: Cloud
    root: str
    authority: str

    @classmethod
    def of(cls, environ: Mapping[str, str], *, cloud: str = "global", root: str = "", authority: str = "") -> Place:
        """The place that the settings name.

        Args:
            environ: the environment, with the variables of ``azure-identity``.
            cloud: name of the national cloud.
            root: scheme and host of Graph, if not the cloud's.
            authority: scheme and host of the sign-in, if not ``AZURE_AUTHORITY_HOST`` or the cloud's.

        Raises:
            SettingError: a variable is missing or cannot be right.
            UnknownNameError: there is no such cloud.
        """
        known = Contract.packaged().cloud(cloud)
        host = authority or environ.get(AUTHORITY, "") or known.authority_host
        return cls(Credential.from_environment(environ), known, root or known.graph_root, host)

    @property
    def tenant(self) -> str:
        """The tenant, as the variable names it."""
        return self.credential.tenant_id


class Line:
    """A signed-in line to a place: one token, one TLS context.

    Args:
        place: where to.
    """

    def __init__(self, place: Place) -> None:
        self.place = place

    @cached_property
    def sign_in(self) -> SignIn:
        """The sign-in; one token serves the whole process."""
        return SignIn(self.place.credential, self.place.cloud, authority=self.place.authority, http=self._way_to_it)

    @cached_property
    def _way_to_it(self) -> Any:
        from pytest_graphcalls.clients.httpx import http_for_msal

        return http_for_msal(trust_env=True)

    @cached_property
    def network(self) -> Network:
        """The transports to it, with the proxies and certificate authorities that the environment names."""
        from pytest_graphcalls.clients.network import Network

        return Network(trust_env=True)

    def prove(self) -> None:
        """Sign in, and look whether anything answers, before any test runs.

        Raises:
            SignInError: there is no token to be had.
            SettingError: the token is for another tenant, or Graph cannot be reached.
        """
        tenant = tenant_of(self.sign_in.token())
        if tenant and tenant.lower() != self.place.tenant.lower():
            step = f"The authority {self.sign_in.authority} gave a token for {tenant}; nothing was sent to Graph."
            raise SettingError(TENANT, self.place.tenant, "the tenant that the token is for", step)
        problem = self.network.unreachable(self.place.root, "Look at the address, the network and the proxy.")
        if problem:
            raise SettingError("--graphcalls-root", self.place.root, "a Graph that answers", problem)

    def cleaner(self, guard: Guard) -> Callable[[str], tuple[int, str]]:
        """A function that sends DELETE to an address: gives the status (0 without an answer) and the reason."""

        def delete(url: str) -> tuple[int, str]:
            from pytest_graphcalls.clients.httpx import BearerAuth, make_client
            from pytest_graphcalls.clients.network import GuardedTransport, status_of

            transport = GuardedTransport(self.network.sync, guard)
            with make_client(transport, self.place.root, "", auth=BearerAuth(self.sign_in)) as client:
                return status_of(client, "DELETE", url)

        return delete

    def close(self) -> None:
        """Close the connections, if there were any."""
        for name in ("network", "_way_to_it"):
            if name in self.__dict__:
                getattr(self, name).close()


def left_open(line: Line, ledger: Ledger, *, only: Collection[str] | None = None) -> list[Ending]:
    """Hang up the open calls of a ledger.

    Args:
        line: signed in to the tenant.
        ledger: has the open calls, and records which are over.
        only: ids of the calls to look at; by default all.

    Raises:
        SignInError: there is no token to be had.
    """
    guard = Guard(ledger, Budget(0), line.place.tenant)
    return list(hang_up(ledger, line.cleaner(guard), line.place.root, line.place.tenant, only=only))


PATIENCE = 5.0
"""Seconds that the end of a call is waited for when its test is over."""


class LiveTarget:
    """A tenant.

    Args:
        place: where it is, and who signs in.
        allowed: the tenants that the project's configuration lists.
        sandbox: what tests may use of it.
        ledger: where calls are written down.
        budget: how many calls may be made.
        requests: how many requests may be sent; by default any number.
        inbox: address of the run's :class:`.Inbox`, or ``""``: notifications are not received.

    Raises:
        SettingError: the tenant is not listed, or the ledger cannot be written.
    """

    name = LIVE

    def __init__(
        self,
        place: Place,
        allowed: tuple[str, ...],
        sandbox: Sandbox,
        ledger: Path,
        *,
        budget: int,
        requests: int | None = None,
        inbox: str = "",
    ) -> None:
        admit(place.tenant, allowed)
        self.place = place
        self.sandbox = sandbox
        self._inbox = inbox
        self.ledger = Ledger(ledger)
        self.budget = Budget(budget, requests)
        self.line = Line(place)
        self.patience = PATIENCE
        self._proven = False
        self.ledger.prepare()

    @property
    def capabilities(self) -> frozenset[Need]:
        """See :attr:`.Target.capabilities`: what the sandbox has gives them."""
        return capabilities_of(LIVE, [name for name in SETTINGS if getattr(self.sandbox, name)])

    @cached_property
    def post(self) -> Post | None:
        """The notifications that were posted to the run, if it has an inbox."""
        return Post(self._inbox) if self._inbox else None

    def _prove(self) -> None:
        """Prove the line, once in a run."""
        if not self._proven:
            self.line.prove()
            self._proven = True

    def prove_callback(self) -> None:
        """Check that posts to the callback still arrive.

        Raises:
            EnvironmentFaultError: it is not.
        """
        prove_again(self.sandbox, self._inbox, self.line.network)

    def connect(self, setup: Setup) -> LiveConnection:
        """See :meth:`.Target.connect`; ``tenant`` and ``prepare`` are for the simulator alone.

        Raises:
            SignInError: there is no token to be had.
            SettingError: the token is for another tenant, or Graph cannot be reached.
        """
        self._prove()
        return LiveConnection(self, setup)

    def close(self) -> None:
        """Hang up what a test could not, and leave the ledger behind only if something is still open."""
        with suppress(GraphCallsError):
            left_open(self.line, self.ledger)
        self.ledger.close()
        self.line.close()
        if "post" in self.__dict__ and self.post is not None:
            self.post.close()


class LiveConnection(Clients):
    """A test's line to a tenant. Whatever calls it makes are hung up when it is closed.

    Args:
        target: the tenant.
        setup: the test; exchanges that tell of a fault of the environment are kept, not judged.
    """

    simulator = None
    offer = WHOLE
    given = None
    is_fresh = False

    def __init__(self, target: LiveTarget, setup: Setup) -> None:
        self.case = setup.case
        self._target = target
        self._seen = sparing(setup.recorder)
        judging, not_asked = setup.recorder.judges, target.sandbox.not_asked
        self._guard = Guard(target.ledger, target.budget, target.place.tenant, judging=judging, not_asked=not_asked)
        self.version = setup.version
        self.root = f"{target.place.root}/{setup.version}"
        self.sandbox: Sandbox = target.sandbox
        self.capabilities = target.capabilities
        self._feed: NotificationFeed | None = None
        self._leave: Callable[[], None] = lambda: None
        if target.post is not None:
            self._hear(target.post, setup)
        self.world: World | None = (
            ReceivedNotifications(self._feed.notifications, target.prove_callback) if self._feed else None
        )

    def _hear(self, post: Post, setup: Setup) -> None:
        """Give the test a callback address of its own, and let the recorder check what is posted there."""
        self.sandbox = replace(self.sandbox, callback=below(self.sandbox.callback, str(uuid4())))
        self._feed = NotificationFeed(post, self.sandbox.callback)
        self._leave = setup.recorder.follow(self._feed.notifications, self.version, signed=True)

    @property
    def token(self) -> str:
        """The app's token, as fresh as need be."""
        return self._target.line.sign_in.token()

    def _transport(self, *, asynchronous: bool) -> Any:
        from pytest_graphcalls.clients.httpx import CheckedTransport
        from pytest_graphcalls.clients.network import GuardedTransport

        network = self._target.line.network
        inner = CheckedTransport(network.asynchronous if asynchronous else network.sync, self._seen)
        return GuardedTransport(inner, self._guard)

    def _credentials(self, token: str | None) -> dict[str, Any]:
        from pytest_graphcalls.clients.httpx import BearerAuth

        return {"token": token or "", "auth": BearerAuth(self._target.line.sign_in) if token is None else None}

    def wait(self, seconds: float) -> None:
        """Let real time pass."""
        time.sleep(seconds)

    def close(self) -> None:
        """Hang up the test's calls that are still open; what cannot be hung up now is tried again at the end."""
        with suppress(GraphCallsError):
            left_open(self._target.line, self._target.ledger, only=self._guard.created)
        if self._feed is not None:
            self._hear_out(self._feed)
            self._leave()

    def _hear_out(self, feed: NotificationFeed) -> None:
        """Wait for the end of every call, so that two recordings of the test end with the same notification."""
        until = time.monotonic() + self._target.patience
        while not all(map(feed.has_ended, self._guard.created_calls)):
            if time.monotonic() >= until:
                self._target.patience = 0.0  # no ends are posted in that tenant; no other test waits for them
                return
            time.sleep(0.1)
