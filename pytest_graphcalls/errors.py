"""The exceptions of the package. One base class, so that one ``except`` suffices.

::

    GraphCallsError
    ├── ContractFileError     a file of the contract cannot be used: file, line, key
    ├── UnknownNameError      a rule, operation, code … does not exist: the nearest match
    ├── RecordingError        a cassette or HAR file cannot be read or written: file, entry
    ├── DriftFileError        the file of accepted differences, a verdict or a history cannot be used: file, line
    ├── UnrecordedRequestError  a replayed test has sent a request that its cassette does not contain: the nearest one
    ├── PublishedFileError    a file of published metadata cannot be read: file, line, byte
    ├── SettingError          an option, variable or ini value is invalid
    ├── SignInError           the authority has issued no token: which setting, what to do
    ├── NotAllowedNowError    the lifecycle does not allow an event in the present state
    ├── StageError            the precondition of a test could not be staged
    ├── EnvironmentFaultError the service or the network has failed, so a rule cannot be judged
    ├── BotError              the bot under test has failed an assertion (also an AssertionError)
    ├── ContractViolationError  an exchange has violated the contract (also an AssertionError)
    ├── NoViolationError      an expected violation did not occur (also an AssertionError)
    └── StaleClientError      a client was used after the end of its test

An exception is a record of facts and builds its sentence in ``__str__``: what happened, with which value, what was
expected, what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar, dataclass_transform


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to ``name``, or ``""`` when none is close."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    if len(name) > 3 * max(map(len, by_lower), default=0):  # below the cutoff anyway, and difflib would be slow
        return ""
    low = name.lower()
    found = _nearest_slug(low, by_lower) or get_close_matches(low, by_lower, n=1, cutoff=0.6)
    if found:
        return by_lower[found[0]]
    inside = [candidate for lower, candidate in by_lower.items() if name and _begins_a_word(low, lower, candidate)]
    return min(inside, key=len) if inside else ""


def _begins_a_word(part: str, lower: str, candidate: str) -> bool:
    at = lower.find(part)
    return at == 0 or (at > 0 and (not candidate[at - 1].isalnum() or candidate[at].isupper()))


def _nearest_slug(name: str, known: Iterable[str]) -> list[str]:
    """The closest name with the same beginning, as of the rules of an operation; one right word in it is enough."""
    head, _, tail = name.rpartition(".")
    heads = get_close_matches(head, {one.rpartition(".")[0] for one in known if "." in one}, n=1, cutoff=0.8)
    slugs = {one.removeprefix(f"{heads[0]}."): one for one in known if heads and one.startswith(f"{heads[0]}.")}
    words = {word: slug for slug in slugs for word in slug.split("-")}
    close = [words[word] for word in get_close_matches(tail, words, n=1, cutoff=0.8)]
    return [slugs[slug] for slug in close or get_close_matches(tail, slugs, n=1, cutoff=0.5)]


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
    """An unknown name was given.

    Attributes:
        sort: the kind of name that was expected, e.g. ``rule``.
        name: the name that was given.
        known: all valid names.
        listing: the command or page that lists them, or ``""``.
        few: whether the message lists all of them when none is similar.
    """

    sort: str
    name: str
    known: tuple[str, ...]
    listing: str = ""
    few: bool = False

    def __str__(self) -> str:
        where = f" {self.listing} lists them all." if self.listing else ""
        # The name may be of any type: passing a number is a usage error, too.
        hint = did_you_mean(str(self.name), self.known)
        if self.few and self.known and not hint:
            hint = f" Known are {', '.join(self.known)}."
        return f"there is no {self.sort} {self.name!r}.{hint}{where}"


@_record
class RecordingError(GraphCallsError):
    """A cassette or HAR file cannot be read or written.

    Attributes:
        file: its path as given.
        entry: number of the entry from 1, or 0 for the file as a whole.
        problem: what is wrong.
        step: what to do first, a line or ``""``.
    """

    file: str
    entry: int
    problem: str
    step: str = ""

    def __str__(self) -> str:
        place = f"{self.file}, entry {self.entry}" if self.entry else self.file
        return f"{self.step}{place}: {self.problem}"


@_record
class DriftFileError(GraphCallsError):
    """The file of accepted differences, a verdict or a history cannot be used; it is unchanged.

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
    """A file of published metadata cannot be read.

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
    """A replayed test has sent a request that its cassette does not contain.

    Attributes:
        file: the cassette.
        request: method and address of the request, secrets masked.
        nearest: the most similar recorded request, with its entry's number, or ``""``.
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
    """A setting has an invalid value.

    Attributes:
        name: the setting as the user wrote it, e.g. ``--graphcalls-target``.
        value: the value that was given.
        expected: the expected value, as a phrase.
        next_step: what to do, a sentence or ``""``.
    """

    name: str
    value: str
    expected: str
    next_step: str = ""

    def __str__(self) -> str:
        step = f" {self.next_step}" if self.next_step else ""
        return f"{self.name}={self.value}: expected {self.expected}.{step}"


@dataclass(frozen=True, slots=True)
class SignInCause:
    """A cause of a failed sign-in without an error of the authority: the sentence, the setting, the remedy."""

    says: str
    setting: str
    remedy: str


