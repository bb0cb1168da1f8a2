"""An IVR for Teams, with Starlette: "press 1 to leave a message, 9 to end"; it records a message and reads it."""

from __future__ import annotations

from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

AUDIO = {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}
MESSAGE = {"maxRecordDurationInSeconds": 60, "maxSilenceTimeoutInSeconds": 3, "stopTones": ["#"]}


class Ivr:
    def __init__(self, api: httpx.AsyncClient, home: str, prompts: dict[str, bytes]) -> None:
        self.api, self.home, self.prompts = api, home, prompts
        self.messages: list[bytes] = []
        self.done: set[tuple[str, str]] = set()
        self.next: dict[str, str] = {}  # by id of an operation: what follows its end
        routes = [Route("/api/calls", self.receive, methods=["POST"]), Route("/audio/{name}.wav", self.audio)]
        self.app = Starlette(routes=routes)

    async def audio(self, request: Request) -> Response:
        return Response(self.prompts[request.path_params["name"]], media_type="audio/wav")

    async def receive(self, request: Request) -> Response:
        # A real bot looks at the token first, as the other examples do.
        return Response(status_code=202, background=BackgroundTask(self.act, (await request.json())["value"]))

    async def act(self, notes: list[dict[str, Any]]) -> None:
        for note in notes:
            call = note["resourceUrl"].split("/")[3]  # an update has no id in its data
            match (note["changeType"], note["resourceData"]):
                case "created", {"state": "incoming"}:
                    body = {"callbackUri": self.home, "acceptedModalities": ["audio"], "mediaConfig": AUDIO}
                    await self.once(call, "answer", body)
                case "updated", {"mediaState": {"audio": "active"}}:
                    await self.once(call, "subscribeToTone", {})
                    await self.play(call, "menu")
                case "updated", {"toneInfo": {"tone": "tone1"}}:
                    await self.once(call, "cancelMediaProcessing", {})  # the menu, if it is still heard
                    await self.play(call, "leave-a-message", then="record")
                case "updated", {"toneInfo": {"tone": "tone9"}}:
                    await self.play(call, "goodbye", then="hang up")
                case "deleted", {"id": operation, **data} if operation in self.next:
                    await self.go_on(call, self.next.pop(operation), data)

    async def go_on(self, call: str, step: str, data: dict[str, Any]) -> None:
        if step == "record":
            await self.once(call, "recordResponse", MESSAGE, then="keep")
        elif step == "hang up":
            await self.api.delete(f"/v1.0/communications/calls/{call}")
        elif data["status"] == "completed":  # a recording can be read for a short time only
            token = {"Authorization": f"Bearer {data['recordingAccessToken']}"}
            self.messages.append((await self.api.get(data["recordingLocation"], headers=token)).content)
        if step == "keep":
            await self.play(call, "goodbye", then="hang up")

    async def play(self, call: str, name: str, then: str = "") -> None:
        info = {"uri": self.home.replace("/api/calls", f"/audio/{name}.wav"), "resourceId": name}
        prompt = {"@odata.type": "#microsoft.graph.mediaPrompt", "mediaInfo": info}
        await self.once(call, "playPrompt", {"prompts": [prompt], "clientContext": name}, then)

    async def once(self, call: str, action: str, body: dict[str, Any], then: str = "") -> None:
        """A notification may come twice, and a key in two of them; nothing is done twice in a call."""
        what = (call, action + body.get("clientContext", ""))
        if what not in self.done:
            self.done.add(what)
            answer = await self.api.post(f"/v1.0/communications/calls/{call}/{action}", json=body)
            if then and answer.is_success:
                self.next[answer.json()["id"]] = then
