"""The packaged suite at a server that is not ours: rules that were not judged are not broken."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.few import suite
from tests.plugin.conftest import Run
from tests.plugin.mock import OPERATIONS, served

MODULES = [f"test_{name.replace('-', '_')}" for name in OPERATIONS]
"""Those of the operations that the server has."""


@pytest.mark.parametrize(
    ("missing", "chosen"),
    [
        (404, ("--pyargs", "pytest_graphcalls.contracts", "-p", "tests.turns")),
        (405, suite("test_call_get")),
        (501, suite("test_call_get")),
    ],
)
def test_an_operation_that_a_server_lacks_breaks_no_rule(run: Run, missing: int, chosen: tuple[str, ...]) -> None:
    """A server without the operation that creates calls is not blamed; the cause is said once, before the table."""
    with served(missing) as url:
        result = run(f"--graphcalls-target={url}", *chosen)
    assert result.ret == pytest.ExitCode.OK
    cause = (
        "application-post-calls could not be staged; the target does not have it: "
        f"POST was answered {missing} without an error of Graph."
    )
    (line,) = [line for line in result.outlines if cause in line]
    assert result.outlines.index(line) < next(n for n, one in enumerate(result.outlines) if one.startswith("rule "))
    assert not [
        line for line in result.outlines if "broken" in line and not line.startswith("rules: 0 held, 0 broken, ")
    ]
    assert result.outlines[-2].startswith("not looked at: ")


def test_on_demand_each_rule_that_was_not_checked_fails_the_run(run: Run) -> None:
    """``--graphcalls-require=all`` ends a run with status 1 that would be green without it."""
    with served() as url:
        chosen = (f"--graphcalls-target={url}", "--graphcalls-version=v1.0", *suite("test_call_delete"))
        assert run(*chosen, "--graphcalls-require=possible").ret == pytest.ExitCode.OK
        assert run(*chosen, "--graphcalls-require=all").ret == pytest.ExitCode.TESTS_FAILED


def test_a_wrong_requirement_is_named(pytester: pytest.Pytester, run: Run) -> None:
    """The option takes two words."""
    result = run("--graphcalls-require=al")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    expected = "--graphcalls-require=al: expected possible or all. Did you mean 'all'?"
    assert any(expected in line for line in result.errlines)


def test_the_verdicts_of_several_modules_of_the_suite_are_all_kept(run: Run, tmp_path: Path) -> None:
    """Tests of one name in two modules are two tests, when the modules are named one by one from outside."""
    report = tmp_path / "report.json"
    modules = ("test_call_reject", "test_participant_delete")
    passed = run(f"--graphcalls-report={report}", *suite(*modules)).parseoutcomes()["passed"]
    tests = [test["nodeid"] for test in json.loads(report.read_text())["tests"]]
    assert len(tests) == passed
    same = [f"{name}.py::test_a_token_is_required[v1.0]" for name in modules]
    assert set(same) <= set(tests)


CALLS = [f"2f1a1100-b174-40a0-aba7-0b405e01ed9{number}" for number in range(4)]
FACTS = {
    "operations": " ".join(OPERATIONS),
    "incoming_calls": CALLS[0],
    "group_calls": CALLS[1],
    "calls": " ".join(CALLS[2:]),
    "participants": "112f7296-5fa4-42ca-bae8-6a692b15d4b8 112f7296-5fa4-42ca-bae8-6a692b15d4b9",
}


def ini(facts: Mapping[str, str]) -> str:
    """The facts about a server in a project's own configuration."""
    return "\n".join(("[pytest]", "graphcalls_mock =", *(f"    {name} = {text}" for name, text in facts.items())))


def held(result: pytest.RunResult) -> list[str]:
    """The rules that the table shows as held in every version that it has them for."""
    cells = [line.split("  ") for line in result.outlines if line.endswith("  documented")]
    rows = [[cell.strip() for cell in row if cell.strip()] for row in cells]
    return [row[0] for row in rows if set(row[1:-1]) <= {"held", "-"}]


def test_an_operation_that_a_server_is_said_to_have_is_judged(pytester: pytest.Pytester, run: Run) -> None:
    """The three operations of the server are judged as far as it shows them; the table has no other."""
    pytester.makeini(ini(FACTS))
    with served() as url:
        result = run(f"--graphcalls-target={url}", *suite(*MODULES, "test_call_get"))
    assert result.ret == pytest.ExitCode.OK
    assert set(held(result)) >= {
        "call-reject.success-is-202-empty",
        "call-reject.both-kinds-can-be-rejected",
        "call-reject.reasons-are-none-busy-forbidden",
        "call-reject.app-path-still-works",
        "participant-delete.request-has-no-body",
        "participant-delete.app-path-still-works",
        "participant-invite.success-is-200-with-operation",
        "participant-invite.location-names-the-operation",
        "participant-invite.answers-before-it-is-done",
        "participant-invite.client-context-at-most-256",
        "participant-invite.at-most-five-invitees",
        "participant-invite.participant-id-is-echoed",
        "participant-invite.participants-are-those-invited",
        "participant-invite.invitee-has-identity",
        "participant-invite.token-is-required",
        "participant-invite.app-path-still-works",
    }
    rows = {line.partition(".")[0] for line in result.outlines if line.endswith("  documented")}
    assert rows == set(OPERATIONS)
    last = result.outlines[-2]
    assert last.startswith("not looked at: ")
    assert last.endswith(" are about operations that the target is not said to have")


