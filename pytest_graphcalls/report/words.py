"""Words that the reports share."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_graphcalls.session import Outcome

STATUS_WORDS: Mapping[Outcome, str] = {
    Outcome.HELD: "held",
    Outcome.BROKEN: "broken",
    Outcome.NOT_CHECKED: "not checked",
    Outcome.COULD_NOT_CHECK: "could not check",
}


def counted(number: int, noun: str) -> str:
    """``1 rule``, ``2 rules``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
