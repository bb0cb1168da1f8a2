"""Clients of languages that are compiled: their two API versions have two SDKs, so they are two programs."""

from __future__ import annotations

import shutil
import subprocess
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from tests.clients.programs import Command, Environment, Program, running
from tests.clients.samples import Samples

PROGRESS = "go: downloading "
"""How lines begin that go prints about its progress."""
LONGEST = 1800
"""Seconds after which a compiler is given up; the models of an SDK take it minutes, on few processors more."""


class Compiled(Samples):
    """The samples, with a program for each version. What cannot be downloaded is named, and its tests are skipped."""

    @classmethod
    @abstractmethod
    def built(cls, version: str, folder: Path) -> Command:
        """Compile the program of a version into a folder; skips where something is missing."""

    @pytest.fixture(scope="class")
    @classmethod
    def commands(cls, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Command | str]:
        """The programs, by version; instead of one the reason why there is none."""
        found: dict[str, Command | str] = {}
        for version in ("v1.0", "beta"):
            try:
                found[version] = cls.built(version, tmp_path_factory.mktemp(version))
            except pytest.skip.Exception as missing:
                found[version] = str(missing)
        return found

    @pytest.fixture(autouse=True)
    def _is_there(self, request: pytest.FixtureRequest, commands: Mapping[str, Command | str]) -> None:
        version = request.node.callspec.params["client"] if "client" in request.fixturenames else "v1.0"
        found = commands[version]
        if isinstance(found, str):
            pytest.skip(found)

    @pytest.fixture(scope="class")
    @classmethod
    def command(cls, commands: Mapping[str, Command | str]) -> Command:
        return commands["v1.0"]

    @pytest.fixture(scope="class")
    @classmethod
    def program(cls, commands: Mapping[str, Command | str], environment: Environment) -> Iterator[Program]:
        with ExitStack() as stack:
            variables = environment(cls.runtime)
            started = {
                version: stack.enter_context(running(found, variables))
                for version, found in commands.items()
                if not isinstance(found, str)
            }
            yield ByVersion(started)


class ByVersion(Program):
    """A program for each version.

    Args:
        programs: them, by version.
    """

    def __init__(self, programs: Mapping[str, Program]) -> None:
        self._programs = programs

    def ask(self, **request: Any) -> dict[str, Any]:
        """What the one of the request's version answers."""
        return self._programs[request["version"]].ask(**request)


def tool(name: str) -> str:
    """The path of a program of the language; skips where it is missing."""
    found = shutil.which(name)
    if not found:
        pytest.skip(f"needs {name}, which is not on the path")
    return found


def done(command: Command, folder: Path, *, downloads: str = "") -> None:
    """Run a step of a build in a folder.

    Args:
        command: it.
        folder: where it is run.
        downloads: what it downloads: where it fails, that is missing on this machine, and the tests are skipped.
    """
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False, timeout=LONGEST
    )
    if ended.returncode:
        wrote = f"{ended.stderr}{ended.stdout}".strip()
        if ended.returncode == -SIGKILL or "signal: killed" in wrote:
            pytest.skip(f"needs more memory: the system has ended {command[0]}, which takes up to 11 GB")
        if downloads:
            why = next((line for line in wrote.splitlines() if PROGRESS not in line), "it says nothing")
            pytest.skip(f"needs {downloads}, which cannot be downloaded here: {why}")
        raise AssertionError(f"{command} failed with\n{wrote}")
