"""Dataclasses from plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """A set is not among the values of JSON, and no report holds one."""
    tree = Tree((Leaf("a"),), trunk=Leaf("b"), notes={"x": ("y",)}, anything=Colour.RED)
    assert plain(tree) | {"colours": None} == {**WHOLE, "anything": "red", "colours": None}


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
