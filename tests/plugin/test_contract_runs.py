"""Tests that judge a target: whose fault is it, what was answered, and how the run ends."""

from __future__ import annotations

import pytest

from pytest_graphcalls.simulator import Simulator
from tests.plugin.conftest import Run
from tests.plugin.projects import BROKEN_LOCATION, CREATE_A_CALL

LOCATION = "application-post-calls.location-names-the-call"
GET = "call-get.success-is-200-with-call"
SHAPE = "application-post-calls.success-is-201-with-call"


def rule_test(rule: str, body: str = "create(graphcalls_client)", name: str = "test_it") -> str:
    """A contract test that judges ``rule`` by creating a call."""
    return f'{CREATE_A_CALL}\n\n@pytest.mark.graphcalls_rule("{rule}")\ndef {name}(graphcalls_client):\n    {body}\n'


def row(result: pytest.RunResult, rule: str) -> list[str]:
    """The rule's row of the table, in cells."""
    (line,) = [line for line in result.outlines if line.startswith(f"{rule} ")]
    return line.split("  ")[0:1] + [cell.strip() for cell in line.split("  ")[1:] if cell.strip()]


def test_the_table_shows_held_and_not_checked_rules(pytester: pytest.Pytester, run: Run) -> None:
    """The run ends with a row for each rule that was judged, and counts the others."""
    pytester.makepyfile(rule_test(SHAPE))
    result = run()
    result.assert_outcomes(passed=2)
    assert row(result, SHAPE) == [SHAPE, "held", "held", "documented"]
    assert any(line.startswith("rules: 2 held, 0 broken, ") for line in result.outlines)
    assert any(line.endswith(": no test of this run judged it") for line in result.outlines)


def test_a_finding_about_its_own_rule_fails_a_test(pytester: pytest.Pytester, run: Run) -> None:
    """What the contract check finds fails the test of that rule, as a failure and not as an error."""
    pytester.makeconftest(BROKEN_LOCATION)
    pytester.makepyfile(rule_test(LOCATION))
    result = run()
    result.assert_outcomes(failed=2)
    assert f"graphcalls: response breaks {LOCATION} (v1.0)" in result.outlines
    assert row(result, LOCATION) == [LOCATION, "broken", "broken", "documented"]


def test_a_failing_assertion_is_reported_once(pytester: pytest.Pytester, run: Run) -> None:
    """The test's own assertion fails it; what was found stands beside it, not as a second failure."""
    pytester.makeconftest(BROKEN_LOCATION)
    pytester.makepyfile(rule_test(LOCATION, 'assert "Location" in create(graphcalls_client).headers'))
    result = run("--graphcalls-version=beta")
    result.assert_outcomes(failed=1, deselected=1)
    assert any("Captured graphcalls call" in line for line in result.outlines)
    assert f"graphcalls: response breaks {LOCATION} (beta)" in result.outlines


def test_a_finding_about_another_rule_fails_the_run_only(pytester: pytest.Pytester, run: Run, workers: int) -> None:
    """No test fails for a rule that is not its own; the run does, and says why."""
    pytester.makeconftest(BROKEN_LOCATION)
    pytester.makepyfile(test_a=rule_test(SHAPE))
    result = run("--graphcalls-version=v1.0", workers=workers)
    assert result.parseoutcomes()["passed"] == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert row(result, SHAPE) == [SHAPE, "held", "documented"]
    assert row(result, LOCATION) == [LOCATION, "broken", "documented"]
    start = result.outlines.index(
        f"broken outside its own test: {LOCATION} (v1.0): expected the address of the created call, "
        "got no such header (Location)"
    )
    assert result.outlines[start + 1] == "  found by test_a.py::test_it[v1.0]"


def test_a_rule_with_a_failing_test_is_not_reported_twice(pytester: pytest.Pytester, run: Run) -> None:
    """The rule's own test fails, so other tests with the finding need no line."""
    pytester.makeconftest(BROKEN_LOCATION)
    pytester.makepyfile(test_a=rule_test(SHAPE), test_b=rule_test(LOCATION))
    result = run("--graphcalls-version=v1.0")
    result.assert_outcomes(passed=1, failed=1, deselected=2)
    assert not [line for line in result.outlines if line.startswith("broken outside")]


def test_requests_of_a_contract_test_are_not_judged(pytester: pytest.Pytester, run: Run) -> None:
    """A contract test sends what is wrong on purpose; the answer is the target's, and only that counts."""
    rule = "participant-invite.at-most-five-invitees"
    six = '[{"identity": {"user": {"id": str(n)}}} for n in range(6)]'
    body = f'graphcalls_client.post("/communications/calls/1/participants/invite", json={{"participants": {six}}})'
    pytester.makepyfile(rule_test(rule, body))
    run().assert_outcomes(passed=2)


