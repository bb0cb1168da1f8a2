"""From a file to the values in it: text, then JSON or YAML. Whatever stands in the way is named with its entry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pytest_graphcalls.errors import RecordingError, did_you_mean

RECORD_AGAIN = "Record it again, or restore it from version control."


def load(path: Path) -> Any:
    """Read a JSON or YAML file.

    Raises:
        RecordingError: it cannot be read; with the number of the entry where reading came to an end.
    """
    file, text = str(path), _text(path)
    try:
        return _load_json(file, text) if text.lstrip()[:1] in {"{", "["} else _load_yaml(file, text)
    except RecursionError:
        raise RecordingError(file, 0, "is nested too deep to be a recording.") from None


_MAGIC = {
    b"\x1f\x8b": "a gzip archive. Unpack it first (gunzip)",
    b"PK\x03\x04": "a zip archive. Unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd archive. Unpack it first (unzstd)",
    b"\x0a\x0d\x0d\x0a": "a packet capture. Export the HTTP exchanges as HAR",
    b"\xd4\xc3\xb2\xa1": "a packet capture. Export the HTTP exchanges as HAR",
}
"""First bytes of files that people mistake for a recording, with what to do."""

_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise RecordingError(str(path), 0, f"there is no such file.{_neighbour(path)}") from None
    except IsADirectoryError:
        raise RecordingError(str(path), 0, f"is a folder, not a recording.{_inside(path)}") from None
    except OSError as error:
        raise RecordingError(str(path), 0, f"cannot be opened: {error.strerror or error}.") from None
    return _decoded(str(path), raw)


def _neighbour(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" There is no folder {str(folder)!r} either."
    return did_you_mean(path.name, [entry.name for entry in folder.iterdir()])


def _inside(folder: Path) -> str:
    names = sorted(p.name for p in folder.rglob("*") if p.suffix in {".har", ".json", ".yaml", ".yml"})
    return f" Name the files in it, such as {names[0]!r}." if names else " It holds no recording either."


def _decoded(file: str, raw: bytes) -> str:
    if not raw.strip():
        raise RecordingError(file, 0, f"is empty. {RECORD_AGAIN}")
    for magic, what in _MAGIC.items():
        if raw.startswith(magic):
            raise RecordingError(file, 0, f"is {what}.")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise RecordingError(file, 0, f"is no text (byte {error.start}); a recording is JSON or YAML.") from None
    if "\0" in text:
        raise RecordingError(file, 0, f"is no text (byte {text.index(chr(0))} is zero); a recording is JSON or YAML.")
    return text


def _load_json(file: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or "Unterminated" in error.msg
        why = "ends in the middle: it was cut" if cut else f"is not JSON (line {error.lineno}: {error.msg})"
        raise RecordingError(file, _entry_at(text, error.pos), f"{why}. {RECORD_AGAIN}") from None
    except ValueError:
        raise RecordingError(file, 0, "holds a number that is too long to read.") from None


def _load_yaml(file: str, text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=_loader())  # noqa: S506  a SafeLoader subclass
    except yaml.constructor.ConstructorError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        problem = f"line {line} holds something that only running code could build ({error.problem}); it was not read."
        raise RecordingError(file, _entry_before(text, line), problem) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        cut = "interactions:" in text and line > text.rstrip().count("\n")
        why = "ends in the middle: it was cut" if cut else f"is neither JSON nor YAML (line {line}: {error.problem})"
        problem = f"{why}. {RECORD_AGAIN}"
        raise RecordingError(file, _entry_before(text, line), problem) from None
    except (yaml.YAMLError, ValueError) as error:
        raise RecordingError(file, 0, f"is not usable YAML: {str(error).splitlines()[0]}.") from None


_ENTRY = re.compile(r"\"request\"\s*:|^\s*-?\s+request:", re.MULTILINE)


def _entry_at(text: str, position: int) -> int:
    """Number of the entry around ``position``: what cannot be parsed can still be counted."""
    return len(_ENTRY.findall(text, 0, position))


def _entry_before(text: str, line: int) -> int:
    return len(_ENTRY.findall("\n".join(text.splitlines()[:line])))


def dump(data: Any) -> str:
    """Write a cassette as YAML. Lines are not folded, so that what is looked for in a line is found there."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(data, Dumper=dumper, allow_unicode=True, width=_ONE_LINE, sort_keys=True))


_ONE_LINE = 2**31 - 1

_TAG = "tag:yaml.org,2002:python/"


@cache
def _loader() -> Any:
    """A safe loader that also knows the few tags older cassettes hold, each as the plain value behind it."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C loader where there is one
        """Own subclass, so that nobody else's loader learns these tags."""

    for tag, build in _TAGS.items():
        Loader.add_constructor(_TAG + tag, build)
    return Loader


def _bytes_io(loader: Any, node: Any) -> Any:
    state = loader.construct_mapping(node, deep=True).get("state") or (b"",)
    return state[0]


def _iterator(loader: Any, node: Any) -> Any:
    return (loader.construct_mapping(node, deep=True).get("args") or ((),))[0]


def _scalar(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node)


def _sequence(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


def _mapping(loader: Any, node: Any) -> Any:
    return loader.construct_mapping(node, deep=True)


_TAGS: Mapping[str, Callable[[Any, Any], Any]] = {
    "str": _scalar,
    "unicode": _scalar,
    "tuple": _sequence,
    "object/new:_io.BytesIO": _bytes_io,
    "object/apply:builtins.iter": _iterator,
    # vcrpy before 1.0
    "object:vcr.request.Request": _mapping,
    "object/apply:builtins.frozenset": _sequence,
    "object/apply:__builtin__.frozenset": _sequence,
}
