"""The history of nights."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_graphcalls.drift import (
    Acceptance,
    Difference,
    Entry,
    Kind,
    Latency,
    Night,
    Origin,
    Outcome,
    RuleState,
    Sample,
    Status,
    Verdict,
    history,
)
from pytest_graphcalls.drift.history import History
from pytest_graphcalls.errors import DriftFileError
from pytest_graphcalls.wire import Exchange, Headers, Notification, Request, Response

NOW = datetime(2026, 11, 27, 3, 0, 0, tzinfo=UTC)
RULE = "call-reject.success-is-202@v1.0"


class Clock:
    """A clock whose time the test sets."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


def difference(where: str = "$.id", after: str = "") -> Difference:
    return Difference(Kind.MEMBER_GONE, Origin.RECORDING, "v1.0", "call-get", where, "text", after)


def entry(one: Difference, night: Night, *, sample: Sample | None = None) -> Entry:
    return Entry(one, Status.NEW, ("t.py::one",), night.started, night.started, sample=sample)


def verdict(night: Night, *entries: Entry, outcome: Outcome = Outcome.BREAKING) -> Verdict:
    return Verdict(night, outcome, ("v1.0",), "abc", entries)


def lived(kept: History, *differences: Difference) -> Night:
    """One more night that came to its end."""
    night = kept.begin("simulator")
    kept.finish(verdict(night, *(entry(one, night) for one in differences)))
    return night


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "below" / "history.db"


def test_a_night_comes_back_as_it_was(file: Path) -> None:
    """Outcome, rules, latency and fingerprints of a night are read as they were written."""
    with History(file, now=Clock()) as kept:
        begun = kept.begin("https://mock.example")
        first = difference()
        night = Night(
            begun.id,
            begun.started,
            NOW + timedelta(minutes=2),
            begun.target,
            Outcome.BREAKING,
            {RULE: RuleState.BROKEN, "a@beta": RuleState.HELD},
            {"call-get@v1.0": Latency(12.5, 80.0, 4)},
            frozenset({first.fingerprint}),
            {RULE: (first.fingerprint,)},
        )
        kept.finish(verdict(night, entry(first, night)))
    with History(file) as again:
        assert again.nights() == (night,)
        assert night.id.startswith("2026-11-27T03:00:00Z-")
        assert night.complete


def test_a_night_is_written_whole_or_not_at_all(file: Path) -> None:
    """A failed night does not disturb the next one, not even in the same process."""
    with History(file, now=Clock()) as kept:
        night = kept.begin("simulator")
        unwritable = replace(night, rules={RULE: RuleState.HELD}, latency={"call-get@v1.0": Latency(1.0, 1.0, 1 << 70)})
        with pytest.raises(OverflowError):
            kept.finish(verdict(unwritable, entry(difference(), night)))
        assert kept.nights() == (night,)
        kept.finish(verdict(night, outcome=Outcome.NO_DRIFT))
        assert [(one.complete, one.rules) for one in kept.nights()] == [(True, {})]


def test_a_difference_is_counted_from_night_to_night(file: Path) -> None:
    """First and last seen, how often, and in what it was seen last; a difference of one night keeps its count."""
    clock, first, other = Clock(), difference(), difference("$.state")
    seen = Sample(
        Exchange(Request("GET", "/v1.0/x"), Response(200, Headers([("A", "b")]), b'{"a":1}'), seconds=0.25),
        Notification("https://bot.example/", {"value": []}, 1.5),
        "$.id",
    )
    with History(file, now=clock) as kept:
        lived(kept, first, other)
        clock.moment += timedelta(days=1)
        lived(kept)
        clock.moment += timedelta(days=1)
        night = kept.begin("simulator")
        accepted = Acceptance(first.fingerprint, "a reason", date(2026, 11, 1), "me", date(2027, 1, 1), "about it")
        last = Entry(first, Status.ACCEPTED, ("t",), NOW, NOW, 1, (2, 3), accepted, seen)
        kept.finish(verdict(night, last))
        kept.finish(verdict(night, last))  # a job that tries again counts once
        known = kept.known()
    assert set(known) == {first.fingerprint, other.fingerprint}
    found = known[first.fingerprint]
    assert (found.first_seen, found.last_seen, found.count) == (NOW, NOW + timedelta(days=2), 2)
    assert (found.status, found.repeated, found.acceptance) == (Status.ACCEPTED, (2, 3), accepted)
    assert found.sample == seen
    assert isinstance(found.sample, Sample)
    assert isinstance(found.sample.observed, Exchange)
    assert found.sample.observed.seconds == 0.25
    assert known[other.fingerprint].count == 1


