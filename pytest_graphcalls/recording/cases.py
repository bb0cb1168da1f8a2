"""Which test has which cassette: ``<folder>/<version>/<module>/<test>.yaml``."""

from __future__ import annotations

import re
from contextlib import suppress
from hashlib import blake2s
from pathlib import Path

import pytest

from pytest_graphcalls.markers import PARAMETER
from pytest_graphcalls.options import REPLAY, SIMULATOR, Settings
from pytest_graphcalls.targets import Case

_LONGEST_NAME = 180
"""Characters of a test's name in its file's name; most file systems take 255 bytes, suffixes included."""


def folder_of(config: pytest.Config, settings: Settings, *, to_read: bool) -> Path:
    """Where recordings lie: what was given, else the project's own folder, for reading else those of the package."""
    own = settings.cassettes or config.rootpath / "cassettes"
    if settings.cassettes or not to_read or any((own / version).is_dir() for version in ("v1.0", "beta")):
        return own
    from importlib.resources import files

    return Path(str(files("pytest_graphcalls.cassettes")))


def case_of(item: pytest.Item, settings: Settings, target: str, version: str) -> Case | None:
    """The test's case, if it is recorded or replayed."""
    if target != REPLAY and not _is_recorded(item, settings, target):
        return None
    folder = folder_of(item.config, settings, to_read=target == REPLAY)
    name = _test_name(item, version)
    path = folder / version / item.path.stem / f"{_file_name(name)}.yaml"
    again = (
        f"pytest '{item.nodeid}' --record-mode=rewrite --graphcalls-cassettes={shown(folder)} "
        "--graphcalls-target=<what it was recorded from>"
    )
    compared = settings.nightly and target != REPLAY
    return Case(path, f"{item.path.parent.name}/{item.path.name}::{name}@{version}", again, compared=compared)


def _is_recorded(item: pytest.Item, settings: Settings, target: str) -> bool:
    """Whether we record it: what runs in this process is not worth it but to be compared, and vcrpy records what has
    its mark.
    """
    recording = item.config.getoption("--record-mode", None) not in {None, "none"}
    return recording and (target != SIMULATOR or settings.nightly) and item.get_closest_marker("vcr") is None


def _test_name(item: pytest.Item, version: str) -> str:
    """The test's name without its API version, which is the folder's."""
    callspec = getattr(item, "callspec", None)
    name = item.name
    if callspec is not None and PARAMETER in callspec.params:
        others = "-".join(part for part in callspec.id.split("-") if part != version)
        name = f"{name.partition('[')[0]}[{others}]" if others else name.partition("[")[0]
    owner = getattr(item, "cls", None)
    return f"{owner.__name__}.{name}" if owner else name


def _file_name(name: str) -> str:
    """A name that every file system takes; where letters had to go, no two names become one."""
    safe = re.sub(r"[^\w.,=+\[\]-]", "-", name, flags=re.ASCII)[:_LONGEST_NAME]
    return safe if safe == name else f"{safe}-{blake2s(name.encode(), digest_size=4).hexdigest()}"


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def missing(item: pytest.Item, settings: Settings, version: str) -> str:
    """Why a contract test cannot be replayed, in one sentence; ``""`` when it can."""
    case = case_of(item, settings, REPLAY, version)
    if case is None or case.path.is_file():
        return ""
    return f"not checked: there is no recording of it ({shown(case.path)}); record it with: {case.again}"
