"""The file of accepted differences in the user's repository, and the last verdict that entries are taken from.

The rules of the file:

1. One table for each difference, named by its fingerprint and sorted by it, so that two branches seldom conflict.
2. Only whole tables are added and removed. Everything that people wrote, comments at a table included, is kept.
3. It is replaced atomically or not at all. A file that cannot be parsed is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_graphcalls.atomic import put
from pytest_graphcalls.drift.difference import Difference
from pytest_graphcalls.drift.model import Acceptance, Outcome
from pytest_graphcalls.errors import DriftFileError
from pytest_graphcalls.parsing import UnreadableError, content, json_value, toml_document
from pytest_graphcalls.validation import shown

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

FILE = "graphcalls-drift.toml"
"""Default name of the file."""
FORMAT = 1
_LARGEST = 2**20
"""Bytes of the largest file; that are thousands of acceptances."""

_HEAD = """\
# Accepted differences between the service and its contract, each by its fingerprint.
# Written by 'graphcalls drift accept' and 'graphcalls drift prune'; reasons, owners and dates may be edited by hand.
format = 1
"""
_TABLE = re.compile(r"\[([^\[\]]*)\][ \t]*(?:#.*)?")
_FINGERPRINT = re.compile(r"[0-9a-f]{12}")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: .*)?")
_MEMBERS: Mapping[str, type] = {"reason": str, "accepted": date, "owner": str, "expires": date, "about": str}
_NEEDED = ("reason", "accepted")
_WRITTEN = ("about", "reason", "owner", "accepted", "expires")
_COMMENTS = re.compile(r"(?:^#.*\n)*\Z", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """The file of accepted differences as it was read; immutable, :meth:`write` replaces the file by this one.

    Attributes:
        path: its path.
        acceptances: by fingerprint, sorted.
        head: its text before the first table.
        blocks: by fingerprint, the text of a table with the comments directly above it.
    """

    path: Path
    acceptances: Mapping[str, Acceptance]
    head: str = _HEAD
    blocks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> AcceptedFile:
        """Read a file; one that does not exist yet is empty.

        Raises:
            DriftFileError: it cannot be read, has a different format, or has a table twice.
        """
        try:
            text = content(path, _LARGEST).decode("utf-8-sig").replace("\r\n", "\n")  # some editors put a mark in front
        except FileNotFoundError:
            return cls(path, {})
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise DriftFileError(str(path), 0, f"cannot be read: {why}.") from None
        _refuse_merges(path, text)
        document = _document(path, text)
        data = _tables(path, text, document)
        head, blocks = _split(document)
        if list(blocks) != list(data):
            problem = "each table has to begin with '[fingerprint]' on a line of its own; write them so."
            raise DriftFileError(str(path), 0, problem)
        found = {name: _acceptance(path, text, name, data[name]) for name in sorted(data)}
        return cls(path, found, head, blocks)

    def accept(self, acceptance: Acceptance) -> AcceptedFile:
        """Add an acceptance, or replace that of its fingerprint and keep the comments above it."""
        import tomlkit

        name = acceptance.fingerprint
        above = self.blocks.get(name, "").partition(f"[{name}]")[0]
        table = {key: value for key in _WRITTEN if (value := getattr(acceptance, key))}
        blocks = {**self.blocks, name: above + tomlkit.dumps({name: table})}
        return replace(self, acceptances={**self.acceptances, name: acceptance}, blocks=blocks)

    def without(self, fingerprints: Iterable[str]) -> AcceptedFile:
        """Remove the acceptances of these fingerprints, and the comments above them."""
        kept = self.acceptances.keys() - set(fingerprints)
        acceptances = {name: one for name, one in self.acceptances.items() if name in kept}
        return replace(self, acceptances=acceptances, blocks={name: self.blocks[name] for name in kept})

    @property
    def text(self) -> str:
        """The content to write: tables by fingerprint, an empty line between them."""
        parts = [self.head, *(block for _, block in sorted(self.blocks.items()))]
        return "\n\n".join(filter(None, (part.strip("\n") for part in parts))) + "\n"

    def write(self) -> None:
        """Replace the file atomically.

        Raises:
            DriftFileError: it cannot be written; the older file is unchanged.
        """
        path = self.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            put({path: self.text})
        except OSError as error:
            problem = f"cannot be written: {error.strerror or error}. It is unchanged."
            raise DriftFileError(str(path), 0, problem) from None


def _refuse_merges(path: Path, text: str) -> None:
    """Refuse conflict markers of a merge, and a table that occurs twice because a merge has kept both sides."""
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if _CONFLICT.fullmatch(line):
            raise DriftFileError(str(path), number, "an unresolved merge conflict; resolve it.")
        name = table[1].strip() if (table := _TABLE.fullmatch(line)) else ""
        if name and seen.setdefault(name, number) != number:
            problem = f"[{name}] is here and in line {seen[name]}; keep one of them."
            raise DriftFileError(str(path), number, problem)


def _document(path: Path, text: str) -> TOMLDocument:
    try:
        return toml_document(text)
    except UnreadableError as error:
        problem = f"{error.problem} Correct it, or restore it from version control."
        raise DriftFileError(str(path), error.line, problem) from None


def _tables(path: Path, text: str, document: TOMLDocument) -> dict[str, Any]:
    data: dict[str, Any] = document.unwrap()
    written = data.pop("format", None)
    if isinstance(written, int) and written > FORMAT:
        problem = f"has format {shown(written)}, and this version reads {FORMAT}; install a newer pytest-graphcalls."
        raise DriftFileError(str(path), 0, problem)
    unknown = [name for name in data if not (_FINGERPRINT.fullmatch(name) and isinstance(data[name], dict))]
    if written != FORMAT or unknown:
        what = f"{shown(unknown[0])} is no fingerprint" if unknown else f"there is no line 'format = {FORMAT}'"
        problem = f"is not a file of accepted differences: {what}. Name the right file with --file."
        raise DriftFileError(str(path), _line(text, unknown[0]) if unknown else 0, problem)
    return data


def _split(document: TOMLDocument) -> tuple[str, dict[str, str]]:
    """Split into the text before the first table, and that of each table with the comments above it.

    In TOML a comment above a table is part of the table before.
    """
    from tomlkit import document as empty
    from tomlkit.items import Table

    texts, last = {"": ""}, ""
    for key, item in document.body:
        only = empty()
        only.append(key, item)
        if isinstance(item, Table) and key is not None:
            above = _COMMENTS.search(texts[last])
            assert above is not None  # an empty match at least
            texts[last] = texts[last][: above.start()]
            last = key.key
            texts[last] = above[0]
        texts[last] += only.as_string()
    return texts.pop(""), texts


def _line(text: str, name: str) -> int:
    wanted = re.compile(rf"\[?\s*{re.escape(name)}\b")
    return next((number for number, line in enumerate(text.splitlines(), 1) if wanted.match(line)), 0)


def _acceptance(path: Path, text: str, name: str, data: Mapping[str, Any]) -> Acceptance:
    problem = _problem(data)
    if problem:
        raise DriftFileError(str(path), _line(text, name), f"[{name}] {problem}")
    return Acceptance(name, **data)


def _problem(data: Mapping[str, Any]) -> str:
    """Why a table is no acceptance, or ``""``."""
    for member in _NEEDED:
        if member not in data:
            return f"has no {member!r}; add it, or remove the table."
    for member, value in data.items():
        if member not in _MEMBERS:
            return f"has {shown(member)}; expected {', '.join(_MEMBERS)} only."
        if not isinstance(value, _MEMBERS[member]) or isinstance(value, datetime):
            wanted = "a text in quotes" if _MEMBERS[member] is str else "a date such as 2027-01-31, without quotes"
            return f"has {member} = {shown(value)}; expected {wanted}."
    return ""


_RUN_FIRST = "Run 'graphcalls nightly' first, or name the verdict with --verdict."


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """The last verdict, as far as accepting and pruning need it.

    Attributes:
        differences: by fingerprint; accepted and flaky ones included.
        complete: whether every comparison that counts was possible.
        headline: the outcome in a few words; ``""`` where there was no drift, or it is not the verdict of a night.
    """

    differences: Mapping[str, Difference]
    complete: bool
    headline: str = ""


def read_verdict(path: Path) -> LastVerdict:
    """Read a verdict file.

    Args:
        path: the JSON file.

    Raises:
        DriftFileError: it does not exist, or is not a verdict.
    """
    try:
        data = json_value(content(path).decode("utf-8"))
    except FileNotFoundError:
        raise DriftFileError(str(path), 0, f"there is no such file. {_RUN_FIRST}") from None
    except OSError as error:
        raise DriftFileError(str(path), 0, f"cannot be read: {error.strerror}. {_RUN_FIRST}") from None
    except UnreadableError as error:
        raise DriftFileError(str(path), error.line, f"{error.problem} {_RUN_FIRST}") from None
    except UnicodeDecodeError:
        raise DriftFileError(str(path), 0, f"is not UTF-8. {_RUN_FIRST}") from None
    try:
        return _read(data)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise DriftFileError(str(path), 0, f"is not a verdict of this version. {_RUN_FIRST}") from None


def _read(data: Any) -> LastVerdict:
    # The fingerprint as written: texts in a verdict are masked, so that of the masked difference may be different.
    found = {one["fingerprint"]: Difference.from_json(one) for one in data["differences"]}
    open_ = any(one.get("decides", True) for one in data["unchecked"])
    outcome = Outcome(data["outcome"])
    unchecked = outcome is Outcome.COULD_NOT_CHECK or open_
    headline = "" if outcome is Outcome.NO_DRIFT else data.get("headline", "")
    # A verdict on metadata or pages alone proves nothing about acceptances of other origins.
    return LastVerdict(found, "night" in data and not unchecked, headline)
