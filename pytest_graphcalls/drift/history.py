"""The history of nightly runs: one SQLite file, safe for several jobs at a time.

A night is entered before its tests start, and completed in one transaction. So a job that crashes produces a night
without an outcome, and no partial data. Nights are numbered in the order they were begun, regardless of the clock.
"""

from __future__ import annotations

import sqlite3
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any, Self, TypeVar

from pytest_graphcalls.drift import history_rows as rows
from pytest_graphcalls.drift.model import Entry, Latency, Night, Outcome, RuleState, Verdict
from pytest_graphcalls.errors import DriftFileError
from pytest_graphcalls.parsing import opened
from pytest_graphcalls.validation import shown

DEFAULT_KEEP = 400
"""Default number of nights that are kept: a year and a month."""
PATIENCE = 30.0
"""Seconds to wait for a lock of another job. Writing a night takes milliseconds."""
_APPLICATION_ID = 0x67726370
"""The application id of our files; a database of another application is refused."""
_FOREIGN = "is not a history of 'graphcalls nightly'. Name a different file."
_EMPTY = "is empty. 'graphcalls nightly' writes a history into it."
_HEADER = 100
_MAGIC = b"SQLite format 3\0"

MIGRATIONS: tuple[tuple[str, ...], ...] = (
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
"""Statements that migrate a file from each version to the next; a released migration is never changed."""


class History:
    """The history in one file. For one thread; any number of processes may have it open at the same time.

    Args:
        path: the file; it is created, with its folder, unless ``create`` is off.
        keep: number of nights that are kept; older ones are deleted when a night is finished.
        create: whether a missing file is created. Where this is off, the file is opened read-only, and nothing is
            written, neither into it nor beside it.
        now: the clock; gives timezone-aware times.

    Raises:
        DriftFileError: it is not a history, is damaged, was written by a later version, or cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        keep: int = DEFAULT_KEEP,
        create: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._keep = keep
        self._now = now
        self._read_only = not create
        _check_header(path, create=create)
        with self._as_file_error():
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connect()

    def _connect(self) -> None:
        self._opened = _state(self._path) if self._read_only else None
        where = _read_only_uri(self._path) if self._read_only else str(self._path)
        self._connection = sqlite3.connect(where, timeout=PATIENCE, isolation_level=None, uri=self._read_only)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _as_file_error(self) -> Iterator[None]:
        """Turn errors of SQLite and of the file system into :class:`DriftFileError`."""
        try:
            yield
        except sqlite3.OperationalError as error:
            problem = f"cannot be used: {error}. Is its folder writable, and the disk not full?"
            raise DriftFileError(str(self._path), 0, problem) from None
        except sqlite3.DatabaseError as error:
            problem = f"is damaged ({error}). Restore it, or move it away to begin a new one."
            raise DriftFileError(str(self._path), 0, problem) from None
        except OSError as error:
            raise DriftFileError(str(self._path), 0, f"cannot be written: {error.strerror or error}.") from None

    @contextmanager
    def _as_damage(self) -> Iterator[None]:
        """Turn values that no version of this class has written into :class:`DriftFileError`."""
        try:
            yield
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            problem = f"is damaged ({shown(str(error))}). Restore it, or move it away to begin a new one."
            raise DriftFileError(str(self._path), 0, problem) from None

    def _prepare(self) -> None:
        version = self._version()
        if version > len(MIGRATIONS):  # the header may be outdated while another job has the file open
            raise _newer_version_error(self._path, version)
        if self._read_only and version < len(MIGRATIONS):
            raise DriftFileError(str(self._path), 0, _EMPTY)
        # A view could be computed without an end, a trigger could change what is written.
        odd = "type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
        if self._connection.execute(f"SELECT count(*) FROM sqlite_master WHERE {odd}").fetchone()[0]:  # noqa: S608  ours
            raise DriftFileError(str(self._path), 0, _FOREIGN)
        if self._read_only:
            return
        _retry_while_locked(lambda: self._connection.execute("PRAGMA journal_mode = WAL").fetchone())
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        if self._version() < len(MIGRATIONS):
            with self._write_transaction():
                # Read again under the lock, because another job may have been quicker.
                for step in MIGRATIONS[self._version() :]:
                    for statement in step:
                        self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                self._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _write_transaction(self) -> Iterator[None]:
        """An exclusive write transaction: committed as a whole, or rolled back."""
        _retry_while_locked(lambda: self._connection.execute("BEGIN IMMEDIATE"))
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def begin(self, target: str) -> Night:
        """Enter a night before its tests start.

        Args:
            target: name of the target.

        Returns:
            The night. When the clock is behind the last night, it starts a second after that one, with a note.

        Raises:
            DriftFileError: the file cannot be written.
        """
        with self._as_file_error(), self._write_transaction():
            now, note = self._now().astimezone(UTC).replace(microsecond=0), ""
            last = self._connection.execute("SELECT max(started) FROM nights").fetchone()[0]
            if last is not None and rows.text(now) < last:
                note = (
                    f"The clock said {rows.text(now)}, which is before the last night ({last}); "
                    "this night was put after that one. Check the clocks of the machines that ran them."
                )
                now = rows.moment(last) + timedelta(seconds=1)
            id = f"{rows.text(now)}-{token_hex(3)}"
            self._connection.execute(
                "INSERT INTO nights (id, started, target, note) VALUES (?, ?, ?, ?)", (id, rows.text(now), target, note)
            )
        return Night(id, now, None, target, None, note=note)

    def finish(self, verdict: Verdict) -> None:
        """Enter the result of a night, and delete the oldest nights.

        Args:
            verdict: the result; a night that was not begun here is entered.

        Raises:
            DriftFileError: the file cannot be written; it holds the beginning of this night only.
        """
        night = verdict.night
        with self._as_file_error(), self._write_transaction():
            number = self._number(night)
            ended = max(night.ended or night.started, night.started)
            self._connection.execute(
                "UPDATE nights SET ended = ?, outcome = ?, note = ? WHERE number = ?",
                (rows.text(ended), verdict.outcome.value, night.note, number),
            )
            for table in ("rules", "latency", "broken"):
                self._connection.execute(f"DELETE FROM {table} WHERE night = ?", (number,))  # noqa: S608  our own names
            self._connection.executemany(
                "INSERT INTO rules VALUES (?, ?, ?)",
                [(number, self._number_of_name(rule), state.value) for rule, state in night.rules.items()],
            )
            self._connection.executemany(
                "INSERT INTO latency VALUES (?, ?, ?, ?, ?)",
                [
                    (number, self._number_of_name(name), one.median, one.highest, one.count)
                    for name, one in night.latency.items()
                ],
            )
            broken = [
                (number, self._number_of_name(rule), one) for rule, found in night.broken.items() for one in set(found)
            ]
            self._connection.executemany("INSERT INTO broken VALUES (?, ?, ?)", broken)
            for entry in verdict.entries:
                self._enter(number, night.started, entry)
            self._delete_oldest()

    def _number(self, night: Night) -> int:
        found = self._connection.execute("SELECT number FROM nights WHERE id = ?", (night.id,)).fetchone()
        if found is not None:
            return int(found[0])
        made = self._connection.execute(
            "INSERT INTO nights (id, started, target) VALUES (?, ?, ?)",
            (night.id, rows.text(night.started), night.target),
        )
        assert made.lastrowid is not None
        return made.lastrowid

    def _number_of_name(self, name: str) -> int:
        self._connection.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (name,))
        return int(self._connection.execute("SELECT number FROM names WHERE name = ?", (name,)).fetchone()[0])

    def _enter(self, number: int, started: datetime, entry: Entry) -> None:
        fingerprint = entry.difference.fingerprint
        new = self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (number, fingerprint)).rowcount
        seen = rows.text(started)
        self._connection.execute(
            """INSERT INTO differences VALUES (?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET
                first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen),
                count = count + excluded.count, facts = excluded.facts""",
            (fingerprint, rows.text(min(entry.first_seen, started)), seen, new, rows.facts(entry)),
        )

    def _delete_oldest(self) -> None:
        """Delete the oldest nights, and differences that only those have seen."""
        self._connection.execute(
            "DELETE FROM nights WHERE number NOT IN (SELECT number FROM nights ORDER BY number DESC LIMIT ?)",
            (self._keep,),
        )
        self._connection.execute("DELETE FROM differences WHERE fingerprint NOT IN (SELECT fingerprint FROM seen)")

    def nights(self, limit: int | None = None) -> tuple[Night, ...]:
        """The stored nights, the earliest first.

        Args:
            limit: maximum number, the latest ones; by default all.

        Raises:
            DriftFileError: the file cannot be read.
        """
        with self._as_file_error(), self._as_damage():
            return self._consistently(lambda: self._nights(limit))

    def _nights(self, limit: int | None) -> tuple[Night, ...]:
        with self._read_transaction():
            found = self._connection.execute(
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
                _grouped(broken.get(number, ())),
                note,
            )
            for number, id, started, ended, target, outcome, note in reversed(found)
        )

    def _by_night(self, query: str, first: int) -> dict[int, list[tuple[Any, ...]]]:
        found: dict[int, list[tuple[Any, ...]]] = {}
        for night, *facts in self._connection.execute(f"{query} WHERE night >= ?", (first,)):
            found.setdefault(night, []).append(tuple(facts))
        return found

    @contextmanager
    def _read_transaction(self) -> Iterator[None]:
        """A read transaction: a snapshot of the file, unaffected by writers."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def known(self) -> Mapping[str, Entry]:
        """Every difference of the stored nights, by fingerprint, as it was seen last.

        Raises:
            DriftFileError: the file cannot be read.
        """
        with self._as_file_error(), self._as_damage():
            found = self._consistently(self._differences)
            return {fingerprint: rows.entry(facts, *columns) for fingerprint, *columns, facts in found}

    def _differences(self) -> list[tuple[Any, ...]]:
        with self._read_transaction():
            return self._connection.execute("SELECT * FROM differences ORDER BY fingerprint").fetchall()

    def _consistently(self, read: Callable[[], _T]) -> _T:
        """Read again when another job has written meanwhile: a file that is opened read-only is not locked."""
        while True:
            before = _state(self._path)
            if self._read_only and before != self._opened:
                self._connection.close()
                self._connect()
            found = read()
            if not self._read_only or before == _state(self._path):
                return found


_T = TypeVar("_T")


def _state(path: Path) -> tuple[int, int, bool]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns, _has_journal(path)


def _has_journal(path: Path) -> bool:
    return path.with_name(f"{path.name}-wal").exists()


def _grouped(pairs: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for rule, fingerprint in sorted(pairs):
        found[rule] = (*found.get(rule, ()), fingerprint)
    return found


def _check_header(path: Path, *, create: bool) -> None:
    """Refuse a file that is not a history by its first bytes, before SQLite opens it."""
    try:
        with opened(path) as file:
            head = file.read(_HEADER)
    except FileNotFoundError:
        if create:
            return
        raise DriftFileError(str(path), 0, "there is no such file. 'graphcalls nightly' creates it.") from None
    except OSError as error:
        raise DriftFileError(str(path), 0, f"cannot be opened: {error.strerror or error}.") from None
    if not head and not create:
        raise DriftFileError(str(path), 0, _EMPTY)
    if not head:
        return
    version, mark = (struct.unpack(">I", head[at : at + 4])[0] for at in (60, 68)) if len(head) == _HEADER else (0, 0)
    if not head.startswith(_MAGIC) or (mark != _APPLICATION_ID and not _is_new(path)):
        raise DriftFileError(str(path), 0, _FOREIGN)
    if version > len(MIGRATIONS):
        raise _newer_version_error(path, version)


def _newer_version_error(path: Path, version: int) -> DriftFileError:
    problem = (
        f"was written by a later version of pytest-graphcalls (its schema is {version}, this one reads "
        f"{len(MIGRATIONS)}). Update pytest-graphcalls; the file is unchanged."
    )
    return DriftFileError(str(path), 0, problem)


def _read_only_uri(path: Path) -> str:
    """The URI that opens a file read-only; without ``immutable`` SQLite would create its own files beside it."""
    return f"{path.absolute().as_uri()}?mode=ro{'' if _has_journal(path) else '&immutable=1'}"


def _is_new(path: Path) -> bool:
    """Whether another job is creating the file right now: it has no table yet, or is a history by now."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)) as line:
            line.execute("BEGIN")  # so that both are of one moment: the other job may finish in between
            mark = line.execute("PRAGMA application_id").fetchone()[0]
            return bool(mark == _APPLICATION_ID or not line.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.DatabaseError:
        return False


_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def _retry_while_locked(action: Callable[[], Any]) -> None:
    """Retry while another job has locked the file: SQLite's own timeout does not cover every kind of lock."""
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
