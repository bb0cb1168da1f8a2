"""The package speaks the words of its field: docstrings, comments and messages hold no private vocabulary.

A private word is one that only the author of a sentence understands without its surroundings. What a file stores or
sends (JSON values, reports, fingerprints) is not looked at: texts without a space are no messages.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.every import every
from tests.house.source import HOUSE, MODULES, nodes

PRIVATE = {
    "somebody": "name the role: a user, a participant, another process",
    "nobody": "name the role, or use the passive",
    "whoever": "name the role",
    "is told": "receives, is notified",
    "are told": "receive, are notified",
    "was told": "received, was notified",
    "another one": "a different one, a new one, unique",
    "who is who": "participant ids, mapped ids",
    "nothing of": "not, no",
    "mend": "fix, correct",
    "gone": "missing, removed, deleted",
    "met": "seen",
    "leaves": "keeps, hangs up, results in",
    "stayed": "kept, still present",
    "settling": "normalising, waiting",
}
"""Words that are not used, with what to say instead."""
FIRST_WORDS = ("The same", "As above")
"""What no docstring begins with: its first sentence has to stand alone."""

_REFERENCE = re.compile(r":(?:class|meth|func|data|attr|mod):`~?\.?(?:[\w.]+\.)?(\w+)`")
_PATH = re.compile(r"``([a-z_]+/[a-z_/]+\.py)``")
_WORDS = re.compile(rf"\b(?:{'|'.join(PRIVATE)})\b", re.IGNORECASE)
_CODE = re.compile(r"``[^`]*``|:\w+:`[^`]*`")


def texts(module: str) -> tuple[tuple[int, str], ...]:
    """Every comment, docstring and message of a module, with its line."""
    return _texts(HOUSE / module)


@cache
def _texts(file: Path) -> tuple[tuple[int, str], ...]:
    return tuple(_found(file.read_text(encoding="utf-8")))


def _found(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value


def private(module: str) -> list[str]:
    """The private words of a module, each with its line and the advice."""
    found = []
    for line, text in texts(module):
        plain = _CODE.sub("", text)
        words = [word.lower() for word in _WORDS.findall(plain)]
        found += [f"{module}:{line}: {word!r}; say {PRIVATE[word]}" for word in words]
        if plain.lstrip("# ").startswith(FIRST_WORDS):
            found.append(f"{module}:{line}: begins with {plain.lstrip('# ')[:12]!r}; say what it does")
    return found


@every("module", MODULES)
def test_a_module_is_written_in_plain_words(module: str) -> None:
    """Its docstrings, comments and messages can be understood without knowing the author."""
    assert private(module) == []


@cache
def defined() -> frozenset[str]:
    """Every name that the package defines or uses, its modules included."""
    found = {part for module in MODULES for part in module.removesuffix(".py").split("/")}
    for module in MODULES:
        for node in nodes(module):
            found |= {str(getattr(node, name)) for name in ("name", "id", "attr", "arg") if hasattr(node, name)}
    return frozenset(found)


@every("module", MODULES)
def test_a_reference_leads_somewhere(module: str) -> None:
    """A class, method or file that a docstring refers to exists under that name."""
    plain = "\n".join(text for _, text in texts(module))
    assert set(_REFERENCE.findall(plain)) - defined() == set()
    folders = (HOUSE, HOUSE.parent)
    assert [path for path in _PATH.findall(plain) if not any((folder / path).exists() for folder in folders)] == []


def test_a_private_word_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a docstring, in a comment and in a part of a message; not in code, and not in a stored value."""
    text = '"""The same as ``gone``."""\nvalue = "member-gone"  # nobody knows\nfail = f"{value} was met here"\n'
    (tmp_path / "sample.py").write_text(text, encoding="utf-8")
    monkeypatch.setitem(globals(), "HOUSE", tmp_path)
    assert [line.split(";")[0] for line in sorted(private("sample.py"))] == [
        "sample.py:1: begins with 'The same as '",
        "sample.py:2: 'nobody'",
        "sample.py:3: 'met'",
    ]
