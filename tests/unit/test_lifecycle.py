"""The lifecycle tables, walked."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from pytest_graphcalls.errors import NotAllowedNowError
from pytest_graphcalls.lifecycle import (
    CALL,
    OPERATION,
    PARTICIPANT,
    CallEvent,
    CallState,
    OperationEvent,
    OperationState,
    ParticipantEvent,
    ParticipantState,
    next_state,
)

Table = Mapping[Any, Mapping[Any, Any]]
TABLES: dict[str, tuple[Table, Any, Any, set[Any], set[Any]]] = {
    "call": (
        CALL,
        CallState,
        CallEvent,
        {CallState.INCOMING, CallState.ESTABLISHING},
        {CallState.TERMINATED},
    ),
    "participant": (
        PARTICIPANT,
        ParticipantState,
        ParticipantEvent,
        {ParticipantState.INVITED, ParticipantState.ACTIVE},
        {ParticipantState.LEFT},
    ),
    "operation": (
        OPERATION,
        OperationState,
        OperationEvent,
        {OperationState.RUNNING},
        {OperationState.COMPLETED, OperationState.FAILED},
    ),
}
STEPS = [
    pytest.param(table, state, event, id=f"{name}: {state} + {event}")
    for name, (table, states, events, _, _) in TABLES.items()
    for state, event in product(states, events)
]


@pytest.mark.parametrize("name", TABLES)
def test_every_state_has_a_row(name: str) -> None:
    """A table names each state, also those that nothing leads out of."""
    table, states, _, _, _ = TABLES[name]
    assert set(table) == set(states)


@pytest.mark.parametrize("name", TABLES)
def test_every_event_happens_somewhere(name: str) -> None:
    """An event that no row names would be a word without a meaning."""
    table, _, events, _, _ = TABLES[name]
    assert {event for row in table.values() for event in row} == set(events)


@pytest.mark.parametrize("name", TABLES)
def test_every_state_can_be_reached(name: str) -> None:
    """From the beginnings a walk along the rows comes by every state."""
    table, states, _, starts, _ = TABLES[name]
    seen, new = set(), set(starts)
    while new:
        seen |= new
        new = {target for state in new for target in table[state].values()} - seen
    assert seen == set(states)


@pytest.mark.parametrize("name", TABLES)
def test_end_states_have_no_events(name: str) -> None:
    """The ends are the rows without events, and there are no others."""
    table, _, _, _, ends = TABLES[name]
    assert {state for state, row in table.items() if not row} == ends


@pytest.mark.parametrize("name", TABLES)
def test_every_state_leads_to_an_end(name: str) -> None:
    """From every state there is a way to an end."""
    table, states, _, _, ends = TABLES[name]
    ending = set(ends)
    while more := {s for s in states if s not in ending and not ending.isdisjoint(table[s].values())}:
        ending |= more
    assert ending == set(states)


@pytest.mark.parametrize(("table", "state", "event"), STEPS)
def test_a_step_is_in_the_table_or_refused(table: Table, state: Any, event: Any) -> None:
    """What a row names happens; everything else is refused with the facts."""
    if event in table[state]:
        assert next_state(table, "it", state, event) is table[state][event]
        return
    with pytest.raises(NotAllowedNowError) as refused:
        next_state(table, "it", state, event)
    assert refused.value == NotAllowedNowError("it", event.value, state.value, tuple(e.value for e in table[state]))


def test_a_refused_step_says_what_is_possible_instead() -> None:
    """The message names the thing, the step, the state and the ways out."""
    with pytest.raises(NotAllowedNowError) as refused:
        next_state(CALL, "call 57da", CallState.ESTABLISHED, CallEvent.REJECT)
    assert str(refused.value) == (
        "call 57da is established and cannot take 'reject'; from here: transfer, hang up, end, lapse."
    )


def test_nothing_is_possible_after_the_end() -> None:
    """The message of a step after the end says that it is over."""
    with pytest.raises(NotAllowedNowError, match="from here: nothing, it is over"):
        next_state(CALL, "call 57da", CallState.TERMINATED, CallEvent.ANSWER)


def test_tables_cannot_be_changed() -> None:
    """A test that altered a row would alter every later test."""
    with pytest.raises(TypeError):
        CALL[CallState.TERMINATED] = {}  # type: ignore[index]  that it cannot be assigned is the point
    with pytest.raises(TypeError):
        CALL[CallState.TERMINATED][CallEvent.ANSWER] = CallState.ESTABLISHING  # type: ignore[index]  as above
