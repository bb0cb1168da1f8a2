"""Whether the service, its published metadata or its documentation have moved away from what was promised.

The rules of this room:

1. A :class:`Difference` says that two sides disagree about one fact: which sides, about what, and how much it
   weighs. What it weighs follows from its kind, in one table.
2. Its fingerprint is the same every night: ids, times, list indexes, tests and line numbers are not part of it.
3. Finders are generators. They know nothing of history, of what was accepted, or of how a verdict is worded.
4. What could not be looked at is said so, with its reason. It is never a difference.
5. Nothing here opens a cassette, asks a network or knows pytest: tapes, texts and outcomes are handed in.
"""

from __future__ import annotations

from pytest_graphcalls.drift.difference import SEVERITIES, Difference, Kind, Origin, Severity
from pytest_graphcalls.drift.model import (
    EXIT_CODES,
    Acceptance,
    Entry,
    Latency,
    Night,
    Outcome,
    RuleState,
    Sample,
    Standing,
    Tape,
    Unchecked,
    Verdict,
)
from pytest_graphcalls.drift.sources import Cell, FactRow, rows

__all__ = [
    "EXIT_CODES",
    "SEVERITIES",
    "Acceptance",
    "Cell",
    "Difference",
    "Entry",
    "FactRow",
    "Kind",
    "Latency",
    "Night",
    "Origin",
    "Outcome",
    "RuleState",
    "Sample",
    "Severity",
    "Standing",
    "Tape",
    "Unchecked",
    "Verdict",
    "rows",
]
