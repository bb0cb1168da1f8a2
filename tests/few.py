"""A plugin for inner runs of the packaged suite: only some of its modules are collected, because all take a while.

``PYTEST_PLUGINS=tests.few``, with the repository on ``PYTHONPATH``; :func:`only` gives both.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_MODULES = "ONLY_THESE_MODULES"


def only(*modules: str) -> dict[str, str]:
    """Variables for a process that is to run only these modules of the suite, named without ``.py``.

    ``module:word`` stands for those of its tests that have the word in their names.
    """
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {"PYTEST_PLUGINS": __name__, "PYTHONPATH": path, _MODULES: " ".join(modules)}


def suite(*modules: str) -> tuple[str, ...]:
    """Arguments for pytest that name these modules of the suite."""
    return ("--pyargs", *(f"pytest_graphcalls.contracts.{module}" for module in modules))


def pytest_configure(config: pytest.Config) -> None:
    """Let hypothesis be: at the end of a run its plugin imports all of it."""
    config.pluginmanager.unregister(name="hypothesispytest")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the others out."""
    name = collection_path.stem
    return True if name.startswith("test_") and name not in _wanted() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests without the word for their module."""
    items[:] = [item for item in items if _wanted().get(item.path.stem, "") in item.name]


def _wanted() -> dict[str, str]:
    """The modules, each with the word in the names of its tests."""
    return {module: word for module, _, word in (one.partition(":") for one in os.environ[_MODULES].split())}