def test_the_night_of_a_killed_job_is_incomplete(file: Path) -> None:
    """A night that was begun and never finished is there, without an outcome; the others are readable."""
    with History(file, now=Clock()) as kept:
        lived(kept, difference())
    dying = "import os, sys; from pathlib import Path; from pytest_graphcalls.drift.history import History\n"
    dying += "h = History(Path(sys.argv[1])); h.begin('live'); h._connection.execute('BEGIN IMMEDIATE')\n"
    dying += "h._connection.execute(\"INSERT INTO names (name) VALUES ('half')\"); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", dying, str(file)], check=False).returncode == 9
    with History(file, now=Clock(NOW + timedelta(days=1))) as kept:
        first, dead = kept.nights()
        assert (first.complete, dead.complete, dead.ended, dead.target) == (True, False, None, "live")
        lived(kept)
        assert [night.complete for night in kept.nights()] == [True, False, True]
        assert kept._connection.execute("SELECT count(*) FROM names WHERE name = 'half'").fetchone() == (0,)


def test_jobs_may_run_at_the_same_time(file: Path) -> None:
    """Several processes that begin and finish nights lose none of them, the file being made by them, too."""
    working = (
        "import sys; from pathlib import Path; from tests.unit.drift.test_history import *\n"
        "for _ in range(10):\n"
        "    with History(Path(sys.argv[1])) as kept: lived(kept, difference(), difference('$.' + sys.argv[2]))\n"
    )
    jobs = [subprocess.Popen([sys.executable, "-c", working, str(file), str(number)]) for number in range(3)]
    assert [job.wait() for job in jobs] == [0, 0, 0]
    with History(file) as kept:
        assert len(kept.nights()) == 30
        assert sorted(one.count for one in kept.known().values()) == [10, 10, 10, 30]


