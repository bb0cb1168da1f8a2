"""Where a tenant is, and the signed-in line to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.auth import AUTHORITY, TENANT, Credential, SignIn
from pytest_graphcalls.contract import Cloud, Contract
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.sandbox import Budget, Ending, Guard, Ledger, hang_up, tenant_of

if TYPE_CHECKING:
    from pytest_graphcalls.clients.httpx import Network


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tenant is, and who signs in there.

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
        from pytest_graphcalls.clients.httpx import Network

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
        problem = self.network.unreachable(self.place.root)
        if problem:
            step = f"{problem} Look at the address, the network and the proxy."
            raise SettingError("--graphcalls-root", self.place.root, "a Graph that answers", step)

    def cleaner(self, guard: Guard) -> Callable[[str], tuple[int, str]]:
        """What sends a DELETE to an address: gives the status (0 when no answer came) and what was said."""

        def delete(url: str) -> tuple[int, str]:
            from pytest_graphcalls.clients.httpx import BearerAuth, GuardedTransport, make_client, status_of

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
    """Hang up what a ledger says is open.

    Args:
        line: signed in to the tenant.
        ledger: what is open; is told what is over.
        only: ids of the calls to look at; by default all.

    Raises:
        SignInError: there is no token to be had.
    """
    guard = Guard(ledger, Budget(0), line.place.tenant)
    return list(hang_up(ledger, line.cleaner(guard), line.place.root, line.place.tenant, only=only))
