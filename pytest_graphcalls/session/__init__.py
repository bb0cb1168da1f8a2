"""The results of a run: the exchanges and findings of each test, and the results of the rules over all tests.

The rules of this room:

1. A :class:`Recorder` is one test's memory. It sees every exchange and notification once, whichever way it went.
2. What a finding means is decided in one place, :meth:`Judge.status`: evidence and severity say whether it
   weighs at all, the test's own rules say whom it weighs on.
3. A contract test fails for its own rules only. What it finds about another rule breaks that rule in the
   :class:`Run`, so that nothing is lost and every test keeps its meaning.
4. A request that a contract test sends is the test's doing, not the target's; only answers are judged there.
5. The result of a test is a :class:`TestRecord` of plain JSON values. A run is a collection of them, so runs
   of several processes are joined by adding, in any order.
"""

from __future__ import annotations

from pytest_graphcalls.session.outcome import (
    WHOLE,
    Answer,
    FindingStatus,
    Judge,
    Offer,
    Outcome,
    Seen,
    TestRecord,
)
from pytest_graphcalls.session.recorder import Followed, Recorder, current_recorder, recording
from pytest_graphcalls.session.run import JUDGED, NO_TEST, QuestionResult, RuleResult, Run, Watch, exercised

__all__ = [
    "JUDGED",
    "NO_TEST",
    "WHOLE",
    "Answer",
    "FindingStatus",
    "Followed",
    "Judge",
    "Offer",
    "Outcome",
    "QuestionResult",
    "Recorder",
    "RuleResult",
    "Run",
    "Seen",
    "TestRecord",
    "Watch",
    "current_recorder",
    "exercised",
    "recording",
]
