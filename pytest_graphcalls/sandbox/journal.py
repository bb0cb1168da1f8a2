"""The ledger of calls that a process has created in a live tenant, written to disk before each request.

A ledger is a file of JSON lines that one process appends to, each line synced to the disk. When a process is killed,
the file shows which calls are open and which requests were never answered. The last line may be incomplete: its call
or request then counts as open, which is the safe side.
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
from pytest_graphcalls.parsing import content
from pytest_graphcalls.redaction import redact_url

_KEEP_OUT = "# What pytest-graphcalls has made in a live tenant. Not for version control.\n*\n"


class JsonLinesFile:
    """A file of JSON lines to append to. If its last line is incomplete, the next one begins on a new line.

    Args:
        path: the file; it is created with the first line, in a folder that version control ignores.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._complete = True

    def read(self) -> Iterator[dict[str, Any]]:
        """The objects of all lines, an incomplete line as an empty one; a missing file has none."""
        text = content(self.path).decode("utf-8", "replace") if self.path.exists() else ""
        self._complete = text.endswith("\n") or not text
        yield from map(_entry, text.splitlines())

    def append(self, line: str) -> None:
        """Append ``line``, with its line break, and sync it to the disk; raises :class:`OSError`."""
        self._make_folder()
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            data = (line if self._complete else f"\n{line}").encode()
            self._complete = os.write(handle, data) == len(data)
            os.fsync(handle)
        finally:
            os.close(handle)

    def _make_folder(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)  # another worker may be quicker
            (folder / ".gitignore").write_text(_KEEP_OUT, encoding="utf-8")


def _entry(line: str) -> dict[str, Any]:
    """Decode one line; an incomplete one gives an empty object."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


MAX_WITHOUT_KEEPALIVE = timedelta(minutes=45)
"""Time without keepAlive after which the service ends a call by itself (call-keepalive.r02, observed 10.2)."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that was created and, as far as is known, is not over.

    Attributes:
        call_id: its id.
        url: its address.
        tenant: the tenant it is in.
        made: time of the request that created it; timezone-aware.
    """

    call_id: str
    url: str
    tenant: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request for a call without a response; the call may exist.

    Attributes:
        intent_id: its id in the ledger.
        url: address it was sent to.
        tenant: the tenant it was for.
        made: time it was sent; timezone-aware.
    """

    intent_id: str
    url: str
    tenant: str
    made: datetime

    @property
    def ends_by(self) -> datetime:
        """The time by which the service has ended the call, if it exists, because it was not kept alive."""
        return self.made + MAX_WITHOUT_KEEPALIVE


class JournalState:
    """The open calls and requests, computed from the lines of a ledger in order.

    Attributes:
        intents: requests whose outcome is unknown, by their ids.
        calls: calls that are not over, by their ids, in the order they were created.
    """

    def __init__(self) -> None:
        self.intents: dict[str, Unanswered] = {}
        self.calls: dict[str, OpenCall] = {}

    def apply(self, entry: Mapping[str, Any]) -> None:
        """Apply a line; unknown events are ignored.

        Raises:
            KeyError: a member is missing, or the request it refers to was never recorded.
        """
        match entry.get("event"):
            case "intend":
                made = datetime.fromisoformat(entry["at"])
                self.intents[entry["intent"]] = Unanswered(entry["intent"], entry["url"], entry["tenant"], made)
            case "created":
                intent = self.intents.pop(entry["intent"])
                self.calls[entry["call"]] = OpenCall(entry["call"], entry["url"], intent.tenant, intent.made)
            case "settled":
                self.intents.pop(entry["intent"], None)
            case "over":
                self.calls.pop(entry["call"], None)


SUFFIX = ".jsonl"


