"""Dataclasses from plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pytest

from pytest_graphcalls.records import made, plain


class Colour(StrEnum):
    """An enumeration."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A dataclass inside of a dataclass."""

    name: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A dataclass with a field of every sort."""

    leaves: tuple[Leaf, ...]
    colours: frozenset[Colour] = frozenset()
    trunk: Leaf | None = None
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    anything: Any = None


WHOLE = {"leaves": [{"name": "a"}], "trunk": {"name": "b"}, "notes": {"x": ["y"]}, "anything": [1]}


def test_each_member_is_read_as_its_annotation_says() -> None:
    """Lists become tuples, mappings the dataclass that is named; what is not there has its default."""
    tree = made(Tree, WHOLE)
    assert tree == Tree((Leaf("a"),), trunk=Leaf("b"), notes={"x": ("y",)}, anything=[1])
    assert made(Tree, {"leaves": [], "colours": ["red"]}).colours == {Colour.RED}


def test_a_dataclass_becomes_plain_json() -> None:
    """What is in it becomes plain as well."""
    tree = Tree((Leaf("a"),), trunk=Leaf("b"), notes={"x": ("y",)}, anything=Colour.RED)
    assert plain(tree) == {**WHOLE, "anything": "red", "colours": []}


def test_sets_are_sorted_and_times_are_texts() -> None:
    """Two writings of one value are the same text."""
    assert plain({"b": frozenset({"y", "x"}), "at": datetime(2027, 1, 31, tzinfo=UTC)}) == {
        "b": ["x", "y"],
        "at": "2027-01-31T00:00:00+00:00",
    }


def test_a_mapping_that_was_read_cannot_be_changed() -> None:
    """Values of the contract are shared by all tests of a process."""
    notes: Any = made(Tree, WHOLE).notes
    with pytest.raises(TypeError):
        notes["z"] = ()


def test_known_fields_are_not_read_from_the_data() -> None:
    """Members of other names are passed over."""
    assert made(Leaf, {"name": 5, "other": 6}, name="c") == Leaf("c")


@pytest.mark.parametrize(("data", "error"), [({}, TypeError), ({"leaves": [], "colours": ["blue"]}, ValueError)])
def test_a_missing_or_unknown_value_is_an_error(data: dict[str, Any], error: type[Exception]) -> None:
    """A field without a default has to be given, and an enumeration has no other values."""
    with pytest.raises(error):
        made(Tree, data)


@dataclass(frozen=True, slots=True)
class Stay:
    """Two days, the second of which may be open."""

    since: date
    until: date | None = None


def test_days_are_read_and_written_in_iso_8601() -> None:
    """One that is open is null."""
    assert made(Stay, {"since": "2027-01-31", "until": None}) == Stay(date(2027, 1, 31))
    assert plain(Stay(date(2027, 1, 31))) == {"since": "2027-01-31", "until": None}
