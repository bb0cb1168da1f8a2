"""The accepted recordings: whether they can be compared with tonight's."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pytest_graphcalls.atomic import replacing, restored
from pytest_graphcalls.cassette import Cassette, Kind
from pytest_graphcalls.cassette.folder import modules_in, orphan
from pytest_graphcalls.drift import Recording
from pytest_graphcalls.errors import RecordingError, SettingError
from pytest_graphcalls.leakscan import listed, scan
from pytest_graphcalls.nightly.recordings import FOLDER, cassettes, recording_of
from pytest_graphcalls.parsing import content
from pytest_graphcalls.plugin.options import LIVE, SIMULATOR
from pytest_graphcalls.report.run_document import counted

KEY_FILE = ".graphcalls-key"
"""Beside recordings: what their pseudonyms depend on (see ``plugin/cassettes.py``)."""
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
        recordings: of the API versions that are looked at.
        words: what they are, for the verdict.
        key: what their pseudonyms depend on, or ``""``.
        kinds: what they were recorded from.
    """

    recordings: tuple[Recording, ...] = ()
    words: str = ""
    key: str = ""
    kinds: frozenset[Kind] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.recordings)


def read(folder: Path, target: str, versions: tuple[str, ...], name: str = "--baseline") -> Baseline:
    """Read the accepted recordings; a folder that is not there, or holds none, is no baseline yet.

    Args:
        folder: where they lie.
        target: what they will be compared with.
        versions: API versions that are looked at.
        name: of the setting, for messages.

    Raises:
        SettingError: they are not of this suite, or were recorded from another target.
        RecordingError: one cannot be read.
    """
    found = recordings_in(folder, name)
    if not found:
        return Baseline()
    allowed = _KINDS.get(target, _SERVERS)
    other = next((one for one in found if _kind(one) not in allowed), None)
    if other is not None:
        step = f"{other.path.name} in it was recorded from: {_kind(other)}. Give each target a baseline of its own."
        raise SettingError(name, str(folder), f"recordings to compare {target} with", step)
    recordings = tuple(one for one in map(recording_of, found) if one.version in versions)
    days = sorted(one.passport.recorded.date().isoformat() for one in found if one.passport)
    kinds = kinds_of(found)
    words = f"{counted(len(recordings), 'recording')} from {'+'.join(sorted(kinds))}, {_span(days[0], days[-1])}"
    return Baseline(recordings, words, key_of(folder), kinds)


def kinds_of(found: Iterable[Cassette]) -> frozenset[Kind]:
    """The origins of recordings."""
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
    other = next((one.path for one in found if not _is_of_the_suite(one)), None)
    if other is None and not found:
        other = next((path for path in folder.rglob("*") if path.is_file() and path.name != KEY_FILE), None)
    if other is not None:
        made = "Name the folder that 'graphcalls drift promote' has made, or one that is not there yet."
        step = f"{other.relative_to(folder)} in it is none. {made}"
        raise SettingError(name, str(folder), "recordings of the packaged suite", step)
    return found


def _is_of_the_suite(one: Cassette) -> bool:
    return one.passport is not None and one.passport.test.startswith(f"{FOLDER}/")


def _kind(one: Cassette) -> Kind | None:
    return one.passport.kind if one.passport else None


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def key_of(folder: Path) -> str:
    """The digest of the key that the pseudonyms of a folder of recordings were made with; ``""`` if unknown."""
    try:
        return content(folder / KEY_FILE).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


@dataclass(frozen=True, slots=True)
class Promoted:
    """The changes that a promotion has made.

    Attributes:
        new: how many of tonight's recordings.
        kept: how many older ones were kept, of tests that tonight could not record.
        removed: how many older ones were removed, because the suite has no such test any more.
        repaired: what was restored after an earlier job that was killed, a sentence each.
    """

    new: int
    kept: int
    removed: int
    repaired: tuple[str, ...] = ()


def promote(tonight: Path, baseline: Path, known: Iterable[str] = ()) -> Promoted:
    """Make tonight's recordings the baseline: all of them, or, if anything is wrong, none.

    Args:
        tonight: folder of tonight's recordings.
        baseline: folder of the accepted ones; it is made when it is not there.
        known: values that must not be in a recording, whatever they look like.

    Raises:
        SettingError: there are no recordings of a night, or the baseline is a folder of other files, or recorded
            from another target.
        RecordingError: one cannot be read, something would leak, or the disk refuses. The older baseline is as it was.
    """
    put_right = tuple(filter(None, (restored(folder) for folder in (tonight, baseline))))
    new = recordings_in(tonight, "--out")
    if not new:
        step = "Run 'graphcalls nightly' first, or name the folder of its reports."
        raise SettingError("--out", str(tonight), "the recordings of a night", step)
    old = recordings_in(baseline, "--baseline")
    _refuse_other_sources(new, old, baseline)
    _refuse_leaks(tonight, known)
    fresh = {_place(one, tonight) for one in new}
    missing = [one for one in old if _place(one, baseline) not in fresh]
    sources = modules_in([Path(str(files("pytest_graphcalls.contracts")))])
    kept = [one for one in missing if not orphan(one.path, one.passport, sources)]
    try:
        _put(tonight, new, baseline, kept)
    except OSError as error:
        problem = f"cannot be written: {error.strerror or error}. The older baseline is as it was."
        raise RecordingError(str(baseline), 0, problem) from None
    return Promoted(len(new), len(kept), len(missing) - len(kept), put_right)


def _place(one: Cassette, folder: Path) -> Path:
    return one.path.relative_to(folder)


def _refuse_other_sources(new: Iterable[Cassette], old: Iterable[Cassette], baseline: Path) -> None:
    now, then = ({one.passport.kind for one in all_ if one.passport} for all_ in (new, old))
    if then and not now <= then:
        recorded = "+".join(sorted(then))
        wanted = f"recordings from {'+'.join(sorted(now))}, as tonight's are"
        step = f"It holds some from {recorded}. Give each target a baseline of its own."
        raise SettingError("--baseline", str(baseline), wanted, step)


def _refuse_leaks(tonight: Path, known: Iterable[str]) -> None:
    found = listed(scan(tonight, known=known))
    if found:
        problem = f"the leak scan has found what may not be committed ({found}). The baseline is as it was."
        raise RecordingError(str(tonight), 0, problem)


def _put(tonight: Path, new: Iterable[Cassette], baseline: Path, kept: Iterable[Cassette]) -> None:
    with replacing(baseline) as made:
        for folder, found in ((baseline, kept), (tonight, new)):
            for one in found:
                place = made / _place(one, folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(one.path, place)
        key = next((folder / KEY_FILE for folder in (tonight, baseline) if (folder / KEY_FILE).is_file()), None)
        if key is not None:
            shutil.copyfile(key, made / KEY_FILE)
