"""Every fault by its name, with its parameters: one table for tests, markers and the control addresses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import SettingError, UnknownNameError
from pytest_graphcalls.lifecycle import CallState, OperationState
from pytest_graphcalls.simulator.notifications import KINDS
from pytest_graphcalls.validation import MOST, quantity, shown

Read = Callable[[str, Any, Contract], Any]
"""Takes a parameter's name and value and gives the value to use; raises when there is no use for it."""


class Side(StrEnum):
    """The side that a fault is on: answers, or notifications."""

    ANSWER = "answer"
    NOTIFICATION = "notification"


class Parameter(NamedTuple):
    """One parameter of a fault: how it is read, what it is when it is not given, and what it means."""

    read: Read
    default: Any
    says: str

    @property
    def required(self) -> bool:
        """Whether the fault makes no sense without it."""
        return self.default is _REQUIRED


class Sort(NamedTuple):
    """One row of the table: what a fault is about, what it does, and its own parameters."""

    side: Side
    says: str
    parameters: Mapping[str, Parameter] = {}


@dataclass(frozen=True, slots=True)
class Order:
    """A fault that was asked for, checked.

    Attributes:
        name: of the fault.
        side: what it is about.
        facts: every parameter it has, by name.
        given: those that were given.
    """

    name: str
    side: Side
    facts: Mapping[str, Any]
    given: Mapping[str, Any]

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.given.items())
        return f"{self.name} ({given})" if given else self.name


def _number(least: float, most: float = MOST, *, whole: bool = False, above: bool = False) -> Read:
    def read(name: str, value: Any, contract: Contract) -> Any:
        del contract
        return quantity(name, value, least=least, most=most, whole=whole, above=above)

    return read


def _one_of(sort: str, known: Callable[[Contract], Collection[str]], listing: str = "") -> Read:
    def read(name: str, value: Any, contract: Contract) -> str:
        if not isinstance(value, str):
            raise SettingError(name, shown(value), f"the name of one {sort}")
        names = known(contract)
        if value not in names:
            raise UnknownNameError(sort, value[:80], tuple(names), listing)
        return value

    return read


_STATES: Mapping[str, tuple[str, ...]] = {
    "call": tuple(state.value for state in CallState),
    "operation": tuple(state.value for state in OperationState),
    "roster": (),
}
"""By what a notification is about: how that can stand."""


def _kind(name: str, value: Any, contract: Contract) -> str:
    del contract
    if not isinstance(value, str):
        raise SettingError(name, shown(value), f"a kind of notification, e.g. {KINDS[0]!r}")
    words = value.split()
    kind, state = " ".join(words[:2]), " ".join(words[2:])
    if kind not in KINDS:
        raise UnknownNameError("kind of notification", value[:80], KINDS)
    subject = words[1]
    if state and state not in _STATES[subject]:
        raise UnknownNameError(f"state of {_ARTICLES[subject]} {subject}", state[:80], _STATES[subject], few=True)
    return " ".join(words)


_ARTICLES = {"call": "a", "operation": "an", "roster": "a"}


_BOTH = {
    "nth": Parameter(_number(1, whole=True), None, "only this one of those selected, counted from 1"),
    "every": Parameter(_number(1, whole=True), None, "only each one whose number can be divided by this"),
    "since": Parameter(_number(1, whole=True), None, "only from this one on"),
    "probability": Parameter(_number(0, 1), None, "only so often, decided by the simulator's seed"),
}
_SELECTED_BY: Mapping[Side, Mapping[str, Parameter]] = {
    Side.ANSWER: {
        "operation": Parameter(
            _one_of("operation", lambda contract: contract.operations, "'graphcalls rules'"),
            None,
            "only requests for this operation, e.g. participant-invite",
        ),
        "state": Parameter(
            _one_of("state of a call", lambda _: _STATES["call"]),
            None,
            "only requests about a call that is in this state",
        ),
        **_BOTH,
    },
    Side.NOTIFICATION: {
        "kind": Parameter(_kind, None, "only this kind, e.g. 'updated roster' or 'updated call established'"),
        **_BOTH,
    },
}

_REQUIRED = object()
_RETRY_AFTER = {"retry_after": Parameter(_number(0, whole=True), None, "seconds in Retry-After; without it no header")}
_ROW = _one_of(
    "error of the catalogue", lambda contract: contract.errors.responses, "The page 'Error codes' of the documentation"
)
_WITHIN = Parameter(_number(0, above=True), 5.0, "virtual seconds after which what is kept goes out all the same")

