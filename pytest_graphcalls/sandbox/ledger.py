"""What this process has made in a live tenant, written down on disk before it is made.

A ledger is a file of JSON lines that one process appends to, each line forced to the disk. A process that is killed
leaves it behind; whoever reads it knows which calls are open and which requests were never answered. The last line
may be cut short by the kill: what it would have said is then not known, which is always the careful side.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.redaction import redact_url
from pytest_graphcalls.sandbox.accounts import Accounts, OpenCall, Unanswered
from pytest_graphcalls.sandbox.linefile import LineFile

SUFFIX = ".jsonl"


class Ledger:
    """One process's ledger. Safe under threads.

    Args:
        path: the file; it is made with the first line, in a folder that version control passes over.
        now: the clock; gives aware times.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._now = now
        self._lock = RLock()
        self._lines = LineFile(path)
        self._accounts = Accounts()
        for entry in self._lines.read():
            self._accounts.take(entry)

    def prepare(self) -> None:
        """Find out whether it can be written, before anything depends on it; raises :class:`SettingError`."""
        try:
            self._lines.append("")
        except OSError as error:
            raise self._unwritable(error) from None

    def intend(self, intent_id: str, method: str, url: str, body: bytes, *, tenant: str = "") -> None:
        """Write down that a call is about to be asked for.

        Args:
            intent_id: a new id.
            method: of the request.
            url: of the request.
            body: of the request; only its digest is kept.
            tenant: the tenant it is for.

        Raises:
            SettingError: it cannot be written down, so the request must not be sent.
        """
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self._write("intend", intent=intent_id, method=method, url=redact_url(url), body=digest, tenant=tenant)

    def created(self, intent_id: str, call_id: str, url: str) -> None:
        """Write down that the request was answered with a call; raises :class:`SettingError`."""
        self._write("created", intent=intent_id, call=call_id, url=redact_url(url))

    def settled(self, intent_id: str) -> None:
        """Write down that the request has made no call."""
        self._write("settled", intent=intent_id)

    def over(self, call_id: str) -> None:
        """Write down that a call is over; one that is none of ours is passed over."""
        with self._lock:
            if call_id in self._accounts.calls:
                self._write("over", call=call_id)

    def open_calls(self) -> tuple[OpenCall, ...]:
        """The calls that are not over, in the order they were made."""
        with self._lock:
            return tuple(self._accounts.calls.values())

    def unanswered(self) -> tuple[Unanswered, ...]:
        """The requests whose answer never came and whose call, if there was one, may still be going on."""
        with self._lock:
            return tuple(intent for intent in self._accounts.intents.values() if intent.gone_by > self._now())

    def close(self) -> None:
        """Remove the file if it has nothing more to say."""
        with self._lock:
            if not self.open_calls() and not self.unanswered():
                self.path.unlink(missing_ok=True)

    def _write(self, event: str, **facts: Any) -> None:
        entry = {"event": event, "at": self._now().isoformat(), **facts}
        with self._lock:
            # In memory first: whoever still lives can end the call even if the disk is full.
            self._accounts.take(entry)
            try:
                self._lines.append(f"{json.dumps(entry)}\n")
            except OSError as error:
                self._unwritten(event, facts, error)

    def _unwritten(self, event: str, facts: dict[str, Any], error: OSError) -> None:
        """A lost line about an end does no harm: whoever reads the file asks the service once more."""
        if event not in {"intend", "created"}:
            return
        if event == "intend":
            del self._accounts.intents[facts["intent"]]
        raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> SettingError:
        step = f"It cannot be written: {error.strerror or error}. Nothing is made that is not written down first."
        return SettingError("--graphcalls-ledger", str(self.path), "a file that can be written", step)


def ledgers(folder: Path, run: str = "") -> tuple[Ledger, ...]:
    """The ledgers that processes have left in ``folder``, oldest name first.

    Args:
        folder: where they lie; it need not exist.
        run: only those of this run.

    Raises:
        SettingError: one of them is none.
    """
    return tuple(map(_opened, sorted(folder.glob(f"{run}*{SUFFIX}"))))


def _opened(path: Path) -> Ledger:
    try:
        return Ledger(path)
    except (OSError, KeyError, ValueError, TypeError) as error:
        step = f"{type(error).__name__}: {error}. Look into it, and remove it when no call of it is open."
        raise SettingError("--ledger", str(path), "a ledger of calls", step) from None
