"""What helps with a failure in a live tenant: what was asked last, the ids that support asks for, likely causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_graphcalls.contract import Contract, parse_error
from pytest_graphcalls.redaction import redact_exchange
from pytest_graphcalls.report.violation import answered
from pytest_graphcalls.wire import Exchange, Response

MOST = 5
"""How many of the last exchanges are shown."""
DOCTOR = "'graphcalls doctor' looks at the token, its roles, the tenant and the settings one by one."


def hints(exchanges: Sequence[Exchange], contract: Contract) -> Iterator[str]:
    """Lines about a test that failed.

    Args:
        exchanges: all of the test, in order.
        contract: explains error codes.
    """
    last = exchanges[-MOST:]
    for exchange in map(redact_exchange, last):
        yield f"{exchange.request.method} {exchange.request.path}"
        yield f"  {answered(exchange.response)}"
        yield from (f"  {line}" for line in _meaning(exchange.response, contract))
    yield DOCTOR


def _meaning(response: Response, contract: Contract) -> Iterator[str]:
    error = parse_error(response)
    rows = contract.errors.by_code(error.code) if error and response.status >= 400 else ()
    for row in rows:
        if row.status == response.status:
            yield f"{row.meaning} {row.remedy}"
