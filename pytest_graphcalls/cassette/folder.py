"""Cassettes in folders, and the test modules that use them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from pytest_graphcalls.cassette.passport import Passport
from pytest_graphcalls.errors import RecordingError
from pytest_graphcalls.parsing import content

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_PASSED_OVER = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"})


def cassettes_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Files, and what lies in folders; raises :class:`.RecordingError` for a path that does not exist."""
    for path in paths:
        if path.is_dir():
            found = (one for one in sorted(path.rglob("*")) if one.suffix in SUFFIXES and one.is_file())
            yield from (one for one in found if not _hidden(one.relative_to(path)))
        elif path.exists():
            yield path
        else:
            raise RecordingError(str(path), 0, "there is no such file or folder.")


def modules_in(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """Test modules by their names."""
    found: dict[str, list[Path]] = {}
    for folder in folders:
        for path in folder.rglob("*.py"):
            if not _hidden(path.relative_to(folder)):
                found.setdefault(path.stem, []).append(path)
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in _PASSED_OVER for part in path.parts)


_VERSIONS = frozenset({"v1.0", "beta"})


def orphan(path: Path, passport: Passport | None, sources: Mapping[str, Sequence[Path]]) -> str:
    """Why no test uses the cassette, or ``""``: its module is missing, or the test in it.

    Args:
        path: the cassette.
        passport: what it says about itself.
        sources: test modules by their names.
    """
    recorded, _, test = (passport.test if passport else "").partition("::")
    test = re.split(r"\[", test.partition("@")[0] or path.stem, maxsplit=1)[0].rpartition(".")[2]
    module = path.absolute().parent.name
    homes = _beside(path, module) or sources.get(module) or sources.get(Path(recorded).stem, ())
    if not homes:
        named = any(path.name in _source(one) for found in sources.values() for one in found)
        return "" if named else f"there is no {module}.py"
    # The marks of pytest-recording name a cassette, with or without the end of its name.
    if any(test in _tests(home) or path.stem in _source(home) for home in homes):
        return ""
    return f"{homes[0].name} has no {test}"


def _beside(path: Path, module: str) -> list[Path]:
    """The module beside the folder of cassettes, where pytest-recording puts that folder."""
    above = list(path.absolute().parents)[1:3]
    if len(above) < 2 or above[0].name in _VERSIONS:
        return []
    home = above[1] / f"{module}.py"
    return [home] if home.is_file() else []


@cache
def _tests(module: Path) -> frozenset[str]:
    """The names of the functions that a module defines or imports; none when it cannot be read."""
    try:
        tree = ast.parse(_source(module))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    functions = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    imports = [alias for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) for alias in one.names]
    return frozenset(functions | {alias.asname or alias.name for alias in imports})


def _source(module: Path) -> str:
    """The text of a module, ``""`` when it is no file or too large to be one."""
    try:
        return content(module).decode("utf-8", "replace")
    except OSError:
        return ""
