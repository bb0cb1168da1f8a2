"""The differences that one run of the suite shows, and the subjects that it could not look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_graphcalls.cassette import Passport
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift import Kind, Origin, Recording, RuleState, Unchecked
from pytest_graphcalls.drift.compare import NOT_RECORDED, compare
from pytest_graphcalls.drift.model import Observation
from pytest_graphcalls.drift.suite_report import compare_report
from pytest_graphcalls.nightly.baseline import Baseline, key_of, kinds_of
from pytest_graphcalls.nightly.recordings import cassettes, recorded, recording_of, refused
from pytest_graphcalls.nightly.suite import SuiteRun
from pytest_graphcalls.redaction import Redactor

_BREAKS = frozenset({"fails", "elsewhere"})
"""Statuses of a finding that break its rule (see ``session/outcome.py``)."""


def without_faulty_tests(report: Mapping[str, Any], faulty: Mapping[str, str]) -> Mapping[str, Any]:
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


_NO_TEST = "the suite has no such test any more; 'graphcalls drift promote' takes its recording out of the baseline"
_CUT_SHORT = frozenset({Kind.EXCHANGE_GONE, Kind.NOTIFICATION_MISSING})
"""Differences at the end of a recording whose test has failed in the middle."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The result of one run: observations, gaps, and the tests they come from.

    Attributes:
        ran: the run.
        report: its report, without what says nothing.
        recordings: what it has recorded.
        observations: what differs.
        unchecked: what could not be looked at.
        tests: by the name of its recording, pytest's name of each test that was judged.
    """

    ran: SuiteRun
    report: Mapping[str, Any]
    recordings: tuple[Recording, ...]
    observations: tuple[Observation, ...]
    unchecked: tuple[Unchecked, ...]
    tests: Mapping[str, str]

    def where(self, observation: Observation) -> frozenset[str]:
        """Names of the recordings of the tests in which a difference was seen."""
        place = observation.difference.place
        if observation.difference.origin is Origin.RECORDING:
            return frozenset({place.rpartition(", ")[0]} - {""})
        nodeids = set(place.split(", "))
        return frozenset(
            recorded(one["nodeid"], one["version"]) for one in self.report["tests"] if one["nodeid"] in nodeids
        )


def assess(
    ran: SuiteRun,
    baseline: Baseline,
    last: Mapping[str, RuleState],
    contract: Contract,
    *,
    only: frozenset[str] = frozenset(),
) -> Assessment:
    """Read what a run has left behind, and compare it.

    Args:
        ran: a run that came to its end.
        baseline: the accepted recordings; without any, only the contract is compared with.
        last: how the rules stood the last time.
        contract: the contract.
        only: names of the recordings that were to be made; empty for all.

    Raises:
        RecordingError: a recording cannot be read.
    """
    assert ran.report is not None
    made = list(cassettes(ran.request.cassettes))
    recordings, unexpected = tuple(map(recording_of, made)), kinds_of(made) - baseline.kinds
    names = {one["nodeid"]: recorded(one["nodeid"], one["version"]) for one in ran.report["tests"]}
    before = [] if unexpected else [one for one in baseline.recordings if not only or one.name in only]
    accepted = {one.name: one for one in before}
    bad = {one.name: why for one in recordings if (why := refused(one)) and not _was_refused(accepted.get(one.name))}
    compared = [one for one in recordings if one.name not in bad]
    found = list(compare([one for one in before if one.name not in bad], compared, contract)) if before else []
    faults = {one.subject.rpartition(", ")[0]: one.reason for one in found if isinstance(one, Unchecked)}
    bad |= {name: reason for name, reason in faults.items() if name}
    report = without_faulty_tests(ran.report, {nodeid: bad[name] for nodeid, name in names.items() if name in bad})
    partial = Assessment(ran, report, recordings, (), (), {})
    outcomes = {names[one["nodeid"]]: one for one in report["tests"]}
    results = [*_explained(found, outcomes), *_shown(compare_report(report, last, contract), ran, baseline)]
    observations = [one for one in results if isinstance(one, Observation)]
    unchecked = [one for one in results if isinstance(one, Unchecked)]
    if baseline and unexpected:
        unchecked.append(Unchecked("the recordings", _other_sources(unexpected, baseline)))
    unchecked += (Unchecked(name, why) for name, why in bad.items() if name not in faults)
    unchecked += (_left_out(one.passport) for one in made if one.passport is not None and one.passport.refused)
    judged = {name: one["nodeid"] for name, one in outcomes.items() if one["outcome"] in _JUDGED}
    return Assessment(
        ran, report, recordings, tuple(_without_cut_short(partial, observations, outcomes)), tuple(unchecked), judged
    )


def _shown(
    found: Iterable[Observation | Unchecked], ran: SuiteRun, baseline: Baseline
) -> Iterator[Observation | Unchecked]:
    """Redact the examples of the suite's report like a recording: a report shows people by their names."""
    redactor = Redactor("cassette", baseline.key or key_of(ran.request.cassettes))
    for one in found:
        if isinstance(one, Observation) and one.sample is not None:
            yield replace(one, sample=replace(one.sample, observed=redactor.seen(one.sample.observed)))
        else:
            yield one


def _other_sources(kinds: Iterable[str], baseline: Baseline) -> str:
    now, then = ("+".join(sorted(all_)) for all_ in (kinds, baseline.kinds))
    return (
        f"tonight's are from: {now}, those of the baseline from: {then}, so only the contract was compared with. "
        "Give each target a baseline of its own"
    )


def _left_out(passport: Passport) -> Unchecked:
    found = ", ".join(passport.refused)
    reason = f"it was compared, but is not among the cassettes: the leak scan has found in it: {found}"
    return Unchecked(f"the recording of {passport.test}", reason, decides=False)


def _was_refused(old: Recording | None) -> bool:
    return old is not None and bool(refused(old))


_JUDGED = frozenset({RuleState.HELD.value, RuleState.BROKEN.value})


def _explained(
    found: list[Observation | Unchecked], outcomes: Mapping[str, Mapping[str, Any]]
) -> Iterator[Observation | Unchecked]:
    """Replace the reason of a test without a recording by that in the suite's report."""
    for one in found:
        if isinstance(one, Unchecked) and one.reason == NOT_RECORDED:
            test = outcomes.get(one.subject)
            reason = test["reason"] if test else _NO_TEST
            yield Unchecked(one.subject, reason or NOT_RECORDED, decides=test is not None)
        else:
            yield one


def _without_cut_short(
    partial: Assessment, observations: list[Observation], outcomes: Mapping[str, Mapping[str, Any]]
) -> Iterator[Observation]:
    """Leave out the missing end of a recording whose test has failed: the failure says enough."""
    more = {
        name
        for one in observations
        if one.difference.origin is Origin.RECORDING and one.difference.kind not in _CUT_SHORT
        for name in partial.where(one)
    }
    for one in observations:
        cut = one.difference.kind in _CUT_SHORT and any(
            name in more and outcomes[name]["outcome"] == RuleState.BROKEN for name in partial.where(one)
        )
        if not cut:
            yield one
