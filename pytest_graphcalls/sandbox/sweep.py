"""Ends what a ledger says is open."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pytest_graphcalls.sandbox.accounts import OpenCall
from pytest_graphcalls.sandbox.ledger import Ledger


class End(StrEnum):
    """What became of a call that was open."""

    HUNG_UP = "hung up"
    WAS_OVER = "was over already"
    STILL_OPEN = "is still open"


_ENDS = {204: End.HUNG_UP, 404: End.WAS_OVER}
"""By the status that a DELETE of the call is answered with (call-delete.r01, observed 2.13)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A call, and what became of it.

    Attributes:
        call: the call.
        end: what became of it.
        why: why it is still open, or ``""``.
    """

    call: OpenCall
    end: End
    why: str = ""


def hang_up(
    ledger: Ledger,
    delete: Callable[[str], tuple[int, str]],
    root: str,
    tenant: str,
    *,
    only: Collection[str] | None = None,
) -> Iterator[Ending]:
    """Hang up every open call of a ledger; one that cannot be hung up does not keep the others.

    A token goes nowhere but to ``root``: a ledger is a file, and what it names as an address is not trusted.

    Args:
        ledger: what is open; is told what is over.
        delete: sends a DELETE to an address; gives the status (0 when no answer came) and what was said.
        root: scheme and host of Graph.
        tenant: the tenant that ``delete`` signs in to.
        only: ids of the calls to look at; by default all.
    """
    for call in ledger.open_calls():
        if only is not None and call.call_id not in only:
            continue
        stranger = _stranger(call, root, tenant)
        status, said = (0, stranger) if stranger else delete(call.url)
        end = _ENDS.get(status, End.STILL_OPEN)
        if end is not End.STILL_OPEN:
            ledger.over(call.call_id)
        yield Ending(call, end, said if end is End.STILL_OPEN else "")


def _stranger(call: OpenCall, root: str, tenant: str) -> str:
    if call.tenant.lower() != tenant.lower():
        return f"it is in the tenant {call.tenant}, and AZURE_TENANT_ID is {tenant}"
    if not call.url.startswith(f"{root}/"):
        return f"its address is {call.url}, which is not below {root} (see --cloud and --root)"
    return ""
