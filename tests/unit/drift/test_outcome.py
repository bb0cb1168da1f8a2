"""What a night comes to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from pytest_graphcalls.drift import Acceptance, Difference, Entry, Kind, Origin, Outcome, Sample, Status, Unchecked
from pytest_graphcalls.drift.model import Observation
from pytest_graphcalls.drift.outcome import Sighting, entries, outcome, sightings, unobserved

TONIGHT = datetime(2026, 11, 27, 3, tzinfo=UTC)
YESTERDAY = TONIGHT - timedelta(days=1)


def observation(kind: Kind = Kind.MEMBER_GONE, where: str = "$.a", place: str = "here") -> Observation:
    """A difference and where it was seen."""
    return Observation(
        Difference(kind, Origin.RECORDING, "v1.0", "call-get", where, "'a'", place=place), Sample(where=where)
    )


def entry(kind: Kind, status: Status = Status.NEW) -> Entry:
    """A difference of tonight."""
    return Entry(observation(kind).difference, status, (), TONIGHT, TONIGHT)


ONE = observation()
NAME = ONE.difference.fingerprint


def past(first_seen: datetime, nights: int) -> Entry:
    """The difference as the history knows it."""
    return Entry(ONE.difference, Status.KNOWN, (), first_seen, first_seen, nights)


def accepted(expires: date | None = None) -> dict[str, Acceptance]:
    """An acceptance of the difference."""
    return {NAME: Acceptance(NAME, "known", date(2026, 1, 1), expires=expires)}


def only(
    sighting: Sighting,
    acceptances: dict[str, Acceptance] | None = None,
    earlier: dict[str, Entry] | None = None,
    needed: int = 1,
) -> Entry:
    """The one entry of a night."""
    (found,) = entries([sighting], acceptances or {}, earlier or {}, TONIGHT, needed)
    return found


def test_sightings_are_counted_by_fingerprint() -> None:
    """A difference in another test, or at another index, is the same."""
    first, again = observation(where="$.a[0]", place="t1"), observation(where="$.a[7]", place="t2")
    other = observation(Kind.MEMBER_NEW)
    assert sightings([first, again, other, again]) == (Sighting(first, ("t1", "t2")), Sighting(other, ("here",)))


@pytest.mark.parametrize(
    ("seen_in", "runs", "needed", "status"),
    [
        (1, 1, 1, Status.NEW),
        (3, 3, 3, Status.NEW),
        (2, 3, 2, Status.NEW),
        (1, 3, 2, Status.FLAKY),
        (2, 3, 3, Status.FLAKY),
        (1, 1, 3, Status.NEW),
        (1, 2, 3, Status.FLAKY),
    ],
)
def test_a_difference_that_is_not_repeated_is_flaky(seen_in: int, runs: int, needed: int, status: Status) -> None:
    """A difference has to be repeated as often as set, or in each run where there were fewer."""
    found = only(Sighting(ONE, ("here",), seen_in, runs), needed=needed)
    assert (found.status, found.repeated) == (status, (seen_in, runs))


@pytest.mark.parametrize(
    ("expires", "status"),
    [
        (None, Status.ACCEPTED),
        (TONIGHT.date(), Status.ACCEPTED),
        (TONIGHT.date() + timedelta(days=1), Status.ACCEPTED),
        (YESTERDAY.date(), Status.EXPIRED),
    ],
)
def test_an_acceptance_holds_to_the_end_of_its_last_day(expires: date | None, status: Status) -> None:
    """After its last day the difference decides again, and the expired acceptance is shown with it."""
    found = only(Sighting(ONE, ("here",)), accepted(expires))
    assert (found.status, found.acceptance) == (status, accepted(expires)[NAME])


def test_an_accepted_difference_is_not_flaky_and_an_expired_one_may_be() -> None:
    """An accepted difference is known; one that comes once in three runs still decides nothing."""
    once = Sighting(ONE, ("here",), 1, 3)
    assert only(once, accepted(), needed=2).status is Status.ACCEPTED
    assert only(once, accepted(YESTERDAY.date()), needed=2).status is Status.FLAKY


def test_the_history_is_carried_on() -> None:
    """First seen, last seen, in how many nights; new where there is none."""
    known = only(Sighting(ONE, ("here",)), earlier={NAME: past(YESTERDAY, 4)})
    new = only(Sighting(ONE, ("here",)))
    assert (known.status, known.first_seen, known.last_seen, known.count) == (Status.KNOWN, YESTERDAY, TONIGHT, 5)
    assert (new.status, new.first_seen, new.last_seen, new.count) == (Status.NEW, TONIGHT, TONIGHT, 1)


def test_a_clock_that_was_set_back_changes_no_order() -> None:
    """The first night is never behind the last one."""
    later = {NAME: past(TONIGHT + timedelta(days=3), 1)}
    assert only(Sighting(ONE, ("here",)), earlier=later).first_seen == TONIGHT


def test_the_heaviest_comes_first() -> None:
    """Equal severities are sorted by fingerprint, so that two nights have the same order."""
    kinds = [Kind.LATENCY_SHIFTED, Kind.MEMBER_NEW, Kind.STATUS_CHANGED, Kind.MEMBER_GONE, Kind.TYPE_CHANGED]
    found = entries([Sighting(observation(kind), ()) for kind in kinds], {}, {}, TONIGHT)
    severities = [one.difference.severity.value for one in found]
    assert severities == ["breaking", "breaking", "behavioural", "additive", "notice"]
    assert found[0].difference.fingerprint < found[1].difference.fingerprint


OUTAGE, LACKING = Unchecked("a", "503"), Unchecked("b", "no telephone", decides=False)


@pytest.mark.parametrize(
    ("kinds", "unchecked", "expected"),
    [
        ([], [], Outcome.NO_DRIFT),
        ([Kind.LATENCY_SHIFTED], [], Outcome.NO_DRIFT),
        ([Kind.MEMBER_NEW], [], Outcome.ADDITIVE),
        ([Kind.MEMBER_NEW, Kind.STATUS_CHANGED], [], Outcome.BEHAVIOURAL),
        ([Kind.MEMBER_NEW, Kind.STATUS_CHANGED, Kind.MEMBER_GONE], [], Outcome.BREAKING),
        ([], [LACKING], Outcome.NO_DRIFT),
        ([], [LACKING, OUTAGE], Outcome.COULD_NOT_CHECK),
        ([Kind.MEMBER_NEW], [OUTAGE], Outcome.COULD_NOT_CHECK),
        ([Kind.LATENCY_SHIFTED], [OUTAGE], Outcome.COULD_NOT_CHECK),
        ([Kind.STATUS_CHANGED], [OUTAGE], Outcome.BEHAVIOURAL),
        ([Kind.MEMBER_GONE], [OUTAGE], Outcome.BREAKING),
    ],
)
def test_the_heaviest_that_decides_is_the_outcome(
    kinds: list[Kind], unchecked: list[Unchecked], expected: Outcome
) -> None:
    """A breaking change is reported even when something could not be checked; lesser ones are not."""
    assert outcome(map(entry, kinds), unchecked) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.NEW, Outcome.BREAKING),
        (Status.KNOWN, Outcome.BREAKING),
        (Status.EXPIRED, Outcome.BREAKING),
        (Status.ACCEPTED, Outcome.NO_DRIFT),
        (Status.FLAKY, Outcome.NO_DRIFT),
    ],
)
def test_accepted_and_flaky_differences_decide_nothing(status: Status, expected: Outcome) -> None:
    """A difference of any severity that is accepted or flaky decides nothing."""
    assert outcome([entry(Kind.MEMBER_GONE, status)], []) is expected


def test_acceptances_that_nothing_needs_are_unobserved() -> None:
    """Acceptances of tonight's differences are needed, flaky ones included; others are unobserved."""
    other = Acceptance("000000000000", "outdated", date(2026, 1, 1))
    acceptances = {**accepted(), other.fingerprint: other}
    assert unobserved(acceptances, entries([Sighting(ONE, ())], {}, {}, TONIGHT)) == (other,)
