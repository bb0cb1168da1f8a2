"""Microsoft's packages for Python, unmodified: their client of Graph, and their validators."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.clients.programs import Command
from tests.clients.samples import Samples
from tests.clients.validators import Validators


def python(program: str, *packages: str) -> Command:
    """The command for a program beside this file; skips the test where one of its packages is missing."""
    missing = [name for name in packages if not find_spec(name)]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}, which 'make test-sdk-python' installs")
    return [sys.executable, Path(__file__).with_name(program)]


class TestPython(Samples):
    runtime = "python"
    error = "ODataError"
    sign_in_error = "ClientAuthenticationError"

    @pytest.fixture(scope="class")
    @classmethod
    def command(cls) -> Command:
        return python("sample.py", "msgraph", "msgraph_beta")


class TestValidators(Validators):
    runtime = "python"

    @pytest.fixture(scope="class")
    @classmethod
    def command(cls) -> Command:
        return python("validators.py", "botframework", "microsoft_agents")
