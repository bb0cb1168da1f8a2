"""Readers of JSON and YAML give what the standard library and PyYAML give, wherever the pieces of a file end."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from pytest_graphcalls import streaming
from pytest_graphcalls.parsing import UnreadableError
from pytest_graphcalls.streaming import Reader, YamlReader, reader_of
from tests.effort import examples

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=40,
)
DOCUMENTS = st.lists(VALUES) | st.dictionaries(TEXTS, VALUES)
PIECES = st.sampled_from([1, 7, 16, 100])


def reader(text: str, piece: int) -> Reader:
    streaming._PIECE = piece
    return reader_of(io.BytesIO(text.encode()))


def read_over(text: str, piece: int) -> None:
    found = reader(text, piece)
    found.skip()
    found.end()


def read_through(text: str, piece: int) -> None:
    found = reader(text, piece)
    found.value()
    found.end()


@pytest.fixture(autouse=True)
def _piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_PIECE", streaming._PIECE)


@examples(200)
@given(DOCUMENTS, PIECES, st.booleans())
def test_json_is_read_as_the_standard_library_reads_it(value: Any, piece: int, ascii_only: bool) -> None:
    """A file is read whole, member by member, or skipped, with equal values."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    whole, parts, skipped = (reader(text, piece) for _ in range(3))
    assert whole.value() == value
    whole.end()
    assert parts.kind() is type(value)
    if isinstance(value, dict):
        assert {name: parts.value() for name in parts.names()} == value
    else:
        assert [parts.value() for _ in parts.items()] == value
    parts.end()
    skipped.skip()
    skipped.end()


@examples(200)
@given(DOCUMENTS, PIECES, st.data())
def test_json_that_is_cut_is_never_read_to_an_end(value: Any, piece: int, data: st.DataObject) -> None:
    """A cut at any place is an error."""
    text = json.dumps(value)
    at = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(UnreadableError):
        read_over(text[:at], piece)


@examples(100)
@given(st.dictionaries(TEXTS, st.lists(TEXTS) | TEXTS | st.dictionaries(TEXTS, TEXTS)))
def test_yaml_is_read_as_pyyaml_reads_it(value: Any) -> None:
    """Texts here, because what a plain word stands for depends on who reads it."""
    text = yaml.dump(value, allow_unicode=True, default_style='"')
    whole, parts = YamlReader(io.BytesIO(text.encode())), YamlReader(io.BytesIO(text.encode()))
    assert whole.value() == value
    whole.end()
    assert list(dict.fromkeys(name for name in parts.names() if parts.skip() is None)) == list(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "line", "byte", "problem"),
    [
        ('{"a": 1,\n "é": nope}', 2, 16, "is not JSON: Expecting value."),
        ('{"a": 1,\n "b": 2', 2, 16, "ends in the middle; is it cut off?"),
        ('{"a": 1}\n{', 2, 9, "is not JSON: something follows its end."),
        ("a: é\nb: *c\n", 2, 9, "uses the alias *c; write the value out, an alias is not followed."),
        ("a: 1\n--- b\n", 2, 5, "is several documents of YAML; expected one."),
    ],
)
@pytest.mark.parametrize("piece", [1, 1000])
def test_an_error_says_where_it_is(text: str, line: int, byte: int, problem: str, piece: int) -> None:
    """The line from 1, and the place in bytes, whatever was read of the file before."""
    with pytest.raises(UnreadableError) as caught:
        read_through(text, piece)
    assert (caught.value.line, caught.value.byte, caught.value.problem) == (line, byte, problem)


@pytest.mark.parametrize("form", ['{{"a": "{}"}}', "a: {}\n"])
def test_one_value_is_not_larger_than_a_memory_should_hold(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value above the limit is an error, however large the file is."""
    monkeypatch.setattr(streaming, "LARGEST", 200_000)
    monkeypatch.setattr(streaming, "_PIECE", 10_000)
    for skipped in (False, True):
        large = reader_of(io.BytesIO(form.format("x" * 400_000).encode()))
        with pytest.raises(UnreadableError, match="has a value of more than 10 MB here"):
            large.skip() if skipped else large.value()
