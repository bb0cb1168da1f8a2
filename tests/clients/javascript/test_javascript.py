"""The samples with Microsoft's client for JavaScript."""

from __future__ import annotations

import pytest

from tests.clients.javascript import node
from tests.clients.programs import Command
from tests.clients.samples import Samples


class TestJavaScript(Samples):
    runtime = "node"
    error = "GraphError"
    sign_in_error = "GraphError"

    @pytest.fixture(scope="class")
    @classmethod
    def command(cls) -> Command:
        return node("sample.cjs")
