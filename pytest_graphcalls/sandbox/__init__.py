"""Protection of a live tenant: allow list, sandbox settings, a ledger of created calls, budget and retries.

The rules of this package:

1. A live run needs an allow list; whether a tenant is in production use is never guessed (:func:`admit`).
2. Every call is written to disk before it is created, so that a process that is killed cannot lose one
   (:class:`Ledger`), and a later process can end it (:func:`hang_up`).
3. Load is limited: a budget of calls, and a wait wherever the service asks for one (:class:`Guard`).

No module here sends a request or names a client; requests and responses are passed in as wire values.
"""

from __future__ import annotations

from pytest_graphcalls.sandbox.guard import Budget, Failure, Guard, Wait, fault_of
from pytest_graphcalls.sandbox.journal import End, Ending, Ledger, hang_up, ledgers
from pytest_graphcalls.sandbox.tenant import (
    Meeting,
    Sandbox,
    StageData,
    admit,
    tenant_of,
)

__all__ = [
    "Budget",
    "End",
    "Ending",
    "Failure",
    "Guard",
    "Ledger",
    "Meeting",
    "Sandbox",
    "StageData",
    "Wait",
    "admit",
    "fault_of",
    "hang_up",
    "ledgers",
    "tenant_of",
]
