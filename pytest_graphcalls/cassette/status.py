"""How a folder of cassettes stands: how old, from what, whether edited, whether a test still uses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_graphcalls.cassette.folders import cassettes_in, modules_in
from pytest_graphcalls.cassette.orphans import orphan
from pytest_graphcalls.cassette.passport import Passport
from pytest_graphcalls.errors import RecordingError


@dataclass(frozen=True, slots=True)
class Standing:
    """How one cassette stands.

    Attributes:
        path: where it lies.
        passport: what it says about itself; ``None`` when somebody else wrote it or it cannot be read.
        edited: whether somebody has changed it since.
        orphan: why no test uses it, or ``""``.
        problem: why it cannot be read, or ``""``.
    """

    path: Path
    passport: Passport | None = None
    edited: bool = False
    orphan: str = ""
    problem: str = ""


def survey(paths: Iterable[Path], modules: Iterable[Path]) -> Iterator[Standing]:
    """Look at every cassette.

    Whether a test uses one is read from the source of its module, so no test is run, and a run of a few tests makes
    nobody an orphan.

    Args:
        paths: files, and folders that are read whole. Hidden files in a folder are passed over.
        modules: folders where test modules are looked for.

    Raises:
        RecordingError: a path does not exist.
    """
    sources = modules_in(modules)
    for path in cassettes_in(paths):
        yield _standing(path, sources)


def _standing(path: Path, sources: dict[str, list[Path]]) -> Standing:
    from pytest_graphcalls.cassette import opened

    try:
        found = opened(path)
    except RecordingError as error:
        return Standing(path, problem=error.problem)
    return Standing(path, found.passport, found.edited, orphan(path, found.passport, sources))
