"""A reception for Teams, with Starlette: answers people it knows, brings a colleague in, refuses all others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import httpx
import jwt
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

METADATA = "/v1/.well-known/OpenIdConfiguration"
ISSUER = "https://api.botframework.com"
AUDIO = {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}


class Reception:
    def __init__(self, api: httpx.AsyncClient, app_id: str, known: Collection[str], colleague: str, home: str) -> None:
        self.api, self.app_id, self.known, self.colleague, self.home = api, app_id, known, colleague, home
        self.done: set[tuple[str, str]] = set()
        self.app = Starlette(routes=[Route("/api/calls", self.receive, methods=["POST"])])

    async def receive(self, request: Request) -> Response:
        if not await self.is_genuine(request.headers.get("authorization", "")):
            return Response(status_code=401)
        # Answered at once; what there is to do is done afterwards.
        return Response(status_code=202, background=BackgroundTask(self.act, (await request.json())["value"]))

    async def is_genuine(self, authorization: str) -> bool:
        keys = (await self.api.get((await self.api.get(METADATA)).json()["jwks_uri"])).json()["keys"]
        token = authorization.removeprefix("Bearer ")
        try:
            key = jwt.PyJWK(next(key for key in keys if key["kid"] == jwt.get_unverified_header(token).get("kid")))
            jwt.decode(token, key, ["RS256"], {"require": ["exp", "tid"]}, audience=self.app_id, issuer=ISSUER)
        except (StopIteration, jwt.InvalidTokenError):
            return False
        return True

    async def act(self, notes: list[dict[str, Any]]) -> None:
        for note in notes:
            url, data = f"/v1.0{note['resourceUrl']}", note["resourceData"]
            match (note["changeType"], data):
                case "created", {"state": "incoming", "source": {"identity": {"user": {"id": caller}}}}:
                    await self.once(url, "answer" if caller in self.known else "reject")
                case "updated", {"state": "established"}:
                    await self.once(url, "participants/invite")
                case "updated", [_]:  # the bot is alone
                    await self.once(url.removesuffix("/participants"), "")

    async def once(self, call: str, action: str) -> None:
        """A notification may come twice; nothing is done twice."""
        if (call, action) in self.done:
            return
        self.done.add((call, action))
        await (self.api.post(f"{call}/{action}", json=self.body(action)) if action else self.api.delete(call))

    def body(self, action: str) -> dict[str, Any]:
        bodies: dict[str, dict[str, Any]] = {
            "answer": {"callbackUri": self.home, "acceptedModalities": ["audio"], "mediaConfig": AUDIO},
            "reject": {"reason": "forbidden"},
            "participants/invite": {"participants": [{"identity": {"user": {"id": self.colleague}}}]},
        }
        return bodies[action]
