"""The bot under test in a user's own suite: the issue's example, and what a failure shows."""

from __future__ import annotations

import pytest

from pytest_graphcalls.simulator import Simulator
from tests.plugin.conftest import NO_LEAKS, Run

BOT = """
import json

import pytest

from pytest_graphcalls.wire import Headers, Request


@pytest.fixture
def my_bot_app(graphcalls):
    token = {"Authorization": f"Bearer {graphcalls.token}"}

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError
        for note in json.loads((await receive())["body"])["value"]:
            if note["changeType"] == "created":
                url = f"{graphcalls.root}{note['resourceUrl']}/reject"
                headers = Headers({**token, "Content-Type": "application/json"})
                graphcalls.simulator.handle(Request("POST", url, headers, b'{"reason": "REASON"}'))
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app
"""
REJECTS = """
def test_bot_rejects_unknown_callers(graphcalls, my_bot_app):
    graphcalls.bot(my_bot_app)
    call = graphcalls.simulator.incoming_call(caller="unknown@contoso.example")
    graphcalls.simulator.advance(2)
    assert call.rejected_with == "forbidden"
    graphcalls.bot.assert_answered_within(15)
"""


def test_a_bot_that_rejects(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(BOT.replace("REASON", "forbidden") + REJECTS)
    result = run(*NO_LEAKS)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*graphcalls bot*")


def test_a_failure_shows_the_timeline_and_the_seed(pytester: pytest.Pytester, run: Run, workers: int) -> None:
    """The timeline is shown for any failure, without a token."""
    pytester.makepyfile(BOT.replace("REASON", "busy") + REJECTS)
    result = run(*NO_LEAKS, "--graphcalls-seed=9", workers=workers)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*assert 'busy' == 'forbidden'*",
            "*- graphcalls bot -*",
            "seed 9, virtual time 2 s",
            "#1       0.00 s  posted created call incoming: 202 in * ms  (call *)",
            "#2       0.00 s  asked  POST /calls/*/reject: 202",
            "#3       0.00 s  posted deleted call: 202 in * ms  (call *)",
        ]
    )
    result.stdout.no_fnmatch_line("*eyJ*")


def test_the_timeline_is_shown_once(pytester: pytest.Pytester, run: Run) -> None:
    """An error that has it is not followed by it again; seed and time are always said."""
    pytester.makepyfile(
        """
        def bot(environ, start_response):
            start_response("202 Accepted", [])
            return [b""]

        def test_it(graphcalls):
            graphcalls.bot(bot)
            graphcalls.simulator.incoming_call()
            graphcalls.simulator.advance(20)
            graphcalls.bot.assert_answered_within(15)
        """
    )
    result = run("--graphcalls-seed=9")
    result.assert_outcomes(failed=1)
    assert result.stdout.str().count("posted created call incoming: 202") == 1
    result.stdout.fnmatch_lines(
        ["seed 9, virtual time 20 s", "(its notifications and requests are shown with the error*"]
    )


def test_requests_of_the_bot_are_checked(pytester: pytest.Pytester, run: Run) -> None:
    """A reason that is none breaks a rule, and fails the test at its end."""
    pytester.makepyfile(
        BOT.replace("REASON", "tired")
        + """
def test_it(graphcalls, my_bot_app):
    graphcalls.bot(my_bot_app)
    graphcalls.simulator.incoming_call()
    graphcalls.simulator.advance(2)
"""
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*call-reject.reasons-are-none-busy-forbidden*", "*- graphcalls bot -*"])


def test_a_bot_and_a_server(pytester: pytest.Pytester, run: Run) -> None:
    """A bot that calls the API over HTTP while it is notified; the server's time follows real time meanwhile."""
    pytester.makepyfile(
        """
        import json
        import httpx

        def test_it(graphcalls):
            def app(environ, start_response):
                for note in json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))["value"]:
                    if note["changeType"] == "created":
                        url = f"{graphcalls.server}/v1.0{note['resourceUrl']}/reject"
                        headers = {"Authorization": f"Bearer {graphcalls.token}"}
                        answer = httpx.post(url, json={"reason": "busy"}, headers=headers, trust_env=False)
                        assert answer.status_code == 202
                start_response("202 Accepted", [])
                return [b""]

            graphcalls.bot(app)
            metadata = f"{graphcalls.server}/v1/.well-known/OpenIdConfiguration"
            keys = httpx.get(httpx.get(metadata, trust_env=False).json()["jwks_uri"], trust_env=False).json()["keys"]
            assert [key["kid"] for key in keys] == ["graphcalls-channel"]
            call = graphcalls.simulator.incoming_call()
            graphcalls.simulator.advance(0)
            assert call.rejected_with == "busy"
            assert [one.status for one in graphcalls.bot.deliveries] == [202, 202]
        """
    )
    run(*NO_LEAKS).assert_outcomes(passed=1)


def test_a_bot_needs_a_simulator(pytester: pytest.Pytester, run: Run, served: tuple[str, Simulator]) -> None:
    pytester.makepyfile("def test_it(graphcalls_bot): assert 0")
    result = run(f"--graphcalls-target={served[0]}", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*needs a simulator*"])
