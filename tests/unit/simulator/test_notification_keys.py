"""Who signs notifications, and where a bot finds the keys."""

from __future__ import annotations

import jwt
import pytest

from pytest_graphcalls.simulator import Host, Simulator
from pytest_graphcalls.wire import Request
from tests.unit.simulator.bot import evidence

METADATA = "/v1/.well-known/OpenIdConfiguration"


@pytest.mark.parametrize("path", [METADATA, METADATA.lower(), f"{METADATA}/", f"{METADATA}?x=1"])
@pytest.mark.parametrize("origin", ["", "https://api.aps.skype.com", "http://127.0.0.1:8080"])
def test_the_metadata_says_where_the_keys_are(origin: str, path: str) -> None:
    """At the address it was asked at, in the spelling of either kind of bot."""
    simulator = Simulator()
    answer = simulator.handle(Request("GET", f"{origin}{path}"))
    assert answer.status == 200
    assert answer.json()["issuer"] == "https://api.botframework.com"
    assert answer.json()["jwks_uri"] == f"{origin or 'https://api.aps.skype.com'}/v1/.well-known/keys"
    assert evidence(answer).startswith("reported")
    keys = simulator.handle(Request("GET", answer.json()["jwks_uri"]))
    assert [key["kid"] for key in keys.json()["keys"]] == ["graphcalls-channel"]
    assert evidence(keys).startswith("inferred")


def test_the_keys_are_the_channels_own() -> None:
    """The keys are not those of the sign-in, and are rotated on their own."""
    simulator = Simulator()
    app = simulator.authority.app
    first = simulator.channel.token(app, 0)
    with pytest.raises(ValueError, match="no key of the authority"):
        simulator.authority.keys.verify(first, "graphcalls-channel")
    simulator.channel.keys.rotate()
    second = simulator.channel.token(app, 0)
    assert jwt.get_unverified_header(second)["kid"] == "graphcalls-channel-2"
    published = [simulator.handle(Request("GET", path)).json() for path in ("/v1/keys", "/v1/.well-known/keys")]
    assert published[0] == published[1]
    assert len(published[0]["keys"]) == 2
    assert all("msteams" in key["endorsements"] for key in published[0]["keys"])
    simulator.reset()
    assert jwt.get_unverified_header(simulator.channel.token(app, 0))["kid"] == "graphcalls-channel"


def test_a_host_of_tenants_serves_the_keys_and_records_no_exchange() -> None:
    """The keys are no part of the calls API, so no observer checks the exchange."""
    simulator = Simulator()
    simulator.observe(lambda exchange: pytest.fail("this is no exchange"))
    assert Host(simulator).handle(Request("GET", METADATA)).status == 200


@pytest.mark.parametrize(
    "request_", [Request("POST", METADATA), Request("GET", "/v1/other"), Request("GET", "/v1.0/keys")]
)
def test_other_addresses_are_not_answered(request_: Request) -> None:
    assert Simulator().channel.answer(request_) is None
