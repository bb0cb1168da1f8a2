"""What one test records and replays, until it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_graphcalls.cassette import Cassette

FACTS = "graphcalls_cassettes"
"""The attribute of a test's last report that says which cassettes it has played or written."""
Facts = dict[str, Any]
"""What a run's summary knows of a cassette: plain values, because they travel between processes."""


@dataclass(slots=True)
class Tape:
    """What one test records and replays.

    Attributes:
        item: the test.
        rewriting: whether it starts from an empty cassette.
        compared: whether it is written although the test has failed, because the failure is what is compared.
        waiting: what is to be written when the test has passed; each gives the cassette's facts, or ``None`` when
            there was nothing to write.
        facts: of the cassettes it has played or written.
    """

    item: pytest.Item
    rewriting: bool = False
    compared: bool = False
    waiting: list[Callable[[], Facts | None]] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)
    _passed: set[str] = field(default_factory=set)
    _failed: set[str] = field(default_factory=set)

    def phase(self, report: pytest.TestReport) -> None:
        """Note how a part of the test went."""
        if report.when and not report.skipped:
            (self._passed if report.passed else self._failed).add(report.when)

    def commit(self) -> None:
        """Write what is waiting, if the test has passed; raises :class:`.RecordingError`."""
        waiting, self.waiting = self.waiting, []
        done = self._passed | self._failed if self.compared else self._passed
        if {"setup", "call"} <= done:
            self.facts += filter(None, (write() for write in waiting))


TAPE = pytest.StashKey[Tape]()


def facts_of(found: Cassette, *, state: str) -> Facts:
    """The facts of a cassette that was ``played`` or ``written``."""
    passport = found.passport
    return {
        "file": str(found.path),
        "state": state,
        "from": passport.kind.value if passport else "",
        "recorded": passport.recorded.isoformat() if passport else "",
        "contract": passport.contract if passport else "",
        "edited": found.edited,
        "faults": bool(passport and passport.faults),
    }
