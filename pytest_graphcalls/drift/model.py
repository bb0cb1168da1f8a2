"""What a night comes to: differences with their history, what was accepted, what could not be checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from pytest_graphcalls.drift.difference import Difference
from pytest_graphcalls.wire import Exchange, Notification, path_segments


class Outcome(StrEnum):
    """What a night comes to. The values are part of the verdict's format."""

    NO_DRIFT = "no-drift"
    ADDITIVE = "additive"
    BEHAVIOURAL = "behavioural"
    BREAKING = "breaking"
    COULD_NOT_CHECK = "could-not-check"
    """Something that decides was not seen, and what was seen broke nothing."""


EXIT_CODES: Mapping[Outcome, int] = MappingProxyType(
    {
        Outcome.NO_DRIFT: 0,
        Outcome.ADDITIVE: 1,
        Outcome.BEHAVIOURAL: 2,
        Outcome.BREAKING: 2,
        Outcome.COULD_NOT_CHECK: 3,
    }
)
"""Exit status of the command, by outcome; 64 is for words or files that it cannot use."""


class Standing(StrEnum):
    """What is known of a difference. The values are part of the verdict's format."""

    NEW = "new"
    """Nobody has seen it before tonight."""
    KNOWN = "known"
    """It was there on an earlier night, too."""
    ACCEPTED = "accepted"
    """Somebody has looked at it and given a reason; it decides nothing."""
    EXPIRED = "expired"
    """It was accepted, until a day that has passed; it decides again."""
    FLAKY = "flaky"
    """It did not come again often enough tonight; it decides nothing."""

    @property
    def decides(self) -> bool:
        """Whether the verdict depends on it."""
        return self not in {Standing.ACCEPTED, Standing.FLAKY}


class RuleState(StrEnum):
    """How a rule stood in one night; the same words as in the suite's report, and one for a mere notice."""

    HELD = "held"
    BROKEN = "broken"
    NOTICE = "notice"
    NOT_CHECKED = "not-checked"
    COULD_NOT_CHECK = "could-not-check"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A difference that somebody has looked at.

    Attributes:
        fingerprint: the difference's.
        reason: why it is all right.
        accepted: since when.
        owner: who answers for it, or ``""``.
        expires: the last day on which it holds, or ``None``.
        about: the difference in words, for whoever reads the file.
    """

    fingerprint: str
    reason: str
    accepted: date
    owner: str = ""
    expires: date | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a difference was seen in, redacted, to be looked at beside what was expected.

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
    """One difference of a night, with what is known of it.

    Attributes:
        difference: as it was first met tonight.
        standing: what is known of it.
        places: everywhere it was met tonight.
        first_seen: the first night; aware.
        last_seen: the last night, which is tonight.
        count: how many nights it was seen in.
        repeated: how often it came in so many runs tonight, e.g. ``(3, 3)``.
        acceptance: what accepts it, or did until it expired.
        sample: what it was seen in, or ``None``: in no exchange and no notification.
    """

    difference: Difference
    standing: Standing
    places: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    count: int = 1
    repeated: tuple[int, int] = (1, 1)
    acceptance: Acceptance | None = None
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """What could not be looked at: a rule, a recording, a page, a file; and why, in a sentence.

    Attributes:
        subject: what.
        reason: why, and what to do.
        decides: whether the night says nothing without it. A rule for which the target lacks the means, every
            night, does not decide; an outage does.
    """

    subject: str
    reason: str
    decides: bool = True


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the answers of an operation took in one night, in real milliseconds."""

    median: float
    highest: float
    count: int


@dataclass(frozen=True, slots=True)
class Night:
    """One night, as the history keeps it.

    Attributes:
        id: tells it from every other, and sorts by time: ``2026-11-27T03:00:00Z-1a2b3c``.
        started: aware.
        ended: aware; ``None`` while it goes on, or when it died.
        target: what was looked at.
        outcome: what it came to; ``None`` when it died.
        rules: how each stood, by ``id@version``.
        latency: by ``operation@version``.
        fingerprints: of the differences that were seen, those accepted and flaky included.
        broken: which of them say that a rule was broken, by the rule's ``id@version``.
        note: what is to be known of it beside this, a sentence, or ``""``: that the clock went back.
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
        """Whether it came to its end."""
        return self.outcome is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a night comes to.

    Attributes:
        night: what goes into the history.
        outcome: in one word.
        versions: the API versions that were looked at.
        contract: revision of the contract.
        entries: the differences; the heaviest first, then by fingerprint.
        unchecked: what could not be looked at.
        unobserved: acceptances that nothing of tonight needs any more.
        baseline: what the recordings were compared with, in words, or ``""``: with nothing.
        additive_ok: whether somebody has said that additions are all right.
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
    def settled(self) -> Outcome:
        """What is to be done about it: as after no drift, where there are additions only and they are all right."""
        fine = self.additive_ok and self.outcome is Outcome.ADDITIVE
        return Outcome.NO_DRIFT if fine else self.outcome

    @property
    def exit_code(self) -> int:
        """Exit status of the command."""
        return EXIT_CODES[self.settled]


@dataclass(frozen=True, slots=True)
class Tape:
    """One test's recording, whatever file it was kept in.

    Attributes:
        test: the test without its API version, e.g. ``contracts/test_call_reject.py::test_a_token_is_required``.
        version: ``v1.0`` or ``beta``.
        exchanges: in order, redacted; an exchange's ``seconds`` are what its answer took, where that is known.
        notifications: in order, redacted; ``at`` is in seconds since the test began.
        heard: whether anybody could look at notifications at all; where nobody could, that there is none says nothing.
        stayed: ids of those who were in its meeting before the test invited anybody, since an earlier night.
    """

    test: str
    version: str
    exchanges: tuple[Exchange, ...] = ()
    notifications: tuple[Notification, ...] = ()
    heard: bool = True
    stayed: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Tells it from every other tape of a night."""
        return f"{self.test}@{self.version}"

    @property
    def invited(self) -> str:
        """What its invitations say, in lower case."""
        return "".join(map(invited, self.exchanges))


def invited(one: Exchange) -> str:
    """What an invitation says, in lower case; ``""`` for what is none. To join a meeting invites nobody, although it
    names the organizer.
    """
    is_one = one.request.method == "POST" and path_segments(one.request.path)[-1:] == ["invite"]
    return one.request.body.decode("utf-8", "replace").lower() if is_one else ""


@dataclass(frozen=True, slots=True)
class Met:
    """One difference where it was met.

    Attributes:
        difference: the difference.
        sample: what it was seen in, or ``None``. Its ``where`` is the difference's with the list indexes of the
            observed side, or of the expected one where nothing was observed.
    """

    difference: Difference
    sample: Sample | None = None
