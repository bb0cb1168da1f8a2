"""Which contract tests a deviation can reach.

A deviation replaces steps of the simulator's parts, or changes how one operation is admitted or answered. A test that
neither calls such a step nor sends such an operation sees the simulator as it is, so running it proves nothing new.
What each test calls and sends is recorded once, in a run without deviation. Of the tests that can see it, some are
enough (:class:`Covers`); ``make search`` runs all tests for every deviation and so proves the selection itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce, wraps
from operator import or_
from typing import Any

import pytest

from pytest_graphcalls.simulator import Proceed, Simulator
from pytest_graphcalls.simulator.switches import Switches
from pytest_graphcalls.wire import Request, Response
from tests.proof.steps import Apply, end_of, meant, operation_of, parts_of

Touched = frozenset[str]
"""Steps as ``part.step``, and operations by their ids."""
_EVERYTHING: Touched = frozenset({"*"})


@dataclass
class Reach:
    """What each test of a run calls and sends; a plugin of that run.

    Attributes:
        tests: by node id, the steps that were called and the operations that were sent.
    """

    tests: dict[str, set[str]] = field(default_factory=dict)
    _now: set[str] = field(default_factory=set)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._now = self.tests.setdefault(item.nodeid, set())

    def pytest_graphcalls_simulator(self, simulator: Simulator) -> None:
        for name, part in _parts(simulator):
            for step in _steps(part):
                setattr(part, step, self._noting(f"{name}.{step}", getattr(part, step)))
        simulator.intercept(self._note_operation)

    def _noting(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def noted(*args: Any, **facts: Any) -> Any:
            self._now.add(name)
            return original(*args, **facts)

        return noted

    def _note_operation(self, request: Request, proceed: Proceed) -> Response:
        self._now.add(meant(request))
        return proceed(request)


def reached(apply: Apply, tests: Mapping[str, list[str]]) -> list[str]:
    """Node ids of the tests that a deviation can change; all of them if that cannot be seen."""
    touched = _touched(apply)
    return [test for test, names in tests.items() if touched == _EVERYTHING or touched & set(names)]


class Covers:
    """Picks few of the tests that a deviation can reach.

    Args:
        names: by node id, what a test calls and sends.
    """

    def __init__(self, names: Mapping[str, list[str]]) -> None:
        numbers: dict[tuple[str, str], int] = {}
        self._called = {
            test: sum(1 << numbers.setdefault((test.partition("::")[0], name), len(numbers)) for name in called)
            for test, called in names.items()
        }

    def some_of(self, tests: Sequence[str], own: Collection[str], turn: int) -> list[str]:
        """Of ``tests`` the rule's own, and few others in which each step that a module calls is called there once.

        Args:
            tests: node ids.
            own: those that judge the rule.
            turn: which of the others is there in any case, so that each comes up for some rule.
        """
        others = [test for test in tests if test not in own]
        chosen = [*own, *(others[turn % len(others) :][:1] if others else ())]
        left = reduce(or_, map(self._called.__getitem__, tests), 0)
        for test in chosen:
            left &= ~self._called[test]
        while left:
            rest = {test: (self._called[test] & left).bit_count() for test in others}
            others = [test for test in others if rest[test]]
            chosen.append(max(others, key=rest.__getitem__))
            left &= ~self._called[chosen[-1]]
        return chosen


def _touched(apply: Apply) -> Touched:
    if operation := operation_of(apply):
        return frozenset({operation})
    if step := end_of(apply):
        return frozenset({step})
    if parts := parts_of(apply):
        found = [_touched(part) for part in parts]
        return _EVERYTHING if _EVERYTHING in found else frozenset().union(*found)
    simulator = Simulator()
    before = _state(simulator)
    apply(simulator)
    after = _state(simulator)
    changed = {name for name in before.keys() | after.keys() if before.get(name) is not after.get(name)}
    steps = {f"{name}.{step}" for name, part in _parts(simulator) for step in _steps(part)}
    touched = {name.rpartition(_OF)[2] for name in changed}
    return frozenset(touched) if touched and touched <= steps | simulator.handlers.keys() else _EVERYTHING


def _parts(simulator: Simulator) -> Iterator[tuple[str, Any]]:
    return ((name, part) for name, part in vars(simulator).items() if _is_part(part))


def _is_part(value: Any) -> bool:
    ours = type(value).__module__.startswith("pytest_graphcalls.simulator.") and hasattr(value, "__dict__")
    return ours and not isinstance(value, Switches)  # which has values and no steps


def _steps(part: Any) -> Iterator[str]:
    for kind in type(part).__mro__[:-1]:
        for name, value in vars(kind).items():
            if callable(value) and not name.startswith("__") and not isinstance(value, type | staticmethod):
                yield name


def _state(simulator: Simulator) -> dict[str, Any]:
    """The attributes of a simulator and of its parts, and what operations have in its tables, by name."""
    state = {name: value for name, value in vars(simulator).items() if not _is_part(value)}
    for name, part in _parts(simulator):
        state |= {f"{name}.{attribute}": value for attribute, value in vars(part).items()}
    for name, table in (("handler", simulator.handlers), ("roles", simulator.admission.required_roles)):
        state |= {f"{name}{_OF}{operation}": value for operation, value in table.items()}
    return state


_OF = " of "
"""Between the name of something that each operation has, and the operation's id."""
