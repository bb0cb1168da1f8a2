"""The accepted recordings and tonight's: what differs, exchange by exchange and notification by notification.

Tests are paired by name, exchanges by step (see ``steps``), notifications by call and sort (see ``told``). Ids, times
and free texts are taken out first (see ``settling``); what is left and differs is a difference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.drift.model import Latency, Met, Sample, Tape, Unchecked
from pytest_graphcalls.drift.normalise import Addresses, Settler
from pytest_graphcalls.drift.notifications import Retold, compare_told, told
from pytest_graphcalls.drift.responses import Change, Step, compare_answers, step
from pytest_graphcalls.wire import Exchange, Response

_TOO_MANY, _FAILED, _UNSIGNED = 429, 500, 401


def is_fault(response: Response) -> bool:
    """Whether an answer says nothing of the operation: 429, or 500 and above."""
    return response.status == _TOO_MANY or response.status >= _FAILED


def fault_of(before: Response | None, after: Response | None) -> str:
    """What kept a step from being compared, in words, or ``""``.

    Args:
        before: the accepted answer, or ``None``.
        after: tonight's, or ``None``.
    """
    if after is None or (before is not None and after.status == before.status):
        return ""
    if is_fault(after):
        return f"was answered {after.status}, which says nothing of the operation; run it again"
    if after.status == _UNSIGNED and before is not None and before.status < _UNSIGNED:
        return "was answered 401 where it used to be let in; look at the sign-in, and run it again"
    return ""


def steps(exchanges: Sequence[Exchange], contract: Contract, addresses: Addresses) -> Iterator[Step]:
    """The steps of one recording, in order.

    Args:
        exchanges: all exchanges of the test.
        contract: knows the operations.
        addresses: makes templates of the addresses that none of them has.
    """
    waiting: dict[str, Step] = {}
    for number, exchange in enumerate(exchanges, 1):
        if _asked_again(exchange, exchanges[number : number + 1]):
            continue
        one = step(exchange, number, contract, addresses)
        if exchange.request.method == "GET":
            # Taken out first, so that it stands where it was read last.
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


def together(before: Iterable[Step], after: Iterable[Step]) -> Iterator[tuple[Step | None, Step | None]]:
    """Steps that belong together, in the order of the accepted recording; what is new tonight comes last."""
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


@dataclass(frozen=True, slots=True)
class Shift:
    """From when on answers are slower, or faster, than before.

    Attributes:
        factor: how many times as long the median has to be, or how many times as short.
        seconds: by how many real seconds it has to differ as well.
        least: how many answers there have to be on either side.
    """

    factor: float = 2.0
    seconds: float = 0.25
    least: int = 5


class Stopwatch:
    """Collects how long the answers of each operation took."""

    def __init__(self) -> None:
        self._took: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, operation: str, version: str, seconds: float | None) -> None:
        """Take in one answer.

        Args:
            operation: id of the operation.
            version: the API version.
            seconds: what it took, real; ``None`` where nobody has measured it.
        """
        if seconds is not None:
            self._took[f"{operation}@{version}"].append(seconds)

    def latencies(self) -> Mapping[str, Latency]:
        """By ``operation@version``, in milliseconds."""
        return {
            name: Latency(median(took) * 1000, max(took) * 1000, len(took)) for name, took in sorted(self._took.items())
        }


def shifts(
    before: Mapping[str, Latency], after: Mapping[str, Latency], limits: Shift, pages: Mapping[str, str]
) -> Iterator[Difference]:
    """The operations whose answers take longer, or less long, than before.

    Args:
        before: of the accepted recordings, by ``operation@version``.
        after: of tonight.
        limits: from when on it is told.
        pages: addresses of the operations' pages, by ``operation@version``.
    """
    for name in _common(before, after):
        old, new = before[name], after[name]
        slow, fast = max(old.median, new.median), min(old.median, new.median)
        enough = min(old.count, new.count) >= limits.least
        if enough and slow > fast * limits.factor and slow - fast > limits.seconds * 1000:
            operation, _, version = name.partition("@")
            yield Difference(
                Kind.LATENCY_SHIFTED,
                Origin.RECORDING,
                version,
                operation,
                "latency",
                "as before",
                "slower" if new.median > old.median else "faster",
                page=pages.get(name, ""),
                hint=f"The median was {old.median:.0f} ms and is {new.median:.0f} ms, over {new.count} answers.",
            )


def _common(before: Mapping[str, Latency], after: Mapping[str, Latency]) -> Iterable[str]:
    return sorted(before.keys() & after.keys())


NO_BASELINE = "there is no accepted recording of it to compare with; 'graphcalls drift promote' makes tonight's one"
NOT_HEARD = "nobody could look at notifications {when}, so only its exchanges were compared"
MET = (
    "somebody whom it invites was in its meeting already, since an earlier night, in one of the recordings; end the "
    "meeting, or use one that ends when the bot leaves"
)
NOT_RECORDED = "tonight has no recording of it; look at what became of the test"


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on something counts.

    Attributes:
        late: how many seconds later than before a notification is late.
        shift: when answers are slower, or faster, than before.
    """

    late: float = 10.0
    shift: Shift = field(default_factory=Shift)


