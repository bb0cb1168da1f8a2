"""Every promise about the shape of an answer can be broken, and is then found; an undamaged one gives no finding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, strategies as st

from pytest_graphcalls.contract import VERSIONS
from pytest_graphcalls.contract.schema import Schemas, problem_of
from pytest_graphcalls.findings import Finding, Side
from pytest_graphcalls.wire import Exchange
from tests.effort import examples
from tests.proof.damage import CONTRACT, JSON_SORTS, Damage, damages, harmless
from tests.proof.undamaged import CASES, undamaged

QUICK = examples(60)


@pytest.mark.parametrize("version", VERSIONS)
def test_one_success_of_every_operation_was_recorded(version: str) -> None:
    """An operation without a success would not be covered by the tests below."""
    assert sorted(undamaged(version)) == sorted(id for id, one in CASES if one == version)


@pytest.mark.parametrize(("operation", "version"), CASES)
def test_an_undamaged_exchange_has_no_findings(operation: str, version: str) -> None:
    """An exchange has no findings as it is, and with members in another order, left out or null where allowed."""
    exchange = undamaged(version)[operation]

    @QUICK
    @given(harmless(version, CONTRACT.operation(operation), exchange))
    def holds(variant: Exchange) -> None:
        assert CONTRACT.check(variant) == ()

    assert CONTRACT.check(exchange) == ()
    holds()


@pytest.mark.parametrize(("operation", "version"), CASES)
def test_every_damage_to_an_answer_is_found(operation: str, version: str) -> None:
    """Each damage is the right kind of finding, at the right place, with the right weight, for its operation."""
    exchange = undamaged(version)[operation]

    @QUICK
    @given(damages(version, CONTRACT.operation(operation), exchange))
    def found(damage: Damage) -> None:
        findings = CONTRACT.check(damage.exchange)
        assert any(is_it(finding, damage) for finding in findings), (damage.how, damage.where, findings)
        assert {(finding.operation, finding.version) for finding in findings} == {(operation, version)}

    found()


def is_it(finding: Finding, damage: Damage) -> bool:
    return (
        finding.kind in damage.kinds
        and finding.where == damage.where
        and finding.severity is damage.severity
        and finding.side is damage.side
    )


Steps = tuple[str | int, ...]
WITH_BODY = [case for case in CASES if any(spec.body for spec in CONTRACT.operation(case[0]).responses.values())]
ODD = [None, True, 0, -0.0, 1.0, 1.5, 2**31, 2**63, "", "a\n", "P1D\n", "#microsoft.graph.call", [], [None], {}]
"""What is easily taken for something else."""


def places(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """The places of values in a decoded body."""
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inside in pairs:
        yield (*steps, step)
        yield from places(inside, (*steps, step))


def put(body: Any, steps: Steps, value: Any) -> None:
    """Let ``value`` stand there, unless an earlier change has taken the place away."""
    with suppress(KeyError, IndexError, TypeError):
        for step in steps[:-1]:
            body = body[step]
        body[steps[-1]] = value


@pytest.mark.parametrize(("operation", "version"), WITH_BODY)
def test_the_fast_check_accepts_no_body_that_the_validator_rejects(operation: str, version: str) -> None:
    """Fast check and validator agree on any body; the fast check is for speed alone."""
    spec = next(spec for spec in CONTRACT.operation(operation).responses.values() if spec.body)
    root = f"collection:{spec.body}" if spec.collection else spec.body
    schemas = Schemas(CONTRACT.types(version), Side.RESPONSE)
    right = undamaged(version)[operation].response.json()

    anything = st.one_of(st.sampled_from(ODD), *JSON_SORTS.values())

    @examples(100)
    @given(st.lists(st.tuples(st.sampled_from(list(places(right))), anything), max_size=2))
    def agree(changes: list[tuple[Steps, Any]]) -> None:
        body = deepcopy(right)
        for steps, value in changes:
            put(body, steps, value)
        found = [(error.json_path, problem_of(error)) for error in schemas.validator(root).iter_errors(body)]
        assert [(error.json_path, problem_of(error)) for error in schemas.errors(root, body)] == found

    agree()
