"""Which id of the one recording stands for which of the other."""

from __future__ import annotations

from pytest_graphcalls.drift.normalise import IdMap


def test_two_matched_ids_are_mapped_to_each_other() -> None:
    """Ids are mapped in any letter case."""
    ids = IdMap()
    assert ids.match("A-1", "x-1")
    assert ids.match("a-1", "X-1")
    assert (ids.after("A-1"), ids.before("X-1")) == ("x-1", "a-1")
    assert (ids.after("B"), ids.before("y")) == (None, None)


def test_a_mapped_id_matches_no_other_id() -> None:
    """This holds from either side, and the mapping is kept."""
    ids = IdMap()
    ids.match("a", "x")
    assert not ids.match("a", "y")
    assert not ids.match("b", "x")
    assert (ids.after("a"), ids.before("x")) == ("x", "a")
    assert (ids.after("b"), ids.before("y")) == (None, None)
    assert ids.match("b", "y")
