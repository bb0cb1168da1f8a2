"""Runs the packaged suite once and gives its results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from pytest_graphcalls.nightly.suite_process import CHOSEN, PATIENCE, PROGRESS
from pytest_graphcalls.nightly.workspace import ROOM
from pytest_graphcalls.redaction import mask

SUITE = "pytest_graphcalls.contracts"
CHILD = "pytest_graphcalls.nightly.suite_process"
_KEY = "GRAPHCALLS_REDACTION_KEY"
_RAN = frozenset({0, 1})
"""pytest's exit status of a run that came to its end."""
_EVERY = 0.2
"""Seconds between two assessments at how far a run is."""
_KILLED_AFTER = PATIENCE + 5
"""Seconds after which a run that was asked to stop, and has not ended, is killed."""

OnProgress = Callable[[int, int], None]
"""Receives how many tests are done, of how many; 0 of 0 before that is known."""


@dataclass(frozen=True, slots=True)
class SuiteRequest:
    """One run of the suite that is asked for.

    Attributes:
        folder: an empty folder for what comes of it.
        target: what the suite talks to.
        versions: API versions.
        tests: node ids to run instead of the whole suite.
        workers: processes, as for pytest-xdist's ``-n``; ``0`` for one without it.
        key: what pseudonyms depend on, or ``""`` for a new one.
        seed: where the simulator's ids start.
    """

    folder: Path
    target: str
    versions: tuple[str, ...]
    tests: tuple[str, ...] = ()
    workers: str = "0"
    key: str = ""
    seed: int = 0

    @property
    def cassettes(self) -> Path:
        """Folder of the recordings."""
        return self.folder / "cassettes"

    @property
    def report(self) -> Path:
        """Path of the suite's report."""
        return self.folder / "report.json"

    @property
    def junit(self) -> Path:
        """Path of the JUnit file."""
        return self.folder / "junit.xml"

    @property
    def progress(self) -> Path:
        """Path of the file with the progress of the run."""
        return self.folder / "progress.jsonl"

    def arguments(self) -> tuple[str, ...]:
        """Arguments for pytest. A project's own ``addopts`` are left out: ``-x`` or ``-k`` would shorten the night."""
        versions = self.versions[0] if len(self.versions) == 1 else "both"
        xdist = ("-p", "no:xdist") if self.workers == "0" else ("-n", self.workers)
        return (
            *("-q", "-p", CHILD, "-p", "no:randomly", "-p", "no:cacheprovider", "-o", "addopts=", *xdist),
            *("--record-mode=rewrite", "--graphcalls-nightly", f"--graphcalls-cassettes={self.cassettes}"),
            *(f"--graphcalls-target={self.target}", f"--graphcalls-version={versions}"),
            *(f"--graphcalls-seed={self.seed}", f"--graphcalls-report={self.report}", f"--junit-xml={self.junit}"),
            *("--pyargs", SUITE),
        )

    def prepare(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Write the list of tests to a file; gives variables for pytest, as in ``environ`` without PYTEST_ADDOPTS."""
        kept = {name: text for name, text in environ.items() if name != "PYTEST_ADDOPTS"}
        ours = {PROGRESS: str(self.progress), CHOSEN: "", ROOM: str(self.folder.parent)}
        if self.tests:
            # Not as words for pytest: it names a test by the word that led to it, and two modules may have the same.
            chosen = self.folder / "tests.txt"
            chosen.write_text("".join(f"{one}\n" for one in self.tests), encoding="utf-8")
            ours[CHOSEN] = str(chosen)
        return {**({_KEY: self.key} if self.key else {}), **kept, **ours}


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """The result of one run of the suite.

    Attributes:
        request: what was to be run.
        report: the suite's report; ``None`` when the run did not come to its end.
        problem: why it did not, a sentence, or ``""``.
    """

    request: SuiteRequest
    report: Mapping[str, Any] | None
    problem: str = ""

    @classmethod
    def of(cls, request: SuiteRequest, status: int, screen: str) -> SuiteRun:
        """Read what a run has left behind.

        Args:
            request: what was to be run.
            status: pytest's exit status.
            screen: what pytest printed.
        """
        stopped = next((one["stopped"] for one in reversed(list(_lines(request.progress))) if "stopped" in one), "")
        problem = "" if status in _RAN and not stopped else mask(stopped or _reason(screen, status))
        report = None
        if not problem:
            try:
                report = json.loads(request.report.read_bytes())
            except (OSError, ValueError) as error:
                problem = f"the suite has left no report that can be read ({error})."
        return cls(request, report, problem)


class SuiteRunner(Protocol):
    """Runs the packaged suite."""

    def run(self, request: SuiteRequest, on_progress: OnProgress) -> SuiteRun:
        """Run it once.

        Args:
            request: what is to be run.
            on_progress: receives its progress.
        """


class Subprocess:
    """Runs the suite in a process of this Python, in the folder where the command is, whose settings it has."""

    def run(self, request: SuiteRequest, on_progress: OnProgress) -> SuiteRun:
        """Run the suite once, and wait until it has ended."""
        screen = request.folder / "screen.txt"
        with (
            screen.open("wb") as out,
            subprocess.Popen(  # noqa: S603  this Python, and words of our own
                [sys.executable, "-m", CHILD, *request.arguments()],
                env=request.prepare(os.environ),
                # Nothing is written there: it closes when this process ends, however that is, and the run ends then.
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches this process alone: a second signal would stop the run in the middle of hanging up.
                process_group=0,
            ) as process,
        ):
            try:
                status = _followed(process, request.progress, on_progress)
            finally:
                _end(process)
        return SuiteRun.of(request, status, screen.read_text(encoding="utf-8", errors="replace"))


def _followed(process: subprocess.Popen[bytes], progress: Path, on_progress: OnProgress) -> int:
    on_progress(0, 0)
    shown = (0, 0)
    while True:
        status = process.poll()
        last = counted(progress)
        if last != shown:
            shown = last
            on_progress(*shown)
        if status is not None:
            return status
        time.sleep(_EVERY)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let an interrupted run hang up what it has made, and end it if it takes too long."""
    if process.poll() is not None:
        return
    assert process.stdin is not None
    process.stdin.close()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_KILLED_AFTER)
    finally:
        process.kill()
        process.wait()


def counted(progress: Path) -> tuple[int, int]:
    """How far a run is: tests done, and all of them."""
    done = total = 0
    for one in _lines(progress):
        done, total = max(done, one.get("done", 0)), one.get("total", total)
    return done, total


def _lines(progress: Path) -> Iterator[dict[str, Any]]:
    try:
        text = progress.read_text(encoding="utf-8")
    except OSError:
        return
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):  # the last one may be just being written
            yield json.loads(line)


def _reason(screen: str, status: int) -> str:
    """The reason that pytest gave, or the last line of its output."""
    lines = [line.strip() for line in screen.splitlines() if line.strip()]
    shown = [line for line in lines if line.startswith(("ERROR: ", "graphcalls: ", "E   ", "INTERNALERROR> "))]
    reasons: Sequence[str] = shown or lines
    last = reasons[-1].removeprefix("ERROR: ") if reasons else "it printed nothing"
    return f"pytest ended with status {status}: {last}"


def has_xdist() -> bool:
    """Whether the suite can run in several processes."""
    return find_spec("xdist") is not None
