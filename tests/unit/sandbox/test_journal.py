"""What was made is on the disk before it is made, whatever happens to the process or the disk."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.sandbox import Ledger, ledgers
from pytest_graphcalls.sandbox.journal import JsonLinesFile

URL = "https://graph.example/v1.0/communications/calls"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a ledger in a folder that does not exist yet."""
    return tmp_path / ".graphcalls" / "ledger" / "run.0.jsonl"


def opened(path: Path, *calls: str, now: Callable[[], datetime] = lambda: NOW) -> Ledger:
    """A ledger that says of ``calls`` that they are open."""
    ledger = Ledger(path, now=now)
    for call in calls:
        ledger.intend(f"i-{call}", "POST", URL, b"body", tenant="t")
        ledger.created(f"i-{call}", call, f"{URL}/{call}")
    return ledger


def test_another_process_reads_what_is_open(path: Path) -> None:
    """Open calls are in the order of their creation, with tenant and address."""
    opened(path, "a", "b", "c").over("b")
    calls = Ledger(path).open_calls()
    assert [(call.call_id, call.url, call.tenant, call.made) for call in calls] == [
        ("a", f"{URL}/a", "t", NOW),
        ("c", f"{URL}/c", "t", NOW),
    ]


def test_the_intent_is_on_the_disk_before_anything_is_sent(path: Path) -> None:
    """The intent outlives a process that dies now. Of the body only a digest is kept."""
    Ledger(path, now=lambda: NOW).intend("1", "POST", URL, b'{"secret": "join me"}', tenant="t")
    (line,) = path.read_text().splitlines()
    facts = json.loads(line)
    assert (facts["event"], facts["method"], facts["url"], facts["tenant"]) == ("intend", "POST", URL, "t")
    assert "join me" not in line
    assert facts["body"].startswith("sha256:")
    (intent,) = Ledger(path, now=lambda: NOW).unanswered()
    assert intent.ends_by == NOW + timedelta(minutes=45)


def test_each_line_is_forced_to_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are synced, not only handed to the system."""
    forced: list[int] = []
    monkeypatch.setattr(os, "fsync", forced.append)
    opened(path, "a").over("a")
    assert len(forced) == 3


def test_an_unanswered_request_is_over_after_45_minutes(path: Path) -> None:
    """After that time the service has ended the call, because no keepAlive was sent."""
    Ledger(path, now=lambda: NOW).intend("1", "POST", URL, b"")
    assert len(Ledger(path, now=lambda: NOW + timedelta(minutes=44)).unanswered()) == 1
    assert Ledger(path, now=lambda: NOW + timedelta(minutes=46)).unanswered() == ()


def test_a_refused_request_is_not_kept(path: Path) -> None:
    """A refused request has created no call."""
    ledger = opened(path)
    ledger.intend("1", "POST", URL, b"")
    ledger.no_call_made("1")
    assert Ledger(path).unanswered() == Ledger(path).open_calls() == ()


def test_a_line_that_was_cut_short_is_ignored(path: Path) -> None:
    """After a kill in the middle of a line the next process begins a new one."""
    opened(path, "a", "b")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    again = Ledger(path, now=lambda: NOW)
    assert [call.call_id for call in again.open_calls()] == ["a"]
    assert [intent.intent_id for intent in again.unanswered()] == ["i-b"]
    again.over("a")
    assert Ledger(path).open_calls() == ()


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_wherever_it_is_cut_nothing_open_is_lost(path: Path, cut: int) -> None:
    """Call or intent: one of them is there as soon as the request can have been sent."""
    opened(path, "a")
    whole = path.read_bytes()
    first = whole.index(b"\n")
    path.write_bytes(whole[: first + 1 + cut])
    again = Ledger(path, now=lambda: NOW)
    assert len(again.open_calls()) + len(again.unanswered()) == 1


def test_a_call_that_the_ledger_does_not_know_is_ignored(path: Path) -> None:
    """A test may hang up an incoming call; the ledger does not know it."""
    ledger = Ledger(path)
    ledger.over("unknown")
    assert not path.exists()


def test_a_ledger_without_open_calls_is_removed(path: Path) -> None:
    """A ledger with an open call is kept."""
    ledger = opened(path, "a")
    ledger.close()
    assert path.exists()
    ledger.over("a")
    ledger.close()
    assert not path.exists()
    ledger.close()


def test_version_control_ignores_the_ledger(path: Path) -> None:
    """The folder says so itself; only its owner reads it."""
    opened(path, "a")
    assert (path.parent / ".gitignore").read_text().endswith("\n*\n")
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_threads_write_whole_lines(path: Path) -> None:
    """Every line can be read, and everything is over."""
    ledger = Ledger(path)

    def work(name: str) -> None:
        for number in range(20):
            ledger.intend(f"{name}{number}", "POST", URL, b"")
            ledger.created(f"{name}{number}", f"c{name}{number}", URL)
            ledger.over(f"c{name}{number}")

    threads = [Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 4 * 20 * 3
    assert Ledger(path).open_calls() == ()


def full_disk(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_on_a_full_disk_nothing_is_made(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says that the request was not sent, and why."""
    ledger = Ledger(path)
    monkeypatch.setattr(os, "write", full_disk)
    with pytest.raises(SettingError) as error:
        ledger.intend("1", "POST", URL, b"")
    assert str(error.value) == (
        f"--graphcalls-ledger={path}: expected a file that can be written. It cannot be written: No space left on "
        "device. No call is created that is not recorded first."
    )
    assert ledger.unanswered() == ()


