"""Whether a difference comes again: its tests are run again, and only they."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from pytest_graphcalls.drift import Severity, Unchecked
from pytest_graphcalls.drift.deciding import Sighting
from pytest_graphcalls.drift.met import Met
from pytest_graphcalls.nightly.judging import Look
from pytest_graphcalls.nightly.settings import Repetition

_ENOUGH = 3
"""In how many of its tests a difference is looked for again, when it came in more."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What is left of the differences of a night.

    Attributes:
        seen: how often each came.
        unchecked: those that could not be asked about often enough.
        unsteady: fingerprints of those that did not come often enough.
    """

    seen: tuple[Sighting, ...]
    unchecked: tuple[Unchecked, ...]
    unsteady: frozenset[str]


class _State(Enum):
    YES = auto()
    NO = auto()
    OPEN = auto()


def confirm(
    first: Look,
    again: Callable[[frozenset[str], int], Look | None],
    repetition: Repetition,
    accepted: Iterable[str] = (),
) -> tuple[Confirmed, Sequence[Look]]:
    """Run the tests of what differs again, until it is known of each difference whether it comes again.

    Args:
        first: the whole run.
        again: runs tests again, by the names of their recordings; is told the number of the run, from 2. Gives
            ``None`` when that run did not come to its end.
        repetition: when a difference counts.
        accepted: fingerprints that nobody needs to ask about.

    Returns:
        What is left, and every run.
    """
    looks = [first]
    passed_over = frozenset(accepted)
    for number in range(2, repetition.runs + 1):
        tallies = _tallies(looks, passed_over)
        left = repetition.runs - number + 1
        tests = frozenset(
            name
            for one in tallies.values()
            if one.suspect and one.state(repetition, left) is _State.OPEN
            for name in sorted(one.tests & first.tests.keys())[:_ENOUGH]
        )
        if not tests:
            break
        look = again(tests, number)
        if look is not None:
            looks.append(look)
    return _settled(_tallies(looks, passed_over), repetition), looks


@dataclass(slots=True)
class _Tally:
    """One difference over all runs."""

    met: Met
    suspect: bool
    places: dict[str, None]
    tests: frozenset[str] = frozenset()
    came: int = 0
    runs: int = 0

    def state(self, repetition: Repetition, left: int) -> _State:
        """Whether it counts, with so many runs left to ask."""
        if not self.suspect or self.came >= repetition.needed:
            return _State.YES
        return _State.OPEN if self.came + left >= repetition.needed else _State.NO


def _tallies(looks: Sequence[Look], passed_over: frozenset[str]) -> Mapping[str, _Tally]:
    found: dict[str, _Tally] = {}
    came: dict[str, set[int]] = {}
    for number, look in enumerate(looks):
        for met in look.met:
            name = met.difference.fingerprint
            tally = found.setdefault(name, _Tally(met, _is_suspect(met, name, passed_over), {}))
            tally.places[met.difference.place] = None
            tally.tests |= look.where(met)
            came.setdefault(name, set()).add(number)
    for name, tally in found.items():
        tally.came = len(came[name])
        asked = {number for number, look in enumerate(looks) if not tally.tests.isdisjoint(look.tests)}
        tally.runs = len(asked | came[name])
    return found


def _is_suspect(met: Met, fingerprint: str, passed_over: frozenset[str]) -> bool:
    decides = met.difference.severity is not Severity.NOTICE
    return decides and bool(met.difference.place) and fingerprint not in passed_over


def _settled(tallies: Mapping[str, _Tally], repetition: Repetition) -> Confirmed:
    seen, unchecked, unsteady = [], [], set()
    for name, one in tallies.items():
        missing = repetition.runs - one.runs
        state = one.state(repetition, missing)
        if state is _State.OPEN:
            unsteady.add(name)
            reason = (
                f"it came in {one.came} of {one.runs} runs, and could not be asked for as often as "
                f"{repetition.needed} of {repetition.runs} needs; run it again"
            )
            unchecked.append(Unchecked(str(one.met.difference), reason))
            continue
        if state is _State.NO:
            unsteady.add(name)
        seen.append(Sighting(one.met, tuple(filter(None, one.places)), one.came, one.runs))
    return Confirmed(tuple(seen), tuple(unchecked), frozenset(unsteady))
