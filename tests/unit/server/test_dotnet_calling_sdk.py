"""What Microsoft's calling SDK for .NET does on the wire, by plain HTTP.

The tests have no .NET, so what is known of it is repeated: how it signs in (clients 1.8, 1.18), the names and headers
of its requests (https://github.com/microsoftgraph/microsoft-graph-comms-samples/issues/191), and what its samples
answer to notifications (observed 6.2, 6.5, 6.6).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest

from pytest_graphcalls.bot import Bot
from pytest_graphcalls.contract import Contract, Match
from pytest_graphcalls.server.asgi import SimulatorApp
from pytest_graphcalls.server.http import serve_in_thread
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.simulator.hosting import ByHost

CONTRACT = Contract.packaged()
SCENARIO = "9c0c1f04-9102-4f0e-a8fc-59532912e3f4"
Headers = dict[str, str]
Act = Callable[[dict[str, Any], Headers], tuple[int, Headers]]
"""What a bot answers to a notification and its headers."""


class Sdk:
    """The requests of a bot with the SDK.

    Args:
        client: what sends them, to the simulator.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._token = ""

    def ask(self, method: str, host: str, path: str, **facts: Any) -> httpx.Response:
        """Send a request under a host's name."""
        headers = {"Host": host, **facts.pop("headers", {})}
        return self._client.request(method, path, headers=headers, **facts)

    def sign_in(self, tenant: str, client_id: str, secret: str) -> None:
        """Sign in as MSAL.NET does: ask about the authority first, and never for the tenant's own document."""
        login = "login.microsoftonline.com"
        authority = f"https://{login}/{tenant}/oauth2/v2.0/authorize"
        query = {"api-version": "1.1", "authorization_endpoint": authority}
        found = self.ask("GET", login, "/common/discovery/instance", params=query).json()
        assert found["tenant_discovery_endpoint"] == f"https://{login}/{tenant}/v2.0/.well-known/openid-configuration"
        form = {"client_id": client_id, "client_secret": secret, "client_info": "2", "grant_type": "client_credentials"}
        form["scope"] = "https://graph.microsoft.com/.default"
        given = self.ask("POST", login, f"/{tenant}/oauth2/v2.0/token", data=form).json()
        assert given["token_type"] == "Bearer"
        self._token = given["access_token"]

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a request to Graph, with the headers of a capture."""
        of_sdk = {
            "Scenario-Id": SCENARIO,
            "Client-Request-Id": "f0d2c788-bf26-4578-8350-069a2721fc73",
            "User-Agent": "GraphCommunicationsClient-IncidentBot/1.2.0.1",
            "Authorization": f"Bearer {self._token}",
            **({} if body is None else {"Content-Type": "application/json; charset=utf-8"}),
            **headers,
        }
        return self.ask(method, "graph.microsoft.com", f"/v1.0/communications/calls{path}", json=body, headers=of_sdk)

    def answer(self, call: str, callback: str) -> httpx.Response:
        """Answer a call."""
        media = {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig", "preFetchMedia": []}
        body = {"callbackUri": callback, "acceptedModalities": ["audio"], "mediaConfig": media}
        return self.send("POST", f"/{call}/microsoft.graph.answer", body)


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def bot(simulator: Simulator) -> Iterator[Bot]:
    with closing(Bot(simulator)) as found:
        yield found


@pytest.fixture
def sdk(simulator: Simulator) -> Iterator[Sdk]:
    """The SDK of the bot, signed in."""
    app = SimulatorApp(ByHost(simulator, simulator.cloud), frozen=True)
    with serve_in_thread(app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        sdk = Sdk(client)
        sdk.sign_in(simulator.tenant_id, simulator.authority.app.app_id, simulator.signin.secret())
        yield sdk


@pytest.fixture
def region() -> Iterator[Callable[[Act], str]]:
    """Serves a region of the bot; gives its URL."""

    def app(act: Act) -> Any:
        async def served(scope: Any, receive: Any, send: Any) -> None:
            body = (await receive())["body"]
            status, headers = act(json.loads(body), {name.decode(): value.decode() for name, value in scope["headers"]})
            pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": status, "headers": pairs})
            await send({"type": "http.response.body", "body": b""})

        return served

    with ExitStack() as stack:
        yield lambda act: stack.enter_context(serve_in_thread(app(act)))


def accept(notes: dict[str, Any], headers: Headers) -> tuple[int, Headers]:
    """The SDK's answer to a notification: 202, with the ids by which both sides trace it."""
    del notes
    trace = {"Client-Request-Id": headers["x-microsoft-skype-message-id"], "Scenario-Id": headers["scenario-id"]}
    return 202, trace


