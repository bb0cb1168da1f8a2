"""What a night makes on its way goes with it, and what a killed one has left goes with the next."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest

from pytest_graphcalls.nightly import NightSettings, run_night
from pytest_graphcalls.nightly.workspace import MARK, PREFIX, hold_workspace, remove_abandoned, temporary_workspace
from tests.unit.nightly.conftest import Fake, Phases


@pytest.fixture(autouse=True)
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for such things."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def abandoned(place: Path) -> Path:
    """The workspace of a killed night, whose lock no process holds."""
    folder = place / f"{PREFIX}1a2b3c"
    (folder / "1" / "cassettes").mkdir(parents=True)
    (folder / MARK).touch()
    return folder


def test_a_night_removes_the_workspace_of_a_killed_one(where: Path, settings: NightSettings) -> None:
    """The night reports the removal; its own workspace is removed, too."""
    folder, progress = abandoned(where), Phases()
    run_night(settings, Fake(), progress)
    assert f"removed {folder}, which an earlier night had left behind when it was killed" in progress.phases
    assert list(where.iterdir()) == []


def test_the_workspace_of_a_running_night_is_kept(where: Path) -> None:
    """Whatever other nights think of it, of which there may be several at a time."""
    with temporary_workspace() as one, temporary_workspace() as other:
        assert remove_abandoned() == ()
        assert {*where.iterdir()} == {one, other}
    assert list(where.iterdir()) == []


def test_the_suite_of_a_killed_night_keeps_its_folder(where: Path) -> None:
    """The suite hangs up first, and writes there meanwhile."""
    folder = abandoned(where)
    line = hold_workspace(folder)
    assert line is not None
    assert remove_abandoned() == ()
    os.close(line)
    assert remove_abandoned() == (folder,)


def test_a_folder_of_another_program_or_user_is_kept(
    where: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without our mark, a link to a folder, a mark that is a link, and another user's."""
    (where / f"{PREFIX}unmarked").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / MARK).touch()
    (where / f"{PREFIX}link").symlink_to(elsewhere)
    (where / f"{PREFIX}marked").mkdir()
    (where / f"{PREFIX}marked" / MARK).symlink_to(elsewhere / MARK)
    assert remove_abandoned() == ()
    abandoned(where)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert remove_abandoned() == ()
    assert len([*where.iterdir()]) == 4
    assert (elsewhere / MARK).exists()
    assert hold_workspace(where / "nowhere") is None


def test_a_workspace_that_cannot_be_removed_hides_no_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite may still write into it while it ends."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOTEMPTY, "Directory not empty")

    def stopped() -> None:
        with temporary_workspace():
            monkeypatch.setattr(os, "rmdir", refuse)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
