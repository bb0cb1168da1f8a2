"""Where a live run goes, and what it makes sure of first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import jwt
import pytest

from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.targets.live import Line, Place

TENANT = "f43b0b1e-1f9f-4b0c-8f4f-0a1b2c3d4e5f"
VARIABLES = {
    "AZURE_TENANT_ID": TENANT,
    "AZURE_CLIENT_ID": "093e2324-8428-41d4-b391-7466910c61f7",
    "AZURE_CLIENT_SECRET": "made-up",
}


@pytest.mark.parametrize(
    ("cloud", "root", "authority"),
    [
        ("global", "https://graph.microsoft.com", "https://login.microsoftonline.com"),
        ("us-gov-l5", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
        ("china", "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
    ],
)
def test_a_cloud_has_its_own_addresses(cloud: str, root: str, authority: str) -> None:
    """Tokens are requested for the Graph of the cloud."""
    place = Place.of(VARIABLES, cloud=cloud)
    assert (place.root, place.authority, place.tenant) == (root, authority, TENANT)
    assert place.cloud.scope == f"{root}/.default"


def test_addresses_can_be_given() -> None:
    """The authority by a setting, else by the variable of azure-identity; the scope stays that of the cloud."""
    environ = {**VARIABLES, "AZURE_AUTHORITY_HOST": "https://variable.example"}
    place = Place.of(environ, root="https://graph.example")
    assert (place.root, place.authority) == ("https://graph.example", "https://variable.example")
    assert place.cloud.scope == "https://graph.microsoft.com/.default"
    assert Place.of(environ, authority="https://given.example").authority == "https://given.example"


def test_a_cloud_that_does_not_exist_is_named() -> None:
    """With the nearest one."""
    with pytest.raises(UnknownNameError, match="Did you mean 'china'"):
        Place.of(VARIABLES, cloud="chine")


def line(token: str, problem: str = "") -> Line:
    """A line whose sign-in gives ``token``, and whose network has ``problem``."""
    made = Line(Place.of(VARIABLES))
    vars(made)["sign_in"] = SimpleNamespace(token=lambda: token, authority="https://sign.in")
    vars(made)["network"] = SimpleNamespace(unreachable=lambda *_: problem, close=lambda: None)
    return made


def test_a_token_for_another_tenant_stops_everything() -> None:
    """The admitted tenant is the only one that is spoken to, whatever the authority says."""
    other = "11111111-2222-4333-8444-555555555555"
    with pytest.raises(SettingError) as error:
        line(jwt.encode({"tid": other}, "k" * 32)).prove()
    assert str(error.value) == (
        f"AZURE_TENANT_ID={TENANT}: expected the tenant that the token is for. The authority https://sign.in gave a "
        f"token for {other}; nothing was sent to Graph."
    )


@pytest.mark.parametrize("token", [jwt.encode({"tid": TENANT.upper()}, "k" * 32), "opaque"])
def test_a_token_that_fits_or_cannot_be_read_will_do(token: str) -> None:
    """Tokens are the service's own affair; what one says is taken as a warning only."""
    line(token).prove()


def test_a_graph_that_cannot_be_reached_is_reported() -> None:
    """With what the network said."""
    with pytest.raises(SettingError, match=r"expected a Graph that answers\. Connection refused\."):
        line("opaque", "Connection refused.").prove()


def test_a_line_that_was_never_used_has_nothing_to_close() -> None:
    """Closing makes no client."""
    made = Line(cast("Any", None))
    made.close()
    assert set(vars(made)) == {"place"}
