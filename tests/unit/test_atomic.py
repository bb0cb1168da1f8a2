"""Files are there as wholes, or as they were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_graphcalls import atomic


def test_texts_take_the_places_of_files(tmp_path: Path) -> None:
    """Texts are written as UTF-8 with plain line ends, and no draft is left."""
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text("before")
    atomic.put({old: "später\n", new: "one\ntwo\n"})
    assert (old.read_bytes(), new.read_bytes()) == ("später\n".encode(), b"one\ntwo\n")
    assert sorted(tmp_path.iterdir()) == [new, old]


def test_no_file_is_touched_before_all_are_written(tmp_path: Path) -> None:
    """The second one cannot be written; the first one is as it was."""
    first, second = tmp_path / "first.txt", tmp_path / "missing" / "second.txt"
    first.write_text("before")
    with pytest.raises(FileNotFoundError):
        atomic.put({first: "after", second: "after"})
    assert first.read_text() == "before"
    assert list(tmp_path.iterdir()) == [first]


def test_two_processes_do_not_share_a_draft(tmp_path: Path) -> None:
    """What another process is writing at the moment stays, and does not get into the file."""
    path = tmp_path / "report.json"
    other = tmp_path / f".report.json.1{atomic.PART}"
    held = atomic.hold(other, make=True)
    assert held is not None
    atomic.put({path: "text"})
    assert sorted(one.name for one in tmp_path.iterdir()) == [other.name, "report.json"]
    os.close(held)
    atomic.put({path: "text"})
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"], "its writer has died"


def test_a_file_is_as_open_to_others_as_the_system_makes_it(tmp_path: Path) -> None:
    """A draft that only its writer may read would become a report that no other user may read."""
    by_hand, path = tmp_path / "by-hand", tmp_path / "report.json"
    by_hand.touch()
    atomic.put({path: "text"})
    assert path.stat().st_mode == by_hand.stat().st_mode


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """After any end of the block no draft is left beside the folder."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(FileNotFoundError), atomic.replacing(folder) as new:
        (new / "missing" / "file").touch()
    assert [one.relative_to(tmp_path).as_posix() for one in sorted(tmp_path.rglob("*"))] == ["folder", "folder/old"]
    with atomic.replacing(folder) as new:
        (new / "new").touch()
        assert atomic.restored(folder) == "", "what is being made is not left over"
    assert [one.relative_to(tmp_path).as_posix() for one in sorted(tmp_path.rglob("*"))] == ["folder", "folder/new"]
