"""Records and checks the exchanges of one test; knows the recorder of the running test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from time import monotonic
from typing import Any

from pytest_graphcalls.contract import VERSIONS, Contract, Match
from pytest_graphcalls.errors import NoViolationError, StaleClientError, UnknownNameError
from pytest_graphcalls.findings import Finding, Kind, Severity, Side
from pytest_graphcalls.session.outcome import Answer, FindingStatus, Judge, Seen
from pytest_graphcalls.wire import Exchange, Notification, Request, encode_json, json_object


class Followed:
    """A source of notifications, and how many of them were checked already, by whichever recorder follows it."""

    def __init__(self, received: Callable[[], Sequence[Notification]], version: str, *, signed: bool) -> None:
        self._received = received
        self.version = version
        self.signed = signed
        self._count = 0
        self._last: Notification | None = None

    def new(self) -> Sequence[Notification]:
        """The notifications since the last check; all of them after a reset."""
        received = self._received()
        goes_on = self._count <= len(received) and (not self._count or received[self._count - 1] is self._last)
        fresh = received[self._count :] if goes_on else received
        self._count, self._last = len(received), received[-1] if received else None
        return fresh


class Recorder:
    """Records one test: an observer that checks every exchange it is handed. Safe under threads.

    Notifications are checked, too: those passed to :meth:`receive` immediately, those of a simulator that it follows
    when the findings are read, because a simulator writes them only then.

    Args:
        contract: what exchanges are checked against.
        strict: whether notices and reported rules weigh, too.
        rules: full ids of the rules the test judges.
        questions: full ids of the questions it asks.

    Attributes:
        started: by id, the answers that started operations (see :meth:`.Contract.check`).
    """

    def __init__(
        self, contract: Contract, *, strict: bool = False, rules: Iterable[str] = (), questions: Iterable[str] = ()
    ) -> None:
        self.contract = contract
        self.judge = Judge(contract, strict, tuple(rules), tuple(questions))
        self._lock = RLock()
        self._exchanges: list[Exchange] = []
        self._seen: list[Seen] = []
        self._answers: dict[str, Answer] = {}
        self.started: dict[str, Any] = {}
        self._taken: set[str] = set()
        self._flawed: dict[int, Request] = {}
        self._notifications: list[Notification] = []
        self._aside: set[int] = set()
        self._began = monotonic()
        # A separate lock: a thread that holds the simulator's may be about to add an exchange.
        self._looking = RLock()
        self._followed: list[Followed] = []
        self._over = ""

    def __call__(self, exchange: Exchange) -> None:
        """Check ``exchange`` and keep it with what was found.

        Raises:
            StaleClientError: the test is over.
        """
        if self._over:
            raise StaleClientError(self._over)
        exchange = replace(exchange, look=self.contract.look_of(exchange))  # it is asked for again at the end
        found = self.contract.check(exchange, started=self.started) if self.judge.applies_to(exchange) else ()
        findings = list(map(_safe, found))
        with self._lock:
            number = len(self._exchanges)
            self._exchanges.append(exchange)
            self._seen += [Seen(finding, number, self.judge.status(finding)) for finding in findings]

    def add(self, finding: Finding, request: Request) -> None:
        """Keep a finding about what ``request`` has led to, such as an audio file that it wants to be played."""
        with self._lock:
            number = next((at for at, one in enumerate(self._exchanges) if one.request is request), None)
            self._seen.append(Seen(_safe(finding), number, self.judge.status(finding)))

    def add_wrong_value(self, rule: str, where: str, expected: str, got: str) -> None:
        """Add a finding about the last answer of an operation, which only shows wrong beside other exchanges.

        Args:
            rule: full id of the rule that the answer breaks; its operation has been asked for.
            where: JSON path into the body.
            expected: what it should have been, in words.
            got: what it was, in words.
        """
        operation = self.contract.operation(self.contract.rule(rule).operation)
        looks = [(self.contract.look_of(exchange).match, exchange) for exchange in self.exchanges]
        *_, (match, last) = (
            (one, seen) for one, seen in looks if isinstance(one, Match) and one.operation is operation
        )
        facts = (operation.id, match.version, where, expected, got, rule, operation.page(match.version))
        self.add(Finding(Kind.VALUE_WRONG, Severity.VIOLATION, Side.RESPONSE, *facts), last.request)

    def follow(
        self, received: Callable[[], Sequence[Notification]], version: str = VERSIONS[0], *, signed: bool = False
    ) -> Callable[[], None]:
        """Check what ``received`` gives, each notification once.

        Args:
            received: gives all notifications so far, in order.
            version: the API version it is judged by.
            signed: whether the headers are those that came, where a token belongs among them.

        Returns:
            What ends it, after a last look.
        """
        return self.follow_on(Followed(received, version, signed=signed))

    def follow_on(self, followed: Followed) -> Callable[[], None]:
        """Check what ``followed`` has not given yet, to this recorder or to a different one; returns what ends it."""
        with self._looking:
            self._followed.append(followed)

        def leave() -> None:
            with self._looking:
                self._check_followed()
                self._followed = [one for one in self._followed if one is not followed]

        return leave

    def receive(self, request: Request, version: str = VERSIONS[0]) -> Mapping[str, Any]:
        """Check a notification that was posted to the bot.

        Args:
            request: the POST as it came in, token included.
            version: the API version it is judged by.

        Returns:
            The decoded body; empty when it is no JSON object, which is a finding.
        """
        findings = self.contract.check_posted(request, version)
        data = json_object(request.body)
        received = Notification(request.url, data, monotonic() - self._began, request.headers.without("Authorization"))
        self._add_notification(received, request, findings)
        return data

    def _check_followed(self) -> None:
        """Check the notifications since the last check of the sources that are followed."""
        with self._looking:
            for followed in self._followed:
                for received in followed.new():
                    if followed.signed:
                        findings = self.contract.check_posted(_posted(received), followed.version)
                    else:
                        findings = self.contract.check_notification(received.body, followed.version)
                    self._add_notification(
                        replace(received, headers=received.headers.without("Authorization")), None, findings
                    )

    def _add_notification(self, received: Notification, posted: Request | None, findings: Iterable[Finding]) -> None:
        safe = list(map(_safe, findings))
        with self._lock:
            number = len(self._notifications)
            self._notifications.append(received)
            if safe:
                self._flawed[number] = posted or _posted(received)
                self._seen += [Seen(one, None, self.judge.status(one), number) for one in safe]

    @property
    def notification_count(self) -> int:
        """How many notifications were checked so far."""
        return len(self.notifications)

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """The notifications that were checked so far, in order; ``at`` counts from the beginning of the test."""
        self._check_followed()
        with self._lock:
            return tuple(self._notifications)

    @property
    def flawed(self) -> Mapping[int, Request]:
        """The notifications that something was found in, by their number from 0."""
        self._check_followed()
        with self._lock:
            return dict(self._flawed)

    def close(self, test: str) -> None:
        """Take in nothing more, because ``test`` (its node id) is over."""
        self._over = test

    def keep(self, exchange: Exchange) -> None:
        """Keep ``exchange`` without checking it: it shows a fault of the environment."""
        with self._lock:
            self._exchanges.append(exchange)

    @contextmanager
    def not_compared(self) -> Iterator[None]:
        """Exchanges inside depend on what others have left behind: judged, but not compared with another run."""
        first = len(self.exchanges)
        try:
            yield
        finally:
            with self._lock:
                self._aside.update(range(first, len(self._exchanges)))

    @property
    def uncompared(self) -> frozenset[int]:
        """Numbers of the exchanges, from 0, that were made :meth:`not_compared`."""
        with self._lock:
            return frozenset(self._aside)

    @property
    def judges(self) -> bool:
        """Whether the test judges its target, rather than being some project's own."""
        return self.judge.is_of_contract_test

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every exchange so far, in order."""
        with self._lock:
            return tuple(self._exchanges)

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Every finding so far, with its exchange or notification and what it means."""
        self._check_followed()
        with self._lock:
            return tuple(self._seen)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding so far: of each exchange in order, and of notifications when they were looked at."""
        return tuple(seen.finding for seen in self.seen)

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The target's answers to the questions of the test, by the question's full id."""
        with self._lock:
            return dict(self._answers)

    def failing(self) -> tuple[Seen, ...]:
        """The findings that fail the test."""
        return tuple(seen for seen in self.seen if seen.status is FindingStatus.FAILS)

    def answer(self, question: str, *, status: int, code: str = "", text: str = "") -> None:
        """Keep what the target answered to ``question``.

        Args:
            question: its full id.
            status: the status of the answer.
            code: the error's code, or ``""``.
            text: what followed, or the error's message, in few words.

        Raises:
            UnknownNameError: there is no such question.
        """
        known = self.contract.question(question)
        with self._lock:
            self._answers[known.id] = Answer(status, code, text)

    @contextmanager
    def expect_violation(self, what: str) -> Iterator[None]:
        """Allow, and ask for, a violation of ``what`` by the exchanges and notifications inside the block.

        Args:
            what: a rule's full id or slug (``at-most-five-invitees``), or a kind of finding (``token-missing``).

        Raises:
            UnknownNameError: there is no such rule, slug or kind.
            NoViolationError: the block ended without such a finding.
        """
        self._known(what)
        first = len(self.exchanges), self.notification_count
        try:
            yield
        except BaseException:
            self._allow(what, first)
            raise
        if not self._allow(what, first):
            instead = {seen.finding.rule or seen.finding.kind.value for seen in self.seen if _since(seen, first)}
            raise NoViolationError(what, len(self.exchanges) - first[0], sorted(instead))

    def _known(self, what: str) -> None:
        rules = self.contract.rules
        names = {*rules, *(rule.slug for rule in rules.values()), *(kind.value for kind in Kind)}
        if what not in names:
            operation = what in self.contract.operations
            listing = f"It is an operation: 'graphcalls explain {what}'" if operation else "'graphcalls rules'"
            raise UnknownNameError(
                "rule, slug or kind of finding", what, () if operation else tuple(sorted(names)), listing
            )

    def _allow(self, what: str, first: tuple[int, int]) -> int:
        """Mark the matching findings since ``first`` (exchange, notification) as expected; how many there are."""
        self._check_followed()
        with self._lock:
            matching = [
                index for index, seen in enumerate(self._seen) if _since(seen, first) and what in _names(seen.finding)
            ]
            for index in matching:
                self._seen[index] = replace(self._seen[index], status=FindingStatus.EXPECTED)
        return len(matching)

    def take_failing(self) -> list[Seen]:
        """The findings that fail the test and were not taken before, not even at another place."""
        found = self.failing()  # not under the lock, which other readers take as the second one
        with self._lock:
            failing = [seen for seen in found if seen.finding.fingerprint not in self._taken]
            self._taken.update(seen.finding.fingerprint for seen in failing)
        return failing


