"""The data of a nightly comparison: recordings, observed differences, history entries and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pytest_graphcalls.drift.difference import Difference
from pytest_graphcalls.records import made, plain
from pytest_graphcalls.wire import Exchange, Notification, path_segments


class Outcome(StrEnum):
    """The outcome of a night. The values are part of the verdict's format."""

    NO_DRIFT = "no-drift"
    ADDITIVE = "additive"
    BEHAVIOURAL = "behavioural"
    BREAKING = "breaking"
    COULD_NOT_CHECK = "could-not-check"
    """A comparison that counts was not possible, and the others found nothing broken."""


EXIT_CODES: Mapping[Outcome, int] = {
    Outcome.NO_DRIFT: 0,
    Outcome.ADDITIVE: 1,
    Outcome.BEHAVIOURAL: 2,
    Outcome.BREAKING: 2,
    Outcome.COULD_NOT_CHECK: 3,
}
"""Exit status of the command, by outcome; 64 is a usage error."""


class Status(StrEnum):
    """The status of a difference. The values are part of the verdict's format."""

    NEW = "new"
    """No earlier night has seen it."""
    KNOWN = "known"
    """An earlier night has seen it."""
    ACCEPTED = "accepted"
    """It is listed in the file of accepted differences, with a reason; it does not count for the verdict."""
    EXPIRED = "expired"
    """It was accepted until a date that has passed; it counts again."""
    FLAKY = "flaky"
    """Too few of tonight's runs have reproduced it; it does not count for the verdict."""

    @property
    def decides(self) -> bool:
        """Whether the verdict depends on a difference of this status."""
        return self not in {Status.ACCEPTED, Status.FLAKY}


class RuleState(StrEnum):
    """The result of a rule in one night: the words of the suite's report, and ``notice``."""

    HELD = "held"
    BROKEN = "broken"
    NOTICE = "notice"
    NOT_CHECKED = "not-checked"
    COULD_NOT_CHECK = "could-not-check"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An entry of the file of accepted differences.

    Attributes:
        fingerprint: fingerprint of the difference.
        reason: why the difference is accepted.
        accepted: the day it was accepted.
        owner: the person or team responsible for it, or ``""``.
        expires: the last day on which it holds, or ``None``.
        about: the difference in words, for readers of the file.
    """

    fingerprint: str
    reason: str
    accepted: date
    owner: str = ""
    expires: date | None = None
    about: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry as verdict and history hold it."""
        return dict(plain(self))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Acceptance:
        """Read the entry that :meth:`to_json` wrote."""
        return made(cls, data)


@dataclass(frozen=True, slots=True)
class Sample:
    """An example of a difference: the redacted exchange or notification of either side.

    Attributes:
        observed: the exchange or notification of tonight; ``None`` where there was none.
        expected: that of the accepted recording; ``None`` where there is none.
        where: the place in it that differs, as in :attr:`.Difference.where`.
    """

    observed: Exchange | Notification | None = None
    expected: Exchange | Notification | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One difference of a night, with its status and its history.

    Attributes:
        difference: as it was first seen tonight.
        status: its status.
        places: everywhere it was seen tonight.
        first_seen: the first night it was seen in; timezone-aware.
        last_seen: the last night it was seen in, which is tonight.
        count: number of nights it was seen in.
        repeated: number of runs of tonight that have seen it, and number of runs, e.g. ``(3, 3)``.
        acceptance: the entry that accepts it, or did until it expired.
        sample: an example, or ``None``: it was seen in no exchange and no notification.
    """

    difference: Difference
    status: Status
    places: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    count: int = 1
    repeated: tuple[int, int] = (1, 1)
    acceptance: Acceptance | None = None
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A rule, recording, page or file that could not be compared.

    Attributes:
        subject: the rule, recording, page or file.
        reason: why, and what to do, in a sentence.
        decides: whether the night cannot end as "no drift" without it. An outage decides; a rule that the target
            lacks the means for, every night, does not.
    """

    subject: str
    reason: str
    decides: bool = True


