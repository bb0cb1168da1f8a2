"""The sign-in of the simulated tenant: discovery, keys, and the endpoint that gives tokens.

It takes what Entra ID takes for an application: a client secret, an assertion signed by a certificate, or the token
of another issuer that a federated credential trusts. What it refuses, it refuses with the contract's rows
(``errors.yaml``, key ``signin``). All times are the simulator's: a client whose assertions carry real time needs a
simulator that starts at the present moment (``Simulator(start=…)``).

Requests to these addresses hold secrets, so no observer and no interceptor sees them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from pytest_graphcalls.contract import Contract, Evidence, SignInRow
from pytest_graphcalls.simulator.clock import Clock, Ids
from pytest_graphcalls.simulator.identity import AUDIENCES, App, Authority, peek
from pytest_graphcalls.simulator.keys import certificate_key, thumbprints, verify
from pytest_graphcalls.simulator.responses import written
from pytest_graphcalls.wire import EVIDENCE_HEADER, Headers, Request, Response

LIFETIME = 3599
"""Seconds that a token given here lives, as ``expires_in`` has it."""
LEEWAY = 300
"""Seconds by which the times in an assertion may be off. How many the service allows is not published."""
EXCHANGE = "api://AzureADTokenExchange"
"""The audience of a token for a federated credential, unless the credential says another."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_ORIGIN = "https://login.microsoftonline.com"
_ADDRESS = re.compile(
    r"/(?P<tenant>[^/?#]+)/(?P<rest>(?:v2\.0/)?\.well-known/openid-configuration|discovery/instance"
    r"|discovery/v2\.0/keys|oauth2/v2\.0/token)/?(?:[?#].*)?"
)
_TENANT_SHAPE = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9-]+(\.[a-z0-9-]+)+|common|organizations|consumers", re.IGNORECASE
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_BODY_LIMIT = 64 * 1024
_GRANT_FACT = "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow"
_DISCOVERY_FACT = "https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc"


def tenant_of(request: Request) -> str | None:
    """The tenant in the address of a request to the sign-in, in lower case; ``None`` for any other address."""
    found = _found(request.url)
    return unquote(found["tenant"]).lower() if found else None


def _found(url: str) -> re.Match[str] | None:
    if "/oauth2/v2.0/" not in url and "/.well-known/" not in url and "/discovery/" not in url:
        return None  # every request of the calls API comes by here
    _, scheme, rest = url.partition("://")
    path = f"/{rest.partition('/')[2]}" if scheme else url
    return _ADDRESS.fullmatch(path)


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
class Secret:
    """A client secret: its value, and when it runs out, in virtual seconds since 1970."""

    value: str
    expires_at: float = float("inf")


