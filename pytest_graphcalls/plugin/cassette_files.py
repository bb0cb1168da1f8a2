"""The cassette of each test: ``<folder>/<version>/<module>/<test>.yaml``."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2s
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Cassette
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.parsing import content
from pytest_graphcalls.plugin.options import NAMED, PARAMETER, REPLAY, SIMULATOR, records
from pytest_graphcalls.plugin.settings import Settings
from pytest_graphcalls.targets import Case

_LONGEST_NAME = 180
"""Characters of a test's name in its file's name; most file systems take 255 bytes, suffixes included."""


def folder_of(config: pytest.Config, settings: Settings, *, to_read: bool) -> Path:
    """The folder of recordings: the given one, else the project's own, else (for reading) that of the package."""
    own = settings.cassettes or config.rootpath / "cassettes"
    if settings.cassettes or not to_read or any((own / version).is_dir() for version in ("v1.0", "beta")):
        return own
    from importlib.resources import files

    return Path(str(files("pytest_graphcalls.cassettes")))


def case_of(item: pytest.Item, settings: Settings, target: str, version: str) -> Case | None:
    """The test's case, if it is recorded or replayed."""
    if target != REPLAY and not _is_recorded(item, settings, target):
        return None
    folder = folder_of(item.config, settings, to_read=target == REPLAY)
    own = folder_of(item.config, settings, to_read=False)
    name = _test_name(item, version)
    path = folder / version / item.path.stem / f"{_file_name(name)}.yaml"
    again = (
        f"pytest '{item.nodeid}' --record-mode=rewrite --graphcalls-cassettes={shown(own)} "
        "--graphcalls-target=<what it was recorded from>"
    )
    compared = settings.nightly and target != REPLAY
    salt = token_hex(8) if compared and target not in NAMED else ""
    case = f"{item.path.parent.name}/{item.path.name}::{name}@{version}"
    return Case(path, case, again, compared=compared, salt=salt)


def _is_recorded(item: pytest.Item, settings: Settings, target: str) -> bool:
    """Whether we record it: what runs in this process is not worth it but to be compared, and vcrpy records what has
    its mark.
    """
    return records(item.config) and (target != SIMULATOR or settings.nightly) and item.get_closest_marker("vcr") is None


def _test_name(item: pytest.Item, version: str) -> str:
    """The test's name without its API version, which is the folder's."""
    callspec = getattr(item, "callspec", None)
    name = item.name
    if callspec is not None and PARAMETER in callspec.params:
        others = "-".join(part for part in callspec.id.split("-") if part != version)
        name = f"{name.partition('[')[0]}[{others}]" if others else name.partition("[")[0]
    owner = getattr(item, "cls", None)
    return f"{owner.__name__}.{name}" if owner else name


def _file_name(name: str) -> str:
    """A name that every file system takes; where letters had to go, no two names become one."""
    safe = re.sub(r"[^\w.,=+\[\]-]", "-", name, flags=re.ASCII)[:_LONGEST_NAME]
    return safe if safe == name else f"{safe}-{blake2s(name.encode(), digest_size=4).hexdigest()}"


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def missing(item: pytest.Item, settings: Settings, version: str) -> str:
    """Why a contract test cannot be replayed, in one sentence; ``""`` when it can."""
    case = case_of(item, settings, REPLAY, version)
    if case is None or case.path.is_file():
        return ""
    return f"not checked: there is no recording of it ({shown(case.path)}); record it with: {case.again}"


FACTS = "graphcalls_cassettes"
"""The attribute of a test's last report that lists the cassettes it has played or written."""
Facts = dict[str, Any]
"""The facts of a cassette for the summary of a run: plain values, because they are sent between processes."""


@dataclass(slots=True)
class CassetteUse:
    """The cassettes that one test records and replays.

    Attributes:
        item: the test.
        rewriting: whether it starts from an empty cassette.
        compared: whether the cassette is written even if the test fails, because the failure is to be compared.
        waiting: writers to call when the test has passed; each gives the cassette's facts, or ``None`` when there was
            nothing to write.
        facts: of the cassettes that it has played or written.
    """

    item: pytest.Item
    rewriting: bool = False
    compared: bool = False
    waiting: list[Callable[[], Facts | None]] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)
    _passed: set[str] = field(default_factory=set)
    _failed: set[str] = field(default_factory=set)

    def phase(self, report: pytest.TestReport) -> None:
        """Record the result of a phase of the test."""
        if report.when and not report.skipped:
            (self._passed if report.passed else self._failed).add(report.when)

    def commit(self) -> None:
        """Write the cassettes, if the test has passed; raises :class:`.RecordingError`."""
        waiting, self.waiting = self.waiting, []
        done = self._passed | self._failed if self.compared else self._passed
        if {"setup", "call"} <= done:
            self.facts += filter(None, (write() for write in waiting))


CASSETTE_USE = pytest.StashKey[CassetteUse]()


def facts_of(found: Cassette, *, state: str) -> Facts:
    """The facts of a cassette that was ``played`` or ``written``."""
    passport = found.passport
    return {
        "file": str(found.path),
        "state": state,
        "from": passport.kind.value if passport else "",
        "recorded": passport.recorded.isoformat() if passport else "",
        "outdated": passport is not None and not passport.fits(Contract.packaged()),
        "edited": found.edited,
        "faults": bool(passport and passport.faults),
    }


KEY_FILE = ".graphcalls-key"
"""Beside the cassettes: what pseudonyms depend on, unless ``GRAPHCALLS_REDACTION_KEY`` says so."""


class Key:
    """The key of a project.

    Args:
        folder: where the project's cassettes lie.
        given: a key that counts instead of the one that is kept there; ``""`` for none.
    """

    def __init__(self, folder: Path, given: str) -> None:
        self._path = folder / KEY_FILE
        self._given = given

    def to_read(self) -> str:
        """The key; where there is none yet, any one, because nothing was written with another."""
        return self._given or self._kept() or token_hex(16)

    def to_write(self) -> str:
        """A key that the other processes of this run have, and the next run will find.

        Raises:
            RecordingError: a new one cannot be written down.
        """
        return self._given or self._kept() or self._new()

    def _kept(self) -> str:
        with suppress(OSError, UnicodeDecodeError):
            return content(self._path).decode("ascii").strip()
        return ""

    def _new(self) -> str:
        """A new key, unless another process is quicker."""
        key = token_hex(16)
        try:
            cassette.save(self._path, f"{key}\n")
        except RecordingError:
            kept = self._kept()
            if not kept:
                raise
            return kept
        return key
