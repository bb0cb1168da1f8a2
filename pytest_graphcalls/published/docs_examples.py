"""The examples of a reference page, judged by the contract."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.findings import Finding, Kind as Sort, Severity, Side
from pytest_graphcalls.parsing import UnreadableError, json_value
from pytest_graphcalls.published.docs_page import Block, Page
from pytest_graphcalls.wire import Exchange, Headers, MalformedJsonError, Request, Response, decode_json

_REQUEST_LINE = re.compile(r"^\s*(GET|POST|PUT|PATCH|DELETE)\s+(\S+)(?:\s+HTTP/[\d.]+)?\s*$", re.IGNORECASE)
_RESPONSE_LINE = re.compile(r"^\s*HTTP/[\d.]+\s+(\d{3})\b")
_HEADER = re.compile(r"^([\w-]+):\s*(.*)$")
_GRAPH = re.compile(r"https?://graph\.microsoft\.(?:com|us|de)(?=/)")
_ROOTS = ("/communications/", "/app/")
_POSTED = '"changeType"'
"""A member that every notification has, and nothing else on these pages."""


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
    """The differences between the examples of ``page`` and the contract.

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
    request, response = _REQUEST_LINE.match(first), _RESPONSE_LINE.match(first)
    if block.sort == "ignored" or block.section == "http request" or not (request or response):
        return None
    before = block.line + block.text[: len(block.text) - len(block.text.lstrip("\n"))].count("\n")
    headers, body, skipped = _parted(rest)
    line = before + 1 + skipped
    truncated = str(block.notes.get("truncated", "")).lower() == "true"
    method, target = request.groups() if request else ("", "")
    status = int(response.group(1)) if response else 0
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


@dataclass(frozen=True, slots=True)
class _Judge:
    page: Page
    contract: Contract
    subject: str
    version: str
    address: str

    def plain(self, block: Block) -> Iterator[Difference]:
        """A block that is no message: JSON alone, mostly a notification."""
        if block.language == "json" and block.text.strip():
            yield from self._posted(block.text, block.line, block.example)

    def request(self, request: Message) -> Iterator[Difference]:
        """A request without an answer, or what is posted to a bot."""
        if not self._path(request):
            if request.body:
                yield from self._posted(request.body, request.body_line, request.example)
            return
        wrong = list(self._body(request, Side.REQUEST))
        yield from wrong
        if not wrong:
            findings = self.contract.check_request(self._request(request), token_expected=False)
            yield from self._broken(findings, request, None, frozenset())

    def exchange(self, request: Message | None, answer: Message) -> Iterator[Difference]:
        """A response with the request before it."""
        halves = {Side.REQUEST: request, Side.RESPONSE: answer}
        wrong = {side: list(self._body(half, side)) for side, half in halves.items() if half is not None}
        for found in wrong.values():
            yield from found
        if request is None or not self._path(request):
            return
        exchange = Exchange(self._request(request), Response(answer.status, answer.headers, answer.body.encode()))
        findings = self.contract.check(exchange, token_expected=False)
        yield from self._broken(findings, request, answer, frozenset(side for side, found in wrong.items() if found))

    def _posted(self, text: str, line: int, example: str) -> Iterator[Difference]:
        """Text that has to be JSON, judged where it is a notification."""
        wrong = list(self._unreadable(text, line, f"{example}, JSON"))
        yield from wrong
        if wrong or _POSTED not in text:
            return
        findings = self.contract.check_notification(decode_json(text.encode()), self.version)
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
            facts = (self.version, self.subject, where, "JSON", f"a body that {reason}")
            yield Difference(Kind.EXAMPLE_INVALID, Origin.DOCUMENTATION, *facts, self.page.at(at), self.address)

    def _path(self, request: Message) -> str:
        """The path with its version, where the request goes to the calls of Graph; else ``""``."""
        target = _without_host(request.target).partition("?")[0]
        if target.startswith(_ROOTS):
            return f"/{self.version}{target}"
        return target if target.startswith(("/v1.0/", "/beta/")) else ""

    def _request(self, request: Message) -> Request:
        # The length is an artefact of the page, which has no sign-in either.
        headers = request.headers.without("content-length")
        path = re.sub(r"\s", "", self._path(request))
        return Request(request.method.upper(), f"https://graph.microsoft.com{path}", headers, request.body.encode())

    def _broken(
        self, findings: Iterable[Finding], request: Message, answer: Message | None, unread: Collection[Side]
    ) -> Iterator[Difference]:
        for finding in findings:
            half = answer if finding.side is Side.RESPONSE and answer is not None else request
            if finding.side not in unread and _counts(finding, truncated=half.truncated):
                line = half.body_line if finding.where.startswith("$") else half.line
                yield self._difference(finding, line, half.body)

    def _difference(self, finding: Finding, line: int, body: str) -> Difference:
        subject, where = finding.operation or self.subject, f"{finding.side} {finding.where}"
        place = self.page.at(line + _line_of(finding.where, body))
        facts = (subject, where, finding.expected, finding.got, place, self.address, finding.hint)
        return Difference(Kind.EXAMPLE_BROKEN, Origin.DOCUMENTATION, finding.version or self.version, *facts)


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
