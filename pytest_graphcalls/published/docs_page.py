"""A reference page as its parts, each with the line it stands on.

The pages are Markdown with annotations: a comment before a block of code says in JSON what the block is, such as
``{"blockType": "request"}``. Only what is compared is kept: tables, fenced blocks, texts and included files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.parsing import content

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_INCLUDE = re.compile(r"\[!INCLUDE\s*+\[[^\[\]]*+\]\s*+\(([^()\s]++)\)\s*+\]", re.IGNORECASE)
_TAB = re.compile(r"\(#tab/")
_EXAMPLE = re.compile(r"example \d+", re.IGNORECASE)
_LARGEST = 2**20
"""Bytes of the largest page; the published ones have at most a tenth of that."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code.

    Attributes:
        line: of its first line of text, from 1.
        language: the word after the fence, in small letters.
        text: what stands in it.
        notes: the annotation before it; empty without one.
        section: the heading of second level above it, in small letters.
        example: the example that it is part of, ``example 2``, or ``example`` on a page with one.
    """

    line: int
    language: str
    text: str
    notes: Mapping[str, Any]
    section: str
    example: str = "example"

    @property
    def sort(self) -> str:
        """The block type of the annotation: ``request``, ``response``, ``example``, ``ignored``, or ``""``."""
        return str(self.notes.get("blockType", ""))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its line, and its cells without white space around them."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its head in small letters, and its rows."""

    section: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Include:
    """A file that a page includes, as it is written there."""

    line: int
    section: str
    target: str


@dataclass(slots=True)
class Page:
    """One page.

    Attributes:
        path: where it was read from.
        place: the path below the checkout, with ``/``, for messages.
        blocks: its blocks of code, in order.
        tables: its tables, in order.
        includes: what it includes, in order.
        texts: the lines of its paragraphs with their numbers, by section.
    """

    path: Path
    place: str
    blocks: list[Block] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    texts: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, root: Path) -> Page:
        """Read the page at ``path`` of the checkout ``root``.

        Raises:
            OSError: the file cannot be read.
        """
        # A character that is damaged costs a word, not the page.
        text = content(path, _LARGEST).decode("utf-8-sig", "replace")
        page = cls(path, path.relative_to(root).as_posix())
        page._fill(text)
        return page

    def at(self, line: int) -> str:
        """The address of a line of the page."""
        return f"{self.place}:{line}"

    def tables_of(self, *sections: str) -> Iterator[Table]:
        """The tables below these headings."""
        return (table for table in self.tables if table.section in sections)

    def lines(self) -> Iterator[tuple[int, str]]:
        """The lines of all paragraphs with their numbers."""
        for lines in self.texts.values():
            yield from lines

    def _fill(self, text: str) -> None:
        section, example, container = "", "example", ""
        notes: Mapping[str, Any] = {}
        rows: list[Row] = []
        cells: list[str] = []
        for token in _markdown().parse(text):
            line = token.map[0] + 1 if token.map else 0
            match token.type:
                case "table_open" | "heading_open":
                    container, rows = token.tag, []
                case "inline" if container == "table":
                    cells.append(token.content)
                case "tr_open":
                    cells = []
                    rows.append(Row(line, ()))
                case "tr_close":
                    rows[-1] = Row(rows[-1].line, tuple(cells))
                case "table_close":
                    head, *rest = rows
                    self.tables.append(Table(section, tuple(map(str.lower, head.cells)), tuple(rest)))
                    container = ""
                case "inline" if container:
                    if container == "h2":
                        section, example = token.content.lower(), "example"
                    if numbered := _EXAMPLE.match(token.content):
                        example = numbered.group().lower()
                    notes = notes if _TAB.search(token.content) else {}
                    container = ""
                case "inline":
                    self._texts(section, line, token.content)
                case "html_block":
                    notes = _annotation(token.content) or notes
                case "fence":
                    language = token.info.partition(" ")[0].lower()
                    text = token.content.removesuffix("\n")
                    self.blocks.append(Block(line + 1, language, text, notes, section, example))
                    notes = {}

    def _texts(self, section: str, first: int, text: str) -> None:
        for line, words in enumerate(text.split("\n"), first):
            self.texts.setdefault(section, []).append((line, words))
            if include := _INCLUDE.search(words):
                self.includes.append(Include(line, section, include.group(1)))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # What stands inside a line is looked for in few places; an underlined heading would be the metadata on top.
    return MarkdownIt("commonmark").enable("table").disable(["inline", "lheading", "code", "reference"])


def _annotation(comment: str) -> Mapping[str, Any]:
    """The JSON object in a comment; empty for a remark to other writers."""
    try:
        notes = json.loads(comment.partition("<!--")[2].partition("-->")[0])
    except (ValueError, RecursionError):
        return {}
    return notes if isinstance(notes, dict) else {}
