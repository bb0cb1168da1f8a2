"""Repeats the tests in which a difference was seen, to tell a lasting difference from a flaky one.

A difference that the first run has not seen does not count: later runs start from the state in which that run has left
a sandbox. A place that differs in every run, with a different value each time, is one difference and not several flaky
ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from pytest_graphcalls.drift import Difference, Severity, Unchecked
from pytest_graphcalls.drift.model import Observation
from pytest_graphcalls.drift.outcome import Sighting
from pytest_graphcalls.findings import at_any_index
from pytest_graphcalls.nightly.assess import Assessment
from pytest_graphcalls.nightly.settings import Repetition

_ENOUGH = 3
"""How many tests are repeated for one difference that was seen in more."""
VARIES = " ".join(("another", "one", "in", "every", "run"))
"""The report of a place whose value differs in every run; part of stored verdicts and fingerprints."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The differences of a night after the repetitions.

    Attributes:
        seen: how often each was seen.
        unchecked: those that could not be repeated often enough.
        unsteady: fingerprints of those that were not seen often enough.
    """

    seen: tuple[Sighting, ...]
    unchecked: tuple[Unchecked, ...]
    unsteady: frozenset[str]


class _State(Enum):
    YES = auto()
    NO = auto()
    OPEN = auto()


def confirm(
    first: Assessment,
    repeat: Callable[[frozenset[str], int], Assessment | None],
    repetition: Repetition,
    accepted: Iterable[str] = (),
) -> tuple[Confirmed, Sequence[Assessment]]:
    """Repeat the tests in which a difference was seen, until each difference is known to last or to be flaky.

    Args:
        first: the whole run.
        repeat: repeats tests, by the names of their recordings; takes the number of the run, from 2. Gives ``None``
            when that run did not end.
        repetition: when a difference counts.
        accepted: fingerprints that are not repeated.

    Returns:
        The differences that remain, and every run.
    """
    assessments = [first]
    passed_over = frozenset(accepted)
    for number in range(2, repetition.runs + 1):
        tallies = _tallies(assessments, passed_over, repetition)
        left = repetition.runs - number + 1
        tests = frozenset(
            name
            for one in tallies.values()
            if one.suspect and one.state(repetition, left) is _State.OPEN
            for name in sorted(one.tests & first.tests.keys())[:_ENOUGH]
        )
        if not tests:
            break
        assessment = repeat(tests, number)
        if assessment is not None:
            assessments.append(assessment)
    return _summarised(_tallies(assessments, passed_over, repetition), repetition), assessments


@dataclass(slots=True)
class _Tally:
    """One difference over all runs."""

    observation: Observation
    suspect: bool
    places: dict[str, None] = field(default_factory=dict)
    tests: frozenset[str] = frozenset()
    numbers: set[int] = field(default_factory=set)
    runs: int = 0

    @property
    def reproduced(self) -> int:
        """In how many runs it was seen."""
        return len(self.numbers)

    def state(self, repetition: Repetition, left: int) -> _State:
        """The state of the difference, with ``left`` more runs to come."""
        if not self.suspect:
            return _State.YES
        if 0 not in self.numbers:
            return _State.NO
        if self.reproduced >= repetition.needed:
            return _State.YES
        return _State.OPEN if self.reproduced + left >= repetition.needed else _State.NO


def _tallies(
    assessments: Sequence[Assessment], passed_over: frozenset[str], repetition: Repetition
) -> Mapping[str, _Tally]:
    found: dict[str, _Tally] = {}
    for number, run in enumerate(assessments):
        for observation in run.observations:
            name = observation.difference.fingerprint
            tally = found.setdefault(name, _Tally(observation, _is_suspect(observation, name, passed_over)))
            tally.places[observation.difference.place] = None
            tally.tests |= run.where(observation)
            tally.numbers.add(number)
    found = {one.observation.difference.fingerprint: one for one in _with_varying(found.values(), repetition)}
    for tally in found.values():
        asked = {number for number, run in enumerate(assessments) if not tally.tests.isdisjoint(run.tests)}
        tally.runs = len(asked | tally.numbers)
    return found


def _with_varying(tallies: Iterable[_Tally], repetition: Repetition) -> Iterator[_Tally]:
    """Join the tallies of a place whose value differs in every run, if that was seen often enough."""
    spots: defaultdict[tuple[str, ...], list[_Tally]] = defaultdict(list)
    for one in tallies:
        spots[_spot(one.observation.difference)].append(one)
    for all_ in spots.values():
        varying = [one for one in all_ if one.suspect]
        numbers = set[int]().union(*(one.numbers for one in varying))
        if len(numbers) < repetition.needed or any(one.reproduced >= repetition.needed for one in varying):
            yield from all_
            continue
        first = varying[0].observation
        # Its fingerprint must not depend on the values, so that it is known again tomorrow.
        joined = _Tally(replace(first, difference=replace(first.difference, after=VARIES)), suspect=True)
        joined.numbers = numbers
        for one in varying:
            joined.places |= one.places
            joined.tests |= one.tests
        yield joined
        yield from (one for one in all_ if not one.suspect)


def _spot(one: Difference) -> tuple[str, ...]:
    return one.origin, one.kind, one.version, one.subject, at_any_index(one.where)


def _is_suspect(observation: Observation, fingerprint: str, passed_over: frozenset[str]) -> bool:
    decides = observation.difference.severity is not Severity.NOTICE
    return decides and bool(observation.difference.place) and fingerprint not in passed_over


def _summarised(tallies: Mapping[str, _Tally], repetition: Repetition) -> Confirmed:
    seen, unchecked, unsteady = [], [], set()
    for name, one in tallies.items():
        missing = repetition.runs - one.runs
        state = one.state(repetition, missing)
        if state is _State.OPEN:
            unsteady.add(name)
            reason = (
                f"it was seen in {one.reproduced} of {one.runs} runs, and could not be repeated as often as "
                f"{repetition.needed} of {repetition.runs} needs; run it again"
            )
            unchecked.append(Unchecked(str(one.observation.difference), reason))
            continue
        if state is _State.NO:
            unsteady.add(name)
        seen.append(
            Sighting(one.observation, tuple(filter(None, one.places)), one.reproduced, one.runs, 0 in one.numbers)
        )
    return Confirmed(tuple(seen), tuple(unchecked), frozenset(unsteady))
