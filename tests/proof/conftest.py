"""Prints the score at the end of a run, gathered from the reports of all processes."""

from __future__ import annotations

from typing import Any

from pytest_graphcalls.contract import Contract

PROVEN = "graphcalls_proven"
"""Name of the property under which a test says which rule it has proven."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    passed = terminalreporter.stats.get("passed", [])
    proven = {value for report in passed for name, value in report.user_properties if name == PROVEN}
    if proven:
        terminalreporter.line(f"rules proven: {len(proven)} of {len(Contract.packaged().rules)}")
