"""First mistakes of users, and the messages that they get."""

from __future__ import annotations

import pytest

from pytest_graphcalls.simulator import Simulator
from tests.plugin.conftest import Run

Served = tuple[str, Simulator]

JUDGE = """
import pytest

@pytest.mark.graphcalls_rule("call-get.success-is-200-with-call")
def test_it(graphcalls_stage):
    graphcalls_stage.meeting_call(people=0)
"""


@pytest.mark.parametrize(("token", "given"), [("", "(not set)"), ("garbage", "(not shown)")])
def test_a_token_that_the_target_refuses_ends_a_run_that_judges(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, served: Served, token: str, given: str
) -> None:
    """Without that end every rule would seem broken, for want of a setting."""
    monkeypatch.setenv("GRAPHCALLS_TOKEN", token)
    pytester.makepyfile(JUDGE)
    result = run(f"--graphcalls-target={served[0]}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    sentence = f"graphcalls: GRAPHCALLS_TOKEN={given}: expected a bearer token that {served[0]} takes. It says: "
    line = next(line for line in (*result.outlines, *result.errlines) if sentence in line)
    assert f"'graphcalls token --url {served[0]}' makes one for 'graphcalls serve'." in line


def test_a_client_kept_from_another_test_says_so(pytester: pytest.Pytester, run: Run) -> None:
    """Requests of such a client would not be judged."""
    pytester.makepyfile(
        """
        KEPT = {}

        def test_one(graphcalls):
            KEPT["client"] = graphcalls.client

        def test_two():
            KEPT["client"].get("/communications/calls/57da")
        """
    )
    result = run("-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*StaleClientError: this client belongs to test_a_client*.py::test_one, which is over; *"]
    )


def test_a_failing_test_shows_its_last_exchanges(pytester: pytest.Pytester, run: Run) -> None:
    """The reason of a refusal is in the answer, and need not be printed by the test."""
    pytester.makepyfile(
        """
        def test_it(graphcalls):
            call = graphcalls.simulator.incoming_call("Adele")
            graphcalls.simulator.advance(20)
            assert graphcalls.client.post(f"/communications/calls/{call.id}/reject", json={}).status_code == 202
        """
    )
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*graphcalls: last exchanges*",
            "POST /v1.0/communications/calls/*/reject",
            "  answered 404 8522: Call not found. [[]pytest-graphcalls[]] It ended with 408/8587. The*",
        ]
    )
    assert "graphcalls doctor" not in result.stdout.str()


def test_a_failing_test_without_exchanges_shows_none(pytester: pytest.Pytester, run: Run) -> None:
    """An empty section is left out."""
    pytester.makepyfile("def test_it(graphcalls): assert not graphcalls.simulator.incoming_call()")
    assert "last exchanges" not in run().stdout.str()


def test_a_marker_that_is_wrong_is_shown_the_right_ones(pytester: pytest.Pytester, run: Run) -> None:
    """An unknown keyword comes with the known ones."""
    pytester.makepyfile("import pytest\n@pytest.mark.graphcalls(versoin='beta')\ndef test_it(graphcalls): pass\n")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    line = next(line for line in (*result.outlines, *result.errlines) if "versoin" in line)
    assert "The markers are" in line
    assert "graphcalls(*, version, target, tenant, operation)" in line


def test_a_call_in_an_address_is_its_id(pytester: pytest.Pytester, run: Run) -> None:
    """A test that forgets the attribute does what it means."""
    pytester.makepyfile(
        """
        def test_it(graphcalls):
            call = graphcalls.simulator.incoming_call()
            answer = graphcalls.client.post(f"/communications/calls/{call}/reject", json={"reason": "busy"})
            assert (answer.status_code, call.rejected_with) == (202, "busy")
            assert repr(call).startswith(f"SimulatedCall('{call.id}', ")
        """
    )
    run().assert_outcomes(passed=1)
