"""A reference page as its parts, each with the line it stands on.

The pages are Markdown with annotations: a comment before a block of code says in JSON what the block is, such as
``{"blockType": "request"}``. Only what is compared is read: headings, tables, fenced blocks and included files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.findings import Finding, Severity, Side
from pytest_graphcalls.findings import Kind as Sort
from pytest_graphcalls.parsing import UnreadableError, content, json_value
from pytest_graphcalls.wire import Exchange, Headers, MalformedJsonError, Request, Response, decode_json

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
        place: the path below the checkout, with ``/``, for messages.
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


_REQUEST_LINE = re.compile(r"^\s*(GET|POST|PUT|PATCH|DELETE)\s+(\S+)(?:\s+HTTP/[\d.]+)?\s*$", re.IGNORECASE)
_RESPONSE_LINE = re.compile(r"^\s*HTTP/[\d.]+\s+(\d{3})\b")
_HEADER = re.compile(r"^([\w-]+):\s*(.*)$")
_GRAPH = re.compile(r"https?://graph\.microsoft\.(?:com|us|de)(?=/)")
_ROOTS = ("/communications/", "/app/")
_POSTED = '"changeType"'
"""What every notification has, and nothing else on these pages."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response as a page prints it.

    Attributes:
        example: the example that it is part of.
        line: of the block's first line.
        body_line: where its body begins.
        body: the body, ``""`` for none.
        headers: its headers.
        method: of a request, else ``""``.
        target: what a request asks for, else ``""``.
        status: of a response, else 0.
        truncated: whether the page says that it left members out.
    """

    example: str
    line: int
    body_line: int
    body: str
    headers: Headers
    method: str = ""
    target: str = ""
    status: int = 0
    truncated: bool = False


def differences(page: Page, contract: Contract, subject: str, version: str, address: str) -> Iterator[Difference]:
    """What is wrong with the examples of ``page``.

    An example that is no JSON is ``example-invalid``; one that breaks the contract is ``example-broken``. What the
    contract tolerates by name, and what would be a mere notice on the wire, is passed over.

    Args:
        page: the page.
        contract: what it is judged by.
        subject: id of the operation that the page is about.
        version: ``v1.0`` or ``beta``.
        address: the page's address, for the differences.
    """
    judge = _Judge(page, contract, subject, version, address)
    asked: Message | None = None
    for block in page.blocks:
        message = _message(block)
        if message is None and asked is not None and _is_body(block, asked):
            # Some pages print the body of a request in a block of its own.
            asked = replace(asked, body=block.text, body_line=block.line)
        elif message is None:
            yield from judge.plain(block)
        elif message.method:
            if asked is not None:
                yield from judge.request(asked)
            asked = message
        else:
            yield from judge.exchange(asked, message)
            asked = None
    if asked is not None:
        yield from judge.request(asked)


def _is_body(block: Block, asked: Message) -> bool:
    return block.language == "json" and block.sort == "example" and not asked.body and _POSTED not in block.text


def _message(block: Block) -> Message | None:
    """The block as a request or a response; ``None`` for anything else, and for the summary of the routes."""
    first, _, rest = block.text.strip("\n").partition("\n")
    asked, told = _REQUEST_LINE.match(first), _RESPONSE_LINE.match(first)
    if block.sort == "ignored" or block.section == "http request" or not (asked or told):
        return None
    before = block.line + block.text[: len(block.text) - len(block.text.lstrip("\n"))].count("\n")
    headers, body, skipped = _parted(rest)
    line = before + 1 + skipped
    truncated = str(block.notes.get("truncated", "")).lower() == "true"
    method, target = asked.groups() if asked else ("", "")
    status = int(told.group(1)) if told else 0
    return Message(block.example, block.line, line, body, headers, method, target, status, truncated)


def _parted(text: str) -> tuple[Headers, str, int]:
    """Headers and body of what follows the first line, and how many lines come before the body."""
    pairs = []
    lines = text.split("\n")
    for index, line in enumerate(lines):
        header = _HEADER.match(line)
        if header is not None:
            pairs.append((header.group(1), header.group(2).strip()))
        elif line.strip():
            return Headers(pairs), "\n".join(lines[index:]).rstrip(), index
    return Headers(pairs), "", len(lines)


class _Judge:
    def __init__(self, page: Page, contract: Contract, subject: str, version: str, address: str) -> None:
        self._page = page
        self._contract = contract
        self._subject = subject
        self._version = version
        self._address = address

    def plain(self, block: Block) -> Iterator[Difference]:
        """A block that is no message: JSON alone, mostly a notification."""
        if block.language == "json" and block.text.strip():
            yield from self._posted(block.text, block.line, block.example)

    def request(self, asked: Message) -> Iterator[Difference]:
        """A request without an answer, or what is posted to a bot."""
        if not self._path(asked):
            if asked.body:
                yield from self._posted(asked.body, asked.body_line, asked.example)
            return
        wrong = list(self._body(asked, Side.REQUEST))
        yield from wrong
        if not wrong:
            findings = self._contract.check_request(self._request(asked), token_expected=False)
            yield from self._broken(findings, asked, None, frozenset())

    def exchange(self, asked: Message | None, told: Message) -> Iterator[Difference]:
        """A response with the request before it."""
        wrong = {Side.RESPONSE: list(self._body(told, Side.RESPONSE))}
        if asked is not None:
            wrong = {Side.REQUEST: list(self._body(asked, Side.REQUEST)), **wrong}
        for found in wrong.values():
            yield from found
        if asked is None or not self._path(asked):
            return
        exchange = Exchange(self._request(asked), Response(told.status, told.headers, told.body.encode()))
        findings = self._contract.check(exchange, token_expected=False)
        yield from self._broken(findings, asked, told, frozenset(side for side, found in wrong.items() if found))

    def _posted(self, text: str, line: int, example: str) -> Iterator[Difference]:
        """Text that has to be JSON, judged where it is a notification."""
        wrong = list(self._unreadable(text, line, f"{example}, JSON"))
        yield from wrong
        if wrong or _POSTED not in text:
            return
        findings = self._contract.check_notification(decode_json(text.encode()), self._version)
        yield from (self._difference(finding, line, text) for finding in findings if _counts(finding, truncated=False))

    def _body(self, message: Message, side: Side) -> Iterator[Difference]:
        if message.body and "json" in message.headers.get("content-type", "json"):
            yield from self._unreadable(message.body, message.body_line, f"{message.example}, {side}")

    def _unreadable(self, text: str, line: int, where: str) -> Iterator[Difference]:
        try:
            decode_json(text.encode())
        except MalformedJsonError as error:
            reason, at = error.reason, line
            try:
                json_value(text)
            except UnreadableError as place:
                # A line is known where it is not JSON; other reasons are of the whole text.
                reason, at = (place.problem.rstrip("."), line + place.line - 1) if place.line else (reason, line)
            facts = (self._version, self._subject, where, "JSON", f"a body that {reason}")
            yield Difference(Kind.EXAMPLE_INVALID, Origin.DOCUMENTATION, *facts, self._page.at(at), self._address)

    def _path(self, asked: Message) -> str:
        """The path with its version, where the request goes to the calls of Graph; else ``""``."""
        target = _without_host(asked.target).partition("?")[0]
        if target.startswith(_ROOTS):
            return f"/{self._version}{target}"
        return target if target.startswith(("/v1.0/", "/beta/")) else ""

    def _request(self, asked: Message) -> Request:
        # The length is an artefact of the page, which has no sign-in either.
        headers = asked.headers.without("content-length")
        path = re.sub(r"\s", "", self._path(asked))
        return Request(asked.method.upper(), f"https://graph.microsoft.com{path}", headers, asked.body.encode())

    def _broken(
        self, findings: Iterable[Finding], asked: Message, told: Message | None, unread: Collection[Side]
    ) -> Iterator[Difference]:
        for finding in findings:
            half = told if finding.side is Side.RESPONSE and told is not None else asked
            if finding.side not in unread and _counts(finding, truncated=half.truncated):
                line = half.body_line if finding.where.startswith("$") else half.line
                yield self._difference(finding, line, half.body)

    def _difference(self, finding: Finding, line: int, body: str) -> Difference:
        return Difference(
            Kind.EXAMPLE_BROKEN,
            Origin.DOCUMENTATION,
            finding.version or self._version,
            finding.operation or self._subject,
            f"{finding.side} {finding.where}",
            finding.expected,
            finding.got,
            self._page.at(line + _line_of(finding.where, body)),
            self._address,
            finding.hint,
        )


def _without_host(target: str) -> str:
    """The path of an address of Graph; of a placeholder for its host as well."""
    at = max(target.rfind("/v1.0/"), target.rfind("/beta/"))
    if target.startswith(("http://", "https://")) and 0 <= target.find("microsoftgraph") < at:
        return target[at:]
    return _GRAPH.sub("", target, count=1) if _GRAPH.match(target) else target


def _counts(finding: Finding, *, truncated: bool) -> bool:
    left_out = truncated and finding.kind in {Sort.MEMBER_MISSING, Sort.HEADER_MISSING}
    return finding.severity is Severity.VIOLATION and not finding.tolerated and not left_out


def _line_of(where: str, body: str) -> int:
    """How many lines below its first one the place ``where`` of a JSON body stands, as near as its names tell."""
    at = 0
    for name in re.findall(r"\.([^.\[\]]+)", where):
        found = re.compile(rf'"{re.escape(name)}"\s*:').search(body, at)
        if found is None:
            break
        at = found.start()
    return body.count("\n", 0, at)
