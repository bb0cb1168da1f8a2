"""The outcome of a night, decided from its differences, acceptances, repetitions and what could not be compared.

The rules of this module:

1. A difference that too few runs reproduce is flaky, one in the file of accepted differences is accepted; neither
   counts.
2. A notice never counts. Of the rest, the most severe one decides.
3. A breaking or behavioural difference is reported even if other comparisons failed. "No drift" and "additive" are
   not, as long as a comparison that counts was not possible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pytest_graphcalls.drift.difference import Severity
from pytest_graphcalls.drift.model import Acceptance, Entry, Observation, Outcome, Status, Unchecked

_WEIGHT = tuple(Severity)
"""Severities, the least severe first."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One difference of tonight, with the number of runs that have reproduced it.

    Attributes:
        observation: its first occurrence.
        places: everywhere it was seen.
        reproduced: number of runs that have seen it.
        runs: number of runs that have looked for it.
        first: whether the first run has seen it. Later runs start from the state that the first one has changed, so
            a difference that only they see is no difference between two nights.
    """

    observation: Observation
    places: tuple[str, ...]
    reproduced: int = 1
    runs: int = 1
    first: bool = True


@dataclass(frozen=True, slots=True)
class PastNights:
    """The earlier nights of a difference, from the history.

    Attributes:
        first_seen: the first night; timezone-aware.
        count: number of nights it was seen in, without tonight.
    """

    first_seen: datetime
    count: int


def sightings(runs: Sequence[Iterable[Observation]]) -> tuple[Sighting, ...]:
    """Count in how many runs each difference occurs.

    Args:
        runs: the observations of each run; all runs have compared the same tests.

    Returns:
        One sighting for each fingerprint, in the order in which they were first seen.
    """
    first: dict[str, Observation] = {}
    places: dict[str, dict[str, None]] = {}
    seen_in: dict[str, set[int]] = {}
    for number, run in enumerate(runs):
        for observation in run:
            fingerprint = observation.difference.fingerprint
            first.setdefault(fingerprint, observation)
            places.setdefault(fingerprint, {})[observation.difference.place] = None
            seen_in.setdefault(fingerprint, set()).add(number)
    return tuple(
        Sighting(observation, tuple(filter(None, places[name])), len(seen_in[name]), len(runs), 0 in seen_in[name])
        for name, observation in first.items()
    )


def entries(
    seen: Iterable[Sighting],
    acceptances: Mapping[str, Acceptance],
    earlier: Mapping[str, PastNights],
    tonight: datetime,
    needed: int = 1,
) -> tuple[Entry, ...]:
    """The differences of a night, each with its status and history.

    Args:
        seen: one sighting for each fingerprint.
        acceptances: by fingerprint.
        earlier: the earlier nights, by fingerprint.
        tonight: start of the night; timezone-aware.
        needed: number of runs that have to reproduce a difference; all of them, where there were fewer.

    Returns:
        The most severe first, then by fingerprint.
    """

    def entry(one: Sighting) -> Entry:
        difference = one.observation.difference
        acceptance, known = acceptances.get(difference.fingerprint), earlier.get(difference.fingerprint)
        # A clock that was set back must not put the first night behind the last one.
        first, count = (min(known.first_seen, tonight), known.count + 1) if known else (tonight, 1)
        status = _status(one, acceptance, known, tonight, needed)
        runs, sample = (one.reproduced, one.runs), one.observation.sample
        return Entry(difference, status, one.places, first, tonight, count, runs, acceptance, sample)

    return tuple(sorted(map(entry, seen), key=lambda one: (-_weight(one), one.difference.fingerprint)))


def _weight(entry: Entry) -> int:
    return _WEIGHT.index(entry.difference.severity)


def _status(
    one: Sighting, acceptance: Acceptance | None, known: PastNights | None, tonight: datetime, needed: int
) -> Status:
    expired = acceptance is not None and is_expired(acceptance, tonight)
    if acceptance is not None and not expired:
        return Status.ACCEPTED
    if not one.first or one.reproduced < min(needed, one.runs):
        return Status.FLAKY
    if expired:
        return Status.EXPIRED
    return Status.KNOWN if known else Status.NEW


def is_expired(acceptance: Acceptance, now: datetime) -> bool:
    """Whether the last day on which an acceptance holds has passed.

    Args:
        acceptance: the acceptance.
        now: timezone-aware.
    """
    return acceptance.expires is not None and now.date() > acceptance.expires


def unobserved(acceptances: Mapping[str, Acceptance], seen: Iterable[Entry]) -> tuple[Acceptance, ...]:
    """Acceptances whose difference was not seen tonight, sorted by fingerprint.

    Args:
        acceptances: by fingerprint.
        seen: the entries of tonight.
    """
    needed = {one.difference.fingerprint for one in seen}
    return tuple(acceptances[name] for name in sorted(acceptances.keys() - needed))


def outcome(seen: Iterable[Entry], unchecked: Iterable[Unchecked]) -> Outcome:
    """The outcome of a night.

    Args:
        seen: its differences.
        unchecked: what could not be compared.
    """
    return outcome_of_severities({one.difference.severity for one in seen if one.status.decides}, unchecked)


def outcome_of_severities(severities: Collection[Severity], unchecked: Iterable[Unchecked]) -> Outcome:
    """The outcome for a set of severities: breaking and behavioural ones outweigh a gap, which outweighs the rest.

    Args:
        severities: of the differences that count.
        unchecked: what could not be compared.
    """
    for severity in (Severity.BREAKING, Severity.BEHAVIOURAL):
        if severity in severities:
            return Outcome(severity.value)
    if any(one.decides for one in unchecked):
        return Outcome.COULD_NOT_CHECK
    return Outcome.ADDITIVE if Severity.ADDITIVE in severities else Outcome.NO_DRIFT
