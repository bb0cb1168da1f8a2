"""How a folder of cassettes stands: how old, from what, whether edited, whether a test still uses them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pytest_graphcalls.cassette.passport import Passport
from pytest_graphcalls.errors import RecordingError

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_VERSIONS = frozenset({"v1.0", "beta"})
_PASSED_OVER = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How one cassette stands.

    Attributes:
        path: where it lies.
        passport: what it says about itself; ``None`` when somebody else wrote it or it cannot be read.
        edited: whether somebody has changed it since.
        orphan: why no test uses it, or ``""``.
        problem: why it cannot be read, or ``""``.
    """

    path: Path
    passport: Passport | None = None
    edited: bool = False
    orphan: str = ""
    problem: str = ""


def survey(paths: Iterable[Path], modules: Iterable[Path]) -> Iterator[Standing]:
    """Look at every cassette.

    Whether a test uses one is read from the source of its module, so no test is run, and a run of a few tests makes
    nobody an orphan.

    Args:
        paths: files, and folders that are read whole. Hidden files in a folder are passed over.
        modules: folders where test modules are looked for.

    Raises:
        RecordingError: a path does not exist.
    """
    sources = _sources(modules)
    for path in _files(paths):
        yield _standing(path, sources)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = (one for one in sorted(path.rglob("*")) if one.suffix in SUFFIXES and one.is_file())
            yield from (one for one in found if not _hidden(one.relative_to(path)))
        elif path.exists():
            yield path
        else:
            raise RecordingError(str(path), 0, "there is no such file or folder.")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in _PASSED_OVER for part in path.parts)


def _standing(path: Path, sources: dict[str, list[Path]]) -> Standing:
    from pytest_graphcalls.cassette import opened

    try:
        found = opened(path)
    except RecordingError as error:
        return Standing(path, problem=error.problem)
    return Standing(path, found.passport, found.edited, _orphan(path, found.passport, sources))


# --- whose it is -----------------------------------------------------------------------------------------------------


def _sources(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """Test modules by their names."""
    found: dict[str, list[Path]] = {}
    for folder in folders:
        for path in folder.rglob("*.py"):
            if not _hidden(path.relative_to(folder)):
                found.setdefault(path.stem, []).append(path)
    return found


def _orphan(path: Path, passport: Passport | None, sources: dict[str, list[Path]]) -> str:
    """Why no test uses the cassette: its module is gone, or the test in it."""
    module, test = path.parent.name, _test(path, passport)
    homes = [path.parents[2] / f"{module}.py"] if path.parents[1].name not in _VERSIONS else []
    homes = [home for home in homes if home.is_file()] or sources.get(module, [])
    if not homes:
        return f"there is no {module}.py"
    if any(test in _tests(home) or _mentions(home, path) for home in homes):
        return ""
    return f"{homes[0].name} has no {test}"


def _test(path: Path, passport: Passport | None) -> str:
    """The function that a cassette is named after."""
    name = passport.test.partition("::")[2].partition("@")[0] if passport and passport.test else path.stem
    return re.split(r"\[", name, maxsplit=1)[0].rpartition(".")[2]


@cache
def _tests(module: Path) -> frozenset[str]:
    """The names of the functions in a module; none when it cannot be read."""
    try:
        tree = ast.parse(module.read_text(encoding="utf-8", errors="replace"))
    except SyntaxError:
        return frozenset()
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


def _mentions(module: Path, path: Path) -> bool:
    """Whether a module names the cassette, as the marks of pytest-recording do."""
    return path.stem in module.read_text(encoding="utf-8", errors="replace")
