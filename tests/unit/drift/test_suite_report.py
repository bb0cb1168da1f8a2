"""The suite's report as differences: broken rules, broken and new shapes, and tests that could not check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Kind, Origin, RuleState, Severity, Unchecked
from pytest_graphcalls.drift.model import Observation
from pytest_graphcalls.drift.suite_report import compare_report, rule_states
from pytest_graphcalls.findings import Finding, Kind as Found, Severity as Weight, Side
from pytest_graphcalls.report.run_document import document
from pytest_graphcalls.session import Outcome, Run, Seen, TestRecord
from pytest_graphcalls.session.outcome import FindingStatus
from pytest_graphcalls.wire import Exchange

RULE = "call-reject.success-is-202-empty"
NAME = f"{RULE}@v1.0"
TEST = "contracts/test_call_reject.py::test_it[v1.0]"
REQUEST = {"method": "POST", "url": "/v1.0/communications/calls/1/reject", "headers": [["a", "b"]], "body": ""}
EXCHANGE = {"request": REQUEST, "response": {"status": 200, "headers": [], "body": "{}"}}
BASE = Finding(
    Found.STATUS_UNDOCUMENTED, Weight.VIOLATION, Side.RESPONSE, "call-reject", "v1.0", "status", "202", "200", RULE, "p"
)


def report(*records: TestRecord, versions: tuple[str, ...] = ("v1.0",)) -> dict[str, Any]:
    """The report of a run of these tests."""
    run = Run(Contract.packaged(), versions=versions)
    for record in records:
        run.add(record)
    return document(run, datetime(2026, 11, 27, tzinfo=UTC))


def record(outcome: Outcome, *seen: Seen, **facts: Any) -> TestRecord:
    """What the test of the rule says."""
    given = {"rules": (RULE,), "version": "v1.0", "exchanges": (EXCHANGE,), "count": 1, **facts}
    return TestRecord(TEST, outcome, seen=seen, **given)


def differences(data: dict[str, Any], last: dict[str, RuleState] | None = None) -> list[Observation]:
    """What the report says differs."""
    return [one for one in compare_report(data, last or {}, Contract.packaged()) if isinstance(one, Observation)]


def unchecked(data: dict[str, Any]) -> dict[str, Unchecked]:
    """What the report says could not be looked at."""
    all_ = compare_report(data, {}, Contract.packaged())
    return {one.subject: one for one in all_ if isinstance(one, Unchecked)}


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({NAME: RuleState.HELD}, "It held in the last run."),
        ({NAME: RuleState.NOTICE}, "It held in the last run, with a notice."),
        ({NAME: RuleState.BROKEN}, "It was broken in the last run already."),
        ({NAME: RuleState.NOT_CHECKED}, "The last run has no result for it."),
        ({}, "The last run has no result for it."),
    ],
)
def test_a_broken_rule_is_behavioural(last: dict[str, RuleState], said: str) -> None:
    """The difference names the rule's statement, whether it held the last time, and what broke it."""
    data = report(record(Outcome.BROKEN, Seen(BASE, 0, FindingStatus.FAILS), reason="It was 200."))
    (observation,) = differences(data, last)
    found = observation.difference
    assert (found.kind, found.severity, found.origin) == (Kind.RULE_BROKEN, Severity.BEHAVIOURAL, Origin.CONTRACT)
    assert (found.subject, found.version, found.place) == (RULE, "v1.0", TEST)
    assert found.before == Contract.packaged().rule(RULE).says
    assert found.page == Contract.packaged().rule(RULE).page("v1.0")
    assert found.hint == f"{said} It was 200."
    assert observation.sample is not None
    assert observation.sample.where == "status"
    assert observation.sample.observed is not None
    assert observation.sample.observed.request.url == REQUEST["url"]  # type: ignore[union-attr]  # an exchange


def test_a_rule_broken_last_time_has_the_same_fingerprint() -> None:
    """One story over the nights."""
    data = report(record(Outcome.BROKEN, Seen(BASE, 0, FindingStatus.FAILS)))
    (first,), (second,) = differences(data, {NAME: RuleState.HELD}), differences(data, {NAME: RuleState.BROKEN})
    assert first.difference.fingerprint == second.difference.fingerprint


def test_a_rule_may_break_without_a_finding() -> None:
    """The test's own assertion has failed; its last exchange is shown."""
    (observation,) = differences(report(record(Outcome.BROKEN, reason="The call goes on.")))
    assert observation.sample is not None
    assert observation.difference.kind is Kind.RULE_BROKEN
    assert observation.difference.hint.endswith("The call goes on.")


def test_a_rule_that_another_test_found_broken_is_broken() -> None:
    """A finding of any test breaks the rule."""
    other = replace(record(Outcome.HELD, Seen(BASE, 0, FindingStatus.ELSEWHERE)), rules=(), nodeid="other")
    (observation,) = differences(report(other))
    assert (observation.difference.subject, observation.difference.place) == (RULE, "other")


def test_a_finding_in_a_request_is_never_drift() -> None:
    """A rule that only a request has broken is the project's own doing."""
    own = replace(BASE, side=Side.REQUEST, kind=Found.MEMBER_MISSING)
    data = report(record(Outcome.HELD, Seen(own, 0, FindingStatus.FAILS), rules=()))
    assert differences(data) == []
    assert rule_states(data)[NAME] is RuleState.NOTICE


