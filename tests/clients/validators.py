"""Microsoft's packages for bots: how they judge the tokens of notifications, and sign in; the tests of every language.

A program gets `library`, and `token` to have it judged; it answers `accepted` (the audience), `refused` (why), or the
`token` of its own sign-in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import jwt
import pytest

from pytest_graphcalls.bot.forgery import FORGERIES, demanded_forgeries
from pytest_graphcalls.plugin.processes import client_facts
from pytest_graphcalls.server.environment import variables
from pytest_graphcalls.simulator import Simulator
from tests.clients.programs import Command, Program, running

REFUSED_FOR = {
    "wrong audience": "audience|AppId passed on token",
    # The agents SDKs take another issuer for Entra ID, whose keys did not sign it.
    "wrong issuer": "signing key|not authenticated|no valid identity",
    "expired": "expired",
    "unsigned": "signature is required|key could not be retrieved|KeyError: 'kid'|list index out of range",
    "unknown key": "signing key|list index out of range",
    "wrong signature": "invalid signature|signature verification failed",
}
"""By forgery: what the libraries say, some by errors of their own making."""
DEMANDED = [name for name in demanded_forgeries(missing_tid=False) if name != "no token"]
"""The forgeries that a bot has to refuse; without a token a validator is not asked."""


@pytest.mark.parametrize("library", ["agents", "botframework-connector"])
class Validators:
    """The tests; each language has a subclass with the fixture `command`, which skips where something is missing.

    Attributes:
        runtime: the language's name for `graphcalls env --for`.
    """

    runtime: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def simulator(cls) -> Simulator:
        return Simulator(start=datetime.now(UTC))

    @pytest.fixture(scope="class")
    @classmethod
    def program(cls, command: Command, simulator: Simulator) -> Iterator[Program]:
        with client_facts(simulator) as facts, running(command, variables(facts, cls.runtime)) as program:
            yield program

    def test_it_signs_in_as_a_bot(self, program: Program, simulator: Simulator, library: str) -> None:
        """By each library's own tenant, and with the scope of Bot Framework."""
        claims = jwt.decode(program.ask(library=library)["token"], options={"verify_signature": False})
        assert claims["aud"] == "https://api.botframework.com"
        assert claims["appid"] == simulator.authority.app.app_id

    def test_a_good_token_is_accepted(self, program: Program, simulator: Simulator, library: str) -> None:
        app = simulator.authority.app
        token = simulator.channel.token(app, datetime.now(UTC).timestamp())
        assert program.ask(library=library, token=token) == {"accepted": app.app_id}

    @pytest.mark.parametrize("forgery", DEMANDED)
    def test_a_forged_token_is_refused(
        self, program: Program, simulator: Simulator, library: str, forgery: str
    ) -> None:
        answer = program.ask(library=library, token=forged(simulator, forgery))
        assert re.search(REFUSED_FOR[forgery], answer["refused"], re.IGNORECASE)

    @pytest.mark.parametrize("forgery", ["missing tid", "odd cty"])
    def test_what_they_do_not_look_at_is_not_demanded(
        self, program: Program, simulator: Simulator, library: str, forgery: str
    ) -> None:
        """A token for calls names the tenant, one of Bot Framework does not: they serve both."""
        answer = program.ask(library=library, token=forged(simulator, forgery))
        assert answer == {"accepted": simulator.authority.app.app_id}


def forged(simulator: Simulator, name: str) -> str:
    return FORGERIES[name].make(simulator, simulator.authority.app, datetime.now(UTC).timestamp())
