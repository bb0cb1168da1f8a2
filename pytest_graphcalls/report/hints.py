"""What helps with a failing test: what was asked last, what was answered, and what that means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_graphcalls.contract import Contract, parse_error
from pytest_graphcalls.redaction import redact_exchange
from pytest_graphcalls.report.violation import answered
from pytest_graphcalls.wire import Exchange, Response

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
        yield from (f"  {line}" for line in _meaning(exchange.response, contract))
    if live:
        yield DOCTOR


def _meaning(response: Response, contract: Contract) -> Iterator[str]:
    error = parse_error(response)
    if error is None or response.status < 400:
        return
    rows = [row for row in contract.errors.by_code(error.code) if row.status == response.status]
    # One code stands for several things; the text, where it is the known one, tells which.
    same = [row for row in rows if error.message.startswith(row.message)]
    yield from (f"{row.meaning} {row.remedy}" for row in same or rows)
