"""The packaged suite at a server that is not ours: nobody is blamed for what was not judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.plugin.conftest import Run
from tests.plugin.mock import served

SUITE = ("--pyargs", "pytest_graphcalls.contracts")


@pytest.mark.parametrize("missing", [404, 405, 501])
def test_what_a_server_does_not_have_breaks_no_rule(run: Run, missing: int) -> None:
    """A server without the operation that creates calls is not blamed; the cause is said once, before the table."""
    with served(missing) as url:
        result = run(f"--graphcalls-target={url}", *SUITE)
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
        chosen = (f"--graphcalls-target={url}", "--graphcalls-version=v1.0", *SUITE, "-k", "test_call_delete")
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
    modules = [f"pytest_graphcalls.contracts.{name}" for name in ("test_call_reject", "test_participant_delete")]
    passed = run("-p", "no:cacheprovider", f"--graphcalls-report={report}", "--pyargs", *modules).parseoutcomes()[
        "passed"
    ]
    tests = [test["nodeid"] for test in json.loads(report.read_text())["tests"]]
    assert len(tests) == passed
    same = [f"{name}.py::test_a_token_is_required[v1.0]" for name in ("test_call_reject", "test_participant_delete")]
    assert set(same) <= set(tests)