def test_calls_are_hung_up_although_the_disk_is_full(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process keeps its calls in memory; that a call is over may be found out again."""
    ledger = opened(path)
    ledger.intend("1", "POST", URL, b"")
    monkeypatch.setattr(os, "write", full_disk)
    with pytest.raises(SettingError):
        ledger.created("1", "a", URL)
    assert [call.call_id for call in ledger.open_calls()] == ["a"]
    ledger.over("a")
    assert ledger.open_calls() == ()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused(path: Path) -> None:
    """The error comes before any request."""
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o500)
    with pytest.raises(SettingError):
        Ledger(path).intend("1", "POST", URL, b"")


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    """The folder cannot be made then."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="cannot be written"):
        Ledger(tmp_path / "file" / "run.jsonl").intend("1", "POST", URL, b"")


def test_the_ledgers_of_one_run_are_found(path: Path) -> None:
    """Ledgers of another run are left alone; without a name all are found."""
    opened(path, "a")
    opened(path.with_name("other.0.jsonl"), "b")
    assert [ledger.path.name for ledger in ledgers(path.parent)] == ["other.0.jsonl", "run.0.jsonl"]
    assert [ledger.path.name for ledger in ledgers(path.parent, "run")] == ["run.0.jsonl"]
    assert ledgers(path.parent / "nowhere") == ()


def test_a_file_that_is_no_ledger_is_named(path: Path) -> None:
    """Such a file is neither skipped nor removed: it may hold calls."""
    path.parent.mkdir(parents=True)
    path.write_text('{"event": "created", "call": "a"}\n')
    with pytest.raises(SettingError, match="expected a ledger of calls"):
        ledgers(path.parent)
    assert path.exists()


def test_processes_may_begin_at_the_same_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker makes the folder between a look for it and making it."""
    make = Path.mkdir

    def second(folder: Path, *args: Any, **options: Any) -> None:
        make(folder, parents=True, exist_ok=True)
        make(folder, *args, **options)

    monkeypatch.setattr(Path, "mkdir", second)
    file = JsonLinesFile(tmp_path / "ledger" / "run.0.jsonl")
    file.append("{}\n")
    assert list(file.read()) == [{}]
    assert (tmp_path / "ledger" / ".gitignore").is_file()
