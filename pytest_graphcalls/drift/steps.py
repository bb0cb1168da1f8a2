"""The steps of a recording, and which of two recordings belong together.

The rules of this page:

1. A step is a method and an operation, and the how manieth of them in its test; its place in the file says nothing.
2. Reads that follow one another are waiting: of each address the last one counts, however often it was asked for.
3. An answer that says "later" or "the service failed", and was asked for again at once, does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift.addresses import Addresses
from pytest_graphcalls.drift.answers import Step, step
from pytest_graphcalls.wire import Exchange, Response

_TOO_MANY, _FAILED, _UNSIGNED = 429, 500, 401


def is_fault(response: Response) -> bool:
    """Whether an answer says nothing of the operation: 429, or 500 and above."""
    return response.status == _TOO_MANY or response.status >= _FAILED


def fault_of(before: Response | None, after: Response | None) -> str:
    """What kept a step from being compared, in words, or ``""``.

    Args:
        before: the accepted answer, or ``None``.
        after: tonight's, or ``None``.
    """
    if after is None or (before is not None and after.status == before.status):
        return ""
    if is_fault(after):
        return f"was answered {after.status}, which says nothing of the operation; run it again"
    if after.status == _UNSIGNED and before is not None and before.status < _UNSIGNED:
        return "was answered 401 where it used to be let in; look at the sign-in, and run it again"
    return ""


def steps(exchanges: Sequence[Exchange], contract: Contract, addresses: Addresses) -> Iterator[Step]:
    """The steps of one recording, in order.

    Args:
        exchanges: all exchanges of the test.
        contract: knows the operations.
        addresses: makes templates of the addresses that none of them has.
    """
    waiting: dict[str, Step] = {}
    for number, exchange in enumerate(exchanges, 1):
        if _asked_again(exchange, exchanges[number : number + 1]):
            continue
        one = step(exchange, number, contract, addresses)
        if exchange.request.method == "GET":
            # Taken out first, so that it stands where it was read last.
            waiting.pop(exchange.request.url, None)
            waiting[exchange.request.url] = one
            continue
        yield from waiting.values()
        waiting.clear()
        yield one
    yield from waiting.values()


def _asked_again(exchange: Exchange, following: Sequence[Exchange]) -> bool:
    request = exchange.request
    return is_fault(exchange.response) and any(
        (one.request.method, one.request.url) == (request.method, request.url) for one in following
    )


def together(before: Iterable[Step], after: Iterable[Step]) -> Iterator[tuple[Step | None, Step | None]]:
    """Steps that belong together, in the order of the accepted recording; what is new tonight comes last."""
    new = dict(_named(after))
    for name, one in _named(before):
        yield one, new.pop(name, None)
    for one in new.values():
        yield None, one


def _named(all_: Iterable[Step]) -> Iterator[tuple[tuple[str, int], Step]]:
    count: Counter[str] = Counter()
    for one in all_:
        count[one.subject] += 1
        yield (one.subject, count[one.subject]), one
