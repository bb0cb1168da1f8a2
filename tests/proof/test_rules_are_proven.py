"""Every rule of the contract can fail: its deviation breaks it, it alone, and its own test says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from pytest_graphcalls.contract import Contract
from tests.proof.conftest import PROVEN
from tests.proof.deviations import DEVIATIONS, KINDS, OWN
from tests.proof.runner import Runner

CONTRACT = Contract.packaged()
RULES = sorted(CONTRACT.rules)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with Runner(tmp_path_factory.mktemp("proof")) as runner:
        yield runner


def test_every_rule_has_a_deviation() -> None:
    """A rule that nothing breaks is not proven; a deviation or a kind of them that breaks no rule is left over."""
    assert set(RULES) - set(DEVIATIONS) == set()
    assert set(OWN) - set(RULES) == set()
    assert set(KINDS) - {rule.slug for id, rule in CONTRACT.rules.items() if id not in OWN} == set()


def test_without_deviation_every_rule_holds(runner: Runner) -> None:
    """The simulator holds every rule in every version, every question is answered, and no test is skipped."""
    outcome = runner.whole
    assert outcome.status == 0, outcome.screen
    expected = {(rule.id, version) for rule in CONTRACT.rules.values() for version in rule.versions}
    held = {(rule["id"], rule["version"]) for rule in outcome.report["rules"] if rule["status"] == "held"}
    assert held == expected
    assert [test["nodeid"] for test in outcome.report["tests"] if test["outcome"] != "held"] == []
    assert [question["id"] for question in outcome.report["questions"] if not question["answer"]] == []
    assert [finding for finding in outcome.report["findings"] if finding["side"] != "request"] == []


SIMULATED = re.compile(r"(\d{3})(?: with code (\w+))?\b")


def test_questions_are_answered_as_their_files_say(runner: Runner) -> None:
    """What the simulator answers to a question is what the question's ``simulated`` begins with."""
    outcome = runner.whole
    said = {
        (question.id, version): SIMULATED.match(question.simulated)
        for question in CONTRACT.questions.values()
        for version in question.versions
    }
    assert [name for name, match in said.items() if match is None] == [], "'simulated' should begin with a status"
    answers = {(one["id"], one["version"]): one["answer"] for one in outcome.report["questions"]}
    assert {name: f"{one['status']} {one['code']}".strip() for name, one in answers.items()} == {
        name: " ".join(filter(None, match.groups())) for name, match in said.items() if match
    }


@pytest.mark.parametrize("rule", RULES)
def test_a_deviation_breaks_its_rule_alone(
    rule: str, runner: Runner, record_property: Callable[[str, object], None]
) -> None:
    """The run fails, by this rule's own tests, and every other rule is held or not checked."""
    assert rule in DEVIATIONS, "nothing breaks this rule; add a deviation"
    versions, turn = CONTRACT.rule(rule).versions, RULES.index(rule)
    # One version is enough for the proof; taking turns keeps both under test.
    outcome = runner.run(rule, versions[turn % len(versions)], turn)
    assert outcome.rules("broken") == {rule}, outcome.screen
    assert outcome.failed_tests_of(rule), outcome.screen
    assert outcome.status == 1, outcome.screen
    record_property(PROVEN, rule)


def test_a_shared_test_that_fails_names_its_operation(runner: Runner) -> None:
    """The failure of a shared test shows the operation, and what was compared."""
    screen = runner.run("call-mute.is-done-with-the-answer", "v1.0", 0).screen
    assert "attempt = Attempt(operation='call-mute')" in screen
    assert "AssertionError: assert 'running' == 'completed'" in screen
