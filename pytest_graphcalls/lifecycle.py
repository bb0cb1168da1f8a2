"""State machines as tables: of a call, a participant, and a long-running operation.

The rules of this page:

1. A state is left only by an event that its row names. Whatever is not in a row is refused, and
   nothing changes; there is no "almost allowed".
2. Time is an event like any other (``expire``, ``lapse``). Looking at a thing never moves it.
3. A row without events is the end. What is over stays over.
4. The tables name states as the service writes them on the wire; events are ours, except where an
   operation of the service causes them (``answer``, ``reject``).

The state diagrams of the documentation are drawn from these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from pytest_graphcalls.errors import NotAllowedNowError


class CallState(StrEnum):
    """States of a call that the simulator uses, a subset of the published ``callState``."""

    INCOMING = "incoming"
    REDIRECTING = "redirecting"
    ESTABLISHING = "establishing"
    ESTABLISHED = "established"
    TRANSFERRING = "transferring"
    TRANSFER_ACCEPTED = "transferAccepted"
    TERMINATING = "terminating"
    TERMINATED = "terminated"


class CallEvent(StrEnum):
    """An event that may change the state of a call."""

    ANSWER = "answer"
    REJECT = "reject"
    REDIRECT = "redirect"
    EXPIRE = "expire"
    """Neither answered nor rejected within 15 seconds (call-reject.r04)."""
    ESTABLISH = "establish"
    FAIL = "fail"
    """The callee declined, was busy, out of reach or never answered, or a join got nowhere."""
    TRANSFER = "transfer"
    TRANSFER_ACCEPTED = "accept transfer"
    TRANSFER_FAILED = "fail transfer"
    """No target has taken the call: it goes on (call-transfer.r05)."""
    HANG_UP = "hang up"
    END = "end"
    """The other side ended it: left, was replaced, or removed this leg."""
    LAPSE = "lapse"
    """No keepAlive for 45 minutes (call-keepalive.r02)."""
    FINISH = "finish"


class ParticipantState(StrEnum):
    """The state of a participant. The service shows active ones only; these names are the project's."""

    INVITED = "invited"
    ACTIVE = "active"
    LEFT = "left"


class ParticipantEvent(StrEnum):
    """An event that may change the state of a participant."""

    JOIN = "join"
    DECLINE = "decline"
    """Said no, was busy, or let it ring."""
    WITHDRAW = "withdraw"
    """The invitation was cancelled before it was answered (participant-delete.r05)."""
    LEAVE = "leave"
    REMOVE = "remove"
    """Removed by an app (participant-delete.r04)."""


class OperationState(StrEnum):
    """Statuses of a long-running operation, as its page spells them."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class OperationEvent(StrEnum):
    """An event that may change the status of a long-running operation."""

    COMPLETE = "complete"
    FAIL = "fail"


_S = TypeVar("_S", bound=StrEnum)
_E = TypeVar("_E", bound=StrEnum)


def _table(rows: Mapping[_S, Mapping[_E, _S]]) -> Mapping[_S, Mapping[_E, _S]]:
    return MappingProxyType({state: MappingProxyType(dict(events)) for state, events in rows.items()})


CALL = _table(
    {
        CallState.INCOMING: {
            CallEvent.ANSWER: CallState.ESTABLISHING,
            CallEvent.REJECT: CallState.TERMINATED,
            CallEvent.REDIRECT: CallState.REDIRECTING,
            CallEvent.EXPIRE: CallState.TERMINATED,
            CallEvent.HANG_UP: CallState.TERMINATING,
            CallEvent.END: CallState.TERMINATED,
        },
        CallState.REDIRECTING: {
            CallEvent.FINISH: CallState.TERMINATED,
            CallEvent.END: CallState.TERMINATED,
        },
        CallState.ESTABLISHING: {
            CallEvent.ESTABLISH: CallState.ESTABLISHED,
            CallEvent.FAIL: CallState.TERMINATED,
            CallEvent.HANG_UP: CallState.TERMINATING,
            CallEvent.END: CallState.TERMINATED,
            CallEvent.LAPSE: CallState.TERMINATED,
        },
        CallState.ESTABLISHED: {
            CallEvent.TRANSFER: CallState.TRANSFERRING,
            CallEvent.HANG_UP: CallState.TERMINATING,
            CallEvent.END: CallState.TERMINATED,
            CallEvent.LAPSE: CallState.TERMINATED,
        },
        CallState.TRANSFERRING: {
            CallEvent.TRANSFER_ACCEPTED: CallState.TRANSFER_ACCEPTED,
            CallEvent.TRANSFER_FAILED: CallState.ESTABLISHED,
            CallEvent.HANG_UP: CallState.TERMINATING,
            CallEvent.END: CallState.TERMINATED,
            CallEvent.LAPSE: CallState.TERMINATED,
        },
        CallState.TRANSFER_ACCEPTED: {CallEvent.FINISH: CallState.TERMINATED},
        CallState.TERMINATING: {CallEvent.FINISH: CallState.TERMINATED},
        CallState.TERMINATED: {},
    }
)

PARTICIPANT = _table(
    {
        ParticipantState.INVITED: {
            ParticipantEvent.JOIN: ParticipantState.ACTIVE,
            ParticipantEvent.DECLINE: ParticipantState.LEFT,
            ParticipantEvent.WITHDRAW: ParticipantState.LEFT,
        },
        ParticipantState.ACTIVE: {
            ParticipantEvent.LEAVE: ParticipantState.LEFT,
            ParticipantEvent.REMOVE: ParticipantState.LEFT,
        },
        ParticipantState.LEFT: {},
    }
)

OPERATION = _table(
    {
        OperationState.RUNNING: {
            OperationEvent.COMPLETE: OperationState.COMPLETED,
            OperationEvent.FAIL: OperationState.FAILED,
        },
        OperationState.COMPLETED: {},
        OperationState.FAILED: {},
    }
)


def next_state(table: Mapping[_S, Mapping[_E, _S]], what: str, state: _S, event: _E) -> _S:
    """The state that ``event`` leads to from ``state``.

    Args:
        table: :data:`CALL`, :data:`PARTICIPANT` or :data:`OPERATION`.
        what: what it is about, for the message, e.g. ``call 57da…``.
        state: the state it is in.
        event: what happens to it.

    Raises:
        NotAllowedNowError: the row of ``state`` does not name ``event``.
    """
    row = table[state]
    try:
        return row[event]
    except KeyError:
        raise NotAllowedNowError(what, event.value, state.value, tuple(known.value for known in row)) from None
