"""What markers mean, and what a wrong one says."""

from __future__ import annotations

import json

import pytest

from tests.plugin.conftest import Run

RULE = "participant-invite.at-most-five-invitees"


def marked(marker: str, arguments: str = "graphcalls_version") -> str:
    """A test file with one marked test that prints its version."""
    return f"import pytest\n\n@pytest.mark.{marker}\ndef test_it({arguments}):\n    print('RAN', {arguments or None})\n"


def versions(result: pytest.RunResult) -> list[str]:
    """The versions that the inner test ran for."""
    return [line.partition("RAN ")[2] for line in result.outlines if "RAN " in line]


@pytest.mark.parametrize(
    ("marker", "ran"),
    [
        (f'graphcalls_rule("{RULE}")', ["v1.0", "beta"]),
        ('graphcalls_rule("call-reject.app-path-still-works")', ["beta"]),
        ('graphcalls_rule("participant-get.not-in-peer-to-peer")', ["v1.0"]),
        ('graphcalls_question("participant-delete.deleted-twice")', ["v1.0", "beta"]),
        ('graphcalls(version="both")', ["v1.0", "beta"]),
        ('graphcalls(version="beta")', ["beta"]),
        ("graphcalls()", ["v1.0"]),
        ('graphcalls(operation="call-reject")\n@pytest.mark.graphcalls_rule("app-path-still-works")', ["beta"]),
        (
            'graphcalls_question("deleted-twice")\n@pytest.mark.graphcalls(operation="participant-delete")',
            ["v1.0", "beta"],
        ),
    ],
)
def test_a_marked_test_runs_for_its_versions(pytester: pytest.Pytester, run: Run, marker: str, ran: list[str]) -> None:
    """A rule's test runs for each version the rule holds for; other tests for those they ask for."""
    pytester.makepyfile(marked(marker))
    result = run("-s", "-q")
    assert versions(result) == ran
    assert result.ret == 0


@pytest.mark.parametrize(("given", "ran"), [("v1.0", ["v1.0"]), ("beta", ["beta"]), ("both", ["v1.0", "beta"])])
def test_other_versions_are_left_out(pytester: pytest.Pytester, run: Run, given: str, ran: list[str]) -> None:
    """--graphcalls-version selects; what is left out counts as deselected."""
    pytester.makepyfile(marked(f'graphcalls_rule("{RULE}")'))
    result = run("-s", "-q", f"--graphcalls-version={given}")
    assert versions(result) == ran
    result.assert_outcomes(passed=len(ran), deselected=2 - len(ran))


@pytest.mark.parametrize(("given", "ran"), [("beta", "beta"), ("both", "v1.0")])
def test_a_plain_test_runs_once(pytester: pytest.Pytester, run: Run, given: str, ran: str) -> None:
    """A test without markers is not multiplied; it takes the one version given, else v1.0."""
    pytester.makepyfile("def test_it(graphcalls): print('RAN', graphcalls.version, graphcalls.root)")
    result = run("-s", "-q", f"--graphcalls-version={given}")
    assert next(line for line in result.outlines if "RAN" in line).endswith(f"{ran} https://graph.microsoft.com/{ran}")


def test_a_hand_made_parametrization_is_kept(pytester: pytest.Pytester, run: Run) -> None:
    """A project may parametrize the version itself."""
    text = '@pytest.mark.parametrize("graphcalls_version", ["beta"])\n@pytest.mark.graphcalls(version="both")'
    pytester.makepyfile(f"import pytest\n\n{text}\ndef test_it(graphcalls):\n    print('RAN', graphcalls.version)\n")
    assert versions(run("-s", "-q")) == ["beta"]


def test_a_marker_on_the_class_or_module_counts(pytester: pytest.Pytester, run: Run) -> None:
    """The nearest marker wins, the others add what it does not set."""
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.graphcalls(version="beta", tenant="f43b0b1e-0000-0000-0000-000000000000")

        class TestIt:
            def test_far(self, graphcalls):
                assert (graphcalls.version, graphcalls.simulator.tenant_id[:8]) == ("beta", "f43b0b1e")

            @pytest.mark.graphcalls(version="v1.0")
            def test_near(self, graphcalls):
                assert (graphcalls.version, graphcalls.simulator.tenant_id[:8]) == ("v1.0", "f43b0b1e")
        """
    )
    run().assert_outcomes(passed=2)


def test_the_version_may_be_overridden_by_a_fixture(pytester: pytest.Pytester, run: Run) -> None:
    """graphcalls_version is a fact that a project may set for a folder."""
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef graphcalls_version(): return 'beta'")
    pytester.makepyfile("def test_it(graphcalls): assert graphcalls.root.endswith('/beta')")
    run().assert_outcomes(passed=1)


MISTAKES = """
import pytest

