"""The outcome of a night, decided from its differences, acceptances, repetitions and what could not be compared.

The rules of this module:

1. A difference that too few runs reproduce is flaky, one in the file of accepted differences is accepted; neither
   counts.
2. A notice never counts. Of the rest, the most severe one decides.
3. A breaking or behavioural difference is reported even if other comparisons failed. "No drift" and "additive" are
   not, as long as a comparison that counts was not possible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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


def sightings(seen: Iterable[Observation]) -> tuple[Sighting, ...]:
    """One sighting for each fingerprint, in the order in which they were first seen; each was looked for once.

    Args:
        seen: what was observed.
    """
    groups: dict[str, list[Observation]] = {}
    for one in seen:
        groups.setdefault(one.difference.fingerprint, []).append(one)
    return tuple(
        Sighting(all_[0], tuple(dict.fromkeys(one.difference.place for one in all_ if one.difference.place)))
        for all_ in groups.values()
    )


def entries(
    seen: Iterable[Sighting],
    acceptances: Mapping[str, Acceptance],
    earlier: Mapping[str, Entry],
    tonight: datetime,
    needed: int = 1,
) -> tuple[Entry, ...]:
    """The differences of a night, each with its status and history.

    Args:
        seen: one sighting for each fingerprint.
        acceptances: by fingerprint.
        earlier: by fingerprint, what the history knows of differences of earlier nights.
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
    one: Sighting, acceptance: Acceptance | None, known: Entry | None, tonight: datetime, needed: int
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
