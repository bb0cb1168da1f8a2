"""Which hosts' exchanges are redacted in cassettes."""

from __future__ import annotations

import pytest

from pytest_graphcalls.plugin.cassettes import Safety


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("graph.microsoft.us", True),
        ("login.microsoftonline.com", True),
        ("sts.windows.net", True),
        ("westeurope.login.microsoft.com", True),
        ("login.partner.microsoftonline.cn", True),
        ("login.botframework.com", False),
        ("login.example.org", False),
    ],
)
def test_graph_and_its_sign_in_are_redacted_in_every_cloud_and_region(
    pytestconfig: pytest.Config, host: str, *, ours: bool
) -> None:
    """By each of their names; what only publishes keys has nothing to hide."""
    assert Safety(pytestconfig).ours(f"https://{host}/tenant/oauth2/v2.0/token") == ours
