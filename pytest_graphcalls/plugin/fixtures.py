"""Fixtures of the plugin; none is automatic, and each returns an object that the lower floors build.

A project may override ``graphcalls_settings`` and ``graphcalls_version``. Names with a leading underscore are internal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_graphcalls.plugin.options import PARAMETER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from pytest_graphcalls.bot import Bot
    from pytest_graphcalls.clients.httpx import AsyncClient, Client
    from pytest_graphcalls.plugin.graphcalls import GraphCalls
    from pytest_graphcalls.plugin.settings import Settings
    from pytest_graphcalls.session import Recorder
    from pytest_graphcalls.simulator import Simulator
    from pytest_graphcalls.stage import Stage
    from pytest_graphcalls.targets import Connection


def __dir__() -> list[str]:
    # As in hooks.
    return [name for name in globals() if "graphcalls_" in name or name in {"graphcalls", "pytest_generate_tests"}]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run marked tests once for each API version."""
    if PARAMETER in metafunc.fixturenames:
        from pytest_graphcalls.plugin.markers import parametrize

        parametrize(metafunc)


@pytest.fixture(scope="session")
def graphcalls_settings(request: pytest.FixtureRequest) -> Settings:
    """The settings of this run: target, API versions, strict, seed and others."""
    from pytest_graphcalls.plugin.settings import settings_of

    return settings_of(request.config)


@pytest.fixture
def graphcalls_version(request: pytest.FixtureRequest, graphcalls_settings: Settings) -> str:
    """The API version this test runs for: v1.0 or beta."""
    from pytest_graphcalls.plugin.markers import version_of

    return version_of(request.node, graphcalls_settings)


@pytest.fixture
def _graphcalls_recorder(
    request: pytest.FixtureRequest, graphcalls_settings: Settings, graphcalls_version: str
) -> Iterator[Recorder]:
    """The recorder of this test; at the end it fails the test if an exchange broke the contract."""
    from pytest_graphcalls.plugin.connections import recorded

    with recorded(request.node, graphcalls_settings, graphcalls_version) as recorder:
        yield recorder


@pytest.fixture
def _graphcalls_connection(
    request: pytest.FixtureRequest,
    _graphcalls_recorder: Recorder,
    graphcalls_settings: Settings,
    graphcalls_version: str,
) -> Iterator[Connection]:
    """The connection of this test to its target; a server that does not answer, or a failed sign-in, ends the run."""
    from pytest_graphcalls.plugin.connections import connected

    with connected(request.node, _graphcalls_recorder, graphcalls_settings, graphcalls_version) as connection:
        yield connection


@pytest.fixture
def graphcalls(
    request: pytest.FixtureRequest,
    _graphcalls_connection: Connection,
    _graphcalls_recorder: Recorder,
    graphcalls_settings: Settings,
) -> Iterator[GraphCalls]:
    """Simulator, clients and bot under one name, and exchanges and findings of the test; see :class:`GraphCalls`."""
    from pytest_graphcalls.plugin.connections import facade

    with facade(request.node, _graphcalls_connection, _graphcalls_recorder, graphcalls_settings) as graphcalls:
        yield graphcalls


@pytest.fixture(scope="session")
def graphcalls_shared(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[GraphCalls]]:
    """A simulator for a module or a session, made in a fixture of your own.

    ``with graphcalls_shared() as graphcalls: yield graphcalls`` is one for as long as that fixture lives. What is wrong
    with an exchange fails the test in which it happens, or the end of the block. ``version=`` gives the API version, by
    default the first of the run.
    """
    from pytest_graphcalls.plugin.connections import Shared

    return Shared(request.session)


@pytest.fixture
def graphcalls_simulator(graphcalls: GraphCalls) -> Simulator:
    """The simulated tenant of this test: place calls, script people, inject faults, move the clock."""
    return graphcalls.simulator


@pytest.fixture
def graphcalls_token(graphcalls: GraphCalls) -> str:
    """A bearer token of the default app."""
    return graphcalls.token


@pytest.fixture
def graphcalls_client(graphcalls: GraphCalls) -> Client:
    """An httpx.Client on the API version's root, with a token; every exchange is checked."""
    return graphcalls.client


@pytest.fixture
def graphcalls_async_client(graphcalls: GraphCalls) -> AsyncClient:
    """An httpx.AsyncClient on the API version's root, with a token; every exchange is checked."""
    return graphcalls.async_client


@pytest.fixture
def graphcalls_bot(graphcalls: GraphCalls) -> Bot:
    """The bot under test: ``graphcalls_bot(app)`` says where it is; notifications are posted to it as time passes."""
    return graphcalls.bot


@pytest.fixture
def graphcalls_server(graphcalls: GraphCalls) -> str:
    """URL of a local server in front of this test's simulator, without API version; every exchange is checked."""
    return graphcalls.server


@pytest.fixture
def graphcalls_everywhere(graphcalls: GraphCalls) -> Iterator[GraphCalls]:
    """Leads every client of httpx, httpx2, requests and aiohttp to this test's simulator; gives ``graphcalls``.

    Requests for Microsoft's hosts are answered and checked, local servers are reached as ever, other hosts are refused.
    """
    from pytest_graphcalls.clients.everywhere import everywhere

    with everywhere(graphcalls.simulator, graphcalls.simulator.cloud):
        yield graphcalls


@pytest.fixture
def graphcalls_stage(_graphcalls_connection: Connection, _graphcalls_recorder: Recorder) -> Iterator[Stage]:
    """Sets up the calls and meetings that a contract test needs, on any target, and always cleans them up."""
    from pytest_graphcalls.stage import Stage

    stage = Stage(_graphcalls_connection, _graphcalls_recorder)
    try:
        yield stage
    finally:
        stage.close()
