"""Discovery of the sign-in: addresses, names of tenants, and the documents that lead clients to its endpoints."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_graphcalls.contract import Contract, Evidence, HostKind
from pytest_graphcalls.simulator.identity import Authority
from pytest_graphcalls.wire import Request

ORIGIN = "https://login.microsoftonline.com"
"""The sign-in of the worldwide cloud: clients take an issuer on it for good wherever they ask (clients 1.35, 1.36)."""
ANY_TENANT = frozenset({"common", "organizations"})
"""Names that stand for the tenant of the application that asks."""
BOT_FRAMEWORK_TENANTS = frozenset({"botframework.com", "d6d49420-f39b-4df7-a1dc-d59a935871db"})
"""The tenant in which Bot Framework clients sign in, unless they are given another (clients 1.12 to 1.14)."""

_ADDRESS = re.compile(
    r"/(?P<tenant>[^/?#]+)/(?P<rest>(?:v2\.0/)?\.well-known/openid-configuration|discovery/instance"
    r"|discovery/(?:v2\.0/)?keys|oauth2/(?:v2\.0/)?token)/?",
    re.IGNORECASE,
)
_TENANT_SHAPE = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9-]+(\.[a-z0-9-]+)+|common|organizations|consumers", re.IGNORECASE
)
_DISCOVERY_FACT = "https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc"

Document = tuple[Mapping[str, Any], str]
"""The members of a document, and its evidence."""


class SignInRefusal(Exception):  # noqa: N818  it is an answer of the service, not an error of ours
    """An error answer of the sign-in.

    Args:
        row: name of its row in the contract's sign-in errors.
        aside: what went wrong here, in our words.
    """

    def __init__(self, row: str, aside: str = "") -> None:
        super().__init__(row)
        self.row = row
        self.aside = aside


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the sign-in.

    Attributes:
        origin: its scheme and host.
        tenant: as it stands in it.
        endpoint: the rest, in lower case, e.g. ``oauth2/v2.0/token``.
    """

    origin: str
    tenant: str
    endpoint: str

    @property
    def is_v2(self) -> bool:
        """Whether the address is of version 2.0 of the platform."""
        return "v2.0/" in self.endpoint


def address_of(request: Request) -> Address | None:
    """The parts of an address of the sign-in; ``None`` for any other."""
    if "/oauth2/" not in request.url and "/.well-known/" not in request.url and "/discovery/" not in request.url:
        return None  # every request of the calls API comes by here
    match = _ADDRESS.fullmatch(request.path)
    return Address(request.origin or ORIGIN, unquote(match["tenant"]), match["rest"].lower()) if match else None


class Directory:
    """Knows the names of the tenant, and publishes where the endpoints are.

    Args:
        contract: knows the hosts of the cloud.
        authority: the tenant's id, domain names and keys.
    """

    def __init__(self, contract: Contract, authority: Authority) -> None:
        self._cloud = contract.clouds["global"]
        self._authority = authority
        self.documents: Mapping[str, Callable[[Request, Address], Document]] = {
            ".well-known/openid-configuration": self.configuration,
            "v2.0/.well-known/openid-configuration": self.configuration,
            "discovery/instance": self.instance,
            "discovery/keys": self.keys,
            "discovery/v2.0/keys": self.keys,
        }
        """By endpoint: what makes its document."""

    def require_tenant(self, address: Address, row: str = "tenant-not-found") -> None:
        """Refuse a malformed tenant, or one that is not here (observed 8.3 to 8.5)."""
        tenant = address.tenant.lower()
        if not _TENANT_SHAPE.fullmatch(tenant):
            raise SignInRefusal("tenant-malformed", f"It is {address.tenant[:80]!r}.")
        names = {self._authority.tenant_id.lower(), *map(str.lower, self._authority.domains)}
        if tenant not in names | ANY_TENANT | BOT_FRAMEWORK_TENANTS:
            raise SignInRefusal(row, f"It is {address.tenant[:80]!r}.")

    def configuration(self, _request: Request, address: Address) -> Document:
        """The OpenID Connect document: where the other endpoints are, on the host that was asked."""
        self.require_tenant(address, "tenant-not-found-at-discovery")
        shared = address.tenant.lower() in ANY_TENANT
        tenant_id = "{tenantid}" if shared else self._authority.tenant_id
        base = f"{address.origin}/{address.tenant.lower() if shared else tenant_id}"
        v2 = "/v2.0" if address.is_v2 else ""
        facts = {
            "token_endpoint": f"{base}/oauth2{v2}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery{v2}/keys",
            "response_types_supported": ["token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
            "issuer": f"{ORIGIN}/{tenant_id}/v2.0" if v2 else f"https://sts.windows.net/{tenant_id}/",
            "authorization_endpoint": f"{base}/oauth2{v2}/authorize",
            "device_authorization_endpoint": f"{base}/oauth2{v2}/devicecode",
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
            "msgraph_host": "graph.microsoft.com",
        }
        return facts, f"{Evidence.DOCUMENTED}; fact={_DISCOVERY_FACT}"

    def instance(self, request: Request, address: Address) -> Document:
        """Instance discovery: which hosts are the same authority; msal asks about hosts that it does not know."""
        asked, here = urlsplit(request.query.get("authorization_endpoint", "")), urlsplit(address.origin)
        # msal omits the port when it asks (clients 1.33).
        host = here.netloc if asked.hostname in (None, here.hostname) else asked.netloc
        named = asked.path.split("/")[1] if asked.path.count("/") > 1 else address.tenant
        aliases = [host]
        if self._cloud.kind_of(host) is HostKind.SIGN_IN:
            names = (name for name, kind in self._cloud.hosts.items() if kind is HostKind.SIGN_IN)
            aliases = [name for name in names if "*" not in name]
        facts = {
            "tenant_discovery_endpoint": f"https://{host}/{named}/v2.0/.well-known/openid-configuration",
            "api-version": request.query.get("api-version", "1.1"),
            "metadata": [{"preferred_network": aliases[0], "preferred_cache": aliases[0], "aliases": aliases}],
        }
        return facts, f"{Evidence.REPORTED}; fact=clients 1.30 to 1.32"

    def keys(self, _request: Request, address: Address) -> Document:
        """The keys that tokens are signed with."""
        self.require_tenant(address, "tenant-not-found-at-discovery")
        return {"keys": self._authority.keys.public()}, f"{Evidence.DOCUMENTED}; fact={_DISCOVERY_FACT}"
