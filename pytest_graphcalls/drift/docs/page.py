"""A reference page as its parts, each with the line it stands on.

The pages are Markdown with annotations: a comment before a block of code says in JSON what the block is, such as
``{"blockType": "request"}``. Only what is compared is read: headings, tables, fenced blocks and included files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_graphcalls.parsing import content

# Lines are matched without the blanks at their ends, and no part of a pattern can take what the next one wants:
# a line of a hundred thousand blanks or brackets is looked through once.
_HEADING = re.compile(r"(#{1,6})\s++(.*)")
_FENCE = re.compile(r"\s*+(`{3,}+|~{3,}+)\s*+([\w#+-]*)")
_INCLUDE = re.compile(r"\[!INCLUDE\s*+\[[^\[\]]*+\]\s*+\(([^()\s]++)\)\s*+\]", re.IGNORECASE)
_RULE = re.compile(r"\|?\s*+:?-++:?\s*+(?:\|\s*+:?-++:?\s*+)*+\|?")
_TAB = re.compile(r"\(#tab/")
_EXAMPLE = re.compile(r"example \d+", re.IGNORECASE)
_CELLS = re.compile(r"(?<!\\)\|")


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
        """What the annotation calls it: ``request``, ``response``, ``example``, ``ignored``, or ``""``."""
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


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        path: where it was read from.
        place: the same below the checkout, with ``/``, to be told.
        title: its first heading.
        blocks: its blocks of code, in order.
        tables: its tables, in order.
        includes: what it includes, in order.
        texts: the other lines with their numbers, by section.
    """

    path: Path
    place: str
    title: str
    blocks: tuple[Block, ...]
    tables: tuple[Table, ...]
    includes: tuple[Include, ...]
    texts: Mapping[str, tuple[tuple[int, str], ...]]

    @classmethod
    def read(cls, path: Path, root: Path) -> Page:
        """Read the page at ``path`` of the checkout ``root``.

        Raises:
            OSError: the file cannot be read.
        """
        # A character that is damaged costs a word, not the page.
        text = content(path).decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
        return _Reading(text).page(path, path.relative_to(root).as_posix())

    def at(self, line: int) -> str:
        """A line of it, to be looked up."""
        return f"{self.place}:{line}"

    def tables_of(self, *sections: str) -> Iterator[Table]:
        """The tables below these headings."""
        return (table for table in self.tables if table.section in sections)


class _Reading:
    """Goes through the lines once."""

    def __init__(self, text: str) -> None:
        # Not splitlines: it counts form feeds and the like, which no editor does.
        self._lines = text.split("\n")
        self._section = self._title = ""
        self._example = "example"
        self._notes: Mapping[str, Any] = {}
        self._blocks: list[Block] = []
        self._tables: list[Table] = []
        self._includes: list[Include] = []
        self._texts: dict[str, list[tuple[int, str]]] = {}

    def page(self, path: Path, place: str) -> Page:
        at = 0
        while at < len(self._lines):
            at = self._step(at)
        texts = {section: tuple(lines) for section, lines in self._texts.items()}
        return Page(path, place, self._title, tuple(self._blocks), tuple(self._tables), tuple(self._includes), texts)

    def _step(self, at: int) -> int:
        """Read what begins at line ``at``; gives the line after it."""
        line = self._lines[at]
        if "<!--" in line:
            return self._comment(at)
        if fence := _FENCE.match(line):
            return self._block(at, fence.group(1), fence.group(2))
        if "|" in line and at + 1 < len(self._lines) and _RULE.fullmatch(self._lines[at + 1].strip()):
            return self._table(at)
        self._line(at, line)
        return at + 1

    def _line(self, at: int, line: str) -> None:
        heading = _HEADING.fullmatch(line.rstrip())
        if heading is None:
            if include := _INCLUDE.search(line):
                self._includes.append(Include(at + 1, self._section, include.group(1)))
            if line.strip():
                self._texts.setdefault(self._section, []).append((at + 1, line))
            return
        level, words = len(heading.group(1)), heading.group(2).rstrip("#").rstrip() or heading.group(2)
        if level == 1 and not _TAB.search(words):
            self._title = self._title or words
        elif level == 2:
            self._section, self._example = words.lower(), "example"
        if numbered := _EXAMPLE.match(words):
            self._example = numbered.group().lower()
        self._notes = self._notes if _TAB.search(words) else {}

    def _comment(self, at: int) -> int:
        end = at
        while "-->" not in self._lines[end] and end + 1 < len(self._lines):
            end += 1
        text = "\n".join(self._lines[at : end + 1]).partition("<!--")[2].partition("-->")[0]
        try:
            notes = json.loads(text)
        except (ValueError, RecursionError):
            notes = None  # a remark to other writers
        if isinstance(notes, dict):
            self._notes = notes
        return end + 1

    def _block(self, at: int, fence: str, language: str) -> int:
        end = at + 1
        while end < len(self._lines) and not self._lines[end].strip().startswith(fence):
            end += 1
        text = "\n".join(self._lines[at + 1 : end])
        self._blocks.append(Block(at + 2, language.lower(), text, self._notes, self._section, self._example))
        self._notes = {}
        return end + 1

    def _table(self, at: int) -> int:
        head = tuple(cell.lower() for cell in _cells(self._lines[at]))
        end = at + 2
        rows = []
        while end < len(self._lines) and "|" in self._lines[end]:
            rows.append(Row(end + 1, _cells(self._lines[end])))
            end += 1
        self._tables.append(Table(self._section, head, tuple(rows)))
        return end


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in _CELLS.split(line.strip().removeprefix("|").removesuffix("|")))
