"""Every drift gives its outcome and kind, and a night without drift gives none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from pytest_graphcalls.drift import Outcome
from tests.proof.nights.drifts import TABLE
from tests.proof.nights.nights import Nights

MODULES = tuple(sorted({module for drift in TABLE for module in drift.modules}))


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    with Nights(tmp_path_factory.mktemp("nights"), ("v1.0",), MODULES) as nights:
        yield nights


def test_the_table_is_long_enough() -> None:
    """There are drifts of every outcome, each with a name of its own."""
    assert len(TABLE) >= 30
    assert {drift.outcome for drift in TABLE} == set(Outcome)
    assert max(Counter(drift.name for drift in TABLE).values()) == 1


@pytest.mark.parametrize("number", range(len(TABLE)), ids=[drift.name for drift in TABLE])
def test_a_drift_gives_its_outcome(number: int, nights: Nights) -> None:
    """A night on a simulator that drifts comes to what the table says."""
    result = nights.drifting(number)
    assert result.fits, (result.wanted, result.verdict.outcome, result.kinds, result.verdict.unchecked)


@pytest.mark.parametrize("number", range(1, 6))
def test_a_night_without_drift_gives_no_alarm(number: int, nights: Nights) -> None:
    """Other ids and another clock are no difference; ``python -m tests.proof.nights`` looks at a hundred nights."""
    result = nights.clean(number, MODULES[number % len(MODULES) :][:2])
    assert result.fits, (result.verdict.outcome, result.kinds)
