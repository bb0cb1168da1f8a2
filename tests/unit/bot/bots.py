"""Small bots of every kind. They answer, reject, hang, raise, redirect, and call back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Headers, Request, Response, encode_json

GRAPH = "https://graph.microsoft.com/v1.0/communications"
Note = dict[str, Any]


class Phone:
    """How a bot calls the API: straight into the simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.token = simulator.authority.token()

    def send(self, method: str, path: str, body: Any = None) -> Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        raw = b"" if body is None else encode_json(body)
        return self.simulator.handle(Request(method, f"{GRAPH}{path}", Headers(headers), raw))

    def reject(self, call: str, reason: str = "forbidden") -> Response:
        return self.send("POST", f"/calls/{call}/reject", {"reason": reason})

    def answer(self, call: str, callback: str = "https://bot.contoso.com/api/calls", media: Any = None) -> Response:
        media = media or {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}
        body = {"callbackUri": callback, "acceptedModalities": ["audio"], "mediaConfig": media}
        return self.send("POST", f"/calls/{call}/answer", body)


def incoming(notes: Note) -> list[str]:
    """Ids of the calls that ring."""
    found = [one["resourceData"] for one in notes["value"] if one["changeType"] == "created"]
    return [data["id"] for data in found]


async def turns() -> None:
    """Let the loop turn, as it does while a request is under way; the bot has answered by then."""
    for _ in range(100):
        await asyncio.sleep(0)


Act = Callable[[Note, dict[str, str]], "int | None"]
"""What a bot does with a notification and its headers; the status it answers, 202 for ``None``."""


def asgi(act: Act) -> Callable[..., Awaitable[None]]:
    """A bare ASGI application."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status = act(json.loads(body), {**headers, ":path": scope["path"]}) or 202
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


def wsgi(act: Act) -> Callable[..., Iterable[bytes]]:
    """A bare WSGI application."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        names = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
        headers = {name[5:].lower().replace("_", "-"): value for name, value in names.items()}
        status = act(json.loads(body), {**headers, ":path": environ["PATH_INFO"]}) or 202
        start_response(f"{status} -", [])
        return [b""]

    return app
