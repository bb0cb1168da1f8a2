"""What guards a live tenant: which one may be used, what is in it, what was made in it, and how often it is asked.

The rules of this room:

1. No allow list, no run. Whether a tenant is somebody's production is never guessed (:func:`admit`).
2. Whatever is made is written down before it is made, on disk, so that a process that dies leaves a trace
   (:class:`Ledger`), and whatever was written down can be ended by somebody else (:func:`hang_up`).
3. The tenant is spared: a budget of calls, a wait wherever the service asks for one (:class:`Guard`).

Nothing here sends a request or names a client; requests and answers come in as wire values.
"""

from __future__ import annotations

from pytest_graphcalls.sandbox.guard import Budget, Failure, Guard, Wait, fault_of
from pytest_graphcalls.sandbox.journal import End, Ending, Ledger, OpenCall, Unanswered, hang_up, ledgers
from pytest_graphcalls.sandbox.tenant import FACTS, Dealt, Invented, Meeting, Props, Sandbox, admit, tenant_of

__all__ = [
    "FACTS",
    "Budget",
    "Dealt",
    "End",
    "Ending",
    "Failure",
    "Guard",
    "Invented",
    "Ledger",
    "Meeting",
    "OpenCall",
    "Props",
    "Sandbox",
    "Unanswered",
    "Wait",
    "admit",
    "fault_of",
    "hang_up",
    "ledgers",
    "tenant_of",
]
