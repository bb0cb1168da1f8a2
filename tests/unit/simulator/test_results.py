"""What the simulator says of an end, the contract can explain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.simulator import calls, incoming, invitations, people
from pytest_graphcalls.simulator.responses import Result


def results() -> Iterator[Result]:
    """Every ``resultInfo`` that the simulator has a name for."""
    for module in (calls, incoming, invitations):
        yield from (value for value in vars(module).values() if isinstance(value, Result))
    yield from people.RESULTS.values()


@pytest.mark.parametrize("pair", sorted({f"{one.code}/{one.subcode}" for one in results()}))
def test_every_simulated_result_is_in_the_catalogue(pair: str) -> None:
    """``graphcalls explain`` knows each of them."""
    assert pair in Contract.packaged().errors.results
