"""One night on a simulator that drifts, or not, and what became of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self
from unittest import mock

from pytest_graphcalls.drift import Outcome, Verdict
from pytest_graphcalls.nightly import NightSettings, promote, run_night
from pytest_graphcalls.report.nightly import writing
from pytest_graphcalls.sanitize import CleanedJson
from tests.proof.nights.drifts import TABLE
from tests.proof.nights.warm import Warm


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a night.

    Attributes:
        verdict: what it came to.
        wanted: what it should have come to.
        fits: whether it did, and the kind that was asked for is among its differences.
    """

    verdict: Verdict
    wanted: Outcome
    fits: bool

    @property
    def kinds(self) -> str:
        """The kinds of differences it has, with their standing where they decide nothing."""
        return ", ".join(
            sorted(
                {
                    one.difference.kind.value + ("" if one.status.decides else f" ({one.status.value})")
                    for one in self.verdict.entries
                }
            )
        )


class Nights:
    """Nights in one folder, with a baseline that was recorded before anything drifted.

    Args:
        folder: an empty folder.
        versions: API versions of the nights.
        modules: what the baseline has; all of the suite by default.
    """

    def __init__(self, folder: Path, versions: tuple[str, ...], modules: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._versions = versions
        self._modules = modules
        (folder / "run").mkdir()
        self.warm = Warm(folder / "run")
        self._all = folder / "baseline"

    def __enter__(self) -> Self:
        self.warm.__enter__()
        self.warm.modules = self._modules
        first = self._settings(folder := self._new(), self._all)
        seen = run_night(first, self.warm)
        assert seen.verdict.outcome is Outcome.NO_DRIFT, seen.verdict
        promote(first.out / "cassettes", self._all)
        shutil.rmtree(folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.warm.__exit__(kind, error, trace)

    def _new(self) -> Path:
        return Path(mkdtemp(dir=self._folder))

    def _settings(self, folder: Path, baseline: Path) -> NightSettings:
        return NightSettings(
            "simulator",
            folder / "out",
            baseline,
            folder / "history.db",
            folder / "accepted.toml",
            self._versions,
            workers="0",
        )

    def _baseline(self, folder: Path, modules: tuple[str, ...]) -> Path:
        """The baseline of a few modules."""
        if not modules:
            return self._all
        for source in self._all.glob("*/*"):
            if source.name in modules:
                shutil.copytree(source, folder / "baseline" / source.relative_to(self._all))
        return folder / "baseline"

    def drifting(self, number: int) -> Result:
        """A night with the drift of that number in the table."""
        drift = TABLE[number]
        self.warm.drift, self.warm.modules, self.warm.days = number, drift.modules, 0
        verdict = self._night(drift.modules, 0)
        kinds = {one.difference.kind for one in verdict.entries}
        return Result(
            verdict, drift.outcome, verdict.outcome is drift.outcome and (drift.kind is None or drift.kind in kinds)
        )

    def clean(self, number: int, modules: tuple[str, ...]) -> Result:
        """A night without drift, with ids and a clock of its own."""
        self.warm.drift, self.warm.modules, self.warm.days = -1, modules, number * 11
        verdict = self._night(modules, number)
        return Result(verdict, Outcome.NO_DRIFT, verdict.outcome is Outcome.NO_DRIFT and not verdict.entries)

    def _night(self, modules: tuple[str, ...], seed: int) -> Verdict:
        folder = self._new()
        try:
            with _plain_reports():
                seen = run_night(self._settings(folder, self._baseline(folder, modules)), self.warm, seed=seed)
            assert not seen.problem, seen.problem
            assert (folder / "out" / "verdict.json").is_file()
            return seen.verdict
        finally:
            shutil.rmtree(folder)


@contextmanager
def _plain_reports() -> Iterator[None]:
    """Reports are written unredacted meanwhile: that is a third of a short night, and no matter of its verdict."""
    with ExitStack() as patched:
        for name in ("document", "page", "sarif"):
            module = import_module(f"pytest_graphcalls.report.nightly.{name}")
            change = mock.patch.object(module, "clean_json", lambda facts, *, people: CleanedJson((), facts))
            patched.enter_context(change)
        patched.enter_context(mock.patch.object(writing, "_clean", lambda text, *_: text))
        yield
