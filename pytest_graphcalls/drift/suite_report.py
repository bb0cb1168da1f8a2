"""Turn the contract suite's report of a run into differences between the contract and the service.

A broken rule is behavioural. A violation of the type model is breaking, an unpublished member or value is additive.
Findings about requests are never drift: the test has made them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.drift.model import Observation, RuleState, Sample, Unchecked
from pytest_graphcalls.findings import Kind as Found, Severity, Side, at_any_index
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response, json_object

Report = Mapping[str, Any]
"""A decoded report; ``report.schema.json`` describes it."""

_NEW: Mapping[str, Kind] = {
    Found.MEMBER_UNDOCUMENTED: Kind.SHAPE_NEW,
    Found.ENUM_UNKNOWN: Kind.SHAPE_NEW,
    Found.TYPE_UNKNOWN: Kind.SHAPE_NEW,
    Found.NOTIFICATION_UNKNOWN: Kind.SHAPE_NEW,
    Found.ENUM_LETTER_CASE: Kind.LETTER_CASE_CHANGED,
    Found.TYPE_SPELLING: Kind.LETTER_CASE_CHANGED,
}
"""Kinds of notices that become a difference. The others are contradictions of the documentation, tolerated by name."""

_STEADY = frozenset({Found.ENUM_UNKNOWN, Found.ENUM_LETTER_CASE, Found.TYPE_UNKNOWN, Found.TYPE_SPELLING})
"""Kinds of findings whose ``got`` is a fixed word; that of others may quote a volatile value."""

_LAST: Mapping[RuleState | None, str] = {
    RuleState.HELD: "It held in the last run.",
    RuleState.NOTICE: "It held in the last run, with a notice.",
    RuleState.BROKEN: "It was broken in the last run already.",
}
_NOT_LOOKED = "The last run has no result for it."


def rule_states(report: Report) -> Mapping[str, RuleState]:
    """The result of every rule, by ``id@version``.

    Args:
        report: the suite's report of the run.
    """
    drifted = _drifted(report)
    noticed = {f"{one['rule']}@{one['version']}" for one in report["findings"] if one["rule"] and _is_answer(one)}
    found = {}
    for rule in report["rules"]:
        name, state = f"{rule['id']}@{rule['version']}", RuleState(rule["status"])
        own_doing = state is RuleState.BROKEN and name not in drifted
        found[name] = RuleState.NOTICE if own_doing or (state is RuleState.HELD and name in noticed) else state
    return found


def compare_report(
    report: Report, last: Mapping[str, RuleState], contract: Contract
) -> Iterator[Observation | Unchecked]:
    """The differences between the contract and the service, from a run of the suite.

    Args:
        report: the suite's report of tonight.
        last: the results of the last night, by ``id@version``; see :func:`rule_states`.
        contract: has the texts of the rules.

    Yields:
        Broken rules with an example, broken and new shapes, and rules that could not be checked. The latter count
        where the service or the network failed, not where the target lacks the means.
    """
    yield from _rules(report, last, contract)
    for finding in report["findings"]:
        if _is_answer(finding) and any(one["standing"] != "expected" for one in finding["seen"]):
            yield from _shape(report, finding)


def _rules(report: Report, last: Mapping[str, RuleState], contract: Contract) -> Iterator[Observation | Unchecked]:
    drifted, covered = _drifted(report), set(report["api_versions"])
    for rule in report["rules"]:
        name, state = f"{rule['id']}@{rule['version']}", RuleState(rule["status"])
        if name in drifted:
            yield _broken(report, rule, last.get(name), contract)
        elif state in {RuleState.NOT_CHECKED, RuleState.COULD_NOT_CHECK} and rule["version"] in covered:
            yield Unchecked(name, rule["reason"], decides=state is RuleState.COULD_NOT_CHECK)


def _broken_tests(report: Report) -> frozenset[str]:
    return frozenset(one["nodeid"] for one in report["tests"] if one["outcome"] == RuleState.BROKEN)


def _drifted(report: Report) -> frozenset[str]:
    """The rules that the service broke, not a request that the test has sent, by ``id@version``."""
    tests = _broken_tests(report)
    requests = {one["fingerprint"] for one in report["findings"] if not _is_answer(one)}
    return frozenset(
        f"{rule['id']}@{rule['version']}"
        for rule in report["rules"]
        if rule["status"] == RuleState.BROKEN
        and (not tests.isdisjoint(rule["tests"]) or not requests.issuperset(rule["findings"]))
    )


def _broken(report: Report, rule: Mapping[str, Any], last: RuleState | None, contract: Contract) -> Observation:
    known = contract.rules.get(rule["id"])
    places = [
        place
        for finding in report["findings"]
        if finding["fingerprint"] in rule["findings"] and _is_answer(finding)
        for place in finding["seen"]
    ]
    tests = [test for test in (*rule["tests"], *rule["broken_by"]) if test in _broken_tests(report)]
    tests = tests or [place["test"] for place in places] or list(rule["tests"])
    place, page = ", ".join(dict.fromkeys(tests)), known.page(rule["version"]) if known else ""
    hint = f"{_LAST.get(last, _NOT_LOOKED)} {rule['reason']}".strip()
    facts = (rule["version"], rule["id"], "", known.says if known else "", "broken", place, page, hint)
    difference = Difference(Kind.RULE_BROKEN, Origin.CONTRACT, *facts)
    return Observation(difference, _sample_of(report, places) or _last_exchange(report, tests))


def _shape(report: Report, finding: Mapping[str, Any]) -> Iterator[Observation]:
    is_violation = finding["severity"] == Severity.VIOLATION
    if is_violation and finding["rule"]:
        return  # reported as a broken rule, or its evidence is too weak
    kind = Kind.SHAPE_BROKEN if is_violation else _NEW.get(finding["kind"])
    if kind is None or finding["tolerated"]:
        return
    steady = finding["kind"] in _STEADY
    got = finding["got"] if steady else finding["kind"]
    place = ", ".join(dict.fromkeys(place["test"] for place in finding["seen"]))
    hint = " ".join(filter(None, ("" if steady else f"Got {finding['got']}.", finding["hint"])))
    subject, where = finding["operation"] or "notification", at_any_index(finding["where"])
    facts = (finding["version"], subject, where, finding["expected"], got, place, finding["page"], hint)
    difference = Difference(kind, Origin.CONTRACT, *facts)
    yield Observation(difference, _sample_of(report, finding["seen"]))


def _is_answer(finding: Mapping[str, Any]) -> bool:
    return Side(finding["side"]) is not Side.REQUEST


def _sample_of(report: Report, places: list[Mapping[str, Any]]) -> Sample | None:
    """An example of a finding: the first exchange or notification that the report has kept."""
    for place in places:
        if place["exchange"] is not None:
            return Sample(_exchange(report["exchanges"][place["exchange"]]), where=place["where"])
        if place["notification"] is not None:
            return Sample(_notification(report["notifications"][place["notification"]]), where=place["where"])
    return None


def _last_exchange(report: Report, tests: list[str]) -> Sample | None:
    kept = [one for one in report["exchanges"] if one["test"] in tests]
    return Sample(_exchange(kept[-1])) if kept else None


def _exchange(data: Mapping[str, Any]) -> Exchange:
    answer = data["response"]
    response = Response(answer["status"], _headers(answer), answer["body"].encode("utf-8", "surrogatepass"))
    return Exchange(_request(data["request"]), response, data["test"])


def _request(data: Mapping[str, Any]) -> Request:
    return Request(data["method"], data["url"], _headers(data), data["body"].encode("utf-8", "surrogatepass"))


def _headers(data: Mapping[str, Any]) -> Headers:
    return Headers([(name, value) for name, value in data["headers"]])


def _notification(data: Mapping[str, Any]) -> Notification:
    request = _request(data["request"])
    return Notification(request.url, json_object(request.body), headers=request.headers)