@pytest.mark.graphcalls_fault("428")
@pytest.mark.graphcalls_rule("call-reject.nothing")
def test_two(graphcalls): pass

@pytest.mark.graphcalls_fault("429", nth="1")
class TestBoth:
    def test_a(self, graphcalls): pass

    @pytest.mark.graphcalls(version="v2")
    def test_b(self, graphcalls): pass
"""


def test_all_wrong_markers_are_reported_at_once(pytester: pytest.Pytester, run: Run, workers: int) -> None:
    """Every one of a collection, on a line of its own, with the first test it is in."""
    pytester.makepyfile(test_m=MISTAKES)
    result = run("-p", "no:randomly", workers=workers)
    assert result.ret != pytest.ExitCode.OK
    shown = [line.removeprefix("ERROR: ") for line in (*result.errlines, *result.outlines)]
    for sentence in (
        "test_m.py::test_two: there is no rule 'call-reject.nothing'.",
        "test_m.py::test_two: there is no fault '428'. Did you mean '429'?",
        "test_m.py::TestBoth::test_a and 1 more test: nth='1': expected a whole number from 1 to 1,000,000,000.",
        "test_m.py::TestBoth::test_b: version=v2: expected v1.0, beta or both.",
    ):
        assert any(line.startswith(sentence) for line in shown), (sentence, shown)
    # A worker says it as a failed collection; it does not look like a crash.
    assert "INTERNALERROR" not in str(result.stdout)


MARKERS = (
    "The markers are graphcalls_rule(rule, *more); graphcalls_question(question, *more); "
    "graphcalls(*, version, target, tenant, operation); graphcalls_fault(name, **parameters)."
)


@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        (
            'graphcalls_rule("participant-invite.at-most-fife-invitees")',
            "there is no rule 'participant-invite.at-most-fife-invitees'. "
            "Did you mean 'participant-invite.at-most-five-invitees'? 'graphcalls rules' lists them all.",
        ),
        (
            'graphcalls_question("participant-delete.deleted-twise")',
            "there is no question 'participant-delete.deleted-twise'. "
            "Did you mean 'participant-delete.deleted-twice'? 'graphcalls rules' lists them all.",
        ),
        (
            'graphcalls_rule("token-is-requird")\n@pytest.mark.graphcalls(operation="call-mute")',
            "there is no rule 'call-mute.token-is-requird'. "
            "Did you mean 'call-mute.token-is-required'? 'graphcalls rules' lists them all.",
        ),
        (
            'graphcalls(operation="call-mut")',
            "there is no operation 'call-mut'. Did you mean 'call-mute'? 'graphcalls rules' lists them all.",
        ),
        ("graphcalls_rule", f"graphcalls_rule() missing 1 required positional argument: 'rule'. {MARKERS}"),
        (
            'graphcalls(versoin="beta")',
            f"graphcalls() got an unexpected keyword argument 'versoin'. Did you mean 'version'? {MARKERS}",
        ),
        ('graphcalls(version="v2")', "version=v2: expected v1.0, beta or both."),
        (
            'graphcalls(target="simulatr")',
            "target=simulatr: expected simulator, replay, live or a base URL (http://… or https://…). "
            "Did you mean 'simulator'?",
        ),
    ],
)
def test_a_wrong_marker_stops_the_run(pytester: pytest.Pytester, run: Run, marker: str, sentence: str) -> None:
    """A typo ends the run before its first test, and names the test and the nearest match."""
    pytester.makepyfile(test_a="def test_never_runs(): pass", test_b=marked(marker))
    result = run("--strict-markers")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: test_b.py::test_it: {sentence}" in result.errlines


def test_a_shared_test_judges_the_rule_of_each_module_that_imports_it(pytester: pytest.Pytester, run: Run) -> None:
    """The module says by its marker whose rule it is; everything after sees the full id."""
    shared = (
        'import pytest\n\n@pytest.mark.graphcalls_rule("token-is-required")\ndef test_it(graphcalls_version): pass\n'
    )
    module = 'import pytest\nfrom shared import test_it\npytestmark = pytest.mark.graphcalls(operation="{}")\n'
    modules = {f"test_{number}": module.format(id) for number, id in enumerate(("call-mute", "participant-mute"))}
    pytester.makepyfile(shared=shared, **modules)
    result = run("--graphcalls-version=v1.0", "--graphcalls-report=report.json")
    result.assert_outcomes(passed=2, deselected=2)
    tests = json.loads((pytester.path / "report.json").read_text())["tests"]
    assert {one["nodeid"]: one["rules"] for one in tests} == {
        "test_0.py::test_it[v1.0]": ["call-mute.token-is-required"],
        "test_1.py::test_it[v1.0]": ["participant-mute.token-is-required"],
    }


def test_markers_of_tests_that_are_not_selected_are_not_looked_at(pytester: pytest.Pytester, run: Run) -> None:
    """Only what is about to run is checked."""
    pytester.makepyfile(test_a="def test_ok(): pass", test_b=marked('graphcalls_rule("nonsense")'))
    run("-k", "test_ok").assert_outcomes(passed=1, deselected=1)


def test_a_test_that_the_target_cannot_run_is_skipped(pytester: pytest.Pytester, run: Run) -> None:
    """The sentence names the missing thing and the setting that gives it; nothing is contacted."""
    pytester.makepyfile(marked('graphcalls_rule("participant-invite.failure-is-notified")', "graphcalls_client"))
    result = run("-rs", "--graphcalls-target=http://127.0.0.1:1")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(
        [
            "SKIPPED [[]2[]] test_a_test_that_the_target_cannot_run_is_skipped.py:3: not checked: needs "
            "a look at the notifications and a clock that the test moves, which http://127.0.0.1:1 does not offer; "
            "--graphcalls-target=simulator does."
        ]
    )


def test_a_test_may_insist_on_the_simulator(pytester: pytest.Pytester, run: Run) -> None:
    """graphcalls(target=...) holds for the test whatever the run's target is."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.graphcalls(target="simulator")
        def test_it(graphcalls_simulator):
            assert graphcalls_simulator.now == 0
        """
    )
    run("--graphcalls-target=http://127.0.0.1:1").assert_outcomes(passed=1)


LATE = """\
import unittest
import pytest

