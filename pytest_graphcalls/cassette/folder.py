"""What lies in folders: cassettes, and the test modules they may belong to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
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


def orphan(path: Path, passport: Passport | None, sources: dict[str, list[Path]]) -> str:
    """Why no test uses the cassette: its module is gone, or the test in it."""
    place = path.absolute()
    module, test = place.parent.name, _test(path, passport)
    parents = [*place.parents, place.parent, place.parent]  # right below the root there are no others
    homes = [parents[2] / f"{module}.py"] if parents[1].name not in _VERSIONS else []
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
        tree = ast.parse(_source(module))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


def _mentions(module: Path, path: Path) -> bool:
    """Whether a module names the cassette, as the marks of pytest-recording do."""
    return path.stem in _source(module)


def _source(module: Path) -> str:
    """The text of a module, ``""`` when it is no file or too large to be one."""
    try:
        return content(module).decode("utf-8", "replace")
    except OSError:
        return ""
