"""The cassettes of a run: where each lies, what may be written into one, and what the summary says of them.

The cassette of a test is ``<folder>/<version>/<module>/<test>.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from hashlib import blake2s
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import pytest

from pytest_graphcalls import cassette
from pytest_graphcalls.cassette import Cassette, Kind
from pytest_graphcalls.contract import Contract, HostKind
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.parsing import content
from pytest_graphcalls.plugin.options import NAMED, PARAMETER, REPLAY, SIMULATOR, records
from pytest_graphcalls.plugin.redacting import let_project_add
from pytest_graphcalls.plugin.settings import Settings, settings_of
from pytest_graphcalls.redaction import Redactor, remembered
from pytest_graphcalls.report.run_document import counted
from pytest_graphcalls.targets import Case
from pytest_graphcalls.wire import Request

_LONGEST_NAME = 180
"""Characters of a test's name in its file's name; most file systems take 255 bytes, suffixes included."""


def folder_of(config: pytest.Config, settings: Settings, *, for_reading: bool) -> Path:
    """The folder of recordings: the given one, else the project's own, else (for reading) that of the package."""
    own = settings.cassettes or config.rootpath / "cassettes"
    if settings.cassettes or not for_reading or any((own / version).is_dir() for version in ("v1.0", "beta")):
        return own
    from importlib.resources import files

    return Path(str(files("pytest_graphcalls.cassettes")))


def case_of(item: pytest.Item, settings: Settings, target: str, version: str) -> Case | None:
    """The test's case, if it is recorded or replayed."""
    if target != REPLAY and not _is_recorded(item, settings, target):
        return None
    folder = folder_of(item.config, settings, for_reading=target == REPLAY)
    own = folder_of(item.config, settings, for_reading=False)
    name = _test_name(item, version)
    place = Path(version, item.path.stem, f"{_file_name(name)}.yaml")
    path = folder / place if (folder / place).exists() else own / place
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

    def for_reading(self) -> str:
        """The key for reading; without one a random key, because nothing was written with another."""
        return self._given or self._kept() or token_hex(16)

    def for_writing(self) -> str:
        """The key for writing, which other processes of this run share and the next run finds.

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


_PARTNER = "login.partner.microsoftonline.cn"
"""A further name of the sign-in in China, which the contract does not list."""
_SHORTEST_SECRET = 16
"""Characters; a shorter word would be found in every text."""
_CALLS = re.compile(r"/(?:communications|app)/calls(?:[/?]|$)", re.IGNORECASE)


class Safety:
    """Knows what is ours to redact, and redacts it.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = settings_of(config)
        self.request = lru_cache(4096)(self._request)
        """A request redacted; the matchers of vcrpy ask for the same ones again and again."""
        self._settled = False

    def _request(self, request: Request) -> Request:
        return self.redactor.request(request)

    def ours(self, url: str) -> bool:
        """Whether what is exchanged with ``url`` is redacted: Graph, its sign-in, and hosts the project names."""
        host = urlsplit(url).hostname or ""
        return _CALLS.search(url) is not None or any(fnmatchcase(host, pattern) for pattern in self._hosts)

    @cached_property
    def graph_hosts(self) -> frozenset[str]:
        """The hosts of Graph, in every cloud."""
        return frozenset(urlsplit(one.graph_root).hostname or "" for one in Contract.packaged().clouds.values())

    @cached_property
    def _hosts(self) -> tuple[str, ...]:
        clouds = Contract.packaged().clouds.values()
        known = (name for one in clouds for name, kind in one.hosts.items() if kind is not HostKind.CHANNEL)
        return (*known, _PARTNER, *self._settings.record_hosts)

    def known(self) -> frozenset[str]:
        """The secrets of this run, to be looked for by value in what is about to be written."""
        given = (self._settings.token, self._settings.redaction_key)
        return remembered() | {text for text in given if len(text) >= _SHORTEST_SECRET}

    @cached_property
    def redactor(self) -> Redactor:
        """Redacts what is looked up in a cassette; a project may have added to it."""
        return self._made(self._key.for_reading())

    def for_writing(self) -> Redactor:
        """The redactor, with a key that the other processes of this run have, and the next run will find.

        Raises:
            RecordingError: a new key cannot be written down.
        """
        if not self._settled:
            self.redactor = self._made(self._key.for_writing())
            self.request.cache_clear()
            self._settled = True
        return self.redactor

    def _made(self, key: str) -> Redactor:
        made = Redactor("cassette", key)
        let_project_add(self._config, made)
        return made

    @cached_property
    def _key(self) -> Key:
        return Key(folder_of(self._config, self._settings, for_reading=False), self._settings.redaction_key)


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
        return self._settings.strict_cassettes and bool(self._old() or self._played_and("edited"))

    def lines(self) -> Iterator[str]:
        """The lines of the summary."""
        yield from self._worth()
        days = self._settings.cassette_days
        yield from _named(f"older than {days} days", self._old(), "; record them again (--record-mode=rewrite)")
        yield from _named(
            "edited since they were recorded", self._played_and("edited"), "; record them again, or restore them"
        )
        yield from _named("recorded for another revision of the contract", self._played_and("outdated"), "")
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
                yield f"recorded from: {kind} ({counted(len(days), 'cassette')}, {span}){remark}"

    def _old(self) -> list[str]:
        return [
            name
            for name, one in self._played.items()
            if one["recorded"]
            and (self._now - datetime.fromisoformat(one["recorded"])).days > self._settings.cassette_days
        ]

    def _played_and(self, fact: str) -> list[str]:
        return [name for name, one in self._played.items() if one[fact]]

    def _faulty(self) -> list[str]:
        return [name for name, one in {**self._played, **self._written}.items() if one["faults"]]


def _named(what: str, files: Sequence[str], step: str) -> Iterator[str]:
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        yield f"cassettes {what}: {shown(Path(min(files)))}{more}{step}"
