"""Makes a night's recordings the ones that later nights are compared with."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pytest_graphcalls.cassette import Cassette
from pytest_graphcalls.cassette.folders import modules_in
from pytest_graphcalls.cassette.orphans import orphan
from pytest_graphcalls.errors import RecordingError, SettingError
from pytest_graphcalls.leakscan import listed, scan
from pytest_graphcalls.nightly.baseline import KEY_FILE, recordings_in
from pytest_graphcalls.nightly.swapping import beside, mended, swap


@dataclass(frozen=True, slots=True)
class Promoted:
    """What has become the baseline.

    Attributes:
        new: how many of tonight's recordings.
        kept: how many older ones, of tests that tonight could not record.
        gone: how many older ones went, because the suite has no such test any more.
        mended: what an earlier job had left that was killed, and what was done about it, a sentence each.
    """

    new: int
    kept: int
    gone: int
    mended: tuple[str, ...] = ()


def promote(tonight: Path, baseline: Path, known: Iterable[str] = ()) -> Promoted:
    """Make tonight's recordings the baseline: all of them, or, if anything is wrong, none.

    Args:
        tonight: folder of tonight's recordings.
        baseline: folder of the accepted ones; it is made when it is not there.
        known: values that must not be in a recording, whatever they look like.

    Raises:
        SettingError: there are no recordings of a night, or the baseline is somebody else's folder, or recorded from
            something else.
        RecordingError: one cannot be read, something would leak, or the disk refuses. The older baseline is as it was.
    """
    put_right = tuple(filter(None, (mended(folder) for folder in (tonight, baseline))))
    new = recordings_in(tonight, "--out")
    if not new:
        step = "Run 'graphcalls nightly' first, or name the folder of its reports."
        raise SettingError("--out", str(tonight), "the recordings of a night", step)
    old = recordings_in(baseline, "--baseline")
    _refuse_strangers(new, old, baseline)
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


def _refuse_strangers(new: Iterable[Cassette], old: Iterable[Cassette], baseline: Path) -> None:
    now, then = ({one.passport.kind for one in all_ if one.passport} for all_ in (new, old))
    if then and not now <= then:
        recorded = "+".join(sorted(then))
        raise SettingError(
            "--baseline",
            str(baseline),
            f"recordings from {'+'.join(sorted(now))}, as tonight's are",
            f"It holds some from {recorded}. Give each target a baseline of its own.",
        )


def _refuse_leaks(tonight: Path, known: Iterable[str]) -> None:
    found = listed(scan(tonight, known=known))
    if found:
        problem = f"the leak scan has found what may not be committed ({found}). The baseline is as it was."
        raise RecordingError(str(tonight), 0, problem)


def _put(tonight: Path, new: Iterable[Cassette], baseline: Path, kept: Iterable[Cassette]) -> None:
    made = beside(baseline)
    try:
        for folder, found in ((baseline, kept), (tonight, new)):
            for one in found:
                place = made / _place(one, folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(one.path, place)
        key = next((folder / KEY_FILE for folder in (tonight, baseline) if (folder / KEY_FILE).is_file()), None)
        if key is not None:
            shutil.copyfile(key, made / KEY_FILE)
        swap(made, baseline)
    finally:
        shutil.rmtree(made, ignore_errors=True)
