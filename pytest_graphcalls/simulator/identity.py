"""Apps with their roles and settings, and real tokens for them.

Tokens are RS256 JSON web tokens with the claims of an application token of Entra ID. How apps come by
them over HTTP is in ``signin.py``, the cryptography in ``keys.py``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from pytest_graphcalls.contract import Contract, Evidence
from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.simulator.clock import Clock, Ids
from pytest_graphcalls.simulator.entities import E164, Identity
from pytest_graphcalls.simulator.keys import CHANNEL_KEY_ID, Keyring
from pytest_graphcalls.simulator.responses import Refusal, page
from pytest_graphcalls.validation import MOST, quantity, shown
from pytest_graphcalls.wire import MalformedJsonError, Request, Response, decode_json

GRAPH = "https://graph.microsoft.com"
AUDIENCES = frozenset({GRAPH, f"{GRAPH}/", "00000003-0000-0000-c000-000000000000"})
"""Values of ``aud`` that mean Microsoft Graph: its address, and its app id."""

BOT_FRAMEWORK_AUDIENCES = frozenset({"https://api.botframework.com", "https://api.botframework.com/"})
"""The resource that Bot Framework clients ask tokens for (clients 1.12, 1.15); Graph refuses such a token."""
DOMAIN = "graphcalls.onmicrosoft.com"
"""The domain name that every simulated tenant has at first."""

_CHALLENGE = (("WWW-Authenticate", "Bearer"),)  # observed 2.5
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_LONGEST = 16_384
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class App:
    """An application with a bot.

    Attributes:
        app_id: its id in Entra ID.
        name: display name.
        roles: application permissions that were consented to.
        may_remove_participants: whether the tenant lists it in ``AllowRemoveParticipantAppIds``.
        phone_number: number of its application instance in E.164 form, or ``None``: it has no instance.
        instance_id: object id of that instance, or ``""``.
        callback_uri: the address registered for the bot's notifications.
        has_access_policy: whether an application access policy lets it act for the users of the tenant.
    """

    app_id: str
    name: str
    roles: frozenset[str]
    may_remove_participants: bool
    phone_number: str | None
    instance_id: str
    callback_uri: str
    has_access_policy: bool = True


@dataclass(frozen=True, slots=True)
class Grant:
    """The grant of a token: the app it was issued to, and the roles in it."""

    app: App
    roles: frozenset[str]


class Authority:
    """The tenant's apps and their tokens.

    Args:
        contract: for the names of the roles.
        clock: tokens live by virtual time.
        ids: for the ids of the apps.
        tenant_id: the tenant.
    """

    def __init__(self, contract: Contract, clock: Clock, ids: Ids, tenant_id: str) -> None:
        self._clock = clock
        self._ids = ids
        self._every_role = contract.roles
        self.tenant_id = tenant_id
        self.keys = Keyring()
        """The keys that tokens are signed and verified with; they can be rotated."""
        self.domains = {DOMAIN}
        """Names by which the tenant can be signed in at, beside its id."""
        self.reset()

    def reset(self) -> None:
        """Forget every app but the default one, which is as new."""
        self._trusted = lru_cache(_REMEMBERED)(self._trust)
        self.keys.reset()
        self._apps: dict[str, App] = {}
        self.app = self.register(name="Bot", phone_number="+15550100")
        """The default app: every role, allow-listed, with an application instance that has a number."""

    def register(
        self,
        *,
        name: str | None = None,
        roles: Iterable[str] | None = None,
        may_remove_participants: bool = True,
        phone_number: str | None = None,
        callback_uri: str | None = None,
        has_access_policy: bool = True,
    ) -> App:
        """Register one more app.

        Args:
            name: display name; by default ``Bot`` and a number.
            roles: its application permissions; by default every role that the contract names.
            may_remove_participants: whether it is on ``AllowRemoveParticipantAppIds``.
            phone_number: a number in E.164 form gives it an application instance, ``None`` gives it none.
            callback_uri: the address registered for its bot.
            has_access_policy: whether an application access policy lets it act for the users of the tenant.

        Raises:
            SettingError: ``phone_number`` is none.
        """
        if phone_number is not None and not (isinstance(phone_number, str) and E164.fullmatch(phone_number)):
            raise SettingError("phone_number", shown(phone_number), "a number in E.164 form, e.g. +15550100")
        app = App(
            app_id=self._ids.new("app"),
            name=name or f"Bot {len(self._apps) + 1}",
            roles=self._every_role if roles is None else _names(roles),
            may_remove_participants=may_remove_participants,
            phone_number=phone_number,
            instance_id=self._ids.new("app") if phone_number else "",
            callback_uri=callback_uri or "https://bot.contoso.com/api/calls",
            has_access_policy=has_access_policy,
        )
        return self._keep(app)

    def change(self, app: App, **facts: Any) -> App:
        """Change a registered app (``roles``, ``may_remove_participants``, …) and return it as it is now.

        Tokens keep the roles that they were given.
        """
        return self._keep(replace(self.app_of(app.app_id), **facts))

    def _keep(self, app: App) -> App:
        self._apps[app.app_id] = app
        if getattr(self, "app", app).app_id == app.app_id:
            self.app = app
        return app

    @property
    def apps(self) -> tuple[App, ...]:
        """Every registered app, the default one first."""
        return tuple(self._apps.values())

    def app_of(self, app_id: str) -> App:
        """The registered app with that id; raises :class:`UnknownNameError` when there is none."""
        try:
            return self._apps[app_id]
        except KeyError:
            raise UnknownNameError("app", app_id, tuple(self._apps)) from None

    def find(self, app_id: str) -> App | None:
        """The registered app with that id, in any letter case; ``None`` when there is none."""
        return next((app for id, app in self._apps.items() if id.lower() == app_id.lower()), None)

    def bot(self, app: App) -> Identity:
        """The app as it stands in a roster."""
        return Identity("application", app.app_id, app.name, self.tenant_id)

    def token(
        self,
        app: App | None = None,
        *,
        roles: Iterable[str] | None = None,
        lifetime: float = 3600.0,
        audience: str = GRAPH,
        tenant_id: str | None = None,
        key: Any = None,
    ) -> str:
        """Mint an access token.

        Args:
            app: whose token; by default the default app's.
            roles: roles in the token; by default the app's.
            lifetime: virtual seconds until it expires; zero or less mints an expired one.
            audience: the ``aud`` claim.
            tenant_id: the ``tid`` claim; by default this tenant.
            key: an RSA private key to sign with instead of the authority's own.

        Raises:
            SettingError: ``app`` is none, or ``lifetime`` is no number.
        """
        if not isinstance(app, App | None):
            step = "authority.register(…) makes one, and authority.apps has them all."
            raise SettingError("token(app)", shown(app), "an app", step)
        quantity("token(lifetime)", lifetime, unit="virtual seconds", least=-MOST, most=MOST)
        app = app or self.app
        issued = int(self._clock.epoch)
        tid = tenant_id or self.tenant_id
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tid}/",
            "tid": tid,
            "appid": app.app_id,
            "idtyp": "app",
            "roles": sorted(app.roles if roles is None else _names(roles)),
            "iat": issued,
            "nbf": issued,
            "exp": int(self._clock.epoch + lifetime),
        }
        return self.keys.sign(claims, key)

    def grant(self, request: Request) -> Grant:
        """The grant of the token of ``request``.

        Raises:
            Refusal: there is none, it is no good, or its app is not registered.
        """
        claims = self._claims(bearer(request))
        app = self._apps.get(claims["appid"])
        if app is None:
            raise Refusal("app-not-registered", f"This tenant has no app {claims['appid']!r}.")
        return Grant(app, claims["roles"])

    def _claims(self, token: str) -> Mapping[str, Any]:
        if not token:
            raise Refusal("token-missing", headers=_CHALLENGE)
        claims: Mapping[str, Any] = self._trusted(token, self.keys.published)
        if claims["exp"] <= self._clock.epoch:
            # nbf and iat are not looked at: a token outlives reset(), which sets the clock back.
            raise _refused("the token has expired")
        return claims

    def _trust(self, token: str, published: tuple[int, ...]) -> Mapping[str, Any]:
        """The claims of a token; ``published`` is there so that those of a key that is not, are not remembered."""
        del published
        return self._judged(self._verified(token))

    def _verified(self, token: str) -> Mapping[str, Any]:
        # Looked at first with our own reader: PyJWT would read a header that is nested a thousand deep.
        header = peek(token, 0)
        if header.get("alg") != "RS256":
            raise _refused("the token is no RS256 JSON web token")
        try:
            return self.keys.verify(token, header.get("kid"))
        except ValueError as error:
            raise _refused(f"the token is not one of this authority's ({error})") from None

    def _judged(self, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        expected = (
            ("aud", str(claims.get("aud")) in AUDIENCES, f"be {GRAPH}"),
            ("tid", claims.get("tid") == self.tenant_id, f"be {self.tenant_id}"),
            ("appid", isinstance(claims.get("appid"), str), "name the app"),
            ("exp", isinstance(claims.get("exp"), int), "be a number"),
            ("roles", isinstance(claims.get("roles"), list | None), "be a list"),
        )
        for name, holds, should in expected:
            if not holds:
                raise _refused(f"the claim {name} is {claims.get(name)!r} and should {should}")
        return {**claims, "roles": frozenset(map(str, claims.get("roles") or ()))}


def bearer(request: Request) -> str:
    """The bearer token of ``request``, or ``""``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def peek(token: str, part: int) -> Mapping[str, Any]:
    """The header (0) or the claims (1) of a token, unverified; empty when they cannot be read."""
    if len(token) > _LONGEST or not _TOKEN.fullmatch(token):
        return {}
    text = token.split(".")[part]
    try:
        value = decode_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (MalformedJsonError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _refused(why: str) -> Refusal:
    # The row has the text for one cause, a wrong audience; the first half is common to all of them.
    return Refusal("invalid-token", f"Here {why}.", message="Access token validation failure.", headers=_CHALLENGE)


ISSUER = "https://api.botframework.com"
"""The issuer of the tokens (observed 7.1)."""
SERVICE_APP = "26a18ebc-cdf7-4a6a-91cb-beb352805e81"
"""The claim ``appid`` of the tokens: the calling service itself (observed 7.6)."""
LIFETIME = 300
"""Seconds that a token lives (observed 7.6)."""
METADATA_PATH = "/v1/.well-known/OpenIdConfiguration"
"""Path of the metadata document on https://api.aps.skype.com (observed 7.2)."""
KEYS_PATH = "/v1/.well-known/keys"
"""Path of the key set at login.botframework.com, which Microsoft's agents SDKs have built in (clients 1.86)."""
SHORT_KEYS_PATH = "/v1/keys"
"""Path of the key set that the metadata of the calling service leads to. Its real one is in no source of ours."""
ENDORSEMENTS = ("msteams", "skype", "emulator")
"""Channels that a key is good for: Bot Builder for .NET refuses a key without any (clients 1.85)."""

_ORIGIN = "https://api.aps.skype.com"


class Channel:
    """Signs notifications, and publishes the keys.

    Args:
        authority: knows the apps and the tenant.
        clock: for the date of the answers.
    """

    def __init__(self, authority: Authority, clock: Clock) -> None:
        self._authority = authority
        self._clock = clock
        self.keys = Keyring(CHANNEL_KEY_ID)
        """The keys that notifications are signed with; ``rotate()`` and ``retire()`` change them."""
        self._pages: Mapping[str, Callable[[Request], Response]] = {
            METADATA_PATH.lower(): self.metadata,
            KEYS_PATH: self.key_set,
            SHORT_KEYS_PATH: self.key_set,
        }

    def reset(self) -> None:
        """Sign with the first key again."""
        self.keys.reset()

    def claims(self, app: App, epoch: float) -> dict[str, Any]:
        """The claims of a token for ``app`` (observed 7.1 to 7.6).

        Args:
            app: whom it is for.
            epoch: the present, in seconds since 1970. Bots compare it with their own clock, which is seldom the
                simulator's, so it is handed in.
        """
        return {
            "aud": app.app_id,
            "iss": ISSUER,
            "tid": self._authority.tenant_id,
            "appid": SERVICE_APP,
            "nbf": int(epoch),
            "exp": int(epoch) + LIFETIME,
        }

    def token(self, app: App, epoch: float) -> str:
        """A good token for ``app``; arguments as for :meth:`claims`."""
        return self.keys.sign(self.claims(app, epoch))

    def answer(self, request: Request) -> Response | None:
        """The answer to a request for the metadata or the keys; ``None`` when it means something else."""
        shown = self._pages.get(request.path.rstrip("/").lower())
        return shown(request) if shown and request.method in {"GET", "HEAD"} else None

    def metadata(self, request: Request) -> Response:
        """The discovery document with the address of the keys; incomplete, as the real one is (observed 7.8)."""
        facts = {
            "issuer": ISSUER,
            "authorization_endpoint": "https://invalid.botframework.com",
            "jwks_uri": f"{request.origin or _ORIGIN}{KEYS_PATH}",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }
        return page(self._clock, facts, f"{Evidence.REPORTED}; fact=observed 7.2, 7.8")

    def key_set(self, _request: Request) -> Response:
        """The published keys."""
        keys = [{**key, "x5t": key["kid"], "endorsements": ENDORSEMENTS} for key in self.keys.public()]
        return page(self._clock, {"keys": keys}, f"{Evidence.INFERRED}; fact=what validators read of it")


def _names(roles: Iterable[str]) -> frozenset[str]:
    """A single name is no list of its letters."""
    return frozenset((roles,) if isinstance(roles, str) else roles)