def test_variables_say_it_too_and_come_first(
    run: Run, monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    """A stateless mock of one operation needs no more than a made-up id."""
    pytester.makeini(ini({"operations": "call-get"}))
    monkeypatch.setenv("GRAPHCALLS_MOCK_OPERATIONS", "call-reject")
    monkeypatch.setenv("GRAPHCALLS_MOCK_INCOMING_CALLS", CALLS[0])
    with served() as url:
        result = run(f"--graphcalls-target={url}", "--graphcalls-version=beta", *suite("test_call_reject"))
    assert "call-reject.success-is-202-empty" in held(result)
    assert not [line for line in result.outlines if line.startswith("call-get.")]


def test_a_command_or_a_hook_makes_the_call(pytester: pytest.Pytester, run: Run) -> None:
    """The hook is asked first; both get the version, and whether a group call is wanted."""
    pytester.makepyfile(
        say="import os; print('made', os.environ['GRAPHCALLS_CALL_VERSION'] + os.environ['GRAPHCALLS_CALL_GROUP'])"
    )
    pytester.makeini(ini({"operations": "call-reject", "incoming_command": f"{shlex.quote(sys.executable)} say.py"}))
    pytester.makeconftest(
        """
        def pytest_graphcalls_incoming_call(target, version, group):
            assert target.startswith("http://127.0.0.1:")
            return f"hooked-{version}" if group else None
        """
    )
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.graphcalls_rule("call-reject.both-kinds-can-be-rejected")
        def test_it(graphcalls_stage):
            assert graphcalls_stage.incoming_call().id == "beta"
            assert graphcalls_stage.incoming_call(group=True).id == "hooked-beta"
        """
    )
    with served() as url:
        run(f"--graphcalls-target={url}", "--graphcalls-version=beta", "test_it.py").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (
            {"operations": "call-rejekt"},
            "graphcalls_mock operations=call-rejekt: expected ids of operations as 'graphcalls rules' lists them. "
            "Did you mean 'call-reject'?",
        ),
        (
            {"incomming_calls": "1"},
            "graphcalls_mock=incomming_calls: expected one of operations, incoming_calls, group_calls, "
            "incoming_command, calls, participants, meetings, users, bots, phone, callback. "
            "Did you mean 'incoming_calls'?",
        ),
    ],
)
def test_a_wrong_fact_is_named(pytester: pytest.Pytester, run: Run, facts: dict[str, str], line: str) -> None:
    """The error comes before any request to the server."""
    pytester.makeini(ini(facts))
    result = run("--graphcalls-target=http://127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert any(line in one for one in result.errlines)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (
            {"operations": "call-reject", "group_calls": "1"},
            "an incoming call could not be staged; graphcalls_mock has none. See 'incoming_calls = <call id> …' in "
            "graphcalls_mock, or GRAPHCALLS_MOCK_INCOMING_CALLS.",
        ),
        (
            {"operations": "call-reject", "incoming_command": "./no-such-command"},
            "an incoming call could not be staged; [Errno 2] No such file or directory: './no-such-command'. "
            "See incoming_command.",
        ),
        (
            {"operations": "call-reject", "incoming_command": f"{shlex.quote(sys.executable)} -c pass"},
            "has printed no id. See incoming_command.",
        ),
        (
            {"operations": "call-reject"},
            "needs a call that comes in, which URL does not offer; 'incoming_calls = <call id> …' in graphcalls_mock, "
            "or GRAPHCALLS_MOCK_INCOMING_CALLS would do.",
        ),
    ],
)
def test_a_missing_fact_makes_rules_unchecked(
    pytester: pytest.Pytester, run: Run, facts: dict[str, str], reason: str
) -> None:
    """The sentence says which fact would give it."""
    pytester.makeini(ini(facts))
    with served() as url:
        chosen = (*suite("test_call_reject"), "-k", "with_202_and_nothing")
        result = run(f"--graphcalls-target={url}", "--graphcalls-version=v1.0", *chosen)
    assert any(
        line.replace(url, "URL").endswith(reason) for line in result.outlines if line.startswith("not checked, ")
    )
