"""The samples with Microsoft's SDKs for Go."""

from __future__ import annotations

from pathlib import Path

from tests.clients.compiled import Compiled
from tests.clients.go import HERE, compiled
from tests.clients.programs import Command


class TestGo(Compiled):
    runtime = "go"
    error = "ODataError"
    sign_in_error = "AuthenticationFailedError"
    running = None

    @classmethod
    def built(cls, version: str, folder: Path) -> Command:
        return compiled(HERE / "main.go", version, folder)