@pytest.mark.parametrize("tenant", ["common", "of the call"])
def test_the_sdk_signs_in_for_the_tenant_of_a_call(simulator: Simulator, sdk: Sdk, tenant: str) -> None:
    """The tenant is common where a notification names none."""
    named = simulator.tenant_id if tenant == "of the call" else tenant
    sdk.sign_in(named, simulator.authority.app.app_id, simulator.signin.secret())
    call = simulator.incoming_call()
    assert sdk.send("GET", f"/{call.id}").status_code == 200


def test_a_call_in_the_older_form_is_answered(
    simulator: Simulator, bot: Bot, sdk: Sdk, region: Callable[[Act], str]
) -> None:
    """204 to what is not of Graph brings it in Graph's form; what follows has the same scenario."""
    seen: list[tuple[str, str]] = []

    def act(notes: dict[str, Any], headers: Headers) -> tuple[int, Headers]:
        seen.append((headers["scenario-id"], headers["x-microsoft-skype-message-id"]))
        return accept(notes, headers) if "value" in notes else (204, {})

    bot(region(act))
    call = simulator.incoming_call("Ana", in_old_form=True)
    simulator.advance(0)
    assert [one.status for one in bot.deliveries] == [204, 202]
    assert sdk.answer(call.id, "https://bot.contoso.com/callback/calling?webInstanceId=a96167f5").status_code == 202
    simulator.advance(1)
    assert call.state == "established"
    assert {scenario for scenario, _ in seen} == {seen[0][0]}
    assert len({message for _, message in seen}) == len(seen) > 2


@pytest.mark.parametrize("status", [302, 307])
def test_another_region_of_the_bot_takes_a_call(
    simulator: Simulator, bot: Bot, sdk: Sdk, region: Callable[[Act], str], status: int
) -> None:
    """A redirect brings it there as it was; it answers with its own address, so the rest is posted there at once."""
    came: list[tuple[str, str, str]] = []

    def noting(name: str, act: Act) -> Act:
        def noted(notes: dict[str, Any], headers: Headers) -> tuple[int, Headers]:
            came.append((name, notes["value"][0]["changeType"], headers["x-microsoft-skype-message-id"]))
            assert headers["authorization"].startswith("Bearer ")
            return act(notes, headers)

        return noted

    eu = region(noting("eu", accept))
    us = region(noting("us", lambda notes, headers: (status, {"Location": "https://eu.contoso.com/api/calls"})))
    bot(us, callbacks={"https://eu.contoso.com": eu})
    call = simulator.incoming_call("Ana")
    simulator.advance(0)
    (first, _, sent), (second, change, redirected) = came
    assert (first, second, change, redirected) == ("us", "eu", "created", sent)
    assert sdk.answer(call.id, "https://eu.contoso.com/api/calls").status_code == 202
    simulator.advance(1)
    assert {name for name, _, _ in came[2:]} == {"eu"}
    assert [one.status for one in bot.deliveries] == [202] * len(bot.deliveries)
    assert call.state == "established"


ACTIONS = [(one.id, version) for one in CONTRACT.operations.values() if one.action for version in sorted(one.versions)]


@pytest.mark.parametrize(("id", "version"), ACTIONS)
def test_names_of_actions_of_the_sdk_are_understood(id: str, version: str) -> None:
    """Each one, with the namespace before it."""
    operation = CONTRACT.operation(id)
    path = f"/{version}{operation.path}".removesuffix(operation.action)
    found = CONTRACT.match("POST", f"{path}microsoft.graph.{operation.action}")
    assert isinstance(found, Match)
    assert found.operation is operation


def test_ids_of_the_sdk_come_back(simulator: Simulator, sdk: Sdk) -> None:
    """In success and in failure."""
    call = simulator.incoming_call()
    for path in (f"/{call.id}", "/57dab8b1-894c-409a-b240-bd8beae78896"):
        answer = sdk.send("GET", path)
        assert answer.headers["scenario-id"] == SCENARIO
        assert answer.headers["client-request-id"] == "f0d2c788-bf26-4578-8350-069a2721fc73"
        assert answer.headers["request-id"] != answer.headers["client-request-id"]


@pytest.mark.parametrize(
    ("prefer", "unread"), [("include-unknown-enum-members", False), ("respond-async", True)], ids=["known", "other"]
)
def test_a_preference_is_honoured_or_named(simulator: Simulator, sdk: Sdk, prefer: str, *, unread: bool) -> None:
    """Members of an enumeration that are new can be asked for; nothing is known of others."""
    call = simulator.incoming_call()
    answer = sdk.send("GET", f"/{call.id}", Prefer=prefer)
    assert answer.status_code == 200
    assert ("unread=Prefer" in answer.headers["x-graphcalls-evidence"]) is unread
