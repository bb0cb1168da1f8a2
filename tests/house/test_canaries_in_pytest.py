"""No canary comes out in what pytest shows: whole runs, read from outside."""

from __future__ import annotations

import textwrap

import pytest

from tests.house.canaries import OUTLETS, _forgotten, assert_absent
from tests.plugin.conftest import QUIET

__all__ = ["_forgotten"]

HELPERS = """
import logging, sys, warnings
import pytest

def use(value):
    raise LookupError("not here")

def logged(error):
    try:
        raise error
    except ValueError:
        logging.getLogger("app").exception("failed")
"""


def canary_of(outlet: str) -> str:
    """A secret that no form gives away; that the run was given it is all that is known."""
    return f"kept-{outlet.replace(' ', '-')}-from-all"


@pytest.mark.usefixtures("_forgotten")
@pytest.mark.parametrize("workers", [0, 1], ids=["alone", "in-a-worker"])
def test_a_run_that_fails_in_every_way_shows_no_secret(pytester: pytest.Pytester, workers: int) -> None:
    """Terminal, JUnit, reports, live log and log file of a run with -vv --tb=long --showlocals."""
    tests = [
        f"def test_{number}(request, graphcalls_client):\n    {does.format(canary=canary_of(name))}\n    assert 0\n"
        for number, (name, does) in enumerate(OUTLETS.items())
    ]
    pytester.makepyfile(test_all=HELPERS + "\n".join(tests))
    pytester.makeconftest(
        f"from pytest_graphcalls.redaction import remember\nremember(*{[canary_of(name) for name in OUTLETS]!r})\n"
    )
    result = pytester.runpytest_subprocess(
        *(*QUIET, "-vv", "--tb=long", "--showlocals", "-rA", "--junitxml=junit.xml", "-o", "junit_logging=all"),
        *("--log-cli-level=DEBUG", "--log-file=all.log", "--log-file-level=DEBUG"),
        *("--graphcalls-report=report.json", "--graphcalls-report=report.md"),
        *(("-n", str(workers)) if workers else ()),
    )
    files = [pytester.path / name for name in ("junit.xml", "report.json", "report.md")]
    shown = ["\n".join(result.outlines), "\n".join(result.errlines), *(file.read_text() for file in files)]
    if not workers:
        shown.append((pytester.path / "all.log").read_text())
    assert "REDACTED" in shown[0]
    # The source of a failing test is shown as well, and there the canaries stand too; it was all redacted.
    for name in OUTLETS:
        assert_absent(canary_of(name), *shown)


@pytest.mark.usefixtures("_forgotten")
def test_other_ways_to_show_a_failure_show_no_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The secret is the one in the variable of the sign-in; it fails in fixtures."""
    pytester.makepyfile(
        test_fixture=textwrap.dedent(
            """
            import os, pytest

            @pytest.fixture
            def token(graphcalls_version):
                secret = os.environ["AZURE_CLIENT_SECRET"]
                raise RuntimeError("cannot sign in with " + secret)

            def test_it(token):
                pass

            @pytest.fixture
            def leaver(graphcalls_version):
                yield
                raise RuntimeError("left " + os.environ["AZURE_CLIENT_SECRET"])

            def test_teardown(leaver):
                pass
            """
        )
    )
    secret = "kept-in-the-environment-7"
    monkeypatch.setenv("AZURE_CLIENT_SECRET", secret)
    for style in ("long", "short", "line", "native", "no"):
        result = pytester.runpytest_inprocess(*QUIET, f"--tb={style}", "--showlocals", "-rA")
        result.assert_outcomes(errors=2, passed=1)
        assert_absent(secret, "\n".join(result.outlines + result.errlines))


SIGN_IN = """
import os
import httpx, msal, pytest

def authority(request):
    host = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0"
    if request.method == "GET":
        found = {"issuer": host, "authorization_endpoint": host + "/authorize", "token_endpoint": host + "/token"}
        return httpx.Response(200, json=found)
    if b"fault" in request.content:
        return httpx.Response(503, text="out of order")
    return httpx.Response(401, json={"error": "invalid_client", "error_description": "bad " + request.content.decode()})

@pytest.fixture(params=["refused", "fault"])
def app(request, graphcalls_version):
    return msal.ConfidentialClientApplication(
        request.param,
        client_credential=os.environ["AZURE_CLIENT_SECRET"],
        authority="https://login.microsoftonline.com/contoso.com",
        instance_discovery=False,
        http_client=httpx.Client(transport=httpx.MockTransport(authority)),
    )

def test_token(app):
    answer = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert "access_token" in answer, answer

@pytest.mark.parametrize("name", ["AZURE_CLIENT_SECRET"])
def test_ours(name, graphcalls_version):
    from pytest_graphcalls.auth import Credential, SignIn
    from pytest_graphcalls.contract import Contract

    http = httpx.Client(transport=httpx.MockTransport(authority))
    http.status = 401
    given = {"AZURE_TENANT_ID": "contoso.com", "AZURE_CLIENT_ID": "8f1c5b1a-1c2d-4e5f-8a9b-0c1d2e3f4a5b", **os.environ}
    SignIn(Credential.from_environment(given), Contract.packaged().clouds["global"], http=http).token()
"""
"""A sign-in that fails deep inside msal and httpx, whose frames hold the secret in several ways."""


@pytest.mark.usefixtures("_forgotten")
def test_a_failing_sign_in_shows_no_secret(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The widest output and the usual one, which shortens values, show no secret."""
    secret = "kept: (every) way/of+writing~it"
    monkeypatch.setenv("AZURE_CLIENT_SECRET", secret)
    pytester.makepyfile(test_sign_in=SIGN_IN)
    for verbose in ("-vv", "-q"):
        result = pytester.runpytest_inprocess(
            *(*QUIET, verbose, "--tb=long", "--showlocals", "-rA", "--junitxml=junit.xml"),
            *("--log-level=DEBUG", "--log-cli-level=DEBUG"),
        )
        result.assert_outcomes(failed=3)
        shown = "\n".join(result.outlines + result.errlines)
        assert "client_credential" in shown, "the frames of msal are there"
        for text in (shown, (pytester.path / "junit.xml").read_text()):
            assert_absent(secret, text)
            assert_absent("(every) way", text)


def test_other_tests_are_shown_as_they_are(pytester: pytest.Pytester) -> None:
    """Tests that use no fixture of ours change nothing and load nothing."""
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert "pytest_graphcalls.redaction" not in sys.modules
            token = "abc123def456"
            assert token == "Bearer eyJhbGciOi.eyJhdWQiOi.abc"
        """
    )
    result = pytester.runpytest_subprocess(*QUIET, "--showlocals")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*token *= 'abc123def456'*"])
    assert "REDACTED" not in result.stdout.str()
