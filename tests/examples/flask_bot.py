"""A reception for Teams, with Flask: answers people it knows, brings a colleague in, refuses all others."""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock, Thread
from typing import Any

import httpx
import jwt
from flask import Flask, request

METADATA = "/v1/.well-known/OpenIdConfiguration"
ISSUER = "https://api.botframework.com"
AUDIO = {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}


class Reception:
    def __init__(self, api: httpx.Client, app_id: str, known: Collection[str], colleague: str, home: str) -> None:
        self.api, self.app_id, self.known, self.colleague, self.home = api, app_id, known, colleague, home
        self.done: set[tuple[str, str]] = set()
        self.lock = Lock()
        self.app = Flask(__name__)
        self.app.add_url_rule("/api/calls", view_func=self.receive, methods=["POST"])

    def receive(self) -> tuple[str, int]:
        if not self.is_genuine(request.headers.get("Authorization", "")):
            return "", 401
        # Answered at once; what there is to do is done afterwards.
        Thread(target=self.act, args=(request.get_json()["value"],)).start()
        return "", 202

    def is_genuine(self, authorization: str) -> bool:
        keys = self.api.get(self.api.get(METADATA).json()["jwks_uri"]).json()["keys"]
        token = authorization.removeprefix("Bearer ")
        try:
            key = jwt.PyJWK(next(key for key in keys if key["kid"] == jwt.get_unverified_header(token).get("kid")))
            jwt.decode(token, key, ["RS256"], {"require": ["exp", "tid"]}, audience=self.app_id, issuer=ISSUER)
        except (StopIteration, jwt.InvalidTokenError):
            return False
        return True

    def act(self, notes: list[dict[str, Any]]) -> None:
        for note in notes:
            url, data = f"/v1.0{note['resourceUrl']}", note["resourceData"]
            match (note["changeType"], data):
                case "created", {"state": "incoming", "source": {"identity": {"user": {"id": caller}}}}:
                    self.once(url, "answer" if caller in self.known else "reject")
                case "updated", {"state": "established"}:
                    self.once(url, "participants/invite")
                case "updated", [_]:  # the bot is alone
                    self.once(url.removesuffix("/participants"), "")

    def once(self, call: str, action: str) -> None:
        """A notification may come twice; nothing is done twice."""
        with self.lock:
            if (call, action) in self.done:
                return
            self.done.add((call, action))
        if action:
            self.api.post(f"{call}/{action}", json=self.body(action))
        else:
            self.api.delete(call)

    def body(self, action: str) -> dict[str, Any]:
        bodies: dict[str, dict[str, Any]] = {
            "answer": {"callbackUri": self.home, "acceptedModalities": ["audio"], "mediaConfig": AUDIO},
            "reject": {"reason": "forbidden"},
            "participants/invite": {"participants": [{"identity": {"user": {"id": self.colleague}}}]},
        }
        return bodies[action]