def _since(seen: Seen, first: tuple[int, int]) -> bool:
    """Whether ``seen`` is about an exchange or notification with this number, or a later one."""
    exchange, notification = first
    if seen.exchange is not None:
        return seen.exchange >= exchange
    return seen.notification is not None and seen.notification >= notification


def _posted(notification: Notification) -> Request:
    return Request("POST", notification.posted_to, notification.headers, encode_json(notification.body))


def _safe(finding: Finding) -> Finding:
    """The finding with secrets masked in what it quotes of an exchange."""
    from pytest_graphcalls.redaction import mask

    return replace(finding, where=mask(finding.where), got=mask(finding.got))


def _names(finding: Finding) -> set[str]:
    """The names by which ``expect_violation`` accepts a finding."""
    return {finding.rule, finding.rule.partition(".")[2], finding.kind.value} - {""}


_active: list[Recorder] = []
"""Recorders of the tests that are running, the latest last. One list for all threads, because an exchange may
come from a server's or an event loop's thread."""


def current_recorder() -> Recorder | None:
    """The recorder of the test that is running now, for transports that were not handed one."""
    return _active[-1] if _active else None


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Make ``recorder`` the current one inside the block."""
    _active.append(recorder)
    try:
        yield recorder
    finally:
        _active.remove(recorder)
