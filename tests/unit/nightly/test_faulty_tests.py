"""A report without what tests say whose sign-in has failed."""

from __future__ import annotations

from typing import Any

from pytest_graphcalls.nightly.assess import without_faulty_tests

BAD, GOOD = "test_a.py::test_bad[v1.0]", "test_a.py::test_good[v1.0]"


def one_test(nodeid: str, outcome: str = "held") -> dict[str, Any]:
    return {"nodeid": nodeid, "outcome": outcome, "reason": "", "version": "v1.0"}


def rule(status: str, tests: list[str], findings: list[str] = [], by: list[str] = []) -> dict[str, Any]:  # noqa: B006
    return {"id": "a.b", "status": status, "reason": "r", "tests": tests, "findings": findings, "broken_by": by}


def finding(*places: tuple[str, str]) -> dict[str, Any]:
    return {"fingerprint": "f", "seen": [{"test": test, "standing": standing} for test, standing in places]}


def report(rule: dict[str, Any], *findings: dict[str, Any], outcome: str = "broken") -> dict[str, Any]:
    return {"tests": [one_test(BAD, outcome), one_test(GOOD)], "findings": list(findings), "rules": [rule], "more": 1}


def stands(data: dict[str, Any]) -> tuple[str, str]:
    (one,) = without_faulty_tests(data, {BAD: "no token"})["rules"]
    return one["status"], one["reason"]


def test_without_a_fault_nothing_changes() -> None:
    """The report is handed on."""
    data = report(rule("broken", [BAD]))
    assert without_faulty_tests(data, {}) is data


def test_a_rule_whose_test_says_nothing_could_not_be_checked() -> None:
    """The rule has the reason, and so has the test; the rest of the report is kept."""
    made = without_faulty_tests(report(rule("broken", [BAD])), {BAD: "no token"})
    assert [(one["outcome"], one["reason"]) for one in made["tests"]] == [("could-not-check", "no token"), ("held", "")]
    assert made["more"] == 1
    assert stands(report(rule("broken", [BAD, GOOD]))) == ("could-not-check", "no token")
    assert stands(report(rule("held", [BAD]))) == ("could-not-check", "no token")


def test_a_rule_that_another_test_breaks_is_broken() -> None:
    """The rule is broken by its own test, or by a finding elsewhere."""
    data = report(rule("broken", [BAD, GOOD]))
    data["tests"][1]["outcome"] = "broken"
    assert stands(data) == ("broken", "r")
    seen = finding((BAD, "fails"), (GOOD, "elsewhere"))
    assert stands(report(rule("broken", [BAD], ["f"], [GOOD]), seen)) == ("broken", "r")


def test_a_rule_that_only_such_a_test_broke_is_as_its_own_tests_say() -> None:
    """Held by them, or not checked when there is none."""
    seen = finding((BAD, "elsewhere"))
    assert stands(report(rule("broken", [GOOD], ["f"], [BAD]), seen)) == ("held", "")
    assert stands(report(rule("broken", [], ["f"], [BAD]), seen)) == ("not-checked", "")
    assert without_faulty_tests(report(rule("broken", [GOOD], ["f"], [BAD]), seen), {BAD: "x"})["findings"] == []


def test_a_rule_of_other_tests_is_kept() -> None:
    """What the others say is not touched."""
    assert stands(report(rule("held", [GOOD]))) == ("held", "r")
    assert stands(report(rule("not-checked", []))) == ("not-checked", "r")