_AUTHORITY = "AZURE_AUTHORITY_HOST"
SIGN_IN_CAUSES: Mapping[str, SignInCause] = {
    "unreachable": SignInCause(
        "cannot be reached.",
        _AUTHORITY,
        "Look at the address, the network, the proxy, and whether the certificate is trusted.",
    ),
    "not-an-authority": SignInCause(
        "answered something that is no sign-in.",
        _AUTHORITY,
        "A proxy, a login page of a network or a wrong address answers like this; open it in a browser.",
    ),
    "throttled": SignInCause("asks for fewer requests.", "the number of workers", "Wait a minute and run again."),
    "service-fault": SignInCause("has a fault.", _AUTHORITY, "No setting is wrong; try again later."),
    "unknown": SignInCause(
        "failed.",
        "the sign-in log of the tenant",
        "Look the code up at https://login.microsoftonline.com/error.",
    ),
}
"""By name: causes that are not in the contract's table of sign-in errors."""


@_record
class SignInError(GraphCallsError):
    """The authority has issued no token.

    Attributes:
        name: name of the cause: a row of the contract's sign-in errors, or of :data:`SIGN_IN_CAUSES`.
        status: the HTTP status of the response; 0 when there was none.
        error: the member ``error`` of the response, e.g. ``invalid_client``, or ``""``.
        code: e.g. ``AADSTS7000215``, or ``""``.
        text: what went wrong, one sentence or more.
        setting: the variable to check.
        remedy: what to do.
        trace: trace id and time of the response, for a support request, or ``""``.
    """

    name: str
    status: int
    error: str
    code: str
    text: str
    setting: str
    remedy: str
    trace: str = ""

    @classmethod
    def of_cause(cls, name: str, text: str, status: int = 0) -> SignInError:
        """The error for a row of :data:`SIGN_IN_CAUSES`."""
        cause = SIGN_IN_CAUSES[name]
        return cls(name, status, "", "", text, cause.setting, cause.remedy)

    def __str__(self) -> str:
        said = ", ".join(filter(None, (str(self.status or ""), self.error, self.code)))
        trace = f" ({self.trace})" if self.trace else ""
        what = f"{self.text}{f' [{said}]' if said else ''}{trace}"
        # An address behind "token:" would look like one to a leak scan.
        return f"no token was given: {what} Look at {self.setting}. {self.remedy}".rstrip()


@_record
class NotAllowedNowError(GraphCallsError):
    """The lifecycle does not allow an event in the present state; the state is unchanged.

    Attributes:
        what: the resource, e.g. ``call 57da…``.
        event: the event that was requested.
        state: the present state.
        allowed: the events that are allowed in this state.
        hint: a sentence about what may have been meant, or ``""``.
    """

    what: str
    event: str
    state: str
    allowed: tuple[str, ...]
    hint: str = ""

    def __str__(self) -> str:
        here = ", ".join(self.allowed) if self.allowed else "nothing, it is over"
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.what} is {self.state} and cannot take {self.event!r}; from here: {here}.{hint}"


@_record
class StageError(GraphCallsError):
    """The precondition of a test could not be staged, so its rule cannot be judged.

    Attributes:
        wanted: the precondition.
        got: what the target did instead.
        see: the rule or setting to check next, or ``""``.
    """

    wanted: str
    got: str
    see: str = ""

    def __str__(self) -> str:
        see = f" See {self.see}." if self.see else ""
        return f"not checked: {self.wanted} could not be staged; {self.got}.{see}"


@_record
class EnvironmentFaultError(GraphCallsError):
    """The service or the network has failed, so a rule cannot be judged.

    Attributes:
        what: the request, e.g. ``POST /v1.0/communications/calls``.
        got: what happened instead of a response that can be judged.
        trace: request id and date of the response, for a support request, or ``""``.
    """

    what: str
    got: str
    trace: str = ""

    def __str__(self) -> str:
        trace = f" ({self.trace})" if self.trace else ""
        return f"could not check: {self.what} {self.got}{trace}. This proves nothing about the contract; run it again."


class BotError(GraphCallsError, AssertionError):
    """The bot under test has failed an assertion.

    Attributes:
        what: what it did, and what was expected.
        timeline: the events before, one per line.
    """

    def __init__(self, what: str, timeline: Iterable[str] = ()) -> None:
        self.what, self.timeline = what, tuple(timeline)
        super().__init__(what, self.timeline)

    def __str__(self) -> str:
        first = self.what if self.what.endswith(":") else f"{self.what}."
        return "\n".join((first, *(f"  {line}" for line in self.timeline)))


class ContractViolationError(GraphCallsError, AssertionError):
    """One or more exchanges have violated the contract; the messages are complete."""

    def __init__(self, messages: Sequence[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n\n".join(messages))


class NoViolationError(GraphCallsError, AssertionError):
    """An expected violation did not occur.

    Attributes:
        expected: the expected rule, slug or kind.
        exchanges: number of exchanges.
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
    """A client was used after the end of its test, so its exchanges would not be judged.

    Attributes:
        test: node id of the test it was made for.
    """

    test: str

    def __str__(self) -> str:
        return (
            f"this client belongs to {self.test}, which is over; each test has a tenant of its own. "
            "Take graphcalls.client, or another fixture, in the test that runs, and do not keep it."
        )


class IdleFaultWarning(UserWarning):
    """A fault that a test has injected never struck, so the test shows nothing about it.

    Args:
        fault: the fault with its parameters.
        seen: how many requests or notifications it was selected for.
    """

    def __init__(self, fault: str, seen: int) -> None:
        self.fault, self.seen = fault, seen
        super().__init__(fault, seen)

    def __str__(self) -> str:
        return (
            f"fault {self.fault} never struck; {self.seen} requests or notifications were selected for it. "
            "Check what it selects, and inject it before what it is to strike."
        )
