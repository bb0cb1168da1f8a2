"""The channel that notifications come by: who signs them, and where a bot finds the keys.

It is not the authority that apps sign in at: the issuer, the keys and the metadata are the channel's own (observed
7.1, 7.2, 7.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_graphcalls.contract import Evidence
from pytest_graphcalls.simulator.answers import EVIDENCE_HEADER
from pytest_graphcalls.simulator.clock import Clock
from pytest_graphcalls.simulator.identity import App, Authority
from pytest_graphcalls.simulator.keys import CHANNEL_KEY_ID, Keyring
from pytest_graphcalls.wire import Headers, Request, Response, encode_json

ISSUER = "https://api.botframework.com"
"""Who the tokens say they are from (observed 7.1)."""
SERVICE_APP = "26a18ebc-cdf7-4a6a-91cb-beb352805e81"
"""The claim ``appid`` of the tokens: the calling service itself (observed 7.6)."""
LIFETIME = 300
"""Seconds that a token lives (observed 7.6)."""
METADATA_PATH = "/v1/.well-known/OpenIdConfiguration"
"""Path of the metadata document on https://api.aps.skype.com (observed 7.2)."""
KEYS_PATH = "/v1/keys"
"""Path of the key set. Its real address is in no source of ours; bots read it from the metadata."""

_ORIGIN = "https://api.aps.skype.com"


class Channel:
    """Signs what the bots are told, and publishes the keys.

    Args:
        authority: knows the apps and the tenant.
        clock: for the date of the answers.
    """

    def __init__(self, authority: Authority, clock: Clock) -> None:
        self._authority = authority
        self._clock = clock
        self.keys = Keyring(CHANNEL_KEY_ID)
        """The keys that notifications are signed with; ``rotate()`` and ``retire()`` change them."""
        self._pages: Mapping[str, Callable[[str], Response]] = {
            METADATA_PATH.lower(): self.metadata,
            KEYS_PATH: self.key_set,
        }

    def reset(self) -> None:
        """Sign with the first key again."""
        self.keys.reset()

    def claims(self, app: App, epoch: float) -> dict[str, Any]:
        """What a token for ``app`` says (observed 7.1 to 7.6).

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
        if "/v1/" not in request.url:
            return None  # every request of the calls API comes by here
        page = self._pages.get(request.path.rstrip("/").lower())
        return page(request.url) if page and request.method in {"GET", "HEAD"} else None

    def metadata(self, url: str) -> Response:
        """Where the keys are. No complete discovery document, and neither is the real one (observed 7.8)."""
        scheme, found, rest = url.partition("://")
        origin = f"{scheme}://{rest.partition('/')[0]}" if found else _ORIGIN
        facts = {
            "issuer": ISSUER,
            "jwks_uri": f"{origin}{KEYS_PATH}",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return self._page(facts, f"{Evidence.REPORTED}; fact=observed 7.2, 7.8")

    def key_set(self, url: str) -> Response:
        """The published keys."""
        del url
        return self._page({"keys": self.keys.public()}, f"{Evidence.INFERRED}; fact=what validators read of it")

    def _page(self, facts: Mapping[str, Any], evidence: str) -> Response:
        headers = (
            ("Content-Type", "application/json; charset=utf-8"),
            ("Date", self._clock.http_date()),
            (EVIDENCE_HEADER, evidence),
        )
        return Response(200, Headers(headers), encode_json(facts))
