"""Signing in, against the simulated sign-in in the same process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_graphcalls.auth import (
    Credential,
    SignIn,
)
from pytest_graphcalls.clients.httpx import SimulatorTransport, http_for_msal
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SignInError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.wire import Request, Response

GLOBAL = Contract.packaged().clouds["global"]
GUID = "11111111-1111-4111-8111-111111111111"


class Counted:
    """A way to a simulator that counts the requests for tokens."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.forms: list[bytes] = []

    def handle(self, request: Request) -> Response:
        if request.url.endswith("/token"):
            self.forms.append(request.body)
        return self.simulator.handle(request)

    def advance(self, seconds: float) -> None:
        self.simulator.advance(seconds)


@pytest.fixture
def simulator() -> Simulator:
    """One whose time is real, because certificates and assertions are."""
    return Simulator(start=datetime.now(UTC))


@pytest.fixture
def way(simulator: Simulator) -> Counted:
    return Counted(simulator)


@pytest.fixture
def credential(simulator: Simulator) -> Credential:
    return Credential(simulator.tenant_id, simulator.authority.app.app_id, simulator.signin.secret())


SignInMaker = Callable[..., SignIn]


@pytest.fixture
def sign_in(way: Counted, credential: Credential) -> SignInMaker:
    """Makes a sign-in, with parts of the credential changed."""

    def make(authority: str | None = None, **changes: str) -> SignIn:
        http = http_for_msal(transport=SimulatorTransport(way))
        return SignIn(replace(credential, **changes), GLOBAL, authority=authority, http=http)

    return make


def failure(sign_in: SignIn, **how: Any) -> SignInError:
    with pytest.raises(SignInError) as caught:
        sign_in.token(**how)
    return caught.value
