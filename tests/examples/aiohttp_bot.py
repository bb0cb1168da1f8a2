"""A reception for Teams, with aiohttp: answers people it knows, brings a colleague in, refuses all others."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import jwt
from aiohttp import ClientSession, web

METADATA = "/v1/.well-known/OpenIdConfiguration"
ISSUER = "https://api.botframework.com"
AUDIO = {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}


class Reception:
    def __init__(self, api: ClientSession, app_id: str, known: Collection[str], colleague: str, home: str) -> None:
        self.api, self.app_id, self.known, self.colleague, self.home = api, app_id, known, colleague, home
        self.done: set[tuple[str, str]] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.app = web.Application()
        self.app.add_routes([web.post("/api/calls", self.receive)])

    async def receive(self, request: web.Request) -> web.Response:
        if not await self.is_genuine(request.headers.get("Authorization", "")):
            return web.Response(status=401)
        # Answered at once; what there is to do is done afterwards.
        self.tasks.add(task := asyncio.create_task(self.act((await request.json())["value"])))
        task.add_done_callback(self.tasks.discard)
        return web.Response(status=202)

    async def is_genuine(self, authorization: str) -> bool:
        async with self.api.get(METADATA) as metadata, self.api.get((await metadata.json())["jwks_uri"]) as keys:
            known = (await keys.json())["keys"]
        token = authorization.removeprefix("Bearer ")
        try:
            key = jwt.PyJWK(next(key for key in known if key["kid"] == jwt.get_unverified_header(token).get("kid")))
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
        sent = self.api.post(f"{call}/{action}", json=self.body(action)) if action else self.api.delete(call)
        async with sent:
            pass

    def body(self, action: str) -> dict[str, Any]:
        bodies: dict[str, dict[str, Any]] = {
            "answer": {"callbackUri": self.home, "acceptedModalities": ["audio"], "mediaConfig": AUDIO},
            "reject": {"reason": "forbidden"},
            "participants/invite": {"participants": [{"identity": {"user": {"id": self.colleague}}}]},
        }
        return bodies[action]
