"""What can be asked for, and what a wrong name or value says."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.simulator import FAULTS, Simulator
from pytest_graphcalls.simulator.faults import parameters_of
from pytest_graphcalls.simulator.faults.effects import PASSING, REPLIES

UNKNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("half-snet", {}, "there is no fault 'half-snet'. Did you mean 'half-sent'?"),
    ("429", {"retryafter": 3}, "there is no parameter of the fault '429': 'retryafter'. Did you mean 'retry_after'?"),
    ("429", {"name": "x"}, "there is no parameter of the fault '429': 'name'. Known are retry_after, operation, "),
    ("drop", {"operation": "x"}, "there is no parameter of the fault 'drop': 'operation'."),
    (
        "500",
        {"operation": "participant-invit"},
        "there is no operation 'participant-invit'. Did you mean 'participant-invite'? 'graphcalls rules' lists",
    ),
    ("500", {"state": "establishd"}, "there is no state of a call 'establishd'. Did you mean 'established'?"),
    (
        "error",
        {"row": "call-not-fond"},
        "there is no error of the catalogue 'call-not-fond'. Did you mean 'call-not-found'? "
        "The page 'Error codes' of the documentation lists them all.",
    ),
    (
        "drop",
        {"kind": "update roster"},
        "there is no kind of notification 'update roster'. Did you mean 'updated roster'?",
    ),
    (
        "drop",
        {"kind": "updated call establishd"},
        "there is no state of a call 'establishd'. Did you mean 'established'?",
    ),
    ("drop", {"kind": "updated roster established"}, "there is no state of a roster 'established'."),
    (
        "drop",
        {"kind": "deleted operation established"},
        "there is no state of an operation 'established'.",
    ),
]


@pytest.mark.parametrize(("name", "facts", "said"), UNKNOWN)
def test_an_unknown_name_says_what_is_meant(simulator: Simulator, name: str, facts: dict[str, Any], said: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        simulator.fault(name, **facts)
    assert str(caught.value).startswith(said)
    assert simulator.faults.active == ()


USELESS: list[tuple[Any, dict[str, Any], str]] = [
    (429, {}, "fault=429: expected a name as text, e.g. '429'."),
    (["429"], {}, "fault=['429']: expected a name as text, e.g. '429'."),
    ("429", {"retry_after": -1}, "retry_after=-1: expected a whole number from 0 to 1,000,000,000."),
    ("429", {"retry_after": 1.5}, "retry_after=1.5: expected a whole number from 0 to 1,000,000,000."),
    ("429", {"nth": 0}, "nth=0: expected a whole number from 1 to 1,000,000,000."),
    ("429", {"nth": True}, "nth=True: expected a whole number from 1 to 1,000,000,000."),
    ("429", {"nth": 10**5000}, "nth=(a very large number): expected a whole number from 1 to 1,000,000,000."),
    ("429", {"every": "2"}, "every='2': expected a whole number from 1 to 1,000,000,000."),
    ("429", {"since": 2.0}, "since=2.0: expected a whole number from 1 to 1,000,000,000."),
    ("429", {"probability": 1.1}, "probability=1.1: expected a number from 0 to 1."),
    ("429", {"probability": float("nan")}, "probability=nan: expected a number from 0 to 1."),
    ("429", {"operation": 7}, "operation=7: expected the name of one operation."),
    (
        "429",
        {"operation": "application-post-calls", "state": "established"},
        "state=established: expected no state with application-post-calls. Its requests are about no call yet.",
    ),
    ("error", {}, "row=(not given): expected its name in errors.yaml. The fault 'error' needs it."),
    ("error", {"row": None}, "row=(not given): expected its name in errors.yaml. The fault 'error' needs it."),
    ("latency", {}, "seconds=(not given): expected how late. The fault 'latency' needs it."),
    ("latency", {"seconds": 0}, "seconds=0: expected a number above 0 and up to 3,600."),
    ("latency", {"seconds": 3601}, "seconds=3601: expected a number above 0 and up to 3,600."),
    ("half-sent", {"sent": -1}, "sent=-1: expected a whole number from 0 to 1,000,000,000."),
    ("delay", {"seconds": float("inf")}, "seconds=inf: expected a number above 0 and up to 1,000,000,000."),
    ("duplicate", {"copies": 0}, "copies=0: expected a whole number from 1 to 100."),
    ("batch", {"size": 1}, "size=1: expected a whole number from 2 to 100."),
    ("reorder", {"within": 0}, "within=0: expected a number above 0 and up to 1,000,000,000."),
    ("drop", {"kind": 3}, "kind=3: expected a kind of notification, e.g. 'created call'."),
]


@pytest.mark.parametrize(("name", "facts", "said"), USELESS)
def test_a_useless_value_says_what_is_expected(
    simulator: Simulator, name: Any, facts: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingError) as caught:
        simulator.fault(name, **facts)
    assert str(caught.value) == said
    assert simulator.faults.active == ()


def test_every_fault_of_the_table_is_carried_out() -> None:
    """By one of the two tables of what they do, and none of those is without a row."""
    assert sorted([*REPLIES, *PASSING]) == sorted(FAULTS)


def test_every_parameter_says_what_it_means() -> None:
    for name in FAULTS:
        assert all(parameter.says for parameter in parameters_of(name).values())
