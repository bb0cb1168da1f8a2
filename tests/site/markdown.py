"""Markdown made of values: tables, escaped cells, and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator

WIDEST = 100
"""A call that is longer is shown with one parameter on each line."""
_ROLE = re.compile(r":\w+:`(?:[^`<]*<)?~?\.?([^`>]+)>?`")
_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):\n", re.MULTILINE)
_ENTRY = re.compile(r"^    (\*{0,2}\w+): ", re.MULTILINE)
_TITLES = {"Args": "Parameters", "Attributes": "Attributes", "Raises": "Raises", "Returns": "Returns"}


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; its cells are Markdown."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cell(text) for text in line)} |" for line in lines)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of names and values; a name without a value is left out."""
    return "\n".join(f"- **{name}**: {cell(value)}" for name, value in pairs if value)


def cell(text: str) -> str:
    """Markdown that fits into a cell of a table: on one line, without bars."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Inline code; with two backticks where the text has one, and nothing for no text."""
    shown = str(text)
    if not shown:
        return ""
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def codes(texts: Iterable[object], between: str = ", ") -> str:
    """Several pieces of inline code."""
    return between.join(code(text) for text in texts)


def plain(text: str) -> str:
    """A text of the contract in which Markdown finds no marks of its own."""
    return re.sub(r"([*_<>\[\]$|])", r"\\\1", text)


def prose(docstring: str) -> str:
    """Text of a docstring as Markdown: roles and literals become inline code."""
    return _ROLE.sub(r"`\1`", docstring).replace("``", "`")


def summary(thing: object) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join(prose((inspect.getdoc(thing) or "").partition("\n\n")[0]).split())


def documentation(thing: object) -> str:
    """A whole docstring as Markdown, with its sections as lists."""
    return sections(inspect.getdoc(thing) or "")


def sections(docstring: str) -> str:
    """A docstring in Google's style as Markdown."""
    text, *pairs = _SECTION.split(docstring)
    written = [prose(text).strip()]
    for name, body in zip(pairs[::2], pairs[1::2], strict=True):
        written.append(f"{_TITLES.get(name, name)}:\n\n{_entries(body)}")
    return "\n\n".join(filter(None, written))


def _entries(body: str) -> str:
    first, *pairs = _ENTRY.split(body)
    if not pairs:
        return prose(" ".join(first.split()))
    entries = zip(pairs[::2], pairs[1::2], strict=True)
    return "\n".join(f"- `{name}`: {prose(' '.join(text.split()))}" for name, text in entries)


def signature(function: object, name: str) -> str:
    """How a function or method is called: without ``self`` and annotations, functions as defaults by their names."""
    taken = inspect.signature(function).parameters.values()  # type: ignore[arg-type]  # callers hand functions over
    shown = [_parameter(one) for one in taken if one.name != "self"]
    given = [str(one) for one in _written(shown)]
    on_one_line = f"{name}({', '.join(given)})"
    return (
        on_one_line if len(on_one_line) <= WIDEST else "\n".join((f"{name}(", *(f"    {one}," for one in given), ")"))
    )


def _written(parameters: list[inspect.Parameter]) -> Iterator[object]:
    """The parameters, with the star before those that are given by name only."""
    for before, one in zip([None, *parameters], parameters, strict=False):
        if one.kind is one.KEYWORD_ONLY and (before is None or before.kind is not one.KEYWORD_ONLY):
            yield "*"
        yield one


def _parameter(one: inspect.Parameter) -> inspect.Parameter:
    default = _Named(one.default.__name__) if inspect.isfunction(one.default) else one.default
    return one.replace(annotation=one.empty, default=default)


class _Named(str):
    """A text that is shown without quotes."""

    __slots__ = ()
    __repr__ = str.__str__