def test_a_broken_rule_is_shown_where_an_answer_broke_it() -> None:
    """The place is not another test, whose own request broke it, too."""
    sent = replace(BASE, side=Side.REQUEST, kind=Found.MEMBER_MISSING)
    first = replace(record(Outcome.HELD, Seen(sent, 0, FindingStatus.ELSEWHERE)), rules=(), nodeid="first")
    second = replace(record(Outcome.HELD, Seen(BASE, 0, FindingStatus.ELSEWHERE)), rules=(), nodeid="second")
    (observation,) = differences(report(first, second))
    assert observation.difference.place == "second"
    assert observation.sample is not None
    assert isinstance(observation.sample.observed, Exchange)
    assert observation.sample.observed.note == "second"


SHAPES = [
    (Found.TYPE_WRONG, Weight.VIOLATION, Kind.SHAPE_BROKEN, "type-wrong"),
    (Found.MEMBER_MISSING, Weight.VIOLATION, Kind.SHAPE_BROKEN, "member-missing"),
    (Found.MEMBER_UNDOCUMENTED, Weight.NOTICE, Kind.SHAPE_NEW, "member-undocumented"),
    (Found.ENUM_UNKNOWN, Weight.NOTICE, Kind.SHAPE_NEW, "'Running'"),
    (Found.TYPE_UNKNOWN, Weight.NOTICE, Kind.SHAPE_NEW, "'Running'"),
    (Found.NOTIFICATION_UNKNOWN, Weight.NOTICE, Kind.SHAPE_NEW, "notification-unknown"),
    (Found.ENUM_LETTER_CASE, Weight.NOTICE, Kind.LETTER_CASE_CHANGED, "'Running'"),
    (Found.TYPE_SPELLING, Weight.NOTICE, Kind.LETTER_CASE_CHANGED, "'Running'"),
]


@pytest.mark.parametrize(("found", "weight", "kind", "after"), SHAPES)
@pytest.mark.parametrize("side", [Side.RESPONSE, Side.NOTIFICATION])
def test_a_finding_without_a_rule_is_about_a_shape(
    found: Found, weight: Weight, kind: Kind, after: str, side: Side
) -> None:
    """Broken where it is a violation, new or misspelled where it is a notice; list indexes say nothing."""
    finding = replace(BASE, kind=found, severity=weight, side=side, rule="", where="$.a[3].b", got="'Running'")
    (observation,) = differences(report(record(Outcome.HELD, Seen(finding, 0, FindingStatus.NOTED))))
    assert (observation.difference.kind, observation.difference.where, observation.difference.after) == (
        kind,
        "$.a[].b",
        after,
    )
    assert observation.sample is not None
    assert observation.sample.where == "$.a[3].b"


@pytest.mark.parametrize(
    "finding",
    [
        replace(BASE, rule="", side=Side.REQUEST),
        replace(BASE, rule="", kind=Found.MEMBER_UNDOCUMENTED, severity=Weight.NOTICE, tolerated="c01"),
        replace(BASE, rule="", kind=Found.VALUE_WRONG, severity=Weight.NOTICE),
    ],
    ids=["of a request", "a contradiction that is tolerated", "a notice of a wrong value"],
)
def test_other_findings_are_no_difference(finding: Finding) -> None:
    """What was sent, what the documentation itself contradicts, what is known."""
    assert differences(report(record(Outcome.HELD, Seen(finding, 0, FindingStatus.NOTED)))) == []


def test_an_expected_violation_is_no_difference() -> None:
    """A test that provokes something has announced it."""
    finding = replace(BASE, rule="", kind=Found.TYPE_WRONG)
    assert differences(report(record(Outcome.HELD, Seen(finding, 0, FindingStatus.EXPECTED)))) == []


def test_a_shape_in_a_notification_is_shown_as_it_was_posted() -> None:
    """The notification that the report has kept."""
    posted = {"method": "POST", "url": "https://bot/x", "headers": [], "body": '{"value":[]}'}
    finding = replace(BASE, rule="", side=Side.NOTIFICATION, kind=Found.MEMBER_MISSING, where="$.value[0].a")
    data = report(
        record(
            Outcome.BROKEN,
            Seen(finding, None, FindingStatus.NOTED, 0),
            notifications=({"number": 0, "request": posted},),
        )
    )
    observed = [
        observation.sample.observed
        for observation in differences(data)
        if observation.difference.kind is Kind.SHAPE_BROKEN and observation.sample
    ]
    assert [(one.posted_to, one.body) for one in observed] == [("https://bot/x", {"value": []})]  # type: ignore[union-attr]  # a notification


def test_a_rule_that_could_not_be_checked_is_reported() -> None:
    """A fault decides, a missing capability of the target does not; versions that were not requested are left out."""
    data = report(record(Outcome.COULD_NOT_CHECK, reason="It was answered 503."))
    found = unchecked(data)
    assert found[NAME] == Unchecked(NAME, "It was answered 503.")
    assert found["call-reject.token-is-required@v1.0"] == Unchecked(
        "call-reject.token-is-required@v1.0", "no test of this run judged it", decides=False
    )
    assert not any(name.endswith("@beta") for name in found)


@pytest.mark.parametrize(
    ("outcome", "seen", "state"),
    [
        (Outcome.HELD, (), RuleState.HELD),
        (Outcome.BROKEN, (), RuleState.BROKEN),
        (Outcome.NOT_CHECKED, (), RuleState.NOT_CHECKED),
        (Outcome.COULD_NOT_CHECK, (), RuleState.COULD_NOT_CHECK),
        (Outcome.HELD, (Seen(replace(BASE, severity=Weight.NOTICE), 0, FindingStatus.NOTED),), RuleState.NOTICE),
    ],
)
def test_every_rule_has_a_state(outcome: Outcome, seen: Iterable[Seen], state: RuleState) -> None:
    """The report's words, and one for a rule that held with a notice."""
    assert rule_states(report(record(outcome, *seen)))[NAME] is state
