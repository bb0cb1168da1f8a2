"""Whether a cassette still fits the contract, by what is noted in its passport."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Kind, Passport
from pytest_graphcalls.contract import Contract

CONTRACT = Contract.packaged()
READS = {"call-get": CONTRACT.operation_revision("call-get")}
OF_0_1_0 = Path(__file__).parent / "made_by_0.1.0.yaml"
"""A cassette as version 0.1.0 has written it: with the revision of the whole contract."""


def passport(**facts: object) -> Passport:
    return replace(Passport(datetime(2026, 1, 1, tzinfo=UTC), Kind.LIVE, ("v1.0",)), **facts)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("facts", "fits"),
    [
        ({"operations": READS}, True),
        ({"operations": {**READS, "participant-delete": "0123456789ab"}}, False),
        ({"operations": {"call-dance": "0123456789ab"}}, False),
        ({"contract": CONTRACT.revision}, True),
        ({"contract": "7abc519dc239"}, False),
        ({}, True),
    ],
    ids=["the operations", "one has changed", "one is unknown", "the contract", "another contract", "nothing noted"],
)
def test_a_passport_fits_the_contract_it_was_recorded_for(facts: dict[str, object], fits: bool) -> None:
    """Of the operations that were used where they are noted, else as a whole."""
    assert passport(**facts).fits(CONTRACT) is fits


def test_a_cassette_of_version_0_1_0_can_be_read() -> None:
    """Passport, exchanges and digest of such a cassette are read."""
    found = cassette.opened(OF_0_1_0)
    assert found.passport is not None
    assert (found.passport.contract, found.passport.operations) == ("7abc519dc239", {})
    assert not found.edited
    assert [one.response.status for one in found.exchanges()] == [201, 200, 204]
