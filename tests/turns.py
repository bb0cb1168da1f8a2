"""A plugin for inner runs of the packaged suite: each module runs in one API version, as both would take twice as long.

What holds for one version only is run in that one, so every test is there once.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the versions take turns."""
    numbers: dict[object, int] = {}
    versions: dict[object, dict[str, None]] = {}
    for item in items:
        numbers.setdefault(item.path, len(numbers))
        versions.setdefault((item.path, item.originalname), {})[_version(item)] = None

    def is_its_turn(item: pytest.Item) -> bool:
        known = list(versions[item.path, item.originalname])
        return _version(item) == known[numbers[item.path] % len(known)]

    items[:] = filter(is_its_turn, items)


def _version(item: pytest.Item) -> str:
    version: str = item.callspec.params["graphcalls_version"]
    return version
