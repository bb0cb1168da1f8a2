"""The pytest plugin: loaded by its entry point, or by ``-p pytest_graphcalls.plugin``."""

from __future__ import annotations

from pytest_graphcalls.plugin.hooks import (
    __dir__,
    pytest_addhooks,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_generate_tests,
    pytest_internalerror,
    pytest_keyboard_interrupt,
    pytest_make_collect_report,
    pytest_runtest_makereport,
    pytest_warning_recorded,
)

__all__ = [
    "__dir__",
    "pytest_addhooks",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_internalerror",
    "pytest_keyboard_interrupt",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "pytest_warning_recorded",
]
