"""The sequences of notifications that the service posts after an event, with the evidence of each step.

The data is ``sequences.yaml``. The simulator is driven through every sequence and compared with it
(``tests/unit/simulator/test_sequences.py``), so that neither can change alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_graphcalls.contract.model import Evidence, Source
from pytest_graphcalls.records import made

STARTERS = ("people", "time")
"""Causes of a sequence besides operations."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ``resultInfo`` pair of a step.

    Attributes:
        pair: ``<code>/<subcode>``; its meaning is a row of ``errors.yaml``.
        evidence: evidence level of the pair.
        fact: id of the fact that states it.
    """

    pair: str
    evidence: Evidence
    fact: str


@dataclass(frozen=True, slots=True)
class Step:
    """One notification of a sequence.

    Attributes:
        payload: its name in ``notifications.yaml``.
        evidence: evidence level of its position and state.
        fact: id of the fact that states it.
        call: the call it is about, where that is not the sequence's own one: ``replaced``, ``left`` or ``other``.
        state: state of the call, or status of the operation; ``""`` where there is none.
        result: the reason why the call or the operation ended.
        message: the message of the result, where its form is known; ``{mri}`` is the invited participant.
        roster: the participants that it names; ``None`` for a notification without a roster.
        departed: those of them that have left.
        after: virtual seconds since the start of the sequence, where a deadline is known.
        note: where sources disagree, or what else may be observed.
    """

    payload: str
    evidence: Evidence
    fact: str
    call: str = ""
    state: str = ""
    result: Outcome | None = None
    message: str = ""
    roster: tuple[str, ...] | None = None
    departed: tuple[str, ...] = ()
    after: float | None = None
    note: str = ""

    @property
    def header(self) -> str:
        """The value of ``x-graphcalls-evidence`` in the simulator's notification."""
        known = f"{self.evidence}; fact={self.fact}"
        if self.result is None or self.result.evidence is self.evidence:
            return known
        return f"{known}; result={self.result.evidence}"

    def __str__(self) -> str:
        pair = self.result.pair if self.result else ""
        roster = (
            "" if self.roster is None else ", ".join(f"-{one}" if one in self.departed else one for one in self.roster)
        )
        of = f"({self.call})" if self.call else ""
        return " ".join(filter(None, (self.payload, of, self.state, pair, roster)))


@dataclass(frozen=True, slots=True)
class Sequence:
    """The notifications that the service posts after an event.

    Attributes:
        id: our slug, e.g. ``invite-declined``.
        says: the event.
        starts: the operation that causes it, or one of :data:`STARTERS`.
        versions: the API versions it holds for.
        source: the page and section, or the public address, that shows most of it.
        steps: the notifications in their order.
        notes: remarks about the whole sequence.
    """

    id: str
    says: str
    starts: str
    versions: tuple[str, ...]
    source: Source
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    @property
    def evidence(self) -> Evidence:
        """The evidence level of the whole: that of its weakest step, results included; without any, documented."""
        levels = list(Evidence)
        return max(self._levels(), key=levels.index, default=Evidence.DOCUMENTED)

    def _levels(self) -> Iterator[Evidence]:
        for step in self.steps:
            yield step.evidence
            if step.result is not None:
                yield step.result.evidence


def read(data: Mapping[str, Any]) -> dict[str, Sequence]:
    """The sequences of ``sequences.yaml``, by id.

    Args:
        data: the content of the file.
    """
    return {
        id: made(Sequence, entry, id=id, steps=tuple(map(_step, entry["steps"])))
        for id, entry in data["sequences"].items()
    }


def _step(entry: Mapping[str, Any]) -> Step:
    """One step; the pair of its result has the step's evidence and fact unless it states its own."""
    result = made(Outcome, {**entry, **entry["result"]}) if "result" in entry else None
    return made(Step, entry, result=result)
