"""Drift: differences between the service, its recordings, the contract and what Microsoft publishes.

The rules of this package:

1. A :class:`Difference` says that two sides disagree about one fact: which sides, about what, and how severe it
   is. The severity follows from the kind, in one table.
2. The fingerprint of a difference is stable from night to night: ids, times, list indexes, tests and line numbers
   are not part of it.
3. Finders are generators. They do not read the history or the acceptances, and do not word a verdict.
4. What could not be compared is reported as :class:`Unchecked`, with its reason. It is never a difference.
5. No module here opens a cassette, sends a request or imports pytest: recordings, texts and outcomes are passed in.
"""

from __future__ import annotations

from pytest_graphcalls.drift.difference import SEVERITIES, Difference, Kind, Origin, Severity
from pytest_graphcalls.drift.fact_table import FactRow, rows
from pytest_graphcalls.drift.model import (
    EXIT_CODES,
    Acceptance,
    Entry,
    Latency,
    Night,
    Outcome,
    Recording,
    RuleState,
    Sample,
    Status,
    Unchecked,
    Verdict,
)

__all__ = [
    "EXIT_CODES",
    "SEVERITIES",
    "Acceptance",
    "Difference",
    "Entry",
    "FactRow",
    "Kind",
    "Latency",
    "Night",
    "Origin",
    "Outcome",
    "Recording",
    "RuleState",
    "Sample",
    "Severity",
    "Status",
    "Unchecked",
    "Verdict",
    "rows",
]
