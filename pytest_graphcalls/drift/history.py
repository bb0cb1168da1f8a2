"""What earlier nights came to: one SQLite file, for as many jobs at a time as there are.

A night is begun before anything is looked at, and finished in one transaction. So a job that dies leaves a night
without an outcome, and nothing half written. Nights are numbered in the order they were begun, whatever the clock says.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

from pytest_graphcalls.drift import history_rows as rows
from pytest_graphcalls.drift.model import Entry, Latency, Night, Outcome, RuleState, Verdict
from pytest_graphcalls.errors import DriftFileError

KEPT = 400
"""How many nights are kept unless told otherwise: a year and a month."""
PATIENCE = 30.0
"""Seconds to wait for another job that is writing. Writing a night takes milliseconds."""
_MARK = 0x67726370
"""The application id of our files, so that nobody else's database is taken for one."""
_HEADER = 100
_MAGIC = b"SQLite format 3\0"

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE nights (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, started TEXT NOT NULL, ended TEXT,
            target TEXT NOT NULL, outcome TEXT, note TEXT NOT NULL DEFAULT '')""",
        "CREATE TABLE names (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        """CREATE TABLE rules (night INTEGER NOT NULL REFERENCES nights ON DELETE CASCADE,
            rule INTEGER NOT NULL REFERENCES names, state TEXT NOT NULL,
            PRIMARY KEY (night, rule)) WITHOUT ROWID""",
        """CREATE TABLE latency (night INTEGER NOT NULL REFERENCES nights ON DELETE CASCADE,
            operation INTEGER NOT NULL REFERENCES names, median REAL NOT NULL, highest REAL NOT NULL,
            count INTEGER NOT NULL, PRIMARY KEY (night, operation)) WITHOUT ROWID""",
        """CREATE TABLE differences (fingerprint TEXT PRIMARY KEY, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
            count INTEGER NOT NULL, facts TEXT NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE seen (night INTEGER NOT NULL REFERENCES nights ON DELETE CASCADE, fingerprint TEXT NOT NULL,
            PRIMARY KEY (night, fingerprint)) WITHOUT ROWID""",
        """CREATE TABLE broken (night INTEGER NOT NULL REFERENCES nights ON DELETE CASCADE,
            rule INTEGER NOT NULL REFERENCES names, fingerprint TEXT NOT NULL,
            PRIMARY KEY (night, rule, fingerprint)) WITHOUT ROWID""",
    ),
)
"""From each version of the file to the next, the first from nothing. A step that was released is never changed."""


class History:
    """The history in one file. For one thread; any number of processes may have it open at the same time.

    Args:
        path: the file; it is made, with its folder, unless ``create`` is off.
        keep: how many nights are kept; older ones go when a night is finished.
        create: whether a file that is not there is made. One that nobody may write can be read all the same where this
            is off.
        now: the clock; gives aware times.

    Raises:
        DriftFileError: it is no history, is damaged, was written by a later version, or cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        keep: int = KEPT,
        create: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._keep = keep
        self._now = now
        _look_at(path, create=create)
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            sealed = not create and _is_sealed(path)
            where = _sealed(path) if sealed else str(path)
            self._line = sqlite3.connect(where, timeout=PATIENCE, isolation_level=None, uri=sealed)
            try:
                self._prepare(sealed=sealed)
            except BaseException:
                self._line.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the file to others."""
        self._line.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever SQLite or the disk says, as a sentence."""
        try:
            yield
        except sqlite3.OperationalError as error:
            problem = f"cannot be used: {error}. Is its folder writable, and the disk not full?"
            raise DriftFileError(str(self._path), 0, problem) from None
        except sqlite3.DatabaseError as error:
            problem = f"is damaged ({error}). Restore it, or move it away to begin another."
            raise DriftFileError(str(self._path), 0, problem) from None
        except OSError as error:
            raise DriftFileError(str(self._path), 0, f"cannot be written: {error.strerror or error}.") from None

    def _prepare(self, *, sealed: bool) -> None:
        if self._version() > len(STEPS):  # the first bytes may not say so while another job has the file open
            raise _later(self._path, self._version())
        if sealed:
            return
        _patiently(lambda: self._line.execute("PRAGMA journal_mode = WAL").fetchone())
        self._line.execute("PRAGMA synchronous = NORMAL")
        self._line.execute("PRAGMA foreign_keys = ON")
        if self._version() < len(STEPS):
            with self._writing():
                # Asked again, because another job may have been quicker.
                for step in STEPS[self._version() :]:
                    for statement in step:
                        self._line.execute(statement)
                self._line.execute(f"PRAGMA application_id = {_MARK}")
                self._line.execute(f"PRAGMA user_version = {len(STEPS)}")

    def _version(self) -> int:
        return int(self._line.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction that nobody else writes in; all of it, or nothing."""
        _patiently(lambda: self._line.execute("BEGIN IMMEDIATE"))
        try:
            yield
        except BaseException:
            self._line.execute("ROLLBACK")
            raise
        self._line.execute("COMMIT")

    def begin(self, target: str) -> Night:
        """Enter a night that is about to be looked at.

        Args:
            target: what is looked at.

        Returns:
            The night. When the clock is behind the last night, it starts a second after that one and says so.

        Raises:
            DriftFileError: the file cannot be written.
        """
        with self._told(), self._writing():
            now, note = self._now().astimezone(UTC).replace(microsecond=0), ""
            last = self._line.execute("SELECT max(started) FROM nights").fetchone()[0]
            if last is not None and rows.text(now) < last:
                note = (
                    f"The clock said {rows.text(now)}, which is before the last night ({last}); "
                    "this night was put after that one. Look at the clock of whoever ran either."
                )
                now = rows.moment(last) + timedelta(seconds=1)
            id = f"{rows.text(now)}-{token_hex(3)}"
            self._line.execute(
                "INSERT INTO nights (id, started, target, note) VALUES (?, ?, ?, ?)", (id, rows.text(now), target, note)
            )
        return Night(id, now, None, target, None, note=note)

    def finish(self, verdict: Verdict) -> None:
        """Enter what a night came to, and let go of the oldest ones.

        Args:
            verdict: its night is one that was begun; one that is not known is entered.

        Raises:
            DriftFileError: the file cannot be written; nothing of this night is in it but that it was begun.
        """
        night = verdict.night
        with self._told(), self._writing():
            number = self._number(night)
            ended = max(night.ended or night.started, night.started)
            self._line.execute(
                "UPDATE nights SET ended = ?, outcome = ?, note = ? WHERE number = ?",
                (rows.text(ended), verdict.outcome.value, night.note, number),
            )
            for table in ("rules", "latency", "broken"):
                self._line.execute(f"DELETE FROM {table} WHERE night = ?", (number,))  # noqa: S608  our own names
            self._line.executemany(
                "INSERT INTO rules VALUES (?, ?, ?)",
                [(number, self._named(rule), state.value) for rule, state in night.rules.items()],
            )
            self._line.executemany(
                "INSERT INTO latency VALUES (?, ?, ?, ?, ?)",
                [
                    (number, self._named(name), one.median, one.highest, one.count)
                    for name, one in night.latency.items()
                ],
            )
            broken = [(number, self._named(rule), one) for rule, found in night.broken.items() for one in set(found)]
            self._line.executemany("INSERT INTO broken VALUES (?, ?, ?)", broken)
            for entry in verdict.entries:
                self._enter(number, night.started, entry)
            self._forget()

    def _number(self, night: Night) -> int:
        found = self._line.execute("SELECT number FROM nights WHERE id = ?", (night.id,)).fetchone()
        if found is not None:
            return int(found[0])
        made = self._line.execute(
            "INSERT INTO nights (id, started, target) VALUES (?, ?, ?)",
            (night.id, rows.text(night.started), night.target),
        )
        assert made.lastrowid is not None
        return made.lastrowid

    def _named(self, name: str) -> int:
        self._line.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (name,))
        return int(self._line.execute("SELECT number FROM names WHERE name = ?", (name,)).fetchone()[0])

    def _enter(self, number: int, started: datetime, entry: Entry) -> None:
        fingerprint = entry.difference.fingerprint
        new = self._line.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (number, fingerprint)).rowcount
        seen = rows.text(started)
        self._line.execute(
            """INSERT INTO differences VALUES (?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET
                first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),
                count = count + excluded.count, facts = excluded.facts""",
            (fingerprint, rows.text(min(entry.first_seen, started)), seen, new, rows.facts(entry)),
        )

    def _forget(self) -> None:
        """Let the oldest nights go, and differences that no night that is kept has seen."""
        self._line.execute(
            "DELETE FROM nights WHERE number NOT IN (SELECT number FROM nights ORDER BY number DESC LIMIT ?)",
            (self._keep,),
        )
        self._line.execute("DELETE FROM differences WHERE fingerprint NOT IN (SELECT fingerprint FROM seen)")

    def nights(self, limit: int | None = None) -> tuple[Night, ...]:
        """The nights that are kept, the earliest first.

        Args:
            limit: only so many, the latest ones.

        Raises:
            DriftFileError: the file cannot be read.
        """
        with self._told(), self._reading():
            found = self._line.execute(
                "SELECT number, id, started, ended, target, outcome, note FROM nights ORDER BY number DESC LIMIT ?",
                (-1 if limit is None else limit,),
            ).fetchall()
            if not found:
                return ()
            first = found[-1][0]
            rules = self._by_night("SELECT night, name, state FROM rules, names ON number = rule", first)
            latency = self._by_night(
                "SELECT night, name, median, highest, count FROM latency, names ON number = operation", first
            )
            seen = self._by_night("SELECT night, fingerprint FROM seen", first)
            broken = self._by_night("SELECT night, name, fingerprint FROM broken, names ON number = rule", first)
        return tuple(
            Night(
                id,
                rows.moment(started),
                rows.moment(ended) if ended else None,
                target,
                Outcome(outcome) if outcome else None,
                {name: RuleState(state) for name, state in sorted(rules.get(number, ()))},
                {name: Latency(*figures) for name, *figures in sorted(latency.get(number, ()))},
                frozenset(one for (one,) in seen.get(number, ())),
                _gathered(broken.get(number, ())),
                note,
            )
            for number, id, started, ended, target, outcome, note in reversed(found)
        )

    def _by_night(self, query: str, first: int) -> dict[int, list[tuple[Any, ...]]]:
        found: dict[int, list[tuple[Any, ...]]] = {}
        for night, *facts in self._line.execute(f"{query} WHERE night >= ?", (first,)):
            found.setdefault(night, []).append(tuple(facts))
        return found

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """See the file as it is now, whoever writes meanwhile."""
        self._line.execute("BEGIN")
        try:
            yield
        finally:
            self._line.execute("ROLLBACK")

    def known(self) -> Mapping[str, Entry]:
        """Every difference that a night which is kept has seen, by fingerprint, as it was seen last.

        Raises:
            DriftFileError: the file cannot be read.
        """
        with self._told(), self._reading():
            found = self._line.execute("SELECT * FROM differences ORDER BY fingerprint").fetchall()
        return {
            fingerprint: replace(
                rows.entry(facts), first_seen=rows.moment(first), last_seen=rows.moment(last), count=count
            )
            for fingerprint, first, last, count, facts in found
        }


def _gathered(pairs: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for rule, fingerprint in sorted(pairs):
        found[rule] = (*found.get(rule, ()), fingerprint)
    return found


def _look_at(path: Path, *, create: bool) -> None:
    """Refuse what is no history of ours, from its first bytes, so that nothing of it is touched."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER)
    except FileNotFoundError:
        if create:
            return
        raise DriftFileError(str(path), 0, "there is no such file. 'graphcalls nightly' begins one.") from None
    except OSError as error:
        raise DriftFileError(str(path), 0, f"cannot be opened: {error.strerror or error}.") from None
    if not head:
        return
    version, mark = (struct.unpack(">I", head[at : at + 4])[0] for at in (60, 68)) if len(head) == _HEADER else (0, 0)
    if not head.startswith(_MAGIC) or (mark != _MARK and not _is_new(path)):
        raise DriftFileError(str(path), 0, "is no history of 'graphcalls nightly'. Name another file.")
    if version > len(STEPS):
        raise _later(path, version)


def _later(path: Path, version: int) -> DriftFileError:
    problem = (
        f"was written by a later version of pytest-graphcalls (its schema is {version}, this one reads {len(STEPS)}). "
        "Update pytest-graphcalls; the file was left as it is."
    )
    return DriftFileError(str(path), 0, problem)


def _is_sealed(path: Path) -> bool:
    """Whether nobody may write there, as in an artifact that was mounted."""
    return not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK))


def _sealed(path: Path) -> str:
    """The address of a file that nobody writes. SQLite would put its own files beside it, unless it is told so."""
    written = path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro{'' if written else '&immutable=1'}"


def _is_new(path: Path) -> bool:
    """Whether a job that was quicker is just making the file: there is no table in it yet, or it is ours by now."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)) as line:
            mark = line.execute("PRAGMA application_id").fetchone()[0]
            return bool(mark == _MARK or not line.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.DatabaseError:
        return False


_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def _patiently(action: Callable[[], Any]) -> None:
    """Try again while another job has the file: SQLite's own patience does not cover every kind of lock."""
    last = time.monotonic() + PATIENCE
    while True:
        try:
            action()
        except sqlite3.OperationalError as error:
            # The lower byte is the kind of trouble, the rest says more about it.
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > last:
                raise
            time.sleep(0.02)
        else:
            return