@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.graphcalls(version={version!r})), 2])
def test_one_of_two(graphcalls, n):
    print("RAN", n, graphcalls.version)

@pytest.mark.graphcalls(version={version!r})
@pytest.mark.usefixtures("graphcalls")
class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def take(self, graphcalls):
        self.graphcalls = graphcalls

    def test_it(self):
        print("RAN", "old", self.graphcalls.version)
"""


def test_a_marker_that_comes_late_says_the_version_all_the_same(pytester: pytest.Pytester, run: Run) -> None:
    """Late markers are those of parameters and of ``unittest`` methods, which pytest cannot multiply by version."""
    pytester.makepyfile(LATE.format(version="beta"))
    result = run("-s", "-q")
    assert versions(result) == ["1 beta", "2 v1.0", "old beta"]
    result = run("-s", "-q", "--graphcalls-version=v1.0")
    assert versions(result) == ["2 v1.0"]
    result.assert_outcomes(passed=1, deselected=2)


def test_a_marker_that_comes_late_cannot_ask_for_both(pytester: pytest.Pytester, run: Run) -> None:
    """Rather than run the test for one of them only."""
    pytester.makepyfile(test_m=LATE.format(version="both"))
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    sentence = (
        "graphcalls(version='both') comes too late to run a test twice, on a pytest.param and in a unittest.TestCase; "
        "name one version there."
    )
    assert f"ERROR: test_m.py::test_one_of_two[1] and 1 more test: {sentence}" in result.errlines


UNKNOWN = "ignore::pytest.PytestUnknownMarkWarning"


def test_a_misspelt_marker_stops_the_run_with_the_nearest(pytester: pytest.Pytester, run: Run) -> None:
    """pytest only warns that it is unknown, and the fault that was asked for would not strike."""
    pytester.makepyfile("import pytest\n\n@pytest.mark.graphcalls_fualt('503')\ndef test_it(): pass\n")
    result = run("-W", UNKNOWN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    sentence = "there is no marker 'graphcalls_fualt'. Did you mean 'graphcalls_fault'?"
    assert any(sentence in line for line in result.errlines)


def test_a_marker_of_the_project_is_no_misspelling(pytester: pytest.Pytester, run: Run) -> None:
    """A marker is the project's where it is registered, or resembles none of ours."""
    pytester.makeini("[pytest]\nmarkers =\n    graphcalls_rules(name): ours\n")
    pytester.makepyfile("import pytest\n\n@pytest.mark.graphcalls_rules\n@pytest.mark.graph\ndef test_it(): pass\n")
    run("-W", UNKNOWN).assert_outcomes(passed=1)
