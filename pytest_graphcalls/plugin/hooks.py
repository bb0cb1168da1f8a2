"""pytest's doorway. It decides nothing: each hook hands on to the room that knows.

pytest loads this module in every run of every project that has the package installed, so it imports nothing at
the top but pytest and its small neighbours; ``tests/house/test_light_start.py`` keeps it that way.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_graphcalls.plugin import markers, options, reporting

SUITE = "pytest_graphcalls.contracts"
"""The packaged contract tests, as ``--pyargs`` names them."""


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and ini keys."""
    options.add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that a project may implement, and bring in the rooms that have hooks or fixtures themselves."""
    from pytest_graphcalls.plugin import fixtures, hookspecs, redacting

    pluginmanager.add_hookspecs(hookspecs)
    # Not as pytest_plugins: for each name there pytest searches every installed distribution for an entry point.
    for room in (fixtures, redacting):
        pluginmanager.register(room, room.__name__)


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, make the markers known."""
    config.stash[options.SETTINGS_KEY] = options.resolve(config)
    markers.register(config)
    if not _is_worker(config):
        config.pluginmanager.register(reporting.Controller(config), "graphcalls-controller")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse to start a live run that may not be."""
    config = session.config
    if config.stash[options.SETTINGS_KEY].target == options.LIVE and not config.option.collectonly:
        from pytest_graphcalls.plugin.live import begin

        begin(config)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what this run will do, if it was asked to do something of ours."""
    settings = config.stash[options.SETTINGS_KEY]
    if settings.asked or any(SUITE in str(argument) for argument in config.args):
        return reporting.header(settings)
    return None


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str | None:
    """Say it after the collection, if it is only known then."""
    if pytest_report_header(config) or not any(markers.PLAN_KEY in item.stash for item in items):
        return None
    return reporting.header(config.stash[options.SETTINGS_KEY])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run marked tests once for each API version."""
    markers.parametrize(metafunc, reporting.contract)


@pytest.hookimpl(trylast=True)  # after -k and -m, so that only tests really selected are looked at
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the markers, leave out other API versions, and skip what the target cannot do."""
    settings = config.stash[options.SETTINGS_KEY]
    try:
        markers.apply(config, items, settings, reporting.contract)
        if reporting.records_or_replays(config, items):
            from pytest_graphcalls.plugin import recording

            recording.join(config)
    except pytest.UsageError as error:
        if not _is_worker(config):
            raise
        _refuse_as_worker(config, items, error)


def _refuse_as_worker(config: pytest.Config, items: list[pytest.Item], error: pytest.UsageError) -> None:
    """Tell the sentence as a failed collection: an exception would look like a crashed worker."""
    report = pytest.CollectReport(items[0].nodeid, "failed", "\n".join(error.args), [])
    config.hook.pytest_collectreport(report=report)
    items.clear()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Judge a contract test where its body ends."""
    plan = pyfuncitem.stash.get(markers.PLAN_KEY, None)
    if plan is None or not plan.is_contract_test:
        return (yield)
    return (yield from reporting.call(pyfuncitem, plan))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the traceback of an error of ours at the user's line; put the facts of a test to follow on its reports."""
    if call.excinfo is not None:
        reporting.end_at_the_user(item.config, call.excinfo.value)
    report = yield
    watched = reporting.watch_of(item)
    if watched is not None:
        reporting.report_on(watched, item, call, report)
    return report
