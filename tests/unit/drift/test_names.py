"""Which id of the one recording stands for which of the other."""

from __future__ import annotations

from pytest_graphcalls.drift.normalise import Names


def test_two_ids_that_have_met_stand_for_one_another() -> None:
    """In whatever letter case they are written."""
    names = Names()
    assert names.meet("A-1", "x-1")
    assert names.meet("a-1", "X-1")
    assert (names.after("A-1"), names.before("X-1")) == ("x-1", "a-1")
    assert (names.after("B"), names.before("y")) == (None, None)


def test_an_id_that_is_taken_meets_nobody_else() -> None:
    """From either side; and what was known stays."""
    names = Names()
    names.meet("a", "x")
    assert not names.meet("a", "y")
    assert not names.meet("b", "x")
    assert (names.after("a"), names.before("x")) == ("x", "a")
    assert (names.after("b"), names.before("y")) == (None, None)
    assert names.meet("b", "y")
