"""The hooks that every run calls. Each looks whether the plugin is used, and loads the rest of it only then.

pytest loads this module in every run of every project that has the package installed, so it imports nothing at the
top but pytest and its small neighbours; ``tests/house/test_light_start.py`` keeps it that way. The other hooks are in
``reporting`` and ``redacting``, which are registered once they are needed.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

from pytest_graphcalls.plugin import options

SUITE = "pytest_graphcalls.contracts"
"""The packaged contract tests, as ``--pyargs`` names them."""


def __dir__() -> list[str]:
    # pytest looks at every name of a plugin for hooks and fixtures, in each run.
    return [name for name in globals() if name.startswith("pytest_")]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and ini keys."""
    options.add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that a project may implement, and register the fixtures."""
    from pytest_graphcalls.plugin import fixtures, hookspecs

    pluginmanager.add_hookspecs(hookspecs)
    # Not as pytest_plugins: for each name there pytest searches every installed distribution for an entry point.
    pluginmanager.register(fixtures, fixtures.__name__)


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and read the settings if there are any."""
    options.add_markers(config)
    # The controller of xdist runs no test: it learns from the reports what the tests of its workers use.
    is_suite = any(SUITE in str(argument) for argument in config.args)
    if is_suite or options.is_given(config) or config.getoption("dist", "no") != "no":
        from pytest_graphcalls.plugin.reporting import start

        start(config, is_suite=is_suite)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, object, object]:
    """Mask secrets in the names that are made of the parameters of a test that uses this plugin."""
    if not options.uses_fixture(metafunc.fixturenames):
        return (yield)
    from pytest_graphcalls.plugin import redacting

    with redacting.naming(metafunc.config):
        return (yield)


@pytest.hookimpl(trylast=True)  # after -k and -m, so that only tests really selected are looked at
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the markers, leave out other API versions, and skip what the target cannot do."""
    if options.is_given(config) or options.records(config) or any(map(options.uses_plugin, items)):
        from pytest_graphcalls.plugin.reporting import prepare

        prepare(config, items)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # the outermost, so that nothing is added to the report afterwards
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the traceback of an error of this package at the user's line; mask secrets in what the report shows."""
    if call.excinfo is not None and "pytest_graphcalls.errors" in sys.modules:
        from pytest_graphcalls.plugin.outcomes import end_at_the_user

        end_at_the_user(item.config, call.excinfo.value)
    report = yield
    shows = report.longrepr or report.sections or report.user_properties
    if options.has_secrets() or (shows and options.uses_plugin(item)):
        from pytest_graphcalls.plugin import redacting

        redacting.mask_test_report(item, call, report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Mask secrets in what a failed collection shows."""
    report = yield
    if options.has_secrets():
        from pytest_graphcalls.plugin import redacting

        redacting.mask_collect_report(collector, report)
    return report


@pytest.hookimpl(tryfirst=True)  # before the terminal keeps it
def pytest_warning_recorded(warning_message: Any) -> None:
    """Say which of our ini keys an unknown one resembles."""
    said = str(warning_message.message)
    if said.startswith(f"{options.UNKNOWN_KEY}graph"):
        warning_message.message = pytest.PytestConfigWarning(options.with_nearest(said))


@pytest.hookimpl(tryfirst=True)  # before the terminal shows it
def pytest_internalerror(excrepr: Any) -> None:
    """Mask secrets in the traceback of an internal error of pytest."""
    if options.has_secrets():
        from pytest_graphcalls.plugin import redacting

        redacting.mask_representation(excrepr)


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Mask secrets in the reason of ``pytest.exit()``."""
    if options.has_secrets():
        from pytest_graphcalls.plugin import redacting

        redacting.mask_reason(excinfo.value)
