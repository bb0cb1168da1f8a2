"""Read recordings: HAR 1.2 files and vcrpy cassettes.

The rules of this room:

1. What a file is shows in what it holds, never in its name.
2. Reading changes nothing, and runs nothing: a YAML tag that would build an object of Python is refused.
3. What cannot be read says so, with file and entry. A cut file is not a short file: vcrpy closes a cassette with
   ``version``, so a cassette without it was cut.
4. A body is read as the client saw it: text as UTF-8, Base64 and compression undone.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pytest_graphcalls.compression import UnreadableBodyError, decompress
from pytest_graphcalls.errors import RecordingError, did_you_mean
from pytest_graphcalls.wire import Exchange, Headers, Request, Response, encode_json



def read(path: str | Path) -> Iterator[Exchange]:
    """Read every exchange of a recording, in order; ``note`` says ``entry N``, counted from 1.

    Args:
        path: a HAR file, or a vcrpy cassette written by its YAML or JSON serializer.

    Raises:
        RecordingError: the file, or the entry it has come to, cannot be read.
    """
    for entry in entries(path):
        if isinstance(entry, Incomplete):
            raise RecordingError(str(path), int(entry.note.removeprefix("entry ")), entry.problem)
        yield entry


def entries(path: str | Path) -> Iterator[Exchange | Incomplete]:
    """Read like :func:`read`, but hand over a request without a usable answer instead of stopping there.

    Args:
        path: as for :func:`read`.

    Raises:
        RecordingError: the file cannot be read, or an entry is no recorded request at all.
    """
    file = str(path)
    rows, convert = _rows(file, _load(file, _text(Path(path))))
    number = 0
    try:
        for number, row in enumerate(rows, 1):
            yield convert(row, f"entry {number}")
    except Unusable as error:
        raise RecordingError(file, number, error.problem) from None



_Convert = Callable[[Any, str], Exchange | Incomplete]


def _rows(file: str, data: Any) -> tuple[list[Any], _Convert]:
    """The entries of a recording, and how one of them becomes an exchange."""
    if isinstance(data, list) and data and isinstance(data[0], Mapping) and "request" in data[0]:
        return data, _old_interaction
    if isinstance(data, Mapping) and "interactions" in data:
        return _list(file, data["interactions"], "interactions"), _closed(file, data)
    log = data.get("log") if isinstance(data, Mapping) else None
    if isinstance(log, Mapping) and "entries" in log:
        return _answered(file, _list(file, log["entries"], "log.entries")), _har_entry
    holds = f"holds {type(data).__name__} at its top"
    if isinstance(data, Mapping):
        holds = f"has the keys {', '.join(map(repr, list(data)[:4]))}" if data else "is an empty object"
    problem = f"{holds}; a HAR file has 'log' with 'entries', a vcrpy cassette has 'interactions'."
    raise RecordingError(file, 0, problem)


def _list(file: str, value: Any, key: str) -> list[Any]:
    if value is None or isinstance(value, list):
        return value or []
    raise RecordingError(file, 0, f"{key!r} is no list.")


def _closed(file: str, data: Mapping[str, Any]) -> _Convert:
    if "version" not in data:
        problem = f"ends without 'version', which vcrpy writes last: it was cut. {RECORD_AGAIN}"
        raise RecordingError(file, len(data["interactions"] or ()), problem)
    return _interaction


