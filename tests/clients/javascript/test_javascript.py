"""Microsoft's packages for JavaScript, unmodified: their client of Graph, and their validators."""

from __future__ import annotations

import pytest

from tests.clients.javascript import node
from tests.clients.programs import Command
from tests.clients.samples import Samples
from tests.clients.validators import Validators


class TestJavaScript(Samples):
    runtime = "node"
    error = "GraphError"
    sign_in_error = "GraphError"

    @pytest.fixture(scope="class")
    @classmethod
    def command(cls) -> Command:
        return node("sample.cjs")


class TestValidators(Validators):
    runtime = "node"

    @pytest.fixture(scope="class")
    @classmethod
    def command(cls) -> Command:
        return node("validators.cjs")
