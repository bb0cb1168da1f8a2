"""What ``graphcalls serve`` answers beside the service's own addresses, to this machine alone: it mints tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from pytest_graphcalls.clients.asgi import Receive, Scope, Send, SimulatorApp
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import GraphCallsError, SettingError, UnknownNameError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Headers, MalformedJsonError, Request, Response, encode_json

PREFIX = "/_graphcalls/"
"""Where these addresses begin; Graph has none like it."""
TOKEN_PATH = f"{PREFIX}token"
CODE = "graphcalls"
"""The error code of every refusal here: tells them from the service's own."""


class ControlledApp:
    """An ASGI application that puts the control addresses in front of a simulator.

    Args:
        app: serves everything else.
        simulator: the tenant that tokens are minted for.
    """

    def __init__(self, app: SimulatorApp, simulator: Simulator) -> None:
        self._app = app
        self._control = SimulatorApp(Control(simulator), frozen=True)
        self._stranger = SimulatorApp(_Closed(), frozen=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        self._app.follow()  # a token lives from now on
        await (self._control if _is_local(scope.get("client")) else self._stranger)(scope, receive, send)


def _is_local(client: Sequence[Any] | None) -> bool:
    try:
        return client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        return False


class Control:
    """The control addresses of one simulator, as requests in and answers out.

    Args:
        simulator: the tenant that tokens are minted for.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def elapse(self, seconds: float) -> None:
        """Nothing here has a time of its own."""

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        if (request.method, request.path) != ("POST", TOKEN_PATH):
            return _refused(404, f"There is only POST {TOKEN_PATH}.")
        try:
            return _json(200, self.token(request.json()))
        except MalformedJsonError as error:
            return _refused(400, f"The body {error.reason}.")
        except GraphCallsError as error:
            return _refused(400, str(error))

    def token(self, asked: Any) -> Mapping[str, Any]:
        """Mint a token.

        Args:
            asked: an object that may have ``roles`` (a list; those of the app if not given), ``app`` (an id; the
                default app if not given) and ``lifetime`` (seconds).

        Raises:
            SettingError: a member is no such thing.
            UnknownNameError: there is no such role or app.
        """
        facts = asked if isinstance(asked, Mapping) else {}
        roles, lifetime = facts.get("roles"), facts.get("lifetime", 3600)
        _require_known(roles)
        if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or not abs(lifetime) <= _LONGEST:
            raise SettingError("--lifetime", str(lifetime)[:80], f"a number of seconds, at most {_LONGEST:,}")
        authority = self._simulator.authority
        with self._simulator.lock:
            app = authority.app_of(str(facts["app"])) if facts.get("app") else authority.app
            token = authority.token(app, roles=roles, lifetime=lifetime)
        return {
            "access_token": token,
            "expires_in": lifetime,
            "client_id": app.app_id,
            "tenant_id": authority.tenant_id,
        }


_LONGEST = 366 * 24 * 3600


def _require_known(roles: Any) -> None:
    if roles is None:
        return
    if not isinstance(roles, list):
        raise SettingError("--role", str(roles)[:80], "a list of names")
    known = known_roles()
    for role in roles:
        if role not in known:
            raise UnknownNameError("application permission of the calls API", str(role)[:80], known)


def known_roles() -> tuple[str, ...]:
    """Every application permission that the contract names, in each of its spellings; sorted."""
    operations = Contract.packaged().operations.values()
    return tuple(sorted(frozenset[str]().union(*(operation.permissions.accepted for operation in operations))))


class _Closed:
    """What the control addresses are for another machine."""

    def elapse(self, seconds: float) -> None:
        pass

    def handle(self, request: Request) -> Response:
        return _refused(403, f"{request.path} answers this machine only; ask it by 127.0.0.1 or localhost.")


def _refused(status: int, message: str) -> Response:
    return _json(status, {"error": {"code": CODE, "message": message}})


def _json(status: int, body: Mapping[str, Any]) -> Response:
    return Response(
        status, Headers({"Content-Type": "application/json", "Cache-Control": "no-store"}), encode_json(body)
    )
