"""Hosts for simulators: many tenants behind one address, and one server under many host names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Protocol

from pytest_graphcalls.contract import Cloud, HostKind
from pytest_graphcalls.simulator.core import Simulator
from pytest_graphcalls.simulator.discovery import address_of
from pytest_graphcalls.simulator.identity import SHORT_KEYS_PATH, bearer, peek
from pytest_graphcalls.simulator.signin import client_id
from pytest_graphcalls.wire import EVIDENCE_HEADER, Headers, Request, Response

UNKNOWN_TENANT = "00000000-0000-4000-8000-000000000000"


class Service(Protocol):
    """A service that an adapter serves: a simulator, or a host of several."""

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        ...

    def elapse(self, seconds: float) -> None:
        """Let virtual time pass without waiting for a bot."""
        ...


class Host:
    """Simulators by tenant. Parallel tests share one server and do not see each other.

    The tenant is read from the token before it is verified; the simulator it leads to does. A
    request without a token, or for a tenant that was not added, goes to the default simulator, which answers
    as to any token that is not its own: 401. A request to the sign-in names its tenant in the address, or, where
    that has a shared name or a domain, its application in the form.

    Args:
        default: where requests of no known tenant go; unless given, a tenant without tokens.
    """

    def __init__(self, default: Simulator | None = None) -> None:
        self.default = default or Simulator(tenant_id=UNKNOWN_TENANT)
        self._tenants = {self.default.tenant_id: self.default}

        self._lock = Lock()

    def add(self, simulator: Simulator) -> Simulator:
        """Add the simulator of one more tenant and return it.

        Raises:
            ValueError: its tenant is there already.
        """
        with self._lock:
            if self._tenants.get(simulator.tenant_id, simulator) is not simulator:
                raise ValueError(
                    f"tenant {simulator.tenant_id} is on this host already; give Simulator() another seed or tenant_id"
                )
            self._tenants[simulator.tenant_id] = simulator
        return simulator

    def remove(self, simulator: Simulator) -> None:
        """Take a simulator off the host; the default one stays."""
        with self._lock:
            if simulator is not self.default:
                self._tenants.pop(simulator.tenant_id, None)

    def simulator_for(self, request: Request) -> Simulator:
        """The simulator of the tenant that the request's token, or the address of the sign-in, names."""
        address = address_of(request)
        if address is None:
            return self._tenants.get(_tenant_of(bearer(request)), self.default)
        return self._tenants.get(address.tenant.lower()) or self._with_app(client_id(request)) or self.default

    def _with_app(self, app_id: str) -> Simulator | None:
        """The simulator in which an application is registered: its tenant may be addressed by a shared name."""
        return next((one for one in self._all() if app_id and one.authority.find(app_id)), None)

    def handle(self, request: Request) -> Response:
        """Answer a request as its tenant's simulator does."""
        return self.simulator_for(request).handle(request)

    def advance(self, seconds: float) -> None:
        """Let the same virtual time pass in every tenant."""
        for simulator in self._all():
            simulator.advance(seconds)

    def elapse(self, seconds: float) -> None:
        """Let virtual time pass in every tenant without delivering notifications; see :meth:`.Simulator.elapse`."""
        for simulator in self._all():
            simulator.elapse(seconds)

    def _all(self) -> tuple[Simulator, ...]:
        with self._lock:
            return tuple(self._tenants.values())


@lru_cache(4096)
def _tenant_of(token: str) -> str:
    return str(peek(token, 1).get("tid", ""))


@dataclass(frozen=True, slots=True)
class ByHost:
    """Answers a request under a name of the cloud only if it is for what that host serves.

    Under any other name, such as ``localhost``, the path decides alone.

    Attributes:
        service: answers.
        cloud: has the names.
    """

    service: Service
    cloud: Cloud

    def handle(self, request: Request) -> Response:
        """Answer a request, or refuse it where its host serves something else."""
        host = request.headers.get("host", "")
        kind = self.cloud.kind_of(host)
        if kind is None or (asked := _service_kind(request)) is kind:
            return self.service.handle(request)
        names = " or ".join(name for name, one in self.cloud.hosts.items() if one is asked)
        text = f"[pytest-graphcalls] {host} serves {kind}. {request.path[:200]} belongs to {asked}: ask {names}."
        headers = Headers({"Content-Type": "text/plain", EVIDENCE_HEADER: "inferred; fact=which host serves what"})
        return Response(404, headers, text.encode())

    def elapse(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.service.elapse(seconds)


def _service_kind(request: Request) -> HostKind:
    """The kind of service that a request asks for, by its path."""
    if address_of(request) is not None:
        return HostKind.SIGN_IN
    path = request.path.lower().rstrip("/")
    is_channel = path.startswith("/v1/.well-known/") or path == SHORT_KEYS_PATH
    return HostKind.CHANNEL if is_channel else HostKind.GRAPH
