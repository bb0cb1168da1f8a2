"""What lies in folders: cassettes, and the test modules they may belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_graphcalls.errors import RecordingError

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
