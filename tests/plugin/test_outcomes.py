"""A violation is a failure of the test: one F, in the phase that caused it, with what pytest makes of failures."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tests.plugin.conftest import Run
from tests.plugin.projects import INVITE_SIX

RULE = "participant-invite.at-most-five-invitees"
RUN_AGAIN = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for attempt in range(2):
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            again = report.failed and not attempt
            report.outcome = "rerun" if again else report.outcome
            item.ihook.pytest_runtest_logreport(report=report)
            if again:
                break
        else:
            break
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True

def pytest_report_teststatus(report):
    if report.outcome == "rerun":
        return "rerun", "R", "RERUN"
"""
"""A conftest that runs a failed test once more, the way pytest-rerunfailures does."""


def test_a_violation_is_one_failure_in_junit(pytester: pytest.Pytester, run: Run) -> None:
    """JUnit has one failure, not a pass and an error."""
    pytester.makepyfile(INVITE_SIX)
    run("--junitxml=junit.xml").assert_outcomes(failed=1)
    suite = ET.parse(pytester.path / "junit.xml").getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "1",
        "failures": "1",
        "errors": "0",
    }
    assert suite.find("testcase/failure[@message]") is not None


@pytest.mark.parametrize(
    ("mark", "outcomes"),
    [
        ("strict=True", {"xfailed": 1}),
        ("strict=True, raises=AssertionError", {"xfailed": 1}),
        ("raises=KeyError", {"failed": 1}),
    ],
)
def test_an_expected_failure_may_be_a_violation(
    pytester: pytest.Pytester, run: Run, mark: str, outcomes: dict[str, int]
) -> None:
    """``xfail`` takes it like every failure of the body, ``strict`` and ``raises`` included."""
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.xfail({mark}){INVITE_SIX}")
    run().assert_outcomes(**outcomes)


def test_the_last_attempt_wins(pytester: pytest.Pytester, run: Run) -> None:
    """A test that is run again has one outcome, and the report is about its last attempt."""
    pytester.makeconftest(RUN_AGAIN)
    again = INVITE_SIX.replace("def test_six", "attempts = []\n\ndef test_six").replace("range(6)", "range(count)")
    pytester.makepyfile(
        again.replace("    people", "    attempts.append(1)\n    count = 7 - len(attempts)\n    people")
    )
    result = run("--graphcalls-report=report.md")
    assert result.parseoutcomes() == {"rerun": 1, "passed": 1}
    report = (pytester.path / "report.md").read_text()
    assert "| tests | 1 |\n| exchanges | 1 |\n| findings | 0 |" in report


def test_only_the_last_failed_are_run_again(pytester: pytest.Pytester) -> None:
    """``--lf`` knows the test, and forgets it once it is fixed."""
    others = "\ndef test_other(graphcalls): pass\n"
    plain = ("-p", "no:randomly", "-p", "no:recording")
    pytester.makepyfile(INVITE_SIX + others)
    pytester.runpytest_inprocess(*plain).assert_outcomes(failed=1, passed=1)
    pytester.makepyfile(INVITE_SIX.replace("range(6)", "range(5)") + others)
    pytester.runpytest_inprocess(*plain, "--lf").assert_outcomes(passed=1)
    pytester.runpytest_inprocess(*plain, "--lf").assert_outcomes(passed=2)


IN_PHASES = """
import pytest

def invite(client):
    people = [{"identity": {"user": {"id": str(n)}}} for n in range(6)]
    client.post("/communications/calls/57da/participants/invite", json={"participants": people})

@pytest.fixture
def before(graphcalls):
    invite(graphcalls.client)
    WHAT

@pytest.fixture
def after(graphcalls):
    yield
    invite(graphcalls.client)
"""


@pytest.mark.parametrize(
    ("what", "test", "outcomes"),
    [
        ("pass", "def test_it(before): pass", {"failed": 1}),
        ("pass", "def test_it(after): pass", {"passed": 1, "errors": 1}),
        ("pass", "def test_it(before, after): pass", {"failed": 1}),
        ("assert 0", "def test_it(before): pass", {"errors": 1}),
        ("pytest.skip('not here')", "def test_it(before): pass", {"errors": 1}),
        ("pass", "def test_it(before): pytest.skip('not now')", {"failed": 1}),
        ("pass", "def test_it(request): invite(request.getfixturevalue('graphcalls').client)", {"failed": 1}),
    ],
)
def test_a_violation_counts_once_where_it_was_caused(
    pytester: pytest.Pytester, run: Run, what: str, test: str, outcomes: dict[str, int]
) -> None:
    """Set-up and body fail the body; a set-up that did not reach it, and a teardown, are errors of their own."""
    pytester.makepyfile(IN_PHASES.replace("WHAT", what) + test)
    result = run()
    result.assert_outcomes(**outcomes)
    assert result.outlines.count(f"graphcalls: request breaks {RULE} (v1.0)") == 1


def test_a_violation_that_is_repeated_is_shown_once(pytester: pytest.Pytester, run: Run) -> None:
    """The failure has the count and the numbers of the exchanges; a different violation has an exchange of its own."""
    pytester.makepyfile(
        INVITE_SIX.replace("    graphcalls_client", "    for _ in range(5):\n        graphcalls_client")
        + '    graphcalls_client.post("/communications/calls/57da/reject", json={"reason": "tired"})\n'
    )
    result = run()
    result.assert_outcomes(failed=1)
    assert result.outlines.count(f"graphcalls: request breaks {RULE} (v1.0)") == 1
    assert "  times     5 (exchanges 1, 2, 3, 4, 5)" in result.outlines
    assert sum("curl -X POST" in line for line in result.outlines) == 2
    assert "  exchange  6 of 6" in result.outlines


def test_a_test_case_of_unittest_fails_as_well(pytester: pytest.Pytester, run: Run) -> None:
    """A violation fails ``unittest`` methods like functions."""
    pytester.makepyfile(
        """
        import unittest
        import pytest

        class TestIt(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _client(self, graphcalls_client):
                self.client = graphcalls_client

            def test_reject(self):
                self.client.post("/communications/calls/57da/reject", json={"reason": "tired"})

            def test_both(self):
                self.client.post("/communications/calls/57da/reject", json={"reason": "bored"})
                assert 0 == 1
        """
    )
    result = run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["E*assert 0 == 1", "*got       'bored'", "*got       'tired'"])


def test_a_fault_in_a_hint_stops_no_run(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure that it was about is shown, and what went wrong with the hint."""
    monkeypatch.setattr("pytest_graphcalls.report.failure.answered", lambda _: 1 / 0)
    pytester.makepyfile(
        """
        def test_it(graphcalls):
            graphcalls.client.get("/communications/calls/57da")
            assert 0 == 1

        def test_other(graphcalls):
            graphcalls.client.post("/communications/calls/57da/reject", json={"reason": 1})
        """
    )
    result = run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*assert 0 == 1*", "(not shown: a fault of pytest-graphcalls, ZeroDivisionError: *)", "*ZeroDivisionError*"]
    )
    assert "INTERNALERROR" not in result.stdout.str()
