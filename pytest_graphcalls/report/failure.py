"""The message of a test that an exchange or a notification has failed: what was broken, where, and it to try again.

Nothing in it changes from run to run but what the exchange holds itself; secrets are masked.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from pytest_graphcalls.contract import Contract, parse_error
from pytest_graphcalls.errors import ContractViolationError
from pytest_graphcalls.findings import Finding, Kind, Severity, Side
from pytest_graphcalls.redaction import redact_exchange
from pytest_graphcalls.session import Recorder, Seen
from pytest_graphcalls.wire import Exchange, Headers, Request, Response

LONGEST_BODY = 2000
"""Characters of a request body that the curl line shows."""
_SHOWN_HEADERS = ("Authorization", "Content-Type", "Accept", "client-request-id", "scenario-id")
"""Headers that matter to Graph; the others are the client's own."""
_TRACE = ("request-id", "date")
"""Headers that Microsoft's support asks for first."""
_SEVERITY = {Severity.VIOLATION: "breaks", Severity.NOTICE: "departs, under strict, from"}


def raise_failing(recorder: Recorder) -> None:
    """Fail the test that ``recorder`` belongs to, if an exchange or a notification broke the contract.

    Raises:
        ContractViolationError: something fails it that :func:`take_messages` has not given before.
    """
    texts = take_messages(recorder)
    if texts:
        raise ContractViolationError(texts)


def take_messages(recorder: Recorder) -> list[str]:
    """One message for each exchange, and then for each notification, that fails the test; each is given once."""
    failing = recorder.take_failing()
    # What was flawed is only asked for when it is shown: a server is asked for its notifications each time.
    return messages(failing, recorder.exchanges, recorder.contract, recorder.flawed) if failing else []


def messages(
    failing: Iterable[Seen], exchanges: Sequence[Exchange], contract: Contract, notifications: Mapping[int, Request]
) -> list[str]:
    """One text for each exchange, and then for each notification, in which something that fails a test came up first.

    Args:
        failing: the findings that fail it.
        exchanges: all exchanges of the test, in order.
        contract: for what the broken rules say.
        notifications: by number, those that something was found in.
    """
    texts = []
    times: dict[str, list[Seen]] = {}
    for one in sorted(failing, key=_place):
        times.setdefault(one.finding.fingerprint, []).append(one)
    for (_, number), group in groupby((same[0] for same in times.values()), key=_place):
        seen = list(group)
        if seen[0].notification is None:
            shown = _exchange(number, exchanges)
        else:
            shown = _notification(number, notifications[number])
        found = [line for one in seen for line in _finding(one.finding, times[one.finding.fingerprint], contract)]
        texts.append("\n".join([*found, *shown]))
    return texts


def _place(seen: Seen) -> tuple[bool, int]:
    """The sort key of findings: exchanges first, then notifications."""
    number = seen.exchange if seen.notification is None else seen.notification
    return seen.notification is not None, number or 0


def _finding(finding: Finding, times: Sequence[Seen], contract: Contract) -> Iterator[str]:
    yield headline(finding)
    yield from (f"  {name:<9} {value}" for name, value in facts(finding, contract) if value)
    if len(times) > 1:
        numbers = ", ".join(str(number + 1) for number in dict.fromkeys(_place(one)[1] for one in times))
        where = "notifications" if finding.side is Side.NOTIFICATION else "exchanges"
        yield f"  {'times':<9} {len(times)} ({where} {numbers})"


def _exchange(number: int, exchanges: Sequence[Exchange]) -> Iterator[str]:
    yield f"  {'exchange':<9} {number + 1} of {len(exchanges)}"
    exchange = redact_exchange(exchanges[number])
    yield from (f"    {line}" for line in curl(exchange.request))
    yield f"    {answered(exchange.response)}"


def _notification(number: int, request: Request) -> Iterator[str]:
    yield f"  {'posted':<9} notification {number + 1} of the test"
    safe = redact_exchange(Exchange(request, Response(202)))
    yield from (f"    {line}" for line in curl(safe.request))


