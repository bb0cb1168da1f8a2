"""How long answers took, and whether that has changed. A notice: the network has its part in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from pytest_graphcalls.drift.difference import Difference, Kind, Origin
from pytest_graphcalls.drift.verdict import Latency


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
