"""Records the cassettes that are shipped, and knows which tests have one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from pytest_graphcalls.contract import Contract

SUCCESS_ONLY = frozenset(
    {
        *("call-record", "call-subscribetotone", "call-updaterecordingstatus"),
        *("call-list-contentsharingsessions", "call-logteleconferencedevicequality", "contentsharingsession-get"),
        *("call-startrecording", "call-stoprecording", "call-starttranscription", "call-stoptranscription"),
        "participant-reportsyntheticmedia",
        *("onlinemeeting-create", "onlinemeeting-delete", "onlinemeeting-find", "onlinemeeting-get"),
    }
)
"""Operations that ship cassettes of their success only; on replay their other rules are not recorded."""


def named_tests(operation: str, *, rule: str | None = None) -> list[str]:
    """The tests of an operation, or those of one rule; its module has defined or imported them."""
    module = import_module(f"pytest_graphcalls.contracts.{_module_of(operation)}")
    tests = {name: one.pytestmark for name, one in vars(module).items() if name.startswith("test_")}
    ids = {rule, (rule or "").removeprefix(f"{operation}.")}
    return [
        name
        for name, marks in tests.items()
        if rule is None or any(mark.name == "graphcalls_rule" and ids & set(mark.args) for mark in marks)
    ]


def unrecorded() -> Iterator[str]:
    """The tests, as pytest names them, of which no cassette is shipped."""
    for operation in sorted(SUCCESS_ONLY):
        recorded = named_tests(operation, rule=Contract.packaged().operation(operation).success_rule)
        yield from (
            f"contracts/{_module_of(operation)}.py::{one}" for one in named_tests(operation) if one not in recorded
        )


def _module_of(operation: str) -> str:
    return f"test_{operation.replace('-', '_')}"