@dataclass(frozen=True, slots=True)
class Latency:
    """The response times of an operation in one night, in real milliseconds."""

    median: float
    highest: float
    count: int


@dataclass(frozen=True, slots=True)
class Night:
    """One nightly run, as the history stores it.

    Attributes:
        id: unique, and sorts by time: ``2026-11-27T03:00:00Z-1a2b3c``.
        started: timezone-aware.
        ended: timezone-aware; ``None`` while it runs, or when it crashed.
        target: name of the target that was tested.
        outcome: its outcome; ``None`` while it runs, or when it crashed.
        rules: result of each rule, by ``id@version``.
        latency: response times, by ``operation@version``.
        fingerprints: of the differences that were seen, accepted and flaky ones included.
        broken: which of them say that a rule was broken, by the rule's ``id@version``.
        note: a sentence for readers, such as that the clock went back, or ``""``.
    """

    id: str
    started: datetime
    ended: datetime | None
    target: str
    outcome: Outcome | None
    rules: Mapping[str, RuleState] = field(default_factory=dict)
    latency: Mapping[str, Latency] = field(default_factory=dict)
    fingerprints: frozenset[str] = frozenset()
    broken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""

    @property
    def complete(self) -> bool:
        """Whether the night has ended with an outcome."""
        return self.outcome is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a night: its outcome, its differences and what could not be compared.

    Attributes:
        night: the entry for the history.
        outcome: the outcome.
        versions: the API versions that were tested.
        contract: revision of the contract.
        entries: the differences; the most severe first, then by fingerprint.
        unchecked: what could not be compared.
        unobserved: acceptances whose difference was not seen tonight.
        baseline: the recordings that tonight's were compared with, in words, or ``""``: there were none.
        additive_ok: whether the settings tolerate additive differences.
    """

    night: Night
    outcome: Outcome
    versions: tuple[str, ...]
    contract: str
    entries: tuple[Entry, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    unobserved: tuple[Acceptance, ...] = ()
    baseline: str = ""
    additive_ok: bool = False

    @property
    def effective_outcome(self) -> Outcome:
        """The outcome that decides the exit status: ``no-drift`` where tolerated additions are all there is."""
        tolerated = self.additive_ok and self.outcome is Outcome.ADDITIVE
        return Outcome.NO_DRIFT if tolerated else self.outcome

    @property
    def exit_code(self) -> int:
        """Exit status of ``graphcalls nightly``."""
        return EXIT_CODES[self.effective_outcome]


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording of one test, read from whatever file format.

    Attributes:
        test: the test without its API version, e.g. ``contracts/test_call_reject.py::test_a_token_is_required``.
        version: ``v1.0`` or ``beta``.
        exchanges: in order, redacted; ``seconds`` is the response time, where it was measured.
        notifications: in order, redacted; ``at`` is in seconds since the test began.
        notifications_recorded: whether the target could record notifications; if not, an empty list proves nothing.
        already_present: ids of participants who were in its meeting, since an earlier night, before the first invite.
    """

    test: str
    version: str
    exchanges: tuple[Exchange, ...] = ()
    notifications: tuple[Notification, ...] = ()
    notifications_recorded: bool = True
    already_present: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Unique among the recordings of a night."""
        return f"{self.test}@{self.version}"

    @property
    def invited(self) -> str:
        """The bodies of its invite requests, in lower case."""
        return "".join(map(invited, self.exchanges))


def invited(one: Exchange) -> str:
    """The body of an invite request in lower case; ``""`` for other requests.

    Joining a meeting is no invitation, although its body names the organizer.
    """
    is_invite = one.request.method == "POST" and path_segments(one.request.path)[-1:] == ["invite"]
    return one.request.body.decode("utf-8", "replace").lower() if is_invite else ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One occurrence of a difference.

    Attributes:
        difference: the difference.
        sample: the exchange or notification it was seen in, or ``None``. Its ``where`` is the difference's, with the
            list indexes of the observed side, or of the expected one where there is no observed one.
    """

    difference: Difference
    sample: Sample | None = None
