"""Tokens on requests."""

from __future__ import annotations

import asyncio
import base64
import json
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest

from pytest_graphcalls.clients.httpx import BearerAuth
from pytest_graphcalls.simulator import Simulator
from tests.unit.auth.conftest import Counted, SignInMaker


def challenge(claims: str) -> str:
    encoded = base64.b64encode(claims.encode()).decode()
    return f'Bearer realm="", authorization_uri="https://x", error="insufficient_claims", claims="{encoded}"'


class Challenging:
    """Refuses the first tokens with a challenge."""

    def __init__(self, simulator: Simulator, header: str, times: int = 1, library: ModuleType = httpx) -> None:
        self.simulator, self.header, self.times, self.library = simulator, header, times, library
        self.tokens: list[str] = []

    def __call__(self, request: Any) -> Any:
        self.tokens.append(request.headers["authorization"])
        if len(self.tokens) <= self.times:
            return self.library.Response(401, headers={"www-authenticate": self.header})
        return self.library.Response(200)


CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'


libraries = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


@libraries
def test_a_claims_challenge_is_answered_once(
    simulator: Simulator, way: Counted, sign_in: SignInMaker, library: ModuleType
) -> None:
    """The second token was asked for with the claims."""
    server = Challenging(simulator, challenge(CLAIMS), library=library)
    with library.Client(transport=library.MockTransport(server), auth=BearerAuth(sign_in())) as client:
        assert client.get("https://graph.microsoft.com/v1.0/x").status_code == 200
    assert len(way.forms) == 2
    sent = httpx.QueryParams(way.forms[1].decode())["claims"]
    assert json.loads(sent)["access_token"]["nbf"] == {"essential": True, "value": "1"}


async def _get(server: Challenging, auth: BearerAuth) -> Any:
    library = server.library
    async with library.AsyncClient(transport=library.MockTransport(server), auth=auth) as client:
        return (await client.get("https://graph.microsoft.com/v1.0/x")).status_code


@libraries
def test_an_async_client_answers_a_claims_challenge_as_well(
    simulator: Simulator, way: Counted, sign_in: SignInMaker, library: ModuleType
) -> None:
    """One generator serves both."""
    server = Challenging(simulator, challenge(CLAIMS), library=library)
    assert asyncio.run(_get(server, BearerAuth(sign_in()))) == 200
    assert len(way.forms) == 2


@pytest.mark.parametrize(
    ("header", "times", "requests"),
    [
        (challenge(CLAIMS), 2, 2),
        ("Bearer", 1, 1),
        ('Bearer claims="not base64!"', 1, 1),
        (f'Bearer claims="{base64.b64encode(b"[]").decode()}"', 1, 1),
        (challenge("\xff").replace("Bearer", "Basic"), 1, 1),
    ],
)
def test_anything_else_stays_a_401(
    simulator: Simulator, sign_in: SignInMaker, header: str, times: int, requests: int
) -> None:
    """A second challenge, none, or one that cannot be read."""
    server = Challenging(simulator, header, times)
    with httpx.Client(transport=httpx.MockTransport(server), auth=BearerAuth(sign_in())) as client:
        assert client.get("https://graph.microsoft.com/v1.0/x").status_code == 401
    assert len(server.tokens) == requests


def test_a_padless_url_safe_challenge_is_read(simulator: Simulator, way: Counted, sign_in: SignInMaker) -> None:
    """Services differ in the alphabet."""
    claims = '{"access_token":{"x":{"value":"???>>>"}}}'
    header = challenge(claims).replace("+", "-").replace("/", "_").replace('=="', '"').replace("https:__", "https://")
    server = Challenging(simulator, header)
    with httpx.Client(transport=httpx.MockTransport(server), auth=BearerAuth(sign_in())) as client:
        assert client.get("https://graph.microsoft.com/v1.0/x").status_code == 200
