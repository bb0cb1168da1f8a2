"""What a night comes to: differences, how often they came again, what was accepted, and what could not be looked at.

The rules of this page:

1. What did not come again often enough is flaky, what was accepted is accepted; neither decides anything.
2. A notice never decides. Of the rest, the heaviest does.
3. Something that was seen to break is told, whatever could not be looked at. But "nothing new" and "no drift" cannot be
   said while something that decides was not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pytest_graphcalls.drift.difference import Severity
from pytest_graphcalls.drift.model import Acceptance, Entry, Met, Outcome, Standing, Unchecked

_WEIGHT = tuple(Severity)
"""Severities, the lightest first."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One difference, with how often it came tonight.

    Attributes:
        met: as it was first met.
        places: everywhere it was met.
        came: in how many runs.
        runs: how many looked for it.
        first: whether the first run met it. The later ones begin where that one has left things, so what they alone
            have met is no difference between two nights.
    """

    met: Met
    places: tuple[str, ...]
    came: int = 1
    runs: int = 1
    first: bool = True


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the history knows of a difference.

    Attributes:
        first_seen: the first night; aware.
        count: how many nights it was seen in, without tonight.
    """

    first_seen: datetime
    count: int


def sightings(runs: Sequence[Iterable[Met]]) -> tuple[Sighting, ...]:
    """Count the differences of runs that all looked at the same.

    Args:
        runs: what each of them has met.

    Returns:
        One sighting for each fingerprint, in the order in which they were first met.
    """
    first: dict[str, Met] = {}
    places: dict[str, dict[str, None]] = {}
    came: dict[str, set[int]] = {}
    for number, run in enumerate(runs):
        for met in run:
            fingerprint = met.difference.fingerprint
            first.setdefault(fingerprint, met)
            places.setdefault(fingerprint, {})[met.difference.place] = None
            came.setdefault(fingerprint, set()).add(number)
    return tuple(
        Sighting(met, tuple(filter(None, places[name])), len(came[name]), len(runs), 0 in came[name])
        for name, met in first.items()
    )


def entries(
    seen: Iterable[Sighting],
    acceptances: Mapping[str, Acceptance],
    earlier: Mapping[str, Earlier],
    tonight: datetime,
    needed: int = 1,
) -> tuple[Entry, ...]:
    """The differences of a night with what is known of them.

    Args:
        seen: what was met, a fingerprint once.
        acceptances: by fingerprint.
        earlier: what the history knows, by fingerprint.
        tonight: when; aware.
        needed: in how many runs a difference has to come to count; in all of them, where there were fewer.

    Returns:
        The heaviest first, then by fingerprint.
    """
    found = [_entry(one, acceptances, earlier, tonight, needed) for one in seen]
    return tuple(sorted(found, key=lambda one: (-_weight(one), one.difference.fingerprint)))


def _weight(entry: Entry) -> int:
    return _WEIGHT.index(entry.difference.severity)


def _entry(
    one: Sighting,
    acceptances: Mapping[str, Acceptance],
    earlier: Mapping[str, Earlier],
    tonight: datetime,
    needed: int,
) -> Entry:
    fingerprint = one.met.difference.fingerprint
    acceptance, known = acceptances.get(fingerprint), earlier.get(fingerprint)
    return Entry(
        one.met.difference,
        _standing(one, acceptance, known, tonight, needed),
        one.places,
        # A clock that was set back must not put the first night behind the last one.
        min(known.first_seen, tonight) if known else tonight,
        tonight,
        (known.count if known else 0) + 1,
        (one.came, one.runs),
        acceptance,
        one.met.sample,
    )


def _standing(
    one: Sighting, acceptance: Acceptance | None, known: Earlier | None, tonight: datetime, needed: int
) -> Standing:
    expired = acceptance is not None and is_expired(acceptance, tonight)
    if acceptance is not None and not expired:
        return Standing.ACCEPTED
    if not one.first or one.came < min(needed, one.runs):
        return Standing.FLAKY
    if expired:
        return Standing.EXPIRED
    return Standing.KNOWN if known else Standing.NEW


def is_expired(acceptance: Acceptance, now: datetime) -> bool:
    """Whether the last day on which an acceptance holds has passed.

    Args:
        acceptance: the acceptance.
        now: aware.
    """
    return acceptance.expires is not None and now.date() > acceptance.expires


def unobserved(acceptances: Mapping[str, Acceptance], seen: Iterable[Entry]) -> tuple[Acceptance, ...]:
    """Acceptances that nothing of tonight needs, by fingerprint.

    Args:
        acceptances: by fingerprint.
        seen: the entries of tonight.
    """
    needed = {one.difference.fingerprint for one in seen}
    return tuple(acceptances[name] for name in sorted(acceptances.keys() - needed))


def outcome(seen: Iterable[Entry], unchecked: Iterable[Unchecked]) -> Outcome:
    """What a night comes to, in one word.

    Args:
        seen: its differences.
        unchecked: what could not be looked at.
    """
    return weighed({one.difference.severity for one in seen if one.standing.decides}, unchecked)


def weighed(severities: Collection[Severity], unchecked: Iterable[Unchecked]) -> Outcome:
    """What differences and gaps come to: what breaks something outweighs a gap, which outweighs the rest.

    Args:
        severities: of the differences that decide.
        unchecked: what could not be looked at.
    """
    if Severity.BREAKING in severities:
        return Outcome.BREAKING
    if Severity.BEHAVIOURAL in severities:
        return Outcome.BEHAVIOURAL
    if any(one.decides for one in unchecked):
        return Outcome.COULD_NOT_CHECK
    return Outcome.ADDITIVE if Severity.ADDITIVE in severities else Outcome.NO_DRIFT