def test_a_file_that_a_job_finishes_while_it_is_looked_at_is_a_history(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark and the tables of a new file are read as of one moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as begun:
        begun.execute("PRAGMA journal_mode = WAL")
    connect = sqlite3.connect

    class Interrupted(sqlite3.Connection):
        def execute(self, sql: str, *facts: Any) -> sqlite3.Cursor:
            if "sqlite_master" in sql:
                with monkeypatch.context() as patch:
                    patch.setattr(sqlite3, "connect", connect)
                    patch.setattr("pytest_graphcalls.drift.history._check_header", lambda *_, **__: None)
                    History(file).close()
            return super().execute(sql, *facts)

    def interrupted(*args: Any, **facts: Any) -> sqlite3.Connection:
        return connect(
            *args, **facts, **({"factory": Interrupted} if facts.get("uri") and "mode=ro" in args[0] else {})
        )

    monkeypatch.setattr(sqlite3, "connect", interrupted)
    with History(file) as kept:
        assert kept.nights() == ()


def test_the_number_of_kept_nights_is_limited(file: Path) -> None:
    """The oldest nights go, and the differences that only they had seen."""
    clock, old, new = Clock(), difference("$.old"), difference("$.new")
    with History(file, keep=3, now=clock) as kept:
        for number in range(5):
            clock.moment += timedelta(days=1)
            lived(kept, new if number else old)
        assert [night.started.day for night in kept.nights()] == [30, 1, 2]
        assert [night.started.day for night in kept.nights(limit=2)] == [1, 2]
        assert set(kept.known()) == {new.fingerprint}
        rows = kept._connection.execute("SELECT count(*) FROM seen").fetchone()
    assert rows == (3,)


def test_a_clock_that_goes_back_changes_no_order(file: Path) -> None:
    """A night whose clock is behind is put after the last one, and says so."""
    clock = Clock()
    with History(file, now=clock) as kept:
        first = lived(kept)
        clock.moment -= timedelta(days=300)
        second = lived(kept, difference())
        assert [night.id for night in kept.nights()] == [first.id, second.id] == sorted([first.id, second.id])
        assert second.started == NOW + timedelta(seconds=1)
        assert kept.nights()[1].note == second.note
        assert kept.known()[difference().fingerprint].first_seen == second.started
    assert second.note == (
        "The clock said 2026-01-31T03:00:00Z, which is before the last night (2026-11-27T03:00:00Z); this night was "
        "put after that one. Check the clocks of the machines that ran them."
    )
    assert not first.note


def test_an_end_before_the_beginning_is_no_end(file: Path) -> None:
    """A clock that goes back while the night goes on gives a night without duration."""
    with History(file, now=Clock()) as kept:
        begun = kept.begin("simulator")
        early = Night(begun.id, begun.started, NOW - timedelta(hours=5), begun.target, Outcome.NO_DRIFT)
        kept.finish(verdict(early, outcome=Outcome.NO_DRIFT))
        assert kept.nights()[0].ended == NOW


def test_a_later_schema_is_refused_and_left_untouched(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that a later version wrote is not opened, not even to look."""
    with monkeypatch.context() as later:
        later.setattr(history, "MIGRATIONS", (*history.MIGRATIONS, ("CREATE TABLE more (x)",)))
        with History(file, now=Clock()) as kept:
            lived(kept)
    before = file.read_bytes()
    with pytest.raises(DriftFileError) as caught:
        History(file)
    assert str(caught.value) == (
        f"{file}: was written by a later version of pytest-graphcalls (its schema is 2, this one reads 1). Update "
        "pytest-graphcalls; the file is unchanged."
    )
    assert file.read_bytes() == before
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_an_older_schema_is_brought_up_to_date(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of an earlier version takes the missing steps; its nights stay."""
    with History(file, now=Clock()) as kept:
        night = lived(kept)
    monkeypatch.setattr(history, "MIGRATIONS", (*history.MIGRATIONS, ("ALTER TABLE nights ADD COLUMN more TEXT",)))
    with History(file) as kept:
        assert [one.id for one in kept.nights()] == [night.id]
        assert kept._connection.execute("SELECT more FROM nights").fetchall() == [(None,)]
        assert kept._version() == 2


@pytest.mark.parametrize("content", [b"nights: []\n", b"SQLite format 3\0" + b"\0" * 200])
def test_a_file_that_is_no_history_is_refused(file: Path, content: bytes) -> None:
    """A text, or half a database, is not written over."""
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(DriftFileError, match=r"is not a history of 'graphcalls nightly'\. Name a different file\."):
        History(file)
    assert file.read_bytes() == content


def test_the_database_of_another_program_is_refused(file: Path) -> None:
    """A SQLite file without our mark stays as it is."""
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as line:
        line.execute("CREATE TABLE theirs (x)")
        line.commit()
    before = file.read_bytes()
    with pytest.raises(DriftFileError, match="is not a history"):
        History(file)
    assert file.read_bytes() == before


def test_a_damaged_file_says_so(file: Path) -> None:
    """A file that SQLite cannot read any more is reported, with what to do."""
    with History(file, now=Clock()) as kept:
        for _ in range(50):
            lived(kept, difference())
    raw = bytearray(file.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    file.write_bytes(raw)
    refusal = pytest.raises(
        DriftFileError, match=r"is damaged \(.*\)\. Restore it, or move it away to begin a new one\."
    )
    with History(file) as damaged, refusal:
        damaged.nights()


def test_reading_makes_no_file(file: Path) -> None:
    """A reader gets the error that there is no history yet."""
    with pytest.raises(DriftFileError, match=r"there is no such file\. 'graphcalls nightly' creates it\."):
        History(file, create=False)
    assert not file.parent.exists()


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(DriftFileError, match=r"taken/history\.db: cannot be opened: Not a directory\."):
        History(tmp_path / "taken" / "history.db")
    with pytest.raises(DriftFileError, match="cannot be opened: Is a directory"):
        History(tmp_path)


def test_no_secret_is_kept(file: Path) -> None:
    """Tokens in a sample or in a difference's words are masked before they are written."""
    secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
    asked = Request("GET", f"/v1.0/x?access_token={secret}", Headers([("Authorization", f"Bearer {secret}")]))
    seen = Sample(Exchange(asked, Response(200, body=json.dumps({"a": secret}).encode())))
    with History(file, now=Clock()) as kept:
        night = kept.begin("simulator")
        kept.finish(verdict(night, entry(difference(after=f"Bearer {secret}"), night, sample=seen)))
        assert next(iter(kept.known().values())).sample is not None
    assert secret.encode() not in b"".join(one.read_bytes() for one in file.parent.iterdir())


def test_a_read_only_history_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history may be in a mounted artifact. SQLite puts no files of its own beside it."""
    path = tmp_path / "history.db"
    with History(path, now=Clock()) as kept:
        lived(kept, difference())
    monkeypatch.setattr(os, "access", lambda *_: False)  # the superuser may write everywhere
    with History(path, create=False) as kept:
        assert [one.complete for one in kept.nights()] == [True]
        assert len(kept.known()) == 1
        assert [one.name for one in tmp_path.iterdir()] == ["history.db"]
        with pytest.raises(DriftFileError, match="attempt to write a readonly database"):
            kept.begin("live")


def test_reading_an_empty_file_makes_no_database(file: Path) -> None:
    """A reader reports that there is no history, and creates none."""
    file.parent.mkdir(parents=True)
    file.touch()
    with pytest.raises(DriftFileError, match=r"is empty\. 'graphcalls nightly' writes a history into it"):
        History(file, create=False)
    assert file.read_bytes() == b""
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("living", [False, True])
def test_reading_writes_nothing(file: Path, living: bool) -> None:
    """A reader writes neither into the file nor beside it, whether a job has it open or not."""
    with History(file, now=Clock()) as kept:
        lived(kept)
        if not living:
            kept.close()
        before = {one.name: one.read_bytes() for one in file.parent.iterdir() if not one.name.endswith("-shm")}
        with History(file, create=False) as read:
            assert len(read.nights()) == 1
        after = {one.name: one.read_bytes() for one in file.parent.iterdir() if not one.name.endswith("-shm")}
        assert after == before


def test_a_night_that_begins_while_the_history_is_read_is_seen(file: Path) -> None:
    """The file was free when it was opened, so nothing keeps another job from writing."""
    with History(file, now=Clock()) as kept:
        lived(kept)
    with History(file, create=False) as read:
        with History(file, now=Clock(NOW + timedelta(days=1))) as kept:
            lived(kept)
            assert len(read.nights()) == 2
        assert len(read.nights()) == 2