def headline(finding: Finding) -> str:
    """The first line about a finding: what broke what. pytest's short summary shows the start of it."""
    broken = finding.rule or finding.operation or "the calls API"
    version = f" ({finding.version})" if finding.version else ""
    if finding.kind is Kind.NOT_COVERED:
        return f"graphcalls: {finding.operation or finding.got}{version} is not covered, which fails under strict"
    return f"graphcalls: {finding.side.value} {_SEVERITY[finding.severity]} {broken}{version}"


def facts(finding: Finding, contract: Contract) -> Iterator[tuple[str, str]]:
    """The facts of a finding as name and value, in the order of reading."""
    yield "payload" if finding.side is Side.NOTIFICATION else "operation", finding.operation
    yield "rule", contract.rule(finding.rule).says if finding.rule else ""
    yield "where", finding.where
    yield "expected", finding.expected
    yield "got", finding.got
    yield "page", finding.page
    yield "next", finding.hint or _next_step(finding)


def _next_step(finding: Finding) -> str:
    if finding.side is Side.REQUEST:
        name = finding.rule.partition(".")[2] or finding.kind.value
        return f'fix the request; if it is wrong on purpose, send it in graphcalls.expect_violation("{name}").'
    return ""


def curl(request: Request) -> Iterator[str]:
    """A redacted request as lines of a shell command."""
    parts = [f"curl -X {shlex.quote(request.method)} {shlex.quote(request.url)}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in _shown(request.headers)]
    if request.body:
        parts.append(f"--data {shlex.quote(_body(request.body))}")
    yield from " \\\n  ".join(parts).split("\n")


def _shown(headers: Headers) -> Iterator[tuple[str, str]]:
    for name in _SHOWN_HEADERS:
        if name in headers and headers[name] != "*/*":
            yield name, headers[name]


def _body(body: bytes) -> str:
    text = body.decode("utf-8", "backslashreplace")
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}… ({len(body):,} bytes in all)"


def answered(response: Response) -> str:
    """A redacted answer in one line: status, the error's code and text, and what support asks for."""
    error = parse_error(response)
    text = f" {error.code}: {error.message}" if error else ""
    trace = [f"{name} {response.headers[name]}" for name in _TRACE if name in response.headers]
    return "; ".join([f"answered {response.status}{text}", *trace])


MOST = 5
"""How many of the last exchanges are shown."""
DOCTOR = "'graphcalls doctor' looks at the token, its roles, the tenant and the settings one by one."


def hints(exchanges: Sequence[Exchange], contract: Contract, *, live: bool) -> Iterator[str]:
    """Lines about a test that failed.

    Args:
        exchanges: all of the test, in order.
        contract: explains error codes.
        live: whether it ran in a tenant, where ``doctor`` can look further.
    """
    last = exchanges[-MOST:]
    for exchange in map(redact_exchange, last):
        yield f"{exchange.request.method} {exchange.request.path}"
        yield f"  {answered(exchange.response)}"
        yield from (f"  {line}" for line in _not_covered([exchange], contract) or _meaning(exchange.response, contract))
    earlier = _not_covered(exchanges[:-MOST], contract)
    if earlier:
        yield f"Earlier: {' '.join(earlier)}"
    if live:
        yield DOCTOR


def _not_covered(exchanges: Iterable[Exchange], contract: Contract) -> list[str]:
    """Lines about requests outside the contract, each once: they were not judged."""
    found = filter(None, map(contract.not_covered, exchanges))
    return list(dict.fromkeys(finding.hint for finding in found))


def _meaning(response: Response, contract: Contract) -> Iterator[str]:
    error = parse_error(response)
    if error is None or response.status < 400:
        return
    rows = [row for row in contract.errors.by_code(error.code) if row.status == response.status]
    # One code stands for several things; the text, where it is the known one, shows which.
    same = [row for row in rows if error.message.startswith(row.message)]
    yield from (f"{row.meaning} {row.remedy}" for row in same or rows)
