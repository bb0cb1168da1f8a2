"""What this process has made in a live tenant, written down on disk before it is made.

A ledger is a file of JSON lines that one process appends to, each line forced to the disk. A process that is killed
leaves it behind; whoever reads it knows which calls are open and which requests were never answered. The last line
may be cut short by the kill: what it would have said is then not known, which is always the careful side.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import RLock
from typing import Any

from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.redaction import redact_url

_KEEP_OUT = "# What pytest-graphcalls has made in a live tenant. Not for version control.\n*\n"


class LineFile:
    """A file that lines are appended to. The last one may have been cut short; what comes then begins a new line.

    Args:
        path: the file; it is made with the first line, in a folder that version control passes over.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._whole = True

    def read(self) -> Iterator[dict[str, Any]]:
        """Every line that is an object; nothing when there is no file."""
        text = self.path.read_text(encoding="utf-8", errors="replace") if self.path.exists() else ""
        self._whole = text.endswith("\n") or not text
        yield from map(_entry, text.splitlines())

    def append(self, line: str) -> None:
        """Write ``line``, which ends itself, to the disk; raises :class:`OSError`."""
        self._make_folder()
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            text = line if self._whole else f"\n{line}"
            self._whole = os.write(handle, text.encode()) == len(text)
            os.fsync(handle)
        finally:
            os.close(handle)

    def _make_folder(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)  # another worker may be quicker
            (folder / ".gitignore").write_text(_KEEP_OUT, encoding="utf-8")


def _entry(line: str) -> dict[str, Any]:
    """One line; nothing if it was cut short."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


LONGEST_UNATTENDED = timedelta(minutes=45)
"""After this long without keepAlive the service ends a call by itself (call-keepalive.r02, observed 10.2)."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that was made and, as far as is known, is not over.

    Attributes:
        call_id: its id.
        url: its address.
        tenant: the tenant it is in.
        made: when the request for it was sent; aware.
    """

    call_id: str
    url: str
    tenant: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request for a call whose answer never came; whether there is a call nobody knows.

    Attributes:
        intent_id: its id in the ledger.
        url: where it was sent.
        tenant: the tenant it was for.
        made: when it was sent; aware.
    """

    intent_id: str
    url: str
    tenant: str
    made: datetime

    @property
    def gone_by(self) -> datetime:
        """When the service has ended the call if there was one, because nobody has kept it alive."""
        return self.made + LONGEST_UNATTENDED


class Accounts:
    """Takes in the lines of a ledger, one after the other.

    Attributes:
        intents: requests whose answer is not known, by their ids.
        calls: calls that are not over, by their ids, in the order they were made.
    """

    def __init__(self) -> None:
        self.intents: dict[str, Unanswered] = {}
        self.calls: dict[str, OpenCall] = {}
        self._told = {"intend": self._intended, "created": self._made, "settled": self._settled, "over": self._ended}

    def take(self, entry: Mapping[str, Any]) -> None:
        """Take in a line; one of another sort is passed over.

        Raises:
            KeyError: it lacks something, or answers a request that was never written down.
        """
        told = self._told.get(entry.get("event", ""))
        if told is not None:
            told(entry)

    def _intended(self, entry: Mapping[str, Any]) -> None:
        made = datetime.fromisoformat(entry["at"])
        self.intents[entry["intent"]] = Unanswered(entry["intent"], entry["url"], entry["tenant"], made)

    def _made(self, entry: Mapping[str, Any]) -> None:
        intent = self.intents.pop(entry["intent"])
        self.calls[entry["call"]] = OpenCall(entry["call"], entry["url"], intent.tenant, intent.made)

    def _settled(self, entry: Mapping[str, Any]) -> None:
        self.intents.pop(entry["intent"], None)

    def _ended(self, entry: Mapping[str, Any]) -> None:
        self.calls.pop(entry["call"], None)


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


class End(StrEnum):
    """What became of a call that was open."""

    HUNG_UP = "hung up"
    WAS_OVER = "was over already"
    STILL_OPEN = "is still open"


_ENDS = {204: End.HUNG_UP, 404: End.WAS_OVER}
"""By the status that a DELETE of the call is answered with (call-delete.r01, observed 2.13)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A call, and what became of it.

    Attributes:
        call: the call.
        end: what became of it.
        why: why it is still open, or ``""``.
    """

    call: OpenCall
    end: End
    why: str = ""


def hang_up(
    ledger: Ledger,
    delete: Callable[[str], tuple[int, str]],
    root: str,
    tenant: str,
    *,
    only: Collection[str] | None = None,
) -> Iterator[Ending]:
    """Hang up every open call of a ledger; one that cannot be hung up does not keep the others.

    A token goes nowhere but to ``root``: a ledger is a file, and what it names as an address is not trusted.

    Args:
        ledger: what is open; is told what is over.
        delete: sends a DELETE to an address; gives the status (0 when no answer came) and what was said.
        root: scheme and host of Graph.
        tenant: the tenant that ``delete`` signs in to.
        only: ids of the calls to look at; by default all.
    """
    for call in ledger.open_calls():
        if only is not None and call.call_id not in only:
            continue
        stranger = _stranger(call, root, tenant)
        status, said = (0, stranger) if stranger else delete(call.url)
        end = _ENDS.get(status, End.STILL_OPEN)
        if end is not End.STILL_OPEN:
            ledger.over(call.call_id)
        yield Ending(call, end, said if end is End.STILL_OPEN else "")


def _stranger(call: OpenCall, root: str, tenant: str) -> str:
    if call.tenant.lower() != tenant.lower():
        return f"it is in the tenant {call.tenant}, and AZURE_TENANT_ID is {tenant}"
    if not call.url.startswith(f"{root}/"):
        return f"its address is {call.url}, which is not below {root} (see --cloud and --root)"
    return ""
