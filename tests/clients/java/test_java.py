"""The samples with Microsoft's SDKs for Java."""

from __future__ import annotations

from pathlib import Path

from tests.clients.compiled import Compiled
from tests.clients.java import HERE, compiled
from tests.clients.programs import Command


class TestJava(Compiled):
    runtime = "java"
    error = "ODataError"
    sign_in_error = "RuntimeException"
    """The caller gets it; azure-identity's own one is inside."""
    running = None

    @classmethod
    def built(cls, version: str, folder: Path) -> Command:
        return compiled(HERE / "Calls.java", version, folder)
