"""Microsoft's generated clients, msgraph-sdk and msgraph-beta-sdk, on a simulator or on a server.

They weigh about a gigabyte and take seconds to import, so they are an extra and are imported when asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import httpx

from pytest_graphcalls.clients.httpx import SimulatorTransport, make_async_client
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator

GRAPH = "https://graph.microsoft.com"
"""The address of requests to a simulator in this process; they are not sent over the network."""


class _Sdk(NamedTuple):
    package: str
    module: str


_SDKS: Mapping[str, _Sdk] = {
    "v1.0": _Sdk("msgraph-sdk", "msgraph"),
    "beta": _Sdk("msgraph-beta-sdk", "msgraph_beta"),
}


def graph_service_client(service: Simulator | str, *, version: str = "v1.0", token: str | None = None) -> Any:
    """A ready ``GraphServiceClient`` with the SDK's default middleware (retries, redirects, telemetry, ...).

    Args:
        service: a simulator in this process, or the URL of a server without API version.
        version: ``v1.0`` or ``beta``; each has its own SDK.
        token: the bearer token to send, ``""`` for none; by default one of the simulator's default app, and none to
            a URL.

    Returns:
        ``msgraph.GraphServiceClient`` or ``msgraph_beta.GraphServiceClient``.

    Raises:
        SettingError: another version, or its SDK is not installed.
    """
    sdk = _sdk(version)
    root, transport, own_token = _reached(service)
    adapter = _adapter(sdk, make_async_client(transport, root, ""), own_token if token is None else token)
    adapter.base_url = f"{root}/{version}"
    return sdk.GraphServiceClient(request_adapter=adapter)


def _reached(service: Simulator | str) -> tuple[str, httpx.AsyncBaseTransport, str]:
    """Address, way and token to a service."""
    if isinstance(service, str):
        # No connection is kept: it would belong to an event loop that may be closed by the next call.
        return service.rstrip("/"), httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0)), ""
    return GRAPH, SimulatorTransport(service), service.authority.token()


def _sdk(version: str) -> ModuleType:
    sdk = _SDKS.get(version)
    if sdk is None:
        raise SettingError("version", str(version), "v1.0 or beta")
    try:
        return import_module(sdk.module)
    except ModuleNotFoundError as error:
        raise SettingError(
            "version",
            version,
            f"the package {sdk.package!r} to be installed (there is no module {error.name!r})",
            "Install it: pip install 'pytest-graphcalls[sdk]'.",
        ) from None


def _adapter(sdk: ModuleType, client: httpx.AsyncClient, token: str) -> Any:
    from msgraph_core import GraphClientFactory

    generated = import_module(f"{sdk.__name__}.graph_request_adapter")
    # The SDK's own options name its version in the telemetry header; its adapter would pass them on likewise.
    client = GraphClientFactory.create_with_default_middleware(client=client, options=generated.options)
    return generated.GraphRequestAdapter(_authentication(token), client=client)


def _authentication(token: str) -> Any:
    from kiota_abstractions.authentication import (
        AccessTokenProvider,
        AllowedHostsValidator,
        AnonymousAuthenticationProvider,
        BaseBearerTokenAuthenticationProvider,
    )

    class Static(AccessTokenProvider):  # type: ignore[misc]  # not followed: the extra need not be there
        """The one token; the SDK's own credential classes would ask Entra ID, over https only."""

        async def get_authorization_token(
            self,
            uri: str,  # noqa: ARG002  the SDK's signature
            additional_authentication_context: dict[str, Any] | None = None,  # noqa: ARG002  same
        ) -> str:
            return token

        def get_allowed_hosts_validator(self) -> Any:
            return AllowedHostsValidator([])

    return BaseBearerTokenAuthenticationProvider(Static()) if token else AnonymousAuthenticationProvider()
