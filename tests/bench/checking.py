"""Checking one exchange, beside the two bare schema validations that it cannot do without."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.contract.schema import Schemas
from pytest_graphcalls.findings import Side
from tests.bench.measure import Figure, at_most, in_turns, ratio
from tests.unit.contract import exchanges as make


def figures() -> Iterator[Figure]:
    """One invitation of three people, 1.5 kB together, without a finding."""
    contract = Contract.packaged()
    people = [make.user(str(number)) for number in range(3)]
    response = make.answer(200, make.operation(participants=people, clientContext="x"), make.LOCATION)
    exchange = make.invite({"participants": people, "clientContext": "x"}, response)
    sent, got = exchange.request.json(), exchange.response.json()
    model = contract.types("v1.0")
    request = Schemas(model, Side.REQUEST).validator("action:invite")
    answer = Schemas(model, Side.RESPONSE).validator("inviteParticipantsOperation")
    assert contract.check(exchange) == ()

    def bare() -> None:
        assert not [*request.iter_errors(sent), *answer.iter_errors(got)]

    times = in_turns({"bare": bare, "check": lambda: contract.check(exchange)}, times=60)
    size = len(exchange.request.body) + len(exchange.response.body)
    yield Figure("one exchange checked", f"{statistics.median(times['check']) * 1e6:.0f} us", f"({size} bytes)")
    yield at_most("  over two bare compiled jsonschema validations", ratio(times["check"], times["bare"]), 0.2)
