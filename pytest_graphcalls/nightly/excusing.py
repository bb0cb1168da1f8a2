"""A report without what tests say whose target or sign-in has failed: that is nothing about a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_graphcalls.drift import RuleState

_BREAKS = frozenset({"fails", "elsewhere"})
"""Standings of a finding that break its rule (see ``session/judge.py``)."""


def excused(report: Mapping[str, Any], faulty: Mapping[str, str]) -> Mapping[str, Any]:
    """The report as if the suite had known that these tests could not be judged.

    Args:
        report: as the suite wrote it.
        faulty: by node id, why a test says nothing.
    """
    if not faulty:
        return report
    findings = [{**one, "seen": left} for one in report["findings"] if (left := _left(one, faulty)) or not one["seen"]]
    breaking = {one["fingerprint"] for one in findings if any(place["standing"] in _BREAKS for place in one["seen"])}
    tests = [_test(one, faulty) for one in report["tests"]]
    broken = {one["nodeid"] for one in tests if one["outcome"] == RuleState.BROKEN}
    return {
        **report,
        "findings": findings,
        "tests": tests,
        "rules": [_rule(one, faulty, breaking, broken) for one in report["rules"]],
    }


def _left(finding: Mapping[str, Any], faulty: Mapping[str, str]) -> list[Any]:
    return [place for place in finding["seen"] if place["test"] not in faulty]


def _test(test: Mapping[str, Any], faulty: Mapping[str, str]) -> Mapping[str, Any]:
    reason = faulty.get(test["nodeid"])
    return test if reason is None else {**test, "outcome": RuleState.COULD_NOT_CHECK.value, "reason": reason}


def _rule(
    rule: Mapping[str, Any], faulty: Mapping[str, str], breaking: set[str], broken: set[str]
) -> Mapping[str, Any]:
    own = [faulty[test] for test in rule["tests"] if test in faulty]
    findings = [one for one in rule["findings"] if one in breaking]
    still = bool(findings) or not broken.isdisjoint(rule["tests"])
    kept = {**rule, "findings": findings, "broken_by": [test for test in rule["broken_by"] if test not in faulty]}
    if still or not (own or rule["status"] == RuleState.BROKEN):
        return kept
    if own:
        return {**kept, "status": RuleState.COULD_NOT_CHECK.value, "reason": own[0]}
    # Only tests that say nothing had broken it; its own have held it, or there is none.
    status = RuleState.HELD if rule["tests"] else RuleState.NOT_CHECKED
    return {**kept, "status": status.value, "reason": ""}
