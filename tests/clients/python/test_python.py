"""The samples with Microsoft's SDKs for Python."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.clients.programs import Command
from tests.clients.samples import Samples


class TestPython(Samples):
    runtime = "python"
    error = "ODataError"
    sign_in_error = "ClientAuthenticationError"

    @pytest.fixture(scope="class")
    @classmethod
    def command(cls) -> Command:
        missing = [name for name in ("msgraph", "msgraph_beta") if not find_spec(name)]
        if missing:
            pytest.skip(f"needs {' and '.join(missing)}, which 'make test-sdk-python' installs")
        return [sys.executable, Path(__file__).with_name("sample.py")]