_DEFAULT = Limits()


def compare(
    before: Iterable[Tape], after: Iterable[Tape], contract: Contract, limits: Limits = _DEFAULT
) -> Iterator[Met | Unchecked]:
    """Compare the accepted recordings with tonight's.

    Args:
        before: the accepted ones; all are kept in memory.
        after: tonight's, one by one.
        contract: knows operations, types and notifications.
        limits: from when on something counts.

    Yields:
        What differs, and what could not be compared: a test without a recording, and the rest of a test in which the
        service, the network or the sign-in failed. Latency comes last.
    """
    return _Comparison(contract, limits).all(before, after)


class _Comparison:
    def __init__(self, contract: Contract, limits: Limits) -> None:
        self._contract = contract
        self._limits = limits
        self._addresses = Addresses(contract)
        self._old, self._new = Stopwatch(), Stopwatch()

    def all(self, before: Iterable[Tape], after: Iterable[Tape]) -> Iterator[Met | Unchecked]:
        accepted = {tape.name: tape for tape in before}
        for tape in after:
            old = accepted.pop(tape.name, None)
            if old is None:
                # Who writes a new test has nothing to compare it with, and need not be told every night that it is bad.
                yield Unchecked(tape.name, NO_BASELINE, decides=False)
            elif any(name in old.invited + tape.invited for name in old.stayed ^ tape.stayed):
                yield Unchecked(tape.name, MET, decides=False)
            else:
                yield from self._tape(old, tape)
        yield from (Unchecked(name, NOT_RECORDED) for name in accepted)
        yield from map(Met, shifts(self._old.latencies(), self._new.latencies(), self._limits.shift, self._pages()))

    def _pages(self) -> dict[str, str]:
        operations = self._contract.operations.values()
        return {f"{one.id}@{version}": one.page(version) for one in operations for version in one.versions}

    def _tape(self, before: Tape, after: Tape) -> Iterator[Met | Unchecked]:
        version = after.version
        settler = Settler(self._contract.types(version), self._addresses)
        for old, new in together(self._steps(before), self._steps(after)):
            fault = fault_of(old.exchange.response if old else None, new.exchange.response if new else None)
            if fault and new is not None:
                # Nothing behind it is what it would have been.
                yield Unchecked(f"{after.name}, exchange {new.number}", f"{new.subject} {fault}")
                return
            yield from (_met(after, old, new, change) for change in self._step(version, settler, old, new))
        if not (before.heard and after.heard):
            if before.notifications or after.notifications:
                when = "when it was accepted" if after.heard else "tonight"
                yield Unchecked(after.name, NOT_HEARD.format(when=when), decides=False)
            return
        was, is_ = (told(tape.notifications, self._contract, version) for tape in (before, after))
        for one in compare_told(was, is_, settler, self._limits.late):
            yield _retold(after, one)

    def _steps(self, tape: Tape) -> Sequence[Step]:
        return tuple(steps(tape.exchanges, self._contract, self._addresses))

    def _step(self, version: str, settler: Settler, old: Step | None, new: Step | None) -> Iterator[Change]:
        if old is not None:
            self._old.add(old.subject, version, old.exchange.seconds)
        if new is not None:
            self._new.add(new.subject, version, new.exchange.seconds)
        if old is not None and new is not None:
            yield from compare_answers(old, new, settler, self._addresses)
        elif old is not None:
            yield Change(Kind.EXCHANGE_GONE, "", "an exchange")
        else:
            yield Change(Kind.EXCHANGE_NEW, "", "", "an exchange")


def _met(tape: Tape, old: Step | None, new: Step | None, change: Change) -> Met:
    one = new or old
    assert one is not None
    place = f"{tape.name}, exchange {one.number}"
    sample = Sample(new.exchange if new else None, old.exchange if old else None, change.where)
    return Met(_difference(change, tape.version, one.subject, place, one.page(tape.version)), sample)


def _retold(tape: Tape, retold: Retold) -> Met:
    old, new = retold.before, retold.after
    one = new or old
    assert one is not None
    place = f"{tape.name}, notification {one.number}"
    page = one.payload.page(tape.version) if one.payload else ""
    sample = Sample(new.notification if new else None, old.notification if old else None, retold.change.where)
    return Met(_difference(retold.change, tape.version, one.subject, place, page), sample)


def _difference(change: Change, version: str, subject: str, place: str, page: str) -> Difference:
    return Difference(
        change.kind,
        Origin.RECORDING,
        version,
        subject,
        change.place,
        change.before,
        change.after,
        place,
        page,
        change.hint,
    )
