"""What tests of clients need of a running server: its people and calls, and what it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.findings import Finding
from pytest_graphcalls.server.control import PREFIX
from pytest_graphcalls.targets.remote import RemoteWorld
from pytest_graphcalls.wire import Exchange, Request, Response, encode_json

GRAPH = "https://graph.microsoft.com"
CALLBACK = "https://bot.contoso.com/api/calls"
Json = Mapping[str, Any]


class World(RemoteWorld):
    """The server's tenant."""

    def control(self, method: str, path: str, **members: Any) -> Json:
        """Ask a control address, named below the prefix."""
        return self.ask(method, f"{PREFIX}{path}", **members)

    def reset(self) -> None:
        """Start anew."""
        self.control("POST", "reset")

    def call(self, id: str) -> Json:
        """What the server holds about a call."""
        return self.control("GET", f"calls/{id}")

    def names(self, call: str) -> list[str]:
        """The people in a call by name; a phone by its number."""
        identities = [one["identity"] for one in self.call(call)["participants"] if not one["is_bot"]]
        return sorted(one["name"] or one["id"] for one in identities)

    def identity(self, name: str) -> Json:
        """A person's identity."""
        return self.control("GET", f"people/{name}")

    def post(self, path: str, body: Json) -> Json:
        """A request of the bot that the client under test does not send: without it there is no scene."""
        headers = {"Authorization": f"Bearer {self.authority.token()}"}
        answer = self._client.post(f"/v1.0/communications/calls{path}", json=body, headers=headers)
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}

    def joined(self, meeting: Json) -> str:
        """The id of an established call of the bot in a meeting."""
        body = {
            "callbackUri": CALLBACK,
            "requestedModalities": ["audio"],
            "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
            **meeting["coordinates"],
        }
        id = str(self.post("", body)["id"])
        self.advance(1)
        return id

    def answered(self, caller: str) -> str:
        """The id of an established call of a person with the bot."""
        id = self.incoming_call(caller=caller).id
        config = {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"}
        self.post(f"/{id}/answer", {"callbackUri": CALLBACK, "acceptedModalities": ["audio"], "mediaConfig": config})
        self.advance(1)
        return id

    def requests(self) -> list[Json]:
        """The requests to Graph by its own name since the start, as the ledger has them; a scene's go to the server."""
        requests = (one for one in self.control("GET", "ledger")["entries"] if one["sort"] == "request")
        return [one for one in requests if one["url"].startswith(f"{GRAPH}/")]

    def findings(self) -> Iterator[Finding]:
        """What the contract finds in these requests, answers included."""
        contract = Contract.packaged()
        for one in self.requests():
            yield from contract.check(_exchange(one), token_expected=False)


def _exchange(one: Json) -> Exchange:
    """An exchange from its entry in the ledger."""

    def body(value: Any) -> bytes:
        return b"" if value is None else encode_json(value)

    answer = one["response"]
    return Exchange(
        Request(one["method"], one["url"], one["headers"], body(one["body"])),
        Response(one["status"], answer["headers"], body(answer["body"])),
    )
