"""What neither contract nor simulator covers is a finding of its own kind, wherever an exchange is seen."""

from __future__ import annotations

import json

import pytest

from tests.plugin.conftest import Run

USES_A_HAND = """
def test_covered(graphcalls):
    graphcalls.client.get("/communications/calls/57da")

def test_raise_hand(graphcalls):
    for _ in range(2):
        graphcalls.client.post("/communications/calls/57da/raiseHand", json={})
    graphcalls.client.get("/users/adele@contoso.com")
"""
SUMMARY = "not covered by the contract, so not judged: GET /v1.0/users x1, call-raisehand@v1.0 x2"
HINT = (
    "call-raisehand is not covered: the exchange was not judged, and the simulator has no answer of its own to it"
    ". Where the test depends on one, give it: simulator.intercept(step)."
)


def test_the_summary_and_the_reports_count_it(pytester: pytest.Pytester, run: Run) -> None:
    """One line names uncovered operations in green and red runs; the report has the counts."""
    pytester.makepyfile(USES_A_HAND)
    result = run("--graphcalls-report=report.json", "--graphcalls-report=report.md")
    result.assert_outcomes(passed=2)
    assert SUMMARY in result.outlines
    assert not any(line.startswith("notice:") for line in result.outlines)
    report = json.loads((pytester.path / "report.json").read_text())
    assert report["summary"]["not_covered"] == 3
    assert report["exercised"]["not_covered"] == [
        {"name": "GET /v1.0/users", "count": 1},
        {"name": "call-raisehand@v1.0", "count": 2},
    ]
    assert [(one["kind"], one["severity"], len(one["seen"])) for one in report["findings"]] == [
        ("not-covered", "notice", 1),
        ("not-covered", "notice", 2),
    ] or [(one["kind"], len(one["seen"])) for one in report["findings"]] == [("not-covered", 2), ("not-covered", 1)]
    assert "| call-raisehand@v1.0 | 2 |" in (pytester.path / "report.md").read_text().splitlines()


def test_strict_fails_for_it(pytester: pytest.Pytester, run: Run) -> None:
    """The message names the operation."""
    pytester.makepyfile(USES_A_HAND)
    result = run("--graphcalls-strict")
    result.assert_outcomes(passed=1, failed=1)
    assert "graphcalls: call-raisehand (v1.0) is not covered, which fails under strict" in result.outlines
    assert f"  next      {HINT}" in result.outlines
    assert SUMMARY in result.outlines


def test_a_failed_test_says_so(pytester: pytest.Pytester, run: Run) -> None:
    """Under the exchange, instead of a remedy for Graph's own 404; also where it was long before the failure."""
    pytester.makepyfile(
        """
        def test_it(graphcalls):
            assert graphcalls.client.post("/communications/calls/57da/raiseHand", json={}).status_code == 202

        def test_long_ago(graphcalls):
            graphcalls.client.post("/communications/calls/57da/raiseHand", json={})
            for _ in range(5):
                graphcalls.client.get("/communications/calls/57da")
            assert 0
        """
    )
    result = run()
    result.assert_outcomes(failed=2)
    assert result.outlines.count(f"  {HINT}") == 1
    assert result.outlines.count(f"Earlier: {HINT}") == 1
    assert "Look up versions and clouds" not in result.stdout.str()


def test_a_bot_that_redirects_has_decided(pytester: pytest.Pytester, run: Run) -> None:
    """A redirect counts as a decision in time, like an answer or a rejection."""
    pytester.makepyfile(
        """
        import json

        def test_it(graphcalls):
            def bot(environ, start):
                for note in json.loads(environ["wsgi.input"].read())["value"]:
                    if note["changeType"] == "created":
                        url = note["resourceUrl"].removeprefix(graphcalls.root) + "/redirect"
                        graphcalls.client.post(url, json={"targets": [colin]})
                start("202 Accepted", [])
                return []

            colin = {"identity": {"user": {"id": graphcalls.simulator.person("Colin").id}}}
            graphcalls.bot(bot)
            graphcalls.simulator.incoming_call("Adele")
            graphcalls.simulator.advance(2)
            graphcalls.bot.assert_answered_within(15)
            assert "/redirect: 202" in graphcalls.bot.timeline()
        """
    )
    run().assert_outcomes(passed=1)
