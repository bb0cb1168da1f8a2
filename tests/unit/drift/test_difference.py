"""A difference and its fingerprint, which acceptances and histories of years rest on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_graphcalls.drift import SEVERITIES, Difference, Kind, Origin

ONE = Difference(
    Kind.VALUE_CHANGED, Origin.RECORDING, "v1.0", "call-get", "$.a[0].b", "null", "a text", "test 1", "page", "hint"
)


def test_a_fingerprint_never_changes() -> None:
    """What was accepted with an older version of this package stays accepted."""
    assert ONE.fingerprint == "40c01df62046"


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, place="test 2"),
        replace(ONE, page=""),
        replace(ONE, hint=""),
        replace(ONE, before="an id"),
        replace(ONE, where="$.a[7].b"),
        replace(ONE, where="$.a[].b"),
    ],
)
def test_what_changes_from_night_to_night_is_not_in_a_fingerprint(other: Difference) -> None:
    """The test, the index and the hint are not part of a fingerprint."""
    assert other.fingerprint == ONE.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, kind=Kind.TYPE_CHANGED),
        replace(ONE, origin=Origin.METADATA),
        replace(ONE, version="beta"),
        replace(ONE, subject="call-answer"),
        replace(ONE, where="$.a[0].c"),
        replace(ONE, after="null"),
    ],
)
def test_another_fact_is_another_difference(other: Difference) -> None:
    """What differs, where, and what is there now."""
    assert other.fingerprint != ONE.fingerprint


def test_every_kind_weighs_something() -> None:
    """The table has a row for each."""
    assert set(SEVERITIES) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_a_difference_comes_back_from_json(kind: Kind) -> None:
    """A difference read from JSON equals the written one."""
    one = replace(ONE, kind=kind)
    assert Difference.from_json(one.to_json()) == one