@dataclass(frozen=True, slots=True)
class Federation:
    """Whose tokens a federated credential trusts.

    Attributes:
        issuer: claim ``iss``.
        subject: claim ``sub``; upper and lower case differ.
        audience: claim ``aud``.
        key: the issuer's public key: PEM text, or an object of the package cryptography.
    """

    issuer: str
    subject: str
    audience: str
    key: Any


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request for a token: the form in it, and the address of the tenant it was sent to."""

    form: Mapping[str, str]
    base: str


class SimulatedSignIn:
    """The sign-in of one tenant. Each step is a method of its own, looked up when it is taken.

    Args:
        contract: for the errors.
        authority: the apps and the keys.
        clock: tokens, secrets and assertions live by virtual time.
        ids: for the seeded secrets and the ids in answers.
    """

    def __init__(self, contract: Contract, authority: Authority, clock: Clock, ids: Ids) -> None:
        self._rows = contract.errors.signin
        self._authority = authority
        self._clock = clock
        self._ids = ids
        self.lifetime = LIFETIME
        """Seconds that a token given here lives."""
        self.reset()

    def reset(self) -> None:
        """Know the seeded secret of each app and nothing else."""
        self._secrets: dict[str, list[Secret]] = {}
        self._certificates: dict[str, list[str]] = {}
        self._federations: dict[str, list[Federation]] = {}

    def secret(self, app: App | None = None) -> str:
        """The seeded client secret of ``app`` (the default one if not given): the same for the same seed."""
        app_id = (app or self._authority.app).app_id
        random = "".join(self._ids.named(f"{part}:{app_id}").replace("-", "") for part in ("secret", "more"))
        return f"Sim8Q~{random[:34]}"

    def add_secret(self, app: App | None = None, *, value: str | None = None, lifetime: float = float("inf")) -> str:
        """Give an app one more client secret and return its value.

        Args:
            app: whose; the default app's if not given.
            value: by default one that is made up.
            lifetime: virtual seconds until it runs out.
        """
        app = app or self._authority.app
        new = value or f"New8Q~{(self._ids.new('secret') + self._ids.new('secret')).replace('-', '')[:34]}"
        self._secrets_of(app).append(Secret(new, self._clock.epoch + lifetime))
        return new

    def expire_secrets(self, app: App | None = None) -> None:
        """Let every secret of an app run out now, the seeded one too."""
        app = app or self._authority.app
        self._secrets[app.app_id] = [Secret(one.value, self._clock.epoch) for one in self._secrets_of(app)]

    def add_certificate(self, pem: str, app: App | None = None) -> None:
        """Register a certificate with an app (the default one if not given).

        Args:
            pem: text with the certificate in it; a private key beside it is not looked at.
            app: whose.

        Raises:
            ValueError: there is none in the text.
        """
        found = _CERTIFICATE.search(pem)
        if found is None:
            raise ValueError("add_certificate(pem): expected a text with -----BEGIN CERTIFICATE----- in it")
        certificate_key(found[0])
        self._certificates.setdefault((app or self._authority.app).app_id, []).append(found[0])

    def add_federation(
        self, *, issuer: str, subject: str, key: Any, audience: str = EXCHANGE, app: App | None = None
    ) -> None:
        """Let an app sign in with the tokens of another issuer, as workload identity does; see :class:`Federation`."""
        trusted = self._federations.setdefault((app or self._authority.app).app_id, [])
        trusted.append(Federation(issuer, subject, audience, key))

    def _secrets_of(self, app: App) -> list[Secret]:
        return self._secrets.setdefault(app.app_id, [Secret(self.secret(app))])

    def answer(self, request: Request) -> Response | None:
        """The answer to a request that means the sign-in; ``None`` when it means something else."""
        found = _found(request.url)
        if found is None:
            return None
        origin = _origin(request.url)
        tenant = unquote(found["tenant"])
        try:
            return self._endpoint(found["rest"])(request, origin, tenant)
        except SignInRefusal as refusal:
            return self.refuse(request, refusal)

    def _endpoint(self, rest: str) -> Callable[[Request, str, str], Response]:
        endpoints = {
            "openid-configuration": self.configuration,
            "discovery/instance": self.instance,
            "discovery/v2.0/keys": self.keys,
            "oauth2/v2.0/token": self.token,
        }
        return next(endpoint for ending, endpoint in endpoints.items() if rest.endswith(ending))

    def configuration(self, request: Request, origin: str, tenant: str) -> Response:
        """Discovery: where the other endpoints are."""
        del request
        self.require_tenant(tenant, at_discovery=True)
        base = f"{origin}/{self._authority.tenant_id}"
        facts = {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "tenant_region_scope": None,
            "cloud_instance_name": urlsplit(origin).netloc,
            "msgraph_host": "graph.microsoft.com",
        }
        return self._given(facts, f"{Evidence.DOCUMENTED}; fact={_DISCOVERY_FACT}")

    def instance(self, request: Request, origin: str, tenant: str) -> Response:
        """Instance discovery: which hosts mean the same authority; asked by msal about hosts it does not know."""
        asked, here = urlsplit(request.query.get("authorization_endpoint", "")), urlsplit(origin)
        # msal omits the port when it asks.
        host = here.netloc if asked.hostname in (None, here.hostname) else asked.netloc
        named = asked.path.split("/")[1] if asked.path.count("/") > 1 else tenant
        facts = {
            "tenant_discovery_endpoint": f"https://{host}/{named}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
        return self._given(facts, f"{Evidence.INFERRED}; fact=what msal reads of it")

    def keys(self, request: Request, origin: str, tenant: str) -> Response:
        """The keys that tokens are signed with."""
        del request, origin
        self.require_tenant(tenant, at_discovery=True)
        return self._given({"keys": self._authority.keys.public()}, f"{Evidence.DOCUMENTED}; fact={_DISCOVERY_FACT}")

    def token(self, request: Request, origin: str, tenant: str) -> Response:
        """Give a token, when every step lets it pass."""
        self.require_tenant(tenant)
        ask = TokenRequest(self.read(request), f"{origin}/{tenant}")
        app = self.find_app(ask)
        self.require_grant(ask)
        self.require_credential(ask, app)
        self.require_scope(ask)
        facts = {
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "ext_expires_in": self.lifetime,
            "access_token": self._authority.token(app, lifetime=self.lifetime),
        }
        return self._given(facts, f"{Evidence.DOCUMENTED}; fact={_GRANT_FACT}")

    def require_tenant(self, tenant: str, *, at_discovery: bool = False) -> None:
        """Refuse a malformed tenant, or one that is not served here (observed 8.3 to 8.5)."""
        if not _TENANT_SHAPE.fullmatch(tenant):
            raise SignInRefusal("tenant-malformed", f"It is {tenant[:80]!r}.")
        if tenant.lower() != self._authority.tenant_id.lower():
            row = "tenant-not-found-at-discovery" if at_discovery else "tenant-not-found"
            raise SignInRefusal(row, f"It is {tenant[:80]!r}.")

    def read(self, request: Request) -> Mapping[str, str]:
        """The form in a request for a token; a client id and secret in an Authorization header count as fields."""
        if request.method != "POST":
            raise SignInRefusal("parameter-missing", "Nothing was posted.")
        text = request.body[:_BODY_LIMIT].decode("utf-8", "replace")
        form = {**dict(parse_qsl(text, keep_blank_values=True)), **_basic(request.headers.get("authorization", ""))}
        for name in ("grant_type", "client_id"):
            if not form.get(name):
                raise SignInRefusal("parameter-missing", f"It is {name}.")
        return form

    def find_app(self, ask: TokenRequest) -> App:
        """The app that asks (observed 8.2)."""
        wanted = ask.form["client_id"].lower()
        app = self._authority.find(wanted)
        if app is None:
            raise SignInRefusal("app-not-in-tenant", f"The client id is {wanted[:80]!r}.")
        return app

    def require_grant(self, ask: TokenRequest) -> None:
        """Refuse any flow but client credentials; a missing credential is reported first (observed 8.7)."""
        if ask.form["grant_type"] == "client_credentials":
            return
        if not (ask.form.get("client_secret") or ask.form.get("client_assertion")):
            raise SignInRefusal("credential-missing-elsewhere")
        raise SignInRefusal("grant-unsupported", f"It is {ask.form['grant_type'][:80]!r}.")

    def require_credential(self, ask: TokenRequest, app: App) -> None:
        """Refuse an app that does not prove who it is."""
        proofs = {"client_assertion": self.check_assertion, "client_secret": self.check_secret}
        prove = next((proof for field, proof in proofs.items() if ask.form.get(field)), None)
        if prove is None:
            raise SignInRefusal("credential-missing")
        prove(ask, app)

    def check_secret(self, ask: TokenRequest, app: App) -> None:
        """Refuse a secret that is not the app's, or has run out (observed 8.1)."""
        found = [one for one in self._secrets_of(app) if one.value == ask.form["client_secret"]]
        if not found:
            raise SignInRefusal("wrong-secret")
        if all(one.expires_at <= self._clock.epoch for one in found):
            raise SignInRefusal("secret-expired")

    def check_assertion(self, ask: TokenRequest, app: App) -> None:
        """Refuse an assertion that no certificate of the app and no issuer that it trusts has signed."""
        if ask.form.get("client_assertion_type") != ASSERTION_TYPE:
            raise SignInRefusal("parameter-missing", f"client_assertion_type is not {ASSERTION_TYPE}.")
        header = peek(ask.form["client_assertion"], 0)
        by_certificate = "x5t" in header or "x5t#S256" in header
        prove = self.check_certificate if by_certificate else self.check_federation
        self.check_times(prove(ask, app))

    def check_certificate(self, ask: TokenRequest, app: App) -> Mapping[str, Any]:
        """The claims of an assertion that a certificate of the app signed."""
        token = ask.form["client_assertion"]
        header = peek(token, 0)
        certificates = self._certificates.get(app.app_id, ())
        found = next((one for one in certificates if _bears(header, thumbprints(one))), None)
        if found is None:
            raise SignInRefusal("assertion-signature", "The app has no certificate with that thumbprint.")
        claims = _signed(token, certificate_key(found))
        for name in ("iss", "sub"):
            if str(claims.get(name)).lower() != app.app_id.lower():
                raise SignInRefusal("assertion-subject", f"Its {name} is {str(claims.get(name))[:80]!r}.")
        if claims.get("aud") not in (f"{ask.base}/oauth2/v2.0/token", f"{ask.base}/v2.0"):  # a list has no hash
            raise SignInRefusal("assertion-audience", f"Its aud is {str(claims.get('aud'))[:200]!r}.")
        return claims

    def check_federation(self, ask: TokenRequest, app: App) -> Mapping[str, Any]:
        """The claims of a token that an issuer trusted by the app signed for the right subject."""
        token = ask.form["client_assertion"]
        said = peek(token, 1)
        if not said.get("iss"):
            raise SignInRefusal("assertion-malformed")
        issuers = [one for one in self._federations.get(app.app_id, ()) if one.issuer == said["iss"]]
        if not issuers:
            raise SignInRefusal("federation-issuer-unmatched", f"The issuer is {str(said['iss'])[:200]!r}.")
        found = next((o for o in issuers if (o.subject, o.audience) == (said.get("sub"), said.get("aud"))), None)
        if found is None:
            raise SignInRefusal("federation-unmatched", f"The subject is {str(said.get('sub'))[:200]!r}.")
        return _signed(token, found.key)

    def check_times(self, claims: Mapping[str, Any]) -> None:
        """Refuse an assertion outside its times."""
        now = self._clock.epoch
        begins, ends = claims.get("nbf", claims.get("iat", 0)), claims.get("exp", 0)
        if not (isinstance(begins, int | float) and isinstance(ends, int | float)):
            raise SignInRefusal("assertion-malformed", "Its times are no numbers.")
        if not begins - LEEWAY <= now <= ends + LEEWAY:
            times = f"It holds from {str(begins)[:20]} to {str(ends)[:20]}, and here it is {now:.0f}."
            raise SignInRefusal("assertion-time", f"{times} {_OWN_TIME}")

    def require_scope(self, ask: TokenRequest) -> None:
        """Refuse a scope that is not all of Graph (observed 8.6)."""
        scope = ask.form.get("scope", "").strip()
        if not scope:
            raise SignInRefusal("parameter-missing", "It is scope.")
        resource, default, rest = scope.rpartition("/.default")
        if not default or rest:
            raise SignInRefusal("scope-without-default", f"It is {scope[:200]!r}.")
        if resource not in AUDIENCES:
            raise SignInRefusal("resource-unknown", f"It is {resource[:200]!r}; here it is the worldwide cloud.")

    def refuse(self, request: Request, refusal: SignInRefusal) -> Response:
        """The answer to a request that was refused."""
        row = self._rows[refusal.row]
        facts = self._error(row, refusal.aside, request.headers.get("client-request-id", ""))
        return self._given(facts, f"{row.evidence}; fact={row.source.partition(' (')[0]}", row.status)

    def _error(self, row: SignInRow, aside: str, correlation: str) -> dict[str, Any]:
        trace, stamp = self._ids.new("signin"), f"{self._clock.moment():%Y-%m-%d %H:%M:%S}Z"
        correlation = correlation if _TENANT_SHAPE.fullmatch(correlation) else self._ids.new("signin")
        text = " ".join(filter(None, (f"{row.code}: [pytest-graphcalls]", row.meaning, aside)))
        return {
            "error": row.error,
            "error_description": f"{text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [int(row.code.removeprefix("AADSTS"))],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{_ORIGIN}/error?code={row.code.removeprefix('AADSTS')}",
        }

    def _given(self, facts: Mapping[str, Any], evidence: str, status: int = 200) -> Response:
        headers = (
            ("Content-Type", "application/json; charset=utf-8"),
            ("Cache-Control", "no-store, no-cache"),
            ("Date", self._clock.http_date()),
            (EVIDENCE_HEADER, evidence),
        )
        return Response(status, Headers(headers), written(facts))


_OWN_TIME = "A simulator keeps its own time; to sign in with real assertions let it start now."


def _origin(url: str) -> str:
    scheme, found, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if found else _ORIGIN


def _basic(header: str) -> dict[str, str]:
    """Client id and secret of an ``Authorization: Basic`` header, percent-encoded as RFC 6749 has them."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        user, found, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": unquote_plus(user), "client_secret": unquote_plus(password)} if found else {}


def _bears(header: Mapping[str, Any], known: tuple[str, str]) -> bool:
    """Whether a header names the certificate with these thumbprints; one that names none does not."""
    pairs = zip(("x5t", "x5t#S256"), known, strict=True)
    said = [(str(header[name]).rstrip("="), print_) for name, print_ in pairs if name in header]
    return bool(said) and all(given == print_ for given, print_ in said)


def _signed(token: str, key: Any) -> Mapping[str, Any]:
    if not peek(token, 1):
        raise SignInRefusal("assertion-malformed")
    try:
        return verify(token, key, ("RS256", "PS256"))
    except ValueError as error:
        raise SignInRefusal("assertion-signature", f"It does not hold: {error}.") from None
