"""A running `graphcalls serve --tls --proxy`, and what a client of a language needs to reach it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_graphcalls.clients.httpx import make_client
from pytest_graphcalls.clients.network import Network
from tests.clients.programs import Environment
from tests.clients.world import World
from tests.environment import clean

pytest.register_assert_rewrite("tests.clients.samples", "tests.clients.validators")

GRAPHCALLS = (sys.executable, "-c", "from pytest_graphcalls.cli import main; raise SystemExit(main())")


@pytest.fixture(scope="session")
def _words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The words by which the server says that its environment can be asked for."""
    folder = tmp_path_factory.mktemp("server")
    command = [*GRAPHCALLS, "serve", "--port", "0", "--proxy", "0", "--tls", str(folder), "--frozen"]
    with subprocess.Popen(command, env=clean(), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        greeting = list(iter(server.stdout.readline, "Ctrl-C stops it.\n"))
        try:
            yield next(shlex.split(line)[1:] for line in greeting if line.startswith("  graphcalls env "))
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def environment(_words: list[str]) -> Environment:
    """What `graphcalls env` prints for a client."""

    def asked(runtime: str) -> dict[str, str]:
        command = [*GRAPHCALLS, *_words, "--format", "json", "--for", runtime]
        printed = subprocess.run(command, env=clean(), capture_output=True, text=True, check=True, timeout=60).stdout
        return dict(json.loads(printed))

    return asked


@pytest.fixture(scope="session")
def _world(_words: list[str]) -> Iterator[World]:
    folder, url = Path(_words[2]), _words[4]
    network = Network(ca_file=str(folder / "ca.pem"))
    yield World(make_client(network.sync, url, ""))
    network.close()


@pytest.fixture
def world(_world: World) -> World:
    """The server's tenant, as at its start."""
    _world.reset()
    return _world
