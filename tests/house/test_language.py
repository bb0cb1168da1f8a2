"""The package, its tests and the contract speak the words of their field, without private vocabulary.

A private word is one that only the author of a sentence understands without its surroundings. Docstrings, comments and
messages are looked at, in tests the names of functions as well, in the contract the texts of its files. What a file
stores or sends (JSON values, reports, fingerprints) is not looked at: texts without a space are no messages.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.every import every
from tests.house.source import HOUSE, MODULES, nodes

PRIVATE = {
    "somebody": "name the role: a user, a participant, another process",
    "nobody": "name the role, or use the passive",
    "anybody": "name the role",
    "whoever": "name the role",
    "told": "received, notified, reported; distinguished",
    "untold": "not notified",
    "tells of": "names, reports",
    "heard of": "known",
    "another one": "a different one, a new one, unique",
    "who is who": "participant ids, mapped ids",
    "nothing of": "not, no",
    "comes about": "is established, is created",
    "mend": "fix, correct",
    "mends": "fixes, repairs",
    "mended": "fixed, repaired",
    "gone": "missing, removed, deleted",
    "met": "seen",
    "leaves": "keeps, hangs up, results in",
    "stayed": "kept, still present",
    "settling": "normalising, waiting",
}
"""Words that are not used, with what to say instead."""
FIRST_WORDS = ("The same", "As above", "And ", "Nor ", "Else ", "Otherwise", "So that ")
"""What no docstring begins with: its first sentence has to stand alone."""

ROOT = Path(__file__).parents[2]
TESTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py") if str(path) != __file__)
SUITE = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "contracts").glob("*.py"))
TEXTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder, pattern in (
        ("contracts", "**/*.yaml"),
        ("contracts", "*.md"),
        ("tests", "*.md"),
        (".", "CONTRIBUTING.md"),
    )
    for path in (ROOT / folder).glob(pattern)
)
"""Files that are text from their first line to their last."""

_REFERENCE = re.compile(r":(?:class|meth|func|data|attr|mod):`~?\.?(?:[\w.]+\.)?(\w+)`")
_PATH = re.compile(r"``([a-z_]+/[a-z_/]+\.py)``")
_WORDS = re.compile(rf"(?<![\w./'-])(?<!from here: )(?:{'|'.join(PRIVATE)})(?![\w/'-])", re.IGNORECASE)
"""A private word, except as a part of a path or an id, and as the name of a method in a message."""
_CANDIDATE = re.compile(
    rf"(?<![a-z./-])(?:{'|'.join(PRIVATE)})(?![a-z/-])|(?:\"\"\"|# )(?:{'|'.join(FIRST_WORDS).lower()})"
)
"""What a file holds in lower case that has private words; without it there is no need to parse the file."""
_CODE = re.compile(r"``[^`]*``|`[^`]*`")


@cache
def _source(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _texts(source: str, *, names: bool) -> Iterator[tuple[int, str]]:
    """Every comment, docstring and message of a module with its line; on request its functions and classes as words."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value
        elif names and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name.replace("_", " ")


def private(name: str, root: Path = HOUSE) -> list[str]:
    """The private words of a file, each with its line and the advice."""
    source = _source(root / name)
    if not _CANDIDATE.search(source.lower().replace("_", " ")):
        return []  # to parse a file takes much longer than to look for words
    python = name.endswith(".py")
    texts = _texts(source, names=name.startswith("tests/")) if python else enumerate(source.splitlines(), 1)
    found = []
    for line, text in texts:
        plain = _CODE.sub("", text)
        words = [word.lower() for word in _WORDS.findall(plain)]
        found += [f"{name}:{line}: {word!r}; say {PRIVATE[word]}" for word in words]
        if plain.lstrip("# ").startswith(FIRST_WORDS):
            found.append(f"{name}:{line}: begins with {plain.lstrip('# ')[:12]!r}; say what it does")
    return found


@every("module", MODULES)
def test_a_module_is_written_in_plain_words(module: str) -> None:
    """Docstrings, comments and messages can be understood without knowing the author."""
    assert private(module) == []


@every("file", [*TESTS, *SUITE, *TEXTS])
def test_tests_and_contract_are_written_in_plain_words(file: str) -> None:
    """A newcomer understands the names of tests, their sentences, and the texts of the contract."""
    assert private(file, ROOT) == []


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
    source = _source(HOUSE / module)
    assert set(_REFERENCE.findall(source)) - defined() == set()
    folders = (HOUSE, HOUSE.parent)
    assert [path for path in _PATH.findall(source) if not any((folder / path).exists() for folder in folders)] == []


def test_a_private_word_is_found(tmp_path: Path) -> None:
    """A private word is found in docstrings, comments, messages and names of tests; not in code or stored values."""
    text = '"""The same as ``gone``."""\nvalue = "member-gone"  # nobody knows\nfail = f"{value} was met here"\n'
    (tmp_path / "tests").mkdir()
    for name in ("sample.py", "tests/test_sample.py"):
        (tmp_path / name).write_text(f"{text}\ndef test_it_is_told(): ...\n", encoding="utf-8")
    (tmp_path / "sample.yaml").write_text("a-told-rule:\n  says: A bot is told.\n", encoding="utf-8")
    expected = ["1: begins with 'The same as '", "2: 'nobody'", "3: 'met'"]
    for name, lines in {
        "sample.py": expected,
        "tests/test_sample.py": [*expected, "5: 'told'"],
        "sample.yaml": ["2: 'told'"],
    }.items():
        assert [line.split(";")[0] for line in sorted(private(name, tmp_path))] == [f"{name}:{one}" for one in lines]
