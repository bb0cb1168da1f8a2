"""The accepted recordings: whether they can be compared with tonight's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_graphcalls.cassette import Cassette, Kind
from pytest_graphcalls.drift import Tape
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.nightly.names import FOLDER
from pytest_graphcalls.nightly.tapes import cassettes, tape
from pytest_graphcalls.options import LIVE, SIMULATOR
from pytest_graphcalls.report.words import counted

KEY_FILE = ".graphcalls-key"
"""Beside recordings: what their pseudonyms depend on (see ``recording/key.py``)."""
_KINDS: Mapping[str, frozenset[Kind]] = {
    LIVE: frozenset({Kind.LIVE, Kind.SIMULATOR}),
    SIMULATOR: frozenset({Kind.SIMULATOR}),
}
"""By target, what a baseline for it may be recorded from. Behind any address may be 'graphcalls serve'."""
_SERVERS = frozenset({Kind.SERVER, Kind.SIMULATOR})


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted recordings.

    Attributes:
        tapes: of the API versions that are looked at.
        words: what they are, for the verdict.
        key: what their pseudonyms depend on, or ``""``.
        kinds: what they were recorded from.
    """

    tapes: tuple[Tape, ...] = ()
    words: str = ""
    key: str = ""
    kinds: frozenset[Kind] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.tapes)


def read(folder: Path, target: str, versions: tuple[str, ...], name: str = "--baseline") -> Baseline:
    """Read the accepted recordings; a folder that is not there, or holds none, is no baseline yet.

    Args:
        folder: where they lie.
        target: what they will be compared with.
        versions: API versions that are looked at.
        name: of the setting, for messages.

    Raises:
        SettingError: they are somebody else's, or were recorded from something else.
        RecordingError: one cannot be read.
    """
    found = recordings_in(folder, name)
    if not found:
        return Baseline()
    allowed = _KINDS.get(target, _SERVERS)
    strange = next((one for one in found if _kind(one) not in allowed), None)
    if strange is not None:
        raise SettingError(
            name,
            str(folder),
            f"recordings to compare {target} with",
            f"{strange.path.name} in it was recorded from: {_kind(strange)}. Give each target a baseline of its own.",
        )
    tapes = tuple(one for one in map(tape, found) if one.version in versions)
    days = sorted(one.passport.recorded.date().isoformat() for one in found if one.passport)
    kinds = kinds_of(found)
    words = f"{counted(len(tapes), 'recording')} from {'+'.join(sorted(kinds))}, {_span(days[0], days[-1])}"
    return Baseline(tapes, words, key_of(folder), kinds)


def kinds_of(found: Iterable[Cassette]) -> frozenset[Kind]:
    """What recordings were made from."""
    return frozenset(one.passport.kind for one in found if one.passport)


def recordings_in(folder: Path, name: str) -> list[Cassette]:
    """The recordings of the suite in a folder; none, when it is not there or empty.

    Args:
        folder: where they lie.
        name: of the setting, for messages.

    Raises:
        SettingError: something else lies there.
        RecordingError: one cannot be read.
    """
    if folder.exists() and not folder.is_dir():
        raise SettingError(name, str(folder), "a folder", "Name the one that 'graphcalls drift promote' has made.")
    found = list(cassettes(folder))
    strange = next((one.path for one in found if not _is_of_the_suite(one)), None)
    if strange is None and not found:
        strange = next((path for path in folder.rglob("*") if path.is_file() and path.name != KEY_FILE), None)
    if strange is not None:
        raise SettingError(
            name,
            str(folder),
            "recordings of the packaged suite",
            f"{strange.relative_to(folder)} in it is none. Name the folder that 'graphcalls drift promote' has made, "
            "or one that is not there yet.",
        )
    return found


def _is_of_the_suite(one: Cassette) -> bool:
    return one.passport is not None and one.passport.test.startswith(f"{FOLDER}/")


def _kind(one: Cassette) -> Kind | None:
    return one.passport.kind if one.passport else None


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def key_of(folder: Path) -> str:
    """What the pseudonyms of a folder of recordings depend on, or ``""``."""
    try:
        return (folder / KEY_FILE).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
