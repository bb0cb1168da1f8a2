"""The samples with Microsoft's SDKs for Go."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.clients.compiled import Compiled, done, tool
from tests.clients.programs import Command

HERE = Path(__file__).parent


class TestGo(Compiled):
    runtime = "go"
    error = "ODataError"
    sign_in_error = "AuthenticationFailedError"
    running = None

    @classmethod
    def built(cls, version: str, folder: Path) -> Command:
        go = tool("go")
        text = (HERE / "main.go").read_text(encoding="utf-8")
        if version == "beta":
            text = text.replace("microsoftgraph/msgraph-sdk-go/", "microsoftgraph/msgraph-beta-sdk-go/")
        (folder / "main.go").write_text(text, encoding="utf-8")
        for name in ("go.mod", "go.sum"):
            shutil.copy(HERE / version / name, folder)
        done([go, "list", "-deps", "."], folder, downloads=f"the modules of go/{version}/go.mod")
        # One package at a time: the compiler needs 4.4 GB for the models of v1.0 alone.
        done([go, "build", "-p", "1", "-o", "client", "."], folder)
        return [folder / "client"]
