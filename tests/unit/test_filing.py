"""Files are there as wholes, or as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_graphcalls import atomic


def test_texts_take_the_places_of_files(tmp_path: Path) -> None:
    """As UTF-8 with plain line ends, and nothing else stays behind."""
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


def test_two_processes_do_not_share_a_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process is writing at the moment stays, and does not get into the file."""
    path = tmp_path / "report.json"
    seen: list[str] = []
    replace = Path.replace

    def watched(draft: Path, target: Path) -> Path:
        seen.append(draft.name)
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", watched)
    for process in (17, 18):
        monkeypatch.setattr("os.getpid", lambda process=process: process)
        atomic.put({path: "text"})
    assert seen == [".report.json.17.part", ".report.json.18.part"]
