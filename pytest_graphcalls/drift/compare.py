"""Compare the accepted recordings with tonight's, exchange by exchange and notification by notification.

Tests are paired by name, exchanges by operation and order (:func:`steps`), notifications by call and payload (see
``notifications``). Ids, times and free texts are taken out first (see ``normalise``); every difference in the rest is
reported.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.drift.model import Latency, Observation, Recording, Sample, Unchecked
from pytest_graphcalls.drift.normalise import AddressTemplates, Normaliser
from pytest_graphcalls.drift.notifications import EntryChange, compare_notifications, entries_of
from pytest_graphcalls.drift.responses import Change, Step, compare_answers, step
from pytest_graphcalls.wire import Exchange, Response

_TOO_MANY, _FAILED, _UNSIGNED = 429, 500, 401
NO_BASELINE = "there is no accepted recording of it to compare with; 'graphcalls drift promote' makes tonight's one"
NOTIFICATIONS_NOT_RECORDED = "notifications could not be recorded {when}, so only its exchanges were compared"
ALREADY_PRESENT = (
    "a participant it invites was in its meeting already, since an earlier night, in one of the recordings; end the "
    "meeting, or use one that ends as soon as the bot hangs up"
)
NOT_RECORDED = "tonight has no recording of it; see the result of the test"


LATE = 10.0
"""Seconds by which a notification has to be later than before to be reported."""
FACTOR, SECONDS, LEAST = 2.0, 0.25, 5
"""What is reported of response times: medians that differ by this factor and by so many real seconds, of at least so
many responses on either side."""


def compare(
    before: Iterable[Recording], after: Iterable[Recording], contract: Contract
) -> Iterator[Observation | Unchecked]:
    """Compare the accepted recordings with tonight's.

    Args:
        before: the accepted ones; all are kept in memory.
        after: tonight's, one by one.
        contract: knows operations, types and notifications.

    Yields:
        Differences, and what could not be compared: a test without a recording, and the rest of a test in which the
        service, the network or the sign-in failed. Response times come last.
    """
    return _Comparison(contract).all(before, after)


class _Comparison:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._addresses = AddressTemplates(contract)
        self._old: list[tuple[str, float | None]] = []
        self._new: list[tuple[str, float | None]] = []

    def all(self, before: Iterable[Recording], after: Iterable[Recording]) -> Iterator[Observation | Unchecked]:
        accepted = {recording.name: recording for recording in before}
        for recording in after:
            old = accepted.pop(recording.name, None)
            if old is None:
                # A new test has no accepted recording yet; that is no reason to fail every night.
                yield Unchecked(recording.name, NO_BASELINE, decides=False)
            elif any(
                name in old.invited + recording.invited for name in old.already_present ^ recording.already_present
            ):
                yield Unchecked(recording.name, ALREADY_PRESENT, decides=False)
            else:
                yield from self._recording(old, recording)
        yield from (Unchecked(name, NOT_RECORDED) for name in accepted)
        shifted = latency_changes(latencies(self._old), latencies(self._new), self._contract)
        yield from map(Observation, shifted)

    def _recording(self, before: Recording, after: Recording) -> Iterator[Observation | Unchecked]:
        version = after.version
        normaliser = Normaliser(self._contract.types(version), self._addresses)
        for old, new in paired_steps(self._steps(before), self._steps(after)):
            fault = fault_of(old.exchange.response if old else None, new.exchange.response if new else None)
            if fault and new is not None:
                # Every later step depends on this one.
                yield Unchecked(f"{after.name}, exchange {new.number}", f"{new.subject} {fault}")
                return
            yield from (_of_exchange(after, old, new, change) for change in self._step(version, normaliser, old, new))
        if not (before.notifications_recorded and after.notifications_recorded):
            if before.notifications or after.notifications:
                when = "when it was accepted" if after.notifications_recorded else "tonight"
                yield Unchecked(after.name, NOTIFICATIONS_NOT_RECORDED.format(when=when), decides=False)
            return
        was, is_ = (entries_of(recording.notifications, self._contract, version) for recording in (before, after))
        for one in compare_notifications(was, is_, normaliser, LATE):
            yield _of_notification(after, one)

    def _steps(self, recording: Recording) -> Sequence[Step]:
        return tuple(steps(recording.exchanges, self._contract, self._addresses))

    def _step(self, version: str, normaliser: Normaliser, old: Step | None, new: Step | None) -> Iterator[Change]:
        if old is not None:
            self._old.append((f"{old.subject}@{version}", old.exchange.seconds))
        if new is not None:
            self._new.append((f"{new.subject}@{version}", new.exchange.seconds))
        if old is not None and new is not None:
            yield from compare_answers(old, new, normaliser, self._addresses)
        elif old is not None:
            yield Change(Kind.EXCHANGE_GONE, "", "an exchange")
        else:
            yield Change(Kind.EXCHANGE_NEW, "", "", "an exchange")


def _of_exchange(recording: Recording, old: Step | None, new: Step | None, change: Change) -> Observation:
    one = new or old
    assert one is not None
    place = f"{recording.name}, exchange {one.number}"
    sample = Sample(new.exchange if new else None, old.exchange if old else None, change.where)
    return Observation(_difference(change, recording.version, one.subject, place, one.page(recording.version)), sample)


def _of_notification(recording: Recording, entry_change: EntryChange) -> Observation:
    old, new = entry_change.before, entry_change.after
    one = new or old
    assert one is not None
    place = f"{recording.name}, notification {one.number}"
    page = one.payload.page(recording.version) if one.payload else ""
    sample = Sample(new.notification if new else None, old.notification if old else None, entry_change.change.where)
    return Observation(_difference(entry_change.change, recording.version, one.subject, place, page), sample)


def _difference(change: Change, version: str, subject: str, place: str, page: str) -> Difference:
    facts = (version, subject, change.place, change.before, change.after, place, page, change.hint)
    return Difference(change.kind, Origin.RECORDING, *facts)


def steps(exchanges: Sequence[Exchange], contract: Contract, addresses: AddressTemplates) -> Iterator[Step]:
    """The steps of one recording, in order; of repeated reads of one address only the last one is kept.

    Args:
        exchanges: all exchanges of the test.
        contract: knows the operations.
        addresses: makes templates of addresses outside the contract.
    """
    waiting: dict[str, Step] = {}
    for number, exchange in enumerate(exchanges, 1):
        if _asked_again(exchange, exchanges[number : number + 1]):
            continue
        one = step(exchange, number, contract, addresses)
        if exchange.request.method == "GET":
            # Removed first, so that its position is that of the last read.
            waiting.pop(exchange.request.url, None)
            waiting[exchange.request.url] = one
            continue
        yield from waiting.values()
        waiting.clear()
        yield one
    yield from waiting.values()


def _asked_again(exchange: Exchange, following: Sequence[Exchange]) -> bool:
    request = exchange.request
    return is_fault(exchange.response) and any(
        (one.request.method, one.request.url) == (request.method, request.url) for one in following
    )


def paired_steps(before: Iterable[Step], after: Iterable[Step]) -> Iterator[tuple[Step | None, Step | None]]:
    """Pair the steps of two recordings by subject and order, in the order of the accepted one; new steps come last."""
    new = dict(_named(after))
    for name, one in _named(before):
        yield one, new.pop(name, None)
    for one in new.values():
        yield None, one


def _named(all_: Iterable[Step]) -> Iterator[tuple[tuple[str, int], Step]]:
    count: Counter[str] = Counter()
    for one in all_:
        count[one.subject] += 1
        yield (one.subject, count[one.subject]), one


def is_fault(response: Response) -> bool:
    """Whether a response is a fault of the service, 429 or 500 and above: it proves nothing about the operation."""
    return response.status == _TOO_MANY or response.status >= _FAILED


def fault_of(before: Response | None, after: Response | None) -> str:
    """The fault that keeps a step from being compared, in words, or ``""``.

    Args:
        before: the accepted response, or ``None``.
        after: tonight's response, or ``None``.
    """
    if after is None or (before is not None and after.status == before.status):
        return ""
    if is_fault(after):
        return f"was answered {after.status}, which proves nothing about the operation; run it again"
    if after.status == _UNSIGNED and before is not None and before.status < _UNSIGNED:
        return "was answered 401, and was authorized before; check the sign-in, and run it again"
    return ""


def latencies(timed: Iterable[tuple[str, float | None]]) -> Mapping[str, Latency]:
    """The statistics of response times, in milliseconds.

    Args:
        timed: for each response, ``operation@version`` and its real seconds; ``None`` where they were not measured.
    """
    took: defaultdict[str, list[float]] = defaultdict(list)
    for name, seconds in timed:
        if seconds is not None:
            took[name].append(seconds * 1000)
    return {name: Latency(round(median(all_), 3), round(max(all_), 3), len(all_)) for name, all_ in took.items()}


def latency_changes(
    before: Mapping[str, Latency], after: Mapping[str, Latency], contract: Contract
) -> Iterator[Difference]:
    """The operations whose response times have changed.

    Args:
        before: of the accepted recordings, by ``operation@version``.
        after: of tonight.
        contract: knows the pages of the operations.
    """
    for name in sorted(before.keys() & after.keys()):
        old, new = before[name], after[name]
        slow, fast = max(old.median, new.median), min(old.median, new.median)
        if min(old.count, new.count) >= LEAST and slow > fast * FACTOR and slow - fast > SECONDS * 1000:
            operation, _, version = name.partition("@")
            known = contract.operations.get(operation)
            page = known.page(version) if known else ""
            hint = f"The median was {old.median:.0f} ms and is {new.median:.0f} ms, over {new.count} answers."
            now = "slower" if new.median > old.median else "faster"
            facts = (version, operation, "latency", "as before", now, "", page, hint)
            yield Difference(Kind.LATENCY_SHIFTED, Origin.RECORDING, *facts)