FAULTS: Mapping[str, Sort] = {
    "429": Sort(Side.ANSWER, "the app sent too many requests", _RETRY_AFTER),
    "503": Sort(Side.ANSWER, "the service is not available for a while", _RETRY_AFTER),
    "500": Sort(Side.ANSWER, "an unknown internal error, code 9999"),
    "error": Sort(
        Side.ANSWER, "any error of the catalogue", {"row": Parameter(_ROW, _REQUIRED, "its name in errors.yaml")}
    ),
    "wrapped": Sort(
        Side.ANSWER,
        "an error as JSON text inside the message of an outer error",
        {"row": Parameter(_ROW, "app-not-registered", "the error inside, by its name in errors.yaml")},
    ),
    "expired-token": Sort(Side.ANSWER, "the token is taken for one that has run out"),
    "call-not-found": Sort(Side.ANSWER, "the call is not known, code 8522"),
    "latency": Sort(
        Side.ANSWER,
        "the answer comes late: in virtual seconds in this process, in real ones over HTTP",
        {"seconds": Parameter(_number(0, 3600, above=True), _REQUIRED, "how late")},
    ),
    "dropped": Sort(Side.ANSWER, "the request is carried out, and the connection closed without an answer"),
    "half-sent": Sort(
        Side.ANSWER,
        "the request is carried out, and the connection closed in the middle of the answer",
        {"sent": Parameter(_number(0, whole=True), None, "bytes of the body that arrive; by default half of them")},
    ),
    "drop": Sort(Side.NOTIFICATION, "it never arrives"),
    "delay": Sort(
        Side.NOTIFICATION,
        "it arrives late; later ones overtake it",
        {"seconds": Parameter(_number(0, above=True), _REQUIRED, "virtual seconds")},
    ),
    "duplicate": Sort(
        Side.NOTIFICATION,
        "it arrives more than once",
        {"copies": Parameter(_number(1, 100, whole=True), 1, "how many besides the first")},
    ),
    "reorder": Sort(Side.NOTIFICATION, "the next one of the same call comes before it", {"within": _WITHIN}),
    "batch": Sort(
        Side.NOTIFICATION,
        "it comes in one envelope with the next ones of the same call",
        {"size": Parameter(_number(2, 100, whole=True), 2, "how many in one envelope"), "within": _WITHIN},
    ),
    "hold": Sort(Side.NOTIFICATION, "it is kept back until the fault is released or ended"),
}
"""Every fault. What each does is in ``effects.py``, under the same names."""


def parameters_of(name: str) -> Mapping[str, Parameter]:
    """The parameters of a fault, its own ones first."""
    return {**FAULTS[name].parameters, **_SELECTED_BY[FAULTS[name].side]}


def ordered(name: str, facts: Mapping[str, Any], contract: Contract) -> Order:
    """A fault, checked.

    Args:
        name: of the fault.
        facts: its parameters; ``None`` stands for one that is not given.
        contract: knows operations and errors.

    Raises:
        UnknownNameError: there is no such fault, parameter, operation, state, kind or error.
        SettingError: a value cannot be used, or one is missing.
    """
    if not isinstance(name, str):
        raise SettingError("fault", shown(name), f"a name as text, e.g. {next(iter(FAULTS))!r}")
    if name not in FAULTS:
        raise UnknownNameError("fault", name[:80], tuple(FAULTS), few=True)
    known = parameters_of(name)
    given = {}
    for fact, value in facts.items():
        if fact not in known:
            raise UnknownNameError(f"parameter of the fault {name!r}:", str(fact)[:80], tuple(known), few=True)
        if value is not None:
            given[fact] = known[fact].read(fact, value, contract)
    for fact, parameter in known.items():
        if parameter.required and fact not in given:
            raise SettingError(fact, "(not given)", parameter.says, f"The fault {name!r} needs it.")
    _require_a_call(given, contract)
    defaults = {fact: parameter.default for fact, parameter in known.items()}
    return Order(name, FAULTS[name].side, {**defaults, **given}, given)


def _require_a_call(given: Mapping[str, Any], contract: Contract) -> None:
    operation = given.get("operation")
    if "state" in given and operation is not None and "{call-id}" not in contract.operations[operation].path:
        raise SettingError("state", given["state"], f"no state with {operation}", "Its requests are about no call yet.")
