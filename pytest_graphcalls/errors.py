"""What can go wrong, in words. One base class, so that one ``except`` suffices.

::

    GraphCallsError
    ├── ContractFileError     a file of the contract cannot be used: file, line, key
    ├── UnknownNameError      a rule, operation, code … that does not exist: the nearest match
    ├── RecordingError        a cassette or HAR file cannot be read or written: file, entry
    ├── DriftFileError        the file of accepted differences, a verdict or a history cannot be used: file, line
    ├── UnrecordedRequestError  a replayed test asks for what its cassette does not hold: the nearest entry
    ├── PublishedFileError    metadata that was published cannot be read: file, line, byte
    ├── SettingError          an option, variable or ini value that cannot be used
    ├── SignInError           the authority gave no token: which setting, what to do
    ├── NotAllowedNowError    the lifecycle table has no such step from here
    ├── StageError            the target did not give what a test needs before it starts
    ├── EnvironmentFaultError the service or the network failed, which says nothing about a rule
    ├── BotError              the bot under test did what it should not (also an AssertionError)
    ├── ContractViolationError  an exchange broke the contract (also an AssertionError)
    ├── NoViolationError      a violation was announced and did not come (also an AssertionError)
    └── StaleClientError      a client of a test that is over was used

An exception is a record of facts and builds its sentence in ``__str__``: what happened, with which
value, what was expected, what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar, dataclass_transform


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to ``name``, or ``""`` when none is close."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    if len(name) > 3 * max(map(len, by_lower), default=0):  # below the cutoff anyway, and difflib would be slow
        return ""
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    if found:
        return by_lower[found[0]]
    inside = [candidate for low, candidate in by_lower.items() if name and name.lower() in low]
    return min(inside, key=len) if inside else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence with the nearest match and a leading space, or ``""``."""
    match = nearest(name, known)
    return f" Did you mean {match!r}?" if match else ""


class GraphCallsError(Exception):
    """Base of everything this package raises on purpose."""


_E = TypeVar("_E", bound=GraphCallsError)


@dataclass_transform(frozen_default=True)
def _record(cls: type[_E]) -> type[_E]:
    # Frozen by agreement only: contextlib and pytest assign __traceback__, which a frozen dataclass refuses.
    return dataclass(unsafe_hash=True)(cls)


@_record
class ContractFileError(GraphCallsError):
    """A file of the contract cannot be used.

    Attributes:
        file: the file's name below the contract folder.
        line: line number from 1, or 0 when unknown.
        key: dotted path of the key inside the file, or ``""``.
        problem: what is wrong there, with the value.
    """

    file: str
    line: int
    key: str
    problem: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        at = f" at {self.key}" if self.key else ""
        return f"{place}{at}: {self.problem}"


@_record
class UnknownNameError(GraphCallsError):
    """A name that nothing is known by.

    Attributes:
        sort: what it should have been, e.g. ``rule``.
        name: the name that was given.
        known: every name that would have been right.
        listing: the command or page that lists them, or ``""``.
        few: whether they are few enough to be told, all of them, when none is near.
    """

    sort: str
    name: str
    known: tuple[str, ...]
    listing: str = ""
    few: bool = False

    def __str__(self) -> str:
        where = f" {self.listing} lists them all." if self.listing else ""
        # A name that is no text is somebody's mistake, too.
        hint = did_you_mean(str(self.name), self.known)
        if self.few and self.known and not hint:
            hint = f" Known are {', '.join(self.known)}."
        return f"there is no {self.sort} {self.name!r}.{hint}{where}"


@_record
class RecordingError(GraphCallsError):
    """A cassette or HAR file that cannot be read or written.

    Attributes:
        file: its path as given.
        entry: number of the entry from 1, or 0 for the file as a whole.
        problem: what is wrong.
    """

    file: str
    entry: int
    problem: str

    def __str__(self) -> str:
        place = f"{self.file}, entry {self.entry}" if self.entry else self.file
        return f"{place}: {self.problem}"


@_record
class DriftFileError(GraphCallsError):
    """The file of accepted differences, a verdict or a history cannot be used; it was left as it is.

    Attributes:
        file: its path as given.
        line: line number from 1, or 0 when unknown or for the file as a whole.
        problem: what is wrong, and what to do.
    """

    file: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.problem}"


@_record
class PublishedFileError(GraphCallsError):
    """A file of published metadata that cannot be read.

    Attributes:
        file: its path as given.
        line: line number from 1, or 0 when unknown.
        byte: offset in the file from 0.
        problem: what is wrong there, completing "the file …".
    """

    file: str
    line: int
    byte: int
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line or 1} (byte {self.byte}) {self.problem}"


@_record
class UnrecordedRequestError(GraphCallsError):
    """A replayed test sent a request that its cassette does not hold.

    Attributes:
        file: the cassette.
        request: method and address that were asked for, secrets masked.
        nearest: the recorded request that comes closest, with its entry's number, or ``""``.
        differences: how the two differ, as phrases.
        again: the command that records the test again.
    """

    file: str
    request: str
    nearest: str
    differences: tuple[str, ...]
    again: str

    def __str__(self) -> str:
        near = f" Nearest is {self.nearest}; it differs in {'; '.join(self.differences)}." if self.nearest else ""
        return f"{self.file} holds no answer to {self.request}.{near} Record the test again: {self.again}"


