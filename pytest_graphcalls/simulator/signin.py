"""The sign-in of the simulated tenant: the endpoint that gives tokens.

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
from urllib.parse import parse_qsl, unquote_plus

from pytest_graphcalls.contract import Contract, Evidence, SignInRow
from pytest_graphcalls.simulator.clock import Clock, Ids
from pytest_graphcalls.simulator.discovery import ORIGIN, Address, Directory, SignInRefusal, address_of
from pytest_graphcalls.simulator.identity import AUDIENCES, BOT_FRAMEWORK_AUDIENCES, GRAPH, App, Authority, peek
from pytest_graphcalls.simulator.keys import certificate_key, thumbprints, verify
from pytest_graphcalls.simulator.people import GUID
from pytest_graphcalls.simulator.responses import page
from pytest_graphcalls.wire import Request, Response

LIFETIME = 3599
"""Seconds that a token given here lives, as ``expires_in`` has it."""
LEEWAY = 300
"""Seconds by which the times in an assertion may be off. How many the service allows is not published."""
EXCHANGE = "api://AzureADTokenExchange"
"""The audience of a token for a federated credential, unless the credential says another."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_OPENID_SCOPES = frozenset({"openid", "offline_access", "profile"})
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_BODY_LIMIT = 64 * 1024
_GRANT_FACT = "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow"


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
    """A request for a token: the form in it, and the address it was sent to."""

    form: Mapping[str, str]
    address: Address


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
        self.directory = Directory(contract, authority)
        """Tenants by name, and the documents that lead clients to the endpoints."""
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
        """The answer to a request that is for the sign-in; ``None`` for any other."""
        address = address_of(request)
        if address is None:
            return None
        try:
            return self._endpoint(address)(request, address)
        except SignInRefusal as refusal:
            return self.refuse(request, refusal)

    def _endpoint(self, address: Address) -> Callable[[Request, Address], Response]:
        if address.endpoint in {"oauth2/v2.0/token", "oauth2/token"}:
            return self.token
        document = self.directory.documents[address.endpoint]
        return lambda request, address: self._given(*document(request, address))

    def token(self, request: Request, address: Address) -> Response:
        """Give a token, when every step lets it pass; the older endpoint takes ``resource`` instead of ``scope``."""
        self.directory.require_tenant(address)
        ask = TokenRequest(self.read(request), address)
        app = self.find_app(ask)
        self.require_grant(ask)
        self.require_credential(ask, app)
        resource = self.require_resource(ask)
        audience = resource if resource in BOT_FRAMEWORK_AUDIENCES else GRAPH
        facts = {
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "ext_expires_in": self.lifetime,
            "access_token": self._authority.token(app, lifetime=self.lifetime, audience=audience),
        }
        if not address.is_v2:
            begins, ends = int(self._clock.epoch), int(self._clock.epoch + self.lifetime)
            seconds = {"expires_in": self.lifetime, "ext_expires_in": self.lifetime, "expires_on": ends}
            texts = {name: str(value) for name, value in {**seconds, "not_before": begins}.items()}
            return self._given({**facts, **texts, "resource": resource}, f"{Evidence.REPORTED}; fact=clients 1.48")
        return self._given(facts, f"{Evidence.DOCUMENTED}; fact={_GRANT_FACT}")

    def read(self, request: Request) -> Mapping[str, str]:
        """The form in a request for a token; a client id and secret in an Authorization header count as fields."""
        if request.method != "POST":
            raise SignInRefusal("parameter-missing", "Nothing was posted.")
        form = _form(request)
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
        base = f"{ask.address.origin}/{ask.address.tenant}"
        # A tuple, because a list in the claim has no hash.
        if claims.get("aud") not in (f"{base}/oauth2/v2.0/token", f"{base}/oauth2/token", f"{base}/v2.0"):
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

    def require_resource(self, ask: TokenRequest) -> str:
        """The resource that a token is for; refuses a scope that is not all of a known one (observed 8.6)."""
        name = "scope" if ask.address.is_v2 else "resource"
        # Some clients add the scopes of OpenID Connect to the one that counts (clients 1.41).
        asked = [one for one in ask.form.get(name, "").split() if one not in _OPENID_SCOPES]
        if not asked:
            raise SignInRefusal("parameter-missing", f"It is {name}.")
        scope = " ".join(asked)
        resource, default, rest = scope.rpartition("/.default") if ask.address.is_v2 else (scope, "", "")
        if ask.address.is_v2 and (not default or rest):
            raise SignInRefusal("scope-without-default", f"It is {scope[:200]!r}.")
        if resource not in AUDIENCES | BOT_FRAMEWORK_AUDIENCES:
            raise SignInRefusal("resource-unknown", f"It is {resource[:200]!r}; here it is the worldwide cloud.")
        return resource

    def refuse(self, request: Request, refusal: SignInRefusal) -> Response:
        """The answer to a request that was refused."""
        row = self._rows[refusal.row]
        facts = self._error(row, refusal.aside, request.headers.get("client-request-id", ""))
        return self._given(facts, f"{row.evidence}; fact={row.source.partition(' (')[0]}", row.status)

    def _error(self, row: SignInRow, aside: str, correlation: str) -> dict[str, Any]:
        trace, stamp = self._ids.new("signin"), f"{self._clock.moment():%Y-%m-%d %H:%M:%S}Z"
        correlation = correlation if GUID.fullmatch(correlation) else self._ids.new("signin")
        text = " ".join(filter(None, (f"{row.code}: [pytest-graphcalls]", row.meaning, aside)))
        return {
            "error": row.error,
            "error_description": f"{text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [int(row.code.removeprefix("AADSTS"))],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{ORIGIN}/error?code={row.code.removeprefix('AADSTS')}",
        }

    def _given(self, facts: Mapping[str, Any], evidence: str, status: int = 200) -> Response:
        return page(self._clock, facts, evidence, status, **{"Cache-Control": "no-store, no-cache"})


_OWN_TIME = "A simulator keeps its own time; to sign in with real assertions let it start now."


def client_id(request: Request) -> str:
    """The id of the application that asks for a token; ``""`` in other requests."""
    return _form(request).get("client_id", "")


def _form(request: Request) -> dict[str, str]:
    text = request.body[:_BODY_LIMIT].decode("utf-8", "replace")
    return {**dict(parse_qsl(text, keep_blank_values=True)), **_basic(request.headers.get("authorization", ""))}


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