@pytest.mark.parametrize("place", ["body", "fixture"])
def test_a_rule_that_could_not_be_staged_is_not_checked(pytester: pytest.Pytester, run: Run, place: str) -> None:
    """A StageError skips with its sentence, at the test's own line; wherever it was staged."""
    error = 'raise StageError("a meeting", "the target answered 500", "call-get.success-is-200-with-call")'
    fixture = f"\n@pytest.fixture(autouse=True)\ndef staged():\n    {error}\n" if place == "fixture" else ""
    body = "pass" if place == "fixture" else error
    pytester.makepyfile(test_a="from pytest_graphcalls.errors import StageError\n" + rule_test(SHAPE, body) + fixture)
    result = run("-rs", "--graphcalls-version=v1.0")
    result.assert_outcomes(skipped=1, deselected=1)
    sentence = "a meeting could not be staged; the target answered 500. See call-get.success-is-200-with-call."
    (line,) = [line for line in result.outlines if line.startswith("SKIPPED")]
    assert line.startswith("SKIPPED [1] test_a.py:")
    assert line.endswith(f"not checked: {sentence}")
    assert f"not checked, {SHAPE} (v1.0): {sentence}" in result.outlines


def test_one_cause_is_reported_once(pytester: pytest.Pytester, run: Run) -> None:
    """Answers to different tests differ in ids at least; the cause of most rules comes first."""
    error = 'raise StageError("a call", f"there is no call {uuid4()}")'
    start = "from uuid import uuid4\nfrom pytest_graphcalls.errors import StageError\n"
    other = rule_test(SHAPE, 'raise StageError("a phone", "it is engaged")')
    pytester.makepyfile(
        test_a=start + other, test_b=start + rule_test(LOCATION, error), test_c=start + rule_test(GET, error)
    )
    result = run()
    causes = [line for line in result.outlines if "could not be staged" in line and line.startswith("not checked, ")]
    assert causes == [
        "not checked, 4 rules: a call could not be staged; there is no call ….",
        "not checked, 2 rules: a phone could not be staged; it is engaged.",
    ]


def test_a_broken_set_up_makes_the_rule_unchecked(pytester: pytest.Pytester, run: Run) -> None:
    """A fixture that fails says nothing about the rule; the run fails all the same."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.fixture
        def broken(): raise OSError("no disk")

        @pytest.mark.graphcalls_rule("{SHAPE}")
        def test_it(graphcalls_client, broken): pass
        """
    )
    result = run("--graphcalls-version=v1.0")
    result.assert_outcomes(errors=1, deselected=1)
    assert row(result, SHAPE) == [SHAPE, "not checked", "documented"]
    assert f"not checked, {SHAPE} (v1.0): OSError: no disk" in result.outlines


def test_a_question_records_its_answer_and_never_fails(pytester: pytest.Pytester, run: Run) -> None:
    """The answers stand at the end of the run; nothing the target does fails such a test."""
    pytester.makeconftest(BROKEN_LOCATION)
    pytester.makepyfile(
        CREATE_A_CALL
        + """

@pytest.mark.graphcalls_question("participant-delete.deleted-twice")
def test_answered(graphcalls_stage, graphcalls_client):
    create(graphcalls_client)
    answer = graphcalls_client.delete("/communications/calls/57da/participants/1")
    graphcalls_stage.record_answer("participant-delete.deleted-twice", answer)

@pytest.mark.graphcalls_question("participant-delete.organizer")
def test_not_answered(graphcalls_stage):
    assert False, "the organizer never came"
"""
    )
    result = run("-rs", "--graphcalls-version=v1.0")
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["skipped"]) == (1, 1)
    answer = "participant-delete.deleted-twice  404 8522 Call not found. [pytest-graphcalls]"
    assert any(line.startswith(answer) for line in result.outlines)
    assert any("not answered: the organizer never came" in line for line in result.outlines)


def test_the_stage_is_taken_down_after_a_failure(
    pytester: pytest.Pytester, run: Run, served: tuple[str, Simulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every staged call is hung up, also when the test fails; a simulator that ends with its test keeps none anyway."""
    url, simulator = served
    monkeypatch.setenv("GRAPHCALLS_TOKEN", simulator.authority.token())
    asked: list[str] = []
    simulator.observe(lambda exchange: asked.append(exchange.request.method))
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.graphcalls_rule("{SHAPE}")
        def test_it(graphcalls_stage):
            graphcalls_stage.peer_to_peer_call()
            assert 0
        """
    )
    result = run(f"--graphcalls-target={url}", "--graphcalls-version=v1.0")
    result.assert_outcomes(failed=1, deselected=1)
    assert asked[-1] == "DELETE"
