"""A reference page as its parts, and what it states in them: each with the line it stands on.

The pages are Markdown with annotations: a comment before a block of code says in JSON what the block is, such as
``{"blockType": "request"}``. Only what is compared is kept: tables, fenced blocks, texts and included files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
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


_ROUTE = re.compile(r"^\s*(GET|POST|PUT|PATCH|DELETE)\s+(\S+)", re.IGNORECASE)
_HOST = re.compile(r"^https?://[^/]+/(?:v1\.0|beta)(?=/)", re.IGNORECASE)
_KEY = re.compile(r"\{[^{}]*\}|<[^<>]*>")
_NAME = re.compile(r"\b[A-Z]\w*(?:\.\w+){1,3}\b")
_STATUS = re.compile(r"`?\b([1-5]\d\d)\b(?:,?\s+[A-Z]\w+|`)")
_LINK = re.compile(r"\[([^\[\]]++)\]\([^()]*+\)")
_VALUES = re.compile(r"`([A-Za-z]\w*)`")
_VALUES_FOLLOW = re.compile(r"possible values?(?: are)?\s*:?", re.IGNORECASE)
REQUEST, RESPONSE, PERMISSIONS, REQUEST_BODY = "http request", "response", "permissions", "request body"
"""The headings that pages have, in small letters."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One thing that a page states, and the line it stands on."""

    what: str
    line: int


@dataclass(frozen=True, slots=True)
class Permission:
    """A name in a table of permissions.

    Attributes:
        name: as it is printed.
        delegated: whether it is in a row of delegated permissions instead of application permissions.
        place: page, or included file, and line.
    """

    name: str
    delegated: bool
    place: str


@dataclass(frozen=True, slots=True)
class Documented:
    """A member or a parameter in a table.

    Attributes:
        name: its name.
        types: the types that its column names, without links; several where it may be one of them.
        collection: whether it is a list of that.
        values: the values that its description lists.
        line: where it stands.
        description: the text of its last column.
    """

    name: str
    types: tuple[str, ...]
    collection: bool
    values: tuple[str, ...]
    line: int
    description: str = ""


def routes(page: Page) -> Iterator[Stated]:
    """Methods and paths of the block below "HTTP request", keys left open: ``POST /communications/calls/{}/reject``."""
    for block in page.blocks:
        if block.section != REQUEST:
            continue
        for offset, line in enumerate(block.text.splitlines()):
            if found := _ROUTE.match(line):
                yield Stated(f"{found.group(1).upper()} {open_keys(found.group(2))}", block.line + offset)


def open_keys(path: str) -> str:
    """A path without host, version and query, its keys left open."""
    return _KEY.sub("{}", _HOST.sub("", path).partition("?")[0].rstrip("/"))


def statuses(page: Page) -> Iterator[Stated]:
    """The statuses of success that the text below "Response" names."""
    for line, text in page.texts.get(RESPONSE, ()):
        yield from (Stated(status, line) for status in _STATUS.findall(text) if status.startswith("2"))


def permission_tables(page: Page, root: Path) -> Iterator[tuple[Page, Table] | Include]:
    """The tables of permissions, in the page or in files that it includes; an include that is not there as itself."""
    yield from ((page, table) for table in page.tables_of(PERMISSIONS) if _is_permissions(table))
    for include in page.includes:
        if include.section != PERMISSIONS:
            continue
        found = page.path.parent / include.target
        if not found.is_file() or root.resolve() not in found.resolve().parents:
            yield include
        else:
            other = Page.read(found.resolve(), root.resolve())
            yield from ((other, table) for table in other.tables if _is_permissions(table))


def permissions(page: Page, table: Table) -> Iterator[Permission]:
    """The names in a table of permissions, in the older layout (least to most) or the newer one (least, higher)."""
    for row in table.rows:
        if row.cells and row.cells[0]:
            sort = row.cells[0].lower()
            for name in _NAME.findall(" ".join(map(_unlinked, row.cells[1:]))):
                yield Permission(name, not sort.startswith("application"), page.at(row.line))


def _is_permissions(table: Table) -> bool:
    return bool(table.head) and table.head[0] == "permission type"


def documented(tables: Sequence[Table] | Iterator[Table]) -> Iterator[Documented]:
    """The members in tables whose columns are a name, a type and a description."""
    for table in tables:
        if len(table.head) >= 2 and table.head[0] in _NAME_HEADS and table.head[1] == "type":
            yield from filter(None, map(_documented, table.rows))


_NAME_HEADS = frozenset({"property", "parameter", "name", "relationship"})


def _documented(row: Row) -> Documented | None:
    name = _unlinked(row.cells[0]).strip("*`_ ")
    if len(row.cells) < 2 or not row.cells[1] or not re.fullmatch(r"[A-Za-z]\w*", name):
        return None
    column = row.cells[1]
    words = _unlinked(column).replace("`", "").replace("*", "")
    collection = bool(re.search(r"\bcollection\b", words, re.IGNORECASE))
    types = tuple(
        word.rpartition(".")[2] for word in re.findall(r"[A-Za-z][\w.]*", words) if word.lower() not in _NO_TYPE
    )
    description = row.cells[2] if len(row.cells) > 2 else ""
    listed = _VALUES_FOLLOW.split(description, maxsplit=1)
    values = tuple(_VALUES.findall(listed[1].partition(". ")[0])) if len(listed) > 1 else ()
    return Documented(name, types, collection, values, row.line, description)


_NO_TYPE = frozenset({"collection", "or", "of", "and", "a", "an", "the", "list"})


def _unlinked(text: str) -> str:
    return _LINK.sub(r"\1", text)


_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_WORDS |= {"twelve": 12, "fifteen": 15, "twenty": 20, "twenty-five": 25, "thirty": 30, "forty": 40, "forty-five": 45}
_WORDS |= {"fifty": 50, "sixty": 60, "ninety": 90}
_NUMBER = rf"(\d[\d,]*|{'|'.join(sorted(_WORDS, reverse=True))})\b"
_DURATION = re.compile(rf"\b{_NUMBER}(?:\s*(?:to|and|or|-)\s*{_NUMBER})?[\s-]+(second|minute|hour)s?\b", re.IGNORECASE)
_LIMIT = (
    r"\b(?:max(?:imum)?|min(?:imum)?|up to|at most|at least|(?:no|not) more than|limit(?:ed)?|between)\b[^\d.]{0,60}?"
    rf"\b{_NUMBER}(?:\s*(?:to|and|-)\s*{_NUMBER})?"
)


_NOUNS = {"participants": "participants|invitees"}
"""By parameter: what else its entries are called."""


def durations(text: str) -> Iterator[tuple[int, str]]:
    """The durations in a line: number and unit, ``(45, "minute")``."""
    for *numbers, unit in _DURATION.findall(text):
        yield from ((_number(number), unit.lower()) for number in numbers if number)


def limits(text: str, noun: str = "") -> Iterator[int]:
    """The numbers in a line that are called a limit, in digits or in words.

    Args:
        text: the line.
        noun: what has to be counted by them, e.g. ``participants``; ``""`` for whatever it is.
    """
    counted = rf"\s+(?:\w+\s+){{0,2}}?(?:{_NOUNS.get(noun, re.escape(noun))})\b" if noun else ""
    for numbers in re.findall(f"{_LIMIT}{counted}", text, re.IGNORECASE):
        yield from (_number(number) for number in numbers if number)


def _number(text: str) -> int:
    return _WORDS.get(text.lower()) or int(text.replace(",", ""))
