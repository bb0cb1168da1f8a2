"""What pytest shows of a sign-in."""

from __future__ import annotations

import pytest

LEAKY = """
    import httpx
    from pytest_graphcalls.auth import Credential, SignIn
    from pytest_graphcalls.clients.httpx import BearerAuth, SimulatorTransport, http_for_msal
    from pytest_graphcalls.contract import Contract
    from pytest_graphcalls.simulator import Simulator

    def test_it():
        simulator = Simulator()
        credential = Credential(simulator.tenant_id, simulator.authority.app.app_id, "hunter2-" * 4)
        http = http_for_msal(transport=SimulatorTransport(simulator))
        sign_in = SignIn(credential, Contract.packaged().clouds["global"], http=http)
        with httpx.Client(transport=SimulatorTransport(simulator), auth=BearerAuth(sign_in)) as client:
            client.get("https://graph.microsoft.com/v1.0/communications/calls/x")
"""


def test_a_failing_sign_in_shows_no_secret(pytester: pytest.Pytester) -> None:
    """The output has every local variable of every frame and every log line, and no secret."""
    pytester.makepyfile(LEAKY)
    words = ("-vv", "--tb=long", "--showlocals", "--log-level=DEBUG", "-p", "no:cacheprovider", "--junitxml=x.xml")
    result = pytester.runpytest_inprocess(*words)
    result.stdout.fnmatch_lines(
        ["*SignInError: no token was given: The client secret is not one of this application's*"]
    )
    shown = result.stdout.str() + result.stderr.str() + (pytester.path / "x.xml").read_text()
    assert shown.count("hunter2-") == shown.count('"hunter2-" * 4') > 0
