"""Environment variables by which unmodified bots reach the simulator under Microsoft's host names.

Which runtime needs what was tried, or is marked as not run in ``docs/how-to/any-client.md`` (clients 2.1 to 2.72).
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pytest_graphcalls.server.tls import TRUST_STORE_PASSWORD, ServerTls

NODE_HOOK = Path(__file__).with_name("redirect.cjs")
"""Leads the connections of a Node process to the simulator: ``fetch`` before Node 22.21 ignores proxies."""
LOCAL_NAMES = "localhost,127.0.0.1,::1"
"""Hosts that are asked without the proxy: the bot's own services, and our server by its own address."""

Variables = dict[str, str]


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """The facts about a server that clients need.

    Attributes:
        url: its base URL, with TLS.
        proxy: URL of its proxy.
        tls: the certificates that clients trust.
        hosts: the names that lead to it.
        tenant_id: the tenant.
        client_id: the application.
        client_secret: its secret.
    """

    url: str
    proxy: str
    tls: ServerTls
    hosts: tuple[str, ...]
    tenant_id: str
    client_id: str
    client_secret: str


JOINED = {"NODE_OPTIONS": " ", "JAVA_TOOL_OPTIONS": " ", "PHP_INI_SCAN_DIR": ""}
"""Variables that have other people's options in them, too, and what is put between theirs and ours."""


def variables(facts: ClientFacts, runtime: str | None = None, given: Mapping[str, str] = os.environ) -> Variables:
    """The variables for a client.

    Args:
        facts: where the server is, and who signs in.
        runtime: one of :data:`RUNTIMES`; ``None`` for those of all of them.
        given: the environment that they will be put into; options of a runtime that it has stay in front of ours.
    """
    chosen = RUNTIMES.values() if runtime is None else (RUNTIMES[runtime],)
    merged = {"GRAPHCALLS_URL": facts.url, **_proxy(facts), **_sign_in(facts)}
    for more in chosen:
        merged.update(more(facts))
    for name in JOINED.keys() & merged.keys() & given.keys():
        theirs, ours = given[name], merged[name]
        merged[name] = theirs if ours in theirs else f"{theirs}{JOINED[name]}{ours}"
    return merged


def _proxy(facts: ClientFacts) -> Variables:
    # curl reads http_proxy in lower case only, .NET prefers lower case, Go upper case (clients 3.11).
    named = {"HTTPS_PROXY": facts.proxy, "HTTP_PROXY": facts.proxy, "NO_PROXY": LOCAL_NAMES}
    return {name: value for upper, value in named.items() for name in (upper, upper.lower())}


def _sign_in(facts: ClientFacts) -> Variables:
    return {
        "AZURE_TENANT_ID": facts.tenant_id,
        "AZURE_CLIENT_ID": facts.client_id,
        "AZURE_CLIENT_SECRET": facts.client_secret,
        "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com",
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",  # no search for the identity of a cloud machine
        "MicrosoftAppType": "SingleTenant",
        "MicrosoftAppTenantId": facts.tenant_id,
        "MicrosoftAppId": facts.client_id,
        "MicrosoftAppPassword": facts.client_secret,
    }


def _openssl(facts: ClientFacts) -> Variables:
    return {"SSL_CERT_FILE": str(facts.tls.ca)}


def _python(facts: ClientFacts) -> Variables:
    ca = str(facts.tls.ca)
    return {"SSL_CERT_FILE": ca, "REQUESTS_CA_BUNDLE": ca, "CURL_CA_BUNDLE": ca}


def _node(facts: ClientFacts) -> Variables:
    return {
        "NODE_EXTRA_CA_CERTS": str(facts.tls.ca),
        "NODE_OPTIONS": f'--require "{NODE_HOOK.as_posix()}"',
        "GRAPHCALLS_REDIRECT_TO": urlsplit(facts.url).netloc,
        "GRAPHCALLS_REDIRECT_HOSTS": ",".join(facts.hosts),
    }


def _java(facts: ClientFacts) -> Variables:
    proxy = urlsplit(facts.proxy)
    properties = {
        **{f"{scheme}.proxyHost": proxy.hostname for scheme in ("https", "http")},
        **{f"{scheme}.proxyPort": proxy.port for scheme in ("https", "http")},
        "javax.net.ssl.trustStore": facts.tls.trust_store,
        "javax.net.ssl.trustStorePassword": TRUST_STORE_PASSWORD,
    }
    return {"JAVA_TOOL_OPTIONS": " ".join(f"'-D{name}={value}'" for name, value in properties.items())}


def _php(facts: ClientFacts) -> Variables:
    # The empty entry keeps the folder that PHP reads by default.
    return {"PHP_INI_SCAN_DIR": f":{facts.tls.php_settings.parent}"}


RUNTIMES: Mapping[str, Callable[[ClientFacts], Variables]] = {
    "python": _python,
    "node": _node,
    "java": _java,
    "dotnet": _openssl,
    "go": _openssl,
    "php": _php,
}
"""By runtime: the variables that it needs beside those of proxy and sign-in."""


def _powershell(variables: Variables) -> list[str]:
    quoted = {name: value.replace("'", "''") for name, value in variables.items()}
    return [f"$env:{name} = '{value}'" for name, value in quoted.items()]


def _dotenv(variables: Variables) -> list[str]:
    return [f"{name}={value if _is_plain(value) else json.dumps(value)}" for name, value in variables.items()]


def _is_plain(value: str) -> bool:
    return not set(value) & set(" \"'#$\\")


FORMATS: Mapping[str, Callable[[Variables], list[str]]] = {
    "shell": lambda variables: [f"export {name}={shlex.quote(value)}" for name, value in variables.items()],
    "dotenv": _dotenv,
    "powershell": _powershell,
    "json": lambda variables: json.dumps(variables, indent=2).splitlines(),
}
"""By format: lines that set variables."""


def hosts_file(facts: ClientFacts) -> list[str]:
    """Lines of a hosts file, for clients that no variable reaches: the server has to listen on port 443 then."""
    address = urlsplit(facts.url).hostname or ""
    return [f"{address} {name}" for name in facts.hosts if "*" not in name]
