"""Write a cassette: looked through first, then beside, then renamed over the old one.

The rules of this page:

1. A text in which the leak scan finds something reaches no disk.
2. Whatever goes wrong, the older file is as it was: a full disk, a killed process, a folder that cannot be written.
3. One writer at a time. A second one that did not know of the first one's file writes nothing, and raises an error.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_graphcalls.atomic import hold, put
from pytest_graphcalls.cassette import formats
from pytest_graphcalls.cassette.passport import MEMBER, Passport
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.leakscan import listed, scan
from pytest_graphcalls.sanitize import clean, clean_json
from pytest_graphcalls.wire import Exchange

WAIT = 10.0
"""Seconds to wait for another writer. Writing a cassette takes milliseconds."""


def write(
    path: Path,
    exchanges: Sequence[Exchange],
    passport: Passport,
    *,
    known: Iterable[str] = (),
    before: str = "",
    masked: bool = False,
) -> None:
    """Write a cassette; without an exchange nothing happens.

    Args:
        path: the file; its folder is made.
        exchanges: redacted already.
        passport: what it says about itself; the digest is filled in.
        known: secrets of this run, to be looked for by value.
        before: :func:`state` of the file when the recording began.
        masked: whether what the leak scan finds is masked, and its kinds are written into the passport, instead of
            refusing the cassette: for one that is compared and thrown away.

    Raises:
        RecordingError: something in it may not be written down, another process has written it meanwhile, or the
            disk refuses.
    """
    if exchanges:
        rows = [formats.row(exchange) for exchange in exchanges]
        text = _text(rows, passport)
        kinds = tuple(sorted({leak.kind for leak in scan(text, known=tuple(known))})) if masked else ()
        if kinds:
            rows = clean_json(rows, people=True).value
            safe = clean_json(replace(passport, refused=kinds).to_json(), people=True).value
            text = clean(_text(rows, Passport.from_json(safe)), people=True).text
        save(path, text, known=known, before=before, scanned=masked and not kinds)


def _text(rows: Sequence[Any], passport: Passport) -> str:
    return dump({MEMBER: passport.sealed(rows).to_json(), "interactions": rows, "version": formats.FORMAT})


def dump(data: Any) -> str:
    """Write a cassette as YAML. Lines are not folded, so that a line holds a whole value."""
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the C dumper where there is one
        """Writes a value out each time: an alias of YAML would not be read back."""

        def ignore_aliases(self, _: object) -> bool:
            return True

    return str(yaml.dump(data, Dumper=Dumper, allow_unicode=True, width=_ONE_LINE, sort_keys=True))


_ONE_LINE = 2**31 - 1


def state(path: Path) -> str:
    """Tells one content of a file from another; ``""`` when there is no file."""
    try:
        facts = path.stat()
    except OSError:
        return ""
    return f"{facts.st_ino}:{facts.st_size}:{facts.st_mtime_ns}"


def save(path: Path, text: str, *, known: Iterable[str] = (), before: str = "", scanned: bool = False) -> None:
    """Put ``text`` in the place of the file, as a whole or not at all. Arguments and errors as for :func:`write`.

    ``scanned`` says that the leak scan has found nothing in it.
    """
    if not scanned:
        _refuse_leaks(path, text, known)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            if state(path) != before:
                raise RecordingError(str(path), 0, _SHARED)
            put({path: text})
    except OSError as error:
        why = error.strerror or str(error)
        raise RecordingError(str(path), 0, f"cannot be written: {why}. {_OLDER[bool(before)]}") from None


_SHARED = (
    "another test has written it since this one began. Give each a cassette of its own "
    '(@pytest.mark.default_cassette("name.yaml")).'
)
_OLDER = {True: "The older recording is as it was.", False: "There was none before."}


def _refuse_leaks(path: Path, text: str, known: Iterable[str]) -> None:
    found = listed(scan(text, known=tuple(known)))
    if found:
        problem = (
            f"the leak scan has found what may not be written down ({found}; lines of the file as it would be). "
            "Add what is missing in the hook pytest_graphcalls_redact, or its host to graphcalls_record_hosts."
        )
        raise RecordingError(str(path), 0, problem)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the file's lock, a file beside it."""
    lock = path.with_name(f".{path.name}.lock")
    last = time.monotonic() + WAIT
    while (held := hold(lock, make=True)) is None:
        if time.monotonic() > last:
            raise RecordingError(str(path), 0, f"{lock.name} beside it says that another process writes it.")
        time.sleep(0.01)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            lock.unlink(missing_ok=True)
        os.close(held)
        if sys.platform == "win32":
            lock.unlink(missing_ok=True)
