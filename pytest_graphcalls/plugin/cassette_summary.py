"""The cassettes of a run, and what its summary says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pytest_graphcalls.cassette import Kind
from pytest_graphcalls.plugin.cassette_files import Facts, shown
from pytest_graphcalls.plugin.settings import Settings

_WORTH: Mapping[str, str] = {
    Kind.SIMULATOR: "; that says what the simulator does, and nothing about the service",
    Kind.LIVE: "",
    Kind.SERVER: "",
}
"""By what was recorded: what it is worth."""


class CassetteSummary:
    """The cassettes that the tests of a run have played or written, in all its processes.

    Only they count, so a run of a few tests does not report the others' cassettes.

    Args:
        settings: how old one may be, and what follows if it is older.
        now: the present, aware; by default the clock's.
    """

    def __init__(self, settings: Settings, now: datetime | None = None) -> None:
        self._settings = settings
        self._now = now or datetime.now(UTC)
        self._played: dict[str, Facts] = {}
        self._written: dict[str, Facts] = {}

    def add(self, facts: Iterable[Facts]) -> None:
        """Take in what one more test says."""
        for one in facts:
            (self._played if one["state"] == "played" else self._written)[one["file"]] = one

    def failing(self) -> bool:
        """Whether the run fails for the state of its cassettes."""
        return self._settings.strict_cassettes and bool(self._old() or self._edited())

    def lines(self) -> Iterator[str]:
        """The lines of the summary."""
        yield from self._worth()
        days = self._settings.cassette_days
        yield from _named(f"older than {days} days", self._old(), "; record them again (--record-mode=rewrite)")
        yield from _named("edited since they were recorded", self._edited(), "; record them again, or restore them")
        yield from _named("recorded for another revision of the contract", self._outdated(), "")
        yield from _named(
            "with faults that were injected", self._faulty(), "; those answers prove nothing about the service"
        )
        if self.failing():
            yield "The run fails for that (--graphcalls-strict-cassettes)."
        if self._written:
            folders = sorted({shown(Path(file).parent) for file in self._written})
            more = f" and {len(folders) - 1} more folders" if len(folders) > 1 else ""
            yield f"cassettes written: {len(self._written)} ({folders[0]}{more}); the leak scan found nothing in them"

    def _worth(self) -> Iterator[str]:
        for kind, remark in _WORTH.items():
            days = sorted(one["recorded"][:10] for one in self._played.values() if one["from"] == kind)
            if days:
                span = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
                yield f"recorded from: {kind} ({_counted(len(days))}, {span}){remark}"

    def _old(self) -> list[str]:
        return [
            name
            for name, one in self._played.items()
            if one["recorded"]
            and (self._now - datetime.fromisoformat(one["recorded"])).days > self._settings.cassette_days
        ]

    def _edited(self) -> list[str]:
        return [name for name, one in self._played.items() if one["edited"]]

    def _faulty(self) -> list[str]:
        return [name for name, one in {**self._played, **self._written}.items() if one["faults"]]

    def _outdated(self) -> list[str]:
        return [name for name, one in self._played.items() if one["outdated"]]


def _counted(number: int) -> str:
    return "1 cassette" if number == 1 else f"{number} cassettes"


def _named(what: str, files: Sequence[str], step: str) -> Iterator[str]:
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        yield f"cassettes {what}: {shown(Path(min(files)))}{more}{step}"
