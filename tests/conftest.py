"""Plugins of our own tests, and what keeps them apart."""

from __future__ import annotations

import ast
import gc
import importlib
import os
import signal
from collections.abc import Callable, Generator, Iterator
from functools import lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from _pytest._code import source

from tests.environment import read_installed_once, strange

pytest_plugins = ["pytester"]
_AT_START = str(Path(__file__).parent / "quick")
"""What each process inside the tests loads when it starts."""


def pytest_configure(config: pytest.Config) -> None:
    """Let the tests, and the runs and processes inside them, see the same environment on each machine."""
    for name in filter(strange, list(os.environ)):
        # Pytest and xdist talk to their own processes by these.
        if not name.startswith("PYTEST_") or name == "PYTEST_ADDOPTS":
            del os.environ[name]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (_AT_START, os.environ.get("PYTHONPATH"))))
    importlib.invalidate_caches = _invalidate_caches
    read_installed_once()
    _look_at_plugins_once(config)
    # For tracebacks, whose files each inner run would parse anew; those of pytest are large.
    source.ast = SimpleNamespace(**{**vars(ast), "parse": lru_cache(200)(ast.parse)})
    # A parent such as nohup, or a shell's background job, hands on an ignored Ctrl-C; tests send it to their processes.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


FIRST = ("test_end_to_end.py", "test_rules_are_proven.py", "test_rogues.py", "test_drifts_are_found.py")
"""Files that take a minute or more, the first of them by waiting: in two processes the others run meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest; all else stays in its random order."""
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected is no garbage; looking through it again and again takes a sixth of the CPU."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(100_000, 50, 100)  # as in quick/sitecustomize.py


def _look_at_plugins_once(config: pytest.Config) -> None:
    """Each inner run looks twice at every name of every plugin, for hooks and fixtures."""
    for _, plugin in config.pluginmanager.list_name_plugin():
        if isinstance(plugin, ModuleType) and "__dir__" not in vars(plugin):
            names = [name for name, value in vars(plugin).items() if name.startswith("pytest_") or _is_fixture(value)]
            plugin.__dir__ = lambda names=names: names  # type: ignore[method-assign]


def _is_fixture(value: object) -> bool:
    """Pytest before 8.4 keeps a function, and marks it."""
    return type(value).__name__ == "FixtureFunctionDefinition" or hasattr(value, "_pytestfixturefunction")


def _invalidate_caches(really: Callable[[], None] = importlib.invalidate_caches) -> None:
    """Invalidate import caches, again if a thread of a server has imported something; each inner run begins so."""
    for _ in range(100):
        try:
            return really()
        except RuntimeError:  # a dictionary has changed its size during iteration
            continue
    return really()


@pytest.fixture(autouse=True)
def _secrets_of_one_test() -> Iterator[None]:
    """What a run inside this process adds to the redactor, or remembers as a secret, ends with its test."""
    from pytest_graphcalls.redaction import OF_REPORTS
    from pytest_graphcalls.redaction.secrets import RUN

    kept = [(one, dict(vars(one))) for one in (OF_REPORTS, OF_REPORTS._literals, RUN)]
    yield
    for one, state in kept:
        vars(one).clear()
        vars(one).update(state)