@_record
class SettingError(GraphCallsError):
    """A setting that cannot be used.

    Attributes:
        name: the setting as the user wrote it, e.g. ``--graphcalls-target``.
        value: what was given.
        expected: what would have been right, as a phrase.
        next_step: what to do, a sentence or ``""``.
    """

    name: str
    value: str
    expected: str
    next_step: str = ""

    def __str__(self) -> str:
        step = f" {self.next_step}" if self.next_step else ""
        return f"{self.name}={self.value}: expected {self.expected}.{step}"


@_record
class SignInError(GraphCallsError):
    """The authority gave no token.

    Attributes:
        name: our name for the cause: a row of the contract's sign-in errors, or one of ``auth.py``'s own.
        status: the HTTP status of the answer; 0 when there was none.
        error: the member ``error`` of the answer, e.g. ``invalid_client``, or ``""``.
        code: e.g. ``AADSTS7000215``, or ``""``.
        text: what went wrong, one sentence or more.
        setting: the variable to look at.
        remedy: what to do.
        trace: the answer's trace id and time, for a support request, or ``""``.
    """

    name: str
    status: int
    error: str
    code: str
    text: str
    setting: str
    remedy: str
    trace: str = ""

    def __str__(self) -> str:
        said = ", ".join(filter(None, (str(self.status or ""), self.error, self.code)))
        trace = f" ({self.trace})" if self.trace else ""
        what = f"{self.text}{f' [{said}]' if said else ''}{trace}"
        # An address behind "token:" would look like one to a leak scan.
        return f"no token was given: {what} Look at {self.setting}. {self.remedy}".rstrip()


@_record
class NotAllowedNowError(GraphCallsError):
    """The lifecycle has no such step from here; nothing was changed.

    Attributes:
        what: what it is about, e.g. ``call 57da…``.
        event: the step that was asked for.
        state: the state it is in.
        allowed: the steps that are possible from there.
    """

    what: str
    event: str
    state: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        here = ", ".join(self.allowed) if self.allowed else "nothing, it is over"
        return f"{self.what} is {self.state} and cannot take {self.event!r}; from here: {here}."


@_record
class StageError(GraphCallsError):
    """The target did not give what a test needs before it starts, so its rule cannot be judged.

    Attributes:
        wanted: what was being staged.
        got: what the target did instead.
        see: the rule or setting to look at next, or ``""``.
    """

    wanted: str
    got: str
    see: str = ""

    def __str__(self) -> str:
        see = f" See {self.see}." if self.see else ""
        return f"not checked: {self.wanted} could not be staged; {self.got}.{see}"


@_record
class EnvironmentFaultError(GraphCallsError):
    """The service or the network failed, so nothing can be said about a rule.

    Attributes:
        what: the request, e.g. ``POST /v1.0/communications/calls``.
        got: what came instead of an answer that could be judged.
        trace: the answer's request id and date, for a support request, or ``""``.
    """

    what: str
    got: str
    trace: str = ""

    def __str__(self) -> str:
        trace = f" ({self.trace})" if self.trace else ""
        return f"could not check: {self.what} {self.got}{trace}. It says nothing of the contract; run it again."


class BotError(GraphCallsError, AssertionError):
    """The bot under test did what it should not.

    Attributes:
        what: what it did, and what was expected.
        timeline: what happened, a line each.
    """

    def __init__(self, what: str, timeline: Iterable[str] = ()) -> None:
        self.what, self.timeline = what, tuple(timeline)
        super().__init__(what, self.timeline)

    def __str__(self) -> str:
        return "\n".join((f"{self.what}.", *(f"  {line}" for line in self.timeline)))


class ContractViolationError(GraphCallsError, AssertionError):
    """One or more exchanges broke the contract; the text is the finished message."""

    def __init__(self, messages: Sequence[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n\n".join(messages))


class NoViolationError(GraphCallsError, AssertionError):
    """A violation was announced, and the exchanges broke nothing of the sort.

    Attributes:
        expected: the rule, slug or kind that was announced.
        exchanges: how many exchanges there were.
        instead: what was found instead, as ids of rules or kinds.
    """

    def __init__(self, expected: str, exchanges: int, instead: Sequence[str]) -> None:
        self.expected, self.exchanges, self.instead = expected, exchanges, tuple(instead)
        super().__init__(expected, exchanges, self.instead)

    def __str__(self) -> str:
        if not self.exchanges:
            return (
                f"expected a violation of {self.expected!r}, but no exchange was seen inside the block; "
                "send the request through a client of the fixtures, or a CheckedTransport."
            )
        found = f"only {', '.join(self.instead)}" if self.instead else "nothing"
        return (
            f"expected a violation of {self.expected!r}, but of {self.exchanges} exchange(s) inside the block "
            f"{found} was found; correct the name, or take expect_violation away."
        )


@_record
class StaleClientError(GraphCallsError):
    """A client of a test that is over was used: nobody would judge what it does.

    Attributes:
        test: node id of the test it was made for.
    """

    test: str

    def __str__(self) -> str:
        return (
            f"this client belongs to {self.test}, which is over; each test has a tenant of its own. "
            "Take graphcalls.client, or another fixture, in the test that runs, and do not keep it."
        )
