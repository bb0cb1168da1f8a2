"""msgraph-sdk-go and msgraph-beta-sdk-go with azidentity."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.clients.compiled import done, tool
from tests.clients.programs import Command

HERE = Path(__file__).parent


def compiled(source: Path, version: str, folder: Path) -> Command:
    """Compile a program into a folder, for an API version; skips where something is missing."""
    go = tool("go")
    text = source.read_text(encoding="utf-8")
    if version == "beta":
        text = text.replace("microsoftgraph/msgraph-sdk-go/", "microsoftgraph/msgraph-beta-sdk-go/")
    (folder / "main.go").write_text(text, encoding="utf-8")
    for name in ("go.mod", "go.sum"):
        shutil.copy(HERE / version / name, folder)
    done([go, "list", "-deps", "."], folder, downloads=f"the modules of go/{version}/go.mod")
    # One package at a time: the compiler takes 4.4 GB for the models of v1.0 alone, 10.5 GB for those of beta.
    done([go, "build", "-p", "1", "-o", "program", "."], folder)
    return [folder / "program"]