class Ledger:
    """The ledger of one process. Safe under threads.

    Args:
        path: the file; it is created with the first line, in a folder that version control ignores.
        now: the clock; gives timezone-aware times.
    """

    def __init__(self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._now = now
        self._lock = RLock()
        self._lines = JsonLinesFile(path)
        self._state = JournalState()
        for entry in self._lines.read():
            self._state.apply(entry)

    def prepare(self) -> None:
        """Check that the file can be written, before a call is created; raises :class:`SettingError`."""
        try:
            self._lines.append("")
        except OSError as error:
            raise self._unwritable(error) from None

    def intend(self, intent_id: str, method: str, url: str, body: bytes, *, tenant: str = "") -> None:
        """Record that a call is about to be requested.

        Args:
            intent_id: a new id.
            method: of the request.
            url: of the request.
            body: of the request; only its digest is kept.
            tenant: the tenant it is for.

        Raises:
            SettingError: it cannot be recorded, so the request must not be sent.
        """
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self._write("intend", intent=intent_id, method=method, url=redact_url(url), body=digest, tenant=tenant)

    def created(self, intent_id: str, call_id: str, url: str) -> None:
        """Record that the request has created a call; raises :class:`SettingError`."""
        self._write("created", intent=intent_id, call=call_id, url=redact_url(url))

    def no_call_made(self, intent_id: str) -> None:
        """Record that the request has created no call."""
        self._write("settled", intent=intent_id)

    def over(self, call_id: str) -> None:
        """Record that a call is over; a call that is not in this ledger is ignored."""
        with self._lock:
            if call_id in self._state.calls:
                self._write("over", call=call_id)

    def open_calls(self) -> tuple[OpenCall, ...]:
        """The calls that are not over, in the order they were created."""
        with self._lock:
            return tuple(self._state.calls.values())

    def unanswered(self) -> tuple[Unanswered, ...]:
        """The requests without a response whose call, if it exists, may still be going on."""
        with self._lock:
            return tuple(intent for intent in self._state.intents.values() if intent.ends_by > self._now())

    def close(self) -> None:
        """Remove the file if no call and no request is open."""
        with self._lock:
            if not self.open_calls() and not self.unanswered():
                self.path.unlink(missing_ok=True)

    def _write(self, event: str, **facts: Any) -> None:
        entry = {"event": event, "at": self._now().isoformat(), **facts}
        with self._lock:
            # In memory first: this process can end the call even if the disk is full.
            self._state.apply(entry)
            try:
                self._lines.append(f"{json.dumps(entry)}\n")
            except OSError as error:
                self._on_write_error(event, facts, error)

    def _on_write_error(self, event: str, facts: dict[str, Any], error: OSError) -> None:
        """Raise for a call that could not be recorded; a lost line about an end is harmless, the service knows."""
        if event not in {"intend", "created"}:
            return
        if event == "intend":
            del self._state.intents[facts["intent"]]
        raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> SettingError:
        step = f"It cannot be written: {error.strerror or error}. No call is created that is not recorded first."
        return SettingError("--graphcalls-ledger", str(self.path), "a file that can be written", step)


def ledgers(folder: Path, run: str = "") -> tuple[Ledger, ...]:
    """The ledgers in a folder, sorted by name.

    Args:
        folder: the folder; it need not exist.
        run: only those of this run; by default of all.

    Raises:
        SettingError: a file is not a ledger.
    """
    return tuple(map(_open, sorted(folder.glob(f"{run}*{SUFFIX}"))))


def _open(path: Path) -> Ledger:
    try:
        return Ledger(path)
    except (OSError, KeyError, ValueError, TypeError) as error:
        step = f"{type(error).__name__}: {error}. Check it, and remove it when none of its calls is open."
        raise SettingError("--ledger", str(path), "a ledger of calls", step) from None


class End(StrEnum):
    """The result of hanging up a call."""

    HUNG_UP = "hung up"
    WAS_OVER = "was over already"
    STILL_OPEN = "is still open"


_ENDS = {204: End.HUNG_UP, 404: End.WAS_OVER}
"""The result by the status of the DELETE request (call-delete.r01, observed 2.13)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A call, and the result of hanging it up.

    Attributes:
        call: the call.
        end: the result.
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
    """Hang up every open call of a ledger; a failure does not stop the others.

    The token is sent to ``root`` only: a ledger is a file, and addresses in it are not trusted.

    Args:
        ledger: has the open calls, and records which are over.
        delete: sends a DELETE to an address; gives the status (0 without a response) and its error.
        root: scheme and host of Graph.
        tenant: the tenant that ``delete`` signs in to.
        only: ids of the calls to hang up; by default all.
    """
    for call in ledger.open_calls():
        if only is not None and call.call_id not in only:
            continue
        foreign = _foreign(call, root, tenant)
        status, reason = (0, foreign) if foreign else delete(call.url)
        end = _ENDS.get(status, End.STILL_OPEN)
        if end is not End.STILL_OPEN:
            ledger.over(call.call_id)
        yield Ending(call, end, reason if end is End.STILL_OPEN else "")


def _foreign(call: OpenCall, root: str, tenant: str) -> str:
    if call.tenant.lower() != tenant.lower():
        return f"it is in the tenant {call.tenant}, and AZURE_TENANT_ID is {tenant}"
    if not call.url.startswith(f"{root}/"):
        return f"its address is {call.url}, which is not below {root} (see --cloud and --root)"
    return ""
